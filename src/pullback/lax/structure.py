"""Shapes and pieces: broadcast, reshape, slice, pad, concatenate, and constants."""

import builtins
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from .. import dtypes
from ..core.aval import canonical_axis, type_name
from ..core.primitive import registry
from ..core.trace import get_aval
from ..numpy.divided import divided, divides
from ..numpy.places import beside, on
from ..numpy.values import as_array
from ..primitives import elementwise as ew
from ..primitives import pieces
from ..primitives import shape as _shape
from ..transforms.make_jaxpr import ShapeDtypeStruct
from .elementwise import checked

slice_object = builtins.slice


def registry_type(name: str, *arrays: Any, **params: Any) -> None:
    """Raise if the primitive of this name does not take such operands."""
    checked(name, registry[name], list(arrays), **params)


@divides
def broadcast(operand: Any, sizes: Sequence[int], *, out_sharding: Any = None) -> Any:
    """The array repeated along new leading axes of these sizes.

    >>> pb.lax.broadcast(pnp.array([1, 2]), (3,))
    Array([[1, 2],
           [1, 2],
           [1, 2]], dtype=int32)
    """
    x = as_array("broadcast", operand)
    k = len(sizes)
    return _shape.broadcast_in_dim(x, (*sizes, *x.shape), range(k, k + x.ndim))


@divides
def broadcast_in_dim(
    operand: Any,
    shape: Sequence[int],
    broadcast_dimensions: Sequence[int],
    *,
    out_sharding: Any = None,
) -> Any:
    """Axis k of the operand becomes axis `broadcast_dimensions[k]`; it is repeated along the rest.

    >>> import pullback as pb
    >>> pb.lax.broadcast_in_dim(pb.numpy.array([1, 2]), (2, 3), (0,))
    Array([[1, 1, 1],
           [2, 2, 2]], dtype=int32)
    """
    x = as_array("broadcast_in_dim", operand)
    dims = tuple(broadcast_dimensions)
    registry_type("broadcast_in_dim", x, shape=tuple(shape), broadcast_dimensions=dims)
    return _shape.broadcast_in_dim(x, shape, dims)


def broadcast_like(arr: Any, like_arr: Any) -> Any:
    """The array broadcast, by NumPy's rules, to the shape of another.

    >>> pb.lax.broadcast_like(pnp.array([1, 2]), pnp.zeros((2, 2)))
    Array([[1, 2],
           [1, 2]], dtype=int32)
    """
    x, like = as_array("broadcast_like", arr), as_array("broadcast_like", like_arr)
    return _to_shape(x, like.shape)


def broadcast_to_rank(x: Any, rank: int) -> Any:
    """The array with leading axes of size 1 up to this number of axes.

    >>> pb.lax.broadcast_to_rank(pnp.array([1, 2]), 3).shape
    (1, 1, 2)
    """
    x = as_array("broadcast_to_rank", x)
    return _shape.expand_dims(x, tuple(range(rank - x.ndim)))


def _to_shape(x: Any, wanted: Sequence[int]) -> Any:
    first = len(wanted) - x.ndim
    return _shape.broadcast_in_dim(x, wanted, range(first, len(wanted)))


def broadcast_shapes(*shapes: Sequence[int]) -> tuple[int, ...]:
    """The shape that arrays of these shapes broadcast to.

    >>> pb.lax.broadcast_shapes((2, 1), (3,))
    (2, 3)
    """
    return np.broadcast_shapes(*[tuple(s) for s in shapes])


@divides
def reshape(
    operand: Any,
    new_sizes: Sequence[int],
    dimensions: Sequence[int] | None = None,
    *,
    out_sharding: Any = None,
) -> Any:
    """The elements in row-major order in another shape; first transposed to `dimensions`.

    >>> pb.lax.reshape(pnp.array([[1, 2], [3, 4]]), (4,))
    Array([1, 2, 3, 4], dtype=int32)
    >>> pb.lax.reshape(pnp.array([[1, 2], [3, 4]]), (4,), dimensions=(1, 0))
    Array([1, 3, 2, 4], dtype=int32)
    """
    x = as_array("reshape", operand)
    if prod(new_sizes) != x.size:
        raise TypeError(
            f"reshape: {type_name(x.aval)} has {x.size} elements, the shape {tuple(new_sizes)} has"
            f" {prod(new_sizes)}"
        )
    return _shape.reshape(x, new_sizes, dimensions)


