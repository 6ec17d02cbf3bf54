"""Complex numbers in compiled code: special points, chains that never store them, no call-backs."""

from collections.abc import Callable
from typing import Any

import mpmath as mp
import numpy as np
import pytest

import pullback as pb
from pullback import lax
from pullback import numpy as pnp

PARTS = [0.0, -0.0, 1.0, -1.0, 0.5, 3e-5, -2.5, 1e-20, 40.0, 1e18, -1e18]
POINTS = np.array([complex(x, y) for x in PARTS for y in PARTS])
UNARY = [
    *(np.abs, np.conj, np.sign, np.sqrt, np.log, np.exp, np.expm1, np.log1p, np.square),
    *(np.sin, np.cos, np.tan, np.sinh, np.cosh, np.tanh, np.real, np.imag, np.angle),
]


def close(got: Any, wanted: Any, dtype: str) -> None:
    """Within a few ulp of the size, part by part where the size is not all infinite."""
    assert got.dtype == wanted.dtype
    rtol = 40 * np.finfo(dtype).eps
    finite = np.isfinite(wanted)
    np.testing.assert_array_equal(np.isfinite(got)[finite], True)
    error = np.abs(got[finite] - wanted[finite])
    assert (error <= rtol * np.abs(wanted[finite])).all(), wanted[finite][error.argmax()]


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize("f", UNARY, ids=lambda f: f.__name__)
def test_special_points(f: Callable[[Any], Any], dtype: str) -> None:
    x = POINTS.astype(dtype)
    huge = np.abs(x) > 1e9
    if f.__name__ in ("exp", "expm1", "sin", "cos", "sinh", "cosh", "tan", "tanh", "square"):
        x = x[~huge]
    if f.__name__ in ("log", "sqrt", "abs"):
        x = x[np.abs(x) > 0]
    if f.__name__ == "sign":
        x = x[(np.abs(x) > 1e-18) & ~huge]
    if f.__name__ == "log1p":
        # The oracle loses real parts that are tiny beside 1.
        x = x[(x != -1) & (np.abs(x.real) != np.array(1e-20, x.real.dtype))]
    with np.errstate(all="ignore"), pb.enable_x64():
        # The oracle in twice the digits.
        wide = np.clongdouble if dtype == "complex128" else np.complex128
        wanted = f(x.astype(wide))
        real = "float32" if dtype == "complex64" else "float64"
        kind = dtype if np.iscomplexobj(wanted) else real
        wanted = wanted.astype(kind)
        got = np.asarray(pb.jit(getattr(pnp, f.__name__))(x))
    close(got, wanted, dtype)


def expm1(x: np.ndarray) -> np.ndarray:
    """NumPy's own is NaN at infinity."""
    y = np.exp(x)
    y.real -= 1
    return y


EDGES = [-np.inf, -1.0, -0.0, 0.0, 1.0, np.inf, np.nan]
AT_EDGES = [
    *(np.exp, expm1, np.log, np.log1p, np.sqrt, np.sin, np.cos, np.tan, np.sinh, np.cosh, np.tanh),
    *(np.arcsin, np.arccos, np.arctan, np.arcsinh, np.arccosh, np.arctanh, np.abs),
]


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize("f", AT_EDGES, ids=lambda f: f.__name__)
def test_infinities_and_no_numbers(f: Callable[[Any], Any], dtype: str) -> None:
    """C's Annex G, as NumPy has it; the sign of an infinity beside a NaN is nobody's."""
    x = np.array([complex(a, b) for a in EDGES for b in EDGES], dtype)
    mine = getattr(pnp, f.__name__)
    with np.errstate(all="ignore"), pb.enable_x64():
        wanted = f(x)
        for got in (np.asarray(mine(x)), np.asarray(pb.jit(mine)(x))):
            for a, b in ((got.real, wanted.real), (got.imag, wanted.imag)):
                lone = np.isinf(b) & np.isnan(wanted.real + wanted.imag)
                a, b = (np.where(lone, np.abs(p), p) for p in (a, b))
                np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-15)


@pytest.mark.parametrize("f", AT_EDGES, ids=lambda f: f.__name__)
def test_signs_of_zeros(f: Callable[[Any], Any]) -> None:
    parts = [-10.0, -2.0, -0.0, 0.0, 2.0, 10.0]
    x = np.array([complex(a, b) for a in parts for b in parts], np.complex64)
    mine = getattr(pnp, f.__name__)
    with np.errstate(all="ignore"):
        wanted = f(x)
    for got in (np.asarray(mine(x)), np.asarray(pb.jit(mine)(x))):
        for a, b in ((got.real, wanted.real), (got.imag, wanted.imag)):
            zero = (a == 0) & (b == 0)
            np.testing.assert_array_equal(np.signbit(a)[zero], np.signbit(b)[zero])


def test_log1p_beside_its_pole() -> None:
    with mp.workdps(40), pb.enable_x64():
        points = [complex(d - 1, e) for d in (3e-7, -2e-9, 0.3) for e in (0.0, 1e-16, 2e-7)]
        wanted = [complex(mp.log(1 + mp.mpc(z))) for z in points]
        for f in (pnp.log1p, pb.jit(pnp.log1p)):
            np.testing.assert_allclose(np.asarray(f(np.array(points))), wanted, rtol=4e-16)


