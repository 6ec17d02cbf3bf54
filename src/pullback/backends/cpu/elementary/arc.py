"""asin, acos, atan, atan2.

atan t = t + t^3 P(t^2) on |t| <= tan(pi/8), P minimax for the relative error: 2^-30 in float32,
2^-63 in float64; other ratios are turned by pi/4 or pi/2. asin x = x + x^3 Q(x^2) on |x| <= 1/2:
2^-31 and 2^-63; beyond, asin x = pi/2 - 2 asin(sqrt((1 - x) / 2)).
"""

import math

from .ops import Ops

ATAN = {
    "float32": (
        "-0x1.55554ap-2", "0x1.9991e2p-3", "-0x1.23b984p-3", "0x1.b22228p-4", "-0x1.f2d8cep-5",
    ),
    "float64": (
        "-0x1.5555555555554p-2", "0x1.9999999999584p-3", "-0x1.249249246f58fp-3",
        "0x1.c71c71b458ed1p-4", "-0x1.745d14504c9cbp-4", "0x1.3b1364f09cd17p-4",
        "-0x1.110beb7e25bb1p-4", "0x1.e167bc06340f5p-5", "-0x1.ab3bf8552963ep-5",
        "0x1.6fe5051c57ddbp-5", "-0x1.0fd58b264872ep-5", "0x1.e84db8056d002p-7",
    ),
}  # fmt: skip
ASIN = {
    "float32": (
        "0x1.55554cp-3", "0x1.3338aep-4", "0x1.6ca6c4p-5", "0x1.04d9bap-5", "0x1.d49984p-7",
        "0x1.35025cp-5",
    ),
    "float64": (
        "0x1.5555555555553p-3", "0x1.33333333339e9p-4", "0x1.6db6db6d4c427p-5",
        "0x1.f1c71ca6e833bp-6", "0x1.6e8b9b1851566p-6", "0x1.1c4f82930266fp-6",
        "0x1.c9812d6d26c6bp-7", "0x1.7ba16e87ac46ep-7", "0x1.36d530bea8575p-7",
        "0x1.47b54a50c0877p-7", "0x1.747288fa086afp-11", "0x1.95cc4233e8bcep-6",
        "-0x1.ab440fd605267p-6", "0x1.134aeb6ef769fp-5",
    ),
}  # fmt: skip
# pi/2 as its nearest and the rest.
HALF_PI = {
    "float32": (float.fromhex("0x1.921fb6p+0"), float.fromhex("-0x1.777a5cp-25")),
    "float64": (float.fromhex("0x1.921fb54442d18p+0"), float.fromhex("0x1.1a62633145c07p-54")),
}


def ratio_angle(m: Ops, above: str, below: str) -> str:
    """atan(above / below) for above, below >= 0, not both 0, neither infinite nor extreme.

    The quotient is carried with what its rounding and that of the turned operands lost.
    """
    half_pi, rest = HALF_PI[m.dtype]
    flat = m.lt(above, m.mul(below, math.tan(math.pi / 8)))
    steep = m.gt(above, m.mul(below, math.tan(3 * math.pi / 8)))
    difference, sum_ = m.sub(above, below), m.add(above, below)
    n = m.select(flat, above, m.select(steep, m.neg(below), difference))
    d = m.select(flat, below, m.select(steep, above, sum_))
    larger = m.select(m.gt(above, below), above, below)
    smaller = m.select(m.gt(above, below), below, above)
    turned = m.select(m.either(flat, steep), 0.0, 1.0)
    d_low = m.mul(turned, m.sub(smaller, m.sub(sum_, larger)))
    inverse = m.div(1.0, d)
    t = m.mul(n, inverse)
    minus = m.neg(t)
    low = m.mul(m.fma(minus, d_low, m.fma(minus, d, n)), inverse)
    z = m.mul(t, t)
    tail = m.fma(m.mul(t, z), m.horner(z, ATAN[m.dtype]), low)
    turn = m.select(flat, 0.0, m.select(steep, half_pi, half_pi / 2))
    turn_low = m.select(flat, 0.0, m.select(steep, rest, rest / 2))
    high, lost = m.two_sum(turn, t)
    high = m.select(flat, t, high)
    lost = m.select(flat, 0.0, lost)
    return m.add(high, m.add(lost, m.add(tail, turn_low)))


