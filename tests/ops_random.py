"""Rows of the table: random bits under keys given as words."""

from typing import Any

import jax
import numpy as np
from op import Op

from pullback.primitives import random

KEY = np.array([7, 2**31 + 5], np.uint32)
KEYS = np.arange(6, dtype=np.uint32).reshape(3, 2) * np.uint32(12345)
SHAPES = ((), (3,), (2, 3), (0,), (300,))


def _row(name: str, f: Any, g: Any, *args: np.ndarray) -> Op:
    return Op(name, f, g, (args,), ("uint32",), derivative=False)


def _bits(width: int, shape: tuple[int, ...]) -> Op:
    def f(words: Any) -> Any:
        return random.random_bits(random.random_wrap(words), width, shape)

    def g(words: Any) -> Any:
        return jax.random.bits(jax.random.wrap_key_data(words), shape, f"uint{width}")

    return _row(f"random_bits {width} {shape}", f, g, KEY)


def _split(shape: tuple[int, ...]) -> Op:
    def f(words: Any) -> Any:
        return random.random_unwrap(random.random_split(random.random_wrap(words), shape))

    def g(words: Any) -> Any:
        return jax.random.key_data(jax.random.split(jax.random.wrap_key_data(words), shape))

    return _row(f"random_split {shape}", f, g, KEY)


def _fold_in(words: Any, data: Any) -> Any:
    return random.random_unwrap(random.random_fold_in(random.random_wrap(words), data))


def _jax_fold_in(words: Any, data: Any) -> Any:
    return jax.random.key_data(jax.random.fold_in(jax.random.wrap_key_data(words), data))


def _many(words: Any) -> Any:
    return random.random_bits(random.random_wrap(words), 32, (4,))


def _jax_many(words: Any) -> Any:
    return jax.vmap(lambda k: jax.random.bits(k, (4,), "uint32"))(jax.random.wrap_key_data(words))


def _seed(seed: np.ndarray) -> Op:
    def f(seed: Any) -> Any:
        return random.random_unwrap(random.random_seed(seed))

    def g(seed: Any) -> Any:
        return jax.random.key_data(jax.random.key(seed))

    return _row(f"random_seed {seed.dtype} {seed}", f, g, seed)


SEEDS = (0, 42, -1, 2**31 - 1)
WIDE_SEEDS = (0, -1, 2**40 + 3)
RANDOM = (
    *(_bits(width, shape) for width in (8, 16, 32, 64) for shape in SHAPES),
    *map(_split, SHAPES),
    _row("random_fold_in", _fold_in, _jax_fold_in, KEY, np.array(3, np.uint32)),
    _row("random_bits of many keys", _many, _jax_many, KEYS),
    *(_seed(np.asarray(s, np.int32)) for s in SEEDS),
    *(_seed(np.asarray(s, np.int64)) for s in WIDE_SEEDS),
)
