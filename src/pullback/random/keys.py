"""Random keys: made of seeds, split, folded, and unwrapped to words and back."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes
from .. import numpy as pnp
from ..numpy.values import as_array, describe, is_array
from ..primitives import random as prng
from ..primitives.elementwise import convert_element_type

# The one way of making random numbers, by its name and those of its dtype.
IMPLEMENTATIONS = ("threefry2x32", "fry", "key<fry>")


def check_impl(name: str, impl: Any, dtype: Any) -> None:
    """Raise unless keys of this implementation exist here."""
    if impl is not None and dtype is not None:
        raise ValueError(f"Cannot specify both `impl` and `dtype` arguments to {name}")
    wanted = dtype if impl is None else impl
    known = wanted in IMPLEMENTATIONS if isinstance(wanted, str) else wanted == dtypes.key_fry
    if wanted is not None and not known:
        raise ValueError(f"{name}: no random keys of {wanted!r}, only of 'threefry2x32'")


def is_typed(x: Any) -> bool:
    """Whether this is an array of typed keys."""
    return is_array(x) and x.dtype in dtypes.KEY_DTYPES


def typed_keys(name: str, keys: Any) -> Any:
    """Typed keys of typed keys or of their words."""
    if is_typed(keys):
        return keys
    if not (is_array(keys) or isinstance(keys, np.ndarray)):
        raise TypeError(
            f"{name} wants a random key, got {describe(keys)}: make one with random.key(seed)"
        )
    words = as_array(name, keys)
    if words.dtype != dtypes.uint32 or words.ndim == 0 or words.shape[-1] != 2:
        raise TypeError(
            f"{name} wants a random key, typed or uint32[2], got {describe(words)}:"
            " make one with random.key(seed)"
        )
    return prng.random_wrap(words)


def one_key(name: str, key: Any) -> Any:
    """One typed key. ValueError for an array of keys."""
    typed = typed_keys(name, key)
    if typed.ndim:
        raise ValueError(
            f"{name} accepts a single key, but was given a key array of shape"
            f" {typed.shape} != (). Use vmap for batching."
        )
    return typed


def like_given(given: Any, keys: Any) -> Any:
    """Keys typed, or as words if the given key was words."""
    return keys if is_typed(given) else prng.random_unwrap(keys)


def _seeded(name: str, seed: Any) -> Any:
    if is_typed(seed):
        raise TypeError(f"{name} accepts a scalar seed, but was given a PRNG key.")
    if isinstance(seed, int) and not isinstance(seed, bool):
        # As in JAX, a wide Python integer is cut to the width of integers.
        wide = np.array(seed, np.int64)
        seed = wide.astype(dtypes.default_dtype(int))
    seed = as_array(name, seed)
    if seed.ndim:
        raise TypeError(
            f"{name} accepts a scalar seed, but was given an array of shape {seed.shape} != ()."
            " Use vmap for batching"
        )
    if not dtypes.is_integer(seed.dtype):
        raise TypeError(f"PRNG key seed must be an integer; got {describe(seed)}")
    return prng.random_seed(seed)


def key(seed: Any, *, impl: Any = None, dtype: Any = None) -> Any:
    """A random key from an integer.

    Args:
      seed: an integer of 32 or 64 bits, which may be traced.
      impl, dtype: the way of making random numbers; 'threefry2x32' or None.

    Returns:
      A scalar array of dtype key<fry>, for `split`, `fold_in` and the functions that draw.

    >>> from pullback import random
    >>> random.key(7)
    Array((), dtype=key<fry>) overlaying:
    [0 7]
    """
    check_impl("random.key", impl, dtype)
    return _seeded("key", seed)


def PRNGKey(seed: Any, *, impl: Any = None) -> Any:
    """A random key from an integer, as its two words.

    >>> from pullback import random
    >>> random.PRNGKey(7)
    Array([0, 7], dtype=uint32)
    """
    check_impl("random.PRNGKey", impl, None)
    return prng.random_unwrap(_seeded("PRNGKey", seed))


def split(key: Any, num: int | tuple[int, ...] = 2) -> Any:
    """Independent new keys from one key.

    Args:
      key: a key; do not use it for anything else.
      num: how many, or the shape of the array of keys.

    >>> from pullback import random
    >>> random.split(random.key(0), 3).shape
    (3,)
    """
    typed = typed_keys("split", key)
    if typed.ndim:
        raise TypeError(
            f"split accepts a single key, but was given a key array of shape {typed.shape} != ()."
            " Use vmap for batching."
        )
    shape = tuple(num) if isinstance(num, Sequence) else (num,)
    return like_given(key, prng.random_split(typed, tuple(int(n) for n in shape)))


def fold_in(key: Any, data: Any) -> Any:
    """A new key from a key and an integer, such as the number of a step.

    >>> from pullback import random
    >>> random.key_data(random.fold_in(random.key(0), 1))
    Array([ 928981903, 3453687069], dtype=uint32)
    """
    typed = one_key("fold_in", key)
    data = pnp.asarray(data, dtypes.uint32) if not is_array(data) else data
    if data.ndim:
        raise TypeError(
            f"fold_in accepts a scalar, but was given an array of shape {data.shape} != ()."
            " Use vmap for batching."
        )
    return like_given(key, prng.random_fold_in(typed, convert_element_type(data, dtypes.uint32)))


def key_data(keys: Any) -> Any:
    """The words of keys: uint32[..., 2]."""
    return prng.random_unwrap(typed_keys("key_data", keys))


def wrap_key_data(key_bits_array: Any, *, impl: Any = None, dtype: Any = None) -> Any:
    """Typed keys of words uint32[..., 2]; the inverse of `key_data`."""
    check_impl("random.wrap_key_data", impl, dtype)
    return prng.random_wrap(as_array("wrap_key_data", key_bits_array))


def key_impl(keys: Any) -> str:
    """The name of the way in which keys make random numbers."""
    typed_keys("key_impl", keys)
    return "threefry2x32"


def key_dtype(impl_spec: Any = None) -> Any:
    """The dtype of typed keys."""
    check_impl("random.key_dtype", impl_spec, None)
    return dtypes.key_fry


def clone(key: Any) -> Any:
    """The same key, for uses that are meant to give the same numbers."""
    return key
