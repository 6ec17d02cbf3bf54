"""sin, cos, tan.

x = n pi + r, |r| <= pi/2, gives sin x = (-1)^n sin r and sin r = r + r^3 S(r^2), S minimax for the
relative error: 2^-28.8 in float32, 2^-60.6 in float64; cos x = sin(x + pi/2). For the tangent
x = n pi/2 + r, |r| <= pi/4, tan r = r + r^3 T(r^2): 2^-29 and 2^-59, and -1 / tan r where n is odd.

n pi is subtracted in three parts by fused multiply-adds (Cody and Waite), the first without error
while |r| < 2. Larger arguments go lane by lane through the product of their significand with
192 bits of 1/pi (Payne and Hanek).
"""

import math
import struct
from functools import cache

from ..text import Function, Module
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
# The first 1280 bits of the fraction 1/pi.
INVERSE_PI_BITS = 1280


def inverse_pi() -> int:
    """floor(2^1280 / pi), from Machin's formula pi = 16 atan(1/5) - 4 atan(1/239) in integers."""
    guard = 64
    one = 1 << (INVERSE_PI_BITS + guard)

    def atan_inverse(k: int) -> int:
        term, total, n = one // k, 0, 1
        while term:
            total += term // n if n % 4 == 1 else -(term // n)
            term //= k * k
            n += 2
        return total

    pi = 16 * atan_inverse(5) - 4 * atan_inverse(239)
    return (one << INVERSE_PI_BITS) // pi


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


