"""Full reductions of big arrays become reductions of fixed blocks and one of their results, so that
threads may share them and sums lose less; the blocks never depend on the number of threads.

Running results are found within each block, and what the blocks before give is added to them.
"""

from . import loops
from .expr import Rewriter
from .fuse import rebuilt
from .index import Atom, Index, add, constant, scale, shift
from .loops import Block, Kernel, Nest, Program, Reduction, Store
from .schedule import kernel_time

# A block is worth about this many nanoseconds; there are at most so many blocks.
BLOCK_TIME = 25_000.0
MOST_BLOCKS = 128
WORTH_SPLITTING = 60_000.0


def split(program: Program) -> None:
    """Cut every big reduction to one element into blocks."""
    program.body = _block(program, program.body)


def _block(program: Program, block: Block) -> Block:
    out: Block = []
    for stmt in block:
        stmt = loops.inside(stmt, lambda b: _block(program, b))
        cut = _cut(program, stmt) if isinstance(stmt, Nest) else None
        out.extend(cut or [stmt])
    return out


def _cut(program: Program, nest: Nest) -> list[Nest] | None:
    if nest.axes or len(nest.kernels) != 1:
        return None
    (kernel,) = nest.kernels
    if kernel.axes or not kernel.reduce or kernel.ordered or not kernel.reductions:
        return None
    running = any(r.prefix for r in kernel.reductions)
    if running and not _is_running(program, kernel):
        return None
    if any(r.op.startswith("arg") for r in kernel.reductions):
        return None
    time = kernel_time(kernel)
    axis = min(kernel.reduce, key=lambda a: a.key)
    count = min(MOST_BLOCKS, int(time / BLOCK_TIME), axis.extent)
    if time < WORTH_SPLITTING or count < 2 + running:
        return None
    cut = _running_blocks if running else _blocks
    return cut(program, kernel, axis, -(-axis.extent // count))


def _is_running(program: Program, kernel: Kernel) -> bool:
    """Whether all that a kernel does is one running result, kept in the type it is found in."""
    (r, *others) = kernel.reductions
    return not others and not kernel.stores and program.buffers[r.buffer].dtype == r.dtype


def _running_blocks(program: Program, kernel: Kernel, axis: Atom, size: int) -> list[Nest]:
    """Nests for running results within blocks, for those of the last ones, and for both together.

    What is left is a block of its own.
    """
    graph, (r,) = program.graph, kernel.reductions
    whole, left = divmod(axis.extent, size)
    before = _partial(program, r.dtype, whole)
    new = graph.atoms.axis

    def place(at: Index) -> Index:
        return Rewriter(graph, {axis: at}).index(r.offset)

    def within(inside: Atom, outer: tuple[Atom, ...], at: Index) -> Nest:
        part = rebuilt(kernel, Rewriter(graph, {axis: at}), {axis: inside})
        return Nest((), (Kernel(outer, part.reduce, (), part.reductions),))

    def together(axes: tuple[Atom, ...], at: Index, earlier: Index) -> Nest:
        args = graph.load(before, earlier, r.dtype), graph.load(r.buffer, place(at), r.dtype)
        item = Store(r.buffer, place(at), graph.node(r.op, r.dtype, args))
        return Nest((), (Kernel(axes, (), (item,)),))

    block, number, inside = new(whole), new(whole - 1), new(size)
    nests = [within(inside, (block,), add(scale(block.index, size), inside.index))]
    last, inside = new(whole), new(size)
    ends = graph.load(r.buffer, place(shift(scale(last.index, size), size - 1)), r.dtype)
    total = Reduction(r.op, before, last.index, ends, r.dtype, prefix=True)
    nests.append(Nest((), (Kernel((), (last,), (), (total,)),)))
    at = shift(add(scale(number.index, size), inside.index), size)
    nests.append(together((number, inside), at, number.index))
    if left:
        rest, again = new(left), new(left)
        nests.append(within(rest, (), shift(rest.index, whole * size)))
        nests.append(together((again,), shift(again.index, whole * size), constant(whole - 1)))
    return nests


def _blocks(program: Program, kernel: Kernel, axis: Atom, size: int) -> list[Nest]:
    """Nests for the whole blocks, for what is left, and for the results of both."""
    graph = program.graph
    whole, left = divmod(axis.extent, size)
    parts = [_partial(program, r.dtype, whole + bool(left)) for r in kernel.reductions]
    number, inside = graph.atoms.axis(whole), graph.atoms.axis(size)
    at = add(scale(number.index, size), inside.index)
    nests = [_nest(program, kernel, axis, at, inside, (number,), parts, number.index)]
    if left:
        rest = graph.atoms.axis(left)
        at = shift(rest.index, whole * size)
        nests.append(_nest(program, kernel, axis, at, rest, (), parts, constant(whole)))
    last = graph.atoms.axis(whole + bool(left))
    finals = [
        Reduction(r.op, r.buffer, r.offset, graph.load(p, last.index, r.dtype), r.dtype)
        for r, p in zip(kernel.reductions, parts, strict=True)
    ]
    nests.append(Nest((), (Kernel((), (last,), (), tuple(finals)),)))
    return nests


def _partial(program: Program, dtype: str, size: int) -> str:
    name = f"p{len(program.buffers)}"
    program.buffers[name] = loops.Buffer(name, dtype, size, "temp")
    return name


def _nest(
    program: Program,
    kernel: Kernel,
    axis: Atom,
    at: Index,
    inside: Atom,
    outer: tuple[Atom, ...],
    parts: list[str],
    number: Index,
) -> Nest:
    """The kernel over one range of the axis, its results in the parts."""
    new = rebuilt(kernel, Rewriter(program.graph, {axis: at}), {axis: inside})
    reductions = [
        Reduction(r.op, p, number, r.value, r.dtype)
        for r, p in zip(new.reductions, parts, strict=True)
    ]
    return Nest((), (Kernel(outer, new.reduce, new.stores, tuple(reductions)),))
