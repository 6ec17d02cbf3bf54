"""Cutting and joining: slice and pad (adjoint), split and concatenate (adjoint), rev."""

import builtins
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from .. import _native
from ..core.aval import Shape, ShapedArray
from ..core.primitive import Linear, Primitive, Zero, instantiate
from ..core.trace import get_aval
from .arithmetic import sub
from .batching import batch_size, broadcast_batch, to_axis
from .rules import check_same_dtype, const, deflinear, fail, scalar, zero_like
from .select import select
from .shape import Axes, broadcast_in_dim, full, reduce_sum, reduced_shape, zeros

PaddingConfig = tuple[tuple[int, int, int], ...]

# slice -- y[i] = x[start + i stride]
slice_p = Primitive("slice", linear=True)
deflinear(slice_p)


def slice(
    x: Any,
    start_indices: Sequence[int],
    limit_indices: Sequence[int],
    strides: Sequence[int] | None = None,
) -> Any:
    """The elements from start to limit by stride, on each axis."""
    return slice_p.bind(
        x,
        start_indices=tuple(start_indices),
        limit_indices=tuple(limit_indices),
        strides=None if strides is None else tuple(strides),
    )


@slice_p.def_type
def _(
    x: ShapedArray, *, start_indices: Axes, limit_indices: Axes, strides: Axes | None
) -> ShapedArray:
    steps = strides or (1,) * x.ndim
    what = f"start_indices {start_indices}, limit_indices {limit_indices}, strides {strides}"
    if not len(start_indices) == len(limit_indices) == len(steps) == x.ndim:
        fail("slice", f"{what} must have one entry an axis", x)
    bounds = list(zip(start_indices, limit_indices, x.shape, strict=True))
    if any(not 0 <= start <= limit <= n for start, limit, n in bounds):
        fail("slice", f"{what} must satisfy 0 <= start <= limit <= size", x)
    if any(s < 1 for s in steps):
        fail("slice", f"{what} must have positive strides", x)
    shape = [-((start - limit) // s) for (start, limit, _), s in zip(bounds, steps, strict=True)]
    return ShapedArray(shape, x.dtype, x.weak_type)


@slice_p.def_value
def _(
    x: np.ndarray, *, start_indices: Axes, limit_indices: Axes, strides: Axes | None
) -> np.ndarray:
    return _native.slice(x, start_indices, limit_indices, strides or (1,) * x.ndim)


@slice_p.def_transpose
def _(
    ct: Any, x: Any, *, start_indices: Axes, limit_indices: Axes, strides: Axes | None
) -> list[Any]:
    steps = strides or (1,) * len(start_indices)
    config = []
    for start, step, n, full_size in zip(start_indices, steps, ct.shape, x.aval.shape, strict=True):
        reach = start + (1 + step * (n - 1) if n else 0)
        config.append((start, full_size - reach, step - 1))
    return [pad(ct, const(ct, 0), config)]


@slice_p.def_batch
def _(
    args: Any, dims: Any, *, start_indices: Axes, limit_indices: Axes, strides: Axes | None
) -> Any:
    (x,), (dim,) = args, dims
    start, limit = list(start_indices), list(limit_indices)
    start.insert(dim, 0)
    limit.insert(dim, x.shape[dim])
    if strides is None:
        return slice(x, start, limit), dim
    return slice(x, start, limit, (*strides[:dim], 1, *strides[dim:])), dim


def slice_in_dim(x: Any, start_index: int, limit_index: int, stride: int = 1, axis: int = 0) -> Any:
    """The elements from start to limit by stride along one axis."""
    starts, limits, strides = [0] * len(x.shape), list(x.shape), [1] * len(x.shape)
    starts[axis], limits[axis], strides[axis] = start_index, limit_index, stride
    return slice(x, starts, limits, strides if stride > 1 else None)


# pad -- y[low + i (1 + interior)] = x[i], the padding value elsewhere; negative low and high cut
pad_p = Primitive("pad", linear=True)


def pad(x: Any, padding_value: Any, padding_config: Sequence[Sequence[int]]) -> Any:
    """Put a value before, after and between the elements of each axis: (low, high, interior)."""
    config = tuple(tuple(int(n) for n in axis) for axis in padding_config)
    return pad_p.bind(x, padding_value, padding_config=config)


@pad_p.def_type
def _(x: ShapedArray, value: ShapedArray, *, padding_config: PaddingConfig) -> ShapedArray:
    check_same_dtype("pad", x, value)
    if value.shape:
        fail("pad", "the padding value must be a scalar", x, value)
    if len(padding_config) != x.ndim:
        fail("pad", f"padding_config {padding_config} must have one entry an axis", x)
    if any(interior < 0 for _, _, interior in padding_config):
        fail("pad", f"padding_config {padding_config} must have interior >= 0", x)
    shape = padded_shape(x.shape, padding_config)
    if any(n < 0 for n in shape):
        fail("pad", f"padding_config {padding_config} leaves negative sizes {shape}", x)
    return ShapedArray(shape, x.dtype, x.weak_type and value.weak_type)


def padded_shape(shape: Shape, config: PaddingConfig) -> Shape:
    """The shape after padding."""
    sizes = zip(shape, config, strict=True)
    return tuple(low + high + n + max(n - 1, 0) * between for n, (low, high, between) in sizes)


@pad_p.def_value
def _(x: np.ndarray, value: np.ndarray, *, padding_config: PaddingConfig) -> np.ndarray:
    shape, source, place = _padding(x.shape, padding_config)
    out = np.empty(shape, x.dtype)
    out[...] = value
    out[place] = x[source]
    return out


@lru_cache(maxsize=4096)
def _padding(shape: Shape, config: PaddingConfig) -> tuple[Shape, Any, Any]:
    """The padded shape, the elements that stay, and where they go."""
    padded = padded_shape(shape, config)
    axes = zip(shape, padded, config, strict=True)
    windows = [_window(n, size, low, interior + 1) for n, size, (low, _, interior) in axes]
    return padded, tuple(source for source, _ in windows), tuple(place for _, place in windows)


def _window(n: int, size: int, low: int, step: int) -> tuple[builtins.slice, builtins.slice]:
    """Which elements of an axis padding keeps, and where they go: i to low + i step."""
    first = max(0, -(low // step))
    stop = min(n, -((low - size) // step))
    if stop <= first:
        return builtins.slice(0, 0), builtins.slice(0, 0)
    place = builtins.slice(low + first * step, low + (stop - 1) * step + 1, step)
    return builtins.slice(first, stop), place


@pad_p.def_jvp
def _(primals: Any, tangents: Any, *, padding_config: PaddingConfig) -> Any:
    out = pad(*primals, padding_config=padding_config)
    tx, tv = tangents
    if type(tx) is Zero and type(tv) is Zero:
        return out, zero_like(out)
    tx = instantiate(tx, zeros)
    return out, pad(tx, const(tx, 0) if type(tv) is Zero else tv, padding_config)


@pad_p.def_transpose
def _(ct: Any, x: Any, value: Any, *, padding_config: PaddingConfig) -> list[Any]:
    cut = pad(ct, const(ct, 0), [(-low, -high, 0) for low, high, _ in padding_config])
    ct_x = slice(cut, [0] * len(cut.shape), cut.shape, [k + 1 for _, _, k in padding_config])
    if type(value) is not Linear:
        return [ct_x, None]
    axes = range(len(ct.shape))
    return [ct_x, sub(reduce_sum(ct, axes), reduce_sum(ct_x, axes))]


@pad_p.def_batch
def _(args: Any, dims: Any, *, padding_config: PaddingConfig) -> Any:
    (x, value), (dim, value_dim) = args, dims
    if dim is None:
        x, dim = broadcast_batch(x, batch_size(args, dims), 0), 0
    config = (*padding_config[:dim], (0, 0, 0), *padding_config[dim:])
    if value_dim is None:
        return pad(x, value, config), dim
    padded = pad(x, const(x, 0), config)
    inside = pad(full(x.shape, True, bool), scalar(False, np.dtype(bool)), config)
    values = broadcast_in_dim(value, padded.shape, (dim,))
    return select(inside, padded, values), dim


# concatenate -- the operands one after another along an axis
concatenate_p = Primitive("concatenate", linear=True)


def concatenate(operands: Sequence[Any], dimension: int) -> Any:
    """Join arrays along an axis."""
    return concatenate_p.bind(*operands, dimension=dimension)


@concatenate_p.def_type
def _(*operands: ShapedArray, dimension: int) -> ShapedArray:
    if not operands:
        raise TypeError("concatenate expects at least one operand, got 0")
    check_same_dtype("concatenate", *operands)
    first = operands[0]
    if not 0 <= dimension < first.ndim:
        fail("concatenate", f"dimension {dimension} must be an axis", *operands)
    rests = {(*x.shape[:dimension], 0, *x.shape[dimension + 1 :]) for x in operands}
    if len(rests) > 1:
        fail("concatenate", f"the shapes must agree but for axis {dimension}", *operands)
    size = sum(x.shape[dimension] for x in operands)
    shape = (*first.shape[:dimension], size, *first.shape[dimension + 1 :])
    return ShapedArray(shape, first.dtype, all(x.weak_type for x in operands))


@concatenate_p.def_value
def _(*operands: np.ndarray, dimension: int) -> np.ndarray:
    return np.concatenate(operands, dimension)


@concatenate_p.def_jvp
def _(primals: Any, tangents: Any, *, dimension: int) -> Any:
    out = concatenate(primals, dimension)
    if all(type(t) is Zero for t in tangents):
        return out, zero_like(out)
    return out, concatenate([instantiate(t, zeros) for t in tangents], dimension)


@concatenate_p.def_transpose
def _(ct: Any, *operands: Any, dimension: int) -> list[Any]:
    start, cts = 0, []
    for x in operands:
        shape = get_aval(x).shape if type(x) is not Linear else x.aval.shape
        stop = start + shape[dimension]
        cts.append(slice_in_dim(ct, start, stop, axis=dimension) if type(x) is Linear else None)
        start = stop
    return cts


@concatenate_p.def_batch
def _(args: Any, dims: Any, *, dimension: int) -> Any:
    size, dim = batch_size(args, dims), next(d for d in dims if d is not None)
    operands = [to_axis(x, d, size, dim) for x, d in zip(args, dims, strict=True)]
    return concatenate(operands, dimension + (dimension >= dim)), dim


# split -- an array cut along an axis into pieces of given sizes
split_p = Primitive("split", multiple_results=True, linear=True)


def split(x: Any, sizes: Sequence[int], axis: int = 0) -> list[Any]:
    """Cut an array along an axis into pieces of given sizes."""
    return split_p.bind(x, sizes=tuple(sizes), axis=axis)


@split_p.def_type
def _(x: ShapedArray, *, sizes: Shape, axis: int) -> list[ShapedArray]:
    if not 0 <= axis < x.ndim:
        fail("split", f"axis {axis} must be an axis", x)
    if any(n < 0 for n in sizes) or sum(sizes) != x.shape[axis]:
        fail("split", f"sizes {sizes} must add up to the size of axis {axis}", x)
    shapes = [(*x.shape[:axis], n, *x.shape[axis + 1 :]) for n in sizes]
    return [ShapedArray(shape, x.dtype, x.weak_type) for shape in shapes]


@split_p.def_value
def _(x: np.ndarray, *, sizes: Shape, axis: int) -> list[np.ndarray]:
    starts, limits, steps = [0] * x.ndim, list(x.shape), [1] * x.ndim
    pieces = []
    for n in sizes:
        limits[axis] = starts[axis] + n
        pieces.append(_native.slice(x, tuple(starts), tuple(limits), tuple(steps)))
        starts[axis] += n
    return pieces


@split_p.def_jvp
def _(primals: Any, tangents: Any, *, sizes: Shape, axis: int) -> Any:
    outs = split(*primals, sizes=sizes, axis=axis)
    (t,) = tangents
    return outs, ([zero_like(o) for o in outs] if type(t) is Zero else split(t, sizes, axis))


@split_p.def_transpose
def _(cts: Any, x: Any, *, sizes: Shape, axis: int) -> list[Any]:
    return [concatenate([instantiate(ct, zeros) for ct in cts], axis)]


@split_p.def_batch
def _(args: Any, dims: Any, *, sizes: Shape, axis: int) -> Any:
    (x,), (dim,) = args, dims
    return split(x, sizes, axis + (axis >= dim)), [dim] * len(sizes)


# rev -- y[i] = x[n - 1 - i] along some axes
rev_p = Primitive("rev", linear=True)
deflinear(rev_p)


def rev(x: Any, dimensions: Sequence[int]) -> Any:
    """The elements in reverse order along axes."""
    return rev_p.bind(x, dimensions=tuple(dimensions))


@rev_p.def_type
def _(x: ShapedArray, *, dimensions: Axes) -> ShapedArray:
    reduced_shape("rev", x, dimensions)
    return x


@rev_p.def_value
def _(x: np.ndarray, *, dimensions: Axes) -> np.ndarray:
    backward, forward = builtins.slice(None, None, -1), builtins.slice(None)
    return x[tuple([backward if d in dimensions else forward for d in range(x.ndim)])]


@rev_p.def_transpose
def _(ct: Any, x: Any, *, dimensions: Axes) -> list[Any]:
    return [rev(ct, dimensions)]


@rev_p.def_batch
def _(args: Any, dims: Any, *, dimensions: Axes) -> Any:
    (x,), (dim,) = args, dims
    return rev(x, [d + (d >= dim) for d in dimensions]), dim
