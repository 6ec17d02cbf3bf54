"""Random bits: typed keys, the threefry2x32 hash, and the functions composed of it.

A key is one element of an opaque dtype that holds two 32-bit words. Bits, splits and folds are
those of JAX's counter mode `threefry_partitionable`: each word depends on its place alone.
"""

from math import prod
from typing import Any

import numpy as np

from .. import _native, dtypes
from ..core.aval import Shape, ShapedArray, type_name
from ..core.primitive import Primitive
from ..core.trace import get_aval
from .batching import batch_size, to_axis
from .bitwise import bitwise_or, bitwise_xor, shift_left, shift_right_logical
from .convert import convert_element_type
from .pieces import concatenate, slice
from .rules import fail, scalar
from .shape import broadcast_in_dim, expand_dims, full, full_like, iota, reshape, squeeze

IMPLEMENTATIONS = {"fry": dtypes.key_fry}
uint8, uint16 = np.dtype(np.uint8), np.dtype(np.uint16)
WORDS = {8: uint8, 16: uint16, 32: dtypes.uint32, 64: dtypes.uint64}

random_wrap_p = Primitive("random_wrap", differentiable=False)
random_unwrap_p = Primitive("random_unwrap", differentiable=False)
threefry2x32_p = Primitive("threefry2x32", multiple_results=True, differentiable=False)


# random_wrap -- uint32[..., 2] -> key<fry>[...]
def random_wrap(words: Any, impl: str = "fry") -> Any:
    """Typed keys of pairs of words."""
    return random_wrap_p.bind(words, impl=impl)


@random_wrap_p.def_type
def _(words, *, impl):
    if words.dtype != dtypes.uint32 or words.ndim == 0 or words.shape[-1] != 2:
        raise TypeError(f"random_wrap: uint32[..., 2] is wanted, got {type_name(words)}")
    return ShapedArray(words.shape[:-1], IMPLEMENTATIONS[impl])


@random_wrap_p.def_value
def _(words, *, impl):
    return np.ascontiguousarray(words).view(IMPLEMENTATIONS[impl])[..., 0]


@random_wrap_p.def_batch
def _(args, dims, *, impl):
    return random_wrap_p.bind(to_axis(args[0], dims[0], 0, 0), impl=impl), 0


# random_unwrap -- its inverse
def random_unwrap(keys: Any) -> Any:
    """The words of typed keys."""
    return random_unwrap_p.bind(keys)


@random_unwrap_p.def_type
def _(keys):
    if dtypes.kind(keys.dtype) != "key":
        raise TypeError(f"random_unwrap: typed random keys are wanted, got {type_name(keys)}")
    return ShapedArray((*keys.shape, 2), dtypes.uint32)


@random_unwrap_p.def_value
def _(keys):
    return keys["fry"]


@random_unwrap_p.def_batch
def _(args, dims):
    return random_unwrap_p.bind(*args), dims[0]


# threefry2x32 -- two words y = hash(k, x) of two words x under a key of two words k
def threefry2x32(k0: Any, k1: Any, x0: Any, x1: Any) -> list[Any]:
    """Hash pairs of words under one key, without axes, or under a key for each pair."""
    return threefry2x32_p.bind(k0, k1, x0, x1)


@threefry2x32_p.def_type
def _(k0, k1, x0, x1):
    avals = (k0, k1, x0, x1)
    if any(a.dtype != dtypes.uint32 for a in avals):
        fail("threefry2x32", "four uint32 arrays are wanted", *avals)
    if x0.shape != x1.shape or k0.shape != k1.shape or k0.shape not in ((), x0.shape):
        fail("threefry2x32", "one key, or keys of the words' shape, are wanted", *avals)
    return [ShapedArray(x0.shape, dtypes.uint32)] * 2


@threefry2x32_p.def_value
def _(k0, k1, x0, x1):
    return list(_native.threefry2x32(k0, k1, x0, x1))


