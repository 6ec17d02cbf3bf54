"""Taylor mode against nested forward mode for every operation, and against JAX's."""

import jax
import numpy as np
import pytest
from jax.experimental.jet import jet as jax_jet
from op import arrays
from ops import OPS
from test_ops import Smooth, samples

import pullback as pb
from pullback import config
from pullback import numpy as pnp
from pullback.experimental.jet import jet

SMOOTH = [op for op in OPS if "float64" in op.derived and op.smooth]


@pytest.fixture(autouse=True)
def wide():
    with config.override(enable_x64=True), jax.enable_x64(True):
        yield


def along(f, primals, tangents):
    """The derivative of a function of lists along a direction, as a function of both."""
    return pb.jvp(lambda *xs: list(f(*xs)), tuple(primals), tuple(tangents))[1]


def twice(f, x, v, w):
    """The first and second derivative of f(x + t v + t^2 w / 2) by nested jvp."""
    n = len(x)
    return pb.jvp(lambda *xv: along(f, xv[:n], xv[n:]), (*x, *v), (*v, *w))


@pytest.mark.parametrize("op", SMOOTH, ids=[op.name for op in SMOOTH])
def test_second_order_is_nested_jvp(op):
    f = Smooth(op, next(samples(op, ("float64",))))
    v, w = ([pnp.asarray(f.random(p)) for p in f.primals] for _ in range(2))
    outs, terms = jet(f, tuple(f.primals), list(zip(v, w, strict=True)))
    first, second = twice(f, f.primals, v, w)
    for got, want in zip(outs, f(*f.primals), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-15)
    for got, a, b in zip(terms, first, second, strict=True):
        for g, wanted in ((got[0], a), (got[1], b)):
            (wanted,) = arrays(wanted)
            scale = max(1.0, np.abs(wanted).max(initial=0))
            np.testing.assert_allclose(g, wanted, rtol=1e-8, atol=1e-8 * scale)


X = np.array([0.3, 0.7, 1.4])
TERMS = tuple(np.random.default_rng(0).normal(size=(5, 3)))
W = np.random.default_rng(1).normal(size=(3, 3))


def loop(p):
    def f(x):
        return p.lax.fori_loop(0, 4, lambda i, c: p.numpy.sin(c) * x, x)

    return f


