"""Special functions through XLA, on grids of ordinary and extreme numbers, against SciPy's."""

import itertools
from typing import Any

import numpy as np
import pytest
from xla_run import compiled, program

from pullback import config
from pullback.core.trace import as_array
from pullback.primitives import analytic, incomplete, special

INF, NAN = np.inf, np.nan
EDGES = (0.0, -0.0, INF, -INF, NAN, 1e-30, -1e-30, 1e30)
ANY = (*np.linspace(-30, 30, 241), *np.linspace(-1.9, 1.9, 77), *EDGES)
ABOVE = (*np.geomspace(1e-6, 80, 200), *EDGES, -1.0)
UNIT = (*np.linspace(0, 1, 101), 1e-30, 1e-7, 1 - 1e-7, -0.1, 1.1, NAN)
FIRST = (*np.geomspace(0.05, 50, 12), 0.0, -1.0, INF, NAN)
FINITE = FIRST[:-2]
SECOND = (*np.geomspace(0.01, 90, 20), 0.0, -1.0, INF, NAN)


def grid(*columns: Any) -> tuple[Any, ...]:
    """All combinations, as columns."""
    return tuple(np.array(c) for c in zip(*itertools.product(*columns), strict=True))


# Arguments, and how many units in the last place results may be off, in float64 and float32: those
# with large exponents lose digits there.
CASES: dict[str, tuple[Any, tuple[Any, ...], float]] = {
    "bessel_i0e": (special.bessel_i0e, (np.array(ANY),), 16),
    "dawsn": (analytic.dawsn, (np.array(ANY),), 64),
    "erfcx": (analytic.erfcx, (np.array([x for x in ANY if not -1e9 < x < -5]),), 300),
    "exp1": (analytic.exp1, (np.array(ABOVE),), 300),
    "expi": (analytic.expi, (np.array([x for x in ANY if abs(x - 0.3725) > 0.05]),), 500),
    "expn": (analytic.expn, grid((0.0, 1.0, 2.0, 3.0, 7.0), [x for x in ABOVE if x != 0]), 500),
    "spence": (analytic.spence, (np.array(ABOVE),), 64),
    "ndtri": (analytic.ndtri, (np.array(UNIT),), 100),
    "ndtr": (analytic.ndtr, (np.array([x for x in ANY if x > -9]),), 100),
    "log_ndtr": (analytic.log_ndtr, (np.array([x for x in ANY if x < 5]),), 100),
    "poch": (analytic.poch, grid(np.geomspace(0.1, 9, 8), np.geomspace(0.1, 9, 8)), 300),
    "igamma": (incomplete.igamma, grid(FIRST, SECOND), 1000),
    "igammac": (incomplete.igammac, grid(FIRST, SECOND), 1000),
    "igamma_grad_a": (incomplete.igamma_grad_a, grid(FINITE, SECOND), 4000),
    "random_gamma_grad": (incomplete.random_gamma_grad, grid(FIRST, SECOND[:-4]), 4000),
    "betainc": (incomplete.betainc, grid(FIRST[::2], FIRST[1::2], UNIT[::7]), 2000),
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", CASES)
def test_is_scipy(name: str, dtype: str) -> None:
    f, args, ulps = CASES[name]
    with np.errstate(all="ignore"), config.override(enable_x64=True):
        xs = [a.astype(dtype) for a in args]
        jaxpr, arrays = program(f, xs)
        (got,) = compiled(jaxpr)(*arrays)
        wanted = as_array(f(*[as_array(x) for x in xs]))._npy
    tol = ulps * float(np.finfo(dtype).eps)
    tiny = float(np.finfo(dtype).tiny) * 1e3
    np.testing.assert_allclose(got, wanted, rtol=tol, atol=tiny, equal_nan=True)
