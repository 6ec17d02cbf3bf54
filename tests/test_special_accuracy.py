"""Compiled special functions against mpmath, in units in the last place, where they are hard."""

import mpmath
import numpy as np
import pytest
import scipy.special

import pullback as pb
from pullback.scipy import special


def _lower(a, x):
    return mpmath.gammainc(a, 0, x, regularized=True)


def _upper(a, x):
    return mpmath.gammainc(a, x, regularized=True)


def _beta(a, b, x):
    return mpmath.betainc(a, b, 0, x, regularized=True)


# The value, intervals of arguments, and how many units the result may be off.
CASES = {
    "beta": (mpmath.beta, ((0.1, 10), (0.1, 10)), 16),
    "betaln": (
        lambda a, b: mpmath.loggamma(a) + mpmath.loggamma(b) - mpmath.loggamma(a + b),
        ((2, 600), (5, 600)),
        6,
    ),
    "dawsn": (
        lambda x: mpmath.sqrt(mpmath.pi) / 2 * mpmath.exp(-x * x) * mpmath.erfi(x),
        ((-10, 10),),
        4,
    ),
    "erfcx": (lambda x: mpmath.exp(x * x) * mpmath.erfc(x), ((-3, 20),), 6),
    "exp1": (mpmath.e1, ((0.001, 20),), 5),
    "expi": (mpmath.ei, ((0.05, 40),), 8),
    "gamma": (mpmath.gamma, ((-5.3, 30),), 8),
    "logit": (lambda x: mpmath.log(x / (1 - x)), ((0.001, 0.999),), 4),
    "poch": (lambda z, m: mpmath.gamma(z + m) / mpmath.gamma(z), ((0.1, 10), (0.1, 5)), 8),
    "fresnel": (lambda x: (mpmath.fresnels(x), mpmath.fresnelc(x)), ((-1000, 1000),), 6),
    "sici": (lambda x: (mpmath.si(x), mpmath.ci(x)), ((0.7, 3),), 6),
    "gammainc": (_lower, ((0.1, 30), (10, 30)), 32),
    "gammaincc": (_upper, ((0.1, 30), (0.1, 30)), 16),
    # Small ones, where 1 - gammainc would lose all digits.
    "gammaincc of small": (_upper, ((1e-9, 1e-5), (1e-4, 1)), 32),
    "gammaincc of large": (_upper, ((900, 1000), (900, 1000)), 32),
    "gammainc of large": (_lower, ((900, 1000), (850, 1000)), 64),
    "ndtr": (mpmath.ncdf, ((-12, 8),), 6),
    "log_ndtr": (lambda x: mpmath.log(mpmath.ncdf(x)), ((-30, 5),), 8),
    "betainc": (_beta, ((0.2, 10), (0.2, 10), (0.01, 0.99)), 16),
    "betainc of mixed": (_beta, ((1, 9), (100, 200), (0.01, 0.1)), 32),
    "betainc of large": (_beta, ((150, 160), (150, 160), (0.4, 0.6)), 64),
}
PRECISION = {"float32": 24, "float64": 53}


def _units(got: np.ndarray, wanted: list, dtype: str) -> float:
    """The largest error in units in the last place of what is wanted."""
    found = []
    for g, w in zip(got, wanted, strict=True):
        unit = mpmath.mpf(2) ** (mpmath.frexp(w)[1] - PRECISION[dtype])
        found.append(float(abs(mpmath.mpf(float(g)) - w) / unit))
    return max(found)


@pytest.mark.parametrize("dtype", PRECISION)
@pytest.mark.parametrize("name", CASES)
def test_errors(name, dtype):
    reference, ranges, bound = CASES[name]
    rng = np.random.default_rng(11)
    args = [rng.uniform(low, high, 100).astype(dtype) for low, high in ranges]
    with pb.enable_x64(), mpmath.workdps(50):
        got = pb.jit(getattr(special, name.split()[0]))(*args)
        wanted = [reference(*map(mpmath.mpf, map(float, v))) for v in zip(*args, strict=True)]
        if not isinstance(got, tuple):
            got, wanted = (got,), [(w,) for w in wanted]
        for part, values in zip(got, zip(*wanted, strict=True), strict=True):
            assert part.dtype == dtype
            assert _units(np.asarray(part), list(values), dtype) <= bound


