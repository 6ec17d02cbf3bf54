"""pullback.nn against jax.nn: values, dtypes and derivatives."""

import jax
import numpy as np
import pytest
from jax import numpy as jnp

import pullback as pb
from pullback import numpy as pnp

POINTS = np.concatenate([np.linspace(-8, 8, 33), [0.5, -0.5, 1e-3, 30.0, -30.0]]).astype(np.float32)
ELEMENTWISE = (
    "relu relu6 sigmoid softplus sparse_plus soft_sign sparse_sigmoid silu swish mish log_sigmoid"
    " elu selu celu leaky_relu hard_tanh hard_sigmoid hard_silu hard_swish gelu squareplus identity"
    " tanh"
).split()


def check(ours, theirs, rtol=3e-6, atol=1e-6):
    assert str(ours.dtype) == str(theirs.dtype)
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), rtol=rtol, atol=atol)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_elementwise(name):
    ours, theirs = getattr(pb.nn, name), getattr(jax.nn, name)
    check(ours(pnp.array(POINTS)), theirs(jnp.array(POINTS)))
    check(pb.jit(ours)(POINTS), theirs(jnp.array(POINTS)))
    if name not in ("sigmoid", "silu", "swish"):  # JAX's refuse integers
        check(ours(pnp.arange(-3, 4)), theirs(jnp.arange(-3, 4)))


@pytest.mark.parametrize("name", [n for n in ELEMENTWISE if n != "identity"])
def test_derivatives(name):
    ours, theirs = getattr(pb.nn, name), getattr(jax.nn, name)
    points = np.append(POINTS, [np.float32(0), np.float32(6)])
    got = pb.vmap(pb.grad(ours))(pnp.array(points))
    check(got, jax.vmap(jax.grad(theirs))(jnp.array(points)), 1e-5, 5e-6)
    got = pb.jit(pb.vmap(pb.grad(pb.grad(ours))))(POINTS[:20])
    check(got, jax.vmap(jax.grad(jax.grad(theirs)))(jnp.array(POINTS[:20])), 2e-4, 2e-5)


def test_exact_gelu():
    got = pb.nn.gelu(pnp.array(POINTS), approximate=False)
    check(got, jax.nn.gelu(jnp.array(POINTS), approximate=False), 2e-5, 1e-6)


def test_glu():
    x = np.random.RandomState(0).randn(3, 6).astype(np.float32)
    check(pb.nn.glu(x, 1), jax.nn.glu(x, 1))
    check(pb.nn.glu(np.ones((4, 3), np.float32), 0), jax.nn.glu(np.ones((4, 3), np.float32), 0))
    with pytest.raises(ValueError, match="even size"):
        pb.nn.glu(pnp.ones(3))


def test_log1mexp():
    x = np.array([1e-6, 1e-2, 0.5, 0.7, 2.0, 20.0], np.float32)
    check(pb.nn.log1mexp(x), jax.nn.log1mexp(x))


X = np.random.RandomState(1).randn(3, 4, 5).astype(np.float32)
MASK = np.random.RandomState(2).rand(3, 4, 5) > 0.3


@pytest.mark.parametrize("axis", [-1, 0, 1, (0, 2), None])
@pytest.mark.parametrize(
    "name", ["softmax", "log_softmax", "logsumexp", "logmeanexp", "standardize"]
)
def test_over_axes(name, axis):
    ours, theirs = getattr(pb.nn, name), getattr(jax.nn, name)
    check(ours(X, axis=axis), theirs(X, axis=axis))
    check(pb.jit(lambda x: ours(x, axis=axis))(X), theirs(X, axis=axis))
    weights = np.random.RandomState(3).randn(60).astype(np.float32)[: theirs(X, axis=axis).size]
    weights = weights.reshape(theirs(X, axis=axis).shape)
    got = pb.grad(lambda x: (ours(x, axis=axis) * weights).sum())(X)
    check(got, jax.grad(lambda x: (theirs(x, axis=axis) * weights).sum())(X), 1e-4, 1e-5)


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "logsumexp", "standardize"])
def test_masked(name):
    ours, theirs = getattr(pb.nn, name), getattr(jax.nn, name)
    axis = (0, 2)
    check(ours(X, axis=axis, where=MASK), theirs(X, axis=axis, where=MASK), 1e-5, 1e-5)


