"""sinh, cosh, tanh and their inverses.

Near 0 the odd ones are x + x^3 P(x^2), P minimax for the relative error: tanh on |x| <= 0.55, 2^-29
in float32 and 2^-60 in float64; sinh on |x| <= 1, 2^-31 and 2^-62. Elsewhere they come from e^|x|.
The inverses are logarithms of a sum that is carried with what its rounding lost.
"""

import math
from collections.abc import Callable

from .exp import EXP_RANGE, exp_clamped
from .log import log1p_sum, outside
from .ops import Ops

TANH = {
    "float32": (
        "-0x1.55554ap-2", "0x1.110ceep-3", "-0x1.b91e9ep-5", "0x1.58e628p-6", "-0x1.99275ep-8",
    ),
    "float64": (
        "-0x1.555555555554fp-2", "0x1.111111111077ap-3", "-0x1.ba1ba1b97abebp-5",
        "0x1.664f4858b4fb3p-6", "-0x1.226e2ef9b9a0ep-7", "0x1.d6d2970309526p-9",
        "-0x1.7d8f94c716886p-10", "0x1.34818beb50f92p-11", "-0x1.e958fb3ee4f51p-13",
        "0x1.5d302fed86731p-14", "-0x1.46621d0efc5ffp-16",
    ),
}  # fmt: skip
SINH = {
    "float32": ("0x1.555556p-3", "0x1.1110e0p-7", "0x1.a02238p-13", "0x1.75827cp-19"),
    "float64": (
        "0x1.5555555555556p-3", "0x1.111111111101ep-7", "0x1.a01a01a037274p-13",
        "0x1.71de3a3b05597p-19", "0x1.ae646ff6ecd7bp-26", "0x1.6116f3916146ep-33",
        "0x1.b5c903aaede68p-41",
    ),
}  # fmt: skip


def odd_polynomial(m: Ops, x: str, coefficients: tuple[str, ...]) -> str:
    """x + x^3 P(x^2)."""
    z = m.mul(x, x)
    return m.fma(m.mul(x, z), m.horner(z, coefficients), x)


def tanh(m: Ops, x: str) -> str:
    """1 - 2 / (e^(2|x|) + 1) beyond 0.55, where it is a half or more."""
    near = odd_polynomial(m, x, TANH[m.dtype])
    size = m.abs(x)
    # From 20 on (10 in float32) it is 1 to the last bit.
    e = exp_clamped(m, m.at_most(m.add(size, size), 44.0))
    far = m.copysign(m.sub(1.0, m.div(2.0, m.add(e, 1.0))), x)
    y = m.select(m.lt(size, 0.55), near, far)
    return keep_tiny(m, x, y)


def keep_tiny(m: Ops, x: str, y: str) -> str:
    """x itself where x^3 is beyond its last bit, the sign of zero included."""
    return m.select(m.lt(m.abs(x), 2.0 ** (-m.mantissa // 2 - 2)), x, y)


def half_exponentials(m: Ops, x: str) -> tuple[str, str]:
    """e^|x| / 2 and e^-|x| / 2, the first finite until it must be infinite."""
    e = exp_clamped(m, m.at_most(m.abs(x), EXP_RANGE[m.dtype][1] + 1.0), shift=-1)
    return e, m.div(0.25, e)


def sinh(m: Ops, x: str) -> str:
    near = odd_polynomial(m, x, SINH[m.dtype])
    far = m.copysign(m.sub(*half_exponentials(m, x)), x)
    return keep_tiny(m, x, m.select(m.lt(m.abs(x), 1.0), near, far))


def cosh(m: Ops, x: str) -> str:
    return m.add(*half_exponentials(m, x))


def wide(function: Callable[..., str]) -> Callable[..., str]:
    """float32 by way of float64."""

    def apply(m: Ops, *args: str) -> str:
        if m.dtype == "float64":
            return function(m, *args)
        w = m.widened()
        return m.convert(function(w, *(w.convert(a, m) for a in args)), w)

    return apply


@wide
def asinh(m: Ops, x: str) -> str:
    """log1p(a + a^2 / (1 + sqrt(1 + a^2))) of a = |x|; log a + log 2 where a^2 might overflow."""
    a = m.abs(x)
    huge = m.gt(a, 2.0**100)
    b = m.at_most(a, 2.0**100)
    s = m.mul(b, b)
    q = m.div(s, m.add(m.sqrt(m.add(s, 1.0)), 1.0))
    t, low = _sum(m, b, q)
    y = log_scaled(m, t, low, huge, a)
    return keep_tiny(m, x, m.copysign(y, x))


def _sum(m: Ops, a: str, b: str) -> tuple[str, str]:
    """a + b and its error, whichever is larger."""
    s = m.add(a, b)
    c = m.sub(s, a)
    return s, m.add(m.sub(a, m.sub(s, c)), m.sub(b, c))


def log_scaled(m: Ops, t: str, low: str, huge: str, a: str) -> str:
    """log(1 + t + low), or log(2 a) where a is huge; inf for inf and NaN for NaN."""
    argument = m.select(huge, a, t)
    y = log1p_sum(m, argument, m.select(huge, 0.0, low))
    y = m.add(y, m.select(huge, math.log(2), 0.0))
    return m.select(m.lt(a, math.inf), y, a)


@wide
def acosh(m: Ops, x: str) -> str:
    """log1p(t + sqrt(t^2 + 2 t)) of t = x - 1."""
    huge = m.gt(x, 2.0**100)
    t = m.at_most(m.sub(x, 1.0), 2.0**100)
    root = m.sqrt(m.fma(t, t, m.add(t, t)))
    y = log_scaled(m, *_sum(m, t, root), huge, x)
    return m.select(m.lt(x, 1.0), math.nan, y)


@wide
def atanh(m: Ops, x: str) -> str:
    """log1p(2 a / (1 - a)) / 2 of a = |x|."""
    a = m.abs(x)
    below, lost = m.two_sum(1.0, m.neg(a))
    above = m.add(a, a)
    inverse = m.div(1.0, below)
    q = m.mul(above, inverse)
    minus = m.neg(q)
    low = m.mul(m.fma(minus, lost, m.fma(minus, below, above)), inverse)
    y = m.mul(log1p_sum(m, q, low), 0.5)
    # -y has its singularity at -1, as log1p has.
    y = outside(m, m.neg(a), -1.0, m.neg(y))
    return keep_tiny(m, x, m.copysign(y, x))
