"""Slices of known size whose start may be traced: `x[ds(i, n)]`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import dtypes
from ..core.aval import Shape
from ..primitives.dynamic import dynamic_slice, dynamic_update_slice
from ..tree.nodes import register_node
from .values import as_array, convert, describe


@dataclass(frozen=True)
class Slice:
    """`size` elements from `start`, `stride` apart, as an index along an axis.

    Where they would go past an end, they begin earlier.
    """

    start: Any
    size: int
    stride: int = 1

    def __post_init__(self) -> None:
        if self.stride < 1 or self.size < 0:
            raise ValueError(f"ds: wants a size and a stride that are positive, got {self}")

    @property
    def extent(self) -> int:
        """The number of elements from the first to the last."""
        return (self.size - 1) * self.stride + 1 if self.size else 0


def _flatten(s: Slice) -> tuple[tuple[Any, ...], Any]:
    """A start that is known is part of the structure."""
    if isinstance(s.start, int):
        return (), (s.start, s.size, s.stride)
    return (s.start,), (None, s.size, s.stride)


def _unflatten(known: Any, starts: Any) -> Slice:
    start, size, stride = known
    made = object.__new__(Slice)  # the start may be anything while trees are made
    values = {"start": starts[0] if starts else start, "size": size, "stride": stride}
    for name, value in values.items():
        object.__setattr__(made, name, value)
    return made


register_node(Slice, _flatten, _unflatten)


def ds(start: Any, size: int | None = None, stride: int | None = None) -> slice | Slice:
    """An index along an axis: `size` elements from `start`, which may be traced.

    Args:
      start: an integer scalar; None: the whole axis. Without `size`, the number of elements from
        the first.
      size: how many elements.
      stride: the distance of neighbours, an integer, by default 1.

    >>> import pullback as pb
    >>> x = pb.numpy.arange(10)
    >>> pb.jit(lambda i: x[pb.ds(i, 3)])(4)
    Array([4, 5, 6], dtype=int32)
    """
    if start is None:
        return slice(None)
    stride = 1 if stride is None else stride
    first, count = (0, start) if size is None else (start, size)
    for what, value in (("size", count), ("stride", stride)):
        if not isinstance(value, (int, np.integer)):
            raise ValueError(f"ds: {what} must be a Python integer, got {describe(value)}")
    return Slice(first, int(count), int(stride))


def has_slices(index: Any) -> bool:
    """Whether there is such a slice among the items of an index."""
    items: tuple[Any, ...] = index if isinstance(index, tuple) else (index,)
    return any(type(i) is Slice for i in items)


class Window:
    """The part of an array that the slices of an index select, and the index there."""

    __slots__ = ("array", "index", "sizes", "starts")

    def __init__(self, array: Any, items: Sequence[Any], axes: Sequence[int]) -> None:
        self.array = array
        shape: Shape = array.shape
        found = {a: i for a, i in zip(axes, items, strict=True) if type(i) is Slice}
        for axis, item in found.items():
            if item.extent > shape[axis]:
                raise IndexError(f"{item} does not fit axis {axis} with size {shape[axis]}")
        self.starts = [_position(found[a].start) if a in found else 0 for a in range(len(shape))]
        self.sizes = [found[a].extent if a in found else n for a, n in enumerate(shape)]
        whole = [slice(None, None, i.stride) if type(i) is Slice else i for i in items]
        self.index = tuple(whole)

    def read(self) -> Any:
        """The part, as an array."""
        return dynamic_slice(self.array, self._at(), tuple(self.sizes))

    def write(self, part: Any) -> Any:
        """The array with another part."""
        return dynamic_update_slice(self.array, part, self._at())

    def _at(self) -> list[Any]:
        arrays = [s for s in self.starts if not isinstance(s, int)]
        wide = any(s.dtype.itemsize == 8 for s in arrays)
        dtype = dtypes.int64 if wide else dtypes.int32
        return [dtype.type(s) if isinstance(s, int) else convert(s, dtype) for s in self.starts]


def _position(start: Any) -> Any:
    if isinstance(start, (int, np.integer)):
        return int(start)
    at = as_array("ds", start)
    if at.ndim or not dtypes.is_integer(at.dtype):
        raise TypeError(f"ds: start must be an integer scalar, got {describe(at)}")
    return at