FUNCTIONS = {
    "sin": lambda p: p.numpy.sin,
    "cos": lambda p: p.numpy.cos,
    "sinh": lambda p: p.numpy.sinh,
    "cosh": lambda p: p.numpy.cosh,
    "exp": lambda p: p.numpy.exp,
    "expm1": lambda p: p.numpy.expm1,
    "log": lambda p: p.numpy.log,
    "log1p": lambda p: p.numpy.log1p,
    "tanh": lambda p: p.numpy.tanh,
    "logistic": lambda p: p.nn.sigmoid,
    "sqrt": lambda p: p.numpy.sqrt,
    "rsqrt": lambda p: p.lax.rsqrt,
    "square": lambda p: p.numpy.square,
    "cube": lambda p: lambda x: x**3,
    "power": lambda p: lambda x: x**7,
    "inverse": lambda p: lambda x: x**-2,
    "real power": lambda p: lambda x: x**1.7,
    "pow": lambda p: lambda x: x ** (x + 1),
    "constant base": lambda p: lambda x: 2.0**x,
    "quotient": lambda p: lambda x: p.numpy.sin(x) / (1 + x * x),
    "from above": lambda p: lambda x: 2.0 / x,
    "erf": lambda p: p.lax.erf,
    "erfc": lambda p: p.lax.erfc,
    "erf_inv": lambda p: lambda x: p.lax.erf_inv(x / 2),
    "asinh": lambda p: p.numpy.arcsinh,
    "atanh": lambda p: lambda x: p.numpy.arctanh(x / 2),
    "acosh": lambda p: lambda x: p.numpy.arccosh(x + 1),
    "atan2": lambda p: lambda x: p.numpy.arctan2(x, x * x + 1),
    "abs": lambda p: lambda x: p.numpy.abs(x - 1),
    "maximum": lambda p: lambda x: p.numpy.maximum(x, 0.5),
    "where": lambda p: lambda x: p.numpy.where(x > 0.5, x * x, p.numpy.sin(x)),
    "rem": lambda p: lambda x: p.lax.rem(x, 0.5 + 0 * x),
    "dot": lambda p: lambda x: p.numpy.dot(x, W) @ x,
    "mlp": lambda p: lambda x: p.numpy.tanh(W @ p.numpy.tanh(W @ x)),
    "softmax": lambda p: lambda x: p.nn.softmax(x * x),
    "reductions": lambda p: lambda x: p.numpy.max(x) * p.numpy.sum(x * x),
    "cumsum": lambda p: lambda x: p.numpy.cumsum(x * x),
    "gather": lambda p: lambda x: x[p.numpy.array([2, 0])] * x[1],
    "scatter": lambda p: lambda x: x.at[1].add(x[0] * x[2]),
    "slices": lambda p: lambda x: p.numpy.concatenate([x[1:] * x[:-1], x[::-1]]),
    "dynamic": lambda p: lambda x: p.lax.dynamic_slice(x * x, (1,), (2,)),
    "convolve": lambda p: lambda x: p.numpy.convolve(x, x),
    "fft": lambda p: lambda x: p.numpy.abs(p.numpy.fft.fft(x).real) * 2,
    "jit": lambda p: p.jit(lambda x: p.numpy.exp(x) * x),
    "constant": lambda p: lambda x: p.numpy.ones(3),
    "pair": lambda p: lambda x: {"a": x * x, "b": (p.numpy.sum(x), 2.0 * p.numpy.ones(2))},
    "silu": lambda p: p.nn.silu,
    "logsumexp": lambda p: p.nn.logsumexp,
}


def close(got, want, tol=1e-9):
    for g, w in zip(pb.tree.leaves(got), jax.tree.leaves(want), strict=True):
        assert g.shape == w.shape and g.dtype == w.dtype
        np.testing.assert_allclose(g, w, rtol=tol, atol=tol * max(1, np.abs(w).max(initial=0)))


@pytest.mark.parametrize("scaled", [True, False])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_five_orders_are_jax(name, scaled):
    f = FUNCTIONS[name]
    got = jet(f(pb), (X,), (TERMS,), factorial_scaled=scaled)
    want = jax_jet(f(jax), (X,), (TERMS,), factorial_scaled=scaled)
    close(got, want)


DERIVED = {
    "clip": lambda x: pnp.clip(x, 0.4, 1.0) * x,
    "relu": pb.nn.relu,
    "tan": lambda x: pnp.tan(x),
    "arcsin": lambda x: pnp.arcsin(x / 2),
    "arccos": lambda x: pnp.arccos(x / 2),
    "arctan": lambda x: pnp.arctan(x),
    "exp2": lambda x: pnp.exp2(x),
    "cbrt": lambda x: pnp.cbrt(x),
    "lgamma": lambda x: pb.lax.lgamma(x + 1),
    "cumprod": lambda x: pnp.cumprod(x),
    "sort": lambda x: pnp.sort(x * (1 - x)),
    "solve": lambda x: pnp.linalg.solve(W + pnp.diag(x), x),
    "det": lambda x: pnp.linalg.det(W + pnp.diag(x)),
    "while": lambda x: pb.lax.while_loop(
        lambda c: c[0] < 4, lambda c: (c[0] + 1, pnp.sin(c[1]) * x), (0, x)
    )[1],
    "fori": loop(pb),
    "scan": lambda x: pb.lax.scan(lambda c, y: (c * y + pnp.sin(x), c.sum()), x * 0 + 1.0, x),
    "scan of constants": lambda x: pb.lax.scan(
        lambda c, y: ((c[0] * y, c[1] + 1), x * y), (x, 0), pnp.arange(3.0)
    ),
    "cond": lambda x: pb.lax.cond(x[0] > 0, lambda x: (pnp.exp(x), x), lambda x: (x, 0 * x), x),
    "checkpoint": pb.checkpoint(lambda x: pnp.sin(pnp.sin(x)) * x),
    "custom_vjp": lambda x: twice_by_rule(x) * x,
}


