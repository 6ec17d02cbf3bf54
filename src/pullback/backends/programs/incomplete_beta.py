"""The incomplete beta function as a program.

Of x below the mean it is x^a (1 - x)^b / Beta(a, b) over the even part of the continued fraction of
Abramowitz and Stegun, 26.5.8; above the mean the other tail is computed.

Source: DiDonato and Morris, ACM Trans. Math. Softw. 18 (1992).
"""

import math
from typing import Any, NamedTuple

from ... import dtypes
from ...primitives.arithmetic import add, div, mul, neg, sub
from ...primitives.bitwise import bitwise_not, bitwise_or
from ...primitives.compare import eq, ge, gt, lt
from ...primitives.exponential import exp, log, log1p
from ...primitives.magnitude import max, min
from ...primitives.power import pow, sqrt
from ...primitives.shape import full_like
from ...primitives.special import lgamma
from .beta import near_parts, rest
from .exact import excess
from .normal import scaled_erfc
from .series import both, choose, inverse_fraction, is_nan
from .stirling import FAR, deviance

# From here on the first term of the expansion for huge a and b is exact.
HUGE = {dtypes.float32: 1e5, dtypes.float64: 1e8}


class Side(NamedTuple):
    """The tail I_x(a, b), x at most about the mean: y = 1 - x and a y - b x."""

    a: Any
    b: Any
    x: Any
    y: Any
    log_x: Any
    log_y: Any
    excess: Any


def betainc(a: Any, b: Any, x: Any) -> Any:
    """The regularized incomplete beta function."""
    at_zero = bitwise_or(eq(a, 0), eq(b, math.inf))
    at_one = bitwise_or(eq(b, 0), eq(a, math.inf))
    inside = both(gt(a, 0), gt(b, 0), gt(x, 0), lt(x, 1), bitwise_not(bitwise_or(at_zero, at_one)))
    y = _beta(choose(inside, a, 1), choose(inside, b, 1), choose(inside, x, 0.5))
    y = choose(eq(x, 0), 0.0, choose(eq(x, 1), 1.0, y))
    y = choose(both(at_one, lt(x, 1)), 0.0, y)
    y = choose(both(at_zero, gt(x, 0)), 1.0, y)
    bad = bitwise_or(bitwise_or(lt(a, 0), lt(b, 0)), bitwise_or(lt(x, 0), gt(x, 1)))
    for v in (a, b, x):
        bad = bitwise_or(bad, is_nan(v))
    return choose(bitwise_or(bad, both(at_zero, at_one)), math.nan, y)


def _beta(a: Any, b: Any, x: Any) -> Any:
    y, log_x, log_y, apart = sub(1, x), log(x), log1p(neg(x)), excess(a, b, x)
    huge = ge(min(a, b), HUGE[x.dtype])
    turned = choose(huge, lt(apart, 0), _is_late(a, b, x))
    below = Side(a, b, x, y, log_x, log_y, apart)
    above = Side(b, a, y, x, log_y, log_x, neg(apart))
    side = Side(*[choose(turned, *pair) for pair in zip(above, below, strict=True)])
    power = _power(side)
    tail = mul(_front(side, power), _inverse(side, bitwise_not(huge)))
    tail = choose(huge, _normal(side, power), tail)
    tail = min(tail, full_like(tail, 1))
    return choose(turned, sub(1, tail), tail)


def _is_late(a: Any, b: Any, x: Any) -> Any:
    """Where the other tail is computed: above the mean; of a small b, which puts the mass near 1,
    as late as the fraction allows."""
    total = add(a, b)
    mean = min(div(a, total), sub(1, div(1, add(a, 99))))
    return ge(x, max(div(add(a, 1), add(total, 2)), choose(lt(b, 1), mean, 0.0)))


def _power(s: Side) -> Any:
    """-a log(x / p) - b log(y / q), p = a / (a + b) and q = 1 - p."""
    total = add(s.a, s.b)
    low = deviance(neg(div(s.excess, s.a)), div(mul(s.x, total), s.a))
    high = deviance(div(s.excess, s.b), div(mul(s.y, total), s.b))
    return add(mul(s.a, low), mul(s.b, high))


def _normal(s: Side, power: Any) -> Any:
    """Of two huge numbers: the normal distribution's tail and the first term of what is left,
    1/w - 1/z over sqrt(2 pi) with z^2 / 2 = power, w = (p - x) sqrt((a + b) / (p q)).

    Source: NIST Digital Library of Mathematical Functions, 8.18.9.
    """
    total = add(s.a, s.b)
    square = mul(div(s.a, total), s.b)
    spread = sqrt(square)
    z, w = sqrt(mul(power, 2)), div(s.excess, spread)
    close = lt(z, 0.1)
    left = sub(div(1, choose(close, 1, w)), div(1, choose(close, 1, z)))
    skew = div(div(sub(s.b, s.a), total), mul(spread, 3))
    curve = div(mul(w, sub(1, div(square, total))), mul(square, 12))
    left = mul(choose(close, add(skew, curve), left), 1 / math.sqrt(2 * math.pi))
    return mul(exp(neg(power)), add(mul(scaled_erfc(mul(z, math.sqrt(0.5))), 0.5), left))


def _front(s: Side, power: Any) -> Any:
    """x^a y^b / Beta(a, b)."""
    far, near = gt(min(s.a, s.b), FAR), lt(max(s.a, s.b), FAR)
    over, under = near_parts(choose(near, s.a, 1), choose(near, s.b, 1))
    powers = mul(pow(s.x, choose(near, s.a, 1)), pow(s.y, choose(near, s.b, 1)))
    return choose(near, div(mul(powers, under), over), choose(far, _far(s, power), _mixed(s)))


def _far(s: Side, power: Any) -> Any:
    """Of two large numbers, by Stirling's formula."""
    total = add(s.a, s.b)
    power = add(power, sub(add(rest(s.a), rest(s.b)), rest(total)))
    return mul(exp(neg(power)), sqrt(mul(mul(s.a, div(s.b, total)), 0.5 / math.pi)))


def _mixed(s: Side) -> Any:
    """Of one small and one large number."""
    first = lt(s.a, s.b)
    small, large, total = min(s.a, s.b), max(s.a, s.b), add(s.a, s.b)
    power = mul(small, sub(log(mul(choose(first, s.x, s.y), total)), 1))
    power = add(power, mul(large, choose(first, s.log_y, s.log_x)))
    power = sub(power, mul(sub(large, 0.5), log1p(neg(div(small, total)))))
    return exp(sub(add(power, sub(rest(total), rest(large))), lgamma(small)))


def _inverse(s: Side, where: Any) -> Any:
    """One over the continued fraction."""

    def whole(k: Any) -> Any:
        """What stands beside the quotient k."""
        left = add(s.a, mul(k, 2))
        before = mul(mul(k, sub(s.b, k)), div(s.x, sub(left, 1)))
        after = add(s.excess, add(mul(k, add(s.y, 1)), 1))
        return add(add(before, k), mul(div(add(s.a, k), add(left, 1)), after))

    def terms(k: Any) -> tuple[Any, Any]:
        left = add(s.a, sub(mul(k, 2), 1))
        one = mul(div(add(s.a, sub(k, 1)), left), s.x)
        other = mul(div(add(add(s.a, s.b), sub(k, 1)), left), s.x)
        return mul(mul(one, other), mul(k, sub(s.b, k))), whole(k)

    first = mul(div(s.a, add(s.a, 1)), add(s.excess, 1))
    return inverse_fraction(first, terms, where)
