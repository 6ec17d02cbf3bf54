"""`scipy.optimize` and `scipy.sparse.linalg` against JAX's, SciPy's and NumPy's."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.optimize as joptimize
import jax.scipy.sparse.linalg as jsparse
import numpy as np
import pytest
import scipy.optimize

import pullback as pb
from pullback import numpy as pnp
from pullback.scipy.optimize import minimize
from pullback.scipy.sparse import linalg as sparse

RNG = np.random.default_rng(0)
LIMITED = "l-bfgs-experimental-do-not-rely-on-this"
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "rosenbrock": lambda m, x: m.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2),
    "himmelblau": lambda m, x: (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2,
    "matyas": lambda m, x: 0.26 * (x[0] ** 2 + x[1] ** 2) - 0.48 * x[0] * x[1],
}


@pytest.mark.parametrize("method", ["BFGS", LIMITED])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_minimize(name, method):
    f = FUNCTIONS[name]
    x0 = np.array([-1.2, 1.0])
    with pb.enable_x64():
        found = minimize(lambda x: f(pnp, x), x0, method=method)
        wanted = scipy.optimize.minimize(lambda x: f(np, x), x0, method="BFGS")
        np.testing.assert_allclose(found.x, wanted.x, atol=1e-4)
        np.testing.assert_allclose(found.fun, wanted.fun, atol=1e-7)
        assert found.nfev == found.njev and found.nfev > found.nit
        assert found.success or found.status == 4


@pytest.mark.parametrize("method", ["BFGS", LIMITED])
def test_minimize_takes_jax_steps(method):
    f, x0 = FUNCTIONS["rosenbrock"], np.linspace(-1, 1.5, 4)
    with pb.enable_x64(), jax.enable_x64(True):
        got = minimize(lambda x: f(pnp, x), x0, method=method)
        wanted = joptimize.minimize(lambda x: f(jnp, x), x0, method=method)
        assert got.hess_inv is None or got.hess_inv.shape == wanted.hess_inv.shape
        for name in ("x", "fun", "jac", "nit", "nfev", "status", "success"):
            np.testing.assert_allclose(getattr(got, name), getattr(wanted, name), atol=1e-6)


def test_minimize_compiles_and_batches():
    def solve(b: Any) -> Any:
        found = minimize(lambda x, b: ((x - b) ** 4 + (x - b) ** 2).sum(), b * 0, (b,),
                         method="BFGS", options={"gtol": 1e-4})  # fmt: skip
        return found.x

    b = np.float32([[1.0, 2.0], [3.0, -4.0]])
    np.testing.assert_allclose(pb.jit(pb.vmap(solve))(b), b, atol=1e-3)
    stopped = minimize(lambda x: (x**4).sum(), b[0], method="BFGS", options={"maxiter": 1})
    assert stopped.status == 1 and not stopped.success


@pytest.mark.parametrize("method", ["BFGS", LIMITED])
def test_minimize_searches_only_for_those_of_a_batch_that_are_left(method):
    calls = []

    def f(x):
        pb.debug.callback(lambda: calls.append(1))
        return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2 + 0.1 * pnp.cosh(x[0] - 1)

    with pb.enable_x64():
        starts = pnp.array([[1.0, 1.0], [-1.2, 1.0], [1.0, 1.1]])
        found = pb.vmap(lambda x: minimize(f, x, method=method))(starts)
        pb.effects_barrier()
    assert found.success.all()
    assert len(calls) <= 1.5 * found.nfev.max()


def test_minimize_errors():
    with pytest.raises(TypeError, match="tuple"):
        minimize(lambda x, a: x.sum(), np.ones(2), [1], method="BFGS")
    with pytest.raises(ValueError, match="Newton"):
        minimize(lambda x: x.sum(), np.ones(2), method="Newton")
    with pytest.raises(ValueError, match="vector"):
        minimize(lambda x: x.sum(), np.ones((2, 2)), method="BFGS")


def system(dtype: type, positive: bool) -> tuple[np.ndarray, np.ndarray]:
    """A matrix and a right side."""
    a = RNG.standard_normal((8, 8))
    if dtype is np.complex64:
        a = a + 1j * RNG.standard_normal((8, 8))
    a = a @ a.conj().T + np.eye(8) if positive else a + 6 * np.eye(8)
    return a.astype(dtype), RNG.standard_normal(8).astype(dtype)


SOLVERS = [
    ("cg", {}),
    ("bicgstab", {}),
    ("gmres", {}),
    ("gmres", {"restart": 3}),
    ("gmres", {"solve_method": "incremental", "restart": 4}),
]


@pytest.mark.parametrize("dtype", [np.float32, np.complex64])
@pytest.mark.parametrize(("name", "options"), SOLVERS)
def test_solvers(name, options, dtype):
    a, b = system(dtype, name == "cg")
    solve = getattr(sparse, name)
    x, _ = solve(a, b, tol=1e-6, **options)
    assert x.dtype == dtype
    np.testing.assert_allclose(x, np.linalg.solve(a, b), rtol=1e-4, atol=1e-5)
    close, _ = solve(lambda v: pnp.dot(a, v), b, x0=x, M=np.eye(8, dtype=dtype) / 4, **options)
    np.testing.assert_allclose(close, x, rtol=1e-4, atol=1e-5)
    early, _ = solve(a, b, maxiter=1, tol=0.0, **options)
    oracle, _ = getattr(jsparse, name)(a, b, maxiter=1, tol=0.0, **options)
    np.testing.assert_allclose(early, oracle, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("name", "options"), SOLVERS[:3])
def test_derivatives_of_solvers_are_implicit(name, options):
    a, b = system(np.float32, name == "cg")

    def loss(m: Any, solve: Any) -> Any:
        return lambda a, b: (solve(a, b) ** 2).sum()

    got = pb.jit(pb.grad(loss(pnp, lambda a, b: getattr(sparse, name)(a, b, tol=1e-7)[0]), (0, 1)))
    wanted = jax.grad(loss(jnp, jnp.linalg.solve), (0, 1))(a, b)
    for g, w in zip(got(a, b), wanted, strict=True):
        np.testing.assert_allclose(g, w, rtol=1e-3, atol=1e-4)


def test_solvers_take_trees_and_batches():
    a, b = system(np.float32, True)

    def product(t: Any) -> Any:
        y = pnp.dot(a, pnp.concatenate([t["u"], t["v"].ravel()]))
        return {"u": y[:2], "v": y[2:].reshape(3, 2)}

    x, info = sparse.cg(product, {"u": b[:2], "v": b[2:].reshape(3, 2)}, tol=1e-6)
    wanted = np.linalg.solve(a, b)
    assert info is None
    np.testing.assert_allclose(x["v"].ravel(), wanted[2:], rtol=1e-3, atol=1e-4)
    many = pb.vmap(lambda b: sparse.gmres(a, b, tol=1e-6)[0])(np.stack([b, 2 * b]))
    np.testing.assert_allclose(many[1], 2 * wanted, rtol=1e-3, atol=1e-4)


def test_solvers_say_what_is_wrong():
    a, b = system(np.float32, True)
    with pytest.raises(ValueError, match="square"):
        sparse.cg(a[:3], b)
    with pytest.raises(TypeError, match="function or ndarray"):
        sparse.cg(3, b)
    with pytest.raises(ValueError, match="shapes"):
        sparse.cg(a, b, x0=b[:2])
    with pytest.raises(ValueError, match="structure"):
        sparse.bicgstab(a, b, x0=[b])
    with pytest.raises(ValueError, match="solve_method"):
        sparse.gmres(a, b, solve_method="fast")