@pb.custom_vjp
def twice_by_rule(x):
    return pnp.sin(2 * x)


twice_by_rule.defvjp(lambda x: (twice_by_rule(x), x), lambda x, ct: (2 * pnp.cos(2 * x) * ct,))


def nth(f, order):
    """The derivatives of f along the curve of X and TERMS, each by another jvp."""

    def curve(t):
        return X + sum(t**k / np.prod(np.arange(1.0, k + 1)) * TERMS[k - 1] for k in (1, 2, 3))

    def g(t):
        return f(curve(t))

    for _ in range(order):
        g = differentiated(g)
    return g(pnp.float64(0.0))


def differentiated(f):
    def tangents(t):
        out, tangent = pb.jvp(f, (t,), (pnp.ones_like(t),))
        return pb.tree.map(
            lambda o, d: d if pnp.issubdtype(o.dtype, pnp.floating) else o, out, tangent
        )

    return tangents


PURE = {k: f for k, f in DERIVED.items() if k not in ("custom_vjp", "scan of constants")}


@pytest.mark.parametrize("name", PURE)
def test_what_jax_lacks_is_nested_jvp(name):
    f = PURE[name]
    _, terms = jet(f, (X,), (TERMS[:3],))
    tree = pb.tree.structure(f(pnp.asarray(X)))
    for k in range(3):
        want = nth(f, k + 1)
        got = tree.unflatten([t[k] for t in tree.flatten_up_to(terms)])
        for g, w in zip(pb.tree.leaves(got), pb.tree.leaves(want), strict=True):
            np.testing.assert_allclose(g, w, rtol=1e-8, atol=1e-8)


def test_custom_jvp_rules_are_used():
    @pb.custom_jvp
    def f(x):
        return pb.lax.stop_gradient(pnp.sin(x))

    f.defjvp(lambda primals, tangents: (f(*primals), pnp.cos(*primals) * tangents[0]))
    got = jet(lambda x: f(x) * x, (X,), (TERMS,))
    close(got, jet(lambda x: pnp.sin(x) * x, (X,), (TERMS,)))
    close(pb.jit(lambda x: jet(f, (x,), (TERMS,)))(X), jet(pnp.sin, (X,), (TERMS,)))


def test_roots():
    def root(x):
        return pb.lax.custom_root(
            lambda y: y * y - x,
            x,
            lambda f, y: pb.lax.fori_loop(0, 30, lambda _, y: (y + x / y) / 2, y),
            lambda g, y: y / g(pnp.ones_like(y)),
        )

    close(jet(root, (X,), (TERMS[:3],)), jet(pnp.sqrt, (X,), (TERMS[:3],)))


def test_custom_vjp_rules_are_passed_by():
    got = jet(DERIVED["custom_vjp"], (X,), (TERMS,))
    close(got, jet(lambda x: pnp.sin(2 * x) * x, (X,), (TERMS,)))


def test_integer_carries_stay_integers():
    (carry, ys), ((c, n), _) = jet(DERIVED["scan of constants"], (X,), (TERMS[:2],))
    assert int(carry[1]) == 3 and n[0].dtype == carry[1].dtype and int(n[0]) == 0
    assert ys.shape == (3, 3) and c[0].shape == (3,)


