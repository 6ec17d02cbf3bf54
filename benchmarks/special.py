"""Special functions that are compiled as programs: errors in ulp against mpmath, ns an element.

Both are printed beside JAX's, for random arguments; times are of one thread over 2^16 elements.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.scipy.special
import mpmath
import numpy as np

import pullback
import pullback.scipy.special
from benchmarks.timing import N, mp_number, nanoseconds, ulp

Range = tuple[float, float]
COUNT = 400
# The value, and the interval of random arguments; whole numbers where its ends are.
FUNCTIONS: dict[str, tuple[Callable[..., Any], tuple[tuple[float, float], ...]]] = {
    "beta": (mpmath.beta, ((0.1, 30.0), (0.1, 30.0))),
    "betaln": (lambda a, b: mpmath.log(mpmath.beta(a, b)), ((0.1, 300.0), (0.1, 300.0))),
    "betainc": (
        lambda a, b, x: mpmath.betainc(a, b, 0, x, regularized=True),
        ((0.2, 10.0), (0.2, 10.0), (0.01, 0.99)),
    ),
    "boxcox": (lambda x, y: (x**y - 1) / y, ((0.1, 10.0), (-2.0, 2.0))),
    "boxcox1p": (lambda x, y: ((1 + x) ** y - 1) / y, ((0.1, 10.0), (-2.0, 2.0))),
    "dawsn": (
        lambda x: mpmath.sqrt(mpmath.pi) / 2 * mpmath.exp(-x * x) * mpmath.erfi(x),
        ((-10.0, 10.0),),
    ),
    "digamma": (lambda x: mpmath.psi(0, x), ((0.001, 30.0),)),
    "entr": (lambda x: -x * mpmath.log(x), ((0.0, 3.0),)),
    "erfcx": (lambda x: mpmath.exp(x * x) * mpmath.erfc(x), ((-3.0, 20.0),)),
    "exp1": (mpmath.e1, ((0.01, 20.0),)),
    "expi": (mpmath.ei, ((-20.0, 40.0),)),
    "expn": (lambda n, x: mpmath.expint(int(n), x), ((1, 8), (0.05, 20.0))),
    "factorial": (mpmath.factorial, ((0, 20),)),
    "fresnel": (mpmath.fresnels, ((-20.0, 20.0),)),
    "gamma": (mpmath.gamma, ((-10.3, 30.0),)),
    "gammainc": (
        lambda a, x: mpmath.gammainc(a, 0, x, regularized=True), ((0.1, 30.0), (0.1, 30.0)),
    ),
    "gammaincc": (
        lambda a, x: mpmath.gammainc(a, x, regularized=True), ((0.1, 30.0), (0.1, 30.0)),
    ),
    "gammaln": (lambda x: mpmath.log(abs(mpmath.gamma(x))), ((0.001, 30.0),)),
    "hyp1f1": (mpmath.hyp1f1, ((0.1, 5.0), (0.1, 5.0), (-5.0, 5.0))),
    "hyp2f1": (mpmath.hyp2f1, ((0.1, 3.0), (0.1, 2.0), (0.2, 4.0), (-5.0, 0.7))),
    "i0": (lambda x: mpmath.besseli(0, x), ((-30.0, 30.0),)),
    "i0e": (lambda x: mpmath.exp(-abs(x)) * mpmath.besseli(0, x), ((-30.0, 30.0),)),
    "i1": (lambda x: mpmath.besseli(1, x), ((-30.0, 30.0),)),
    "i1e": (lambda x: mpmath.exp(-abs(x)) * mpmath.besseli(1, x), ((-30.0, 30.0),)),
    "log_ndtr": (lambda x: mpmath.log(mpmath.ncdf(x)), ((-30.0, 5.0),)),
    "logit": (lambda x: mpmath.log(x / (1 - x)), ((0.001, 0.999),)),
    "ndtr": (mpmath.ncdf, ((-10.0, 10.0),)),
    "ndtri": (lambda p: mpmath.sqrt(2) * mpmath.erfinv(2 * p - 1), ((0.001, 0.999),)),
    "owens_t": (lambda h, a: _owens_t(h, a), ((-3.0, 3.0), (-3.0, 3.0))),
    "poch": (lambda z, m: mpmath.gamma(z + m) / mpmath.gamma(z), ((0.1, 10.0), (0.1, 5.0))),
    "polygamma": (lambda m, x: mpmath.psi(int(m), x), ((1, 8), (0.1, 20.0))),
    "rel_entr": (lambda x, y: x * mpmath.log(x / y), ((0.1, 5.0), (0.1, 5.0))),
    "sici": (mpmath.si, ((-20.0, 20.0),)),
    "spence": (lambda x: mpmath.re(mpmath.polylog(2, 1 - x)), ((0.01, 5.0),)),
    "wofz": (lambda z: mpmath.re(mpmath.exp(-z * z) * mpmath.erfc(-1j * z)), ((-5.0, 5.0),)),
    "xlog1py": (lambda x, y: x * mpmath.log1p(y), ((-3.0, 3.0), (-0.9, 5.0))),
    "xlogy": (lambda x, y: x * mpmath.log(y), ((-3.0, 3.0), (0.01, 5.0))),
    "zeta": (mpmath.zeta, ((1.05, 20.0), (0.1, 20.0))),
}  # fmt: skip


def _owens_t(h: Any, a: Any) -> Any:
    def density(t: Any) -> Any:
        return mpmath.exp(-h * h * (1 + t * t) / 2) / (1 + t * t)

    return mpmath.quad(density, mpmath.linspace(0, a, 9)) / (2 * mpmath.pi)


def _called(special: Any, name: str, args: Sequence[Any]) -> Any:
    """The function's real value, the first of two."""
    if isinstance(FUNCTIONS[name][1][0][0], int) and len(args) > 1:
        args = [args[0].astype(int), *args[1:]]
    found = getattr(special, name)(*args)
    return found[0] if isinstance(found, tuple) else found.real


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
    for package in (pullback, jax):
        f = package.jit(lambda *args, s=package.scipy.special: _called(s, name, args))
        errors.append(ulp(np.asarray(f(*few)), wanted))
        times.append(nanoseconds(lambda f=f: jax.block_until_ready(np.asarray(f(*many)))))
    return f"{name:12}{dtype:9}{errors[0]:10.2f}{errors[1]:12.2f}{times[0]:9.2f}{times[1]:9.2f}"


def _exact(x: np.floating) -> Any:
    return mpmath.mpf(float(x))


HEAD = f"{'function':12}{'type':9}{'max ulp':>10}{'JAX, ulp':>12}{'ns':>9}{'JAX':>9}"
