"""Sorting along one axis: sort, which moves other operands along, and top_k."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..core.aval import ShapedArray, canonical_axis, type_name
from ..core.primitive import Primitive, Zero
from ..core.trace import get_aval
from .batching import batch_size, to_axis
from .gather import gather
from .index import GatherDimensionNumbers, GatherScatterMode
from .rules import fail, zero_like
from .shape import expand_dims, iota

sort_p = Primitive("sort", multiple_results=True)
top_k_p = Primitive("top_k", multiple_results=True)


def take_along(x: Any, indices: Any, axis: int) -> Any:
    """y[i.., j, k..] = x[i.., indices[i.., j, k..], k..], for different indices in bounds."""
    shape = get_aval(x).shape
    ndim = len(shape)
    others = tuple(d for d in range(ndim) if d != axis)
    numbers = GatherDimensionNumbers((), (axis,), (axis,), others, others)
    return gather(
        x,
        expand_dims(indices, (ndim,)),
        numbers,
        tuple(min(n, 1) for n in shape),
        unique_indices=True,
        mode=GatherScatterMode.PROMISE_IN_BOUNDS,
    )


def order_keys(x: np.ndarray) -> list[np.ndarray]:
    """Unsigned integers in the order of x, the first ones deciding: -0 and 0 equal, NaN last."""
    kind = dtypes.kind(x.dtype)
    if kind == "complex":
        return [*order_keys(np.real(x)), *order_keys(np.imag(x))]
    if kind != "float":
        return [total_order_key(x)]
    # Adding 0 makes -0 to 0.
    key = total_order_key(np.asarray(x + x.dtype.type(0)))
    key[np.isnan(x)] = ~key.dtype.type(0)
    return [key]


def total_order_key(x: np.ndarray) -> np.ndarray:
    """An unsigned integer in the order of x: for floats -NaN < -inf < ... -0 < 0 ... < NaN."""
    kind = dtypes.kind(x.dtype)
    if kind == "float" and x.itemsize < 4:
        x = x.astype(np.float32)
    if kind in ("signed", "unsigned") and x.dtype.kind not in "iu":
        x = x.astype(np.int8)
    bits = x.view(f"u{x.itemsize}")
    if kind in ("bool", "unsigned"):
        return bits
    sign = bits.dtype.type(1 << (8 * bits.itemsize - 1))
    if kind == "signed":
        return bits ^ sign
    # A negative float's bits reversed, a positive one's with the sign bit set.
    return np.where(bits & sign, ~bits, bits | sign)


# From this size on, sorting packed pairs is faster than a stable argsort.
_PACKED_FROM = 256


def _packed(key: np.ndarray) -> np.ndarray | None:
    """Key and place in one integer each, along the last axis; None if they do not fit."""
    if key.itemsize > 4 or key.size < _PACKED_FROM:
        return None
    return key.astype(np.uint64) << np.uint64(32) | np.arange(key.shape[-1], dtype=np.uint64)


def _places(packed: np.ndarray) -> np.ndarray:
    return (packed & np.uint64(0xFFFFFFFF)).astype(np.intp)


def stable_order(keys: Sequence[np.ndarray]) -> np.ndarray:
    """The stable order of unsigned keys along the last axis."""
    if len(keys) > 1:
        return np.lexsort(tuple(reversed(keys)), axis=-1)
    packed = _packed(keys[0])
    if packed is None:
        return keys[0].argsort(axis=-1, kind="stable")
    packed.sort(axis=-1)
    return _places(packed)


# sort -- the operands along `dimension` in the order of the first `num_keys` of them
def sort(
    operands: Sequence[Any], dimension: int = -1, is_stable: bool = True, num_keys: int = 1
) -> list[Any]:
    """Operands of one shape, sorted together by the first of them."""
    dimension = canonical_axis(dimension, get_aval(operands[0]).ndim, "sort")
    return sort_p.bind(*operands, dimension=dimension, is_stable=is_stable, num_keys=num_keys)


@sort_p.def_type
def _(*avals, dimension, is_stable, num_keys):
    if any(a.shape != avals[0].shape for a in avals):
        fail("sort", "operands must have one shape", *avals)
    if not 1 <= num_keys <= len(avals):
        fail("sort", f"num_keys={num_keys} must be between 1 and {len(avals)}", *avals)
    if any(dtypes.kind(a.dtype) in ("key", "float0") for a in avals[:num_keys]):
        fail("sort", "keys to sort by must be numbers", *avals)
    return [ShapedArray(a.shape, a.dtype, a.weak_type) for a in avals]


@sort_p.def_value
def _(*operands, dimension, is_stable, num_keys):
    if len(operands) == 1 and operands[0].dtype.kind in "biuf":
        y = np.sort(operands[0], axis=dimension)
        if y.dtype.kind != "f" or not _has_both_zeros(y):
            return [y]
    keys = [k for x in operands[:num_keys] for k in order_keys(x.swapaxes(dimension, -1))]
    order = stable_order(keys).swapaxes(dimension, -1)
    return [np.take_along_axis(x, order, dimension) for x in operands]


def _has_both_zeros(x: np.ndarray) -> bool:
    """Whether there are 0 and -0, which NumPy leaves in any order."""
    negative = np.signbit(x[x == 0])
    return bool(negative.any() and not negative.all())


@sort_p.def_jvp
def _(primals, tangents, *, dimension, **params):
    places = iota(np.int32, get_aval(primals[0]).shape, dimension)
    *out, order = sort_p.bind(*primals, places, dimension=dimension, **params)
    moved = [
        zero_like(y) if type(t) is Zero else take_along(t, order, dimension)
        for y, t in zip(out, tangents, strict=True)
    ]
    return out, moved


@sort_p.def_batch
def _(args, dims, *, dimension, **params):
    size = batch_size(args, dims)
    dim = next(d for d in dims if d is not None)
    lined = [to_axis(x, d, size, dim) for x, d in zip(args, dims, strict=True)]
    out = sort_p.bind(*lined, dimension=dimension + (dim <= dimension), **params)
    return out, [dim] * len(out)


# top_k -- the k greatest elements along an axis in the total order, and where they are
def top_k(operand: Any, k: int, *, axis: int = -1) -> list[Any]:
    """The k greatest elements along an axis and their places."""
    axis = canonical_axis(axis, get_aval(operand).ndim, "top_k")
    return top_k_p.bind(operand, k=k, axis=axis)


@top_k_p.def_type
def _(x, *, k, axis):
    if dtypes.kind(x.dtype) not in ("bool", "signed", "unsigned", "float"):
        raise TypeError(f"top_k: real numbers are wanted, got {type_name(x)}")
    if not 0 <= k <= x.shape[axis]:
        raise ValueError(f"top_k: k={k} must be between 0 and the size of axis {axis} of {x.shape}")
    shape = (*x.shape[:axis], k, *x.shape[axis + 1 :])
    return [ShapedArray(shape, x.dtype, x.weak_type), ShapedArray(shape, dtypes.int32)]


@top_k_p.def_value
def _(x, *, k, axis):
    order = _first_places(~total_order_key(x.swapaxes(axis, -1)), k).swapaxes(axis, -1)
    return [np.take_along_axis(x, order, axis), order.astype(np.int32)]


def _first_places(key: np.ndarray, k: int) -> np.ndarray:
    """Where the k least keys are, in order."""
    packed = _packed(key)
    if packed is None:
        return stable_order([key])[..., :k]
    if 0 < k < packed.shape[-1]:
        packed = np.partition(packed, k - 1, axis=-1)
    packed = packed[..., :k]
    packed.sort(axis=-1)
    return _places(packed)


@top_k_p.def_jvp
def _(primals, tangents, *, k, axis):
    values, places = top_k_p.bind(*primals, k=k, axis=axis)
    return [values, places], [take_along(tangents[0], places, axis), zero_like(places)]


@top_k_p.def_batch
def _(args, dims, *, k, axis):
    (x,), (dim,) = args, dims
    return top_k_p.bind(x, k=k, axis=axis + (dim <= axis)), [dim, dim]
