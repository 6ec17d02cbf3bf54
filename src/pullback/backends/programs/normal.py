"""Error functions and tails of the normal distribution as programs."""

import math
from typing import Any

from ...primitives.arithmetic import add, div, mul, neg, sub
from ...primitives.bitwise import bitwise_or
from ...primitives.compare import eq, ge, gt, lt
from ...primitives.exponential import exp, log, log1p
from ...primitives.magnitude import abs
from ...primitives.power import sqrt, square
from ...primitives.rounding import floor
from ...primitives.shape import broadcast_in_dim, iota, reduce_sum
from ...primitives.special import erf_inv, erfc
from .series import both, choose, fraction, is_infinite, is_nan, polynomial, spread

NAN, INF = math.nan, math.inf


def dawsn(x: Any) -> Any:
    """exp(-x^2) times the integral of exp(t^2) from 0 to x, by Rybicki's sum over odd numbers.

    D(x) = sum over odd n of exp(-(x - n h)^2) / n / sqrt(pi), up to exp(-(pi / 2h)^2) (G. Rybicki,
    "Dawson's integral and the sampling theorem", 1989).
    """
    size = abs(x)
    step, count = 0.2, 36
    safe = choose(both(lt(size, 12), ge(size, step)), size, 1)
    middle = mul(floor(mul(safe, 0.5 / step)), 2)
    shape = (*x.shape, count)
    odd = add(mul(iota(x.dtype, shape, len(x.shape)), 2), 1 - count)
    axes = tuple(range(len(x.shape)))
    n = add(odd, broadcast_in_dim(middle, shape, axes))
    gap = sub(broadcast_in_dim(safe, shape, axes), mul(n, step))
    total = reduce_sum(div(exp(neg(square(gap))), n), (len(x.shape),))
    out = mul(total, 1 / math.sqrt(math.pi))
    q = square(size)
    out = choose(lt(size, step), mul(size, polynomial(DAWSON_NEAR, q)), out)
    inverse = div(1, choose(ge(size, 12), q, 1))
    far = div(mul(polynomial(DAWSON_FAR, inverse), 0.5), choose(eq(size, 0), 1, size))
    out = choose(ge(size, 12), far, out)
    out = choose(lt(x, 0), neg(out), choose(eq(x, 0), x, out))
    return choose(is_nan(x), NAN, out)


def _double_factorial(n: int) -> int:
    return math.prod(range(n, 0, -2))


# D(x) = x sum of (-2 x^2)^k / (2k+1)!!, and (1 + 1/(2 x^2) + 3/(2 x^2)^2 + ...) / (2 x)
DAWSON_NEAR = tuple((-2.0) ** k / _double_factorial(2 * k + 1) for k in range(10))
DAWSON_FAR = tuple(_double_factorial(2 * k - 1) / 2.0**k for k in range(9))


def erfcx(x: Any) -> Any:
    """exp(x^2) erfc(x)."""
    size = abs(x)
    far = ge(size, 1.5)
    z = choose(far, size, 1.5)
    near = choose(far, 1.5, size)
    tail = mul(div(1 / math.sqrt(math.pi), _erfc_fraction(z, far)), 1)
    out = choose(far, tail, mul(exp(square(near)), erfc(near)))
    out = choose(is_infinite(size), 0.0, out)
    other = sub(mul(exp(square(size)), 2), out)
    return choose(is_nan(x), NAN, choose(lt(x, 0), other, out))


def _erfc_fraction(x: Any, where: Any) -> Any:
    """x + (1/2) / (x + 1 / (x + (3/2) / (x + ...))) (Abramowitz and Stegun, 7.1.14)."""
    return fraction(x, lambda k: (spread(mul(k, 0.5), x), x), where)


def log_ndtr(x: Any) -> Any:
    """The logarithm of the probability that a normal number lies below x."""
    low = lt(x, -1)
    z = mul(choose(low, x, -1), -math.sqrt(0.5))
    left = sub(log(mul(erfcx(z), 0.5)), square(z))
    right = log1p(mul(erfc(mul(choose(low, -1, x), math.sqrt(0.5))), -0.5))
    return choose(eq(x, -INF), -INF, choose(low, left, right))


def ndtri(p: Any) -> Any:
    """The x below which a normal number lies with probability p: in the tail by Newton's method."""
    upper = gt(p, 0.5)
    q = choose(upper, sub(1, p), p)
    middle = mul(erf_inv(sub(mul(q, 2), 1)), math.sqrt(2))
    tail = both(gt(q, 0), lt(q, 0.05))
    out = choose(tail, _ndtri_tail(choose(tail, q, 0.01)), middle)
    out = choose(eq(q, 0), -INF, out)
    out = choose(upper, neg(out), out)
    return choose(bitwise_or(bitwise_or(lt(p, 0), gt(p, 1)), is_nan(p)), NAN, out)


def _ndtri_tail(q: Any) -> Any:
    """The root of log_ndtr(x) = log q, which is concave: Newton's steps go to it from the left."""
    goal = log(q)
    x = neg(sqrt(mul(goal, -2)))
    for _ in range(5):
        value = log_ndtr(x)
        density = sub(mul(square(x), -0.5), 0.5 * math.log(2 * math.pi))
        x = sub(x, mul(sub(value, goal), exp(sub(value, density))))
    return x
