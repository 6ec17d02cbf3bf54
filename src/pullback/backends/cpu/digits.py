"""An axis that is seen by its quotient and its remainder becomes two axes, so that nothing is
divided: tiled, repeated and reshaped arrays."""

from collections.abc import Iterable, Iterator

from . import loops
from .expr import Rewriter
from .fuse import rebuilt
from .index import Atom, Index, add, scale
from .loops import Block, Kernel, Nest, Program

# A shorter axis is left whole: a kernel of few elements is unrolled, and divides nothing.
LONG = 64


def digits(program: Program) -> None:
    """Split the kept axes of kernels that stand alone."""
    program.body = _block(program, program.body)


def _block(program: Program, block: Block) -> Block:
    out: Block = []
    for stmt in block:
        stmt = loops.inside(stmt, lambda b: _block(program, b))
        if isinstance(stmt, Nest) and not stmt.axes and len(stmt.kernels) == 1:
            stmt = Nest((), (_without_division(program, stmt.kernels[0]),))
        out.append(stmt)
    return out


def _without_division(program: Program, kernel: Kernel) -> Kernel:
    """The kernel with its axes split by their largest divisors, one after the other."""
    while not kernel.ordered:
        found = _divisors(kernel)
        axis = max(found, key=lambda a: found[a], default=None)
        if axis is None:
            break
        kernel = _split(program, kernel, axis, found[axis])
    return kernel


def _divisors(kernel: Kernel) -> dict[Atom, int]:
    """The largest number by which each kept axis is divided without a rest."""
    found: dict[Atom, int] = {}
    for atom in _divided(_indices(kernel)):
        axis = atom.of[1][0][0]
        if atom.of == axis.index and axis.kind == "axis" and not axis.extent % atom.by:
            found[axis] = max(found.get(axis, 1), atom.by)
    return {a: n for a, n in found.items() if a in kernel.axes and a.extent >= LONG}


def _divided(indices: Iterable[Index]) -> Iterator[Atom]:
    """The quotients and remainders in indices, and inside of those."""
    for index in indices:
        for atom, _ in index[1]:
            if atom.kind in ("div", "mod"):
                yield atom
                yield from _divided([atom.of])


def _indices(kernel: Kernel) -> Iterator[Index]:
    """Every index in a kernel."""
    for node in loops.kernel_nodes(kernel):
        if node.op == "load":
            yield node.data[1]
        elif node.op == "iota":
            yield node.data
        elif node.op == "guard":
            yield from [index for index, _, _ in node.data]
    yield from [o for _, o in loops.kernel_writes(kernel)]


def _split(program: Program, kernel: Kernel, axis: Atom, by: int) -> Kernel:
    """The kernel with axis = by * outer + inner."""
    atoms = program.graph.atoms
    outer, inner = atoms.axis(axis.extent // by), atoms.axis(by)
    at = add(scale(outer.index, by), inner.index)
    new = rebuilt(kernel, Rewriter(program.graph, {axis: at}), {})
    axes = [b for a in new.axes for b in ((outer, inner) if a is axis else (a,))]
    axes = [a for a in axes if a.extent > 1]
    return Kernel(tuple(axes), new.reduce, new.stores, new.reductions)