def collapse(operand: Any, start_dimension: int, stop_dimension: int | None = None) -> Any:
    """The axes from start to stop, which is excluded, made one.

    >>> pb.lax.collapse(pnp.ones((2, 3, 4)), 1, 3).shape
    (2, 12)
    """
    x = as_array("collapse", operand)
    start, stop, _ = slice_object(start_dimension, stop_dimension).indices(x.ndim)
    if start >= stop:
        raise ValueError(
            f"collapse: no axes from {start_dimension} to {stop_dimension} in {x.ndim}"
        )
    return _shape.reshape(x, (*x.shape[:start], prod(x.shape[start:stop]), *x.shape[stop:]))


def squeeze(array: Any, dimensions: Sequence[int]) -> Any:
    """The array without these axes, which have size 1.

    >>> pb.lax.squeeze(pnp.array([[1, 2]]), (0,))
    Array([1, 2], dtype=int32)
    """
    x = as_array("squeeze", array)
    dims = tuple(canonical_axis(d, x.ndim, "squeeze") for d in dimensions)
    registry_type("squeeze", x, dimensions=dims)
    return _shape.squeeze(x, dims)


def expand_dims(array: Any, dimensions: Sequence[int]) -> Any:
    """The array with axes of size 1 at these places of the result.

    >>> pb.lax.expand_dims(pnp.ones(3), (0,)).shape
    (1, 3)
    """
    x = as_array("expand_dims", array)
    ndim = x.ndim + len(dimensions)
    return _shape.expand_dims(x, tuple(canonical_axis(d, ndim, "expand_dims") for d in dimensions))


def transpose(operand: Any, permutation: Sequence[int]) -> Any:
    """Axis i of the result is axis `permutation[i]` of the operand.

    >>> pb.lax.transpose(pnp.array([[1, 2], [3, 4]]), (1, 0))
    Array([[1, 3],
           [2, 4]], dtype=int32)
    """
    x = as_array("transpose", operand)
    permutation = tuple(int(p) for p in permutation)
    registry_type("transpose", x, permutation=permutation)
    return _shape.transpose(x, permutation)


def rev(operand: Any, dimensions: Sequence[int]) -> Any:
    """The array with these axes reversed.

    >>> pb.lax.rev(pnp.array([1, 2, 3]), (0,))
    Array([3, 2, 1], dtype=int32)
    """
    x = as_array("rev", operand)
    return pieces.rev(x, tuple(canonical_axis(d, x.ndim, "rev") for d in dimensions))


def slice(
    operand: Any,
    start_indices: Sequence[int],
    limit_indices: Sequence[int],
    strides: Sequence[int] | None = None,
) -> Any:
    """operand[start:limit:stride] on each axis, all static.

    >>> import pullback as pb
    >>> pb.lax.slice(pb.numpy.arange(6), (1,), (6,), (2,))
    Array([1, 3, 5], dtype=int32)
    """
    x = as_array("slice", operand)
    steps = None if strides is None else tuple(strides)
    start, limit = tuple(start_indices), tuple(limit_indices)
    registry_type("slice", x, start_indices=start, limit_indices=limit, strides=steps)
    return pieces.slice(x, start, limit, steps)


