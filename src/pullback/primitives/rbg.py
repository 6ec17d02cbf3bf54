"""Keys whose bits `rng_bit_generator` makes: four words, a key and a counter.

rbg keys are split and folded as two keys of threefry; unsafe_rbg keys by drawing bits. As in JAX,
the bits of a batch of keys all follow from its first key.
"""

from collections.abc import Callable
from math import prod
from typing import Any

from .. import dtypes
from ..core.aval import Shape
from ..core.trace import get_aval
from .batching import move_axis
from .bitwise import bitwise_xor
from .generator import rng_bit_generator
from .pieces import concatenate, slice
from .random import OTHERS, WORDS, Implementation, random_fold_in, random_seed, random_split
from .shape import broadcast_in_dim, full, reshape
from .threefry import random_unwrap, random_wrap

# How many words unsafe_rbg draws for each that it uses.
DRAWN = 10


def _halves(keys: Any) -> Any:
    """Each key as two keys of threefry, along a new last axis."""
    return random_wrap(reshape(random_unwrap(keys), (*get_aval(keys).shape, 2, 2)))


def _joined(halves: Any, tag: str) -> Any:
    """Keys of pairs of threefry's, along the last axis."""
    words = random_unwrap(halves)
    return random_wrap(reshape(words, (*get_aval(words).shape[:-2], 4)), tag)


def _drawn(keys: Any, shape: Shape, dtype: Any) -> Any:
    """Bits of shape keys.shape + shape, from the first key."""
    batch = get_aval(keys).shape
    if 0 in batch:
        return full(batch + shape, 0, dtype)
    words = reshape(random_unwrap(keys), (prod(batch), 4))
    first = reshape(slice(words, (0, 0), (1, 4)), (4,))
    return rng_bit_generator(first, batch + shape, dtype)[1]


def _bits(keys: Any, bit_width: int, shape: Shape) -> Any:
    return _drawn(keys, shape, WORDS[bit_width])


def _seeding(tag: str) -> Callable[..., Any]:
    def seed(seeds: Any) -> Any:
        words = random_unwrap(random_seed(seeds))
        return random_wrap(concatenate([words, words], get_aval(words).ndim - 1), tag)

    return seed


def _split(keys: Any, shape: Shape) -> Any:
    """Both halves split, each half's new keys together."""
    new = random_split(_halves(keys), shape)
    at = get_aval(keys).ndim
    return _joined(move_axis(new, at, get_aval(new).ndim - 1), "rbg")


def _fold_in(keys: Any, data: Any) -> Any:
    halves = _halves(keys)
    batch = get_aval(data).shape
    both = broadcast_in_dim(data, (*get_aval(keys).shape, 2), range(len(batch)))
    return _joined(random_fold_in(halves, both), "rbg")


def _split_unsafely(keys: Any, shape: Shape) -> Any:
    batch = get_aval(keys).shape
    num = prod(shape)
    words = _drawn(keys, (DRAWN * num, 4), dtypes.uint32)
    lead = len(batch)
    strides = (*([1] * lead), DRAWN, 1)
    every = slice(words, (0,) * (lead + 2), (*batch, DRAWN * num, 4), strides)
    return random_wrap(reshape(every, (*batch, *shape, 4)), "urbg")


def _fold_in_unsafely(keys: Any, data: Any) -> Any:
    batch = get_aval(data).shape
    lead = len(batch)
    words = _drawn(_seeding("urbg")(data), (DRAWN, 4), dtypes.uint32)
    last = slice(words, (*([0] * lead), DRAWN - 1, 0), (*batch, DRAWN, 4))
    own = random_unwrap(keys)
    shape = get_aval(own).shape
    last = broadcast_in_dim(reshape(last, (*batch, 4)), shape, (*range(lead), len(shape) - 1))
    return random_wrap(bitwise_xor(own, last), "urbg")


OTHERS["rbg"] = Implementation(_seeding("rbg"), _bits, _split, _fold_in)
OTHERS["urbg"] = Implementation(_seeding("urbg"), _bits, _split_unsafely, _fold_in_unsafely)
