"""Mutable arrays among the arguments of a function: part of their structure, or lent by value."""

from collections.abc import Callable, Sequence
from typing import Any

from .. import tree
from ..core.cell import Cell
from ..tree.nodes import register_node


class Kept:
    """A mutable array as a node without leaves, which is the array again when the tree is made."""

    __slots__ = ("cell",)

    def __init__(self, cell: Cell) -> None:
        self.cell = cell


register_node(Kept, lambda kept: ((), kept.cell), lambda cell, _: cell)


def keep(args: Any, what: str) -> Any:
    """The arguments with their mutable arrays as structure."""
    leaves, treedef = tree.flatten(args)
    _check_once({i: x for i, x in enumerate(leaves) if isinstance(x, Cell)}, args, what)
    return treedef.unflatten([Kept(x) if isinstance(x, Cell) else x for x in leaves])


class Loans:
    """Mutable arrays among leaves, by their places, whose values are passed to a function.

    The function sees others of its own in their places.
    """

    __slots__ = ("cells", "written")

    def __init__(self, cells: dict[int, Cell]) -> None:
        self.cells = cells
        self.written: list[int] = []

    def lent(
        self, fun: Callable[..., Sequence[Any]], places: Sequence[int] | None = None
    ) -> Callable[..., Sequence[Any]]:
        """The function of leaves, whose last results are what those hold that it has written.

        Which those are stands in `written` once it has run. Where only some `places` are lent, the
        function sees the others themselves.
        """
        lent = [*self.cells] if places is None else places

        def with_own(*leaves: Any) -> Sequence[Any]:
            own = {i: self.cells[i].lend(leaves[i]) for i in lent}
            seen = {**self.cells, **own}
            outs = fun(*[seen.get(i, x) for i, x in enumerate(leaves)])
            self.written[:] = [i for i, cell in own.items() if cell.written]
            return [*outs, *[own[i].read() for i in self.written]]

        return with_own

    def behind(self, count: int) -> "Loans":
        """These, where `count` leaves come before."""
        return Loans({i + count: cell for i, cell in self.cells.items()})

    def settle(self, values: Sequence[Any]) -> None:
        """Write back what the written ones hold."""
        for i, value in zip(self.written, values, strict=True):
            self.cells[i].write(value)


def borrow(args: Any, what: str) -> tuple[Any, Loans]:
    """The arguments with what their mutable arrays hold in the places of those."""
    leaves, treedef = tree.flatten(args)
    cells = {i: x for i, x in enumerate(leaves) if isinstance(x, Cell)}
    if not cells:
        return args, Loans({})
    _check_once(cells, args, what)
    values = [x.read() if isinstance(x, Cell) else x for x in leaves]
    return treedef.unflatten(values), Loans(cells)


def _check_once(cells: dict[int, Cell], args: Any, what: str) -> None:
    """Raise if one mutable array is passed twice: it would have two values."""
    seen: dict[Cell, int] = {}
    for i, cell in cells.items():
        if cell in seen:
            paths = tree.paths(args)
            raise ValueError(
                f"{what}: {cell.describe()} is passed twice, at {paths[seen[cell]]} and"
                f" {paths[i]}: pass each mutable array once"
            )
        seen[cell] = i


def refuse(args: Any, what: str, instead: str) -> None:
    """Raise if there is a mutable array among arguments."""
    for leaf in tree.leaves(args):
        if isinstance(leaf, Cell):
            raise ValueError(f"{what}: an argument is {leaf.describe()}: {instead}")
