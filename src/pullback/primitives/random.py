"""Random bits, and keys from seeds, splits and folds: each stands for a program of hashes.

They are those of JAX's counter mode `threefry_partitionable`: each word depends on its place
alone. Values are computed at once; compilers see the program, by `inline`. Keys of `OTHERS` have
programs of their own.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

import numpy as np

from .. import _native, dtypes
from ..core.aval import Shape, ShapedArray, type_name
from ..core.ir import Jaxpr
from ..core.primitive import Primitive
from ..core.stage import stage
from ..core.symbolic import guess
from ..core.trace import eager, get_aval, use
from .batching import batch_size, move_axis, to_axis
from .bitwise import bitwise_or, bitwise_xor, shift_left, shift_right_logical
from .convert import convert_element_type
from .pieces import concatenate, slice
from .rules import fail, scalar
from .shape import broadcast_in_dim, expand_dims, full, full_like, iota, reshape, squeeze
from .threefry import IMPLEMENTATIONS, random_unwrap, random_wrap, threefry2x32

uint8, uint16 = np.dtype(np.uint8), np.dtype(np.uint16)
WORDS = {8: uint8, 16: uint16, 32: dtypes.uint32, 64: dtypes.uint64}

random_bits_p = Primitive("random_bits", differentiable=False)
random_split_p = Primitive("random_split", differentiable=False)
random_fold_in_p = Primitive("random_fold_in", differentiable=False)
random_seed_p = Primitive("random_seed", differentiable=False)


class Implementation(NamedTuple):
    """Another way of making random numbers: programs as those of threefry's primitives."""

    seed: Callable[..., Any]
    bits: Callable[..., Any]
    split: Callable[..., Any]
    fold_in: Callable[..., Any]


OTHERS: dict[str, Implementation] = {}


def _other(keys: Any) -> Implementation | None:
    """How keys make numbers that are not threefry's, the only ones of two words."""
    return None if keys.dtype.itemsize == 8 else OTHERS[dtypes.KEY_DTYPES[keys.dtype]]


def _computed(program: Callable[..., Any], *args: Any) -> Any:
    """The values of a program, which may be asked for under any trace."""
    with use(eager):
        return program(*args)._npy


def _stands_for(primitive: Primitive, program: Callable[..., Any]) -> None:
    """The program that the primitive is inlined as: a function of its operands."""

    @lru_cache(maxsize=4096)
    def staged(avals: Sequence[ShapedArray], params: Sequence[tuple[str, Any]]) -> Jaxpr:
        return stage(lambda *args: [program(*args, **dict(params))], avals).jaxpr

    primitive.inline = lambda eqn: staged(
        tuple(v.aval for v in eqn.invars), tuple(eqn.params.items())
    )


def _check_keys(name: str, keys: ShapedArray) -> None:
    if dtypes.kind(keys.dtype) != "key":
        raise TypeError(f"{name}: typed random keys are wanted, got {type_name(keys)}")


def _check_count(shape: Shape) -> None:
    """Places are numbers of 32 bits: asked where they are made, as shapes alone may be larger."""
    if guess(prod(shape)) >= 2**32:
        raise NotImplementedError(f"random: at most 2**32 words from one key, got shape {shape}")


def _word(pairs: Any, k: int) -> Any:
    """Word k of pairs [..., 2]."""
    shape = get_aval(pairs).shape
    last = len(shape) - 1
    taken = slice(pairs, (0,) * last + (k,), (*shape[:-1], k + 1))
    return squeeze(taken, (last,))


def key_words(keys: Any) -> tuple[Any, Any]:
    """Both words of each key."""
    words = random_unwrap(keys)
    return _word(words, 0), _word(words, 1)


def _pairs(low: Any, high: Any) -> Any:
    """Two arrays as the last axis of one."""
    last = get_aval(low).ndim
    return concatenate([expand_dims(low, (last,)), expand_dims(high, (last,))], last)


