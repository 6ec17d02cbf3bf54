"""Where buffers live: small ones on the stack; the others in one arena, where buffers that are
never alive together share a place."""

from bisect import insort
from heapq import heappop, heappush

from . import loops
from .loops import Block, Buffer, Program
from .parts import crossing

STACK_BYTES = 2048
STACK_TOTAL = 64 * 1024
ALIGN = 64

Span = tuple[int, int]


def place(program: Program) -> int:
    """Decide on a place for every temporary; the size of the arena."""
    stacked = 0
    large = []
    shared = crossing(program.body)
    for buffer in program.buffers.values():
        if buffer.kind != "temp":
            continue
        size = buffer.size * item_bytes(buffer.dtype)
        small = size <= STACK_BYTES and stacked + size <= STACK_TOTAL
        if small and buffer.name not in shared:
            buffer.kind = "stack"
            stacked += size
        else:
            large.append(buffer)
    spans = _spans(program.body)
    large.sort(key=lambda b: spans.get(b.name, (0, 0)))
    few = [b for b in large if _bytes(b) > STACK_BYTES]
    many = [b for b in large if _bytes(b) <= STACK_BYTES]
    return _slots(many, spans, _arena(few, spans))


def _bytes(buffer: Buffer) -> int:
    """The bytes of a buffer, its end aligned."""
    return -(-buffer.size * item_bytes(buffer.dtype) // ALIGN) * ALIGN


def item_bytes(dtype: str) -> int:
    """The bytes of one element in memory."""
    if dtype == "bool":
        return 1
    return int("".join([c for c in dtype if c.isdigit()])) // 8


def _arena(buffers: list[Buffer], spans: dict[str, Span]) -> int:
    """First fit, in the order in which buffers come to life."""
    # The places taken by buffers still alive, each with its owner's last statement.
    taken: list[tuple[int, int, int]] = []
    total = 0
    for buffer in buffers:
        size = _bytes(buffer)
        first, last = spans.get(buffer.name, (0, 0))
        taken = [t for t in taken if t[2] >= first]
        at = 0
        for low, high, _ in taken:
            if at + size <= low:
                break
            at = max(at, high)
        buffer.place = at
        insort(taken, (at, at + size, last))
        total = max(total, at + size)
    return total


def _slots(buffers: list[Buffer], spans: dict[str, Span], total: int) -> int:
    """A slot for each from `total` on, or that of a buffer of the same size that is dead."""
    free: dict[int, list[int]] = {}
    taken: list[tuple[int, int, int]] = []  # (last statement, size, place), a heap
    for buffer in buffers:
        size = _bytes(buffer)
        first, last = spans.get(buffer.name, (0, 0))
        while taken and taken[0][0] < first:
            _, other, place = heappop(taken)
            free.setdefault(other, []).append(place)
        if not free.get(size):
            free[size] = [total]
            total += size
        buffer.place = free[size].pop()
        heappush(taken, (last, size, buffer.place))
    return total


def _spans(body: Block) -> dict[str, Span]:
    """The first and the last statement that touch each buffer. What a loop touches and others do
    too is alive all through the loop."""
    spans: dict[str, Span] = {}
    inside: dict[str, list[Span]] = {}
    count = 0

    def touch(name: str, span: Span) -> None:
        old = spans.get(name, span)
        spans[name] = (min(old[0], span[0]), max(old[1], span[1]))

    def visit(block: Block) -> set[str]:
        nonlocal count
        names: set[str] = set()
        for stmt in block:
            start = count
            count += 1
            mine = loops.reads(stmt) | loops.writes(stmt)
            if loops.blocks(stmt):
                for b in loops.blocks(stmt):
                    visit(b)
                for name in mine:
                    inside.setdefault(name, []).append((start, count))
                count += 1
            else:
                for name in mine:
                    touch(name, (start, start))
            names |= mine
        return names

    visit(body)
    for name, regions in inside.items():
        for region in sorted(regions, reverse=True):
            low, high = spans.get(name, region)
            if low < region[0] or high > region[1] or name not in spans:
                touch(name, region)
    return spans


__all__ = ["item_bytes", "place"]
