"""Counted loops whose steps threads share: each step writes rows of its own, and what else it
writes lives within the step."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import prod

from . import expr, loops
from .buffers import item_bytes
from .fuse import rest_of, row_strides
from .index import ZERO, Atom, Index, bounds, coefficient, in_order, is_affine
from .loops import (
    Block,
    Branch,
    Call,
    Callback,
    Contraction,
    For,
    Gemm,
    Kernel,
    Nest,
    Operand,
    Program,
    Stmt,
    While,
)
from .parallel import BLOCK_TIME, LONGEST_BLOCK, MOST_BLOCKS, WORTH_SHARING, shared
from .schedule import block_time

# Of what lives within a step: it is on the stack of each thread.
PRIVATE_BYTES = 256 * 1024
# So few steps are not shared where they hold work that threads share.
FEW = 8

# How a block treats a buffer: does not touch it; fills it before it reads it, always or if it comes
# to that; or may read what was there before.
NEVER, ALWAYS, PERHAPS, READS = range(4)


@dataclass(frozen=True, slots=True)
class Steps:
    """How many steps are a block, and the buffers that live within one."""

    block: int
    private: frozenset[str]


def apart(program: Program, loop: For, vector_bytes: int) -> Steps | None:
    """How threads share the steps; None where one thread is enough, or steps need others."""
    count = loop.axis.extent
    time = count * block_time(loop.body)
    if time < WORTH_SHARING or count < 2:
        return None
    inner = list(loops.statements(loop.body))
    if any(isinstance(s, Callback) for s in inner):
        return None
    if count < FEW and any(_by_threads(s, vector_bytes) for s in inner):
        return None
    private = _private(program, loop)
    if private is None:
        return None
    blocks = max(1, min(MOST_BLOCKS, int(time / BLOCK_TIME)), int(time / LONGEST_BLOCK))
    return Steps(-(-count // blocks), private)


def _by_threads(stmt: Stmt, vector_bytes: int) -> bool:
    """Whether threads may share a statement itself."""
    if isinstance(stmt, Nest):
        return shared(stmt, vector_bytes) is not None
    return not loops.blocks(stmt) and block_time([stmt]) >= WORTH_SHARING


def _private(program: Program, loop: For) -> frozenset[str] | None:
    """The buffers that live within a step, if no step needs what another one writes."""
    everywhere, here = _touches(program.body), _touches(loop.body)
    partners = {b: {*pair} for pair in program.aliases for b in pair}
    found, size = [], 0
    for name in sorted(loops.writes(loop)):
        buffer = program.buffers[name]
        within = buffer.kind in ("temp", "stack") and here[name] == everywhere[name]
        if buffer.kind == "row" or buffer.step:
            continue
        # What only the loop touches may lie where something else of it does.
        if not within and _in_rows(loop, partners.get(name, {name})):
            continue
        if not within or _start(loop.body, name, buffer.size, loop.axis) in (NEVER, READS):
            return None
        found.append(name)
        size += buffer.size * item_bytes(buffer.dtype)
    return frozenset(found) if size <= PRIVATE_BYTES else None


def _touches(block: Block) -> Counter[str]:
    """How many statements touch each buffer themselves."""
    found: Counter[str] = Counter()
    for stmt in loops.statements(block):
        alone = loops.inside(stmt, lambda _: [])
        found.update(loops.reads(alone) | loops.writes(alone))
    return found


# Rows


def _in_rows(loop: For, names: set[str]) -> bool:
    """Whether each step touches a row of its own of memory that has these names."""
    spans = [_span(loop.axis, *access) for access in _accesses(loop.body, names)]
    known = [s for s in spans if s is not None]
    if len(known) < len(spans) or not known:
        return False
    (stride, *others), lows, highs = ({s[k] for s in known} for k in range(3))
    return not others and max(highs) - min(lows) < abs(stride)


def _span(axis: Atom, offset: Index, beyond: tuple[int, int]) -> tuple[int, int, int] | None:
    """How far apart steps are, and the first and the last element that step 0 touches."""
    if not is_affine(offset):
        return None
    low, high = bounds(rest_of([axis], offset))
    return coefficient(offset, axis), low + beyond[0], high + beyond[1]


def _accesses(block: Block, names: set[str]) -> Iterator[tuple[Index, tuple[int, int]]]:
    """The offsets at which a block touches buffers, and how far around them."""
    for stmt in loops.statements(block):
        if isinstance(stmt, Nest):
            for kernel in stmt.kernels:
                touched = (*loops.kernel_reads(kernel), *loops.kernel_writes(kernel))
                yield from [(o, (0, 0)) for b, o in touched if b in names]
        for o in (*_given(stmt), *_made(stmt)):
            loaded = expr.loads(expr.index_nodes(o.offset))
            yield from [(place, (0, 0)) for b, place in loaded if b in names]
            if o.buffer in names:
                reach = [(n - 1) * s for n, s in zip(o.shape, o.strides, strict=True)]
                yield o.offset, (sum([min(r, 0) for r in reach]), sum([max(r, 0) for r in reach]))
        if isinstance(stmt, While | Branch):
            asked = stmt.test if isinstance(stmt, While) else stmt.index
            yield from [(ZERO, (0, 0))] if asked in names else []


def _given(stmt: Stmt) -> tuple[Operand, ...]:
    if isinstance(stmt, Call):
        return stmt.args
    return (stmt.a, stmt.b) if isinstance(stmt, Gemm | Contraction) else ()


def _made(stmt: Stmt) -> tuple[Operand, ...]:
    if isinstance(stmt, Call):
        return stmt.outs
    return (stmt.out,) if isinstance(stmt, Gemm | Contraction) else ()


# What lives within a step


def _start(block: Block, name: str, size: int, axis: Atom) -> int:
    """How a block treats a buffer first. Stores under conditions do not fill it."""
    filled = 0
    for at, stmt in enumerate(block):
        if loops.blocks(stmt):
            found = _region(stmt, name, size, axis)
            if found == PERHAPS and _touched(block[at + 1 :], name):
                return READS
            if found != NEVER:
                return found
        elif isinstance(stmt, Nest):
            for kernel in stmt.kernels:
                if any(b == name for b, _ in loops.kernel_reads(kernel)):
                    return READS
                filled += _fills(kernel, name, axis)
                if filled >= size:
                    return ALWAYS
        elif name in loops.reads(stmt):
            return READS
        else:
            mine = [o for o in _made(stmt) if o.buffer == name and _points(o.offset, axis)]
            filled += sum([prod(o.shape) for o in mine])
            if filled >= size:
                return ALWAYS
    return READS if filled else NEVER


def _touched(block: Block, name: str) -> bool:
    return any(name in loops.reads(s) | loops.writes(s) for s in block)


def _region(stmt: Stmt, name: str, size: int, axis: Atom) -> int:
    """The same of a loop or a branch. A test comes before its loop's body."""
    starts = [_start(b, name, size, axis) for b in loops.blocks(stmt)]
    if isinstance(stmt, While):
        test, body = starts
        if test == NEVER and name == stmt.test:
            return READS
        return test if test != NEVER else PERHAPS if body == ALWAYS else body
    if isinstance(stmt, Branch):
        if name == stmt.index or READS in starts:
            return READS
        return starts[0] if len(set(starts)) == 1 else PERHAPS
    return starts[0]


def _fills(kernel: Kernel, name: str, axis: Atom) -> int:
    """How many elements of a buffer a kernel certainly writes, the same ones in each step."""
    plain = [s.offset for s in kernel.stores if s.buffer == name and not (s.combine or s.mask)]
    offsets = [*plain, *[r.offset for r in kernel.reductions if r.buffer == name]]
    return sum([_points(o, axis) for o in offsets])


def _points(offset: Index, axis: Atom) -> int:
    """The different places of an offset, 0 where they are not sure or differ from step to step."""
    if not is_affine(offset) or coefficient(offset, axis):
        return 0
    axes = in_order(_axes(offset))
    if axes and row_strides(axes, offset) is None:
        return 0
    return prod([a.extent for a in axes])


def _axes(offset: Index) -> Iterable[Atom]:
    return [a for a, _ in offset[1]]
