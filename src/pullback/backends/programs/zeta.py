"""The Hurwitz zeta function, and derivatives of digamma, as programs."""

import math
from typing import Any

from ...primitives.arithmetic import add, div, mul, neg, sub
from ...primitives.bitwise import bitwise_not, bitwise_or
from ...primitives.compare import eq, ge, gt, le, lt
from ...primitives.exponential import exp
from ...primitives.magnitude import abs
from ...primitives.power import pow
from ...primitives.rounding import floor
from ...primitives.shape import full_like
from ...primitives.special import digamma, lgamma
from .gamma import BERNOULLI
from .series import Terms, both, choose, eps_of, is_infinite, is_nan, summed

# Terms that are summed one by one, and orders whose factorial is a product.
TERMS, PRODUCTS = 9, 12
NAN, INF = math.nan, math.inf


def zeta(x: Any, q: Any) -> Any:
    """The sum over k >= 0 of 1 / (q + k)^x, by Euler and Maclaurin; NaN below x = 1."""
    pole = both(le(q, 0), eq(q, floor(q)))
    bad = bitwise_or(lt(x, 1), bitwise_or(is_nan(q), is_infinite(x)))
    good = both(gt(x, 1), bitwise_not(bitwise_or(pole, bad)), lt(abs(q), INF))
    s, a = choose(good, x, 2), choose(good, q, 1)
    total, a = _first(s, a)
    last = pow(a, neg(s))
    total = add(total, add(div(mul(last, a), sub(s, 1)), mul(last, 0.5)))
    out = add(total, _tail(s, a, last, total))
    out = choose(both(gt(x, 1), eq(q, INF)), 0.0, out)
    # At a pole only even powers have one sign on both sides.
    half = mul(x, 0.5)
    at_pole = choose(eq(half, floor(half)), INF, full_like(out, NAN))
    out = choose(pole, at_pole, out)
    return choose(bad, NAN, choose(eq(x, 1), INF, out))


def _first(x: Any, q: Any) -> tuple[Any, Any]:
    """The terms up to the first k where q + k is large enough, and that q + k."""
    power = neg(x)
    total = pow(q, power)
    for k in range(1, TERMS):
        total = add(total, pow(add(q, k), power))
    a = add(q, TERMS)

    def step(_: Any, state: Terms) -> Terms:
        a, total = state
        here = lt(a, TERMS)
        return add(a, choose(here, 1.0, full_like(a, 0))), choose(
            here, add(total, pow(a, power)), total
        )

    a, total = summed((a, total), step, lambda state: lt(state[0], TERMS))
    return total, a


def _tail(x: Any, a: Any, last: Any, total: Any) -> Any:
    """sum over k of B_2k / (2k)! x (x + 1) ... (x + 2k - 2) / a^(x + 2k - 1), while it matters."""
    out, going = full_like(x, 0), eq(x, x)
    factor, power = x, div(last, a)
    limit = mul(abs(total), eps_of(x) / 4)
    for k, number in enumerate(BERNOULLI):
        term = mul(mul(factor, power), number / math.factorial(2 * k + 2))
        out = choose(going, add(out, term), out)
        going = both(going, gt(abs(term), limit))
        factor = mul(mul(factor, add(x, 2 * k + 1)), add(x, 2 * k + 2))
        power = div(div(power, a), a)
    return out


def polygamma(m: Any, x: Any) -> Any:
    """The derivative of order m of digamma: (-1)^(m+1) m! zeta(m + 1, x)."""
    order = both(ge(m, 0), eq(m, floor(m)))
    n = choose(both(order, gt(m, 0)), m, 1)
    half = mul(n, 0.5)
    size = mul(_factorial(n), zeta(add(n, 1), x))
    out = choose(eq(half, floor(half)), neg(size), size)
    out = choose(eq(m, 0), digamma(x), out)
    return choose(order, out, NAN)


def _factorial(n: Any) -> Any:
    product = full_like(n, 1)
    for k in range(2, PRODUCTS + 1):
        product = mul(product, choose(ge(n, k), k, full_like(n, 1)))
    return choose(gt(n, PRODUCTS), exp(lgamma(add(n, 1))), product)
