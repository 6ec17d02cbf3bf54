"""Slices at computed places: dynamic_slice and dynamic_update_slice. Starts are moved inside."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..core.aval import Shape, ShapedArray, type_name
from ..core.primitive import Linear, Primitive, instantiate
from ..core.trace import get_aval
from .batching import batch_size, to_axis
from .convert import convert_element_type
from .gather import gather_p
from .index import GatherDimensionNumbers, GatherScatterMode, ScatterDimensionNumbers
from .pieces import concatenate
from .rules import scalar
from .scatter import scatter_p
from .shape import broadcast_in_dim, zeros

dynamic_slice_p = Primitive("dynamic_slice")
dynamic_update_slice_p = Primitive("dynamic_update_slice")


def _slices(starts: Sequence[np.ndarray], shape: Shape, sizes: Shape) -> tuple[slice, ...]:
    """The slices of NumPy from starts, which are moved so that all lies inside."""
    found = []
    for start, n, size in zip(starts, shape, sizes, strict=True):
        first = max(0, min(int(start), n - size))
        found.append(slice(first, first + size))
    return tuple(found)


def _check(name: str, x: ShapedArray, starts: Sequence[ShapedArray], sizes: Shape) -> None:
    if len(starts) != x.ndim or len(sizes) != x.ndim:
        raise TypeError(
            f"{name}: one start and one size for each axis are wanted for {type_name(x)},"
            f" got {len(starts)} starts and sizes {sizes}"
        )
    if any(s.shape != () or not dtypes.is_integer(s.dtype) for s in starts):
        got = ", ".join(map(type_name, starts))
        raise TypeError(f"{name}: starts must be integer scalars, got {got}")
    if not all(0 <= size <= n for size, n in zip(sizes, x.shape, strict=True)):
        raise TypeError(f"{name}: a slice of sizes {sizes} does not fit in {type_name(x)}")


# dynamic_slice -- y[j..] = x[start.. + j..]
def dynamic_slice(operand: Any, start_indices: Sequence[Any], slice_sizes: Shape) -> Any:
    """A slice of static sizes at computed starts."""
    return dynamic_slice_p.bind(operand, *start_indices, slice_sizes=tuple(slice_sizes))


@dynamic_slice_p.def_type
def _(x, *starts, slice_sizes):
    _check("dynamic_slice", x, starts, slice_sizes)
    return ShapedArray(slice_sizes, x.dtype, x.weak_type)


@dynamic_slice_p.def_value
def _(x, *starts, slice_sizes):
    return x[_slices(starts, x.shape, slice_sizes)]


@dynamic_slice_p.def_jvp
def _(primals, tangents, *, slice_sizes):
    x, *starts = primals
    t = tangents[0]
    y = dynamic_slice_p.bind(x, *starts, slice_sizes=slice_sizes)
    return y, dynamic_slice_p.bind(t, *starts, slice_sizes=slice_sizes)


@dynamic_slice_p.def_transpose
def _(ct, x, *starts, slice_sizes):
    return [dynamic_update_slice_p.bind(zeros(x.aval), ct, *starts), *[None] * len(starts)]


@dynamic_slice_p.def_batch
def _(args, dims, *, slice_sizes):
    (x, *starts), (dim, *start_dims) = args, dims
    if all(d is None for d in start_dims):
        starts = _with_start_zero(starts, dim)
        sizes = (*slice_sizes[:dim], x.shape[dim], *slice_sizes[dim:])
        return dynamic_slice_p.bind(x, *starts, slice_sizes=sizes), dim
    axes = tuple(range(len(slice_sizes)))
    assert gather_p.batch is not None
    return gather_p.batch(
        (x, _stack(starts, start_dims)),
        (dim, 0),
        dimension_numbers=GatherDimensionNumbers(axes, (), axes),
        slice_sizes=slice_sizes,
        fill_value=None,
        **_CLIP,
    )


_CLIP = {"mode": GatherScatterMode.CLIP, "unique_indices": False, "indices_are_sorted": False}


def _with_start_zero(starts: Sequence[Any], dim: int) -> list[Any]:
    """The starts for an array with a further axis at `dim`, which is taken whole."""
    dtype = get_aval(starts[0]).dtype if starts else dtypes.int32
    return [*starts[:dim], scalar(0, dtype), *starts[dim:]]


def _stack(starts: Sequence[Any], dims: Sequence[int | None]) -> Any:
    """The starts as rows of indices, one for each item of the batch."""
    size = batch_size(starts, dims)
    dtype = get_aval(starts[0]).dtype
    columns = []
    for start, dim in zip(starts, dims, strict=True):
        start = start if get_aval(start).dtype == dtype else convert_element_type(start, dtype)
        columns.append(broadcast_in_dim(start, (size, 1), () if dim is None else (0,)))
    return columns[0] if len(columns) == 1 else concatenate(columns, 1)


# dynamic_update_slice -- y = x, then y[start.. + j..] = u[j..]
def dynamic_update_slice(operand: Any, update: Any, start_indices: Sequence[Any]) -> Any:
    """The array with a slice at computed starts replaced."""
    return dynamic_update_slice_p.bind(operand, update, *start_indices)


@dynamic_update_slice_p.def_type
def _(x, update, *starts):
    if x.dtype != update.dtype or x.ndim != update.ndim:
        raise TypeError(
            "dynamic_update_slice: an update of the operand's dtype and number of axes is wanted,"
            f" got {type_name(x)} and {type_name(update)}"
        )
    _check("dynamic_update_slice", x, starts, update.shape)
    return ShapedArray(x.shape, x.dtype, all(a.weak_type for a in (x, update, *starts)))


@dynamic_update_slice_p.def_value
def _(x, update, *starts):
    y = np.array(x)
    y[_slices(starts, x.shape, update.shape)] = update
    return y


@dynamic_update_slice_p.def_jvp
def _(primals, tangents):
    x, update, *starts = primals
    tx, tu, *_ = tangents
    y = dynamic_update_slice_p.bind(x, update, *starts)
    tx, tu = instantiate(tx, zeros), instantiate(tu, zeros)
    return y, dynamic_update_slice_p.bind(tx, tu, *starts)


@dynamic_update_slice_p.def_transpose
def _(ct, x, update, *starts):
    ct_x = ct_update = None
    aval = update.aval if type(update) is Linear else get_aval(update)
    if type(x) is Linear:
        ct_x = dynamic_update_slice_p.bind(ct, zeros(aval), *starts)
    if type(update) is Linear:
        ct_update = dynamic_slice_p.bind(ct, *starts, slice_sizes=aval.shape)
    return [ct_x, ct_update, *[None] * len(starts)]


@dynamic_update_slice_p.def_batch
def _(args, dims):
    (x, update, *starts), (dx, du, *start_dims) = args, dims
    if all(d is None for d in start_dims):
        size = batch_size((x, update), (dx, du))
        dim = 0 if dx is None else dx
        x, update = to_axis(x, dx, size, dim), to_axis(update, du, size, dim)
        return dynamic_update_slice_p.bind(x, update, *_with_start_zero(starts, dim)), dim
    axes = tuple(range(get_aval(update).ndim - (du is not None)))
    assert scatter_p.batch is not None
    return scatter_p.batch(
        (x, _stack(starts, start_dims), update),
        (dx, 0, du),
        dimension_numbers=ScatterDimensionNumbers(axes, (), axes),
        **_CLIP,
    )