@pytest.mark.parametrize("dtype", ["float32", "complex64"])
@pytest.mark.parametrize("n", [2, 40, 4000])
def test_sums_of_negative_zeros(n: int, dtype: str) -> None:
    x = np.full(n, -0.0, dtype)
    for f in (pnp.sum, pb.jit(pnp.sum)):
        assert np.signbit(np.asarray(f(x)).real) == np.signbit(np.sum(x).real)


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_quotients_do_not_overflow(dtype: str) -> None:
    big = np.finfo(dtype).max / 4
    x = np.array([big + 1j * big, 1 + 2j, 1e-30 + 1e-30j, 5 - 1j, 2j]).astype(dtype)
    y = np.array([big - 1j * big, 3 - 4j, 1e-30 - 1e-30j, 2j, 4 + 0j]).astype(dtype)
    with pb.enable_x64():
        got = np.asarray(pb.jit(lambda x, y: x / y)(x, y))
    np.testing.assert_allclose(got, x / y, rtol=4 * np.finfo(dtype).eps)


def test_the_sign_of_zero_chooses_the_side_of_the_cut() -> None:
    x = np.array([complex(-4, 0.0), complex(-4, -0.0)], np.complex64)
    np.testing.assert_allclose(np.asarray(pb.jit(pnp.sqrt)(x)), [2j, -2j])
    np.testing.assert_allclose(np.asarray(pb.jit(pnp.log)(x)).imag, [np.pi, -np.pi], rtol=1e-6)


def programs() -> list[Any]:
    def mandelbrot(c: Any) -> Any:
        def step(z: Any, _: Any) -> Any:
            return z * z + c, pnp.abs(z)

        return lax.scan(step, c, None, length=8)[1]

    return [
        lambda z: pnp.sum(z * pnp.conj(z) / (1 + abs(z)), axis=0),
        lambda z: pnp.cumsum(z * 1j, axis=1),
        lambda z: z @ pnp.conj(z).T + pnp.einsum("ij,ik->jk", z, z).sum(),
        lambda z: pnp.where(z.real > 0, z**3, pnp.exp(1j * z.imag)),
        lambda z: z.at[1, 2:5].add(z[0, :3]).at[2].subtract(1j * z[1]),
        lambda z: z.at[:, pnp.array([3, 1, 3])].add(z[:, :3]).at[pnp.array([0, 0])].subtract(z[:2]),
        lambda z: z.at[1, 2:5].multiply(z[0, :3]).at[2].divide(2 - 1j),
        lambda z: z.at[pnp.array([3, 1])].multiply(z[:2], unique_indices=True),
        lambda z: z.at[pnp.array([3, 1, 3])].multiply(z[:3]).at[:, pnp.array([6, 6])].min(z[:, :2]),
        lambda z: z.at[pnp.array([3, 3, 4]), pnp.array([1, 1, 0])].max(2 * z[:3, 0]),
        lambda z: pb.vmap(lambda a, i: a.at[i[:3]].max(a[:3] + 1))(z, pnp.argsort(z.real, 1)),
        lambda z: pnp.prod(z, 0) + pnp.prod(z[:, :1], 1).sum() + pnp.prod(z, (0, 1)),
        lambda z: pnp.cumprod(z, 1) + lax.cumprod(z, 0, reverse=True) + lax.cumprod(z[:, :1], 1),
        lambda z: pb.grad(lambda a: abs(pnp.prod(pnp.cumprod(a[:3]))))(z),
        lambda z: pnp.max(pnp.round(z), 0) + pnp.min(pnp.round(z)) + pnp.maximum(z, z.T[0, 0]),
        lambda z: lax.cummax(pnp.round(z), 1) + lax.cummin(pnp.round(z), 0, reverse=True),
        lambda z: pnp.max(pnp.where(z.real > 0, z, pnp.nan * 1j), 1).real,
        lambda z: pnp.convolve(z[0], z[1]) * 1j,
        lambda z: lax.reduce_window(z, 0j, lax.add, (2, 3), (1, 2), "SAME"),
        lambda z: pnp.mean(z) ** 0.5 + z ** (1.5 + 1j),
        lambda z: mandelbrot(z * 0.3),
        lambda z: pb.grad(lambda a: pnp.sum(abs(pnp.exp(a * z)) ** 2))(0.1),
        lambda z: pb.grad(lambda w: pnp.sum(pnp.abs(w * w + 1)), holomorphic=False)(z),
    ]


@pytest.mark.parametrize("k", range(len(programs())))
def test_programs_run_without_calling_back(k: int) -> None:
    rng = np.random.default_rng(k)
    z = (rng.normal(size=(5, 7)) + 1j * rng.normal(size=(5, 7))).astype(np.complex64)
    f = programs()[k]
    with pb.disable_jit():
        wanted = np.asarray(f(pnp.asarray(z)))
    np.testing.assert_allclose(np.asarray(pb.jit(f)(z)), wanted, rtol=2e-4, atol=1e-5)
    assert "call-back" not in pb.explain(f)(z)


EXTREMES = [0.0, -0.0, 1.0, -2.5, np.inf, -np.inf, np.nan]


@pytest.mark.parametrize("f", [np.divide, np.power], ids=lambda f: f.__name__)
def test_extreme_pairs_are_infinite_or_nan_as_in_numpy(f: Callable[..., Any]) -> None:
    x = np.array([complex(a, b) for a in EXTREMES for b in EXTREMES], "complex64")
    x, y = (z.ravel() for z in np.meshgrid(x, x))
    if f is np.power:
        # Elsewhere infinities are what the logarithm makes of them.
        some = (y == 0) | ((x == 0) & np.isfinite(y))
        x, y = x[some], y[some]
    with np.errstate(all="ignore"):
        wanted = f(x, y)
    got = np.asarray(pb.jit(getattr(pnp, f.__name__))(x, y))
    np.testing.assert_allclose(got, wanted, rtol=1e-6)
