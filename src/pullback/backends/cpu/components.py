"""Short axes beside long ones are written out, where nests that share data disagree on them: three
coordinates of a thousand bodies become three values of one body, and the nests join."""

from collections.abc import Iterator, Mapping
from itertools import product
from math import prod

from . import loops
from .expr import Graph, Node, Rewriter
from .index import Atom, Index, constant, in_order
from .loops import Block, Kernel, Nest, Program, Reduction, Stmt, Store
from .schedule import body_nodes

# Axes up to this are short. The others together are long from this on.
SHORT = 4
LONG = 32
# The most operations of all nests of a group, once written out.
MOST = 600
FOLDS = frozenset({"add", "mul", "max", "min", "and", "or", "xor"})

Space = tuple[int, ...]


def components(program: Program) -> None:
    """Write short axes out, group of nests by group."""
    program.body = _block(program, program.body)


def _block(program: Program, block: Block) -> Block:
    block = [loops.inside(s, lambda b: _block(program, b)) for s in block]
    for group in _groups(block):
        kernels = [_kernel(block[k]) for k in group]
        if _disagree(kernels) and sum(map(_size, kernels)) <= MOST:
            for k, kernel in zip(group, kernels, strict=True):
                block[k] = Nest((), (written_out(program, kernel),))
    return block


def _groups(block: Block) -> Iterator[list[int]]:
    """Positions of neighbours over one long space. Scalars between them do not matter."""
    group: list[int] = []
    space: Space | None = None
    for k, stmt in enumerate(block):
        if _is_scalar(stmt):
            continue
        here = _long_space(stmt)
        if here != space:
            yield group
            group, space = [], here
        if here is not None:
            group.append(k)
    yield group


def _kernel(stmt: Stmt) -> Kernel:
    assert isinstance(stmt, Nest)
    return stmt.kernels[0]


def _is_scalar(stmt: Stmt) -> bool:
    return isinstance(stmt, Nest) and not any(k.axes or k.reduce for k in stmt.kernels)


def _long_space(stmt: Stmt) -> Space | None:
    """The long axes' extents, or None where short ones could not be written out."""
    if not isinstance(stmt, Nest) or stmt.axes or len(stmt.kernels) != 1:
        return None
    (kernel,) = stmt.kernels
    if kernel.ordered or any(r.prefix or r.op not in FOLDS for r in kernel.reductions):
        return None
    if not all(map(_is_short, kernel.reduce)):
        return None
    space = tuple([a.extent for a in in_order(kernel.axes) if not _is_short(a)])
    return space if prod(space) >= LONG else None


def _is_short(axis: Atom) -> bool:
    return axis.extent <= SHORT


def _size(kernel: Kernel) -> int:
    short = [a.extent for a in (*kernel.axes, *kernel.reduce) if _is_short(a)]
    return prod(short) * len(body_nodes(kernel))


def _disagree(kernels: list[Kernel]) -> bool:
    """Whether one reads, in another order or rank of its axes, or at one place of a short one, what
    another wrote."""
    spaces: dict[str, tuple[Space, Space]] = {}
    for kernel in kernels:
        mine = (*[a.extent for a in in_order(kernel.axes)], -1, *[a.extent for a in kernel.reduce])
        for buffer, offset in loops.kernel_reads(kernel):
            here = mine, _steps(offset)
            if spaces.get(buffer, here) != here:
                return True
        spaces.update({b: (mine, _steps(offset)) for b, offset in loops.kernel_writes(kernel)})
    return False


def _steps(offset: Index) -> Space:
    """By how much an offset grows along each short axis."""
    return tuple([k for atom, k in offset[1] if atom.kind == "axis" and _is_short(atom)])


def written_out(program: Program, kernel: Kernel) -> Kernel:
    """The kernel over its long axes alone."""
    short = [a for a in kernel.axes if _is_short(a)]
    stores = [s for at in _points(short) for s in _stores(program, kernel, at)]
    return Kernel(tuple([a for a in kernel.axes if not _is_short(a)]), (), tuple(stores))


def _points(axes: list[Atom]) -> Iterator[dict[Atom, Index]]:
    for point in product(*[range(a.extent) for a in axes]):
        yield {a: constant(i) for a, i in zip(axes, point, strict=True)}


def _stores(program: Program, kernel: Kernel, at: Mapping[Atom, Index]) -> Iterator[Store]:
    """What the kernel stores at one point of its short axes."""
    graph = program.graph
    writer = Rewriter(graph, at)
    for s in kernel.stores:
        mask = None if s.mask is None else writer.node(s.mask)
        yield Store(s.buffer, writer.index(s.offset), writer.node(s.value), s.combine, mask)
    for r in kernel.reductions:
        value = _as(graph, _folded(graph, kernel, r, at), program.buffers[r.buffer].dtype)
        yield Store(r.buffer, writer.index(r.offset), value)


def _folded(graph: Graph, kernel: Kernel, r: Reduction, at: Mapping[Atom, Index]) -> Node:
    """A reduction over short axes as one expression."""
    total: Node | None = None
    for point in _points(list(kernel.reduce)):
        value = _as(graph, Rewriter(graph, {**at, **point}).node(r.value), r.dtype)
        total = value if total is None else graph.node(r.op, r.dtype, (total, value))
    assert total is not None
    return total


def _as(graph: Graph, node: Node, dtype: str) -> Node:
    return node if node.dtype == dtype else graph.node("convert_element_type", dtype, (node,))
