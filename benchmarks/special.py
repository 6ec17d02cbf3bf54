"""Special functions that are compiled as programs: errors in ulp against mpmath, ns an element.

Both are printed beside JAX's, for random arguments; times are of one thread over 2^16 elements.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import mpmath
import numpy as np

import pullback
from benchmarks.timing import N, mp_number, nanoseconds, ulp

Range = tuple[float, float]
COUNT = 400
# The value, and the interval of random arguments; whole numbers where its ends are.
FUNCTIONS: dict[str, tuple[Callable[..., Any], tuple[tuple[float, float], ...]]] = {
    "lgamma": (lambda x: mpmath.log(abs(mpmath.gamma(x))), ((0.001, 30.0),)),
    "digamma": (lambda x: mpmath.psi(0, x), ((0.001, 30.0),)),
    "polygamma": (lambda m, x: mpmath.psi(int(m), x), ((1, 8), (0.1, 20.0))),
    "zeta": (mpmath.zeta, ((1.05, 20.0), (0.1, 20.0))),
    "bessel_i0e": (lambda x: mpmath.exp(-abs(x)) * mpmath.besseli(0, x), ((-30.0, 30.0),)),
    "bessel_i1e": (lambda x: mpmath.exp(-abs(x)) * mpmath.besseli(1, x), ((-30.0, 30.0),)),
    "igamma": (
        lambda a, x: mpmath.gammainc(a, 0, x, regularized=True), ((0.1, 30.0), (0.1, 30.0)),
    ),
    "igammac": (
        lambda a, x: mpmath.gammainc(a, x, regularized=True), ((0.1, 30.0), (0.1, 30.0)),
    ),
    "betainc": (
        lambda a, b, x: mpmath.betainc(a, b, 0, x, regularized=True),
        ((0.2, 10.0), (0.2, 10.0), (0.01, 0.99)),
    ),
}  # fmt: skip


def arguments(ranges: Sequence[Range], dtype: str, count: int) -> list[np.ndarray]:
    """Random values of the intervals."""
    r = np.random.default_rng(0)
    found = []
    for low, high in ranges:
        x = r.uniform(low, high, count)
        found.append((np.round(x) if isinstance(low, int) else x).astype(dtype))
    return found


def row(name: str, dtype: str) -> str:
    reference, ranges = FUNCTIONS[name]
    few, many = (arguments(ranges, dtype, n) for n in (COUNT, N))
    with mpmath.workdps(40):
        wanted = np.array([mp_number(reference(*map(_exact, v))) for v in zip(*few, strict=True)])
    errors, times = [], []
    for lax, jit in ((pullback.lax, pullback.jit), (jax.lax, jax.jit)):
        f = jit(getattr(lax, name))
        errors.append(ulp(np.asarray(f(*few)), wanted))
        times.append(nanoseconds(lambda f=f: jax.block_until_ready(np.asarray(f(*many)))))
    return f"{name:12}{dtype:9}{errors[0]:10.2f}{errors[1]:12.2f}{times[0]:9.2f}{times[1]:9.2f}"


def _exact(x: np.floating) -> Any:
    return mpmath.mpf(float(x))


HEAD = f"{'function':12}{'type':9}{'max ulp':>10}{'JAX, ulp':>12}{'ns':>9}{'JAX':>9}"
