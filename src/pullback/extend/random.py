"""Random keys by their implementation, and the hash that threefry's are made of."""

from typing import Any, NoReturn

from .. import dtypes
from .. import numpy as pnp
from ..numpy.values import as_array
from ..primitives import random as prng
from ..primitives.threefry import threefry2x32, threefry2x32_p
from ..random.keys import PRNGImpl, integers, tag_of

__all__ = [
    "define_prng_impl",
    "random_seed",
    "rbg_prng_impl",
    "seed_with_impl",
    "threefry2x32_p",
    "threefry_2x32",
    "threefry_prng_impl",
    "unsafe_rbg_prng_impl",
]

threefry_prng_impl = PRNGImpl("threefry2x32")
rbg_prng_impl = PRNGImpl("rbg")
unsafe_rbg_prng_impl = PRNGImpl("unsafe_rbg")


def random_seed(seeds: Any, impl: Any) -> Any:
    """Typed keys of an implementation, one for each integer of an array.

    >>> from pullback.extend import random
    >>> random.random_seed(np.arange(3), random.threefry_prng_impl).shape
    (3,)
    """
    return prng.random_seed(integers("random_seed", seeds), tag_of("random_seed", impl))


def seed_with_impl(impl: Any, seed: Any) -> Any:
    """A typed key of an implementation.

    >>> from pullback.extend import random
    >>> random.seed_with_impl(random.rbg_prng_impl, 0) == pb.random.key(0, impl="rbg")
    Array(True, dtype=bool)
    """
    return random_seed(seed, impl)


def threefry_2x32(keypair: Any, count: Any) -> Any:
    """The Threefry 2x32 hash of an array of words.

    Args:
      keypair: two words of 32 bits, uint32.
      count: an array of uint32; the words of its first half are paired with those of the second.

    Returns:
      uint32 of the shape of `count`.

    Raises:
      TypeError: something is not of uint32.

    Source: J. K. Salmon et al., Parallel random numbers: as easy as 1, 2, 3 (2011).

    >>> from pullback.extend import random
    >>> random.threefry_2x32(np.uint32([0, 0]), np.zeros(2, np.uint32))
    Array([1797259609, 2579123966], dtype=uint32)
    """
    words = as_array("threefry_2x32", count)
    first, second = (as_array("threefry_2x32", k) for k in keypair)
    if any(x.dtype != dtypes.uint32 for x in (first, second, words)):
        found = ", ".join(dtypes.long_name(x.dtype) for x in (first, second, words))
        raise TypeError(f"threefry_2x32: wants arrays of uint32, got {found}")
    flat = words.ravel()
    odd = flat.size % 2
    halves = pnp.split(pnp.concatenate([flat, pnp.zeros(odd, flat.dtype)]), 2)
    out = pnp.concatenate(threefry2x32(first, second, *halves))
    return out[: flat.size].reshape(words.shape)


def define_prng_impl(**rules: Any) -> NoReturn:
    """An implementation of a user's own.

    Raises:
      NotImplementedError: always: the implementations are those of `random.key`.

    >>> from pullback.extend import random
    >>> random.define_prng_impl(key_shape=(2,))
    Traceback (most recent call last):
    NotImplementedError: define_prng_impl: keys are of threefry2x32, rbg or unsafe_rbg
    """
    raise NotImplementedError("define_prng_impl: keys are of threefry2x32, rbg or unsafe_rbg")
