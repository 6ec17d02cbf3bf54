"""Distributions drawn by loops and of vectors: JAX's numbers, batches, loops and gradients."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import pullback as pb
from pullback import numpy as pnp
from pullback import random

f32 = np.float32
EDGES = np.array([0, 0.1, 5, 20, 1000], f32)
COV = np.array([[2.0, 0.5, 0.1], [0.5, 1.0, 0.2], [0.1, 0.2, 3.0]], f32)
MEAN = np.array([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]], f32)
THIRDS = np.array([0.2, 0.5, 0.3], f32)

CASES: tuple[tuple[str, tuple[Any, ...], dict[str, Any]], ...] = (
    ("gamma", (2.5, (100,)), {}),
    ("gamma", (np.array([[0.01], [0.5], [3], [200]], f32), (4, 5)), {}),
    ("gamma", (2, ()), {}),
    ("gamma", (2.0, (0,)), {}),
    ("gamma", (1.5, (40,), "float16"), {}),
    ("gamma", (np.array([np.nan, -1, 1], f32),), {}),
    ("loggamma", (np.array([1e-3, 0.5, 3, 20], f32), (3, 4)), {}),
    ("beta", (2.5, np.array([0.5, 3], f32), (15, 2)), {}),
    ("dirichlet", (np.array([0.5, 2, 3], f32), (4,)), {}),
    ("dirichlet", (np.full((2, 3), 0.01, f32),), {}),
    ("chisquare", (3, (20,)), {}),
    ("f", (3.0, np.array([4.0, 1.0], f32)), {}),
    ("t", (np.array([3.0, 100.0], f32), (5, 2)), {}),
    ("poisson", (3.0, (50,)), {}),
    ("poisson", (30.0, (100,)), {}),
    ("poisson", (EDGES,), {}),
    ("poisson", (np.array([np.nan, -2.0, 3.0], f32),), {}),
    ("poisson", (4.0, (10,), "uint8"), {}),
    ("binomial", (100, 0.4, (50,)), {}),
    ("binomial", (10, 0.1, (30,)), {}),
    (
        "binomial",
        (
            np.array([5, 100, 0, -1, np.inf, 20, 1e6, 7], f32),
            np.array([0.5, 0.7, 0.3, 0.2, 0.5, 1.2, 0.3, np.nan], f32),
        ),
        {},
    ),
    ("multinomial", (20.0, THIRDS), {}),
    ("multinomial", (np.array([20.0, 5], f32), THIRDS), {"shape": (2, 3), "dtype": np.int32}),
    ("multivariate_normal", (MEAN, COV), {}),
    ("multivariate_normal", (MEAN, COV, (4, 2)), {}),
    ("multivariate_normal", (MEAN[0], np.diag(np.array([1, 2, 3], f32))), {"method": "svd"}),
    ("multivariate_normal", (MEAN[0], np.diag(np.array([1, 2, 3], f32))), {"method": "eigh"}),
    ("orthogonal", (3,), {}),
    ("orthogonal", (3, (2,), None, 5), {}),
    ("orthogonal", (4, (2,), "complex64", 2), {}),
    ("maxwell", ((20,),), {}),
    ("double_sided_maxwell", (1.0, 2.0, (20,)), {}),
    ("double_sided_maxwell", (np.arange(3, dtype=f32), 2.0, (2,)), {}),
    ("generalized_normal", (1.5, (20,)), {}),
    ("ball", (3, 2, (5,)), {}),
    ("ball", (2, 1.5), {}),
    ("wald", (np.array([0.5, 2.0], f32), (20, 2)), {}),
    ("lognormal", (), {"shape": (4,)}),
    ("lognormal", (1, (4,), "complex64"), {}),
    ("gumbel", ((300,), None, "highest"), {}),
    ("gumbel", ((30,), "bfloat16", "highest"), {}),
)


def close(got: Any, wanted: Any, rtol: float) -> None:
    got, wanted = np.asarray(got), np.asarray(wanted)
    assert (got.shape, got.dtype) == (wanted.shape, wanted.dtype)
    wide = np.complex128 if got.dtype.kind == "c" else np.float64
    np.testing.assert_allclose(got.astype(wide), wanted.astype(wide), rtol=rtol, atol=rtol / 10)


def check(name: str, args: Any, kwargs: Any, rtol: float) -> None:
    got = getattr(random, name)(random.key(3), *args, **kwargs)
    close(got, getattr(jax.random, name)(jax.random.key(3), *args, **kwargs), rtol)


@pytest.mark.parametrize(("name", "args", "kwargs"), CASES)
def test_numbers(name, args, kwargs):
    small = any(a in ("float16", "bfloat16") for a in args if isinstance(a, str))
    check(name, args, kwargs, 0.02 if small else 3e-5)


WIDE = (
    ("gamma", (2.5, (50,))),
    ("loggamma", (0.01, (30,))),
    ("poisson", (30.0, (20,))),
    ("binomial", (100, 0.4, (50,))),
    ("multinomial", (20.0, THIRDS)),
    ("t", (3.0, (20,))),
    ("lognormal", ()),
    ("wald", (2.0, (20,))),
)


@pytest.mark.parametrize(("name", "args"), WIDE)
def test_numbers_of_64_bits(name, args):
    with pb.enable_x64(), jax.enable_x64(True):
        check(name, args, {}, 1e-9)


def test_gamma_of_many_keys_and_blocks():
    """Each key has its own shapes; the last block is partly filled."""
    a = np.linspace(0.1, 5, 3 * 37).reshape(3, 37).astype(f32)
    keys = random.split(random.key(1), 3), jax.random.split(jax.random.key(1), 3)
    got = pb.vmap(random.gamma)(keys[0], a)
    close(got, jax.vmap(jax.random.gamma)(keys[1], a), 3e-5)
    shared = pb.vmap(random.gamma, in_axes=(None, 1))(keys[0][0], a)
    close(shared, jax.vmap(jax.random.gamma, in_axes=(None, 1))(keys[1][0], a), 3e-5)


@pytest.mark.parametrize("name", ["poisson", "binomial"])
def test_counts_of_many_keys(name):
    """Each batch element loops as long as it would alone."""
    rest = {"poisson": (20.0, (5,)), "binomial": (50, 0.4, (5,))}[name]
    keys = random.split(random.key(1), 6), jax.random.split(jax.random.key(1), 6)
    got = pb.vmap(lambda k: getattr(random, name)(k, *rest))(keys[0])
    close(got, jax.vmap(lambda k: getattr(jax.random, name)(k, *rest))(keys[1]), 1e-6)
    alone = [getattr(random, name)(k, *rest) for k in keys[0]]
    close(got, pnp.stack(alone), 1e-6)


def test_one_operation_without_compiled_code():
    a = np.array([0.3, 2.0, 5.0], f32)
    wanted = random.gamma(random.key(2), a)
    with pb.disable_jit():
        close(random.gamma(random.key(2), a), wanted, 1e-5)


def per_step(module: Any, np_like: Any, scan: Any) -> Any:
    def step(key: Any, a: Any) -> Any:
        key, own = module.split(key)
        g = module.gamma(own, a, (2,))
        return key, (g, module.poisson(own, a), module.choice(own, np_like.arange(5), (2,)))

    return lambda key: scan(step, key, np_like.linspace(0.5, 20.0, 4))[1]


def test_inside_compiled_loops():
    got = pb.jit(per_step(random, pnp, pb.lax.scan))(random.key(5))
    wanted = jax.jit(per_step(jax.random, jnp, jax.lax.scan))(jax.random.key(5))
    for g, w in zip(got, wanted, strict=True):
        close(g, w, 3e-5)


GRADIENTS = {
    "gamma": lambda r, np_, k, a: np_.sum(np_.sin(r.gamma(k, a))),
    "loggamma": lambda r, np_, k, a: np_.sum(np_.sin(r.loggamma(k, a))),
    "beta": lambda r, np_, k, a: np_.sum(np_.sin(r.beta(k, a, 2 * a))),
    "dirichlet": lambda r, np_, k, a: np_.sum(np_.sin(3 * r.dirichlet(k, a))),
    "t": lambda r, np_, k, a: np_.sum(np_.sin(r.t(k, a))),
    "chisquare": lambda r, np_, k, a: np_.sum(np_.sin(r.chisquare(k, a))),
    "pareto": lambda r, np_, k, a: np_.sum(np_.sin(r.pareto(k, a))),
    "multivariate_normal": lambda r, np_, k, a: np_.sum(
        r.multivariate_normal(k, a, np_.diag(a + 1)) ** 2
    ),
}


@pytest.mark.parametrize("name", GRADIENTS)
@pytest.mark.parametrize("compiled", [False, True])
def test_gradients(name, compiled):
    """JAX's series for the derivatives of gamma numbers are good to five digits."""
    f = GRADIENTS[name]
    with pb.enable_x64(), jax.enable_x64(True):
        a = np.array([0.4, 1.5, 7.0, 30.0])
        ours = pb.grad(lambda a: f(random, pnp, random.key(7), a))
        ours = pb.jit(ours) if compiled else ours
        theirs = jax.grad(lambda a: f(jax.random, jnp, jax.random.key(7), a))
        close(ours(a), theirs(a), 1e-5)


