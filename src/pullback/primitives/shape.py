"""Axes: broadcast_in_dim and reduce_sum (adjoint), transpose, squeeze, reshape, copy, iota."""

from collections.abc import Sequence
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np

from .. import _native, dtypes
from .._native import ArrayImpl
from ..core.aval import Shape, ShapedArray
from ..core.primitive import Primitive, Zero
from .quiet import is_narrow, quiet
from .rules import NUMBERS, check_kind, deflinear, fail, scalar

Axes = tuple[int, ...]

# broadcast_in_dim -- y[i] = x[i[d] for d in dims], with 0 for i[d] where the axis of x has size 1
broadcast_in_dim_p = Primitive("broadcast_in_dim", linear=True)
deflinear(broadcast_in_dim_p)


def broadcast_in_dim(x: Any, shape: Sequence[int], broadcast_dimensions: Sequence[int]) -> Any:
    """Put axis k of x at axis broadcast_dimensions[k] of the result and repeat along the others."""
    return broadcast_in_dim_p.bind(
        x, shape=tuple(shape), broadcast_dimensions=tuple(broadcast_dimensions)
    )


@broadcast_in_dim_p.def_type
def _(x: ShapedArray, *, shape: Shape, broadcast_dimensions: Axes) -> ShapedArray:
    dims = broadcast_dimensions
    if len(dims) != x.ndim:
        fail("broadcast_in_dim", f"broadcast_dimensions {dims} must name {x.ndim} axes", x)
    if any(b <= a for a, b in pairwise(dims)):
        fail("broadcast_in_dim", f"broadcast_dimensions {dims} must increase", x)
    if any(not 0 <= d < len(shape) for d in dims):
        fail("broadcast_in_dim", f"broadcast_dimensions {dims} must be axes of {shape}", x)
    if any(n not in (1, shape[d]) for n, d in zip(x.shape, dims, strict=True)):
        fail("broadcast_in_dim", f"the operand must have sizes of {shape} at {dims}, or 1", x)
    return ShapedArray(shape, x.dtype, x.weak_type)


@broadcast_in_dim_p.def_value
def _(x: np.ndarray, *, shape: Shape, broadcast_dimensions: Axes) -> np.ndarray:
    return _native.broadcast_in_dim(x, shape, broadcast_dimensions)


@broadcast_in_dim_p.def_transpose
def _(ct: Any, x: Any, *, shape: Shape, broadcast_dimensions: Axes) -> list[Any]:
    sizes = zip(broadcast_dimensions, x.aval.shape, strict=True)
    kept = [d for d, n in sizes if n == shape[d]]
    total = reduce_sum(ct, [d for d in range(len(shape)) if d not in kept])
    ones = [k for k, d in enumerate(broadcast_dimensions) if d not in kept]
    return [expand_dims(total, ones) if ones else total]


@broadcast_in_dim_p.def_batch
def _(args: Any, dims: Any, *, shape: Shape, broadcast_dimensions: Axes) -> Any:
    (x,), (dim,) = args, dims
    # The batch keeps its place among the operand's axes, so nothing moves; that of scalars is the
    # first axis, as most often that of what they meet.
    end = len(shape) if broadcast_dimensions else 0
    place = broadcast_dimensions[dim] if dim < len(broadcast_dimensions) else end
    moved = [d + (d >= place) for d in broadcast_dimensions]
    moved.insert(dim, place)
    return broadcast_in_dim(x, (*shape[:place], x.shape[dim], *shape[place:]), moved), place


# reduce_sum -- y[...] = sum over axes of x
reduce_sum_p = Primitive("reduce_sum", linear=True)
deflinear(reduce_sum_p)


def reduce_sum(x: Any, axes: Sequence[int]) -> Any:
    """The sum over axes; x itself where there are none."""
    return reduce_sum_p.bind(x, axes=tuple(axes)) if len(axes) else x


def reduced_shape(name: str, x: ShapedArray, axes: Axes) -> Shape:
    """The shape without the axes, which must be different axes of x."""
    if len(set(axes)) != len(axes) or any(not 0 <= a < x.ndim for a in axes):
        fail(name, f"axes {axes} must be different axes of the operand", x)
    return tuple(n for i, n in enumerate(x.shape) if i not in axes)


@reduce_sum_p.def_type
def _(x: ShapedArray, *, axes: Axes) -> ShapedArray:
    check_kind("reduce_sum", NUMBERS, x)
    return ShapedArray(reduced_shape("reduce_sum", x, axes), x.dtype, x.weak_type)


# How many numbers NumPy may add one after another where it does not sum pairwise.
BLOCK = 32


def _sum(x: np.ndarray, *, axes: Axes) -> Any:
    # Narrow floats are summed in float32, as XLA does.
    if is_narrow(x.dtype):
        return _sum(x.astype(np.float32), axes=axes).astype(x.dtype)
    if x.size > BLOCK and x.dtype.kind in "fc" and any(x.shape[a] > BLOCK for a in axes):
        return _sum_long(x, axes)
    return np.add.reduce(x, axes, x.dtype)


