"""Attention, scaled products and orthogonal weights, compared with JAX."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import pullback as pb
from pullback import nn

rng = np.random.default_rng(1)
Q = rng.normal(size=(2, 5, 4, 8)).astype(np.float32)
K, V = rng.normal(size=(2, 2, 6, 2, 8)).astype(np.float32)
BIAS = rng.normal(size=(1, 4, 5, 6)).astype(np.float32)
MASK = rng.random((2, 1, 5, 6)) < 0.7
LENGTHS = np.array([3, 5], np.int32)

CASES: tuple[dict[str, Any], ...] = (
    {},
    {"bias": BIAS},
    {"mask": MASK},
    {"bias": BIAS, "mask": MASK, "scale": 0.3},
    {"is_causal": True},
    {"local_window_size": 1},
    {"local_window_size": (2, 0), "is_causal": True},
    {"query_seq_lengths": LENGTHS},
    {"key_value_seq_lengths": LENGTHS, "query_seq_lengths": LENGTHS, "mask": MASK},
    {"implementation": "xla"},
)


@pytest.mark.parametrize("case", range(len(CASES)))
def test_attention(case):
    kwargs = CASES[case]
    got = nn.dot_product_attention(Q, K, V, **kwargs, return_residual=True)
    wanted = jax.nn.dot_product_attention(Q, K, V, **kwargs, return_residual=True)
    for g, w in zip(got, wanted, strict=True):
        assert (g.shape, g.dtype) == (w.shape, w.dtype)
        np.testing.assert_allclose(g, w, rtol=2e-5, atol=2e-6)


def test_attention_without_batch_and_of_narrow_floats():
    got = nn.dot_product_attention(Q[0], K[0], V[0])
    np.testing.assert_allclose(got, jax.nn.dot_product_attention(Q[0], K[0], V[0]), rtol=1e-5)
    narrow = [jnp.asarray(x, jnp.bfloat16) for x in (Q, K, V)]
    got = nn.dot_product_attention(*map(np.asarray, narrow))
    wanted = jax.nn.dot_product_attention(*narrow)
    assert got.dtype == wanted.dtype
    np.testing.assert_allclose(
        np.asarray(got, np.float32), np.asarray(wanted, np.float32), rtol=0.02, atol=0.01
    )


@pytest.mark.parametrize("compiled", [False, True])
def test_gradients_of_attention(compiled):
    def loss(module, xnp):
        return lambda q, k, v: xnp.sum(
            xnp.sin(module.dot_product_attention(q, k, v, mask=MASK, is_causal=True))
        )

    ours = pb.grad(loss(nn, pb.numpy), (0, 1, 2))
    ours = pb.jit(ours) if compiled else ours
    wanted = jax.grad(loss(jax.nn, jnp), (0, 1, 2))(Q, K, V)
    for g, w in zip(ours(Q, K, V), wanted, strict=True):
        np.testing.assert_allclose(g, w, rtol=1e-4, atol=1e-5)


def test_batched_attention():
    got = pb.vmap(lambda q: nn.dot_product_attention(q, K[0], V[0], is_causal=True))(Q)
    wanted = jax.vmap(lambda q: jax.nn.dot_product_attention(q, K[0], V[0], is_causal=True))(Q)
    np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)


def test_errors_of_attention():
    def fails(message):
        return pytest.raises(ValueError, match=message)

    with fails("must be a multiple of key/value heads"):
        nn.dot_product_attention(Q[:, :, :3], K, V)
    with fails("add an additive mask as bias"):
        nn.dot_product_attention(Q, K, V, mask=BIAS)
    with fails("features and dtypes must be those of key"):
        nn.dot_product_attention(Q[..., :4], K, V)
    with fails("lengths must be int32"):
        nn.dot_product_attention(Q, K, V, query_seq_lengths=LENGTHS.astype(np.float32))
    with fails("implementation must be None or 'xla'"):
        nn.dot_product_attention(Q, K, V, implementation="cudnn")


def test_scaled_matmul():
    """Against the products that JAX's page of it defines."""
    a, b = rng.normal(size=(2, 3, 8)), rng.normal(size=(2, 4, 8))
    sa, sb = rng.random((2, 3, 2)), rng.random((2, 4, 2))
    wanted = np.einsum("bmk,bnk->bmn", a * np.repeat(sa, 4, -1), b * np.repeat(sb, 4, -1))
    single = [x.astype(np.float32) for x in (a, b, sa, sb)]
    got = nn.scaled_matmul(*single)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)
    assert nn.scaled_matmul(*single, preferred_element_type="bfloat16").dtype == "bfloat16"
    with pytest.raises(ValueError, match="k a divisor of K"):
        nn.scaled_matmul(*single[:3], single[3][..., :1])


INITIALIZERS = (
    ("orthogonal", {}, (5, 3)),
    ("orthogonal", {"scale": 2.0, "column_axis": 0}, (3, 2, 4)),
    ("orthogonal", {}, (2, 3, 8)),
    ("orthogonal", {}, (0, 3)),
    ("delta_orthogonal", {}, (3, 2, 4)),
    ("delta_orthogonal", {"scale": 0.5}, (3, 4, 2, 4)),
    ("delta_orthogonal", {}, (3, 2, 1, 2, 2)),
)


@pytest.mark.parametrize(("name", "kwargs", "shape"), INITIALIZERS)
def test_initializers(name, kwargs, shape):
    init = getattr(nn.initializers, name)(**kwargs)
    assert isinstance(init, nn.initializers.Initializer)
    wanted = getattr(jax.nn.initializers, name)(**kwargs)(jax.random.key(3), shape)
    got = init(pb.random.key(3), shape)
    assert got.dtype == wanted.dtype
    np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-5)


def test_errors_of_initializers():
    with pytest.raises(ValueError, match="at least two axes"):
        nn.initializers.orthogonal()(pb.random.key(0), (3,))
    with pytest.raises(ValueError, match="at least as long"):
        nn.initializers.delta_orthogonal()(pb.random.key(0), (3, 4, 2))