def fails(error: type[Exception], message: str) -> Any:
    return pytest.raises(error, match=message)


def test_errors():
    key = random.key(0)
    with fails(ValueError, "must be a float dtype, got int32"):
        random.gamma(key, 1.0, (3,), np.int32)
    with fails(ValueError, "do not broadcast to the shape"):
        random.beta(key, np.ones(4, f32), 1.0, (3,))
    with fails(ValueError, "cannot safely cast argument"):
        random.chisquare(key, np.ones(2, np.complex64))
    with fails(ValueError, "requires alpha.ndim >= 1"):
        random.dirichlet(key, 1.0)
    with fails(ValueError, r"a mean of shape \[..., n\] and a covariance"):
        random.multivariate_normal(key, np.ones(3, f32), np.ones((2, 2), f32))
    with fails(ValueError, "method must be one of"):
        random.multivariate_normal(key, np.ones(1, f32), np.ones((1, 1), f32), method="lu")
    with fails(ValueError, "must be an int dtype, got float32"):
        random.poisson(key, 1.0, (2,), f32)
    with fails(ValueError, "mode must be one of"):
        random.gumbel(key, (2,), mode="other")
    with fails(ValueError, "Use vmap for batching"):
        random.gamma(random.split(key), 1.0)


def test_no_loop_calls_python():
    key = random.key(0)
    for draw in (lambda k: random.gamma(k, 2.0, (99,)), lambda k: random.poisson(k, 20.0, (99,))):
        assert "call-back" not in pb.explain(draw)(key)