def _sum_long(x: np.ndarray, axes: Axes) -> Any:
    """Axis by axis: the innermost by NumPy's pairwise sum, others in blocks of blocks."""
    if x.flags.c_contiguous and (len(axes) == x.ndim or axes == (x.ndim - 1,)):
        return np.add.reduce(x, axes)
    shape = tuple(n for d, n in enumerate(x.shape) if d not in axes)
    inner = min(range(x.ndim), key=lambda d: abs(x.strides[d]) if x.shape[d] > 1 else 1 << 62)
    for a in sorted(axes, key=lambda a: a != inner):
        while a != inner and x.shape[a] > BLOCK:
            head, rest = np.split(x, [x.shape[a] // BLOCK * BLOCK], a)
            blocks = head.reshape(*x.shape[:a], -1, BLOCK, *x.shape[a + 1 :])
            x = np.concatenate([np.add.reduce(blocks, a + 1), rest], a)
        x = np.add.reduce(x, a, keepdims=True)
    return x.reshape(shape)


reduce_sum_p.def_value(quiet(_sum))


@reduce_sum_p.def_transpose
def _(ct: Any, x: Any, *, axes: Axes) -> list[Any]:
    shape = x.aval.shape
    return [broadcast_in_dim(ct, shape, [d for d in range(len(shape)) if d not in axes])]


def batch_reduction(primitive: Primitive) -> None:
    """Batching of a reduction: its axes make way for the batch."""

    @primitive.def_batch
    def _(args: Any, dims: Any, *, axes: Axes, **params: Any) -> Any:
        (x,), (dim,) = args, dims
        moved = tuple(a + (a >= dim) for a in axes)
        return primitive.bind(x, axes=moved, **params), dim - sum(a < dim for a in moved)


batch_reduction(reduce_sum_p)

# transpose -- y[i] = x[j] where j[permutation[k]] = i[k]
transpose_p = Primitive("transpose", linear=True)
deflinear(transpose_p)


def transpose(x: Any, permutation: Sequence[int]) -> Any:
    """Axis k of the result is axis permutation[k] of x."""
    return transpose_p.bind(x, permutation=tuple(permutation))


@transpose_p.def_type
def _(x: ShapedArray, *, permutation: Axes) -> ShapedArray:
    if sorted(permutation) != list(range(x.ndim)):
        fail("transpose", f"permutation {permutation} must order {x.ndim} axes", x)
    return ShapedArray([x.shape[p] for p in permutation], x.dtype, x.weak_type)


@transpose_p.def_value
def _(x: np.ndarray, *, permutation: Axes) -> np.ndarray:
    return _native.transpose(x, permutation)


@transpose_p.def_transpose
def _(ct: Any, x: Any, *, permutation: Axes) -> list[Any]:
    inverse = [0] * len(permutation)
    for k, p in enumerate(permutation):
        inverse[p] = k
    return [transpose(ct, inverse)]


@transpose_p.def_batch
def _(args: Any, dims: Any, *, permutation: Axes) -> Any:
    (x,), (dim,) = args, dims
    return transpose(x, (dim, *(p + (p >= dim) for p in permutation))), 0


# squeeze -- y = x without some axes of size 1
squeeze_p = Primitive("squeeze", linear=True)
deflinear(squeeze_p)


def squeeze(x: Any, dimensions: Sequence[int]) -> Any:
    """Drop axes of size 1; x itself where there are none to drop."""
    return squeeze_p.bind(x, dimensions=tuple(dimensions)) if len(dimensions) else x


@squeeze_p.def_type
def _(x: ShapedArray, *, dimensions: Axes) -> ShapedArray:
    shape = reduced_shape("squeeze", x, dimensions)
    if any(x.shape[d] != 1 for d in dimensions):
        fail("squeeze", f"the axes {dimensions} must have size 1", x)
    return ShapedArray(shape, x.dtype, x.weak_type)


@squeeze_p.def_value
def _(x: np.ndarray, *, dimensions: Axes) -> np.ndarray:
    return x.squeeze(dimensions)


@squeeze_p.def_transpose
def _(ct: Any, x: Any, *, dimensions: Axes) -> list[Any]:
    return [expand_dims(ct, dimensions)]


@squeeze_p.def_batch
def _(args: Any, dims: Any, *, dimensions: Axes) -> Any:
    (x,), (dim,) = args, dims
    moved = tuple(d + (d >= dim) for d in dimensions)
    return squeeze(x, moved), dim - sum(d < dim for d in moved)


# reshape -- the elements of x in row-major order, in another shape
reshape_p = Primitive("reshape", linear=True)
deflinear(reshape_p)


def reshape(x: Any, new_sizes: Sequence[int], dimensions: Sequence[int] | None = None) -> Any:
    """The elements of x, its axes first ordered by `dimensions`, in a new shape."""
    if dimensions is not None and list(dimensions) != list(range(len(x.shape))):
        x = transpose(x, dimensions)
    return reshape_p.bind(x, new_sizes=tuple(new_sizes), dimensions=None)


@reshape_p.def_type
def _(x: ShapedArray, *, new_sizes: Shape, dimensions: None) -> ShapedArray:
    if any(n < 0 for n in new_sizes) or prod(new_sizes) != x.size:
        fail("reshape", f"cannot reshape {x.size} elements to {new_sizes}", x)
    return ShapedArray(new_sizes, x.dtype, x.weak_type)


@reshape_p.def_value
def _(x: np.ndarray, *, new_sizes: Shape, dimensions: None) -> np.ndarray:
    return x.reshape(new_sizes)


@reshape_p.def_transpose
def _(ct: Any, x: Any, *, new_sizes: Shape, dimensions: None) -> list[Any]:
    return [reshape(ct, x.aval.shape)]


@reshape_p.def_batch
def _(args: Any, dims: Any, *, new_sizes: Shape, dimensions: None) -> Any:
    (x,), (dim,) = args, dims
    if dim:
        x = transpose(x, (dim, *(d for d in range(len(x.shape)) if d != dim)))
    return reshape(x, (x.shape[0], *new_sizes)), 0


# copy -- y = x, in memory of its own
copy_p = Primitive("copy", linear=True)
deflinear(copy_p)
copy_p.def_type(lambda x: x)
copy_p.def_value(lambda x: x.copy())
copy_p.def_transpose(lambda ct, x: [ct])
copy_p.def_batch(lambda args, dims: (copy_p.bind(*args), dims[0]))


def copy(x: Any) -> Any:
    """A copy in memory of its own."""
    return copy_p.bind(x)


# empty -- y is anything: memory that will be written before it is read
empty_p = Primitive("empty", differentiable=False)
empty_p.def_type(lambda *, dtype, shape: ShapedArray(shape, dtype))
empty_p.def_value(lambda *, dtype, shape: np.zeros(shape, dtype))
empty_p.def_batch(lambda args, dims, *, dtype, shape: (empty(shape, dtype), None))


def empty(shape: Sequence[int], dtype: Any) -> Any:
    """An array that holds anything."""
    return empty_p.bind(dtype=np.dtype(dtype), shape=tuple(shape))


# iota -- y[i] = i[dimension]
iota_p = Primitive("iota", differentiable=False)


def iota(dtype: Any, shape: Sequence[int], dimension: int = 0) -> Any:
    """Indices along an axis."""
    return iota_p.bind(dtype=np.dtype(dtype), shape=tuple(shape), dimension=dimension)


@iota_p.def_type
def _(*, dtype: dtypes.DType, shape: Shape, dimension: int) -> ShapedArray:
    aval = ShapedArray(shape, dtype)
    check_kind("iota", NUMBERS, aval)
    if not 0 <= dimension < len(shape):
        fail("iota", f"dimension {dimension} must be an axis", aval)
    return aval


@iota_p.def_value
def _(*, dtype: dtypes.DType, shape: Shape, dimension: int) -> np.ndarray:
    line = _native.call_quiet(np.arange(shape[dimension]).astype, dtype)
    return line if len(shape) == 1 else _native.broadcast_in_dim(line, shape, (dimension,))


@iota_p.def_batch
def _(args: Any, dims: Any, *, dtype: dtypes.DType, shape: Shape, dimension: int) -> Any:
    # Without arguments there is nothing to batch.
    return iota(dtype, shape, dimension), None


def expand_dims(x: Any, dimensions: Sequence[int]) -> Any:
    """Insert axes of size 1 so that they stand at `dimensions` of the result."""
    ndim = len(x.shape) + len(dimensions)
    added = {d % ndim for d in dimensions}
    kept = [d for d in range(ndim) if d not in added]
    shape = [1] * ndim
    for d, n in zip(kept, x.shape, strict=True):
        shape[d] = n
    return broadcast_in_dim(x, shape, kept)


def full(shape: Sequence[int], value: Any, dtype: Any) -> Any:
    """An array filled with a number."""
    return broadcast_in_dim(scalar(value, np.dtype(dtype)), shape, ())


def full_like(x: Any, value: Any) -> Any:
    """An array filled with a number, of the shape and dtype of x."""
    return full(x.shape, value, x.dtype)


def zeros(aval: ShapedArray) -> Any:
    """An array of zeros of a type."""
    if aval.dtype == dtypes.float0:
        return ArrayImpl(np.zeros(aval.shape, dtypes.float0), False)
    return full(aval.shape, 0, aval.dtype)


def spread(t: Any, shape: Shape) -> Any:
    """The tangent of a scalar operand as an array of this shape; others as they are."""
    if type(t) is Zero or t.shape == shape:
        return t
    assert t.shape == (), (t.shape, shape)
    return broadcast_in_dim(t, shape, ())


def gather_up(ct: Any, shape: Shape) -> Any:
    """Adjoint of `spread`: the cotangent of a scalar operand is a sum."""
    if ct.shape == shape:
        return ct
    assert shape == (), (ct.shape, shape)
    return reduce_sum(ct, range(len(ct.shape)))
