"""exp, exp2, expm1, logistic.

With n = round(x / ln 2) and r = x - n ln 2, |r| <= 0.3473, e^x = 2^n e^r, e^r = 1 + r + r^2 P(r).
P is the minimax polynomial for the relative error on that interval (Remez exchange at 50 digits,
leading coefficients rounded first): 2^-28 in float32, 2^-63 in float64. 2^r = 1 + r Q(r) on
|r| <= 1/2: 2^-26 and 2^-57. For expm1 the error is relative to e^r - 1: 2^-28 and 2^-62.
"""

import math

from .ops import Ops

EXP = {
    "float32": (
        "0x1.fffffcp-2", "0x1.55548ap-3", "0x1.55584cp-5", "0x1.123f3ap-7", "0x1.6ad612p-10",
    ),
    "float64": (
        "0x1p-1", "0x1.555555555555dp-3", "0x1.555555555556bp-5", "0x1.111111110e58bp-7",
        "0x1.6c16c16c0b497p-10", "0x1.a01a01b5c4e8fp-13", "0x1.a01a01df78b95p-16",
        "0x1.71ddeb4894b8bp-19", "0x1.27e4662d2b9e9p-22", "0x1.af73149c35d79p-26",
        "0x1.201b6896e3104p-29",
    ),
}  # fmt: skip
EXPM1 = {
    "float32": (
        "0x1p-1", "0x1.55552cp-3", "0x1.555502p-5", "0x1.11563cp-7", "0x1.6d2d80p-10",
        "0x1.39d464p-13",
    ),
    "float64": (
        "0x1p-1", "0x1.5555555555556p-3", "0x1.5555555555557p-5", "0x1.1111111110c31p-7",
        "0x1.6c16c16c159e6p-10", "0x1.a01a01a2fdf39p-13", "0x1.a01a01aa83813p-16",
        "0x1.71de2e5f999eep-19", "0x1.27e4d1e9d7a63p-22", "0x1.ae91368faf451p-26",
        "0x1.1f83dd3c57e2bp-29", "0x1.22c53414f4eb1p-33",
    ),
}  # fmt: skip
EXP2 = {
    "float32": (
        "0x1.62e430p-1", "0x1.ebfb94p-3", "0x1.c6af9ep-5", "0x1.3b67eep-7", "0x1.5ef4ccp-10",
        "0x1.17d30ep-13",
    ),
    "float64": (
        "0x1.62e42fefa39efp-1", "0x1.ebfbdff82c574p-3", "0x1.c6b08d704a1fap-5",
        "0x1.3b2ab6fbaada9p-7", "0x1.5d87fe786af96p-10", "0x1.430912dce2c67p-13",
        "0x1.ffcbfd79d9cb4p-17", "0x1.62c0914a1bd35p-20", "0x1.b522ca97f205bp-24",
        "0x1.e33921610deb8p-28", "0x1.ed0cd2f209f25p-32", "0x1.f61a47a5f2682p-35",
    ),
}  # fmt: skip
# ln 2 in two parts, each rounded to nearest.
LN2 = {
    "float32": (float.fromhex("0x1.62e430p-1"), float.fromhex("-0x1.05c610p-29")),
    "float64": (float.fromhex("0x1.62e42fefa39efp-1"), float.fromhex("0x1.abc9e3b39803fp-56")),
}
# Beyond these, e^x and 2^x are 0 or infinite whatever the rest of the computation does.
EXP_RANGE = {"float32": (-104.0, 89.0), "float64": (-746.0, 710.0)}
EXP2_RANGE = {"float32": (-151.0, 129.0), "float64": (-1076.0, 1025.0)}
LOG2E = 1 / math.log(2)


def reduce(m: Ops, x: str) -> tuple[str, str]:
    """r = x - n ln 2 and bits that end in the integer n."""
    high, low = LN2[m.dtype]
    n, bits = m.nearest(x, LOG2E)
    minus = m.neg(n)
    return m.fma(minus, low, m.fma(minus, high, x)), bits


def scale(m: Ops, p: str, bits: str, small: str, shift: int = 0) -> str:
    """p 2^(n + shift) for p near 1, where `bits` end in n; rounded once if the result is subnormal.

    One power of two would leave the normal range at either end: where `small` holds it is
    2^(n + 64) followed by 2^-64, elsewhere 2^(n - 1) followed by 2.
    """
    power = m.integer("shl", bits, m.mantissa)
    bias = (m.bias + shift + 64) << m.mantissa, (m.bias + shift - 1) << m.mantissa
    power = m.from_bits(m.integer("add", power, m.iselect(small, *bias)))
    return m.mul(m.mul(p, power), m.select(small, 2.0**-64, 2.0))


def clamp(m: Ops, x: str, limits: tuple[float, float]) -> str:
    return m.at_most(m.at_least(x, limits[0]), limits[1])


def is_small(m: Ops, x: str, unit: float = math.log(2)) -> str:
    """x is so low that 2^(n - 1) might be subnormal."""
    return m.lt(x, (m.info.minexp + 4) * unit)


def exp_clamped(m: Ops, x: str, shift: int = 0) -> str:
    """e^x 2^shift for x within EXP_RANGE."""
    r, bits = reduce(m, x)
    p = m.fma(m.fma(m.horner(r, EXP[m.dtype]), r, 1.0), r, 1.0)
    return scale(m, p, bits, is_small(m, x), shift)


def exp(m: Ops, x: str) -> str:
    return exp_clamped(m, clamp(m, x, EXP_RANGE[m.dtype]))


def exp2(m: Ops, x: str) -> str:
    """n = round(x) is subtracted without error."""
    x = clamp(m, x, EXP2_RANGE[m.dtype])
    n, bits = m.nearest(x, 1.0)
    r = m.sub(x, n)
    p = m.fma(m.horner(r, EXP2[m.dtype]), r, 1.0)
    return scale(m, p, bits, is_small(m, x, 1.0))


def expm1(m: Ops, x: str) -> str:
    """2^n (e^r - 1) + (2^n - 1), all halved so that 2^n does not overflow."""
    clamped = clamp(m, x, (-0.7 * (m.mantissa + 3), EXP_RANGE[m.dtype][1]))
    r, bits = reduce(m, clamped)
    q = m.fma(m.mul(r, r), m.horner(r, EXPM1[m.dtype]), r)
    power = m.integer("add", m.integer("shl", bits, m.mantissa), (m.bias - 1) << m.mantissa)
    half = m.from_bits(power)
    y = m.mul(m.fma(half, q, m.sub(half, 0.5)), 2.0)
    # Without the sum, so that -0 keeps its sign and subnormals their last bit.
    return m.select(m.lt(m.abs(x), float(m.info.eps) / 2), x, y)


def logistic(m: Ops, x: str) -> str:
    """1 / (1 + e^-x), and e^x / (1 + e^x) for x < 0, so that nothing overflows.

    The quotient q is corrected by what its rounding and that of 1 + e lost.
    """
    e = exp_clamped(m, m.at_least(m.neg(m.abs(x)), EXP_RANGE[m.dtype][0]))
    above = m.select(m.lt(x, 0.0), e, 1.0)
    below, low = m.two_sum(1.0, e)
    inverse = m.div(1.0, below)
    q = m.mul(above, inverse)
    minus = m.neg(q)
    lost = m.fma(minus, low, m.fma(minus, below, above))
    return m.fma(lost, inverse, q)