def test_keys_are_chosen_by_compiled_code():
    a, b = random.split(random.key(0), 5), random.split(random.key(1), 5)
    which = pnp.array([True, False, True, True, False])
    got = pb.jit(pb.lax.select)(which, a, b)
    words = [np.asarray(random.key_data(k)) for k in (got, a, b)]
    np.testing.assert_array_equal(words[0], np.where(np.asarray(which)[:, None], *words[1:]))


@pytest.mark.parametrize("impl", ["rbg", "unsafe_rbg"])
def test_keys_of_other_implementations(impl):
    """Where the numbers of one key depend on how many are drawn at once."""
    key, jax_key = random.key(3, impl=impl), jax.random.key(3, impl=impl)
    for name, args in (
        ("gamma", (2.0, (3,))),
        ("loggamma", (0.3, ())),
        ("binomial", (9, 0.5, (4,))),
    ):
        close(getattr(random, name)(key, *args), getattr(jax.random, name)(jax_key, *args), 3e-5)
    with fails(NotImplementedError, "keys of threefry2x32 are wanted, got key<u?rbg>"):
        random.poisson(key, 3.0)


MANY = (
    ("truncated_normal", (-1.0, 2.0, (40_000,))),
    ("triangular", (-1.0, 0.5, 2.0, (40_000,))),
    ("bernoulli", (0.3, (40_000,))),
    ("randint", ((40_000,), 0, 1000)),
    ("wald", (2.0, (40_000,))),
    ("geometric", (0.2, (40_000,))),
)


@pytest.mark.parametrize(("name", "args"), MANY)
def test_many_numbers_are_those_of_few(name, args):
    """Compiled code and value rules draw the same; a rounding may move a number by one."""
    key = random.key(1)
    many = np.asarray(getattr(random, name)(key, *args))
    wanted = np.asarray(getattr(jax.random, name)(jax.random.key(1), *args))
    assert many.dtype == wanted.dtype
    near = np.isclose(many.astype(float), wanted.astype(float), rtol=1e-4, atol=1e-5)
    assert np.mean(~near) < 1e-3
    with pb.disable_jit():
        same = np.asarray(getattr(random, name)(key, *args))
    near = np.isclose(many.astype(float), same.astype(float), rtol=1e-4, atol=1e-5)
    assert np.mean(~near) < 1e-3