def slice_in_dim(
    operand: Any, start_index: int | None, limit_index: int | None, stride: int = 1, axis: int = 0
) -> Any:
    """operand[start:limit:stride] on one axis.

    >>> pb.lax.slice_in_dim(pnp.array([1, 2, 3, 4, 5]), 1, 5, stride=2)
    Array([2, 4], dtype=int32)
    """
    x = as_array("slice_in_dim", operand)
    axis = canonical_axis(axis, x.ndim, "slice_in_dim")
    n = x.shape[axis]
    start = 0 if start_index is None else start_index + n if start_index < 0 else start_index
    limit = n if limit_index is None else limit_index + n if limit_index < 0 else limit_index
    return pieces.slice_in_dim(x, start, limit, stride, axis)


def index_in_dim(operand: Any, index: int, axis: int = 0, keepdims: bool = True) -> Any:
    """Element `index` of an axis, which stays with size 1 or goes.

    >>> pb.lax.index_in_dim(pnp.array([[1, 2], [3, 4]]), 1, axis=1)
    Array([[2],
           [4]], dtype=int32)
    """
    x = as_array("index_in_dim", operand)
    axis = canonical_axis(axis, x.ndim, "index_in_dim")
    n = x.shape[axis]
    if not -n <= index < n:
        raise IndexError(
            f"index_in_dim: index {index} is out of bounds for axis {axis} of size {n}"
        )
    index %= n
    out = pieces.slice_in_dim(x, index, index + 1, 1, axis)
    return out if keepdims else _shape.squeeze(out, (axis,))


def pad(operand: Any, padding_value: Any, padding_config: Sequence[Sequence[int]]) -> Any:
    """The array with padding: for each axis (low, high, interior); negative ones cut.

    >>> import pullback as pb
    >>> pb.lax.pad(pb.numpy.array([1, 2]), 0, [(1, 0, 1)])
    Array([0, 1, 0, 2], dtype=int32)
    """
    x = as_array("pad", operand)
    value = as_array("pad", padding_value)
    if get_aval(value).weak_type:
        value = ew.convert_element_type(value, x.dtype)
    config = tuple((int(lo), int(hi), int(mid)) for lo, hi, mid in padding_config)
    registry_type("pad", x, value, padding_config=config)
    return pieces.pad(x, value, config)


def concatenate(operands: Sequence[Any], dimension: int) -> Any:
    """The arrays, which differ in no other axis, one after the other along an axis.

    >>> pb.lax.concatenate([pnp.array([1, 2]), pnp.array([3])], 0)
    Array([1, 2, 3], dtype=int32)
    """
    if not len(operands):
        raise ValueError("concatenate: give at least one array")
    arrays = [as_array("concatenate", x, i) for i, x in enumerate(operands)]
    dimension = canonical_axis(dimension, arrays[0].ndim, "concatenate")
    registry_type("concatenate", *arrays, dimension=dimension)
    return pieces.concatenate(arrays, dimension)


def split(operand: Any, sizes: Sequence[int], axis: int = 0) -> list[Any]:
    """The array cut along an axis into pieces of these sizes.

    >>> pb.lax.split(pnp.array([1, 2, 3]), (1, 2))
    [Array([1], dtype=int32), Array([2, 3], dtype=int32)]
    """
    x = as_array("split", operand)
    axis = canonical_axis(axis, x.ndim, "split")
    registry_type("split", x, sizes=tuple(sizes), axis=axis)
    return pieces.split(x, tuple(sizes), axis)


def stack(operands: Sequence[Any], axis: int = 0) -> Any:
    """The arrays, of one shape, along a new axis.

    >>> pb.lax.stack([pnp.array([1, 2]), pnp.array([3, 4])], axis=1)
    Array([[1, 3],
           [2, 4]], dtype=int32)
    """
    arrays = [as_array("stack", x, i) for i, x in enumerate(operands)]
    axis = canonical_axis(axis, arrays[0].ndim + 1, "stack")
    return concatenate([_shape.expand_dims(a, (axis,)) for a in arrays], axis)


def unstack(x: Any, axis: int = 0) -> tuple[Any, ...]:
    """The slices along an axis.

    >>> pb.lax.unstack(pnp.array([[1, 2], [3, 4]]))
    (Array([1, 2], dtype=int32), Array([3, 4], dtype=int32))
    """
    x = as_array("unstack", x)
    axis = canonical_axis(axis, x.ndim, "unstack")
    return tuple(_shape.squeeze(p, (axis,)) for p in pieces.split(x, (1,) * x.shape[axis], axis))


