"""sin, cos, tan.

x = n pi + r, |r| <= pi/2, gives sin x = (-1)^n sin r and sin r = r + r^3 S(r^2), S minimax for the
relative error: 2^-28.8 in float32, 2^-60.6 in float64; cos x = sin(x + pi/2). For the tangent
x = n pi/2 + r, |r| <= pi/4, tan r = r + r^3 T(r^2): 2^-29 and 2^-59, and -1 / tan r where n is odd.

n pi is subtracted in three parts by fused multiply-adds (Cody and Waite), the first without error
while |r| < 2. Larger arguments go lane by lane through the runtime (`payne_hanek.cpp`).
"""

import math

from ..text import constant, ir_type
from .ops import Ops

SIN = {
    "float32": (
        "-0x1.555556p-3", "0x1.111136p-7", "-0x1.a02394p-13", "0x1.72c472p-19", "-0x1.b52584p-26",
    ),
    "float64": (
        "-0x1.5555555555555p-3", "0x1.11111111110c3p-7", "-0x1.a01a01a01468dp-13",
        "0x1.71de3a52676bdp-19", "-0x1.ae6454b705166p-26", "0x1.6123c50764853p-33",
        "-0x1.ae415043d3718p-41", "0x1.87f49a2ed8907p-49",
    ),
}  # fmt: skip
TAN = {
    "float32": (
        "0x1.555562p-2", "0x1.110d04p-3", "0x1.baf6e0p-5", "0x1.5b85e2p-6", "0x1.69675ap-7",
        "-0x1.5a2ce4p-13", "0x1.274ba2p-8",
    ),
    "float64": (
        "0x1.5555555555562p-2", "0x1.11111111100fcp-3", "0x1.ba1ba1bb007aap-5",
        "0x1.664f484f4728bp-6", "0x1.226e3c3f22447p-7", "0x1.d6d29f71fc65cp-9",
        "0x1.7db58aa1c16abp-10", "0x1.34949b918d30ep-11", "0x1.00af20f777530p-12",
        "0x1.5359c86541928p-14", "0x1.2e196361f199dp-14", "-0x1.09c29c0ddcd9cp-15",
        "0x1.c222b6fea26b1p-15", "-0x1.c0cddf15d37c5p-16", "0x1.5b353c655ddc8p-17",
    ),
}  # fmt: skip
# pi in three parts, each the nearest to what the ones before leave.
PI = {
    "float32": ("0x1.921fb6p+1", "-0x1.777a5cp-24", "-0x1.ee59dap-49"),
    "float64": ("0x1.921fb54442d18p+1", "0x1.1a62633145c07p-53", "-0x1.f1976b7ed8fbcp-109"),
}
# Up to here the three parts suffice and the product with 1/pi finds n within 2^-7.
LIMIT = {"float32": 2.0**16, "float64": 2.0**28}


def reduce(m: Ops, x: str, half: int, quarter: bool = False) -> tuple[str, str, str | None]:
    """x = n p + r + low, p = pi / half: r, bits ending in n, low.

    With `quarter`, n - 1/2 is subtracted instead of n and n is that of x + pi/2.
    """
    parts = [float.fromhex(p) / half for p in PI[m.dtype]]
    n, bits = m.nearest(x, half / math.pi, 0.5 if quarter else None)
    minus = m.sub(0.5, n) if quarter else m.neg(n)
    first = m.fma(minus, parts[0], x)
    if m.dtype == "float32" and half == 1:
        return m.fma(minus, parts[2], m.fma(minus, parts[1], first)), bits, None
    product = m.mul(minus, parts[1])
    r, low = m.two_sum(first, product)
    low = m.add(low, m.fma(minus, parts[1], m.neg(product)))
    return r, bits, m.fma(minus, parts[2], low)


