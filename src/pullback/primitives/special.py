"""Error functions and gamma functions. SciPy's special functions load at the first call."""

import math
from typing import Any

import numpy as np

from ..lazy import LazyModule
from .arithmetic import add, div, mul, neg, sub
from .compare import lt
from .exponential import exp
from .nary import unary
from .power import integer_pow, square
from .quiet import widened
from .rules import FLOATS
from .select import select
from .trigonometric import sin

scipy_special = LazyModule("scipy.special")

# M. Giles, "Approximating the erfinv function" (2010), single precision: polynomials in
# w - 2.5 where w = -log(1 - x^2) < 5, and in sqrt(w) - 3 elsewhere; highest power first.
CENTRAL = (
    2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087,
    -0.00125372503, -0.00417768164, 0.246640727, 1.50140941,
)  # fmt: skip
TAIL = (
    -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773,
    -0.0076224613, 0.00943887047, 1.00167406, 2.83297682,
)  # fmt: skip
COEFFICIENTS = np.array([CENTRAL, TAIL], np.float32)


def _erf_inv(x: np.ndarray) -> Any:
    if x.dtype != np.float32:
        return scipy_special.erfinv(x)
    w = -np.log1p(-x * x)
    tail = (w >= 5).astype(np.intp)
    u = np.where(tail, np.sqrt(w) - np.float32(3), w - np.float32(2.5))
    p = COEFFICIENTS[tail, 0]
    for k in range(1, len(CENTRAL)):
        p = COEFFICIENTS[tail, k] + p * u
    return np.where(np.abs(x) == 1, x * np.float32(np.inf), p * x)


def _lgamma(x: np.ndarray) -> Any:
    return np.where(np.isinf(x), np.abs(x), scipy_special.gammaln(x))


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
    mirror = square(div(math.pi, sin(mul(x, math.pi))))
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
    widened(lambda x: scipy_special.digamma(x)),
    FLOATS,
    lambda t, y, x: mul(t, trigamma(x)),
)