def _hash_places(keys: Any, shape: Shape) -> list[Any]:
    """The hashes of 0, 1, 2... under each key: two arrays of shape keys.shape + shape."""
    _check_count(shape)
    k0, k1 = key_words(keys)
    size = prod(shape)
    places = reshape(iota(np.uint32, (size,)), shape) if shape else scalar(0, dtypes.uint32)
    batch = get_aval(keys).shape
    if batch:
        outer, inner = range(len(batch)), range(len(batch), len(batch) + len(shape))
        k0, k1 = (broadcast_in_dim(k, batch + shape, outer) for k in (k0, k1))
        places = broadcast_in_dim(places, batch + shape, inner)
    return threefry2x32(k0, k1, full_like(places, 0), places)


def _hash_values(keys: np.ndarray, shape: Shape) -> tuple[np.ndarray, np.ndarray]:
    """The same, computed."""
    _check_count(shape)
    words, full = keys["fry"], keys.shape + shape
    if not keys.ndim:
        low, high = words.tolist()
        return _native.threefry_places(low, high, shape)
    ends = keys.shape + (1,) * len(shape)
    k0, k1 = (np.broadcast_to(words[..., k].reshape(ends), full) for k in (0, 1))
    places = np.arange(prod(shape), dtype=np.uint32).reshape(shape)
    places = np.broadcast_to(places, full)
    return _native.threefry2x32(k0, k1, np.zeros(full, np.uint32), places)


