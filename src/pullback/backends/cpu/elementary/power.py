"""pow, cbrt.

x^y = e^(y log|x|). In float64 the logarithm is carried in two parts to about 2^-68 of itself: with
s = f / (2 + f), z = s^2, log(1 + f) = s (2 + z (2/3 + z R(z))), R minimax to 2^-71. In float32
all is done in float64, log(1 + f) = s (2 + z Q(z)) to 2^-37 and 2^r to 2^-29.

The cube root of x = 2^(3k + j) t starts from a polynomial for t^(-1/3) on [1, 2): 2^-12 in
float32, then one step of third order; 2^-17 and two steps in float64, and one on t^(1/3) itself.
"""

import math

from .exp import EXP, EXP_RANGE, LN2, clamp, is_small, scale
from .log import split_any
from .ops import Ops

LOG_TAIL = (
    "0x1.9999999999996p-2", "0x1.2492492492f50p-2", "0x1.c71c71c596cf0p-3", "0x1.745d1829321a4p-3",
    "0x1.3b1364d3ead9ap-3", "0x1.11206d80d9221p-3", "0x1.de3db65613463p-4", "0x1.eac373589c602p-4",
)  # fmt: skip
LOG_SHORT = (
    "0x1.555554fde6a0ep-1", "0x1.999a7a3cd8871p-2", "0x1.2438df9a1d7a9p-2", "0x1.e2f67eea733c3p-3",
)  # fmt: skip
EXP2_SHORT = (
    "0x1.62e430b057123p-1", "0x1.ebfbdc3570f34p-3", "0x1.c6aee6d1dcacfp-5", "0x1.3b2d503322ce9p-7",
    "0x1.5f3f399f57676p-10", "0x1.41fadad55b3c8p-13",
)  # fmt: skip
TWO_THIRDS = (2 / 3, float.fromhex("0x1.5555555555555p-55"))
# ln 2 as 42 bits, which times an exponent is exact, and the rest.
LN2_SPLIT = (float.fromhex("0x1.62e42fefa38p-1"), float.fromhex("0x1.ef35793c76730p-45"))
INVERSE_CBRT = {
    "float32": (
        "0x1.8ab894066a4d6p+0", "-0x1.9eaf4937ac07ap-1", "0x1.455b6ec9c78b6p-2",
        "-0x1.99073d839825cp-5",
    ),
    "float64": (
        "0x1.c7f3602c0a5c3p+0", "-0x1.90e72dad2774ap+0", "0x1.3e689c6db8ddfp+0",
        "-0x1.321c34ebf1d72p-1", "0x1.3fa22ea8d37cfp-3", "-0x1.16d6af17e9bf5p-6",
    ),
}  # fmt: skip


def log_pair(m: Ops, x: str) -> tuple[str, str]:
    """log x in two parts for positive finite float64 x."""
    e, fraction = split_any(m, x)
    f = m.sub(fraction, 1.0)
    d, d_low = m.two_sum(2.0, f)
    inverse = m.div(1.0, d)
    s = m.mul(f, inverse)
    minus = m.neg(s)
    s_low = m.mul(m.fma(minus, d_low, m.fma(minus, d, f)), inverse)
    z, z_low = _product(m, s, s)
    z_low = m.fma(m.add(s, s), s_low, z_low)
    t, t_low = m.two_sum(TWO_THIRDS[0], m.mul(z, m.horner(z, LOG_TAIL)))
    t_low = m.add(t_low, TWO_THIRDS[1])
    w, w_low = _product(m, z, t)
    w_low = m.fma(z, t_low, m.fma(z_low, t, w_low))
    u, u_low = m.two_sum(2.0, w)
    u_low = m.add(u_low, w_low)
    p, p_low = _product(m, s, u)
    p_low = m.fma(s, u_low, m.fma(s_low, u, p_low))
    high, low = m.two_sum(m.mul(e, LN2_SPLIT[0]), p)
    low = m.add(low, m.fma(e, LN2_SPLIT[1], p_low))
    return m.two_sum(high, low)


def _product(m: Ops, a: str, b: str) -> tuple[str, str]:
    """a b and its error."""
    p = m.mul(a, b)
    return p, m.fma(a, b, m.neg(p))


def _magnitude(m: Ops, size: str, y: str) -> str:
    """size^y in float64; size may be 0 or infinite."""
    high, low = log_pair(m, size)
    high = m.select(m.eq(size, 0.0), -math.inf, m.select(m.eq(size, math.inf), math.inf, high))
    q = m.mul(y, high)
    q_low = m.fma(y, low, m.fma(y, high, m.neg(q)))
    q_low = m.select(m.lt(m.abs(q), 1024.0), q_low, 0.0)
    q = clamp(m, q, EXP_RANGE["float64"])
    n, bits = m.nearest(q, 1 / math.log(2))
    minus = m.neg(n)
    r = m.fma(minus, LN2["float64"][0], q)
    r = m.add(m.fma(minus, LN2["float64"][1], r), q_low)
    p = m.fma(m.fma(m.horner(r, EXP["float64"]), r, 1.0), r, 1.0)
    return scale(m, p, bits, is_small(m, q))


