"""odeint against JAX's, and against SciPy's solver."""

import jax
import numpy as np
import pytest
from jax.experimental.ode import odeint as jax_odeint
from scipy.integrate import solve_ivp

import pullback as pb
from pullback import numpy as pnp
from pullback.experimental.ode import odeint

T = np.linspace(0.0, 3.0, 7)
BOTH = ((pb, odeint), (jax, jax_odeint))


@pytest.fixture(params=[False, True], ids=["32", "64"])
def wide(request):
    with pb.enable_x64(request.param), jax.enable_x64(request.param):
        yield request.param


@pytest.fixture
def exact():
    with pb.enable_x64(), jax.enable_x64(True):
        yield True


def times(wide):
    return T.astype(np.float64 if wide else np.float32)


def close(got, want, wide, loose=1):
    for g, w in zip(pb.tree.leaves(got), jax.tree.leaves(want), strict=True):
        assert g.shape == w.shape and g.dtype == w.dtype
        tol = loose * (1e-10 if wide else 2e-5)
        np.testing.assert_allclose(g, w, rtol=tol, atol=tol)


def pendulum(p):
    def f(y, t, m, g):
        angle, speed = y
        return speed, -m * speed - g * p.numpy.sin(angle) + 0.1 * t

    return f


def lotka(p):
    def f(y, t, a, rest):
        prey, hunters = y
        b, c = rest["b"], rest["c"]
        return p.numpy.stack([a * prey - b * prey * hunters, c * prey * hunters - hunters])

    return f


PROBLEMS = {
    "decay": (lambda p: lambda y, t: -y, 1.0, ()),
    "vector": (lambda p: lambda y, t, a: a * p.numpy.cos(t) * y, np.ones(3, np.float32), (0.7,)),
    "pendulum": (pendulum, (1.0, 0.5), (0.25, 9.8)),
    "lotka": (lotka, np.array([1.0, 0.5], np.float32), (1.5, {"b": 1.0, "c": 0.8})),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_values_are_jax(name, wide):
    make, y0, args = PROBLEMS[name]
    y0 = jax.tree.map(lambda x: np.asarray(x, times(wide).dtype), y0)
    got, want = (f(make(p), y0, p.numpy.asarray(times(wide)), *args) for p, f in BOTH)
    close(got, want, wide)


def test_against_scipy():
    def f(t, y):
        return [y[1], (1 - y[0] ** 2) * y[1] - y[0]]

    want = solve_ivp(f, (0, 3), [2.0, 0.0], t_eval=T, rtol=1e-10, atol=1e-12).y.T
    with pb.enable_x64():
        got = odeint(lambda y, t: pnp.stack(f(t, y)), pnp.array([2.0, 0.0]), pnp.asarray(T))
    np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", PROBLEMS)
def test_gradients_are_jax(name, exact):
    make, y0, args = PROBLEMS[name]

    def gradients(p, ode):
        def loss(y0, t, *args):
            ys = ode(make(p), y0, t, *args, rtol=1e-6, atol=1e-6)
            return sum([p.numpy.sum(p.numpy.sin(y)) for y in p.tree.leaves(ys)])

        argnums = tuple(range(2 + len(args)))
        start = p.tree.map(lambda x: p.numpy.asarray(x, float), y0)
        return p.jit(p.grad(loss, argnums))(start, p.numpy.asarray(times(exact)), *args)

    close(*(gradients(p, f) for p, f in BOTH), exact, 10)


def test_gradients_are_differences():
    with pb.enable_x64():

        def loss(x):
            y = odeint(lambda y, t, a: -a * y**2, x[0], pnp.asarray(T), x[1])
            return pnp.sum(y**2)

        x, step = np.array([1.3, 0.4]), 1e-5
        got = pb.grad(loss)(x)
        for i in range(2):
            d = step * np.eye(2)[i]
            want = (float(loss(x + d)) - float(loss(x - d))) / (2 * step)
            assert float(got[i]) == pytest.approx(want, rel=1e-6)


def test_captured_values_have_gradients(exact):
    def gradient(p, ode):
        def loss(a):
            return ode(lambda y, t: -a * y, 1.0, p.numpy.asarray(times(exact)))[-1]

        return p.grad(loss)(0.5)

    close(gradient(pb, odeint), gradient(jax, jax_odeint), exact, 10)


def test_integer_arguments_have_none():
    def loss(a, n):
        return odeint(lambda y, t, a, n: -a * n * y, 1.0, pnp.array([0.0, 1.0]), a, n)[-1]

    assert float(pb.grad(loss)(0.5, 2)) == pytest.approx(-2 * np.exp(-1), rel=1e-4)


def test_batches_are_jax(exact):
    y0 = np.linspace(0.5, 2.0, 4).astype(np.float64 if exact else np.float32)

    def run(p, ode):
        t = p.numpy.asarray(times(exact))
        f = p.vmap(lambda y, a: ode(lambda y, t, a: -a * y + t, y, t, a))
        g = p.vmap(p.grad(lambda y: ode(lambda y, t: -y * y, y, t)[-1]))
        return f(y0, y0 + 1), g(y0)

    close(run(pb, odeint), run(jax, jax_odeint), exact, 10)


def test_complex_states(exact):
    def run(p, ode):
        t = p.numpy.asarray(times(exact))
        y0 = p.numpy.array([1.0 + 0.5j, 2.0])
        return ode(lambda y, t: 1j * y, y0, t)

    close(run(pb, odeint), run(jax, jax_odeint), exact)


def test_limits_of_steps():
    def run(p, ode, **limits):
        return ode(lambda y, t: -y + t, 1.0, p.numpy.asarray(times(0)), **limits)

    for limits in ({"hmax": 0.1}, {"mxstep": 2, "rtol": 1e-3}, {"rtol": 1e-3, "atol": 1e-3}):
        got, want = (run(p, f, **limits) for p, f in BOTH)
        np.testing.assert_allclose(got, want, rtol=1e-4)


def test_it_is_compiled_once():
    traces = []

    def f(y, t):
        traces.append(1)
        return -y

    for y0 in (1.0, 2.0, 3.0):
        odeint(f, y0, pnp.array([0.0, 1.0]))
    compiled = pb.experimental.ode._solved._cache_size()
    odeint(f, 4.0, pnp.array([0.0, 1.0]))
    assert len(traces) == 4 and pb.experimental.ode._solved._cache_size() == compiled


def test_wrong_arguments():
    t = pnp.array([0.0, 1.0])
    with pytest.raises(TypeError, match="odeint: t must be an array of a float dtype"):
        odeint(lambda y, t: y, 1.0, pnp.arange(3))
    with pytest.raises(TypeError, match=r"odeint: the contents of \*args .* 'a' of type str"):
        odeint(lambda y, t, a: y, 1.0, t, "a")
