"""`scipy.linalg` and `lax.linalg`: values, gradients and batches against JAX's and SciPy's."""

import warnings
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg
from jax.scipy import linalg as jsl
from numpy_oracle import assert_same, ours, theirs

import pullback as pb
from pullback import config, lax
from pullback import numpy as pnp
from pullback.scipy import linalg as psl

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def wide():
    with config.override(enable_x64=True), jax.enable_x64(True):
        yield


def f(*shape: int, dtype: Any = np.float64) -> np.ndarray:
    """Random numbers, complex ones too."""
    x = RNG.standard_normal(shape)
    if np.dtype(dtype).kind == "c":
        x = x + 1j * RNG.standard_normal(shape)
    return x.astype(dtype)


def spd(x: np.ndarray) -> np.ndarray:
    """A positive definite matrix."""
    return x @ np.swapaxes(x, -1, -2).conj() + np.eye(x.shape[-1], dtype=x.dtype)


C = np.complex128
SQUARE, COMPLEX, BATCH = f(4, 4), f(3, 3, dtype=C), f(2, 3, 3)
FACTOR = np.tril(spd(SQUARE))
VALUES: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    (name, args, kwargs)
    for names, args, kwargs in (
        ("det inv svd lu lu_factor schur qr expm", (SQUARE,), {}),
        ("det inv lu lu_factor qr expm", (COMPLEX,), {}),
        ("lu lu_factor qr svd", (f(4, 2),), {}),
        ("lu qr", (f(2, 4),), {}),
        ("lu", (SQUARE,), {"permute_l": True}),
        ("cholesky", (spd(SQUARE),), {}),
        ("cholesky", (spd(COMPLEX),), {"lower": True}),
        ("eigh", (spd(SQUARE),), {}),
        ("eigh", (spd(COMPLEX),), {"eigvals_only": True, "lower": False}),
        ("schur", (SQUARE,), {"output": "complex"}),
        ("solve", (SQUARE, f(4, 2)), {}),
        ("solve", (spd(SQUARE), f(4)), {"assume_a": "pos"}),
        *[("solve_triangular", (SQUARE, f(4, 2)), {"trans": t}) for t in (0, "T", "C")],
        ("solve_triangular", (COMPLEX, f(3)), {"trans": 2, "lower": True}),
        ("solve_triangular", (BATCH, f(3, 2)), {"unit_diagonal": True}),
        *[("qr", (f(4, 2),), {"mode": mode}) for mode in ("full", "economic", "r")],
        ("qr", (f(4, 3),), {"pivoting": True, "mode": "economic"}),
        ("hessenberg", (SQUARE,), {"calc_q": True}),
        ("hessenberg", (BATCH,), {}),
        ("polar", (f(4, 3),), {"method": "svd"}),
        ("polar", (SQUARE,), {"method": "svd", "side": "left"}),
        ("expm", (10 * SQUARE,), {}),
        ("expm", (BATCH,), {}),
        ("expm", (np.triu(SQUARE),), {"upper_triangular": True}),
        ("expm", (1e9 * SQUARE,), {"max_squarings": 2}),
        ("expm_frechet", (SQUARE, f(4, 4)), {}),
        ("sqrtm", (spd(SQUARE),), {}),
        ("solve_sylvester", (spd(SQUARE), spd(f(3, 3)), f(4, 3)), {}),
        ("block_diag", (f(2, 2), f(3), f(1, 2)), {}),
        ("toeplitz hankel circulant companion fiedler", (f(4),), {}),
        ("toeplitz hankel", (f(4), f(3)), {}),
        ("toeplitz", (f(3, dtype=C),), {}),
        ("toeplitz circulant", (f(2, 3),), {}),
        ("leslie", (f(4), f(3)), {}),
        *[("convolution_matrix", (f(3), 5), {"mode": m}) for m in ("full", "valid", "same")],
        ("hilbert invhilbert helmert dft", (4,), {}),
        *[("invpascal", (4,), {"kind": kind}) for kind in (None, "lower", "upper")],
        ("hadamard", (4,), {}),
        ("helmert", (3,), {"full": True}),
        ("dft", (3,), {"scale": "sqrtn"}),
    )
    for name in names.split()
]


