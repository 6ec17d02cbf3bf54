"""Random numbers: those of JAX for the same key, and clear errors for bad input."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import pullback as pb
from pullback import numpy as pnp
from pullback import random

SHAPES = ((), (3,), (4, 5), (0,), (1000,))
SEEDS = (0, 1, -1, 42, 2**31 - 1, 2**31, 2**40 + 5, -(2**35))


def numbers(x: Any) -> np.ndarray:
    """NumPy's form of an array here or in JAX, of its words for keys."""
    if isinstance(x, jax.Array) and jnp.issubdtype(x.dtype, jax.dtypes.prng_key):
        return np.asarray(jax.random.key_data(x))
    if x.dtype == random.key_dtype():
        return np.asarray(random.key_data(x))
    return np.asarray(x)


def same(got: Any, wanted: Any) -> None:
    """Equal shapes, dtypes and bits; floats equal to rounding."""
    got, wanted = numbers(got), numbers(wanted)
    assert (got.shape, got.dtype) == (wanted.shape, wanted.dtype)
    if got.dtype.kind in "biu":
        np.testing.assert_array_equal(got, wanted)
        return
    eps = float(jnp.finfo(wanted.dtype).eps)
    wide = np.complex128 if got.dtype.kind == "c" else np.float64
    scale = np.abs(wanted.astype(wide)).max(initial=1e-30)
    np.testing.assert_allclose(
        got.astype(wide), wanted.astype(wide), rtol=32 * eps, atol=4 * eps * min(scale, 1)
    )


def check(name: str, *args: Any, seed: int = 3, **kwargs: Any) -> None:
    """A function of random keys against JAX's."""
    f, g = getattr(random, name), getattr(jax.random, name)
    same(f(random.key(seed), *args, **kwargs), g(jax.random.key(seed), *args, **kwargs))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("x64", [False, True])
def test_keys_of_seeds(seed, x64):
    with pb.enable_x64(x64), jax.enable_x64(x64):
        same(random.key(seed), jax.random.key(seed))
        same(random.PRNGKey(seed), jax.random.PRNGKey(seed))
        same(random.key(pnp.array(seed % 1000)), jax.random.key(jnp.array(seed % 1000)))


@pytest.mark.parametrize("num", [2, 5, (2, 3), ()])
def test_split(num):
    key, jax_key = random.PRNGKey(5), jax.random.PRNGKey(5)
    same(random.split(key, num), jax.random.split(jax_key, num))
    check("split", num)


def test_split_unpacks_into_keys():
    a, b = random.split(random.key(1))
    c, d = jax.random.split(jax.random.key(1))
    same(a, c)
    same(b, d)
    same(random.uniform(a, (3,)), jax.random.uniform(c, (3,)))


@pytest.mark.parametrize("data", [0, 7, 2**31, 2**32 - 1])
def test_fold_in(data):
    check("fold_in", data)
    same(random.fold_in(random.PRNGKey(1), data), jax.random.fold_in(jax.random.PRNGKey(1), data))


def test_words_and_back():
    keys = random.split(random.key(0), (2, 3))
    words = random.key_data(keys)
    assert (words.shape, words.dtype) == ((2, 3, 2), np.uint32)
    assert keys.shape == (2, 3)
    same(random.wrap_key_data(words), keys)
    assert random.key_impl(keys) == jax.random.key_impl(jax.random.key(0))
    same(random.clone(keys), keys)


def test_repr_of_a_key():
    assert repr(random.key(7)) == repr(jax.random.key(7))
    assert repr(random.split(random.key(7))) == repr(jax.random.split(jax.random.key(7)))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", None])
def test_bits(dtype):
    for shape in SHAPES:
        check("bits", shape, dtype)


def test_bits_of_64():
    with pb.enable_x64(), jax.enable_x64(True):
        check("bits", (5,))
        check("bits", (5,), "uint32")


