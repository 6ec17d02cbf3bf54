"""Reading by index: x[...], take, take_along_axis. Static parts become slices, arrays a gather."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import _native, dtypes
from .._native import ArrayImpl, DeviceArray
from ..core.aval import Shape, canonical_axis
from ..core.symbolic import Dim
from ..core.trace import Tracer
from ..errors import OperandError
from ..primitives import dynamic as dy
from ..primitives import elementwise as ew
from ..primitives import pieces as pc
from ..primitives import shape as sh
from ..primitives.gather import gather
from ..primitives.index import GatherDimensionNumbers, GatherScatterMode
from .elementwise import pick
from .parse import New, Part, Picks, Range, Whole, concrete, is_static, items_of, parse, window
from .slices import has_slices
from .values import as_array, broadcast, convert, describe, expand, is_array, no_out
from .worth import compiled_when_repeated

CLIP = GatherScatterMode.CLIP
BASIC = (int, slice, type(None), type(Ellipsis))


def getitem(x: Any, index: Any) -> Any:
    """x[index], with NumPy's meaning. Out of bounds raises IndexError where that is known."""
    if type(x) is ArrayImpl and _native.is_eager():
        kind = type(index)
        if kind is int or kind is slice or index is None or index is Ellipsis:
            return ArrayImpl(x._npy[index], x.weak_type)
        if kind is tuple and all(type(i) in BASIC for i in index):
            return ArrayImpl(x._npy[index], x.weak_type)
        if has_slices(index):
            return _read_window(x, index)
        parts = parse("indexing", index, x.shape)
        if all(concrete(p.at) is not None for p in parts if type(p) is Picks):
            return ArrayImpl(x._npy[numpy_index(index)], x.weak_type)
    return (
        _read_window(x, index)
        if has_slices(index)
        else index_parts(x, parse("indexing", index, x.shape))
    )


def _read_window(x: Any, index: Any) -> Any:
    part = window("indexing", x, index)
    return getitem(part.read(), part.index)


def numpy_index(index: Any) -> Any:
    """The index in NumPy's terms, where all of it is known."""
    found = [concrete(i) if _is_traceable(i) else i for i in items_of(index)]
    return tuple([i.astype(np.int32) if _is_nothing(i) else i for i in found])


def _is_traceable(i: Any) -> bool:
    return isinstance(i, (ArrayImpl, DeviceArray, Tracer))


def _is_nothing(i: Any) -> bool:
    """Whether an item is an empty list, whose elements have no dtype of their own."""
    return isinstance(i, np.ndarray) and not i.size and i.dtype.kind == "f"


def index_parts(
    x: Any,
    parts: Sequence[Part],
    mode: GatherScatterMode | str | None = CLIP,
    fill_value: Any = None,
    **promises: bool,
) -> Any:
    """The array that the parts of an index select."""
    x = _slice_static(x, parts)
    if is_static(parts):
        return _result_axes(x, parts)
    picks = [p for p in parts if isinstance(p, Picks)]
    if all(not np.shape(p.at) for p in picks) and mode is CLIP:
        x = _slice_dynamic(x, parts, picks)
        return _result_axes(x, [Whole(p.axis, 0) if p in picks else p for p in parts])
    return _gather_parts(x, parts, mode, fill_value, promises)


def _slice_static(x: Any, parts: Sequence[Part]) -> Any:
    """Cut the axes of integers and slices; an integer leaves an axis of size 1."""
    start, stop = [0] * x.ndim, list(x.shape)
    step, flipped = [1] * x.ndim, []
    for p in parts:
        if isinstance(p, Whole):
            start[p.axis], stop[p.axis] = p.at, p.at + 1
        elif isinstance(p, Range) and p.axis >= 0:
            first, last = p.start, p.start + (p.size - 1) * p.step
            if p.step < 0:
                first, last = last, first
                flipped.append(p.axis)
            step[p.axis] = abs(p.step)
            start[p.axis], stop[p.axis] = (first, last + 1) if p.size else (0, 0)
    if start != [0] * x.ndim or stop != list(x.shape) or step != [1] * x.ndim:
        x = pc.slice(x, start, stop, None if step == [1] * x.ndim else step)
    flipped = [a for a in flipped if x.shape[a] > 1]
    return pc.rev(x, flipped) if flipped else x


def _result_axes(x: Any, parts: Sequence[Part]) -> Any:
    """Drop the axes of integers, add those of None."""
    x = sh.squeeze(x, [p.axis for p in parts if isinstance(p, Whole)])
    kept = [p for p in parts if not isinstance(p, Whole)]
    new = [i for i, p in enumerate(kept) if isinstance(p, New) or p.axis < 0]
    x = sh.expand_dims(x, new) if new else x
    # Scalar masks that are False leave nothing.
    empty = [i for i, p in enumerate(kept) if isinstance(p, Range) and p.axis < 0]
    for axis in empty:
        x = pc.slice_in_dim(x, 0, 0, 1, axis)
    return x