TRANSFORMED = {
    "jit": lambda p, jet, f: p.jit(lambda x, t: jet(f, (x,), (t,)))(X, TERMS[:3]),
    "vmap": lambda p, jet, f: p.vmap(lambda x, t: jet(f, (x,), ((t, t),)))(
        np.stack([X, X + 1]), W[:2]
    ),
    "grad": lambda p, jet, f: p.grad(lambda x: p.numpy.sum(jet(f, (x,), (TERMS[:3],))[1][2]))(X),
    "hessian": lambda p, jet, f: p.hessian(lambda x: p.numpy.sum(jet(f, (x,), (TERMS[:2],))[1][1]))(
        X
    ),
    "inside vmap": lambda p, jet, f: jet(
        lambda x: p.vmap(lambda y: f(y * x))(W), (X,), (TERMS[:3],)
    ),
    "of grad": lambda p, jet, f: jet(p.grad(lambda x: p.numpy.sum(f(x) ** 2)), (X,), (TERMS[:3],)),
    "of jet": lambda p, jet, f: jet(
        lambda x: jet(f, (x,), (TERMS[:2],))[1][1], (X,), (TERMS[2:4],)
    ),
    "jit of jit": lambda p, jet, f: p.jit(lambda x: jet(p.jit(f), (x,), (TERMS[:3],)))(X),
}


@pytest.mark.parametrize("name", TRANSFORMED)
def test_under_transformations(name):
    run = TRANSFORMED[name]
    got, want = (
        run(p, j, lambda x, p=p: p.numpy.sin(x) * p.numpy.exp(x) / (x + 2))
        for p, j in ((pb, jet), (jax, jax_jet))
    )
    close(got, want)


def test_loops_under_jit_and_grad():
    f = loop(pb)
    got = pb.jit(lambda x: jet(f, (x,), (TERMS[:3],)))(X)
    close(got, jet(f, (X,), (TERMS[:3],)))
    grads = pb.grad(lambda x: jet(f, (x,), (TERMS[:2],))[1][1].sum())(X)
    want = jax.grad(lambda x: second(x).sum())(X)
    np.testing.assert_allclose(grads, want, rtol=1e-9)


def second(x):
    """The second derivative in JAX, which has no jet of loops, of the loop written out."""

    def f(x):
        c = x
        for _ in range(4):
            c = jax.numpy.sin(c) * x
        return c

    return jax_jet(f, (x,), (TERMS[:2],))[1][1]


def test_several_arguments():
    def f(p):
        return lambda x, y: p.numpy.sin(x * y) + p.numpy.arctan2(x, y)

    args = (X, X + 1), (TERMS[:3], TERMS[1:4])
    close(jet(f(pb), *args), jax_jet(f(jax), *args))


def test_order_zero_and_scalars():
    close(jet(pnp.sin, (0.5,), ((),)), jax_jet(jax.numpy.sin, (0.5,), ((),)))
    got = jet(lambda x: x * W, (0.5,), ((1.0, 2.0),))
    close(got, jax_jet(lambda x: x * W, (0.5,), ((1.0, 2.0),)))


def test_high_order():
    n = 12
    terms = (1.0, *[0.0] * (n - 1))
    _, got = jet(lambda x: pnp.exp(pnp.sin(x)) / (1 + x), (0.3,), (terms,))
    _, want = jax_jet(lambda x: jax.numpy.exp(jax.numpy.sin(x)) / (1 + x), (0.3,), (terms,))
    np.testing.assert_allclose(got, want, rtol=1e-9)


WRONG = {
    "lengths": (((X, X), (TERMS[:2], TERMS[:3])), ValueError, "one length, got 2, 3"),
    "count": (((X,), (TERMS[:2], TERMS[:2])), ValueError, "one entry an argument, got 2 for 1"),
    "tree": ((((X, X),), (TERMS[:2],)), ValueError, "primal value at position 0 is not an array"),
    "term": (((X,), ((TERMS,),)), ValueError, "term 0 for argument 0 is not an array"),
    "shape": (((X,), ((1.0,),)), ValueError, r"term 0 .* shape float64\[3\], got float64\[\]"),
    "integers": (((np.arange(3),), (TERMS[:1],)), TypeError, "float or complex"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_arguments(case):
    (primals, series), error, message = WRONG[case]
    with pytest.raises(error, match=message):
        jet(lambda *xs: xs[0], primals, series)
    with pytest.raises(TypeError, match="must be a function"):
        jet(3, (X,), (TERMS,))