def tile(operand: Any, reps: Sequence[int]) -> Any:
    """The array repeated along each axis.

    >>> pb.lax.tile(pnp.array([1, 2]), (2,))
    Array([1, 2, 1, 2], dtype=int32)
    """
    x = as_array("tile", operand)
    if len(reps) != x.ndim:
        raise ValueError(f"tile: one number for each of {x.ndim} axes is wanted, got {tuple(reps)}")
    wide = [n for pair in zip(reps, x.shape, strict=True) for n in pair]
    spread = _shape.broadcast_in_dim(x, wide, range(1, 2 * x.ndim, 2))
    return _shape.reshape(spread, [r * n for r, n in zip(reps, x.shape, strict=True)])


def iota(dtype: Any, size: int) -> Any:
    """0, 1, ... size - 1.

    >>> pb.lax.iota("int32", 3)
    Array([0, 1, 2], dtype=int32)
    """
    return _shape.iota(dtypes.canonicalize_dtype(dtype), (size,), 0)


@divides
def broadcasted_iota(
    dtype: Any, shape: Sequence[int], dimension: int, *, out_sharding: Any = None
) -> Any:
    """An array of this shape whose elements are their own place along one axis.

    >>> pb.lax.broadcasted_iota("int32", (2, 3), 1)
    Array([[0, 1, 2],
           [0, 1, 2]], dtype=int32)
    """
    dimension = canonical_axis(dimension, len(shape), "broadcasted_iota")
    return _shape.iota(dtypes.canonicalize_dtype(dtype), shape, dimension)


def full(shape: Sequence[int], fill_value: Any, dtype: Any = None, *, sharding: Any = None) -> Any:
    """An array of one value.

    >>> pb.lax.full((2,), 7.0)
    Array([7., 7.], dtype=float32, weak_type=True)
    """
    value = as_array("full", fill_value)
    wanted = value.dtype if dtype is None else dtypes.canonicalize_dtype(dtype)
    weak = dtype is None and value.weak_type
    filled = ew.convert_element_type(value, wanted, weak)
    return divided(_shape.broadcast_in_dim(filled, _sizes(shape), ()), sharding)


def full_like(
    x: Any, fill_value: Any, dtype: Any = None, shape: Any = None, sharding: Any = None
) -> Any:
    """An array of one value, of the shape and dtype of another unless they are given.

    >>> pb.lax.full_like(pnp.ones(2), 5)
    Array([5., 5.], dtype=float32)
    """
    x = x if isinstance(x, ShapeDtypeStruct) else as_array("full_like", x)
    value = as_array("full_like", fill_value)
    weak = dtype is None and x.weak_type
    wanted = x.dtype if dtype is None else dtypes.canonicalize_dtype(dtype)
    filled = ew.convert_element_type(value, wanted, weak)
    sizes = x.shape if shape is None else _sizes(shape)
    made = _shape.broadcast_in_dim(filled, sizes, ())
    return divided(made, sharding) if sharding is not None else on(beside(x, made.shape), made)


@divides
def empty(shape: Sequence[int], dtype: Any, *, out_sharding: Any = None) -> Any:
    """An array whose values mean nothing; they are zeros.

    >>> pb.lax.empty((2,), "float32")
    Array([0., 0.], dtype=float32)
    """
    return full(shape, 0, dtype)


def shape_as_value(shape: Sequence[int]) -> Any:
    """A shape as an integer array.

    >>> pb.lax.shape_as_value((2, 3))
    Array([2, 3], dtype=int32)
    """
    return as_array("shape_as_value", np.array(shape, np.int32))


def _sizes(shape: Any) -> tuple[int, ...]:
    return (int(shape),) if np.ndim(shape) == 0 else tuple(int(n) for n in shape)
