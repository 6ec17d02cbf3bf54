"""Slices at computed places, gather and scatter."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..core.aval import canonical_axis, type_name
from ..core.trace import get_aval
from ..numpy.values import as_array
from ..primitives import dynamic, shape
from ..primitives import elementwise as ew
from ..primitives import gather as _gather
from ..primitives import scatter as _scatter
from ..primitives.index import GatherDimensionNumbers, GatherScatterMode, ScatterDimensionNumbers
from .shown import SHOWN


def _starts(name: str, x: Any, indices: Any, allow_negative: Any) -> list[Any]:
    """Start indices as scalars; negative ones count from the end where that is allowed."""
    if not isinstance(indices, (tuple, list)):
        given = as_array(name, indices)
        indices = [shape.squeeze(_row(given, i), (0,)) for i in range(given.shape[0])]
    if len(indices) != x.ndim:
        raise TypeError(
            f"{name}: one start for each axis of {type_name(x.aval)} is wanted, got {len(indices)}"
        )
    allowed = allow_negative
    if isinstance(allowed, bool):
        allowed = [allowed] * x.ndim
    return [_start(name, i, n, a) for i, n, a in zip(indices, x.shape, allowed, strict=True)]


def _row(x: Any, i: int) -> Any:
    return dynamic.dynamic_slice(x, (np.int32(i),), (1,))


def _start(name: str, index: Any, size: int, allow_negative: bool) -> Any:
    if isinstance(index, (int, np.integer)):
        index = int(index)
        return np.int32(index + size if index < 0 and allow_negative else index)
    i = as_array(name, index)
    if i.shape != () or not dtypes.is_integer(i.dtype):
        raise TypeError(f"{name}: starts must be integer scalars, got {type_name(i.aval)}")
    if not allow_negative or dtypes.kind(i.dtype) == "unsigned":
        return i
    zero, n = np.zeros((), i.dtype)[()], np.asarray(size, i.dtype)[()]
    return ew.select_n(ew.lt(i, zero), i, ew.add(i, n))


def dynamic_slice(
    operand: Any,
    start_indices: Any,
    slice_sizes: Sequence[int],
    *,
    allow_negative_indices: bool | Sequence[bool] = True,
) -> Any:
    """A slice of static sizes at starts that may be traced; moved so that all lies inside.

    Args:
      operand: array.
      start_indices: one integer scalar an axis, or an integer vector.
      slice_sizes: the result's shape.
      allow_negative_indices: whether negative starts count from the end.

    >>> import pullback as pb
    >>> pb.lax.dynamic_slice(pb.numpy.arange(5), (3,), (3,))
    Array([2, 3, 4], dtype=int32)
    """
    x = as_array("dynamic_slice", operand)
    starts = _starts("dynamic_slice", x, start_indices, allow_negative_indices)
    sizes = tuple(int(n) for n in slice_sizes)
    dynamic.dynamic_slice_p.type(x.aval, *map(get_aval, starts), slice_sizes=sizes)
    return dynamic.dynamic_slice(x, starts, sizes)


def dynamic_update_slice(
    operand: Any,
    update: Any,
    start_indices: Any,
    *,
    allow_negative_indices: bool | Sequence[bool] = True,
) -> Any:
    """The array with a slice at starts that may be traced replaced by `update`.

    >>> pb.lax.dynamic_update_slice(pnp.zeros(4), pnp.ones(2), (1,))
    Array([0., 1., 1., 0.], dtype=float32)
    """
    x, u = as_array("dynamic_update_slice", operand), as_array("dynamic_update_slice", update)
    starts = _starts("dynamic_update_slice", x, start_indices, allow_negative_indices)
    dynamic.dynamic_update_slice_p.type(x.aval, u.aval, *map(get_aval, starts))
    return dynamic.dynamic_update_slice(x, u, starts)


def dynamic_slice_in_dim(
    operand: Any,
    start_index: Any,
    slice_size: int,
    axis: int = 0,
    *,
    allow_negative_indices: bool = True,
) -> Any:
    """`dynamic_slice` along one axis.

    >>> pb.lax.dynamic_slice_in_dim(pnp.arange(5), 1, 3)
    Array([1, 2, 3], dtype=int32)
    """
    x = as_array("dynamic_slice_in_dim", operand)
    axis = canonical_axis(axis, x.ndim, "dynamic_slice_in_dim")
    starts = [start_index if a == axis else 0 for a in range(x.ndim)]
    sizes = [slice_size if a == axis else n for a, n in enumerate(x.shape)]
    return dynamic_slice(x, starts, sizes, allow_negative_indices=allow_negative_indices)


def dynamic_index_in_dim(
    operand: Any,
    index: Any,
    axis: int = 0,
    keepdims: bool = True,
    *,
    allow_negative_indices: bool = True,
) -> Any:
    """Element `index` of an axis, which stays with size 1 or goes.

    >>> pb.lax.dynamic_index_in_dim(pnp.array([[1, 2], [3, 4]]), 1, keepdims=False)
    Array([3, 4], dtype=int32)
    """
    x = as_array("dynamic_index_in_dim", operand)
    axis = canonical_axis(axis, x.ndim, "dynamic_index_in_dim")
    out = dynamic_slice_in_dim(x, index, 1, axis, allow_negative_indices=allow_negative_indices)
    return out if keepdims else shape.squeeze(out, (axis,))


def dynamic_update_slice_in_dim(
    operand: Any,
    update: Any,
    start_index: Any,
    axis: int,
    *,
    allow_negative_indices: bool = True,
) -> Any:
    """`dynamic_update_slice` along one axis.

    >>> pb.lax.dynamic_update_slice_in_dim(pnp.zeros(4), pnp.ones(2), 1, axis=0)
    Array([0., 1., 1., 0.], dtype=float32)
    """
    x = as_array("dynamic_update_slice_in_dim", operand)
    axis = canonical_axis(axis, x.ndim, "dynamic_update_slice_in_dim")
    starts = [start_index if a == axis else 0 for a in range(x.ndim)]
    return dynamic_update_slice(x, update, starts, allow_negative_indices=allow_negative_indices)


def dynamic_update_index_in_dim(
    operand: Any, update: Any, index: Any, axis: int, *, allow_negative_indices: bool = True
) -> Any:
    """The array with element `index` of an axis replaced; `update` may lack that axis.

    >>> pb.lax.dynamic_update_index_in_dim(pnp.zeros(3), 5.0, 1, axis=0)
    Array([0., 5., 0.], dtype=float32)
    """
    x, u = as_array("dynamic_update_index_in_dim", operand), as_array("update", update)
    axis = canonical_axis(axis, x.ndim, "dynamic_update_index_in_dim")
    if u.ndim != x.ndim:
        u = shape.expand_dims(u, (axis,))
    return dynamic_update_slice_in_dim(
        x, u, index, axis, allow_negative_indices=allow_negative_indices
    )


def gather(
    operand: Any,
    start_indices: Any,
    dimension_numbers: GatherDimensionNumbers,
    slice_sizes: Sequence[int],
    *,
    unique_indices: bool = False,
    indices_are_sorted: bool = False,
    mode: str | GatherScatterMode | None = None,
    fill_value: Any = None,
) -> Any:
    """Windows of `operand`, one for each row of `start_indices`; XLA's Gather.

    Args:
      operand: array.
      start_indices: integer array whose last axis holds the start of a window.
      dimension_numbers: which axes are which.
      slice_sizes: the window's size on each axis of the operand.
      unique_indices, indices_are_sorted: promises.
      mode: "clip", "fill" (out-of-bounds windows hold fill_value) or "promise_in_bounds", which
        None means too.
      fill_value: NaN for floats, the smallest integer otherwise, where None.

    >>> axes = pb.lax.GatherDimensionNumbers(
    ...     offset_dims=(1,), collapsed_slice_dims=(), start_index_map=(0,)
    ... )
    >>> pb.lax.gather(pnp.arange(6), pnp.array([[0], [3]]), axes, slice_sizes=(2,))
    Array([[0, 1],
           [3, 4]], dtype=int32)
    """
    return _gather.gather(
        as_array("gather", operand),
        as_array("gather", start_indices),
        dimension_numbers,
        tuple(int(n) for n in slice_sizes),
        unique_indices=unique_indices,
        indices_are_sorted=indices_are_sorted,
        mode=GatherScatterMode.PROMISE_IN_BOUNDS if mode is None else mode,
        fill_value=fill_value,
    )


def _scatterer(name: str, doc: str) -> Any:
    op = getattr(_scatter, name)

    def f(
        operand: Any,
        scatter_indices: Any,
        updates: Any,
        dimension_numbers: ScatterDimensionNumbers,
        *,
        indices_are_sorted: bool = False,
        unique_indices: bool = False,
        mode: str | GatherScatterMode | None = None,
    ) -> Any:
        return op(
            *[as_array(name, x) for x in (operand, scatter_indices, updates)],
            dimension_numbers,
            indices_are_sorted=indices_are_sorted,
            unique_indices=unique_indices,
            mode=mode,
        )

    f.__name__ = f.__qualname__ = name
    f.__doc__ = f"{doc}\n{SHOWN[name]}"
    return f


scatter = _scatterer("scatter", "Windows of the operand replaced by updates; XLA's Scatter.")
scatter_add = _scatterer("scatter_add", "Updates added to windows of the operand.")
scatter_sub = _scatterer("scatter_sub", "Updates subtracted from windows of the operand.")
scatter_mul = _scatterer("scatter_mul", "Windows of the operand multiplied by updates.")
scatter_min = _scatterer("scatter_min", "The smaller of windows of the operand and updates.")
scatter_max = _scatterer("scatter_max", "The larger of windows of the operand and updates.")