def atan(m: Ops, x: str) -> str:
    a = m.at_most(m.abs(x), 2.0 ** (m.mantissa + 10))
    y = m.copysign(ratio_angle(m, a, m.c(1.0)), x)
    return m.select(m.lt(m.abs(x), 2.0 ** (-m.mantissa // 2 - 2)), x, y)


def atan2(m: Ops, y: str, x: str) -> str:
    """The angle of (x, y): infinities count as equal lengths, (0, 0) as (1, 0) with both signs."""
    half_pi, rest = HALF_PI[m.dtype]
    a, b = m.abs(y), m.abs(x)
    larger = m.select(m.gt(a, b), a, b)
    infinite = m.eq(larger, math.inf)
    a_inf, b_inf = m.eq(a, math.inf), m.eq(b, math.inf)
    # Infinite beside finite is 1 beside 0.
    a = m.select(infinite, m.select(a_inf, 1.0, 0.0), a)
    b = m.select(infinite, m.select(b_inf, 1.0, 0.0), b)
    nothing = m.eq(larger, 0.0)
    b = m.select(nothing, 1.0, b)
    # Extreme lengths are scaled together, so that neither sums nor inverses leave the range.
    edge = 2.0 ** (m.info.maxexp // 2)
    scale = m.select(m.gt(larger, edge), 1 / edge, m.select(m.lt(larger, 1 / edge), edge, 1.0))
    scale = m.select(infinite, 1.0, m.select(nothing, 1.0, scale))
    above, below = m.mul(a, scale), m.mul(b, scale)
    angle = ratio_angle(m, above, below)
    # Where the ratio itself is subnormal or rounds to nothing, the quotient is all of the angle.
    tiny = m.lt(above, m.mul(below, float(m.info.smallest_normal) * 2.0**m.mantissa))
    angle = m.select(tiny, m.div(a, b), angle)
    left = m.f.line(f"icmp slt {m.itype} {m.bits(x)}, {m.ci(0)}")
    turned = m.add(m.sub(2 * half_pi, angle), 2 * rest)
    angle = m.copysign(m.select(left, turned, angle), y)
    unordered = m.compare("uno", x, y)
    return m.select(unordered, math.nan, angle)


def _core(m: Ops, x: str) -> tuple[str, str, str, str]:
    """(far, t, low, tail): asin(t + low) = t + low + tail with t = |x| or sqrt((1 - |x|) / 2)."""
    a = m.abs(x)
    far = m.gt(a, 0.5)
    half = m.fma(a, -0.5, 0.5)
    z = m.select(far, half, m.mul(a, a))
    root = m.sqrt(half)
    t = m.select(far, root, a)
    lost = m.div(m.fnma(root, root, half), m.add(root, root))
    low = m.select(m.both(far, m.gt(half, 0.0)), lost, 0.0)
    return far, t, low, m.mul(m.mul(t, z), m.horner(z, ASIN[m.dtype]))


def asin(m: Ops, x: str) -> str:
    half_pi, rest = HALF_PI[m.dtype]
    far, t, low, tail = _core(m, x)
    doubled = m.mul(t, -2.0)
    high, lost = m.two_sum(half_pi, doubled)
    small = m.fma(m.add(low, tail), -2.0, m.add(lost, rest))
    y = m.select(far, m.add(high, small), m.add(t, tail))
    y = m.copysign(y, x)
    y = m.select(m.compare("ule", m.abs(x), 1.0), y, math.nan)
    return m.select(m.lt(m.abs(x), 2.0 ** (-m.mantissa // 2 - 2)), x, y)


def acos(m: Ops, x: str) -> str:
    """pi/2 - asin x near 0, 2 asin(sqrt((1 - x) / 2)) near 1, pi less that of -x near -1."""
    half_pi, rest = HALF_PI[m.dtype]
    far, t, low, tail = _core(m, x)
    negative = m.lt(x, 0.0)
    # near: pi/2 - s (t + tail), s the sign of x.
    signed, signed_tail = m.copysign(t, x), m.copysign(tail, x)
    high, lost = m.two_sum(half_pi, m.neg(signed))
    near = m.add(high, m.sub(m.add(lost, rest), signed_tail))
    angle_low = m.add(low, tail)
    right = m.mul(m.add(t, angle_low), 2.0)
    high, lost = m.two_sum(2 * half_pi, m.mul(t, -2.0))
    left = m.add(high, m.fma(angle_low, -2.0, m.add(lost, 2 * rest)))
    y = m.select(far, m.select(negative, left, right), near)
    return m.select(m.compare("ule", m.abs(x), 1.0), y, math.nan)