REAL = (
    "uniform",
    "normal",
    "exponential",
    "gumbel",
    "laplace",
    "logistic",
    "cauchy",
)


@pytest.mark.parametrize("name", REAL)
def test_real_numbers(name):
    for shape in SHAPES:
        check(name, shape)


@pytest.mark.parametrize("name", ["uniform", "normal"])
@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32", "float64"])
def test_real_dtypes(name, dtype):
    with pb.enable_x64(), jax.enable_x64(True):
        check(name, (200,), jnp.dtype(dtype))
        check(name, (7,))


CASES: tuple[tuple[str, tuple[Any, ...], dict[str, Any]], ...] = (
    ("uniform", ((3, 4),), {"minval": -2, "maxval": 5.5}),
    ("uniform", ((3, 4),), {"minval": np.arange(4.0), "maxval": 9}),
    ("normal", ((5,), "complex64"), {}),
    ("randint", ((40,), 0, 10), {}),
    ("randint", ((40,), -1000, 1 << 30), {}),
    ("randint", ((3, 2), np.array([0, 5]), np.array([[3], [9], [100]])), {}),
    ("randint", ((40,), 0, 256, "uint8"), {}),
    ("randint", ((40,), -500, 500, "int8"), {}),
    ("randint", ((4,), 5, 5), {}),
    ("randint", ((40,), 0, 7, "uint32"), {}),
    ("bernoulli", (), {}),
    ("bernoulli", (0.3, (40,)), {}),
    ("bernoulli", (np.array([0.1, 0.9], np.float32),), {}),
    ("bernoulli", (0.3, (40,)), {"mode": "high"}),
    ("permutation", (20,), {}),
    ("permutation", (np.arange(12.0, dtype=np.float32).reshape(4, 3),), {}),
    ("permutation", (np.arange(12).reshape(4, 3).astype(np.int32),), {"axis": 1}),
    ("permutation", (np.arange(12).reshape(4, 3).astype(np.int32), 1, True), {}),
    ("permutation", (1,), {}),
    ("choice", (10,), {}),
    ("choice", (10, (3, 2)), {}),
    ("choice", (10, (3, 2), False), {}),
    ("choice", (np.arange(5.0, dtype=np.float32), (30,)), {}),
    ("choice", (5, (30,)), {"p": np.array([0.1, 0.2, 0.3, 0.4, 0], np.float32)}),
    ("choice", (5, (3,), False), {"p": np.array([0.1, 0.2, 0.3, 0.2, 0.2], np.float32)}),
    ("choice", (np.arange(12).reshape(3, 4).astype(np.int32), (2,)), {"axis": 1}),
    ("choice", (np.arange(12).reshape(3, 4).astype(np.int32), (2,), False), {"axis": 1}),
    ("categorical", (np.linspace(-1, 1, 12).reshape(3, 4).astype(np.float32),), {}),
    ("categorical", (np.linspace(-1, 1, 12).reshape(3, 4).astype(np.float32), 0), {}),
    ("categorical", (np.zeros((3, 4), np.float32),), {"shape": (5, 2, 3)}),
    ("categorical", (np.zeros((3, 4), np.float32),), {"shape": (2, 3), "replace": False}),
    ("gumbel", ((50,),), {"mode": "high"}),
    ("truncated_normal", (-1.0, 2.0, (50,)), {}),
    ("truncated_normal", (np.array([-1.0, 0]), 2.0), {}),
    ("rademacher", ((30,),), {}),
    ("rademacher", ((30,), "float32"), {}),
    ("pareto", (2.0, (30,)), {}),
    ("rayleigh", (2.0, (30,)), {}),
    ("lognormal", (0.5, (30,)), {}),
    ("weibull_min", (2.0, 1.5, (30,)), {}),
    ("triangular", (-1.0, 0.5, 2.0, (30,)), {}),
    ("geometric", (0.2, (30,)), {}),
)