@threefry2x32_p.def_batch
def _(args, dims):
    size = batch_size(args, dims)
    shape = _own_shape(args[2], dims[2])
    one_key = dims[:2] == (None, None) and get_aval(args[0]).shape == ()
    keys = args[:2] if one_key else [_line_up(x, d, size, shape) for x, d in _pair(args, dims, 0)]
    words = [_line_up(x, d, size, shape) for x, d in _pair(args, dims, 2)]
    return threefry2x32(*keys, *words), [0, 0]


def _pair(args: Any, dims: Any, k: int) -> Any:
    return zip(args[k : k + 2], dims[k : k + 2], strict=True)


def _line_up(x: Any, dim: int | None, size: int, shape: Shape) -> Any:
    """An operand as an array of shape (size, *shape)."""
    if _own_shape(x, dim) == shape:
        return to_axis(x, dim, size, 0)
    return broadcast_in_dim(x, (size, *shape), () if dim is None else (0,))


def _own_shape(x: Any, dim: int | None) -> Shape:
    shape = get_aval(x).shape
    return shape if dim is None else shape[:dim] + shape[dim + 1 :]


def _word(pairs: Any, k: int) -> Any:
    """Word k of pairs [..., 2]."""
    shape = get_aval(pairs).shape
    last = len(shape) - 1
    taken = slice(pairs, (0,) * last + (k,), (*shape[:-1], k + 1))
    return squeeze(taken, (last,))


def _pairs(low: Any, high: Any) -> Any:
    """Two arrays as the last axis of one."""
    last = get_aval(low).ndim
    return concatenate([expand_dims(low, (last,)), expand_dims(high, (last,))], last)


def _hash_places(keys: Any, shape: Shape) -> list[Any]:
    """The hashes of 0, 1, 2... under each key: two arrays of shape keys.shape + shape."""
    size = prod(shape)
    if size >= 2**32:
        raise NotImplementedError(f"random: at most 2**32 numbers at once, got shape {shape}")
    words = random_unwrap(keys)
    k0, k1 = _word(words, 0), _word(words, 1)
    places = reshape(iota(np.uint32, (size,)), shape) if shape else scalar(0, dtypes.uint32)
    batch = get_aval(keys).shape
    if batch:
        outer, inner = range(len(batch)), range(len(batch), len(batch) + len(shape))
        k0, k1 = (broadcast_in_dim(k, batch + shape, outer) for k in (k0, k1))
        places = broadcast_in_dim(places, batch + shape, inner)
    return threefry2x32(k0, k1, full_like(places, 0), places)


def random_bits(keys: Any, bit_width: int, shape: Shape) -> Any:
    """Unsigned integers of uniform bits, shape keys.shape + shape."""
    y0, y1 = _hash_places(keys, shape)
    word = WORDS[bit_width]
    if bit_width == 64:
        high = shift_left(convert_element_type(y0, word), scalar(32, word))
        return bitwise_or(high, convert_element_type(y1, word))
    bits = bitwise_xor(y0, y1)
    return bits if bit_width == 32 else convert_element_type(bits, word)


def random_split(keys: Any, shape: Shape) -> Any:
    """New keys from each key, shape keys.shape + shape."""
    return random_wrap(_pairs(*_hash_places(keys, shape)))


def random_fold_in(keys: Any, data: Any) -> Any:
    """A new key from each key and a uint32 number, or a number for each key."""
    words = random_unwrap(keys)
    k0, k1 = _word(words, 0), _word(words, 1)
    shape = get_aval(keys).shape
    if get_aval(data).shape != shape:
        data = broadcast_in_dim(data, shape, ())
    return random_wrap(_pairs(*threefry2x32(k0, k1, full(shape, 0, dtypes.uint32), data)))


def random_seed(seeds: Any) -> Any:
    """Keys from integers."""
    dtype = get_aval(seeds).dtype
    low = convert_element_type(seeds, dtypes.uint32)
    if dtype.itemsize < 8:
        return random_wrap(_pairs(full_like(low, 0), low))
    high = shift_right_logical(seeds, scalar(32, dtype))
    return random_wrap(_pairs(convert_element_type(high, dtypes.uint32), low))