def label(case: Any) -> str:
    name, args, kwargs = case
    return f"{name} {[np.shape(a) for a in args]} {kwargs}"


@pytest.mark.parametrize("case", VALUES, ids=label)
def test_value_is_jax(case):
    name, args, kwargs = case
    wanted = getattr(jsl, name)(*theirs(args), **kwargs)
    got = getattr(psl, name)(*ours(args), **kwargs)
    assert_same(got, wanted, 1e-8, 1e-9)


@pytest.mark.parametrize("kind", [None, "lower", "upper"])
def test_pascal_is_scipy(kind):
    got = np.asarray(psl.pascal(5, kind))
    np.testing.assert_array_equal(got, scipy.linalg.pascal(5, kind or "symmetric"))


def told(f: Callable[[], Any]) -> tuple[Any, list[type]]:
    """A result, and the classes of the warnings."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        result = f()
    return result, sorted({w.category for w in said}, key=str)


BY_FACTORS = {
    "solve_triangular": lambda m, a, b: m.solve_triangular(a, b, lower=True),
    "cho_solve": lambda m, a, b: m.cho_solve((a, True), b),
    "lu_solve": lambda m, a, b: m.lu_solve((a, np.zeros((2, 3), np.int32)), b),
}


@pytest.mark.parametrize("shape", [(3,), (2, 3), (3, 2), (2, 3, 2)], ids=str)
@pytest.mark.parametrize("name", BY_FACTORS)
def test_right_sides_of_a_batch_of_matrices(name, shape):
    solver, a, b = BY_FACTORS[name], spd(f(2, 3, 3)), f(*shape)
    wanted, said_there = told(lambda: solver(jsl, a, b))
    got, said_here = told(lambda: solver(psl, a, b))
    assert said_here == said_there
    np.testing.assert_allclose(got, wanted, rtol=1e-6)


def test_a_batch_of_positive_definite_matrices():
    a, b = spd(f(2, 3, 3)), f(2, 3, 2)
    np.testing.assert_allclose(psl.solve(a, b, assume_a="pos"), np.linalg.solve(a, b))


@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("shape", [(4,), (4, 2), (5, 4, 2)])
def test_factored_solutions(lower, shape):
    a, b = spd(SQUARE), f(*shape)
    c, which = psl.cho_factor(ours(a), lower)
    assert which is lower
    np.testing.assert_allclose(psl.cho_solve((c, lower), ours(b)), np.linalg.solve(a, b))
    factors = psl.lu_factor(ours(SQUARE))
    for trans, matrix in ((0, SQUARE), (1, SQUARE.T), (2, SQUARE.T)):
        got = psl.lu_solve(factors, ours(b), trans)
        np.testing.assert_allclose(got, np.linalg.solve(matrix, b), rtol=1e-9, atol=1e-9)


SMOOTH: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any], np.ndarray]] = {
    "cholesky": (psl.cholesky, jsl.cholesky, spd(SQUARE)),
    "expm": (psl.expm, jsl.expm, 3 * SQUARE),
    "expm complex": (lambda x: pnp.abs(psl.expm(x)), lambda x: jnp.abs(jsl.expm(x)), COMPLEX),
    "lu_solve": (lambda x: psl.lu_solve(psl.lu_factor(x), x[0]),
                 lambda x: jsl.lu_solve(jsl.lu_factor(x), x[0]), SQUARE),
    "solve pos": (lambda x: psl.solve(x @ x.T, x, assume_a="pos"),
                  lambda x: jnp.linalg.solve(x @ x.T, x), SQUARE),
    "sylvester": (lambda x: psl.solve_sylvester(x @ x.T, x @ x.T, x),
                  lambda x: jnp.linalg.solve(
                      jnp.kron(x @ x.T, jnp.eye(4)) + jnp.kron(jnp.eye(4), x @ x.T), x.ravel()
                  ).reshape(4, 4), SQUARE),
    "sqrtm": (lambda x: pnp.real(psl.sqrtm(x @ x.T)),
              lambda x: (lambda w, v: (v * jnp.sqrt(w)) @ v.T)(*jnp.linalg.eigh(x @ x.T)), SQUARE),
    "polar": (lambda x: psl.polar(x)[0], lambda x: jsl.polar(x, method="svd")[0], f(4, 3)),
    "block_diag": (lambda x: psl.block_diag(x, x[0]), lambda x: jsl.block_diag(x, x[0]), f(2, 3)),
    "toeplitz": (psl.toeplitz, jsl.toeplitz, f(4)),
}  # fmt: skip


@pytest.mark.parametrize("name", SMOOTH)
def test_gradient_is_jax(name):
    g, h, x = SMOOTH[name]
    weights = np.sin(np.arange(np.size(h(x)))).reshape(np.shape(h(x)))
    wanted = jax.grad(lambda x: (weights * h(x)).sum())(x)
    gradient = pb.grad(lambda x: (weights * g(x)).sum())
    for run in (gradient, pb.jit(gradient)):
        np.testing.assert_allclose(run(ours(x)), wanted, rtol=1e-6, atol=1e-7)
    batch = ours(np.stack([x, 1.1 * x]))
    mapped = pb.jit(pb.vmap(g))(batch)
    np.testing.assert_allclose(mapped, np.stack([g(batch[0]), g(batch[1])]), rtol=1e-8, atol=1e-9)


LAX: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("cholesky", (spd(BATCH),), {}),
    ("cholesky", (spd(SQUARE),), {"symmetrize_input": False}),
    ("eig", (SQUARE,), {}),
    ("eigh", (SQUARE,), {"symmetrize_input": False, "lower": False}),
    ("svd", (SQUARE,), {"compute_uv": False}),
    ("hessenberg", (SQUARE,), {}),
    ("lu", (BATCH,), {}),
    ("qr", (f(4, 3),), {"pivoting": True}),
    ("schur", (SQUARE,), {"compute_schur_vectors": False}),
    ("triangular_solve", (SQUARE, f(4)), {"left_side": True}),
    ("triangular_solve", (SQUARE, f(4)), {"lower": True}),
    ("tridiagonal", (spd(SQUARE),), {"lower": False}),
    ("tridiagonal_solve", (f(4), f(4) + 9, f(4), f(4, 2)), {}),
    ("tridiagonal_solve", (f(4), f(4), f(4), f(4, 2)), {"perturb_singular": True}),
    (
        "tridiagonal_solve",
        (f(2, 3, dtype=C), f(2, 3, dtype=C), f(2, 3, dtype=C), f(2, 3, 1, dtype=C)),
        {"perturb_singular": True},
    ),
    ("symmetric_product", (f(3, 2), f(3, 3)), {"alpha": 2.0, "beta": 3.0}),
    ("symmetric_product", (f(3, 2), spd(f(3, 3))), {"beta": 1.0, "symmetrize_output": True}),
    ("householder_product", (f(4, 3), f(3)), {}),
    ("ormqr", (f(4, 3), f(3), f(4, 2)), {"transpose": True}),
]


@pytest.mark.parametrize("case", LAX, ids=label)
def test_lax_is_jax(case):
    name, args, kwargs = case
    wanted = getattr(jax.lax.linalg, name)(*theirs(args), **kwargs)
    assert_same(getattr(lax.linalg, name)(*ours(args), **kwargs), wanted, 1e-9, 1e-9)


def test_subset_of_eigenvalues():
    vectors, values = lax.linalg.eigh(ours(SQUARE))
    some, few = lax.linalg.eigh(ours(SQUARE), subset_by_index=(1, 3))
    np.testing.assert_array_equal(few, values[1:3])
    np.testing.assert_array_equal(some, vectors[:, 1:3])


@pytest.mark.parametrize(("call", "error"), [
    (lambda: lax.linalg.triangular_solve(ours(SQUARE), ours(f(3, 2)), left_side=True), ValueError),
    (lambda: lax.linalg.triangular_solve(ours(SQUARE), ours(f(4, 2, dtype="f4"))), TypeError),
    (lambda: lax.linalg.lu(ours(np.arange(4).reshape(2, 2))), TypeError),
    (lambda: lax.linalg.cholesky(ours(f(3))), (TypeError, ValueError)),
    (lambda: pb.jit(lax.linalg.cholesky)(ours(f(3, 2))), (TypeError, ValueError)),
    (lambda: lax.linalg.eigh(ours(f(3, 2)), symmetrize_input=False), ValueError),
    (lambda: psl.solve(ours(SQUARE), ours(f(4)), assume_a="X"), ValueError),
    (lambda: psl.solve_triangular(ours(SQUARE), ours(f(4)), trans="X"), ValueError),
    (lambda: psl.solve_triangular(ours(SQUARE), ours(f(3))), ValueError),
    (lambda: psl.qr(ours(SQUARE), mode="X"), ValueError),
    (lambda: psl.expm(ours(f(3, 2))), ValueError),
    (lambda: psl.eigh_tridiagonal(ours(f(3)), ours(f(3))), ValueError),
    (lambda: psl.eigh_tridiagonal(ours(f(3)), ours(f(2)), select="i"), ValueError),
    (lambda: psl.eigh_tridiagonal(ours(f(3)), ours(f(2)), select="v"), NotImplementedError),
    (lambda: psl.eigh_tridiagonal(ours(f(3)), ours(f(2, dtype="f4"))), TypeError),
    (lambda: pb.grad(lambda x: psl.schur(x)[0].sum())(ours(SQUARE)), NotImplementedError),
])  # fmt: skip
def test_errors(call, error):
    with pytest.raises(error):
        call()


def test_functions_of_matrices_from_schur_forms():
    for a in (SQUARE, COMPLEX):
        found = psl.funm(a, pnp.exp)
        np.testing.assert_allclose(found, scipy.linalg.expm(a), rtol=1e-8, atol=1e-8)
        assert psl.funm(a, pnp.exp, disp=False)[1] < 1e-10
        form, vectors = psl.rsf2csf(*psl.schur(a))
        np.testing.assert_allclose(np.tril(form, -1), 0, atol=1e-12)
        np.testing.assert_allclose(vectors @ form @ pnp.conj(vectors.T), a, atol=1e-10)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 8])
def test_fiedler_companion(n):
    a = np.arange(1.0, n + 1)
    wanted = jsl.fiedler_companion(a)
    np.testing.assert_allclose(psl.fiedler_companion(a), wanted)
    assert psl.fiedler_companion(np.stack([a, a + 1])).shape == (2, *wanted.shape)


def tridiagonal(d: Any, e: Any, xp: Any) -> Any:
    """The matrix of a diagonal and the one above it."""
    return xp.diag(d) + xp.diag(e, 1) + xp.diag(xp.conj(e), -1)


SPLIT = np.array([1.0, -0.5, 0.0, 2.0, 1.0, 0.0, 3.0])
DIAGONALS = {
    "drawn": (f(9), f(8)),
    "complex": (f(6) + 0j, f(5, dtype=C)),
    "in parts, with equal eigenvalues": (np.ones(8), SPLIT),
    "nothing": (np.zeros(3), np.zeros(2)),
    "wilkinson": (np.abs(np.arange(-10.0, 11)), np.ones(20)),
    "huge": (1e200 * f(5), 1e200 * f(4)),
    "tiny": (1e-200 * f(5), 1e-200 * f(4)),
    "one": (f(1), f(0)),
}


@pytest.mark.parametrize("name", DIAGONALS)
def test_tridiagonal_eigenvalues_are_those_of_the_matrix(name):
    d, e = DIAGONALS[name]
    a = tridiagonal(d, e, np)
    wanted, size = np.linalg.eigvalsh(a), max(np.abs(a).max(), 1e-300)
    for run in (lambda f: f, pb.jit):
        w, v = run(psl.eigh_tridiagonal)(ours(d), ours(e))
        np.testing.assert_allclose(w, wanted, rtol=0, atol=1e-14 * size)
        np.testing.assert_allclose(a / size @ v, v * (w / size), atol=1e-14)
        np.testing.assert_allclose(pnp.conj(v.T) @ v, np.eye(len(d)), atol=1e-14)
        only = run(lambda d, e: psl.eigh_tridiagonal(d, e, eigvals_only=True))(ours(d), ours(e))
        np.testing.assert_array_equal(only, w)


def test_some_tridiagonal_eigenvalues():
    d, e = DIAGONALS["drawn"]
    w, v = psl.eigh_tridiagonal(ours(d), ours(e))
    some, few = psl.eigh_tridiagonal(ours(d), ours(e), select="i", select_range=(2, 4))
    np.testing.assert_allclose(some, w[2:5], atol=1e-14)
    np.testing.assert_allclose(few, v[:, 2:5], atol=1e-13)
    rough = psl.eigh_tridiagonal(ours(d), ours(e), eigvals_only=True, tol=1e-3)
    assert 1e-10 < np.abs(np.asarray(rough) - w).max() < 1e-3


@pytest.mark.parametrize("name", ["drawn", "complex"])
def test_derivatives_of_tridiagonal_eigenvalues_are_those_of_the_matrix(name):
    d, e = DIAGONALS[name]

    def first(w: Any, v: Any, xp: Any) -> Any:
        return (w[1:4] ** 3).sum() + (xp.abs(v[:, 1:4]) ** 3 * np.arange(3)).sum()

    def narrow(d: Any, e: Any) -> Any:
        w, v = psl.eigh_tridiagonal(d, e, select="i", select_range=(0, 4))
        return first(w, v, pnp)

    def whole(d: Any, e: Any) -> Any:
        return first(*jnp.linalg.eigh(tridiagonal(d, e, jnp)), jnp)

    wanted = jax.grad(whole, (0, 1))(*theirs((d, e)))
    got = pb.jit(pb.grad(narrow, (0, 1)))(*ours((d, e)))
    assert_same([pnp.real(got[0]), got[1]], [jnp.real(wanted[0]), wanted[1]], 1e-9, 1e-9)
    if name == "drawn":
        wanted = jax.hessian(whole)(*theirs((d, e)))
        np.testing.assert_allclose(pb.hessian(narrow)(*ours((d, e))), wanted, rtol=1e-8, atol=1e-8)


def test_solutions_of_singular_tridiagonal_equations_are_large_null_vectors():
    d, e = DIAGONALS["drawn"]
    a, w = tridiagonal(d, e, np), np.linalg.eigvalsh(tridiagonal(d, e, np))[2]
    diagonals = ours((np.pad(e, (1, 0)), d - w, np.pad(e, (0, 1))))
    x = lax.linalg.tridiagonal_solve(*diagonals, ours(f(9, 1)), perturb_singular=True)[:, 0]
    x = np.asarray(x / pnp.linalg.norm(x))
    np.testing.assert_allclose(a @ x, w * x, atol=1e-14)
    nothing = ours((np.zeros(3), np.zeros(3), np.zeros(3), np.ones((3, 1))))
    assert np.isfinite(lax.linalg.tridiagonal_solve(*nothing, perturb_singular=True)).all()
