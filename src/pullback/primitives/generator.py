"""rng_bit_generator: random bits and the next state, by counting. rng_uniform: of a hidden state.

Threefry-2x32 and Philox-4x32 are Salmon et al.'s (2011, Parallel random numbers: as easy as 1, 2,
3). The order of the words is XLA's.
"""

from collections.abc import Callable, Sequence
from enum import IntEnum
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from .. import dtypes
from ..core.aval import Shape, ShapedArray, type_name
from ..core.ir import Jaxpr
from ..core.primitive import Effect, Primitive
from ..core.stage import stage
from ..core.trace import eager, get_aval, use
from .arithmetic import add, mul, sub
from .batching import move_axis, to_axis
from .bitwise import bitwise_or, bitwise_xor, shift_left, shift_right_logical
from .compare import lt
from .convert import convert_element_type
from .dynamic import dynamic_update_slice
from .mulhi import mulhi
from .pieces import concatenate, slice
from .rules import scalar
from .shape import broadcast_in_dim, expand_dims, iota, reshape, squeeze
from .threefry import threefry2x32

U32, U64 = dtypes.uint32, dtypes.uint64


class RandomAlgorithm(IntEnum):
    """How `rng_bit_generator` makes bits. The default is Philox.

    >>> key = pnp.zeros(4, dtype="uint32")
    >>> kind = pb.lax.RandomAlgorithm.RNG_THREE_FRY
    >>> key, bits = pb.lax.rng_bit_generator(key, (2,), algorithm=kind)
    >>> bits.dtype
    dtype('uint32')
    """

    RNG_DEFAULT = 0
    RNG_THREE_FRY = 1
    RNG_PHILOX = 2

    def __str__(self) -> str:
        return self.name


rng_bit_generator_p = Primitive("rng_bit_generator", multiple_results=True, differentiable=False)
rng_uniform_p = Primitive("rng_uniform", differentiable=False, effect=Effect.IO)


# rng_bit_generator -- (the state behind the bits, bits) of a state: a key and a counter of 64 bits
def rng_bit_generator(
    key: Any,
    shape: Sequence[int],
    dtype: Any = np.uint32,
    algorithm: RandomAlgorithm = RandomAlgorithm.RNG_DEFAULT,
) -> list[Any]:
    """The next state, and random bits in words of `dtype`."""
    return rng_bit_generator_p.bind(
        key, shape=tuple(shape), dtype=np.dtype(dtype), algorithm=RandomAlgorithm(algorithm)
    )


@rng_bit_generator_p.def_type
def _(key, *, shape, dtype, algorithm):
    if (key.shape, key.dtype) not in (((4,), U32), ((2,), U64)):
        raise TypeError(
            "rng_bit_generator: the key must be uint32[4] or uint64[2], got"
            f" {type_name(key)}: random.key_data(random.key(0, impl='rbg')) is one"
        )
    return [key.strip_weak_type(), ShapedArray(shape, dtype)]


@lru_cache(maxsize=4096)
def _staged(key: ShapedArray, shape: Shape, dtype: Any, algorithm: RandomAlgorithm) -> Jaxpr:
    return stage(lambda key: _program(key, shape, dtype, algorithm), [key]).jaxpr


@rng_bit_generator_p.def_inline
def _(eqn):
    return _staged(eqn.invars[0].aval, **eqn.params)


@rng_bit_generator_p.def_value
def _(key, *, shape, dtype, algorithm):
    with use(eager):
        return [x._npy for x in _program(key, shape, dtype, algorithm)]


@rng_bit_generator_p.def_batch
def _(args, dims, *, shape, dtype, algorithm):
    """As in JAX: the bits of all follow from the first state, which alone moves on."""
    keys = move_axis(args[0], dims[0], 0)
    aval = get_aval(keys)
    if aval.shape[0] == 0:
        bits = broadcast_in_dim(scalar(0, dtype), (0, *shape), ())
        return [keys, bits], [0, 0]
    first = squeeze(slice(keys, (0, 0), (1, aval.shape[1])), (0,))
    params = {"shape": (aval.shape[0], *shape), "dtype": dtype, "algorithm": algorithm}
    new, bits = rng_bit_generator_p.bind(first, **params)
    zero = scalar(0, dtypes.int32)
    return [dynamic_update_slice(keys, expand_dims(new, (0,)), [zero, zero]), bits], [0, 0]


def _program(key: Any, shape: Shape, dtype: Any, algorithm: RandomAlgorithm) -> list[Any]:
    k0, k1, c0, c1 = _words(key)
    threefry = algorithm is RandomAlgorithm.RNG_THREE_FRY
    draw: Callable[..., tuple[Any, int]] = _threefry_bits if threefry else _philox_bits
    bits, blocks = draw(k0, k1, c0, c1, shape, dtype)
    c0, c1 = _advance(c0, c1, scalar(blocks, U32))
    new = concatenate([expand_dims(w, (0,)) for w in (k0, k1, c0, c1)], 0)
    if get_aval(key).dtype == U64:
        new = _joined(_column(new, (0, 2)), _column(new, (1, 2)))
    return [new, bits]


def _words(key: Any) -> list[Any]:
    """The state as four words, the low one of each pair first."""
    if get_aval(key).dtype == U64:
        low = convert_element_type(key, U32)
        high = convert_element_type(shift_right_logical(key, scalar(32, U64)), U32)
        return [squeeze(slice(w, (i,), (i + 1,)), (0,)) for i in range(2) for w in (low, high)]
    return [squeeze(slice(key, (i,), (i + 1,)), (0,)) for i in range(4)]


