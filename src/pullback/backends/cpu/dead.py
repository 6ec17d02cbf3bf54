"""Stores that nobody reads are dropped, and buffers that live in one row of a nest shrink to it."""

from collections.abc import Sequence

from . import loops
from .fuse import rest_of, row_strides
from .index import Atom, Index, bounds, in_order, is_affine, shift
from .loops import Block, Kernel, Nest, Program
from .relocate import relocated

# Rows up to this size live on the stack of the loop that makes them.
ROW_BYTES = 16 * 1024


def drop_unread(program: Program) -> None:
    """Drop stores to temporaries that are never read, and what only they needed."""
    while True:
        read = {b for s in loops.statements(program.body) for b in loops.own_reads(s)}
        keep = {b.name for b in program.buffers.values() if b.kind == "out"} | read
        size = _count(program.body)
        program.body = _dropped(program.body, keep)
        if _count(program.body) == size:
            break
    used = set()
    for s in loops.statements(program.body):
        used |= loops.reads(s) | loops.writes(s)
    gone = [n for n, b in program.buffers.items() if b.kind == "temp" and n not in used]
    for name in gone:
        del program.buffers[name]


def _count(block: Block) -> int:
    total = 0
    for s in loops.statements(block):
        total += 1
        if isinstance(s, Nest):
            total += sum([len(k.stores) + len(k.reductions) for k in s.kernels])
    return total


def _dropped(block: Block, keep: set[str]) -> Block:
    out: Block = []
    for stmt in block:
        if isinstance(stmt, Nest):
            kernels = [_useful(k, keep) for k in stmt.kernels]
            kernels = [k for k in kernels if k.stores or k.reductions]
            if kernels:
                out.append(Nest(stmt.axes, tuple(kernels)))
            continue
        out.append(loops.inside(stmt, lambda b: _dropped(b, keep)))
    return out


def _useful(kernel: Kernel, keep: set[str]) -> Kernel:
    stores = tuple([s for s in kernel.stores if s.buffer in keep])
    reductions = tuple([r for r in kernel.reductions if r.buffer in keep])
    if len(stores) == len(kernel.stores) and len(reductions) == len(kernel.reductions):
        return kernel
    axes, reduce = kernel.axes, kernel.reduce
    if not reductions and not kernel.ordered:
        axes, reduce = tuple(in_order([*axes, *reduce])), ()
    return Kernel(axes, reduce, stores, reductions, kernel.ordered)


def shrink_rows(program: Program) -> None:
    """Buffers that one nest alone touches, a row at a time, become one row."""
    users: dict[str, set[int]] = {}
    for s in loops.statements(program.body):
        for b in loops.own_reads(s) | loops.writes(s):
            users.setdefault(b, set()).add(id(s))
    program.body = _shrunk(program, program.body, users)


def _shrunk(program: Program, block: Block, users: dict[str, set[int]]) -> Block:
    out: Block = []
    for stmt in block:
        inner = [_shrunk(program, b, users) for b in loops.blocks(stmt)]
        if inner:
            stmt = loops.with_blocks(stmt, inner)
        elif isinstance(stmt, Nest) and stmt.axes:
            mine = [
                b
                for b in sorted(loops.writes(stmt))
                if users[b] == {id(stmt)} and program.buffers[b].kind == "temp"
            ]
            stmt = _rows(program, stmt, mine)
        out.append(stmt)
    return out


def _rows(program: Program, nest: Nest, buffers: Sequence[str]) -> Nest:
    """The nest with the buffers as rows, where each is only touched in its own row."""
    moved: dict[str, int] = {}
    for name in buffers:
        offsets = [
            o
            for k in nest.kernels
            for b, o in (*loops.kernel_reads(k), *loops.kernel_writes(k))
            if b == name
        ]
        span = _row_span(nest.axes, offsets)
        if span is None:
            continue
        lo, size = span
        buffer = program.buffers[name]
        if size * 8 > ROW_BYTES:
            continue
        buffer.size, buffer.kind = size, "row"
        moved[name] = lo
    if not moved:
        return nest
    kernels = [_without_rows(program, nest.axes, k, moved) for k in nest.kernels]
    return Nest(nest.axes, tuple(kernels))


def _row_span(axes: Sequence[Atom], offsets: Sequence[Index]) -> tuple[int, int] | None:
    if not all(is_affine(o) for o in offsets):
        return None
    strides = [row_strides(axes, o) for o in offsets]
    if strides[0] is None or any(s != strides[0] for s in strides):
        return None
    ranges = [bounds(rest_of(axes, o)) for o in offsets]
    lo, hi = min([r[0] for r in ranges]), max([r[1] for r in ranges])
    return (lo, hi - lo + 1) if hi - lo < min(strides[0]) else None


def _without_rows(
    program: Program, axes: Sequence[Atom], kernel: Kernel, moved: dict[str, int]
) -> Kernel:
    def place(buffer: str, offset: Index) -> tuple[str, Index] | None:
        if buffer not in moved:
            return None
        return buffer, shift(rest_of(axes, offset), -moved[buffer])

    return relocated(program.graph, kernel, place)
