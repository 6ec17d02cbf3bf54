"""reduce and reduce_window of lax against JAX's."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import pullback as pb

X = np.random.default_rng(0).normal(size=(4, 5, 6)).astype(np.float32)
N = np.arange(24, dtype=np.int32).reshape(4, 6) % 7
INF = np.inf


def logaddexp(numpy):
    return numpy.logaddexp


def argmax_pair(m):
    """The greater of two numbers with its place."""

    def f(a, b):
        first = m.ge(a[0], b[0])
        return m.select(first, a[0], b[0]), m.select(first, a[1], b[1])

    return f


PLACES = np.arange(X.size, dtype=np.int32).reshape(X.shape)

CASES = {
    "sum": lambda m, n: m.reduce(X, 0.0, m.add, (1,)),
    "sum by a lambda": lambda m, n: m.reduce(X, 0.0, lambda a, b: a + b, (0, 2)),
    "sum from 2": lambda m, n: m.reduce(X, np.float32(2), m.add, (1,)),
    "product": lambda m, n: m.reduce(X, 1.0, m.mul, (0,)),
    "max": lambda m, n: m.reduce(X, -INF, m.max, (2, 0)),
    "min": lambda m, n: m.reduce(N, np.iinfo(np.int32).max, m.min, (0,)),
    "and": lambda m, n: m.reduce(N, -1, m.bitwise_and, (0,)),
    "or": lambda m, n: m.reduce(N, 0, m.bitwise_or, (0,)),
    "xor": lambda m, n: m.reduce(N, 0, m.bitwise_xor, (1,)),
    "any": lambda m, n: m.reduce(N > 5, False, m.bitwise_or, (1,)),
    "logaddexp": lambda m, n: m.reduce(X, -INF, logaddexp(n), (1, 2)),
    "nothing": lambda m, n: m.reduce(X[:, :0], 3.0, lambda a, b: a * b + 0, (1,)),
    "no axes": lambda m, n: m.reduce(X, 0.0, lambda a, b: a + b + 0, ()),
    "pairs": lambda m, n: m.reduce(
        (X, PLACES), (np.float32(-INF), np.int32(-1)), argmax_pair(m), (1,)
    ),
    "window sum": lambda m, n: m.reduce_window(X, 0.0, m.add, (1, 2, 3), (1, 2, 1), "SAME"),
    "window max": lambda m, n: m.reduce_window(X, -INF, m.max, (1, 2, 2), (1, 2, 2), "SAME_LOWER"),
    "window max of integers": lambda m, n: m.reduce_window(N, -INF, m.max, (2, 2)),
    "min of integers": lambda m, n: m.reduce(N, INF, m.min, (0,)),
    "window min": lambda m, n: m.reduce_window(
        X, INF, m.min, (2, 1, 2), None, ((1, 0), (0, 0), (0, 2)), (1, 2, 1), (1, 1, 3)
    ),
    "window product": lambda m, n: m.reduce_window(
        X, 1.0, m.mul, (2, 2, 1), (1, 2, 1), "SAME", window_dilation=(2, 1, 1)
    ),
    "window from 1": lambda m, n: m.reduce_window(N, 1, m.add, (2, 2)),
    "window logaddexp": lambda m, n: m.reduce_window(
        X, -INF, logaddexp(n), (1, 3, 2), (1, 1, 2), ((0, 0), (1, 1), (0, 1)), (1, 2, 1)
    ),
    "window pairs": lambda m, n: m.reduce_window(
        (X, PLACES), (np.float32(-INF), np.int32(-1)), argmax_pair(m), (1, 2, 2), (1, 2, 2), "SAME"
    ),
    "shape": lambda m, n: np.asarray(
        m.reduce_window_shape_tuple((9, 8), (2, 3), (1, 2), ((0, 1), (1, 0)), (1, 2), (2, 1))
    ),
}


def close(got, wanted):
    got, wanted = jax.tree.leaves(got), jax.tree.leaves(wanted)
    for g, w in zip(map(np.asarray, got), map(np.asarray, wanted), strict=True):
        assert g.dtype == w.dtype
        np.testing.assert_allclose(g, w, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("case", CASES)
def test_values(case):
    with np.errstate(all="raise"):
        got = CASES[case](pb.lax, pb.numpy)
    close(pb.tree.leaves(got), CASES[case](lax, jnp))


def product(m, x):
    """A product of shifted numbers, whose computation no reduction is named for."""
    return m.reduce(x, np.float32(1), lambda a, b: a * b * 1.5, (1,))


def running(m, n, x):
    return m.reduce_window(x, np.float32(-INF), logaddexp(n), (1, 2, 2), (1, 1, 2), "SAME")


FUNCTIONS = {
    "reduce": (
        lambda x: product(pb.lax, x),
        lambda x: 1.5 ** x.shape[1] * jnp.prod(x, 1),
    ),
    "windows": (
        lambda x: running(pb.lax, pb.numpy, x),
        lambda x: logsumexp_windows(x),
    ),
}


def logsumexp_windows(x):
    """The same by JAX's sum over windows."""
    total = lax.reduce_window(jnp.exp(x), 0.0, lax.add, (1, 2, 2), (1, 1, 2), "SAME")
    return jnp.log(total)


