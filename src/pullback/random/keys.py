"""Random keys: made of seeds, split, folded, and unwrapped to words and back."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import config, dtypes
from .. import numpy as pnp
from ..numpy.creation import canonical_shape
from ..numpy.values import as_array, describe, is_array
from ..primitives import random as prng
from ..primitives import rbg
from ..primitives.elementwise import convert_element_type
from ..primitives.threefry import random_clone, word_count

# The ways of making random numbers by name, and the tag of each one's dtype.
IMPLEMENTATIONS = {"threefry2x32": "fry", "rbg": "rbg", "unsafe_rbg": "urbg"}
assert set(IMPLEMENTATIONS.values()) == {"fry", *rbg.OTHERS}


@dataclass(frozen=True)
class PRNGImpl:
    """A way of making random numbers, by its name."""

    name: str

    @property
    def tag(self) -> str:
        """The tag of the keys' dtype."""
        return IMPLEMENTATIONS[self.name]

    @property
    def key_shape(self) -> tuple[int, ...]:
        """The shape of the words of a key."""
        return (word_count(prng.IMPLEMENTATIONS[self.tag]),)

    def __str__(self) -> str:
        return self.tag


def tag_of(name: str, impl: Any, dtype: Any = None) -> str:
    """The tag of the keys that are asked for; ValueError if there are none such."""
    if impl is not None and dtype is not None:
        raise ValueError(f"Cannot specify both `impl` and `dtype` arguments to {name}")
    wanted = dtype if impl is None else impl
    if isinstance(wanted, PRNGImpl):
        return wanted.tag
    if wanted is None:
        wanted = config.current().default_prng_impl
    for known, tag in IMPLEMENTATIONS.items():
        names = (known, tag, f"key<{tag}>")
        if wanted in names if isinstance(wanted, str) else wanted == prng.IMPLEMENTATIONS[tag]:
            return tag
    raise ValueError(
        f"{name}: no random keys of {wanted!r}, only of {', '.join(map(repr, IMPLEMENTATIONS))}"
    )


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
    if is_typed(words):
        return words
    _check_legacy(name)
    tag = tag_of(name, None)
    n = word_count(prng.IMPLEMENTATIONS[tag])
    if words.dtype != dtypes.uint32 or words.ndim == 0 or words.shape[-1] != n:
        raise TypeError(
            f"{name} wants a random key, typed or uint32[{n}], got {describe(words)}:"
            " make one with random.key(seed)"
        )
    return prng.random_wrap(words, tag)


def _check_legacy(name: str) -> None:
    """Tell or refuse that a key was given by its words, where that is wanted."""
    level = config.current().guards.legacy_prng_key
    if level == "allow":
        return
    message = f"{name}: the key is given as its words: make typed keys with random.key(seed)"
    if level == "error":
        raise ValueError(message)
    warnings.warn(message, UserWarning, stacklevel=4)


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


def integers(name: str, seed: Any) -> Any:
    """A seed, or several, as an array."""
    if isinstance(seed, int):
        # As in JAX, a wide Python integer is cut to the width of integers.
        seed = np.array(seed, np.int64).astype(dtypes.default_dtype(int))
    return as_array(name, seed)


def _seeded(name: str, seed: Any, tag: str) -> Any:
    if is_typed(seed):
        raise TypeError(f"{name} accepts a scalar seed, but was given a PRNG key.")
    seed = integers(name, seed)
    if seed.ndim:
        raise TypeError(
            f"{name} accepts a scalar seed, but was given an array of shape {seed.shape} != ()."
            " Use vmap for batching"
        )
    if not dtypes.is_integer(seed.dtype):
        raise TypeError(f"PRNG key seed must be an integer; got {describe(seed)}")
    return prng.random_seed(seed, tag)


def key(seed: Any, *, impl: Any = None, dtype: Any = None) -> Any:
    """A random key from an integer.

    Args:
      seed: an integer of 32 or 64 bits, which may be traced.
      impl, dtype: the way of making random numbers: 'threefry2x32' (the default), 'rbg' or
        'unsafe_rbg', whose bits are XLA's `rng_bit_generator`'s and cost less. Their batches of
        keys all follow from the first key.

    Returns:
      A scalar array of dtype key<fry>, key<rbg> or key<urbg>, for `split`, `fold_in` and the
      functions that draw.

    >>> from pullback import random
    >>> random.key(7)
    Array((), dtype=key<fry>) overlaying:
    [0 7]
    """
    return _seeded("key", seed, tag_of("random.key", impl, dtype))


def PRNGKey(seed: Any, *, impl: Any = None) -> Any:
    """A random key from an integer, as its words; typed under `enable_custom_prng`.

    >>> from pullback import random
    >>> random.PRNGKey(7)
    Array([0, 7], dtype=uint32)
    """
    made = _seeded("PRNGKey", seed, tag_of("random.PRNGKey", impl))
    return made if config.current().enable_custom_prng else prng.random_unwrap(made)


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
        raise ValueError(
            f"split accepts a single key, but was given a key array of shape {typed.shape} != ()."
            " Use vmap for batching."
        )
    return like_given(key, prng.random_split(typed, canonical_shape("split", num)))


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
    """The words of keys: uint32[..., 2], of rbg's keys uint32[..., 4].

    >>> pb.random.key_data(pb.random.key(7))
    Array([0, 7], dtype=uint32)
    """
    return prng.random_unwrap(typed_keys("key_data", keys))


def wrap_key_data(key_bits_array: Any, *, impl: Any = None, dtype: Any = None) -> Any:
    """Typed keys of words of dtype uint32; the inverse of `key_data`.

    >>> pb.random.wrap_key_data(pnp.array([0, 7], "uint32")) == pb.random.key(7)
    Array(True, dtype=bool)
    """
    tag = tag_of("random.wrap_key_data", impl, dtype)
    words = as_array("wrap_key_data", key_bits_array)
    if words.dtype != dtypes.uint32:
        raise TypeError(f"wrap_key_data: words of dtype uint32 are wanted, got {words.dtype}")
    return prng.random_wrap(words, tag)


def key_impl(keys: Any) -> str:
    """The name of the way in which keys make random numbers.

    >>> pb.random.key_impl(pb.random.key(0))
    'threefry2x32'
    """
    tag = dtypes.KEY_DTYPES[typed_keys("key_impl", keys).dtype]
    return next(name for name, known in IMPLEMENTATIONS.items() if known == tag)


def key_dtype(impl_spec: Any = None) -> Any:
    """The dtype of typed keys.

    >>> pb.random.key_dtype() == pb.random.key(0).dtype
    True
    """
    return prng.IMPLEMENTATIONS[tag_of("random.key_dtype", impl_spec)]


def clone(key: Any) -> Any:
    """The same key, for uses that are meant to give the same numbers.

    >>> key = pb.random.key(0)
    >>> pb.random.uniform(key) == pb.random.uniform(pb.random.clone(key))
    Array(True, dtype=bool)
    """
    return random_clone(key) if is_typed(key) else key
