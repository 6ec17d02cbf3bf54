"""Those who take part: all elements of named axes, or those of the group that an element is in."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import dtypes
from ..core.trace import as_array, get_aval
from ..core.trace import axis_size as mapped_size
from ..primitives.gather import gather
from ..primitives.index import GatherDimensionNumbers, GatherScatterMode
from ..primitives.select import select_n
from ..primitives.shape import broadcast_in_dim, full_like, reshape
from .axis import all_gather_p, axis_index, axis_size, names_of, pick


class Crowd(NamedTuple):
    """The axes' names, and the groups of positions along them (None: one group of all)."""

    names: tuple[Any, ...]
    groups: tuple[tuple[int, ...], ...] | None

    def size(self, what: str) -> int:
        """How many take part; the groups must be of one size."""
        if self.groups is None:
            return axis_size(self.names)
        sizes = {len(g) for g in self.groups}
        if len(sizes) > 1:
            raise ValueError(
                f"{what}: axis_index_groups must be of one size, got {list(map(len, self.groups))}"
            )
        return sizes.pop()

    def count(self) -> Any:
        """How many take part: an integer, or an array where that differs from group to group."""
        if self.groups is None or len({len(g) for g in self.groups}) == 1:
            return self.size("")
        return self._mine([len(g) for g in self.groups for _ in g])

    def index(self) -> Any:
        """The element's own place among those who take part."""
        if self.groups is None:
            return axis_index(self.names)
        return self._mine([k for g in self.groups for k in range(len(g))])

    def values(self, x: Any, fill: bool = False) -> Any:
        """The values of all who take part, along a new axis 0.

        Smaller groups are filled up: with zeros where `fill`, else with their first value.
        """
        y = everyone(x, self.names)
        if self.groups is None:
            return y
        longest = max(map(len, self.groups))
        rows = [list(g) + [g[0]] * (longest - len(g)) for g in self.groups for _ in g]
        members = _rows(y, self._mine(rows))
        if not fill or all(len(g) == longest for g in self.groups):
            return members
        real = self._mine([[k < len(g) for k in range(longest)] for g in self.groups for _ in g])
        known = broadcast_in_dim(real, get_aval(members).shape, (0,))
        return select_n(known, full_like(members, 0), members)

    def _mine(self, rows: Sequence[Any]) -> Any:
        """What belongs to this element, of a list in the order of the groups."""
        assert self.groups is not None
        order = np.argsort([i for g in self.groups for i in g])
        table = np.asarray(rows)[order]
        kind = table.dtype if table.dtype == np.bool_ else dtypes.int32
        return pick(as_array(table.astype(kind)), axis_index(self.names), 0)


def crowd(axis_name: Any, groups: Any, what: str) -> Crowd:
    """The elements of named axes, in groups or all together."""
    names = names_of(axis_name)
    size = axis_size(names)
    if groups is None:
        return Crowd(names, None)
    given = tuple(tuple(int(i) for i in g) for g in groups)
    if sorted(i for g in given for i in g) != list(range(size)):
        raise ValueError(
            f"{what}: axis_index_groups must hold each position below {size}, the axis size,"
            f" exactly once, got {[list(g) for g in given]}"
        )
    return Crowd(names, given)


def everyone(x: Any, names: Sequence[Any]) -> Any:
    """The values of all elements of named axes along a new axis 0, the last name's fastest."""
    y = x
    for name in reversed(names):
        y = all_gather_p.bind(y, axes=(name,), dimension=0, size=mapped_size(name))
    return y if len(names) == 1 else reshape(y, (axis_size(names), *get_aval(x).shape))


def _rows(y: Any, rows: Any) -> Any:
    """y[rows]"""
    shape = get_aval(y).shape
    numbers = GatherDimensionNumbers(
        offset_dims=tuple(range(1, len(shape))), collapsed_slice_dims=(0,), start_index_map=(0,)
    )
    starts = reshape(rows, (*get_aval(rows).shape, 1))
    sizes = (1, *shape[1:])
    return gather(y, starts, numbers, sizes, mode=GatherScatterMode.PROMISE_IN_BOUNDS)