def _short_magnitude(m: Ops, size: str, y: str) -> str:
    """size^y in float64, precise enough for float32 operands."""
    e, fraction = split_any(m, size)
    f = m.sub(fraction, 1.0)
    s = m.div(f, m.add(f, 2.0))
    z = m.mul(s, s)
    log1 = m.mul(s, m.fma(z, m.horner(z, LOG_SHORT), 2.0))
    log2 = m.fma(log1, 1 / math.log(2), e)
    log2 = m.select(m.eq(size, 0.0), -math.inf, m.select(m.eq(size, math.inf), math.inf, log2))
    q = clamp(m, m.mul(y, log2), (-160.0, 140.0))
    n, bits = m.nearest(q, 1.0)
    r = m.sub(q, n)
    p = m.fma(m.horner(r, EXP2_SHORT), r, 1.0)
    power = m.integer("add", m.integer("shl", bits, m.mantissa), m.bias << m.mantissa)
    return m.mul(p, m.from_bits(power))


def pow(m: Ops, x: str, y: str) -> str:
    size = m.abs(x)
    if m.dtype == "float32":
        w = m.widened()
        r = m.convert(_short_magnitude(w, w.convert(size, m), w.convert(y, m)), w)
    else:
        r = _magnitude(m, size, y)
    r = m.select(m.eq(size, 1.0), 1.0, r)
    whole = m.eq(m.call("trunc", y), y)
    half = m.mul(y, 0.5)
    odd = m.both(whole, m.compare("one", m.call("trunc", half), half))
    r = m.select(odd, m.copysign(r, x), r)
    undefined = m.both(
        m.both(m.lt(x, 0.0), m.gt(x, -math.inf)), m.compare("une", m.call("trunc", y), y)
    )
    r = m.select(m.either(undefined, m.compare("uno", x, y)), math.nan, r)
    return m.select(m.either(m.eq(x, 1.0), m.eq(y, 0.0)), 1.0, r)


def cbrt(m: Ops, x: str) -> str:
    if m.dtype == "float32":
        w = m.widened()
        return m.convert(_cbrt(w, w.convert(x, m), "float32"), w)
    return _cbrt(m, x, "float64")


def _cbrt(m: Ops, x: str, precision: str) -> str:
    """In float64, to the precision of either type."""
    size = m.abs(x)
    low = m.lt(size, float(m.info.smallest_normal))
    bits = m.bits(m.select(low, m.mul(size, 2.0**54), size))
    e = m.integer("sub", m.integer("lshr", bits, 52), 1023)
    # k = floor(e / 3) by multiplication, on e + 1200 > 0.
    shifted = m.integer("add", e, 1200)
    k = m.integer("lshr", m.integer("mul", shifted, 21846), 16)
    j = m.integer("sub", shifted, m.integer("mul", k, 3))
    fraction = m.integer("or", m.integer("and", bits, (1 << 52) - 1), 1023 << 52)
    t1 = m.from_bits(fraction)
    t = m.from_bits(m.integer("add", fraction, m.integer("shl", j, 52)))
    one, two = m.icompare("eq", j, 1), m.icompare("eq", j, 2)
    turn = m.select(two, 2.0 ** (-2 / 3), m.select(one, 2.0 ** (-1 / 3), 1.0))
    w = m.mul(m.horner(t1, INVERSE_CBRT[precision]), turn)
    # w (1 - h)^(-1/3) with h = 1 - t w^3.
    for _ in range(1 if precision == "float32" else 2):
        h = m.fnma(m.mul(w, t), m.mul(w, w), 1.0)
        w = m.fma(m.mul(w, h), m.fma(h, 2 / 9, 1 / 3), w)
    y = m.mul(t, m.mul(w, w))
    if precision == "float64":
        square, lost = _product(m, y, y)
        error = m.fnma(lost, y, m.fnma(square, y, t))
        y = m.fma(error, m.mul(m.mul(w, w), 1 / 3), y)
    k = m.integer("sub", k, m.iselect(low, 400 + 18, 400))
    y = m.copysign(m.mul(y, m.power_of_two(k)), x)
    ordinary = m.both(m.gt(size, 0.0), m.lt(size, math.inf))
    return m.select(ordinary, y, x)
