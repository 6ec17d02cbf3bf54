"""ops.segment_* against JAX's."""

import jax
import numpy as np
import pytest

import pullback as pb
from pullback import ops

X = np.random.default_rng(0).normal(size=(7, 3)).astype(np.float32)
IDS = np.array([2, 0, 2, 5, -1, 1, 0], np.int32)
NAMES = ("segment_sum", "segment_prod", "segment_max", "segment_min")
OPTIONS = (
    {},
    {"num_segments": 4},
    {"num_segments": 7, "bucket_size": 2},
    {"num_segments": 4, "mode": "clip"},
)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "int32"])
def test_values(name, options, dtype):
    x = (3 * X).astype(dtype)
    for data in (x, x[:, 0], x[0, 0], x[:1]):
        got = np.asarray(getattr(ops, name)(data, IDS, **options))
        wanted = np.asarray(getattr(jax.ops, name)(data, IDS, **options))
        assert got.dtype == wanted.dtype
        np.testing.assert_allclose(got, wanted, rtol=1e-6)


@pytest.mark.parametrize("name", ["segment_sum", "segment_max", "segment_min"])
def test_gradients_compiled(name):
    def loss(ops, numpy):
        f = getattr(ops, name)
        return lambda x: numpy.sin(f(x, IDS, 3)).sum()

    got = pb.jit(pb.grad(loss(ops, pb.numpy)))(X)
    np.testing.assert_allclose(got, jax.grad(loss(jax.ops, jax.numpy))(X), rtol=1e-5)


def test_errors():
    with pytest.raises(TypeError, match="give num_segments"):
        pb.jit(ops.segment_sum)(X, IDS)
    with pytest.raises(ValueError, match="a segment for each"):
        ops.segment_sum(X, IDS[:3])
    with pytest.raises(ValueError, match="negative"):
        ops.segment_sum(X, IDS, -1)
