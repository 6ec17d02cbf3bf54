"""Functions of SciPy with derivatives in closed form: integrals of exponentials and normal tails.

A table: the name, SciPy's name, and the slope from the result and the operand.
"""

import math
from typing import Any, NoReturn

import numpy as np

from .arithmetic import add, div, mul, neg, sub
from .compare import eq, lt
from .counts import digamma_gap
from .exponential import exp, log
from .nary import binary, unary
from .power import square
from .quiet import widened
from .rules import FLOATS, const
from .select import select
from .special import digamma, scipy_special

ROOT = math.sqrt(math.pi)


def _analytic(name: str, slope: Any) -> Any:
    def value(x: np.ndarray) -> Any:
        return getattr(scipy_special, name)(x)

    return unary(name, widened(value), FLOATS, lambda t, y, x: mul(t, slope(y, x)))


# expi -- the integral of exp(t) / t up to x
expi_p, expi = _analytic("expi", lambda y, x: div(exp(x), x))
# exp1 -- the integral of exp(-t) / t from x on
exp1_p, exp1 = _analytic("exp1", lambda y, x: neg(div(exp(neg(x)), x)))
# dawsn -- exp(-x^2) times the integral of exp(t^2) from 0 to x
dawsn_p, dawsn = _analytic("dawsn", lambda y, x: sub(1, mul(2, mul(x, y))))
# erfcx -- exp(x^2) erfc(x)
erfcx_p, erfcx = _analytic("erfcx", lambda y, x: sub(mul(2, mul(x, y)), 2 / ROOT))
# spence -- the integral of log(t) / (1 - t) from 1 to x
spence_p, spence = _analytic("spence", lambda y, x: _slope_spence(x))


def _slope_spence(x: Any) -> Any:
    """log(x) / (1 - x), -1 at 1."""
    one = eq(x, 1)
    slope = div(log(x), sub(1, select(one, const(x, 0), x)))
    return select(one, const(x, -1), slope)


# ndtri -- the x below which a normal number lies with a probability
ndtri_p, ndtri = _analytic("ndtri", lambda y, p: mul(exp(mul(square(y), 0.5)), ROOT * math.sqrt(2)))
# ndtr -- the probability that a normal number lies below x
ndtr_p, ndtr = _analytic(
    "ndtr", lambda y, x: mul(exp(mul(square(x), -0.5)), 1 / (ROOT * math.sqrt(2)))
)
# log_ndtr -- the logarithm of the probability that a normal number lies below x
log_ndtr_p, log_ndtr = _analytic(
    "log_ndtr",
    lambda y, x: _slope_log_ndtr(y, x),
)


def _slope_log_ndtr(y: Any, x: Any) -> Any:
    """The density over the probability, whose factors exp(-x^2 / 2) cancel below 0."""
    below = lt(x, 0)
    low, high = select(below, x, const(x, 0)), select(below, const(x, 0), x)
    density = mul(exp(sub(mul(square(high), -0.5), y)), 1 / (ROOT * math.sqrt(2)))
    return select(below, div(math.sqrt(2) / ROOT, erfcx(mul(low, -math.sqrt(0.5)))), density)


def _no_derivative_in_n(*_: Any) -> NoReturn:
    raise NotImplementedError("expn: the derivative with respect to n is not supported")


# expn -- the integral of exp(-x t) / t^n from 1 on
expn_p, expn = binary(
    "expn",
    widened(lambda n, x: np.asarray(scipy_special.expn(n.astype(np.float64), x), x.dtype)),
    FLOATS,
    _no_derivative_in_n,
    lambda t, y, n, x: mul(t, neg(expn(sub(n, 1), x))),
)
# gamma -- the gamma function
gamma_p, gamma = _analytic("gamma", lambda y, x: mul(y, digamma(x)))
# poch -- Gamma(z + m) / Gamma(z)
poch_p, poch = binary(
    "poch",
    widened(lambda z, m: scipy_special.poch(z, m)),
    FLOATS,
    lambda t, y, z, m: mul(t, mul(y, sub(digamma(add(z, m)), digamma(z)))),
    lambda t, y, z, m: mul(t, mul(y, digamma(add(z, m)))),
)


def _where_positive(name: str, elsewhere: Any) -> Any:
    """SciPy's function of positive numbers, and a formula where they are not."""

    def value(a: np.ndarray, b: np.ndarray) -> Any:
        positive = (a > 0) & (b > 0)
        found = getattr(scipy_special, name)(np.where(positive, a, 1), np.where(positive, b, 1))
        return np.where(positive, found, elsewhere(a, b)).astype(a.dtype)

    return widened(value)


def _betaln_elsewhere(a: np.ndarray, b: np.ndarray) -> Any:
    gammaln = scipy_special.gammaln
    return gammaln(a) + gammaln(b) - gammaln(a + b)


def _beta_elsewhere(a: np.ndarray, b: np.ndarray) -> Any:
    sign = scipy_special.gammasgn
    return sign(a) * sign(b) * sign(a + b) * np.exp(_betaln_elsewhere(a, b))


def _beta_slope(a: Any, b: Any) -> Any:
    """The derivative of log Beta(a, b) with respect to a."""
    return neg(digamma_gap(a, b))


# betaln -- log |Beta(a, b)|
betaln_p, betaln = binary(
    "betaln",
    _where_positive("betaln", _betaln_elsewhere),
    FLOATS,
    lambda t, y, a, b: mul(t, _beta_slope(a, b)),
    lambda t, y, a, b: mul(t, _beta_slope(b, a)),
)
# beta -- Gamma(a) Gamma(b) / Gamma(a + b)
beta_p, beta = binary(
    "beta",
    _where_positive("beta", _beta_elsewhere),
    FLOATS,
    lambda t, y, a, b: mul(t, mul(y, _beta_slope(a, b))),
    lambda t, y, a, b: mul(t, mul(y, _beta_slope(b, a))),
)
