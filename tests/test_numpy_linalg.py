"""`numpy.linalg`: values, gradients, batches and compiled versions against JAX's."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy_oracle import check, ours

import pullback as pb
from pullback import config
from pullback import numpy as pnp

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
S = np.float32
SQUARE, BATCH, COMPLEX = f(4, 4), f(2, 3, 3), f(3, 3, dtype=C)
INTEGERS = np.array([[2, 1], [1, 3]])
DEFICIENT = np.outer(np.arange(1.0, 5.0), np.arange(1.0, 4.0))

VALUES: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    (name, args, kwargs)
    for names, args, kwargs in (
        ("det slogdet inv eigvals matrix_rank cond svdvals qr", (SQUARE,), {}),
        ("det slogdet inv eigvals matrix_rank cond svdvals pinv", (BATCH,), {}),
        ("det slogdet inv eigvals eig pinv qr svd cond", (COMPLEX,), {}),
        ("det inv eigvalsh cholesky slogdet pinv", (INTEGERS,), {}),
        ("det inv slogdet", (f(1, 1),), {}),
        ("det inv", (f(2, 2, dtype=S),), {}),
        ("det inv", (np.zeros((0, 0)),), {}),
        ("svd eigh eig", (SQUARE,), {}),
        ("cholesky", (spd(BATCH),), {}),
        ("cholesky", (spd(COMPLEX),), {"upper": True}),
        ("cholesky", (-np.eye(3),), {}),
        ("eigh eigvalsh", (COMPLEX,), {"UPLO": "U"}),
        ("solve", (SQUARE, f(4)), {}),
        ("solve", (SQUARE, f(4, 2)), {}),
        ("solve", (SQUARE, f(5, 4, 2)), {}),
        ("solve", (BATCH, f(3)), {}),
        ("solve", (BATCH, f(3, 2)), {}),
        ("solve", (BATCH, f(2, 3, 1)), {}),
        ("solve", (COMPLEX, f(3)), {}),
        ("solve", (INTEGERS, np.array([1, 2])), {}),
        ("tensorinv", (f(2, 3, 6),), {}),
        ("tensorsolve", (f(2, 3, 6), f(2, 3)), {}),
        ("pinv matrix_rank", (DEFICIENT,), {}),
        ("pinv", (spd(f(3, 3)),), {"hermitian": True}),
        ("pinv", (f(2, 4, 3), 0.5), {}),
        ("matrix_rank", (np.array([1.0, 0.0]),), {}),
        ("matrix_rank", (SQUARE,), {"tol": 1.0}),
        ("lstsq", (f(5, 3), f(5)), {}),
        ("lstsq", (f(5, 3), f(5, 2)), {"numpy_resid": True}),
        ("lstsq", (DEFICIENT, f(4)), {"numpy_resid": True}),
        ("lstsq", (f(3, 5), f(3)), {"rcond": 0.1}),
        ("matrix_power", (SQUARE, -3), {}),
        *[("qr", (f(5, 3), mode), {}) for mode in ("reduced", "complete", "r", "raw")],
        *[("qr", (f(3, 5), mode), {}) for mode in ("reduced", "complete", "r", "raw")],
        ("svd", (f(5, 3),), {"full_matrices": False}),
        ("svd", (f(2, 3, 5),), {"full_matrices": True}),
        ("svd", (f(3, 5),), {"compute_uv": False}),
        ("svd", (spd(f(3, 3)) - 3 * np.eye(3),), {"hermitian": True}),
        ("svd", (spd(f(3, 3)) - 3 * np.eye(3),), {"hermitian": True, "compute_uv": False}),
        *[("norm", (f(2, 3, 4),), {"ord": o, "axis": (0, 2)}) for o in (2, -2, "nuc")],
        ("norm", (f(3, 4), "nuc"), {"keepdims": True}),
        ("matrix_norm", (f(2, 3, 3),), {"ord": 2}),
        *[("cond", (SQUARE, p), {}) for p in (1, -1, 2, -2, np.inf, "fro", "nuc")],
        ("cond", (np.zeros((2, 2)), 1), {}),
        ("slogdet", (SQUARE,), {"method": "qr"}),
        ("slogdet", (np.zeros((2, 2)),), {}),
    )
    for name in names.split()
]


def label(case: Any) -> str:
    name, args, kwargs = case
    return f"{name} {[np.shape(a) for a in args]} {kwargs}"


@pytest.mark.parametrize("case", VALUES, ids=label)
def test_value_is_jax(case):
    name, args, kwargs = case
    narrow = any(np.asarray(x).dtype == "float32" for x in args)
    check(f"linalg.{name}", *args, rtol=2e-7 if narrow else 1e-9, atol=1e-10, **kwargs)


# Functions of real matrices, whose results do not depend on choices of bases.
SMOOTH: dict[str, tuple[Callable[[Any], Callable[..., Any]], tuple[np.ndarray, ...]]] = {
    "det": (lambda n: n.linalg.det, (SQUARE,)),
    "det 2": (lambda n: n.linalg.det, (f(3, 2, 2),)),
    "slogdet": (lambda n: lambda x: n.linalg.slogdet(x)[1], (BATCH,)),
    "inv": (lambda n: n.linalg.inv, (BATCH,)),
    "solve vector": (lambda n: n.linalg.solve, (SQUARE, f(4))),
    "solve shared": (lambda n: n.linalg.solve, (SQUARE, f(2, 4, 3))),
    "solve batch": (lambda n: n.linalg.solve, (BATCH, f(3, 2))),
    "cholesky": (lambda n: n.linalg.cholesky, (spd(BATCH),)),
    "qr": (lambda n: lambda x: n.linalg.qr(x)[1], (f(4, 3),)),
    "eigh": (lambda n: lambda x: n.exp(n.linalg.eigh(x)[0]), (spd(SQUARE),)),
    "svd": (lambda n: lambda x: (lambda u, s, v: n.matmul(u * s**2, v))(
        *n.linalg.svd(x, full_matrices=False)), (f(4, 3),)),
    "eigvals": (lambda n: lambda x: n.real(n.linalg.eigvals(x) ** 3).sum(), (SQUARE,)),
    "pinv": (lambda n: n.linalg.pinv, (f(4, 3),)),
    "pinv broad": (lambda n: n.linalg.pinv, (f(2, 3, 4),)),
    "lstsq": (lambda n: lambda a, b: n.linalg.lstsq(a, b)[0], (f(5, 3), f(5))),
    "norm nuc": (lambda n: lambda x: n.linalg.norm(x, "nuc"), (f(4, 3),)),
    "norm 2": (lambda n: lambda x: n.linalg.norm(x, 2), (f(4, 3),)),
    "cond": (lambda n: n.linalg.cond, (SQUARE,)),
    "tensorsolve": (lambda n: n.linalg.tensorsolve, (f(2, 3, 6), f(2, 3))),
    "power": (lambda n: lambda x: n.linalg.matrix_power(x, -2), (SQUARE,)),
}  # fmt: skip


def total(n: Any, g: Callable[..., Any]) -> Callable[..., Any]:
    """A number of the result, in which every element counts differently."""

    def run(*xs: Any) -> Any:
        y = g(*xs)
        return (n.sin(n.arange(y.size) + 1.0).reshape(y.shape) * y).sum()

    return run


@pytest.mark.parametrize("name", SMOOTH)
def test_gradient_is_jax(name):
    make, args = SMOOTH[name]
    where = tuple(range(len(args)))
    wanted = jax.grad(total(jnp, make(jnp)), where)(*args)
    gradient = pb.grad(total(pnp, make(pnp)), where)
    for run in (gradient, pb.jit(gradient)):
        for g, w in zip(run(*ours(args)), wanted, strict=True):
            np.testing.assert_allclose(g, w, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("name", SMOOTH)
def test_batch_is_loop(name):
    make, args = SMOOTH[name]
    batch = ours(tuple(np.stack([a, a[::-1] + 0.1 * a]) for a in args))
    g = make(pnp)
    if name == "cholesky":
        batch = tuple(pnp.matmul(x, x.mT) for x in batch)
    loop = [g(*[x[k] for x in batch]) for k in range(2)]
    for run in (pb.vmap(g), pb.jit(pb.vmap(g))):
        np.testing.assert_allclose(run(*batch), np.stack(loop), rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("name", ["det", "inv", "solve batch", "cholesky", "slogdet", "pinv"])
def test_second_order_is_jax(name):
    make, args = SMOOTH[name]
    wanted = jax.hessian(total(jnp, make(jnp)))(*args)
    got = pb.hessian(total(pnp, make(pnp)))(*ours(args))
    np.testing.assert_allclose(got, wanted, rtol=1e-7, atol=1e-7)


def differences(g: Callable[[Any], Any], x: np.ndarray, step: float = 1e-6) -> np.ndarray:
    """Central differences in every element."""
    out = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        d = np.zeros_like(x)
        d[place] = step
        out[place] = (float(g(ours(x + d))) - float(g(ours(x - d)))) / (2 * step)
    return out


TURN = np.linalg.qr(f(4, 4))[0]
REPEATED = TURN @ np.diag([1.0, 1.0, 3.0, 3.0]) @ TURN.T


def group(x: Any) -> Any:
    """The projection on the vectors of the two least eigenvalues."""
    v = pnp.linalg.eigh(x).eigenvectors[:, :2]
    return v @ v.T


# Where bases may be chosen in many ways, and where matrices are singular: functions that have
# derivatives there all the same.
SPECIAL: dict[str, tuple[Callable[[Any], Any], np.ndarray]] = {
    "sum of exp of equal eigenvalues": (lambda x: pnp.exp(pnp.linalg.eigvalsh(x)).sum(), REPEATED),
    "of the identity": (lambda x: (pnp.linalg.eigvalsh(x) ** 3).sum(), np.eye(3)),
    "projection on a group": (lambda x: (group(x) * SQUARE).sum(), REPEATED),
    "sum of squared singular values": (lambda x: (pnp.linalg.svdvals(x) ** 2).sum(), np.eye(3)),
    "polar factor of equal singular values": (
        lambda x: (lambda u, s, v: (pnp.matmul(u, v) * SQUARE).sum())(*pnp.linalg.svd(x)), TURN),
    "nuclear norm of a rotation": (lambda x: pnp.linalg.norm(x, "nuc"), TURN),
    "det of rank n-1": (pnp.linalg.det, SQUARE @ np.diag([1.0, 2, 3, 0])),
    "det of rank n-1, first column zero": (pnp.linalg.det, SQUARE @ np.diag([0.0, 1, 2, 3])),
    "det of zeros": (pnp.linalg.det, np.zeros((4, 4))),
    "pinv of full rank": (lambda x: pnp.linalg.pinv(x).sum(), np.eye(3)[:, :2] * 2),
}  # fmt: skip


@pytest.mark.parametrize("name", SPECIAL)
def test_gradient_at_special_points(name):
    g, x = SPECIAL[name]
    wanted = differences(g, x)
    np.testing.assert_allclose(pb.grad(g)(ours(x)), wanted, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(pb.jit(pb.grad(g))(ours(x)), wanted, rtol=1e-5, atol=1e-6)


ZERO = ours(np.zeros((3, 3)))


@pytest.mark.parametrize(("order", "axis"), [
    (None, None), (2, 0), (1, 0), (3, 0), (0.5, 0), (np.inf, 0), ("fro", (0, 1)), ("nuc", (0, 1)),
    (2, (0, 1)),
])  # fmt: skip
def test_norm_of_zeros_has_a_finite_gradient(order, axis):
    g = pb.grad(lambda x: pnp.linalg.norm(x, order, axis).sum())(ZERO)
    assert np.isfinite(g).all()


def test_failures_are_nan_alone():
    x = ours(np.stack([np.eye(2), -np.eye(2)]))
    out = np.asarray(pnp.linalg.cholesky(x))
    np.testing.assert_array_equal(out[0], np.eye(2))
    assert np.isnan(out[1][np.tril_indices(2)]).all()
    bad = ours(np.stack([np.eye(2), np.full((2, 2), np.nan)]))
    for g in (pnp.linalg.eigvalsh, pnp.linalg.svdvals, pnp.linalg.eigvals):
        out = np.asarray(g(bad))
        assert np.isfinite(out[0]).all() and np.isnan(out[1]).all()


@pytest.mark.parametrize(("call", "error"), [
    (lambda: pnp.linalg.det(ours(f(2, 3))), ValueError),
    (lambda: pnp.linalg.inv(ours(f(2, 3))), ValueError),
    (lambda: pnp.linalg.solve(ours(SQUARE), ours(f(3))), ValueError),
    (lambda: pnp.linalg.solve(ours(f(3)), ours(f(3))), ValueError),
    (lambda: pnp.linalg.eigh(ours(SQUARE), "X"), ValueError),
    (lambda: pnp.linalg.qr(ours(SQUARE), "X"), ValueError),
    (lambda: pnp.linalg.slogdet(ours(SQUARE), method="X"), ValueError),
    (lambda: pnp.linalg.pinv(ours(SQUARE), 0.1, rcond=0.1), ValueError),
    (lambda: pnp.linalg.cholesky([[1.0]]), TypeError),
    (lambda: pnp.linalg.lstsq(ours(SQUARE), ours(f(3))), ValueError),
    (lambda: pb.grad(lambda x: pnp.real(pnp.linalg.eig(x)[1]).sum())(ours(SQUARE)),
     NotImplementedError),
    (lambda: pb.grad(lambda x: pnp.linalg.svd(x)[0].sum())(ours(f(3, 2))), NotImplementedError),
])  # fmt: skip
def test_errors(call, error):
    with pytest.raises(error):
        call()


def test_every_name_of_jax_is_there():
    missing = {n for n in dir(jnp.linalg) if n[0] != "_"} - set(pnp.linalg.__all__)
    assert not missing


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float8_e5m2"])
@pytest.mark.parametrize(
    "name", ["cholesky", "qr", "svd", "eigh", "eigvalsh", "eig", "det", "slogdet", "pinv", "cond"]
)
def test_dtypes_that_lapack_does_not_know_are_refused_alike(name, dtype):
    """NumPy's own functions, which eager code calls, would widen them."""
    f, x = getattr(pnp.linalg, name), pnp.eye(3, dtype=dtype)
    for run in (f, pb.jit(f)):
        with pytest.raises(TypeError, match="convert with"):
            run(x)
