"""Incomplete gamma and beta functions as programs, and derivatives of the former in `a`.

With f = x^a exp(-x) / Gamma(a): P(a, x) = f S / a, S = 1 + x/(a+1) + x^2/((a+1)(a+2)) + ..., and
Q(a, x) = f C, C = 1/(x+1-a - 1(1-a)/(x+3-a - 2(2-a)/(x+5-a - ...))) (Abramowitz and Stegun, 6.5.29
and 6.5.31). The beta function's fraction is 26.5.8 there.
"""

from typing import Any

from ...primitives.arithmetic import add, div, mul, neg, sub
from ...primitives.bitwise import bitwise_not, bitwise_or
from ...primitives.compare import eq, ge, gt, le, lt
from ...primitives.exponential import exp, log, log1p
from ...primitives.magnitude import abs
from ...primitives.shape import full_like
from ...primitives.special import digamma, lgamma
from .series import (
    Terms,
    both,
    choose,
    eps_of,
    fraction,
    is_infinite,
    is_nan,
    odd_part,
    summed,
    tiny_of,
)

NAN = float("nan")


def safe_arguments(a: Any, x: Any) -> tuple[Any, Any, Any]:
    """Where both are positive and finite, and both with 1 elsewhere."""
    good = both(gt(a, 0), gt(x, 0), bitwise_not(is_infinite(a)), bitwise_not(is_infinite(x)))
    return good, choose(good, a, 1), choose(good, x, 1)


def density(a: Any, x: Any) -> Any:
    """f = x^a exp(-x) / Gamma(a)."""
    return exp(sub(sub(mul(a, log(x)), x), lgamma(a)))


def late(a: Any, x: Any) -> Any:
    """Where the fraction converges faster."""
    return both(gt(x, 1), gt(x, a))


def series(a: Any, x: Any, where: Any) -> Any:
    """S, where it is wanted."""

    def step(k: Any, state: Terms) -> Terms:
        total, term = state
        term = div(mul(term, x), add(a, k))
        return add(total, term), term

    def going(state: Terms) -> Any:
        return both(where, gt(abs(state[1]), mul(abs(state[0]), eps_of(x) / 4)))

    one = full_like(x, 1)
    return summed((one, one), step, going)[0]


def rest(a: Any, x: Any, where: Any) -> Any:
    """C, where it is wanted."""

    def terms(k: Any) -> tuple[Any, Any]:
        return mul(k, sub(a, k)), add(sub(add(x, mul(k, 2)), a), 1)

    return div(1, fraction(add(sub(x, a), 1), terms, where))


def gamma_parts(a: Any, x: Any) -> tuple[Any, Any]:
    """P and Q at positive numbers."""
    second = late(a, x)
    f = density(a, x)
    p = div(mul(f, series(a, x, bitwise_not(second))), a)
    q = mul(f, rest(a, x, second))
    return choose(second, sub(1, q), p), choose(second, q, sub(1, p))


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
    return _at_edges(a, x, gamma_parts(a_safe, x_safe)[0], 0.0)


def igammac(a: Any, x: Any) -> Any:
    """Q(a, x)."""
    _, a_safe, x_safe = safe_arguments(a, x)
    return _at_edges(a, x, gamma_parts(a_safe, x_safe)[1], 1.0)


# Derivatives in `a`, over f: each quantity of a recurrence carries its own.


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


def relative_slope(a: Any, x: Any) -> Any:
    """dP/da / f; NaN outside of a > 0, x > 0."""
    good, a, x = safe_arguments(a, x)
    second = late(a, x)
    slope = choose(second, rest_slope(a, x, second), series_slope(a, x, bitwise_not(second)))
    return choose(good, slope, NAN)


def igamma_grad_a(a: Any, x: Any) -> Any:
    """dP/da."""
    _, a_safe, x_safe = safe_arguments(a, x)
    f = choose(eq(x, 0), 0.0, density(a_safe, x_safe))
    out = choose(eq(f, 0), 0.0, mul(relative_slope(a, x), f))
    bad = bitwise_or(bitwise_or(lt(x, 0), le(a, 0)), bitwise_or(is_nan(x), is_nan(a)))
    return choose(bad, NAN, out)


def random_gamma_grad(a: Any, x: Any) -> Any:
    """dx/da of the x for which P(a, x) stays the same."""
    out = choose(eq(x, 0), 0.0, neg(mul(x, relative_slope(a, x))))
    return choose(bitwise_or(lt(x, 0), le(a, 0)), NAN, out)


# The incomplete beta function


def betainc(a: Any, b: Any, x: Any) -> Any:
    """The regularized incomplete beta function."""
    at_zero = bitwise_or(eq(a, 0), eq(b, float("inf")))
    at_one = bitwise_or(eq(b, 0), eq(a, float("inf")))
    inside = both(gt(a, 0), gt(b, 0), gt(x, 0), lt(x, 1), bitwise_not(bitwise_or(at_zero, at_one)))
    y = _beta(choose(inside, a, 1), choose(inside, b, 1), choose(inside, x, 0.5))
    y = choose(eq(x, 0), 0.0, choose(eq(x, 1), 1.0, y))
    y = choose(both(at_one, lt(x, 1)), 0.0, y)
    y = choose(both(at_zero, gt(x, 0)), 1.0, y)
    bad = bitwise_or(bitwise_or(lt(a, 0), lt(b, 0)), bitwise_or(lt(x, 0), gt(x, 1)))
    for v in (a, b, x):
        bad = bitwise_or(bad, is_nan(v))
    return choose(bitwise_or(bad, both(at_zero, at_one)), NAN, y)


def _beta(a: Any, b: Any, x: Any) -> Any:
    """The fraction converges fast below the mean: above it, the other tail is computed."""
    turned = ge(x, div(add(a, 1), add(add(a, b), 2)))
    p, q = choose(turned, b, a), choose(turned, a, b)
    z, other = choose(turned, sub(1, x), x), choose(turned, x, sub(1, x))
    log_z = choose(turned, log1p(neg(x)), log(x))
    log_other = choose(turned, log(other), log1p(neg(z)))
    log_beta = sub(add(lgamma(p), lgamma(q)), lgamma(add(p, q)))
    front = div(exp(sub(add(mul(p, log_z), mul(q, log_other)), log_beta)), p)
    tail = div(front, fraction(full_like(x, 1), lambda k: (_beta_term(p, q, z, k), 1.0), eq(x, x)))
    return choose(turned, sub(1, tail), tail)


def _beta_term(p: Any, q: Any, z: Any, k: Any) -> Any:
    """d_k: of an odd k = 2m + 1 and of an even k = 2m."""
    m = div(sub(k, odd_part(k)), 2)
    over = mul(add(p, sub(k, 1)), add(p, k))
    odd = neg(div(mul(mul(add(p, m), add(add(p, q), m)), z), over))
    even = div(mul(mul(m, sub(q, m)), z), over)
    return choose(eq(full_like(z, 1), odd_part(k)), odd, even)
