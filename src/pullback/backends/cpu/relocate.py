"""Kernels whose elements lie elsewhere: in another buffer, or at another place of it."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from .expr import Graph, Node, Rewriter
from .fuse import rebuilt
from .index import Atom, Index
from .loops import Kernel, Reduction, Store

EMPTY: Mapping[Atom, Index] = MappingProxyType({})
# From (buffer, offset) to the new ones, or None where the element stays.
Place = Callable[[str, Index], tuple[str, Index] | None]


def loader(graph: Graph, place: Place) -> Callable[[str, Index, Node], Node | None]:
    """How a rewriter reads elsewhere."""

    def load(buffer: str, offset: Index, node: Node) -> Node | None:
        to = place(buffer, offset)
        return to and graph.load(*to, node.dtype)

    return load


def relocated(
    graph: Graph, kernel: Kernel, place: Place, axes: Mapping[Atom, Index] = EMPTY
) -> Kernel:
    """The kernel with what it reads and writes elsewhere, outer axes replaced by indices."""
    new = rebuilt(kernel, Rewriter(graph, axes, loader(graph, place)), {})
    stores, reductions = [], []
    for s in new.stores:
        to = place(s.buffer, s.offset) or (s.buffer, s.offset)
        stores.append(Store(*to, s.value, s.combine, s.mask))
    for r in new.reductions:
        to = place(r.buffer, r.offset) or (r.buffer, r.offset)
        reductions.append(Reduction(r.op, *to, r.value, r.dtype, r.prefix))
    return Kernel(new.axes, new.reduce, tuple(stores), tuple(reductions), new.ordered)
