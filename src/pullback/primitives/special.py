"""Error, gamma, zeta and Bessel functions. SciPy's special functions load at the first call."""

import math
from typing import Any, NoReturn

import numpy as np

from .. import dtypes
from .._native import erf_inv as erf_inv_of_floats
from ..lazy import LazyModule
from .arithmetic import add, div, mul, neg, sub
from .compare import le, lt
from .exponential import exp
from .magnitude import abs, sign
from .nary import binary, unary
from .power import integer_pow, square
from .quiet import widened
from .rounding import floor
from .rules import FLOATS, const
from .select import select
from .trigonometric import sin

scipy_special = LazyModule("scipy.special")


def _erf_inv(x: np.ndarray) -> Any:
    return erf_inv_of_floats(x) if x.dtype == np.float32 else scipy_special.erfinv(x)


def _lgamma(x: np.ndarray) -> Any:
    return np.where(np.isinf(x), np.abs(x), scipy_special.gammaln(x))


def _digamma(x: np.ndarray) -> Any:
    return np.where(x == 0, np.nan, scipy_special.digamma(x))


# Derivatives of the gamma functions at x, and at 1 - x by reflection where x < 1/2.
TERMS = 10
# Bernoulli numbers B_2, B_4, ...
BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6)


def trigamma(x: Any) -> Any:
    """The second derivative of lgamma: sum over k >= 0 of 1/(x + k)^2, by Euler and Maclaurin."""
    reflected = lt(x, 0.5)
    start = select(reflected, sub(1, x), x)
    total = integer_pow(start, -2)
    for k in range(1, TERMS):
        total = add(total, integer_pow(add(start, k), -2))
    end = add(start, TERMS)
    total = add(total, add(div(1, end), mul(integer_pow(end, -2), 0.5)))
    for k, number in enumerate(BERNOULLI):
        total = add(total, mul(integer_pow(end, -2 * k - 3), number))
    # trigamma(x) + trigamma(1 - x) = (pi / sin(pi x))^2
    offset = sub(x, floor(add(x, 0.5)))
    mirror = square(div(math.pi, sin(mul(offset, math.pi))))
    return select(reflected, sub(mirror, total), total)


erf_p, erf = unary(
    "erf",
    widened(lambda x: scipy_special.erf(x)),
    FLOATS,
    lambda t, y, x: mul(t, mul(exp(neg(square(x))), 2 / math.sqrt(math.pi))),
)
erfc_p, erfc = unary(
    "erfc",
    widened(lambda x: scipy_special.erfc(x)),
    FLOATS,
    lambda t, y, x: mul(t, mul(exp(neg(square(x))), -2 / math.sqrt(math.pi))),
)
erf_inv_p, erf_inv = unary(
    "erf_inv",
    widened(_erf_inv),
    FLOATS,
    lambda t, y, x: mul(t, mul(exp(square(y)), math.sqrt(math.pi) / 2)),
)
lgamma_p, lgamma = unary(
    "lgamma",
    widened(_lgamma),
    FLOATS,
    lambda t, y, x: mul(t, digamma(x)),
)
digamma_p, digamma = unary(
    "digamma",
    widened(_digamma),
    FLOATS,
    lambda t, y, x: mul(t, trigamma(x)),
)


# zeta -- z = sum over k >= 0 of 1 / (q + k)^x
def _zeta(x: np.ndarray, q: np.ndarray) -> Any:
    # At a pole only even powers have one sign on both sides.
    pole = (q <= 0) & (q == np.floor(q)) & (x != 1) & (x % 2 != 0)
    return np.where(pole | np.isinf(x), np.nan, scipy_special.zeta(x, q))


def _no_derivative_in_x(*_: Any) -> NoReturn:
    raise NotImplementedError("zeta: the derivative with respect to x is not supported")


zeta_p, zeta = binary(
    "zeta",
    widened(_zeta),
    FLOATS,
    _no_derivative_in_x,
    lambda t, y, x, q: mul(t, neg(mul(x, zeta(add(x, 1), q)))),
)


# polygamma -- y = the derivative of order m of digamma
def _polygamma(m: np.ndarray, x: np.ndarray) -> Any:
    m, wide = m.astype(np.float64), x.astype(np.float64)
    sign = np.where(m % 2 == 0, -1.0, 1.0)
    y = sign * scipy_special.gamma(m + 1) * _zeta(m + 1, wide)
    y = np.where(m == 0, _digamma(wide), y)
    return np.where((m < 0) | (m != np.floor(m)), np.nan, y).astype(x.dtype)


def _no_derivative_in_m(*_: Any) -> NoReturn:
    raise NotImplementedError("polygamma: the derivative with respect to m is not supported")


polygamma_p, polygamma = binary(
    "polygamma",
    _polygamma,
    FLOATS,
    _no_derivative_in_m,
    lambda t, y, m, x: mul(t, polygamma(add(m, 1), x)),
)

# bessel_i0e, bessel_i1e -- y = exp(-|x|) I(x), the modified Bessel functions of order 0 and 1
bessel_i0e_p, bessel_i0e = unary(
    "bessel_i0e",
    widened(lambda x: scipy_special.i0e(x)),
    FLOATS,
    lambda t, y, x: mul(t, sub(bessel_i1e(x), mul(sign(x), y))),
)
bessel_i1e_p, bessel_i1e = unary(
    "bessel_i1e",
    widened(lambda x: scipy_special.i1e(x)),
    FLOATS,
    lambda t, y, x: mul(t, _slope_i1e(x, y)),
)


def _slope_i1e(x: Any, y: Any) -> Any:
    """I0(x) - I1(x) / x - sign(x) I1(x), all times exp(-|x|); 1/2 at 0."""
    eps = float(dtypes.info(x.dtype).eps)
    tiny = le(abs(x), eps)
    safe = select(tiny, const(x, eps), x)
    slope = sub(bessel_i0e(safe), mul(y, add(sign(safe), integer_pow(safe, -1))))
    return select(tiny, const(x, 0.5), slope)
