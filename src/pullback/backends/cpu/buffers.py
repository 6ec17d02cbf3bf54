"""Where buffers live: small ones on the stack; the others in one arena, where buffers that are
never alive together share a place."""

from bisect import insort

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
    return _arena(large, _spans(program.body))


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
    for buffer in sorted(buffers, key=lambda b: spans.get(b.name, (0, 0))):
        size = -(-buffer.size * item_bytes(buffer.dtype) // ALIGN) * ALIGN
        span = spans.get(buffer.name, (0, 0))
        taken = [t for t in taken if t[2] >= span[0]]
        at = 0
        for low, high, _ in taken:
            if at + size <= low:
                break
            at = max(at, high)
        buffer.place = at
        insort(taken, (at, at + size, span[1]))
        total = max(total, at + size)
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
