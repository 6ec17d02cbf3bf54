"""erf, erfc, erf_inv.

erf x = x + x P(x^2) on |x| <= 1 (0.92 in float32), P minimax for the relative error: 2^-57 and
2^-28. Beyond, erfc x = e^(-x^2) N(t) / (1 + 2 x), t = (x - c) / (x + c), N of degree 22 (2^-56)
and 9 (2^-29, c such that N(0) hardly needs rounding); erf in float32 takes 1 - e^L(x), L of degree
7 (2^-29 of erf).

erf_inv x = x G(w), w = -log(1 - x^2): polynomials in w - 5/2 for w <= 5 (2^-27), beyond in
sqrt(w) - 3 in float32 (2^-27) and in 1 / sqrt(w) in float64 (2^-24), where a step of Halley
follows.
"""

import math

from .exp import EXP, exp_clamped, is_small, reduce, scale
from .log import log_sum, split
from .ops import Ops

ERF = {
    "float32": (
        "0x1.06eba8p-3", "-0x1.812742p-2", "0x1.ce2e30p-4", "-0x1.b8157ep-6", "0x1.551bb0p-8",
        "-0x1.ad6d92p-11", "0x1.67c778p-14",
    ),
    "float64": (
        "0x1.06eba8214db69p-3", "-0x1.812746b037a11p-2", "0x1.ce2f21a044589p-4",
        "-0x1.b82ce312efd2bp-6", "0x1.565bcd1c21d46p-8", "-0x1.c02db62e5f3a5p-11",
        "0x1.f9a35f7f1b777p-14", "-0x1.f4d61f592fd42p-17", "0x1.ba111bdb10523p-20",
        "-0x1.60a60f838fecap-23", "0x1.037816446d0f1p-26", "-0x1.645897ed545e5p-30",
        "0x1.741fad42cfc3dp-34",
    ),
}  # fmt: skip
LOG_ERFC = (
    "0x1.6e54a8p-13", "-0x1.2127e4p+0", "-0x1.44460cp-1", "-0x1.bb83dep-4", "0x1.9b8e72p-6",
    "-0x1.115abep-8", "0x1.c79102p-12", "-0x1.61ea80p-16",
)  # fmt: skip
INVERSE_NEAR = (
    "0x1.805c5d20f6b92p+0", "0x1.f91e8aecd1359p-3", "-0x1.11c4f1baae9c7p-8",
    "-0x1.4866334420560p-10", "0x1.c9e784fd9a672p-13", "-0x1.4d00b3678b65dp-18",
    "-0x1.d0cfd7b6b50d5p-19", "0x1.f4374c341512cp-22", "0x1.8fc8b1c723336p-26",
    "-0x1.2d307490d1919p-27",
)  # fmt: skip
INVERSE_FAR = {
    "float32": (
        "0x1.6a9efbcfb714dp+1", "0x1.006dc70b35427p+0", "0x1.35842150ed86bp-7",
        "-0x1.f4a39bc974ac5p-8", "0x1.74745d3ffcac4p-8", "-0x1.d64ffcd964329p-9",
        "0x1.881c43e16a753p-10", "-0x1.392151a2cafa1p-14", "-0x1.4e3375ed1a1c0p-12",
        "0x1.0c65dd42fa328p-13",
    ),
    "float64": (
        "0x1.f4e1fac4d1735p-1", "0x1.8da144383dc93p-1", "-0x1.c19a387342098p+3",
        "0x1.e81fdc0b37aa0p+6", "-0x1.583ed113fc176p+9", "0x1.408167909c94fp+11",
        "-0x1.85742343c6a09p+12", "0x1.2862dac0a4848p+13", "-0x1.ff4d3f2d853f6p+12",
        "0x1.7cbd86beae874p+11",
    ),
}  # fmt: skip
CENTRE = {"float32": 2.8671875, "float64": 3.5}
ERFC_NUMERATOR = {
    "float32": (
        "0x1.418ca2p+0", "-0x1.10c856p-3", "-0x1.e90b9ep-5", "0x1.1a8540p-3", "-0x1.e12cf6p-4",
        "0x1.ee2234p-5", "-0x1.0f9facp-6", "-0x1.3cbe74p-11", "0x1.023832p-9", "-0x1.3b4dcap-12",
    ),
    "float64": (
        "0x1.3e0a99a0ee914p+0", "-0x1.1ebd220ea5946p-3", "-0x1.59e2c284b1da0p-7",
        "0x1.8f702ec6b4177p-4", "-0x1.d76830c34bc4dp-4", "0x1.686106044121dp-4",
        "-0x1.8ff5ef7894efbp-5", "0x1.38ec66822f946p-6", "-0x1.143c4bcffe157p-8",
        "-0x1.3cf3a283166bap-12", "0x1.27e62bc16ed96p-11", "-0x1.fda1cca36405ep-14",
        "-0x1.66d0bb0d3510ep-15", "0x1.9673b85812520p-16", "0x1.359f54a76b538p-19",
        "-0x1.f0c007fefe538p-19", "-0x1.95ac00a120478p-26", "0x1.8e4953ccf11bep-22",
        "0x1.c726e95928796p-26", "0x1.677d1a3c46710p-23", "-0x1.c28fc66e578aap-24",
        "-0x1.f53635519ec6ap-24", "0x1.49235efc4c3ebp-24",
    ),
}  # fmt: skip
# Beyond, nothing is left, and e^(-x^2) would leave its range.
FURTHEST = {"float32": 10.1, "float64": 27.3}


