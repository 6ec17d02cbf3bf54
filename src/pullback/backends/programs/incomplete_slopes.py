"""Derivatives of the incomplete gamma function P(a, x) in `a`, as programs.

They are those of the series and of the fraction in `incomplete_gamma.py`, where each quantity of a
recurrence carries its own, and of Temme's expansion, all over f = x^a exp(-x) / Gamma(a).
"""

from typing import Any

from ...primitives.arithmetic import add, div, mul, neg, sub
from ...primitives.bitwise import bitwise_or
from ...primitives.compare import eq, gt, le, lt
from ...primitives.exponential import log
from ...primitives.magnitude import abs
from ...primitives.shape import full_like
from ...primitives.special import digamma
from .incomplete_gamma import NAN, Gammas, gammas, safe_arguments
from .series import Terms, both, choose, eps_of, is_nan, summed, tiny_of
from .temme import slope


def series_slope(a: Any, x: Any, where: Any) -> Any:
    """(S' + S (log x - digamma(a + 1))) / a."""

    def step(k: Any, state: Terms) -> Terms:
        total, slope, term, dlog = state
        lower = add(a, k)
        term, dlog = div(mul(term, x), lower), sub(dlog, div(1, lower))
        return add(total, term), add(slope, mul(term, dlog)), term, dlog

    def going(state: Terms) -> Any:
        _, slope, term, dlog = state
        return both(where, gt(abs(mul(term, dlog)), mul(abs(slope), eps_of(x) / 4)))

    one, zero = full_like(x, 1), full_like(x, 0)
    total, slope, *_ = summed((one, zero, one, zero), step, going)
    return div(add(slope, mul(total, sub(log(x), digamma(add(a, 1))))), a)


def rest_slope(a: Any, x: Any, where: Any) -> Any:
    """-(C' + C (log x - digamma(a))), by Lentz's algorithm."""
    eps = eps_of(x)

    def step(k: Any, state: Terms) -> Terms:
        h, dh, b, c, dc, d, dd, _ = state
        num = mul(k, sub(a, k))
        b = add(b, 2)
        low, dlow = add(mul(num, d), b), sub(add(mul(k, d), mul(num, dd)), 1)
        c, dc = add(b, div(num, c)), sub(div(sub(k, div(mul(num, dc), c)), c), 1)
        d, dd = div(1, low), neg(div(dlow, mul(low, low)))
        ratio, dratio = mul(c, d), add(mul(dc, d), mul(c, dd))
        change = add(abs(sub(ratio, 1)), abs(dratio))
        return mul(h, ratio), add(mul(dh, ratio), mul(h, dratio)), b, c, dc, d, dd, change

    def going(state: Terms) -> Any:
        return both(where, gt(state[-1], 4 * eps))

    b = add(sub(x, a), 1)
    d = div(1, b)
    zero, dd = full_like(x, 0), mul(d, d)
    start = (d, dd, b, full_like(x, 1 / tiny_of(x)), zero, d, dd, full_like(x, 1))
    h, dh, *_ = summed(start, step, going)
    return neg(add(dh, mul(h, sub(log(x), digamma(a)))))


def _relative_slope(g: Gammas) -> Any:
    """dP/da / f."""
    a, x = g.a, g.x
    far = choose(g.late, rest_slope(a, x, g.late), series_slope(a, x, g.early))
    return choose(g.apart.near, slope(a, g.apart), far)


def igamma_grad_a(a: Any, x: Any) -> Any:
    """dP/da."""
    good, a_safe, x_safe = safe_arguments(a, x)
    g = gammas(a_safe, x_safe)
    f = choose(eq(x, 0), 0.0, mul(a_safe, g.front))
    out = choose(eq(f, 0), 0.0, mul(choose(good, _relative_slope(g), NAN), f))
    bad = bitwise_or(bitwise_or(lt(x, 0), le(a, 0)), bitwise_or(is_nan(x), is_nan(a)))
    return choose(bad, NAN, out)


def random_gamma_grad(a: Any, x: Any) -> Any:
    """dx/da of the x for which P(a, x) stays the same."""
    good, a_safe, x_safe = safe_arguments(a, x)
    relative = choose(good, _relative_slope(gammas(a_safe, x_safe)), NAN)
    out = choose(eq(x, 0), 0.0, neg(mul(x, relative)))
    return choose(bitwise_or(lt(x, 0), le(a, 0)), NAN, out)
