"""Incomplete gamma functions as programs.

With g = x^a exp(-x) / Gamma(a + 1): P(a, x) = g S, S = 1 + x/(a+1) + x^2/((a+1)(a+2)) + ..., and
Q(a, x) = a g C, C = 1/(x+1-a - 1(1-a)/(x+3-a - 2(2-a)/(x+5-a - ...))) (Abramowitz and Stegun,
6.5.29 and 6.5.31). A large `a` and an x near it: Temme's expansion. Small ones of which Q is small:
Q = 1 - h + a h D, h = x^a / Gamma(a + 1), D = x/(a+1) - x^2/(2! (a+2)) + ...

Source: DiDonato and Morris, ACM Trans. Math. Softw. 12 (1986).
"""

import math
from typing import Any, NamedTuple

from ...primitives.arithmetic import add, div, mul, neg, sub
from ...primitives.bitwise import bitwise_not, bitwise_or
from ...primitives.compare import eq, gt, le, lt
from ...primitives.exponential import exp, expm1, log, log1p
from ...primitives.fitted import polynomial
from ...primitives.magnitude import abs, max, min
from ...primitives.power import pow, square
from ...primitives.shape import full_like
from .gamma import near_gamma, tables
from .series import (
    Terms,
    both,
    choose,
    eps_of,
    inverse_fraction,
    is_infinite,
    is_nan,
    spread,
    summed,
    tiny_of,
)
from .stirling import remainder
from .temme import FROM, Distance, distance, smaller_tail

NAN = math.nan
# Beyond, exp(-x / 2) is 0.
MOST = 2000


class Gammas(NamedTuple):
    """Positive a and x, how far they are from one another, g, and which formula serves."""

    a: Any
    x: Any
    apart: Distance
    front: Any
    late: Any
    early: Any


def safe_arguments(a: Any, x: Any) -> tuple[Any, Any, Any]:
    """Where both are positive and finite, and both with 1 elsewhere."""
    good = both(gt(a, 0), gt(x, 0), bitwise_not(is_infinite(a)), bitwise_not(is_infinite(x)))
    return good, choose(good, a, 1), choose(good, x, 1)


def gammas(a: Any, x: Any) -> Gammas:
    """What the formulas share, at positive numbers."""
    apart = distance(a, x)
    late = both(gt(x, 1), gt(x, a), bitwise_not(apart.near))
    early = bitwise_not(bitwise_or(apart.near, late))
    return Gammas(a, x, apart, _front(a, x, apart), late, early)


def _front(a: Any, x: Any, apart: Distance) -> Any:
    """g: of a large `a` by Stirling's formula, else as a square, which no factor of it exceeds."""
    large = gt(a, FROM)
    far = div(mul(apart.weight, exp(neg(remainder(choose(large, a, FROM))))), apart.root)
    p, y = max(choose(large, 1, a), full_like(a, tiny_of(a))), min(x, full_like(x, MOST))
    half = mul(pow(y, mul(p, 0.5)), exp(mul(y, -0.5)))
    return choose(large, far, div(square(half), mul(p, near_gamma(p, FROM))))


def _tail(a: Any, x: Any) -> tuple[Any, Any]:
    """Where it is Q that is computed, and Q there, P elsewhere."""
    g = gammas(a, x)
    small = both(g.early, _likely(a, x))
    total = _series(a, x, small, g.early)
    early = choose(
        small, _complement(choose(small, a, 1), choose(small, x, 1), total), mul(g.front, total)
    )
    late = mul(mul(a, g.front), rest(a, x, g.late))
    tail = choose(g.apart.near, smaller_tail(a, g.apart), choose(g.late, late, early))
    upper = bitwise_or(small, bitwise_or(g.late, both(g.apart.near, gt(g.apart.part, 0))))
    return upper, tail


def _likely(a: Any, x: Any) -> Any:
    """Where x is at most 1 and P(a, x) is nearly all: it is 3/4 about where x^a is."""
    inside = both(le(x, 1), lt(a, 1), bitwise_or(lt(x, 0.5), lt(a, mul(x, 1.1))))
    return both(inside, gt(mul(a, log(choose(inside, x, 1))), -0.3))


def _series(a: Any, x: Any, alternating: Any, where: Any) -> Any:
    """S, or D where it alternates."""

    def step(k: Any, state: Terms) -> Terms:
        total, term = state
        below = add(a, k)
        term = div(mul(term, x), choose(alternating, neg(spread(k, x)), below))
        return add(total, choose(alternating, div(term, below), term)), term

    def going(state: Terms) -> Any:
        return both(where, gt(abs(state[1]), mul(abs(state[0]), eps_of(x) / 4)))

    first = choose(alternating, full_like(x, 0), 1.0)
    return summed((first, choose(alternating, full_like(x, -1), 1.0)), step, going)[0]


def rest(a: Any, x: Any, where: Any) -> Any:
    """C, where it is wanted."""

    def terms(k: Any) -> tuple[Any, Any]:
        return mul(k, sub(a, k)), add(sub(add(x, mul(k, 2)), a), 1)

    return inverse_fraction(add(sub(x, a), 1), terms, where)


def _complement(a: Any, x: Any, alternating: Any) -> Any:
    """Q from D, for a < 1: the logarithm of Gamma(a + 1) is computed near its zeros."""
    low = lt(a, 0.5)
    d = choose(low, a, sub(a, 1))
    log_gamma = sub(mul(d, polynomial(tables(a).lgamma, d)), choose(low, log1p(a), 0.0))
    left = expm1(sub(mul(a, log(x)), log_gamma))
    return sub(mul(mul(a, add(left, 1)), alternating), left)


def _at_edges(a: Any, x: Any, out: Any, at_zero: float) -> Any:
    """Limits at 0 and infinity; NaN where there is none, and outside of a >= 0, x >= 0."""
    at_end = 1 - at_zero
    out = choose(eq(x, 0), at_zero, out)
    out = choose(is_infinite(a), at_zero, out)
    out = choose(eq(a, 0), at_end, out)
    out = choose(is_infinite(x), at_end, out)
    lost = bitwise_or(both(eq(a, 0), eq(x, 0)), both(is_infinite(a), is_infinite(x)))
    bad = bitwise_or(bitwise_or(lt(a, 0), lt(x, 0)), bitwise_or(is_nan(a), is_nan(x)))
    return choose(bitwise_or(lost, bad), NAN, out)


def igamma(a: Any, x: Any) -> Any:
    """P(a, x)."""
    _, a_safe, x_safe = safe_arguments(a, x)
    upper, tail = _tail(a_safe, x_safe)
    return _at_edges(a, x, choose(upper, sub(1, tail), tail), 0.0)


def igammac(a: Any, x: Any) -> Any:
    """Q(a, x)."""
    _, a_safe, x_safe = safe_arguments(a, x)
    upper, tail = _tail(a_safe, x_safe)
    return _at_edges(a, x, choose(upper, tail, sub(1, tail)), 1.0)