def _column(x: Any, at: tuple[int, int]) -> Any:
    return slice(x, (at[0],), (4,), (at[1],))


def _joined(low: Any, high: Any) -> Any:
    """64-bit words of their halves."""
    high = shift_left(convert_element_type(high, U64), scalar(32, U64))
    return bitwise_or(high, convert_element_type(low, U64))


def _advance(low: Any, high: Any, n: Any) -> tuple[Any, Any]:
    """A counter of two words after n steps."""
    moved = add(low, n)
    carry = convert_element_type(lt(moved, n), U32)
    return moved, add(high, carry)


def _counters(c0: Any, c1: Any, shape: Shape) -> tuple[Any, Any]:
    """The counter's values from this one on, in row-major order."""
    places = reshape(iota(np.uint32, (prod(shape),)), shape)
    return _advance(broadcast_in_dim(c0, shape, ()), broadcast_in_dim(c1, shape, ()), places)


def _threefry_bits(k0: Any, k1: Any, c0: Any, c1: Any, shape: Shape, dtype: Any) -> tuple[Any, int]:
    """Both words of a block side by side along one axis; for 64 bits one block an element."""
    if dtype == U64:
        counters = _counters(c0, c1, shape) if shape else (c0, c1)
        return _joined(*threefry2x32(k0, k1, *counters)), prod(shape)
    whole = shape or (1,)
    axis = _halved(whole)
    half = (*whole[:axis], -(-whole[axis] // 2), *whole[axis + 1 :])
    pair = threefry2x32(k0, k1, *_counters(c0, c1, half))
    bits = concatenate([expand_dims(y, (axis + 1,)) for y in pair], axis + 1)
    bits = reshape(bits, (*whole[:axis], 2 * half[axis], *whole[axis + 1 :]))
    bits = reshape(slice(bits, (0,) * len(whole), whole), shape)
    return convert_element_type(bits, dtype), prod(half)


def _halved(shape: Shape) -> int:
    """The axis cut in halves: the first of even size, else the first of the largest."""
    even = [i for i, n in enumerate(shape) if n % 2 == 0]
    return even[0] if even else shape.index(max(shape))


def _philox_bits(k0: Any, k1: Any, c0: Any, c1: Any, shape: Shape, dtype: Any) -> tuple[Any, int]:
    """Four words a block, in order; the upper half of the counter starts as the key."""
    wide = dtype == U64
    size = prod(shape)
    blocks = -(-size // (2 if wide else 4))
    low, high = _counters(c0, c1, (blocks,))
    over = convert_element_type(lt(high, c1), U32)
    upper = _advance(*[broadcast_in_dim(k, (blocks,), ()) for k in (k0, k1)], n=over)
    y = philox4x32((k0, k1), [low, high, *upper])
    words = [_joined(y[0], y[1]), _joined(y[2], y[3])] if wide else y
    bits = concatenate([expand_dims(w, (1,)) for w in words], 1)
    bits = slice(reshape(bits, (blocks * len(words),)), (0,), (size,))
    return reshape(convert_element_type(bits, dtype), shape), blocks


def philox4x32(key: Sequence[Any], x: Sequence[Any]) -> list[Any]:
    """Ten rounds on four words under a key of two."""
    k0, k1 = key
    for _ in range(10):
        m0, m1 = (scalar(m, U32) for m in (0xD2511F53, 0xCD9E8D57))
        x = [
            bitwise_xor(bitwise_xor(mulhi(x[2], m1), x[1]), k0),
            mul(x[2], m1),
            bitwise_xor(bitwise_xor(mulhi(x[0], m0), x[3]), k1),
            mul(x[0], m0),
        ]
        k0, k1 = add(k0, scalar(0x9E3779B9, U32)), add(k1, scalar(0xBB67AE85, U32))
    return list(x)


# rng_uniform -- uniform numbers in [a, b), other ones each time
def rng_uniform(a: Any, b: Any, shape: Sequence[int]) -> Any:
    """Numbers of a state that is not seen."""
    return rng_uniform_p.bind(a, b, shape=tuple(shape))


@rng_uniform_p.def_type
def _(a, b, *, shape):
    if a.dtype != b.dtype:
        raise ValueError(
            "rng_uniform: the bounds must be of one dtype, got"
            f" {dtypes.long_name(a.dtype)} and {dtypes.long_name(b.dtype)}"
        )
    if a.shape or b.shape:
        raise ValueError(
            f"rng_uniform: the bounds must be scalars, got {type_name(a)} and {type_name(b)}"
        )
    return ShapedArray(shape, a.dtype, a.weak_type and b.weak_type)


_hidden = np.random.default_rng()


@rng_uniform_p.def_value
def _(a, b, *, shape):
    if dtypes.is_integer(a.dtype):
        return _hidden.integers(a, b, shape, a.dtype)
    return (a + (b - a) * _hidden.random(shape).astype(a.dtype)).astype(a.dtype)


@rng_uniform_p.def_batch
def _(args, dims, *, shape):
    """Bounds for each element: numbers in [0, 1), stretched."""
    dtype = get_aval(args[0]).dtype
    size = next(get_aval(x).shape[0] for x, d in zip(args, dims, strict=True) if d is not None)
    a, b = (
        broadcast_in_dim(to_axis(x, d, size, 0), (size, *shape), (0,))
        for x, d in zip(args, dims, strict=True)
    )
    unit = rng_uniform(scalar(0, dtypes.float32), scalar(1, dtypes.float32), (size, *shape))
    stretched = mul(unit, convert_element_type(sub(b, a), dtypes.float32))
    return add(a, convert_element_type(stretched, dtype)), 0
