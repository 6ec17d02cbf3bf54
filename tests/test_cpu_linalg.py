"""Operations on matrices, compiled: small ones in lanes, others by LAPACK, against NumPy."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest
from cpu import executable, program

from pullback import _native, config
from pullback.backends.cpu.linalg import FORMS
from pullback.backends.cpu.loops import Callback, statements
from pullback.control.loop import scan
from pullback.primitives.linalg import cholesky, determinant, lu, solve, triangular
from pullback.primitives.linalg.lapack import native_operations

# Around the numbers of lanes, the sizes that fit them, and blocks of threads.
SIZES = (1, 2, 3, 8, 9, 16, 17, 40)
BATCHES = (1, 3, 4, 8, 15, 16, 17, 50)
DTYPES = ("float32", "float64", "complex64", "complex128")
CASES = [(n, b) for n, b in zip(SIZES * 2, BATCHES + BATCHES[::-1], strict=True)]


def compiled(f: Callable[..., Any], *args: np.ndarray) -> list[np.ndarray]:
    """Results of f compiled, without a call back into Python."""
    with config.override(enable_x64=True):
        jaxpr, arrays = program(f, args)
        run, made = executable(jaxpr)
        assert not any(isinstance(s, Callback) for s in statements(made.program.body))
        return [np.asarray(out) for out in run(arrays)]


def matrices(dtype: str, *shape: int, diagonal: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(shape)
    x = rng.uniform(-1, 1, shape) + 0j
    if dtype.startswith("complex"):
        x = x + 1j * rng.uniform(-1, 1, shape)
    n = min(shape[-2:])
    x[..., range(n), range(n)] += diagonal
    return (x if dtype.startswith("complex") else x.real).astype(dtype)


def close(got: np.ndarray, wanted: np.ndarray, ulps: float) -> None:
    assert got.dtype == wanted.dtype and got.shape == wanted.shape
    scale = np.abs(wanted[np.isfinite(wanted)]).max(initial=1e-30)
    np.testing.assert_allclose(got, wanted, rtol=0, atol=ulps * np.finfo(got.dtype).eps * scale)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("n", "batch"), CASES)
def test_factors_and_solutions(dtype: str, n: int, batch: int) -> None:
    a, b = matrices(dtype, batch, n, n, diagonal=2.0), matrices(dtype, batch, n, 3)
    positive = a @ a.swapaxes(-1, -2).conj() + np.eye(n, dtype=dtype)
    close(compiled(cholesky.cholesky, positive)[0], np.linalg.cholesky(positive), 30 * n)
    for turned in (False, True):
        (x,) = compiled(lambda a, b, t=turned: solve.solve_p.bind(a, b, transpose_a=t), a, b)
        close(x, np.linalg.solve(a.swapaxes(-1, -2) if turned else a, b), 200 * n)
    close(compiled(determinant.det, a)[0], np.linalg.det(a), 30 * n)
    sign, logarithm = compiled(determinant.slogdet, a)
    close(sign, np.linalg.slogdet(a)[0], 30 * n)
    close(logarithm, np.linalg.slogdet(a)[1], 30 * n)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("rows", "columns"), [(1, 4), (5, 3), (16, 16), (7, 16), (20, 18)])
@pytest.mark.parametrize("batch", [1, 9, 21])
def test_lu_is_the_matrix(dtype: str, rows: int, columns: int, batch: int) -> None:
    a = matrices(dtype, batch, rows, columns)
    factors, pivots, order = compiled(lu.lu, a)
    k = min(rows, columns)
    lower = np.tril(factors[..., :k], -1) + np.eye(rows, k, dtype=dtype)
    upper = np.triu(factors[..., :k, :])
    close(lower @ upper, np.take_along_axis(a, order[..., None].astype(np.int64), 1), 10 * rows)
    for p, o in zip(pivots, order, strict=True):
        np.testing.assert_array_equal(lu.order_of(p, rows), o)
    # The greatest of each column stands on the diagonal.
    if not dtype.startswith("complex"):
        assert np.abs(lower).max() <= 1


@pytest.mark.parametrize("dtype", ["float32", "complex128"])
@pytest.mark.parametrize("n", [3, 16, 20])
@pytest.mark.parametrize("batch", [2, 19])
@pytest.mark.parametrize("turned", [False, True])
def test_solutions_by_known_factors(dtype: str, n: int, batch: int, turned: bool) -> None:
    a, b = matrices(dtype, batch, n, n, diagonal=1.0), matrices(dtype, batch, n, 2)

    def f(a: Any, b: Any) -> Any:
        factors, pivots, _ = lu.lu(a)
        return solve.lu_solve(a, factors, pivots, b, turned)

    close(compiled(f, a, b)[0], np.linalg.solve(a.swapaxes(1, 2) if turned else a, b), 500 * n)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [4, 16, 33])
@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("turn", ["", "transpose_a", "conjugate_a", "both"])
def test_triangles(dtype: str, n: int, left: bool, lower: bool, turn: str) -> None:
    a = matrices(dtype, 9, n, n, diagonal=3.0)
    b = matrices(dtype, 9, *((n, 5) if left else (5, n)))
    transposed, conjugated = turn in ("transpose_a", "both"), turn in ("conjugate_a", "both")

    def f(a: Any, b: Any) -> Any:
        return triangular.triangular_solve(
            a, b, left_side=left, lower=lower, transpose_a=transposed, conjugate_a=conjugated
        )

    (x,) = compiled(f, a, b)
    t = np.tril(a) if lower else np.triu(a)
    t = t.swapaxes(1, 2) if transposed else t
    t = t.conj() if conjugated else t
    close(t @ x if left else x @ t, b, 100 * n)


@pytest.mark.parametrize("n", [3, 20])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_only_what_has_no_result_is_nan(n: int, dtype: str) -> None:
    a = matrices(dtype, 20, n, n, diagonal=4.0)
    a[3] = 0
    a[7, 1, 1] = np.nan
    a[11] *= -1
    symmetric = a + a.swapaxes(1, 2)
    (factor,) = compiled(cholesky.cholesky_p.bind, symmetric)
    wanted = np.asarray(jax.lax.linalg.cholesky(jax.numpy.asarray(symmetric, "float32")))
    np.testing.assert_array_equal(np.isnan(factor), np.isnan(wanted))
    (x,) = compiled(lambda a: solve.solve_p.bind(a, a, transpose_a=False), a)
    lost = np.asarray(np.isnan(x).any((1, 2)))
    assert lost[[3, 7]].all() and lost.sum() == 2
    sign, logarithm = compiled(determinant.slogdet, a)
    assert sign[3] == 0 and logarithm[3] == -np.inf and np.isnan(logarithm[7])
    assert compiled(determinant.det, a)[0][3] == 0


def test_in_a_loop() -> None:
    a = matrices("float64", 12, 3, 3, diagonal=4.0)

    def f(a: Any) -> Any:
        def step(carry: Any, x: Any) -> Any:
            found = solve.solve(x, carry)
            return found, determinant.det(x)

        return scan(step, a[0], a)[1]

    close(compiled(f, a)[0], np.linalg.det(a), 50)


def test_results_do_not_depend_on_threads() -> None:
    a = matrices("float32", 3000, 6, 6, diagonal=2.0)
    threads = _native.get_num_threads()
    found = []
    for count in (1, threads):
        _native.set_num_threads(count)
        found.append([x.tobytes() for x in compiled(lu.lu, a)])
    assert found[0] == found[1]


def test_every_operation_of_the_core_has_a_plan() -> None:
    assert set(native_operations()) == set(FORMS)
