"""Integrals of exponentials as programs."""

import math
from typing import Any

from ... import dtypes
from ...control.loop import fori_loop
from ...primitives import fits
from ...primitives.arithmetic import add, div, mul, neg, sub
from ...primitives.bitwise import bitwise_not, bitwise_or
from ...primitives.compare import eq, ge, gt, le, lt
from ...primitives.convert import convert_element_type
from ...primitives.exponential import exp, log, log1p
from ...primitives.fitted import fitted
from ...primitives.magnitude import abs
from ...primitives.shape import full_like
from ...primitives.special import digamma
from .series import Terms, both, choose, eps_of, is_infinite, is_nan, spread, summed

NAN, INF = math.nan, math.inf
EULER = 0.57721566490153286
# As many as count at 1 and beyond.
FRACTION_TERMS = {dtypes.float32: 24, dtypes.float64: 90}
# The zero of expi, in two parts for each precision.
EXPI_ROOT = {
    dtypes.float32: (0.3725074231624603, -1.2381093692686445e-08),
    dtypes.float64: (0.3725074107813666, 1.3140183414386028e-17),
}


def exp1(x: Any) -> Any:
    """The integral of exp(-t) / t from x on; NaN below 0."""
    low = lt(x, 0.5)
    near = sub(mul(x, fitted(fits.EXP1_NEAR, x)), add(log(choose(low, x, 1)), EULER))
    z = choose(low, 1, x)
    far = mul(exp(neg(z)), div(fitted(fits.EXP1_FAR, z), z))
    return choose(low, near, far)


def expn(n: Any, x: Any) -> Any:
    """The integral of exp(-x t) / t^n from 1 on (Abramowitz and Stegun, 5.1.12 and 5.1.22)."""
    good = both(gt(x, 0), ge(n, 0), bitwise_not(is_infinite(x)))
    order, z = choose(good, n, 1), choose(good, x, 1)
    near = both(le(z, 1), gt(order, 0))
    out = choose(near, _expn_series(order, z, near), _expn_fraction(order, z))
    out = choose(eq(order, 0), div(exp(neg(z)), z), out)
    at_zero = choose(gt(n, 1), div(1, choose(gt(n, 1), sub(n, 1), 1)), INF)
    out = choose(eq(x, 0), at_zero, choose(is_infinite(x), 0.0, out))
    bad = bitwise_or(bitwise_or(lt(x, 0), lt(n, 0)), bitwise_or(is_nan(n), is_nan(x)))
    return choose(bad, NAN, out)


def _expn_series(n: Any, x: Any, where: Any) -> Any:
    """(-x)^(n-1) / (n-1)! (digamma(n) - log x) - sum over k != n-1 of (-x)^k / ((k-n+1) k!)."""
    last = sub(n, 1)

    def step(k: Any, state: Terms) -> Terms:
        total, power, lead = state
        power = neg(div(mul(power, x), k))
        here = eq(last, spread(k, x))
        part = div(power, choose(here, 1, sub(k, last)))
        lead = choose(here, power, lead)
        return choose(here, total, sub(total, part)), power, lead

    def going(state: Terms) -> Any:
        total, power, lead = state
        unfinished = bitwise_or(gt(abs(power), mul(abs(total), eps_of(x) / 4)), eq(lead, 0))
        return both(where, unfinished)

    first = eq(last, 0)
    one, zero = full_like(x, 1), full_like(x, 0)
    start = choose(first, zero, div(1, choose(first, 1, last)))
    total, _, lead = summed((start, one, choose(first, one, zero)), step, going)
    return add(total, mul(lead, sub(digamma(n), log(x))))


def _expn_fraction(n: Any, x: Any) -> Any:
    """exp(-x) / (x + n - n / (x + n + 2 - 2 (n + 1) / (x + n + 4 - ...))), from its end on."""
    last = FRACTION_TERMS[x.dtype]

    def step(k: int, tail: Any) -> Any:
        j = convert_element_type(sub(last, k), x.dtype)
        over = mul(add(n, sub(j, 1)), j)
        return sub(add(add(x, n), mul(sub(j, 1), 2)), div(over, tail))

    return div(exp(neg(x)), fori_loop(0, last, step, add(add(x, n), 2 * last)))


def expi(x: Any) -> Any:
    """The integral of exp(t) / t up to x, its principal value."""
    below = neg(exp1(choose(lt(x, 0), neg(x), 1)))
    near, far = lt(x, 6), ge(x, 24)
    z = choose(near, 6, x)
    rest = choose(lt(x, 12), fitted(fits.EXPI_MIDDLE, z), fitted(fits.EXPI_HIGH, z))
    # exp(x) may be infinite where exp(x) / x is not.
    half = exp(mul(z, 0.5))
    above = mul(half, mul(half, div(choose(far, fitted(fits.EXPI_FAR, z), rest), z)))
    above = choose(near, _expi_near(choose(both(near, gt(x, 0)), x, 1)), above)
    out = choose(gt(x, 0), above, below)
    out = choose(eq(x, 0), -INF, choose(eq(x, INF), INF, out))
    return choose(is_nan(x), NAN, choose(eq(x, -INF), neg(full_like(x, 0)), out))


def _expi_near(x: Any) -> Any:
    """log(x / r) + (x - r) P(x), r the zero; the logarithm near 1 is of the distance to it."""
    high, low = EXPI_ROOT[x.dtype]
    distance = sub(sub(x, high), low)
    slope = choose(lt(x, 3), fitted(fits.EXPI_NEAR, x), fitted(fits.EXPI_LOW, x))
    ratio = mul(distance, 1 / high)
    close = lt(abs(ratio), 0.5)
    logarithm = choose(
        close, log1p(choose(close, ratio, 0)), log(mul(choose(close, high, x), 1 / high))
    )
    return add(logarithm, mul(distance, slope))