def require_large(f: Function) -> str:
    """The function (x, shift, half) -> (r, low, n) for any finite |x| >= 2^16 in float64.

    With x = M 2^q, X = 2^shift (x / pi) + half 2^-63 modulo 2 comes from M times the 192 bits of
    1/pi that matter; n = round(X) modulo 2 and r + low = (X - n) pi 2^-shift.
    """
    name = "pb.trig.large"
    table = inverse_pi().to_bytes(INVERSE_PI_BITS // 8 + 32, "little")
    text = "".join(f"\\{byte:02X}" for byte in table)
    f.module.require(
        "pb.inverse_pi",
        f'@pb.inverse_pi = internal constant [{len(table)} x i8] c"{text}", align 8',
    )
    f.module.require(name, large_text(name))
    return name


def large_text(name: str) -> str:
    pi, rest, _ = (float.fromhex(p) for p in PI["float64"])
    low53 = (1 << 53) - 1
    hexed = {k: f"0x{_double_bits(v):016X}" for k, v in {"pi": pi, "rest": rest}.items()}
    return f"""
define internal {{double, double, i64}} @{name}(double %x, i64 %shift, i64 %half) noinline {{
  %bits = bitcast double %x to i64
  %field = lshr i64 %bits, 52
  %biased = and i64 %field, 2047
  %fraction = and i64 %bits, {(1 << 52) - 1}
  %m = or i64 %fraction, {1 << 52}
  %start = sub i64 {1089 + 1075}, %biased
  %byte = lshr i64 %start, 3
  %bit = and i64 %start, 7
  %at = getelementptr i8, ptr @pb.inverse_pi, i64 %byte
  %window = load i256, ptr %at, align 1
  %bit.wide = zext i64 %bit to i256
  %aligned = lshr i256 %window, %bit.wide
  %w = trunc i256 %aligned to i192
  %m.wide = zext i64 %m to i192
  %product = mul i192 %w, %m.wide
  %shift.wide = zext i64 %shift to i192
  %turns = shl i192 %product, %shift.wide
  %top = lshr i192 %turns, 64
  %magnitude = trunc i192 %top to i128
  %opposite = sub i128 0, %magnitude
  %negative = icmp slt i64 %bits, 0
  %signed = select i1 %negative, i128 %opposite, i128 %magnitude
  %half.wide = zext i64 %half to i128
  %half.high = shl i128 %half.wide, 64
  %moved = add i128 %signed, %half.high
  %rounded = add i128 %moved, {1 << 126}
  %n.wide = lshr i128 %rounded, 127
  %n = trunc i128 %n.wide to i64
  %kept = and i128 %rounded, {(1 << 127) - 1}
  %f = sub i128 %kept, {1 << 126}
  %below = icmp slt i128 %f, 0
  %f.neg = sub i128 0, %f
  %a = select i1 %below, i128 %f.neg, i128 %f
  %zeros.any = call i128 @llvm.ctlz.i128(i128 %a, i1 false)
  %zeros = and i128 %zeros.any, 127
  %normal = shl i128 %a, %zeros
  %high.wide = lshr i128 %normal, 75
  %high = trunc i128 %high.wide to i64
  %low.wide = lshr i128 %normal, 22
  %low.any = trunc i128 %low.wide to i64
  %low = and i64 %low.any, {low53}
  %high.float = sitofp i64 %high to double
  %low.float = sitofp i64 %low to double
  %zeros.narrow = trunc i128 %zeros to i64
  %exponent = sub i64 {1023 - 52}, %zeros.narrow
  %exponent.high = sub i64 %exponent, %shift
  %sign = zext i1 %below to i64
  %sign.moved = shl i64 %sign, 11
  %field.high = or i64 %exponent.high, %sign.moved
  %scale.bits = shl i64 %field.high, 52
  %scale = bitcast i64 %scale.bits to double
  %h = fmul double %high.float, %scale
  %l.large = fmul double %low.float, %scale
  %l = fmul double %l.large, 0x{_double_bits(2.0**-53):016X}
  %p = fmul double %h, {hexed["pi"]}
  %p.neg = fneg double %p
  %e1 = call double @llvm.fma.f64(double %h, double {hexed["pi"]}, double %p.neg)
  %e2 = call double @llvm.fma.f64(double %h, double {hexed["rest"]}, double %e1)
  %e3 = call double @llvm.fma.f64(double %l, double {hexed["pi"]}, double %e2)
  %r = fadd double %p, %e3
  %r.back = fsub double %r, %p
  %r.low = fsub double %e3, %r.back
  %nan = fsub double %x, %x
  %r.checked = fadd double %r, %nan
  %o1 = insertvalue {{double, double, i64}} undef, double %r.checked, 0
  %o2 = insertvalue {{double, double, i64}} %o1, double %r.low, 1
  %o3 = insertvalue {{double, double, i64}} %o2, i64 %n, 2
  ret {{double, double, i64}} %o3
}}"""


def _double_bits(x: float) -> int:
    return int.from_bytes(struct.pack("<d", x), "little")


def reduce_large(m: Ops, x: str, half: int, quarter: bool = False) -> tuple[str, str, str]:
    """As `reduce`, for one float64 of at least 2^16."""
    args = ("double", x), ("i64", str(half - 1)), ("i64", str((1 << 62) * quarter))
    out = m.f.call("{double, double, i64}", require_large(m.f), *args)
    r, low, n = (m.f.line(f"extractvalue {{double, double, i64}} {out}, {k}") for k in range(3))
    return r, n, low


@cache
def large_runtime(name: str) -> str:
    """The module of `void @name(ptr x, ptr y, i64 n)`: y = f(x) on float64 of at least 2^16."""
    f = Function(Module(), name, [("ptr", "x"), ("ptr", "y"), ("i64", "n")], attributes="nounwind")
    m = Ops(f, "float64", 1)
    with f.loop(0, "%n") as i:
        x = f.load("float64", f.gep("double", "%x", i))
        half, quarter, finish = LARGE[name]
        f.store("float64", finish(m, *reduce_large(m, x, half, quarter)), f.gep("double", "%y", i))
    f.ret()
    f.module.add(f)
    return f.module.render()


def with_large(m: Ops, name: str, x: str, y: str) -> str:
    """y, but the function computed by a call in the rare vector that has a lane beyond LIMIT."""
    f = m.f
    far = m.compare("oge", m.abs(x), LIMIT[m.dtype])
    any_far = far if m.lanes == 1 else f.any_lane(far, m.lanes)
    before, slow, after = f.block, f.label("large"), f.label("reduced")
    f.branch(any_far, slow, after, f.module.unlikely())
    f.place(slow)
    wide = m.widened()
    memory = [f.alloca("double", m.lanes) for _ in "xy"]
    # Lanes that are near are computed too, and not used: 2^16 stands for them.
    there = wide.convert(m.select(far, x, LIMIT[m.dtype]), m)
    f.store("float64", there, memory[0], m.lanes)
    f.module.require_runtime(name, large_runtime(name), "void", "ptr", "ptr", "i64")
    args = *(("ptr", p) for p in memory), ("i64", str(m.lanes))
    f.call("void", name, *args)
    there = m.convert(f.load("float64", memory[1], m.lanes), wide)
    there = m.select(far, there, y)
    f.jump(after)
    f.place(after)
    return f.phi(m.type, [(y, before), (there, slow)])


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
    y = keep_small(m, x, sin_reduced(m, *reduce(m, x, 1)))
    return with_large(m, "pb.sin.large", x, y)


def cos(m: Ops, x: str) -> str:
    y = sin_reduced(m, *reduce(m, x, 1, quarter=True))
    return with_large(m, "pb.cos.large", x, y)


def tan(m: Ops, x: str) -> str:
    y = keep_small(m, x, tan_reduced(m, *reduce(m, x, 2)))
    return with_large(m, "pb.tan.large", x, y)


# Of the functions on large arguments: the part of pi, whether pi/2 is added, what is done with r.
LARGE = {
    "pb.sin.large": (1, False, sin_reduced),
    "pb.cos.large": (1, True, sin_reduced),
    "pb.tan.large": (2, False, tan_reduced),
}
