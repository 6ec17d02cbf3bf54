"""log, log1p and the logarithm with a correction that other families use.

x = 2^e (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)). In float32 log(1 + f) = f - f^2/2 + f^3 P(f),
P minimax for the relative error: 2^-29. In float64, with s = f / (2 + f) and z = s^2,
log(1 + f) = 2 s + s z Q(z) = f - (f^2/2 - s (f^2/2 + z Q(z))), Q minimax on z <= 0.0295: 2^-59.
"""

import math

from .exp import LN2
from .ops import Ops

P_FLOAT32 = (
    "0x1.555548p-2", "-0x1.000064p-2", "0x1.99a534p-3", "-0x1.553420p-3", "0x1.2307ecp-3",
    "-0x1.00b1fap-3", "0x1.ef16d2p-4", "-0x1.c27d04p-4", "0x1.c11d6ap-5",
)  # fmt: skip
Q_FLOAT64 = (
    "0x1.5555555555592p-1", "0x1.999999997ff68p-2", "0x1.24924941dae56p-2", "0x1.c71c521a72965p-3",
    "0x1.74663b90015b1p-3", "0x1.39a20dafbea4fp-3", "0x1.2f023bd92f48fp-3",
)  # fmt: skip


def split(m: Ops, x: str) -> tuple[str, str]:
    """Integer e and 1 + f with x = 2^e (1 + f), for positive normal x."""
    origin = m.bits_of(math.sqrt(0.5))
    shifted = m.integer("sub", m.bits(x), origin)
    e = m.integer("ashr", shifted, m.mantissa)
    fraction = m.integer("and", shifted, (1 << m.mantissa) - 1)
    return e, m.from_bits(m.integer("add", fraction, origin))


def split_any(m: Ops, x: str) -> tuple[str, str]:
    """As `split`, with e as a float, also for subnormal x."""
    up = m.mantissa + 2
    low = m.lt(x, float(m.info.smallest_normal))
    e, fraction = split(m, m.select(low, m.mul(x, 2.0**up), x))
    return m.sub(m.to_float(e), m.select(low, float(up), 0.0)), fraction


def log_sum(m: Ops, e: str, f: str, correction: str | None = None) -> str:
    """e ln 2 + log(1 + f) + correction, where e is a float holding an integer."""
    high, low = LN2[m.dtype]
    if m.dtype == "float32":
        q = m.fma(f, m.horner(f, P_FLOAT32), -0.5)
        small = m.fma(e, low, correction) if correction else m.mul(e, low)
        return m.fma(e, high, m.add(f, m.fma(m.mul(f, f), q, small)))
    s = m.div(f, m.add(f, 2.0))
    z = m.mul(s, s)
    half = m.mul(m.mul(f, 0.5), f)
    t = m.fma(s, m.fma(z, m.horner(z, Q_FLOAT64), half), m.neg(half))
    if correction:
        t = m.add(t, correction)
    return m.fma(e, high, m.add(f, m.fma(e, low, t)))


def outside(m: Ops, x: str, zero: float, result: str) -> str:
    """`result` for finite x > zero, and there -inf, below NaN, and inf and NaN themselves."""
    inside = m.both(m.gt(x, zero), m.lt(x, math.inf))
    special = m.select(m.lt(x, zero), math.nan, x)
    return m.select(inside, result, m.select(m.eq(x, zero), -math.inf, special))


def log(m: Ops, x: str) -> str:
    e, fraction = split_any(m, x)
    return outside(m, x, 0.0, log_sum(m, e, m.sub(fraction, 1.0)))


def log1p_sum(m: Ops, x: str, correction: str | None = None) -> str:
    """log(1 + x + correction) for finite x > -1 and a correction of a few units in the last place.

    With 1 + x = 2^e (1 + f), f = x 2^-e + (2^-e - 1) loses nothing; where 1 + x = x in this
    precision, f comes from x.
    """
    u = m.add(x, 1.0)
    e, fraction = split(m, u)
    inverse = m.power_of_two(m.integer("sub", 0, e))
    large = m.gt(x, 4.0 / float(m.info.eps))
    f = m.fma(x, inverse, m.sub(inverse, 1.0))
    f = m.select(large, m.sub(fraction, 1.0), f)
    if correction:
        correction = m.div(correction, u)
    return log_sum(m, m.to_float(e), f, correction)


def log1p(m: Ops, x: str) -> str:
    y = outside(m, x, -1.0, log1p_sum(m, x))
    return m.select(m.lt(m.abs(x), float(m.info.eps) / 4), x, y)
