"""What an index says: a list of parts, one an axis of the array or of the result."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from .. import dtypes, errors
from .._native import ArrayImpl, DeviceArray
from ..core.aval import Shape, type_name
from ..core.symbolic import Dim, max_dim, min_dim
from ..core.trace import Tracer, show_line, user_line
from .creation import array
from .slices import Window
from .values import describe


class New:
    """An axis of size 1 in the result: `None`."""

    __slots__ = ()


class Whole:
    """An integer known while tracing, already wrapped and within bounds."""

    __slots__ = ("at", "axis")

    def __init__(self, axis: int, at: int) -> None:
        self.axis = axis
        self.at = at


class Range:
    """A slice: `size` elements from `start`, `step` apart."""

    __slots__ = ("axis", "size", "start", "step")

    def __init__(self, axis: int, start: int, step: int, size: int) -> None:
        self.axis = axis
        self.start = start
        self.step = step
        self.size = size


class Picks:
    """An array of integers, traced or not; one where rank 0. Where it `wraps`, negative ones count
    from the end."""

    __slots__ = ("at", "axis", "wraps")

    def __init__(self, axis: int, at: Any, wraps: bool = True) -> None:
        self.axis = axis
        self.at = at
        self.wraps = wraps


Part = New | Whole | Range | Picks


def _is_mask(x: Any) -> bool:
    return isinstance(x, (bool, np.bool_)) or (
        isinstance(x, (ArrayImpl, DeviceArray, Tracer, np.ndarray)) and x.dtype == dtypes.bool_
    )


def concrete(x: Any) -> Any:
    """The NumPy array of a value that is known, else None."""
    if isinstance(x, Tracer):
        x = x.concrete()
    if x is None or isinstance(x, (np.ndarray, np.generic)):
        return x
    return x._npy


def _mask_positions(mask: Any) -> tuple[np.ndarray, ...]:
    known = concrete(mask)
    if known is None:
        raise errors.NonConcreteBooleanIndexError(
            f"A boolean mask that is traced cannot be an index: the number of its True elements,"
            f" and so the shape of the result, is not known while tracing. The mask is"
            f" {mask.describe()}.\nUsed at {show_line(user_line())}.\nWrite where(mask, x, value),"
            " or x.at[mask].set(number), or where(mask, size=n) for indices of a known number."
        )
    return known.nonzero()


def items_of(index: Any) -> tuple[Any, ...]:
    """The items of an index, one an axis or more; sequences among several are arrays."""
    if isinstance(index, tuple):
        return tuple([array(i) if isinstance(i, (list, tuple)) else i for i in index])
    if isinstance(index, list):
        raise TypeError(
            "Using a non-tuple sequence for multidimensional indexing is not allowed;"
            f" got {describe(index)}: write x[array({index!r})]"
        )
    return (index,)


def _expanded(index: Any) -> list[Any]:
    out: list[Any] = []
    for item in items_of(index):
        if isinstance(item, ArrayImpl) and not item.size and dtypes.is_float(item.dtype):
            item = item._npy
        if isinstance(item, np.ndarray) and not item.size and dtypes.is_float(item.dtype):
            item = item.astype(np.int32)
        out.append(item)
    return out


def _axes_taken(item: Any) -> int:
    if item is None or item is Ellipsis or isinstance(item, (bool, np.bool_)):
        return 0
    return (
        np.ndim(item)
        if isinstance(item, np.ndarray) and _is_mask(item)
        else (len(item.shape) if _is_mask(item) else 1)
    )


def _fill_ellipsis(name: str, items: list[Any], shape: Shape) -> list[Any]:
    ellipses = [i for i, item in enumerate(items) if item is Ellipsis]
    if len(ellipses) > 1:
        raise IndexError(f"{name}: an index can have only one ellipsis ('...')")
    taken = sum(_axes_taken(item) for item in items)
    if taken > len(shape):
        raise IndexError(
            f"Too many indices: {len(shape)}-dimensional array indexed with {taken} regular"
            " indices."
        )
    rest = [slice(None)] * (len(shape) - taken)
    if not ellipses:
        return items + rest
    at = ellipses[0]
    return items[:at] + rest + items[at + 1 :]


def window(name: str, array: Any, index: Any) -> Window:
    """The part of an array that slices of traced start select, and the index in that part."""
    items = _fill_ellipsis(name, _expanded(index), array.shape)
    ends = list(accumulate(map(_axes_taken, items)))
    return Window(array, items, [end - 1 for end in ends])


def parse_unwrapped(name: str, index: Any, shape: Shape) -> list[Part]:
    """The parts of an index whose negative integers are out of bounds, and left to the mode."""
    items = [np.asarray(i) if _is_integer(i) else i for i in _expanded(index)]
    parts = parse(name, tuple(items), shape, checked=False)
    return [Picks(p.axis, p.at, wraps=False) if isinstance(p, Picks) else p for p in parts]


def _is_integer(item: Any) -> bool:
    return isinstance(item, (int, np.integer)) and not isinstance(item, bool)


def parse(name: str, index: Any, shape: Shape, checked: bool = True) -> list[Part]:
    """The parts of an index of an array of this shape.

    Integers out of bounds raise unless `checked` is False; then they are left to the mode.
    """
    parts: list[Part] = []
    axis = 0
    for item in _fill_ellipsis(name, _expanded(index), shape):
        if item is None:
            parts.append(New())
        elif isinstance(item, (bool, np.bool_)) or (_is_mask(item) and not item.shape):
            # A scalar mask is a new axis that keeps one element or none.
            parts.append(New() if bool(item) else Range(-1, 0, 1, 0))
        elif _is_mask(item):
            _check_mask(item, shape, axis)
            positions = _mask_positions(item)
            parts.extend(Picks(axis + d, p) for d, p in enumerate(positions))
            axis += len(positions)
        else:
            parts.append(_part(name, item, axis, shape, checked))
            axis += 1
    return parts


def _check_mask(mask: Any, shape: Shape, axis: int) -> None:
    for d, size in enumerate(mask.shape, axis):
        if size not in (shape[d], 0):
            raise IndexError(
                f"boolean index did not match shape of indexed array in index {axis}: axis {d} of"
                f" the array has size {shape[d]}, the mask has size {size} there"
            )


def _part(name: str, item: Any, axis: int, shape: Shape, checked: bool) -> Part:
    size = shape[axis]
    if isinstance(item, slice):
        return Range(axis, *_span(item, size))
    if isinstance(item, (int, np.integer)):
        if not checked and not -size <= item < size:
            return Picks(axis, np.asarray(item))
        return Whole(axis, wrapped(int(item), axis, shape))
    if isinstance(item, (ArrayImpl, DeviceArray, Tracer, np.ndarray)):
        if not dtypes.is_integer(item.dtype):
            raise TypeError(
                f"Indexer must have integer or boolean type, got indexer with type"
                f" {item.dtype.name} at axis {axis}: convert it with x.astype(int)"
            )
        return Picks(axis, item)
    if isinstance(item, float):
        raise TypeError(
            f"Indexer must have integer or boolean type, got the float {item} at axis {axis}:"
            " write int(...) around it"
        )
    if hasattr(item, "__index__"):
        return Whole(axis, wrapped(item.__index__(), axis, shape))
    if hasattr(item, "__jax_array__"):
        return _part(name, item.__jax_array__(), axis, shape, checked)
    raise TypeError(
        f"{name}: an index is an integer, slice, None, ..., or an array of integers or bools,"
        f" got {describe(item)}"
    )


def wrapped(at: int, axis: int, shape: Shape) -> int:
    """A position from the front. IndexError that names axis and size where it is out of bounds."""
    size = shape[axis]
    if not -size <= at < size:
        raise IndexError(f"index {at} is out of bounds for axis {axis} with size {size}")
    return at + size if at < 0 else at


def _span(item: slice, size: int) -> tuple[int, int, int]:
    """The first position of a slice, its step, and how many there are."""
    if type(size) is Dim or any(type(v) is Dim for v in (item.start, item.stop)):
        return _unknown_span(item, size)
    start, stop, step = item.indices(size) if _plain(item) else _traced_slice(item, size)
    return start, step, len(range(start, stop, step))


def _unknown_span(item: slice, size: Any) -> tuple[Any, int, Any]:
    """The same of an axis whose size is not known."""
    step = 1 if item.step is None else item.step
    low, high = (0, size) if step > 0 else (-1, size - 1)

    def place(v: Any, default: Any) -> Any:
        if v is None:
            return default
        return min_dim(high, max_dim(low, v + size if v < 0 else v))

    start, stop = (
        place(item.start, 0 if step > 0 else high),
        place(item.stop, high if step > 0 else -1),
    )
    count = (stop - start + step - (1 if step > 0 else -1)) // step
    return start, step, 0 if count < 0 else count


def _plain(item: slice) -> bool:
    return all(v is None or type(v) is int for v in (item.start, item.stop, item.step))


def _traced_slice(item: slice, size: int) -> tuple[int, int, int]:
    for v in (item.start, item.stop, item.step):
        if isinstance(v, Tracer) and v.concrete() is None:
            raise IndexError(
                f"Array slice indices must have static start/stop/step to be used with NumPy"
                f" indexing syntax, got {v.describe()}.\nUsed at {show_line(user_line())}.\n"
                "To index a statically sized array at a dynamic position, write"
                " lax.dynamic_slice_in_dim or dynamic_update_slice"
            )
        if not (v is None or hasattr(v, "__index__")):
            raise TypeError(f"slices must be of integers or None, got {describe(v)}")
    return item.indices(size)


def is_static(parts: Sequence[Part]) -> bool:
    """Whether the index has no arrays."""
    return not any(isinstance(p, Picks) for p in parts)


def type_text(x: Any) -> str:
    """The type of an array in messages."""
    return type_name(x.aval)