def located(where: Picks, size: int) -> Any:
    """Positions from the front; constants are wrapped at once."""
    at = where.at if is_array(where.at) else np.asarray(where.at)
    if isinstance(at, np.ndarray):
        at = np.where(at < 0, at + size, at) if where.wraps else at
        return ArrayImpl(at.astype(dtypes.default_dtype(int)))
    if not where.wraps:
        return wide_enough(at)
    if dtypes.kind(at.dtype) == "unsigned":
        return at
    if at.dtype.itemsize < 4:
        at = convert(at, dtypes.int32)
    whole = convert(as_array("index", size), at.dtype) if isinstance(size, Dim) else None
    return pick(ew.lt(at, 0), ew.add(at, at.dtype.type(size) if whole is None else whole), at)


def _slice_dynamic(x: Any, parts: Sequence[Part], picks: Sequence[Picks]) -> Any:
    """Scalar traced positions: one dynamic slice, which clamps."""
    starts: list[Any] = [0] * x.ndim
    sizes = list(x.shape)
    for p in picks:
        starts[p.axis], sizes[p.axis] = located(p, x.shape[p.axis]), 1
    common = np.result_type(*[starts[p.axis].dtype for p in picks])
    starts = [convert(s, common) if is_array(s) else common.type(s) for s in starts]
    return dy.dynamic_slice(x, starts, tuple(sizes))


def positions(picks: Sequence[Picks], shape: Shape) -> list[Any]:
    """Index arrays, wrapped and of one dtype and shape."""
    arrays = [located(p, shape[p.axis]) for p in picks]
    wide = any(a.dtype.itemsize == 8 for a in arrays)
    common = dtypes.int64 if wide else dtypes.int32
    return broadcast("indexing", [convert(a, common) for a in arrays])


def together(parts: Sequence[Part]) -> int | None:
    """Where the axes of index arrays go among the parts: their place, or None for the front."""
    advanced = [i for i, p in enumerate(parts) if isinstance(p, (Picks, Whole))]
    if advanced == list(range(advanced[0], advanced[-1] + 1)):
        return advanced[0]
    return None


def _gather_parts(
    x: Any, parts: Sequence[Part], mode: Any, fill_value: Any, promises: dict[str, bool]
) -> Any:
    picks = [p for p in parts if isinstance(p, Picks)]
    arrays = positions(picks, x.shape)
    batch = arrays[0].shape
    place = together(parts)
    gone = tuple(sorted(p.axis for p in parts if isinstance(p, (Picks, Whole))))
    kept = [p for p in parts if isinstance(p, (New, Range))]
    before = 0 if place is None else len([p for p in parts[:place] if not isinstance(p, New)])
    ndim = x.ndim - len(gone) + len(batch)
    offset = tuple(d for d in range(ndim) if not before <= d < before + len(batch))
    axes = tuple(p.axis for p in picks)
    numbers = GatherDimensionNumbers(offset, gone, axes)
    sizes = tuple(1 if d in gone else n for d, n in enumerate(x.shape))
    if 0 in [x.shape[d] for d in gone]:
        windows = [n for d, n in enumerate(x.shape) if d not in gone]
        out = _no_elements(x, (*windows[:before], *batch, *windows[before:]))
    else:
        indices = stack_last(arrays)
        out = gather(x, indices, numbers, sizes, mode=mode, fill_value=fill_value, **promises)
    # Axes of None, counted among those of the result.
    lead = 0 if place is None else place
    new = [
        i if place is not None and i < lead else i + len(batch)
        for i, p in enumerate(kept)
        if isinstance(p, New)
    ]
    return sh.expand_dims(out, new) if new else out


def _no_elements(x: Any, shape: Shape) -> Any:
    """The result of indices into an axis without elements: there must be none of them."""
    if 0 not in shape:
        raise IndexError(f"indexing: {shape} elements are asked for, and {describe(x)} has none")
    return sh.reshape(x, shape)


def stack_last(arrays: Sequence[Any]) -> Any:
    """Arrays of one shape side by side along a new last axis."""
    columns = [sh.expand_dims(a, (a.ndim,)) for a in arrays]
    return columns[0] if len(columns) == 1 else pc.concatenate(columns, columns[0].ndim - 1)


