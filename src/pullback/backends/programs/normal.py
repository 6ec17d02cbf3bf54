"""Error functions and tails of the normal distribution as programs."""

import math
from typing import Any

from ...primitives import fits
from ...primitives.arithmetic import add, div, mul, neg, sub
from ...primitives.bitwise import bitwise_or
from ...primitives.compare import eq, gt, lt
from ...primitives.exponential import exp, log, log1p
from ...primitives.fitted import fitted
from ...primitives.magnitude import abs, min
from ...primitives.power import sqrt, square
from ...primitives.rounding import floor
from ...primitives.shape import full_like
from ...primitives.special import erf_inv
from .series import both, choose, is_nan

NAN, INF = math.nan, math.inf
# From here on exp(-x^2 / 2) is 0.
FLAT = 64


def dawsn(x: Any) -> Any:
    """exp(-x^2) times the integral of exp(t^2) from 0 to x."""
    size = abs(x)
    near, low, high = lt(size, 1), lt(size, 3), lt(size, 6)
    out = fitted(fits.DAWSON_LOW, size)
    out = choose(near, mul(size, fitted(fits.DAWSON_NEAR, square(size))), out)
    safe = choose(low, 3, size)
    inverse = div(1, safe)
    far = fitted(fits.DAWSON_FAR, square(inverse))
    tail = mul(choose(high, fitted(fits.DAWSON_HIGH, safe), far), mul(inverse, 0.5))
    out = choose(low, out, tail)
    return choose(lt(x, 0), neg(out), choose(eq(x, 0), x, out))


def erfcx(x: Any) -> Any:
    """exp(x^2) erfc(x)."""
    size = abs(x)
    out = scaled_erfc(size)
    # exp(x^2) as the product over a few leading digits of x and over the rest.
    leading = mul(floor(mul(size, 32)), 1 / 32)
    rest = mul(sub(size, leading), add(size, leading))
    other = sub(mul(mul(exp(square(leading)), exp(rest)), 2), out)
    return choose(lt(x, 0), choose(lt(x, -30), INF, other), out)


def scaled_erfc(x: Any) -> Any:
    """exp(x^2) erfc(x) of x >= 0."""
    return div(fitted(fits.ERFCX, x), add(mul(x, 2), 1))


def ndtr(x: Any) -> Any:
    """The probability that a normal number lies below x."""
    tail = mul(mul(bell(abs(x)), scaled_erfc(mul(abs(x), math.sqrt(0.5)))), 0.5)
    return choose(lt(x, 0), tail, sub(1, tail))


def bell(x: Any) -> Any:
    """exp(-x^2 / 2) of x >= 0, as the product over a few leading digits of x and over the rest."""
    x = min(x, full_like(x, FLAT))
    leading = mul(floor(mul(x, 32)), 1 / 32)
    rest = mul(sub(x, leading), add(x, leading))
    return mul(exp(mul(square(leading), -0.5)), exp(mul(rest, -0.5)))


def log_ndtr(x: Any) -> Any:
    """The logarithm of the probability that a normal number lies below x."""
    low = lt(x, -1)
    z = mul(choose(low, x, -1), -math.sqrt(0.5))
    left = sub(log(mul(scaled_erfc(z), 0.5)), square(z))
    right = log1p(neg(ndtr(neg(choose(low, -1, x)))))
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
