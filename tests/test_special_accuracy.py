"""Compiled special functions against mpmath, in units in the last place, where they are hard."""

import mpmath
import numpy as np
import pytest

import pullback as pb
from pullback.scipy import special

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
    args = [rng.uniform(low, high, 150).astype(dtype) for low, high in ranges]
    with pb.enable_x64(), mpmath.workdps(50):
        got = pb.jit(getattr(special, name))(*args)
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
