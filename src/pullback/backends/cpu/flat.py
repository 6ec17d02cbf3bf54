"""Short axes through which everything is stepped as through one become one: rows of three numbers
that lie one after the other, and arrays of many axes of two.

Nests that touch the same elements keep their axes alike, so that they join: what one of them needs
apart stays apart in all of them.
"""

from collections.abc import Iterable, Iterator, Sequence
from math import prod

from . import loops
from .expr import Rewriter
from .fuse import rebuilt
from .index import ZERO, Atom, Index, coefficient, in_order
from .loops import Block, Kernel, Nest, Program

# An axis of so many elements is long enough to be alone, and so many in all to be worth it.
LONG = 64
# Axes of so few become one with a long one, too.
SHORT = 4

Space = tuple[int, ...]
# A buffer, and the coefficients of an offset in it by the numbers of the axes.
Place = tuple[str, int, tuple[tuple[int, int], ...]]


def flat(program: Program) -> None:
    """Unite the short axes of the kernels of every block."""
    program.body = _block(program, program.body)


def _block(program: Program, block: Block) -> Block:
    block = [loops.inside(s, lambda b: _block(program, b)) for s in block]
    kernels = {k: s.kernels[0] for k, s in enumerate(block) if isinstance(s, Nest) and _is_many(s)}
    for related in _related(kernels):
        apart = {space for k in related for space in _apart(kernels[k])}
        for k in related:
            groups = _groups([a.extent for a in _order(kernels[k])], apart)
            if any(len(group) > 1 for group in groups):
                block[k] = Nest((), (_united(program, kernels[k], groups),))
    return block


def _related(kernels: dict[int, Kernel]) -> Iterator[list[int]]:
    """Kernels that touch the same elements of a buffer at the same steps, directly or not."""
    leader = {k: k for k in kernels}

    def first(k: int) -> int:
        while leader[k] != k:
            k = leader[k]
        return k

    met: dict[Place, int] = {}
    for k, kernel in kernels.items():
        for place in _places(kernel):
            leader[first(k)] = first(met.setdefault(place, k))
    groups: dict[int, list[int]] = {}
    for k in kernels:
        groups.setdefault(first(k), []).append(k)
    yield from groups.values()


def _places(kernel: Kernel) -> set[Place]:
    """What a kernel reads and writes, but for what no axis moves."""
    numbers = {a: k for k, a in enumerate(_order(kernel))}
    found = [*loops.kernel_reads(kernel), *loops.kernel_writes(kernel)]
    return {
        (buffer, start, tuple([(numbers[a], n) for a, n in terms]))
        for buffer, (start, terms) in found
        if terms and all(a in numbers for a, _ in terms)
    }


def _is_many(nest: Nest) -> bool:
    """Whether a nest is one kernel over several axes, and not over few elements."""
    if nest.axes or len(nest.kernels) != 1:
        return False
    sizes = [a.extent for a in _order(nest.kernels[0])]
    return len(sizes) > 1 and prod(sizes) >= LONG


def _order(kernel: Kernel) -> list[Atom]:
    return in_order([*kernel.axes, *kernel.reduce])


def _apart(kernel: Kernel) -> Iterator[Space]:
    """The neighbouring axes that are not stepped through as one: the space up to the inner one."""
    order = _order(kernel)
    places = list(_indices(kernel))
    whole = kernel.ordered or any(r.prefix or r.op.startswith("arg") for r in kernel.reductions)
    for k in range(1, len(order)):
        outer, inner = order[k - 1], order[k]
        alike = (outer in kernel.reduce) == (inner in kernel.reduce)
        if not alike or (whole and inner in kernel.reduce) or not _step(places, outer, inner):
            yield tuple([a.extent for a in order[: k + 1]])


def _step(places: Sequence[Index], outer: Atom, inner: Atom) -> bool:
    """Whether the outer axis goes on everywhere where the inner one ends."""
    n = inner.extent
    return all(coefficient(i, outer) == n * coefficient(i, inner) for i in places)


def _groups(sizes: Sequence[int], apart: set[Space]) -> list[list[int]]:
    """Numbers of axes that become one, the outermost first."""
    groups: list[list[int]] = [[len(sizes) - 1]]
    for k in range(len(sizes) - 2, -1, -1):
        short = sizes[k] <= SHORT or prod([sizes[i] for i in groups[0]]) < LONG
        if short and tuple(sizes[: k + 2]) not in apart:
            groups[0].insert(0, k)
        else:
            groups.insert(0, [k])
    return groups


def _united(program: Program, kernel: Kernel, groups: Sequence[Sequence[int]]) -> Kernel:
    """The kernel with an axis for each group: where its last axis steps by k, the others do by
    k times what is inside of them, so its place tells all."""
    order = _order(kernel)
    places: dict[Atom, Index] = {}
    new: dict[Atom, Atom] = {}
    for group in groups:
        *outer, last = [order[k] for k in group]
        axis = new[last] = program.graph.atoms.axis(prod([order[k].extent for k in group]))
        places.update([(a, ZERO) for a in outer])
        places[last] = axis.index
    moved = rebuilt(kernel, Rewriter(program.graph, places), {})
    axes, reduce = (
        tuple([new[a] for a in in_order(old) if a in new]) for old in (kernel.axes, kernel.reduce)
    )
    return Kernel(axes, reduce, moved.stores, moved.reductions, kernel.ordered)


def _indices(kernel: Kernel) -> Iterator[Index]:
    """Every index in a kernel, and what is divided inside of them."""
    for node in loops.kernel_nodes(kernel):
        if node.op == "load":
            yield from _with_divided([node.data[1]])
        elif node.op == "iota":
            yield from _with_divided([node.data])
        elif node.op == "guard":
            yield from _with_divided([index for index, _, _ in node.data])
    yield from _with_divided([o for _, o in loops.kernel_writes(kernel)])


def _with_divided(indices: Iterable[Index]) -> Iterator[Index]:
    for index in indices:
        yield index
        yield from _with_divided([a.of for a, _ in index[1] if a.kind in ("div", "mod")])
