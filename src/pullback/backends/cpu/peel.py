"""Nests over joined or padded arrays are cut where one piece ends and the next begins, so that no
element asks on which side it is."""

from itertools import pairwise

from . import loops
from .expr import Node, Rewriter
from .fuse import rebuilt
from .index import Atom, shift
from .loops import Block, Kernel, Nest, Program

# A cut pays for loops at least this long, and for few of them.
LONG = 64
MOST_PIECES = 6


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


def _pieces(program: Program, kernel: Kernel) -> list[Kernel]:
    done = [kernel]
    for axis in kernel.axes:
        cuts = sorted(_cuts(kernel, axis))
        if kernel.ordered or axis.extent < LONG or not cuts:
            continue
        bounds = [0, *cuts, axis.extent]
        if len(done) * (len(bounds) - 1) > MOST_PIECES:
            continue
        done = [_piece(program, k, axis, lo, hi) for k in done for lo, hi in pairwise(bounds)]
    return done


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