@pytest.mark.parametrize("case", FUNCTIONS)
@pytest.mark.parametrize("compiled", [False, True])
def test_transformations(case, compiled):
    ours, theirs = FUNCTIONS[case]
    wrap = pb.jit if compiled else lambda f: f
    close(wrap(ours)(X), theirs(X))
    got = wrap(pb.grad(lambda x: pb.numpy.sin(ours(x)).sum()))(X)
    close(got, jax.grad(lambda x: jnp.sin(theirs(x)).sum())(X))
    batch = np.stack([X, 0.5 * X], 1)
    close(wrap(pb.vmap(ours, 1))(batch), jax.vmap(theirs, 1)(batch))


def test_captured_arrays():
    scale = pb.numpy.float32(2.0)

    def f(scale):
        return pb.lax.reduce(X, np.float32(0), lambda a, b: (a + b) * (scale / scale), (1,)).sum()

    close(f(scale), X.sum(dtype=np.float32))
    close(pb.grad(f)(2.0), np.float32(0))


def test_gradient_of_dilated_max():
    params = ((2, 3), (1, 1), "VALID", None, (2, 1))
    x = X[0]

    def pool(x):
        return pb.lax.reduce_window(x, -INF, pb.lax.max, *params)

    def windows(x):
        shifted = [x[a : a + 3, b : b + 4] for a in (0, 2) for b in (0, 1, 2)]
        return jnp.stack(shifted).max(0)

    close(pool(x), windows(x))
    weights = np.arange(12, dtype=np.float32).reshape(3, 4)
    got = pb.grad(lambda x: (weights * pool(x)).sum())(x)
    close(got, jax.grad(lambda x: (weights * windows(x)).sum())(x))


def shown(text):
    """A program's text without spaces and what only JAX has."""
    lines = [s for s in str(text).splitlines() if "consts" not in s and "computation" not in s]
    return "".join("".join(lines).split()).replace("out_sharding=None", "")


def test_equations_are_jax():
    for case in ("sum", "max", "window sum", "window product"):
        ours = pb.make_jaxpr(lambda _, case=case: CASES[case](pb.lax, pb.numpy))(0)
        theirs = jax.make_jaxpr(lambda _, case=case: CASES[case](lax, jnp))(0)
        assert shown(ours) == shown(theirs)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pb.lax.reduce(X, np.int32(0), pb.lax.add, (0,)), "one dtype|same dtypes|dtypes"),
        (lambda: pb.lax.reduce(X, (0.0,), pb.lax.add, (0,)), "one structure"),
        (lambda: pb.lax.reduce(X, 0.0, lambda a, b: (a, b), (0,)), "must return what"),
        (lambda: pb.lax.reduce(X, 0.0, pb.lax.add, (3,)), "axis 3"),
        (lambda: pb.lax.reduce_window(X, 0.0, pb.lax.add, (2, 2)), "one (entry|pair)"),
        (lambda: pb.lax.reduce_window(X, 0.0, pb.lax.add, (2, 2, 0)), "positive"),
        (lambda: pb.lax.reduce_window(X, 0.0, pb.lax.add, (2, 2, 2), padding="ALL"), "padding"),
    ],
)
def test_errors(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()
