"""Nests that share data become one: kernels over one space are joined, and kernels over common rows
run one after the other under the loop over rows, so that rows stay in cache or registers."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod

from . import loops
from .expr import Graph, Node, Rewriter
from .index import Atom, Index, bounds, in_order, is_affine
from .loops import Block, Kernel, Nest, Program, Reduction, Stmt, Store, kernel_nodes
from .schedule import is_small, points, vectorized, work

# How many statements back a nest looks for one to join.
REACH = 24
# Expressions deeper than this are cut: recursion over them must end.
DEEPEST = 96
# A kernel of more nodes takes in no other: of so many registers LLVM takes quadratic time.
LONGEST = 2000
# Rows shorter than this are not worth a loop of their own.
ROW = 8
# What is done once a row, not in vectors across rows, takes about so many times as long.
BESIDE = 8


def fuse(program: Program) -> None:
    """Join the nests of every block."""
    program.body = _Fuser(program.graph).block(program.body)


@dataclass(slots=True)
class _Entry:
    stmt: Stmt
    reads: set[str]
    writes: set[str]


class _Fuser:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def block(self, block: Block) -> Block:
        out: list[_Entry] = []
        for stmt in block:
            stmt = loops.inside(stmt, self.block)
            entry = _Entry(stmt, loops.reads(stmt), loops.writes(stmt))
            if not (isinstance(stmt, Nest) and self.place(out, entry)):
                out.append(entry)
        return [e.stmt for e in out]

    def place(self, out: list[_Entry], new: _Entry) -> bool:
        """Join the nest with the nearest one before it that it may move to."""
        assert isinstance(new.stmt, Nest)
        for old in reversed(out[-REACH:]):
            if isinstance(old.stmt, Nest) and self._related(old, new):
                merged = merge(self.graph, old.stmt, new.stmt)
                if merged is not None:
                    old.stmt = merged
                    old.reads, old.writes = loops.reads(merged), old.writes | new.writes
                    return True
            if old.writes & (new.reads | new.writes) or new.writes & old.reads:
                return False
        return False

    def _related(self, old: _Entry, new: _Entry) -> bool:
        return bool((old.writes | old.reads) & new.reads) or bool(old.reads & new.writes)


def merge(graph: Graph, a: Nest, b: Nest) -> Nest | None:
    """Nest b after a as one nest, or None where that is wrong or does not pay."""
    if len(b.kernels) != 1 or b.axes or any(k.ordered for k in (*a.kernels, *b.kernels)):
        return None
    if is_small(b) and is_small(a):
        return None
    if len(kernel_nodes(a.kernels[-1])) > LONGEST:
        return None
    (new,) = b.kernels
    return _join_last(graph, a, new) or _under_rows(graph, a, new)


# One kernel


def _join_last(graph: Graph, a: Nest, new: Kernel) -> Nest | None:
    """The new kernel inside the last kernel of a, over the same space."""
    last = a.kernels[-1]
    mine = in_order([*a.axes, *last.axes, *last.reduce])
    theirs = in_order([*new.axes, *new.reduce])
    if last.reduce and new.reduce:
        # The order in which sums came to be says nothing of that of their axes.
        mine = [*in_order([*a.axes, *last.axes]), *in_order(last.reduce)]
        theirs = [*in_order(new.axes), *in_order(new.reduce)]
    if [x.extent for x in mine] != [x.extent for x in theirs]:
        return None
    if any(r.prefix or r.op.startswith("arg") for r in (*last.reductions, *new.reductions)):
        return None
    to = dict(zip(theirs, mine, strict=True))
    over = {to[x] for x in new.reduce}
    if last.reduce and over and over != set(last.reduce):
        return None
    if (last.reduce or over) and _across(last, new, to):
        return None
    if over & set(a.axes) or (over and not _covers(last, over)):
        return None
    renamed = rename(graph, new, to)
    earlier = list(a.kernels[:-1])
    if a.axes and not all(_same_rows(a.axes, k, renamed) for k in earlier):
        return None
    joined = _joined(graph, last, renamed, over)
    return None if joined is None else Nest(a.axes, (*earlier, joined))


def _across(last: Kernel, new: Kernel, to: dict[Atom, Atom]) -> bool:
    """Whether two kernels would be vectorized along different axes of one space."""
    mine, theirs = vectorized(last), vectorized(new)
    return mine is not None and theirs is not None and to[theirs] is not mine


def _covers(kernel: Kernel, over: set[Atom]) -> bool:
    """Whether the axes may become the reduced ones of a kernel that reduces nothing yet."""
    return set(kernel.reduce) == over or not kernel.reductions


def rename(graph: Graph, kernel: Kernel, to: dict[Atom, Atom]) -> Kernel:
    """The kernel with other axes."""
    writer = Rewriter(graph, {old: new.index for old, new in to.items()})
    return rebuilt(kernel, writer, to)


def rebuilt(kernel: Kernel, writer: Rewriter, to: dict[Atom, Atom]) -> Kernel:
    """The kernel with its expressions rewritten and its axes replaced."""
    stores = [
        Store(
            s.buffer,
            writer.index(s.offset),
            writer.node(s.value),
            s.combine,
            None if s.mask is None else writer.node(s.mask),
        )
        for s in kernel.stores
    ]
    reductions = [
        Reduction(r.op, r.buffer, writer.index(r.offset), writer.node(r.value), r.dtype, r.prefix)
        for r in kernel.reductions
    ]
    return Kernel(
        tuple([to.get(a, a) for a in kernel.axes]),
        tuple([to.get(a, a) for a in kernel.reduce]),
        tuple(stores),
        tuple(reductions),
        kernel.ordered,
    )


def _joined(graph: Graph, first: Kernel, second: Kernel, over: set[Atom]) -> Kernel | None:
    """Both kernels in one body; what the first stores, the second has in registers."""
    stored = {
        (s.buffer, s.offset): s.value for s in first.stores if not s.combine and s.mask is None
    }
    written = {b for b, _ in loops.kernel_writes(first)}
    for buffer, offset in loops.kernel_reads(second):
        if buffer in written and (buffer, offset) not in stored:
            return None
    later = loops.kernel_writes(second)
    if {b for b, _ in later} & written:
        return None
    axes = [*first.axes, *first.reduce]
    for buffer, offset in loops.kernel_reads(first):
        for other, place in later:
            if buffer == other and offset != place and not same_row(axes, offset, place):
                return None

    def forward(buffer: str, offset: Index, node: Node) -> Node | None:
        return stored.get((buffer, offset))

    met = [stored[place] for place in loops.kernel_reads(second) if place in stored]
    if max([n.depth for n in met], default=0) + _depth(second) > DEEPEST:
        return None
    second = rebuilt(second, Rewriter(graph, {}, forward), {})
    reduce = first.reduce or tuple(in_order(list(over)))
    kept = tuple([a for a in in_order(axes) if a not in reduce])
    return Kernel(kept, reduce, first.stores + second.stores, first.reductions + second.reductions)


def _depth(kernel: Kernel) -> int:
    return max([n.depth for n in loops.kernel_roots(kernel)], default=0)


# Common rows


def _under_rows(graph: Graph, a: Nest, new: Kernel) -> Nest | None:
    """The new kernel after those of a, in the same loop over rows."""
    axes = list(a.axes)
    if not axes:
        (only,) = a.kernels
        axes = _common(only, new)
    if not axes:
        return None
    free = in_order([*new.axes, *new.reduce])[: len(axes)]
    if len(free) < len(axes) or any(x in new.reduce for x in free):
        return None
    if [x.extent for x in axes] != [x.extent for x in free]:
        return None
    renamed = rename(graph, new, dict(zip(free, axes, strict=True)))
    renamed = without(renamed, axes)
    kernels = [without(k, axes) for k in a.kernels]
    if not _pays([*kernels, renamed]):
        return None
    if not all(_same_rows(axes, k, renamed) for k in kernels):
        return None
    if not a.axes and vectorized(a.kernels[0]) in axes:
        return None
    if not _keeps_vectors(kernels, new, renamed):
        return None
    return Nest(tuple(axes), (*kernels, renamed))


def _keeps_vectors(kernels: Sequence[Kernel], new: Kernel, row: Kernel) -> bool:
    """Whether a kernel loses little where its rows are no longer worked on side by side: it may
    work along a row as well, or do little for each row beside what the other kernels do."""
    axis = vectorized(new)
    if axis is None or axis in row.axes or axis in row.reduce:
        return True
    if row.axes or row.reduce:
        return False
    return work(row) * BESIDE <= sum([points(k) * work(k) for k in kernels])


def without(kernel: Kernel, axes: Sequence[Atom]) -> Kernel:
    """The kernel without the loops over axes that stand around it."""
    kept = tuple([x for x in kernel.axes if x not in axes])
    return Kernel(kept, kernel.reduce, kernel.stores, kernel.reductions, kernel.ordered)


def _common(a: Kernel, b: Kernel) -> list[Atom]:
    """The leading axes of a that both kernels have and neither reduces."""
    axes = []
    for x, y in zip(in_order([*a.axes, *a.reduce]), in_order([*b.axes, *b.reduce]), strict=False):
        if x.extent != y.extent or x in a.reduce or y in b.reduce:
            break
        axes.append(x)
    inner = max(len(a.axes) + len(a.reduce), len(b.axes) + len(b.reduce)) - len(axes)
    return axes if inner else axes[:-1]


def _pays(kernels: Sequence[Kernel]) -> bool:
    """Whether rows are long enough to be vectorized one by one."""
    rows = [prod([x.extent for x in (*k.axes, *k.reduce)]) for k in kernels]
    return max(rows) >= 2 * ROW and all(n == 1 or n >= ROW for n in rows)


def _same_rows(axes: Sequence[Atom], first: Kernel, second: Kernel) -> bool:
    """Whether what both touch, and one writes, lies in the same row of both."""
    read, written = loops.kernel_reads(first), loops.kernel_writes(first)
    later_read, later_written = loops.kernel_reads(second), loops.kernel_writes(second)
    return (
        _rows_agree(axes, written, later_read)
        and _rows_agree(axes, read, later_written)
        and _rows_agree(axes, written, later_written)
    )


def _rows_agree(
    axes: Sequence[Atom], xs: Sequence[tuple[str, Index]], ys: Sequence[tuple[str, Index]]
) -> bool:
    for buffer, x in xs:
        for other, y in ys:
            if buffer == other and not same_row(axes, x, y):
                return False
    return True


def same_row(axes: Sequence[Atom], x: Index, y: Index) -> bool:
    """Whether offsets x and y can only meet at equal values of the axes."""
    if not axes:
        return True
    if not (is_affine(x) and is_affine(y)):
        return False
    strides = row_strides(axes, x)
    if strides is None or strides != row_strides(axes, y):
        return False
    lo_x, hi_x = bounds(rest_of(axes, x))
    lo_y, hi_y = bounds(rest_of(axes, y))
    return max(hi_x, hi_y) - min(lo_x, lo_y) < min(strides)


def row_strides(axes: Sequence[Atom], x: Index) -> list[int] | None:
    """The strides of the axes in an offset where every row has a place of its own, else None."""
    found = dict(x[1])
    strides = [found.get(a, 0) for a in axes]
    if min(strides) <= 0:
        return None
    order = sorted(zip(strides, axes, strict=True), key=lambda p: p[0])
    for (small, axis), (large, _) in pairwise(order):
        if large < small * axis.extent:
            return None
    return strides


def rest_of(axes: Sequence[Atom], x: Index) -> Index:
    """The offset inside a row."""
    return (x[0], tuple([t for t in x[1] if t[0] not in axes]))