def excess(m: Ops, x: str) -> str:
    """erf(x) / x - 1 near 0."""
    return m.horner(m.mul(x, x), ERF[m.dtype])


def tail(m: Ops, x: str) -> str:
    """erfc x from 0.81 to FURTHEST; all that is rounded before the end is carried along."""
    centre = CENTRE[m.dtype]
    t = m.div(m.sub(x, centre), m.add(x, centre))
    first, *others = ERFC_NUMERATOR[m.dtype]
    above, above_low = m.two_sum(float.fromhex(first), m.mul(t, m.horner(t, others)))
    square = m.mul(x, x)
    lost = m.fma(x, x, m.neg(square))
    negative = m.neg(square)
    r, bits = reduce(m, negative)
    r = m.sub(r, lost)
    q = m.fma(m.mul(r, r), m.horner(r, EXP[m.dtype]), r)
    e, e_low = m.two_sum(1.0, q)
    product = m.mul(e, above)
    product_low = m.fma(e_low, above, m.fma(e, above, m.neg(product)))
    product_low = m.fma(e, above_low, product_low)
    twice = m.add(x, x)
    below, below_low = m.two_sum(twice, 1.0)
    inverse = m.div(1.0, below)
    ratio = m.mul(product, inverse)
    minus = m.neg(ratio)
    rest = m.add(m.fma(minus, below, product), m.fma(minus, below_low, product_low))
    return scale(m, m.fma(rest, inverse, ratio), bits, is_small(m, negative))


def erf(m: Ops, x: str) -> str:
    size = m.abs(x)
    near = m.fma(x, excess(m, x), x)
    if m.dtype == "float32":
        s = m.at_most(size, 4.0)
        far = m.sub(1.0, exp_clamped(m, m.horner(s, LOG_ERFC)))
        is_near = m.lt(size, 0.921875)
    else:
        far = m.sub(1.0, tail(m, m.at_most(m.at_least(size, 1.0), 6.0)))
        is_near = m.lt(size, 1.0)
    return m.select(is_near, near, m.copysign(far, x))


def erfc(m: Ops, x: str) -> str:
    """(1 - x) - x (erf(x) / x - 1) near 0, beyond it the tail, or 2 less the tail."""
    size = m.abs(x)
    near = m.fnma(x, excess(m, x), m.sub(1.0, x))
    far = tail(m, m.at_most(m.at_least(size, 0.8125), FURTHEST[m.dtype]))
    far = m.select(m.lt(x, 0.0), m.sub(2.0, far), far)
    return m.select(m.lt(size, 0.8125), near, far)


def erf_inv(m: Ops, x: str) -> str:
    w = m.widened()
    wide = w.convert(x, m)
    y = _erf_inv(w, wide, m.dtype)
    size = w.abs(wide)
    edge = w.select(w.eq(size, 1.0), w.mul(wide, math.inf), math.nan)
    return m.convert(w.select(w.lt(size, 1.0), y, edge), w)


def _erf_inv(m: Ops, x: str, precision: str) -> str:
    """In float64 for |x| < 1, to the precision of either type."""
    size = m.abs(x)
    e, fraction = split(m, m.mul(m.sub(1.0, size), m.add(size, 1.0)))
    v = m.neg(log_sum(m, m.to_float(e), m.sub(fraction, 1.0)))
    near = m.horner(m.sub(v, 2.5), INVERSE_NEAR)
    root = m.sqrt(m.at_least(v, 5.0))
    if precision == "float32":
        far = m.horner(m.sub(root, 3.0), INVERSE_FAR[precision])
    else:
        far = m.mul(root, m.horner(m.div(1.0, root), INVERSE_FAR[precision]))
    y = m.mul(m.select(m.lt(v, 5.0), near, far), size)
    if precision == "float64":
        y = _halley(m, y, size)
    return m.copysign(y, x)


def _halley(m: Ops, y: str, x: str) -> str:
    """y - u / (1 + y u), u = (erf y - x) / erf' y, the difference without cancellation."""
    near = m.fma(y, excess(m, y), m.sub(y, x))
    far = m.sub(m.sub(1.0, x), tail(m, m.at_least(y, 1.0)))
    difference = m.select(m.lt(y, 1.0), near, far)
    slope = exp_clamped(m, m.neg(m.mul(y, y)))
    u = m.div(m.mul(difference, math.sqrt(math.pi) / 2), slope)
    return m.sub(y, m.div(u, m.fma(y, u, 1.0)))