def reduce_any(m: Ops, x: str, half: int, quarter: bool = False) -> tuple[str, str, str | None]:
    """As `reduce`; the runtime does it for lanes beyond LIMIT, which are rare."""
    f = m.f
    usual = reduce(m, x, half, quarter)
    far = m.compare("oge", m.abs(x), LIMIT[m.dtype])
    any_far = far if m.lanes == 1 else f.any_lane(far, m.lanes)
    before, slow, after = f.block, f.label("large"), f.label("reduced")
    f.branch(any_far, slow, after, f.module.unlikely())
    f.place(slow)
    kinds = m.dtype, f"int{m.info.bits}", m.dtype
    parts = [(kind, v) for kind, v in zip(kinds, usual, strict=True) if v]
    large = reduce_large(m, x, parts, half, quarter)
    f.jump(after)
    f.place(after)
    r, bits, *low = [
        f.phi(ir_type(kind, m.lanes), [(near, before), (far, slow)])
        for (kind, near), far in zip(parts, large, strict=True)
    ]
    return r, bits, low[0] if low else None


def reduce_large(
    m: Ops, x: str, parts: list[tuple[str, str]], half: int, quarter: bool
) -> list[str]:
    """The parts with far lanes by the method of Payne and Hanek."""
    f, name = m.f, f"pb_reduce_{m.dtype}"
    types = "ptr", "ptr", "ptr", "ptr", "i64", "double", "i32", "i32"
    f.module.declare(name, "void", *types)
    places = [f.alloca(ir_type(kind, m.lanes)) for kind, _ in [(m.dtype, x), *parts]]
    for (kind, value), place in zip([(m.dtype, x), *parts], places, strict=True):
        f.store(kind, value, place, m.lanes)
    at, r, n, low = (*places, "null")[:4]
    numbers = m.lanes, constant("float64", LIMIT[m.dtype]), half - 1, int(quarter)
    f.call("void", name, *zip(types, (at, r, low, n, *map(str, numbers)), strict=True))
    return [f.load(kind, p, m.lanes) for (kind, _), p in zip(parts, places[1:], strict=True)]


def sin_reduced(m: Ops, r: str, bits: str, low: str | None) -> str:
    """(-1)^n sin(r + low)."""
    z = m.mul(r, r)
    first, *rest = SIN[m.dtype]
    zs = m.fma(z, float.fromhex(first), m.mul(m.mul(z, z), m.horner(z, rest)))
    if low:
        y = m.add(r, m.fma(r, zs, m.mul(low, m.fma(z, -0.5, 1.0))))
    else:
        y = m.fma(r, zs, r)
    y = m.bits(y)
    sign = m.integer("shl", bits, m.mantissa + m.info.nexp)
    return m.from_bits(m.integer("xor", y, sign))


def tan_reduced(m: Ops, r: str, bits: str, low: str) -> str:
    """tan(r + low), or minus its inverse where n is odd."""
    z = m.mul(r, r)
    tail = m.fma(m.mul(r, z), m.horner(z, TAN[m.dtype]), m.mul(low, m.add(z, 1.0)))
    odd = m.icompare("ne", m.integer("and", bits, 1), 0)
    t, t_low = m.two_sum(r, tail)
    # -1 / (t + t_low), corrected for the rounding of t.
    q = m.div(-1.0, t)
    lost = m.fma(q, t_low, m.fma(q, t, 1.0))
    return m.select(odd, m.fma(lost, q, q), t)


def keep_small(m: Ops, x: str, y: str) -> str:
    """x itself where x^3 is beyond its last bit, the sign of zero included."""
    return m.select(m.lt(m.abs(x), 2.0 ** (-m.mantissa // 2 - 1)), x, y)


def sin(m: Ops, x: str) -> str:
    return keep_small(m, x, sin_reduced(m, *reduce_any(m, x, 1)))


def cos(m: Ops, x: str) -> str:
    return sin_reduced(m, *reduce_any(m, x, 1, quarter=True))


def tan(m: Ops, x: str) -> str:
    r, bits, low = reduce_any(m, x, 2)
    assert low is not None
    return keep_small(m, x, tan_reduced(m, r, bits, low))
