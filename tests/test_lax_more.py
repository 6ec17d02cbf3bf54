"""Ragged products, applied scatters, approximate extrema and the like against JAX's."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import pullback as pb

RNG = np.random.default_rng(0)


def normal(*shape):
    return RNG.normal(size=shape).astype(np.float32)


X, ROWS, MATRICES = normal(6, 7), normal(8, 5), normal(3, 5, 4)
SIZES = np.array([2, 0, 5], np.int32)
CONTRACTED = (((0,), (0,)), ((), ()))
BATCHED = (((2,), (2,)), ((0,), (1,)))


def numbers(m, pair, ragged, group):
    return m.RaggedDotDimensionNumbers(pair, ragged, group)


def rows(m):
    return m.ScatterDimensionNumbers(
        update_window_dims=(1,), inserted_window_dims=(0,), scatter_dims_to_operand_dims=(0,)
    )


CASES = {
    "ragged rows": lambda m, n: m.ragged_dot(ROWS, MATRICES, SIZES),
    "ragged rows in float64": lambda m, n: m.ragged_dot(
        ROWS, MATRICES, SIZES, precision="highest", preferred_element_type=np.float32
    ),
    "ragged contraction": lambda m, n: m.ragged_dot_general(
        ROWS, ROWS[:, :3], SIZES, numbers(m, CONTRACTED, (0,), ())
    ),
    "ragged batch of rows": lambda m, n: m.ragged_dot_general(
        np.stack([ROWS, -ROWS]),
        np.stack([MATRICES, 2 * MATRICES], 1),
        SIZES,
        numbers(m, BATCHED, (1,), (0,)),
    ),
    "index_take": lambda m, n: m.index_take(X, (n.array([0, -1, 2]), n.array([6, 1, -2])), (0, 1)),
    "index_take rows": lambda m, n: m.index_take(X, (n.array([5, -6]),), (0,)),
    "scatter_apply": lambda m, n: m.scatter_apply(
        X, np.array([[1], [3], [1], [9]]), n.exp, rows(m), update_shape=(4, 7)
    ),
    "scatter_apply once": lambda m, n: m.scatter_apply(
        X, np.array([[1], [3]]), n.sin, rows(m), update_shape=(2, 7), unique_indices=True
    ),
    "approx_max_k": lambda m, n: m.approx_max_k(X, 3),
    "approx_min_k": lambda m, n: m.approx_min_k(X, 2, reduction_dimension=0),
    "platform": lambda m, n: m.platform_dependent(X, cpu=n.sin, default=n.cos),
    "platform default": lambda m, n: m.platform_dependent(X, tpu=n.sin, default=n.cos),
    "composite": lambda m, n: m.composite(lambda x, scale: x * scale, "my.scale")(X, scale=2.0),
    "wide product": lambda m, n: m.mul(np.int8([100, -3]), np.int8([50, 4]), out_dtype=np.int16),
    "product of two dtypes": lambda m, n: m.mul(
        np.int8([100, -3]), np.float32([0.5, 4]), out_dtype=np.float32
    ),
    "stage": lambda m, n: m.stage(X),
    "dtype": lambda m, n: np.zeros(2, m.dtype(X)),
    "dtype of a number": lambda m, n: np.zeros(2, m.dtype(1.0)),
    "igamma": lambda m, n: m.igamma(2.0, abs(X)),
    "betainc": lambda m, n: m.betainc(1.5, 2.0, n.tanh(abs(X))),
    "polygamma": lambda m, n: m.polygamma(1.0, abs(X)),
}


@pytest.mark.parametrize("case", CASES)
def test_values(case):
    got, wanted = CASES[case](pb.lax, pb.numpy), CASES[case](lax, jnp)
    pairs = zip(pb.tree.leaves(got), jax.tree.leaves(wanted), strict=True)
    for g, w in [(np.asarray(g), np.asarray(w)) for g, w in pairs]:
        assert g.dtype == w.dtype
        np.testing.assert_allclose(g, w, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("argnum", [0, 1])
def test_gradient_of_ragged_dot(argnum):
    def loss(m, n):
        return lambda x, y: n.sin(m.ragged_dot(x, y, SIZES)).sum()

    got = pb.jit(pb.grad(loss(pb.lax, pb.numpy), argnums=argnum))(ROWS, MATRICES)
    wanted = jax.grad(loss(lax, jnp), argnums=argnum)(ROWS, MATRICES)
    np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5)


def test_data_of_algorithms():
    ours, theirs = pb.lax.DotAlgorithmPreset, lax.DotAlgorithmPreset
    assert [m.name for m in ours] == [m.name for m in theirs]
    assert [m.name for m in pb.lax.Precision] == [m.name for m in lax.Precision]
    assert repr(pb.lax.Precision.HIGH) == repr(lax.Precision.HIGH)
    algorithm = pb.lax.DotAlgorithm(np.float16, np.float16, np.float32)
    assert tuple(algorithm) == tuple(lax.DotAlgorithm(np.float16, np.float16, np.float32))
    with pytest.raises(ValueError, match="at least one"):
        pb.lax.Tolerance()


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: pb.lax.platform_dependent(1.0, tpu=lambda x: x), NotImplementedError),
        (lambda: pb.lax.platform_dependent(1.0, gpu=lambda x: x, cpu=lambda x: x), ValueError),
        (lambda: pb.lax.platform_dependent(1.0, cpu=3), TypeError),
        (lambda: pb.lax.approx_max_k(np.arange(3), 1), ValueError),
        (lambda: pb.lax.ragged_dot(ROWS, MATRICES, SIZES, group_offset=1), NotImplementedError),
        (lambda: pb.grad(pb.lax.zeta)(2.0, 1.0), NotImplementedError),
        (lambda: pb.grad(pb.lax.betainc)(2.0, 1.0, 0.5), NotImplementedError),
    ],
)
def test_errors(call, error):
    with pytest.raises(error):
        call()


@pytest.mark.parametrize("given", (np.dtype("int32"), "float32", np.int8, bool, 1.0, np.ones(2)))
def test_dtype_of_values_and_dtypes(given):
    assert pb.lax.dtype(given) == jax.lax.dtype(given)
