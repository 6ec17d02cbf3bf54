"""Nests over joined or padded arrays are cut where one piece ends and the next begins, so that no
element asks on which side it is."""

from itertools import pairwise

from . import loops
from .expr import Node, Rewriter
from .fuse import rebuilt
from .index import Atom, coefficient, shift
from .loops import Block, Kernel, Nest, Program
from .schedule import points

# A cut pays for loops at least this long, or for rows of so many elements; and for few of them.
LONG = 64
ROW = 64
FEW = 6
MOST_PIECES = 36


def peel(program: Program) -> None:
    """Cut kernels along kept axes at the bounds of their tests."""
    program.body = _block(program, program.body)


def _block(program: Program, block: Block) -> Block:
    out: Block = []
    for stmt in block:
        stmt = loops.inside(stmt, lambda b: _block(program, b))
        if isinstance(stmt, Nest) and not stmt.axes:
            out.extend([Nest((), (k,)) for k in _pieces(program, stmt.kernels[0])])
        else:
            out.append(stmt)
    return out


def _pieces(program: Program, kernel: Kernel, room: int = MOST_PIECES) -> list[Kernel]:
    """The kernel cut along its axes, each piece where it still asks, in at most `room` pieces."""
    for axis in () if kernel.ordered else kernel.axes:
        cuts = sorted(_cuts(kernel, axis))
        if not cuts or len(cuts) >= room or not _pays(kernel, axis, len(cuts)):
            continue
        bounds = [0, *cuts, axis.extent]
        parts = [_piece(program, kernel, axis, lo, hi) for lo, hi in pairwise(bounds)]
        return [p for part in parts for p in _pieces(program, part, room // len(parts))]
    return [kernel]


def _pays(kernel: Kernel, axis: Atom, cuts: int) -> bool:
    """Whether the loops that are left are long: those over the axis, few of them, or those in it,
    where its elements are rows of their own."""
    if axis.extent >= LONG:
        return cuts < FEW
    rows = all(abs(coefficient(s.offset, axis)) >= ROW for s in kernel.stores)
    return rows and bool(kernel.stores) and points(kernel) >= ROW * axis.extent


def _cuts(kernel: Kernel, axis: Atom) -> set[int]:
    """Where a test on the axis alone changes its answer."""
    found: set[int] = set()
    for node in loops.kernel_nodes(kernel):
        if node.op == "guard":
            found |= _node_cuts(node, axis)
    return {c for c in found if 0 < c < axis.extent}


def _node_cuts(node: Node, axis: Atom) -> set[int]:
    cuts = set()
    for (const, terms), lo, hi in node.data:
        if len(terms) == 1 and terms[0][0] is axis and abs(terms[0][1]) == 1:
            if terms[0][1] == 1:
                cuts |= {lo - const, hi - const}
            else:
                cuts |= {const - lo + 1, const - hi + 1}
    return cuts


def _piece(program: Program, kernel: Kernel, axis: Atom, lo: int, hi: int) -> Kernel:
    if hi - lo == 1:
        new = rebuilt(kernel, Rewriter(program.graph, {axis: (lo, ())}), {})
        return Kernel(
            tuple([a for a in new.axes if a is not axis]), new.reduce, new.stores, new.reductions
        )
    part = program.graph.atoms.axis(hi - lo)
    return rebuilt(kernel, Rewriter(program.graph, {axis: shift(part.index, lo)}), {axis: part})