def take(
    a: Any,
    indices: Any,
    axis: int | None = None,
    out: None = None,
    mode: str | None = None,
    unique_indices: bool = False,
    indices_are_sorted: bool = False,
    fill_value: Any = None,
) -> Any:
    """Elements along an axis. Out of bounds gives NaN (mode None or "fill"), clips or wraps.

    Args:
      a: array.
      indices: array of integers; negative ones count from the end.
      axis: integer; None for the flattened array.
      out: must be None.
      mode: what is out of bounds: None or "fill" gives `fill_value`, "clip" the nearest element,
        "wrap" starts again.
      unique_indices, indices_are_sorted: promises about the indices; accepted.
      fill_value: by default NaN, for integers the least number, for unsigned ones the greatest.

    >>> pnp.take(pnp.array([10.0, 20.0, 30.0]), pnp.array([2, 0, 7]))
    Array([30., 10., nan], dtype=float32)
    """
    no_out("take", out)
    x, at = as_array("take", a, 0), as_array("take", indices, 1)
    at = convert(at, dtypes.int32) if at.dtype == dtypes.bool_ else at
    if not dtypes.is_integer(at.dtype):
        raise OperandError(f"take: indices must be integers, got {describe(at)}")
    if mode not in (None, "fill", "wrap", "clip", "raise", "promise_in_bounds"):
        raise ValueError(f"take: mode must be None, 'fill', 'wrap' or 'clip', got {mode!r}")
    if axis is None:
        x, axis = sh.reshape(x, (x.size,)), 0
    axis = canonical_axis(axis, x.ndim, "take")
    if x.shape[axis] == 0 and at.size:
        raise IndexError(f"take: cannot take from axis {axis}, which is empty")
    if mode == "raise":
        raise NotImplementedError("take: mode='raise' cannot be checked in a traced program")
    if mode in ("wrap", "clip"):
        at, mode = inside(wide_enough(at), x.shape[axis], mode), "promise_in_bounds"
    parts: list[Part] = [Range(d, 0, 1, n) for d, n in enumerate(x.shape)]
    parts[axis] = Picks(axis, at)
    kept_mode = GatherScatterMode.from_any("fill" if mode is None else mode)
    taken = index_parts(
        x,
        parts,
        kept_mode,
        fill_value,
        unique_indices=unique_indices,
        indices_are_sorted=indices_are_sorted,
    )
    return convert(taken, taken.dtype, x.weak_type)


def inside(at: Any, size: int, mode: str) -> Any:
    """Positions brought into an axis as NumPy does: around it, or to its ends."""
    return modulo(at, size) if mode == "wrap" else ew.clamp(0, at, at.dtype.type(max(size - 1, 0)))


def modulo(at: Any, size: int) -> Any:
    """Positions taken around an axis."""
    n = at.dtype.type(size)
    r = ew.rem(at, n)
    return pick(ew.lt(r, 0), ew.add(r, n), r)


@compiled_when_repeated("axis", "mode", "fill_value", "wrap_negative_indices")
def take_along_axis(
    arr: Any,
    indices: Any,
    axis: int | None = -1,
    mode: Any = None,
    fill_value: Any = None,
    *,
    wrap_negative_indices: bool = True,
) -> Any:
    """Elements of each row by the indices of the same row.

    >>> x = pnp.array([[3, 1, 2], [6, 5, 4]])
    >>> pnp.take_along_axis(x, pnp.argsort(x, axis=1), axis=1)
    Array([[1, 2, 3],
           [4, 5, 6]], dtype=int32)
    """
    x, at = as_array("take_along_axis", arr, 0), as_array("take_along_axis", indices, 1)
    if not dtypes.is_integer(at.dtype):
        raise TypeError(f"take_along_axis: indices must be integers, got {describe(at)}")
    at = wide_enough(at)
    if axis is None:
        if at.ndim != 1:
            raise ValueError("take_along_axis: with axis=None the indices must have one axis")
        x, axis = sh.reshape(x, (x.size,)), 0
    if x.ndim != at.ndim:
        raise ValueError(
            f"take_along_axis: indices and arr must have as many axes, got {describe(x)}"
            f" and {describe(at)}"
        )
    axis = canonical_axis(axis, x.ndim, "take_along_axis")
    if mode == "one_hot":
        # The sum of products with one-hot vectors: nothing where no element is meant.
        mode, fill_value = "fill", 0
    if x.shape[axis] == 0 and at.shape[axis]:
        raise IndexError(f"take_along_axis: cannot take from axis {axis}, which is empty")
    wraps = [wrap_negative_indices or d != axis for d in range(x.ndim)]
    parts = [Picks(d, p, wraps[d]) for d, p in enumerate(grid(at, axis, x.shape))]
    kept_mode = GatherScatterMode.from_any("fill" if mode is None else mode)
    shape = [
        max(n, m) if d != axis else n
        for d, (n, m) in enumerate(zip(x.shape, at.shape, strict=True))
    ]
    return index_parts(expand(x, tuple(shape)), parts, kept_mode, fill_value)


def wide_enough(at: Any) -> Any:
    """Positions in a dtype that counts as far as an axis is long."""
    return convert(at, dtypes.int32) if at.dtype.itemsize < 4 else at


def grid(at: Any, axis: int, shape: Shape) -> list[Any]:
    """An index array along one axis, and counters along the others."""
    out = []
    for d in range(at.ndim):
        if d == axis:
            out.append(at)
            continue
        sizes = [1] * at.ndim
        sizes[d] = max(shape[d], at.shape[d])
        out.append(sh.iota(at.dtype, sizes, d))
    return out
