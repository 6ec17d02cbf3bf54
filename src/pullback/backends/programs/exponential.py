"""Integrals of exponentials as programs."""

import math
from typing import Any

from ... import dtypes
from ...primitives.arithmetic import add, div, mul, neg, sub
from ...primitives.bitwise import bitwise_not, bitwise_or
from ...primitives.compare import eq, ge, gt, le, lt
from ...primitives.exponential import exp, log
from ...primitives.magnitude import abs
from ...primitives.shape import full_like
from ...primitives.special import digamma
from .series import Terms, both, choose, eps_of, fraction, is_infinite, is_nan, spread, summed

NAN, INF = math.nan, math.inf
EULER = 0.57721566490153286


def exp1(x: Any) -> Any:
    """The integral of exp(-t) / t from x on; NaN below 0."""
    return expn(full_like(x, 1), x)


def expn(n: Any, x: Any) -> Any:
    """The integral of exp(-x t) / t^n from 1 on (Abramowitz and Stegun, 5.1.12 and 5.1.22)."""
    good = both(gt(x, 0), ge(n, 0), bitwise_not(is_infinite(x)))
    order, z = choose(good, n, 1), choose(good, x, 1)
    near = both(le(z, 1), gt(order, 0))
    out = choose(near, _expn_series(order, z, near), _expn_fraction(order, z, bitwise_not(near)))
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


def _expn_fraction(n: Any, x: Any, where: Any) -> Any:
    def terms(k: Any) -> tuple[Any, Any]:
        return neg(mul(k, add(n, sub(k, 1)))), add(add(x, n), mul(k, 2))

    return div(exp(neg(x)), fraction(add(x, n), terms, where))


def expi(x: Any) -> Any:
    """The integral of exp(t) / t up to x, its principal value."""
    below = neg(exp1(choose(lt(x, 0), neg(x), 1)))
    good = both(gt(x, 0), bitwise_not(is_infinite(x)))
    z = choose(good, x, 1)
    far = gt(z, 50 if x.dtype == dtypes.float64 else 25)
    near = add(_expi_series(z, bitwise_not(far)), add(log(z), EULER))
    above = choose(far, mul(div(exp(z), z), _expi_far(z, far)), near)
    out = choose(gt(x, 0), above, below)
    out = choose(eq(x, 0), -INF, choose(eq(x, INF), INF, out))
    return choose(is_nan(x), NAN, choose(eq(x, -INF), neg(full_like(x, 0)), out))


def _expi_series(x: Any, where: Any) -> Any:
    """sum over k > 0 of x^k / (k k!)."""

    def step(k: Any, state: Terms) -> Terms:
        total, power, _ = state
        power = div(mul(power, x), k)
        part = div(power, k)
        return add(total, part), power, part

    def going(state: Terms) -> Any:
        return both(where, gt(state[2], mul(state[0], eps_of(x) / 4)))

    return summed((full_like(x, 0), full_like(x, 1), full_like(x, 1)), step, going)[0]


def _expi_far(x: Any, where: Any) -> Any:
    """1 + 1!/x + 2!/x^2 + ... as far as terms shrink."""

    def step(k: Any, state: Terms) -> Terms:
        total, term = state
        term = div(mul(term, k), x)
        return add(total, term), term

    def going(state: Terms) -> Any:
        return both(where, gt(state[1], mul(state[0], eps_of(x) / 4)))

    return summed((full_like(x, 1), full_like(x, 1)), step, going)[0]