def test_logsumexp_weights_and_extremes():
    b = np.random.RandomState(4).randn(3, 4, 5).astype(np.float32)
    got = pb.nn.logsumexp(X, axis=1, b=b, return_sign=True)
    for ours, theirs in zip(got, jax.nn.logsumexp(X, axis=1, b=b, return_sign=True), strict=True):
        check(ours, theirs, 1e-5, 1e-5)
    for extreme in ([-np.inf, -np.inf], [np.inf, 1.0], [1000.0, 1000.0], [np.nan, 0.0]):
        x = np.array(extreme, np.float32)
        check(pb.nn.logsumexp(x), jax.nn.logsumexp(x))


def test_softmax_second_derivative():
    def f(nn):
        return lambda x: (nn.softmax(x) ** 3).sum()

    check(pb.hessian(f(pb.nn))(X[0, 0]), jax.hessian(f(jax.nn))(X[0, 0]), 1e-4, 1e-6)


def test_one_hot():
    for x, n, axis in [([0, 2, -1, 5], 3, -1), ([[1], [0]], 4, 0), (2, 3, -1)]:
        got = pb.nn.one_hot(np.array(x), n, axis=axis)
        check(got, jax.nn.one_hot(np.array(x), n, axis=axis))
    check(
        pb.nn.one_hot(np.array([1]), 2, dtype=np.int32),
        jax.nn.one_hot(np.array([1]), 2, dtype=np.int32),
    )


INITIALIZERS = (
    "glorot_normal glorot_uniform he_normal he_uniform kaiming_normal kaiming_uniform lecun_normal"
    " lecun_uniform xavier_normal xavier_uniform normal uniform truncated_normal"
).split()


@pytest.mark.parametrize("name", INITIALIZERS)
def test_initializers(name):
    ours, theirs = getattr(pb.nn.initializers, name)(), getattr(jax.nn.initializers, name)()
    shape = (3, 5, 7)
    check(ours(pb.random.key(0), shape), theirs(jax.random.key(0), shape), 1e-5, 1e-6)


def test_plain_initializers():
    key = pb.random.key(0)
    assert pb.nn.initializers.ones(key, (2,)).tolist() == [1.0, 1.0]
    assert pb.nn.initializers.constant(3)(key, (2,), np.int32).tolist() == [3, 3]
    with pytest.raises(ValueError, match="two axes"):
        pb.nn.initializers.he_normal()(key, (3,))


@pytest.mark.parametrize("distribution", ("truncated_normal", "normal", "uniform"))
def test_complex_initial_weights(distribution):
    def drawn(p):
        init = p.nn.initializers.variance_scaling(2.0, "fan_in", distribution)
        return init(p.random.key(3), (4, 5), np.complex64)

    np.testing.assert_allclose(drawn(pb), drawn(jax), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize("shape", [(4,), (3, 4)])
def test_nothing_included(name, shape):
    """Where the mask leaves nothing, shares are 0, their logarithms -inf, and so are no NaN."""
    x = np.linspace(-3, 3, int(np.prod(shape)), dtype=np.float32).reshape(shape)
    mask = np.zeros(shape, bool)
    mask[..., 1:] = np.ndim(x) > 1 and (np.arange(3) % 2 == 0)[:, None]
    for wrap in (lambda lib, f: f, lambda lib, f: lib.jit(f)):
        mine, theirs = (
            wrap(lib, lambda x, lib=lib: getattr(lib.nn, name)(x, where=mask))(x)
            for lib in (pb, jax)
        )
        np.testing.assert_allclose(mine, theirs, rtol=1e-6)


def test_scalars_of_half_precision_keep_their_dtype():
    assert pb.nn.hard_sigmoid(jnp.bfloat16(1.5).dtype.type(1.5)).dtype == jnp.bfloat16


@pytest.mark.parametrize(
    ("kwargs", "shape"),
    [
        ({"batch_axis": 0}, (3, 2)),
        ({"batch_axis": 0}, (3, 3, 2)),
        ({"in_axis": 0, "out_axis": 0}, (5,)),
        ({"in_axis": (0, 1), "out_axis": (1, 2)}, (3, 2, 4)),
    ],
)
def test_axes_of_weights_may_overlap(kwargs, shape):
    mine, theirs = (
        lib.nn.initializers.glorot_uniform(**kwargs)(lib.random.key(0), shape) for lib in (pb, jax)
    )
    np.testing.assert_allclose(mine, theirs, rtol=1e-6)