@pytest.mark.parametrize(("name", "args", "kwargs"), CASES)
def test_parameters(name, args, kwargs):
    check(name, *args, **kwargs)


def test_raw_keys_serve_as_typed_ones():
    key, jax_key = random.PRNGKey(3), jax.random.PRNGKey(3)
    same(random.normal(key, (3,)), jax.random.normal(jax_key, (3,)))
    same(random.permutation(key, 9), jax.random.permutation(jax_key, 9))
    words = np.asarray(key)
    same(random.uniform(words, (3,)), jax.random.uniform(jax_key, (3,)))


def per_key(module: Any) -> Callable[..., Any]:
    def draw(key: Any, low: Any) -> Any:
        a, b = module.split(key)
        noise = module.normal(module.fold_in(b, 3), (2,))
        return module.uniform(a, (3,), minval=low), module.randint(b, (2,), 0, 9), noise

    return draw


def test_batched_keys():
    keys, jax_keys = random.split(random.key(0), 4), jax.random.split(jax.random.key(0), 4)
    low = np.linspace(-1, 0, 4, dtype=np.float32)
    got = pb.vmap(per_key(random))(keys, low)
    wanted = jax.vmap(per_key(jax.random))(jax_keys, low)
    for g, w in zip(got, wanted, strict=True):
        same(g, w)


def test_drawing_is_differentiable_in_its_parameters():
    def total(module, xnp):
        return lambda low: xnp.sum(module.uniform(module.key(0), (5,), minval=low, maxval=2.0) ** 2)

    same(pb.grad(total(random, pnp))(0.5), jax.grad(total(jax.random, jnp))(0.5))


def fails(error: type[Exception], message: str) -> Any:
    return pytest.raises(error, match=message)


def test_errors():
    key = random.key(0)
    with fails(TypeError, "scalar seed, but was given an array"):
        random.key(pnp.arange(2))
    with fails(TypeError, "seed must be an integer"):
        random.key(1.5)
    with fails(ValueError, "only of 'threefry2x32'"):
        random.key(0, impl="mersenne")
    with fails(TypeError, r"make one with random\.key\(seed\)"):
        random.normal(0, (3,))
    with fails(TypeError, r"make one with random\.key\(seed\)"):
        random.normal(pnp.arange(3), (3,))
    with fails(ValueError, "Use vmap for batching"):
        random.normal(random.split(key), (3,))
    with fails(ValueError, "Use vmap for batching"):
        random.split(random.split(key))
    with fails(TypeError, "sequences of concrete values of integer type"):
        random.normal(key, 2.5)
    with fails(ValueError, "must be a float dtype, got int32"):
        random.uniform(key, (3,), np.int32)
    with fails(TypeError, "only accepts integer dtypes"):
        random.randint(key, (3,), 0, 3, np.float32)
    with fails(ValueError, "do not broadcast to the shape"):
        random.randint(key, (3,), np.zeros(4, np.int32), 5)
    with fails(TypeError, "must have a floating dtype"):
        random.bernoulli(key, 1)
    with fails(ValueError, "larger sample"):
        random.choice(key, 3, (4,), replace=False)


@pytest.mark.parametrize("name", ["uniform", "exponential"])
def test_many_numbers(name):
    check(name, (600, 300))


def test_many_normal_numbers():
    shape = (600, 300)
    got = np.asarray(random.normal(random.key(3), shape))
    # JAX's inverse error function is wrong by 6e-6 of the value near the ends, ours by 1e-7.
    np.testing.assert_allclose(got, jax.random.normal(jax.random.key(3), shape), rtol=1e-5)


def test_keys_on_the_host_are_keys():
    key = random.key(3)
    for host in (pb.device_get({"key": key})["key"], np.asarray(key)):
        same(random.split(host), random.split(key))
        same(random.normal(host, (2,)), random.normal(key, (2,)))
    assert type(pb.device_get(key)) is type(key)