@pytest.mark.parametrize("compiled", [False, True])
def test_factorials_are_whole(compiled):
    f = pb.jit(special.factorial) if compiled else special.factorial
    with pb.enable_x64():
        got = np.asarray(f(np.arange(23.0)))
    assert [int(g) for g in got] == [int(mpmath.factorial(k)) for k in range(23)]


@pytest.mark.parametrize("name", ["beta", "betaln", "gamma", "comb"])
def test_derivatives(name):
    args = {"gamma": (2.7,), "comb": (9.3, 2.2)}.get(name, (13.5, 4.25))
    with pb.enable_x64():
        f = getattr(special, name)
        pb.test_util.check_grads(f, args, order=2, modes=["fwd", "rev"], rtol=1e-4)


@pytest.mark.parametrize("x", [-1e30, -1e19, -1e4, -100.0, -5.0, 0.0, 2.0, 12.0])
def test_slope_of_log_ndtr(x):
    """The density over the probability, though exp(-x^2 / 2) underflows in both."""
    z = mpmath.mpf(float(np.float32(x)))
    tail = mpmath.ncdf(z) if z > -200 else mpmath.npdf(z) * (1 / -z + 1 / z**3)
    for wrap in (lambda f: f, pb.jit):
        got = wrap(pb.grad(special.log_ndtr))(np.float32(x))
        np.testing.assert_allclose(got, float(mpmath.npdf(z) / tail), rtol=2e-6)


# They are normal to the digits that are asked for.
@pytest.mark.parametrize(("dtype", "size"), [("float32", 1e12), ("float64", 1e14)])
def test_huge_incomplete_functions(dtype, size):
    z = np.linspace(-3, 3, 13)
    a = np.full(13, size, dtype)
    with pb.enable_x64():
        x = (a.astype(float) + z * np.sqrt(size)).astype(dtype)
        exact = (x.astype(float) - a.astype(float)) / np.sqrt(size)
        got = np.asarray(pb.jit(special.gammainc)(a, x))
        np.testing.assert_allclose(got, scipy.special.ndtr(exact), rtol=1e-5)
        half = np.full(13, size / 2, dtype)
        x = (0.5 + z * 0.5 / np.sqrt(size)).astype(dtype)
        exact = (x.astype(float) - 0.5) * 2 * np.sqrt(size)
        got = np.asarray(pb.jit(special.betainc)(half, half, x))
        np.testing.assert_allclose(got, scipy.special.ndtr(exact), rtol=1e-5)


def test_incomplete_beta_of_tiny_numbers():
    shapes = np.array([1e-300, 1e-30, 1e-5, 0.5, 3.0, 1e3, 1e30])
    a, b, x = np.meshgrid(shapes, shapes, [1e-300, 1e-10, 0.3, 0.9])
    with pb.enable_x64(), np.errstate(all="ignore"):
        got = np.asarray(pb.jit(special.betainc)(a, b, x))
    np.testing.assert_allclose(got, scipy.special.betainc(a, b, x), rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("dtype", PRECISION)
@pytest.mark.parametrize("interval", [(1, 30), (500, 600)])
def test_slope_of_gammainc(dtype, interval):
    rng = np.random.default_rng(3)
    a, x = (rng.uniform(*interval, 40).astype(dtype) for _ in range(2))
    with pb.enable_x64(), mpmath.workdps(40):
        got = np.asarray(pb.jit(pb.lax.igamma_grad_a)(a, x))
        h = mpmath.mpf(10) ** -12
        for g, p, y in zip(got, map(float, a), map(float, x), strict=True):
            wanted = (_lower(p + h, y) - _lower(p - h, y)) / (2 * h)
            assert abs(float(g) / wanted - 1) < 64 * np.finfo(dtype).eps