def _wrap_values(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    words = np.empty((*low.shape, 2), np.uint32)
    words[..., 0], words[..., 1] = low, high
    return words.view(dtypes.key_fry)[..., 0]


# random_bits -- unsigned integers of uniform bits, shape keys.shape + shape
def random_bits(keys: Any, bit_width: int, shape: Shape) -> Any:
    """Uniform bits under each key, in words of 8, 16, 32 or 64 bits."""
    return random_bits_p.bind(keys, bit_width=bit_width, shape=shape)


@random_bits_p.def_type
def _(keys, *, bit_width, shape):
    _check_keys("random_bits", keys)
    return ShapedArray(keys.shape + shape, WORDS[bit_width])


@random_bits_p.def_value
def _(keys, *, bit_width, shape):
    other = _other(keys)
    if other:
        return _computed(other.bits, keys, bit_width, shape)
    y0, y1 = _hash_values(keys, shape)
    if bit_width == 64:
        return y0.astype(np.uint64) << np.uint64(32) | y1
    bits = np.bitwise_xor(y0, y1, out=y0)
    return bits if bit_width == 32 else bits.astype(WORDS[bit_width])


def _bits_program(keys: Any, bit_width: int, shape: Shape) -> Any:
    other = _other(keys)
    if other:
        return other.bits(keys, bit_width, shape)
    y0, y1 = _hash_places(keys, shape)
    return joined_words(y0, y1, bit_width)


def bits_at(key: Any, places: Any, bit_width: int) -> Any:
    """What `random_bits` draws of one key of threefry2x32 at these places."""
    low, high = key_words(key)
    y0, y1 = threefry2x32(low, high, full_like(places, 0), places)
    return joined_words(y0, y1, bit_width)


def joined_words(y0: Any, y1: Any, bit_width: int) -> Any:
    """The bits that both words of a hash make."""
    word = WORDS[bit_width]
    if bit_width == 64:
        high = shift_left(convert_element_type(y0, word), scalar(32, word))
        return bitwise_or(high, convert_element_type(y1, word))
    bits = bitwise_xor(y0, y1)
    return bits if bit_width == 32 else convert_element_type(bits, word)


_stands_for(random_bits_p, _bits_program)


# random_split -- new keys from each key, shape keys.shape + shape
def random_split(keys: Any, shape: Shape) -> Any:
    """New keys from each key."""
    return random_split_p.bind(keys, shape=shape)


@random_split_p.def_type
def _(keys, *, shape):
    _check_keys("random_split", keys)
    return ShapedArray(keys.shape + shape, keys.dtype)


@random_split_p.def_value
def _(keys, *, shape):
    other = _other(keys)
    if other:
        return _computed(other.split, keys, shape)
    return _wrap_values(*_hash_values(keys, shape))


def _split_program(keys: Any, shape: Shape) -> Any:
    other = _other(keys)
    return other.split(keys, shape) if other else random_wrap(_pairs(*_hash_places(keys, shape)))


_stands_for(random_split_p, _split_program)


def _keys_first(primitive: Primitive) -> None:
    """Batching of what keys make: the batch is one more axis of keys."""

    @primitive.def_batch
    def _(args: Any, dims: Any, **params: Any) -> Any:
        return primitive.bind(move_axis(args[0], dims[0], 0), **params), 0


_keys_first(random_bits_p)
_keys_first(random_split_p)


# random_fold_in -- a new key from each key and a uint32 number for it
def random_fold_in(keys: Any, data: Any) -> Any:
    """A new key from each key and a number: one for all, or one for each."""
    return random_fold_in_p.bind(keys, data)


@random_fold_in_p.def_type
def _(keys, data):
    _check_keys("random_fold_in", keys)
    if data.dtype != dtypes.uint32 or data.shape not in ((), keys.shape):
        fail("random_fold_in", "a uint32 number, or one for each key, is wanted", keys, data)
    return ShapedArray(keys.shape, keys.dtype)


@random_fold_in_p.def_value
def _(keys, data):
    other = _other(keys)
    if other:
        return _computed(other.fold_in, keys, data)
    words = keys["fry"]
    data = np.broadcast_to(data, keys.shape) if data.shape != keys.shape else data
    zero = np.zeros(keys.shape, np.uint32)
    return _wrap_values(*_native.threefry2x32(words[..., 0], words[..., 1], zero, data))


def _fold_in_program(keys: Any, data: Any) -> Any:
    other = _other(keys)
    if other:
        return other.fold_in(keys, data)
    k0, k1 = key_words(keys)
    shape = get_aval(keys).shape
    if get_aval(data).shape != shape:
        data = broadcast_in_dim(data, shape, ())
    return random_wrap(_pairs(*threefry2x32(k0, k1, full(shape, 0, dtypes.uint32), data)))


_stands_for(random_fold_in_p, _fold_in_program)


@random_fold_in_p.def_batch
def _(args, dims):
    size = batch_size(args, dims)
    keys = to_axis(args[0], dims[0], size, 0)
    data = args[1] if dims[1] is None else move_axis(args[1], dims[1], 0)
    shape = get_aval(keys).shape
    if dims[1] is not None and get_aval(data).ndim < len(shape):
        data = broadcast_in_dim(data, shape, (0,))
    elif dims[1] is None and get_aval(data).ndim:
        data = to_axis(data, None, size, 0)
    return random_fold_in_p.bind(keys, data), 0


# random_seed -- keys from integers; the low word second, the high word of 64-bit ones first
def random_seed(seeds: Any, impl: str = "fry") -> Any:
    """Keys from integers."""
    return random_seed_p.bind(seeds, impl=impl)


@random_seed_p.def_type
def _(seeds, *, impl):
    if not dtypes.is_integer(seeds.dtype):
        raise TypeError(f"random_seed: integers are wanted, got {type_name(seeds)}")
    return ShapedArray(seeds.shape, IMPLEMENTATIONS[impl])


@random_seed_p.def_value
def _(seeds, *, impl):
    if impl in OTHERS:
        return _computed(OTHERS[impl].seed, seeds)
    low = seeds.astype(np.uint32)
    wide = seeds.dtype.itemsize == 8
    high = (
        (seeds.view(np.uint64) >> np.uint64(32)).astype(np.uint32) if wide else np.zeros_like(low)
    )
    return _wrap_values(high, low)


def _seed_program(seeds: Any, impl: str) -> Any:
    if impl in OTHERS:
        return OTHERS[impl].seed(seeds)
    dtype = get_aval(seeds).dtype
    low = convert_element_type(seeds, dtypes.uint32)
    if dtype.itemsize < 8:
        return random_wrap(_pairs(full_like(low, 0), low), impl)
    high = shift_right_logical(seeds, scalar(32, dtype))
    return random_wrap(_pairs(convert_element_type(high, dtypes.uint32), low), impl)


_stands_for(random_seed_p, _seed_program)


@random_seed_p.def_batch
def _(args, dims, *, impl):
    return random_seed_p.bind(*args, impl=impl), dims[0]
