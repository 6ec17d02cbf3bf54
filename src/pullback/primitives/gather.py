"""gather: read windows of an array at computed places. Its transpose stands with scatter_add."""

from typing import Any

import numpy as np

from .. import dtypes
from ..core.aval import Shape, ShapedArray, type_name
from ..core.primitive import Primitive
from ..core.trace import get_aval
from ..dtypes import DType
from . import index as ix
from .batching import move_axis
from .index import GatherDimensionNumbers, GatherScatterMode

gather_p = Primitive("gather")


# gather -- y[batch.., offset..] = x[start(batch..) + offset..]
def gather(
    operand: Any,
    start_indices: Any,
    dimension_numbers: GatherDimensionNumbers,
    slice_sizes: Shape,
    *,
    unique_indices: bool = False,
    indices_are_sorted: bool = False,
    mode: GatherScatterMode | str | None = None,
    fill_value: Any = None,
) -> Any:
    """Windows of `operand`, one for each row of `start_indices`."""
    mode = GatherScatterMode.from_any(mode)
    if mode is GatherScatterMode.FILL_OR_DROP and fill_value is None:
        fill_value = default_fill(get_aval(operand).dtype)
    return gather_p.bind(
        operand,
        start_indices,
        dimension_numbers=dimension_numbers,
        slice_sizes=slice_sizes,
        unique_indices=unique_indices,
        indices_are_sorted=indices_are_sorted,
        mode=mode,
        fill_value=fill_value if mode is GatherScatterMode.FILL_OR_DROP else None,
    )


def default_fill(dtype: DType) -> Any:
    """What a read out of bounds gives: NaN, the least signed or the greatest unsigned integer."""
    kind = dtypes.kind(dtype)
    if kind in ("float", "complex"):
        return float("nan")
    if kind in ("signed", "unsigned"):
        limits = dtypes.info(dtype)
        return int(limits.min if kind == "signed" else limits.max)
    return True


@gather_p.def_type
def _(x, indices, *, dimension_numbers, slice_sizes, **params):
    check_windows("gather", x, indices, dimension_numbers, slice_sizes)
    n = dimension_numbers
    gone = {*n.collapsed_slice_dims, *n.operand_batching_dims}
    inside = iter([s for d, s in enumerate(slice_sizes) if d not in gone])
    batch = iter(indices.shape[:-1])
    ndim = indices.ndim - 1 + len(n.offset_dims)
    shape = [next(inside) if d in n.offset_dims else next(batch) for d in range(ndim)]
    return ShapedArray(shape, x.dtype, x.weak_type)


def check_windows(
    name: str, x: ShapedArray, indices: ShapedArray, n: GatherDimensionNumbers, sizes: Shape
) -> None:
    """Raise unless indices and numbers describe windows of these sizes in x."""
    if not dtypes.is_integer(indices.dtype):
        raise TypeError(f"{name}: indices must be integers, got {type_name(indices)}")
    if indices.ndim == 0 or indices.shape[-1] != len(n.start_index_map):
        raise TypeError(
            f"{name}: the last axis of the indices holds one start for each of the axes"
            f" {n.start_index_map}, got indices {type_name(indices)}"
        )
    windowed = x.ndim - len(n.collapsed_slice_dims) - len(n.operand_batching_dims)
    if len(sizes) != x.ndim or len(n.offset_dims) != windowed:
        raise TypeError(
            f"{name}: {x.ndim} window sizes and {windowed} window axes are wanted"
            f" for {type_name(x)}, got sizes {sizes} and {n}"
        )
    free = [d for d in range(x.ndim) if d not in n.operand_batching_dims]
    if not all(0 <= sizes[d] <= x.shape[d] for d in free):
        raise TypeError(f"{name}: windows of sizes {sizes} do not fit in {type_name(x)}")


@gather_p.def_value
def _(x, indices, *, dimension_numbers, slice_sizes, mode, fill_value, **params):
    w = ix.windows(dimension_numbers, x.shape, slice_sizes)
    if indices.dtype.char == "L":
        indices = ix.as_signed(indices)
    if w.take_axis is not None and x.flags.c_contiguous:
        return _take(x, indices[..., 0], w, mode, fill_value)
    indices = ix.as_signed(indices)
    y = np.asarray(ix.view(x, w)[ix.index_of(ix.starts(ix.clipped(indices, w), w), w)])
    if mode is GatherScatterMode.FILL_OR_DROP:
        inside = ix.inside(indices, w)
        if not inside.all():
            y[~inside.all(-1)] = fill_value
    perm = ix.result_perm(w, indices.ndim - 1)
    return y if perm is None else y.transpose(perm)


def _take(x: np.ndarray, rows: np.ndarray, w: ix.Windows, mode: Any, fill_value: Any) -> np.ndarray:
    """Whole rows along one axis: what x[i] and embedding tables need, by the fast path of NumPy."""
    axis = w.take_axis
    assert axis is not None
    y = np.asarray(x.take(rows, axis, mode="clip"))
    if mode is GatherScatterMode.FILL_OR_DROP:
        outside = (rows < 0) | (rows >= x.shape[axis])
        if outside.any():
            y[(slice(None),) * axis + (outside,)] = fill_value
    perm = ix.taken_perm(w, rows.ndim)
    return y if perm is None else y.transpose(perm)


@gather_p.def_jvp
def _(primals, tangents, *, mode, fill_value, **params):
    x, indices = primals
    t = tangents[0]
    y = gather_p.bind(x, indices, mode=mode, fill_value=fill_value, **params)
    no_fill = 0 if mode is GatherScatterMode.FILL_OR_DROP else None
    return y, gather_p.bind(t, indices, mode=mode, fill_value=no_fill, **params)


@gather_p.def_batch
def _(args, dims, *, dimension_numbers, slice_sizes, unique_indices, indices_are_sorted, **params):
    (x, indices), (dx, di) = args, dims
    x = x if dx is None else move_axis(x, dx, 0)
    indices = indices if di is None else move_axis(indices, di, 0)
    sizes = slice_sizes
    if dx is not None:
        size = get_aval(x).shape[0]
        sizes = (size if di is None else min(size, 1), *sizes)
    kept = dx is not None
    return gather_p.bind(
        x,
        indices,
        dimension_numbers=batched_numbers(dimension_numbers, dx is not None, di is not None),
        slice_sizes=sizes,
        unique_indices=unique_indices and kept,
        indices_are_sorted=indices_are_sorted and kept,
        **params,
    ), 0


def batched_numbers(
    n: GatherDimensionNumbers, operand: bool, indices: bool
) -> GatherDimensionNumbers:
    """The numbers when the operand, the indices or both have a batch axis in front."""
    together = (0,) if operand and indices else ()
    whole = (0,) if operand and not indices else ()

    def of_operand(axes: ix.Axes) -> ix.Axes:
        return ix.shifted(axes) if operand else axes

    return GatherDimensionNumbers(
        offset_dims=ix.shifted(n.offset_dims, front=whole),
        collapsed_slice_dims=of_operand(n.collapsed_slice_dims),
        start_index_map=of_operand(n.start_index_map),
        operand_batching_dims=together + of_operand(n.operand_batching_dims),
        start_indices_batching_dims=together
        + (ix.shifted(n.start_indices_batching_dims) if indices else n.start_indices_batching_dims),
    )
