"""x modulo pi for huge x, by the product of its significand with the bits of 1/pi that matter.

The method of Payne and Hanek. With x = M 2^q, X = 2^shift (x / pi) + half 2^-63 modulo 2 comes
from M times 192 bits of 1/pi, taken where bits further up give even multiples of pi. n = round(X)
modulo 2, and r + low = (X - n) pi 2^-shift from 106 bits of X - n that follow its leading zeros.
"""

from functools import cache

from .ops import Ops

BITS = 1280


def inverse_pi() -> int:
    """floor(2^1280 / pi), from Machin's formula pi = 16 atan(1/5) - 4 atan(1/239) in integers."""
    guard = 64
    one = 1 << (BITS + guard)

    def atan_inverse(k: int) -> int:
        term, total, n = one // k, 0, 1
        while term:
            total += term // n if n % 4 == 1 else -(term // n)
            term //= k * k
            n += 2
        return total

    pi = 16 * atan_inverse(5) - 4 * atan_inverse(239)
    return (one << BITS) // pi


NAME = "pb.trig.large"
PARAMS = ("ptr", "ptr", "ptr", "ptr", "i64", "i64", "i64")
# Of `count` float64 at x, each at least 2^16 in size: r, low and n. NaN for infinite x.
REDUCE = """
define void @pb.trig.large(ptr %xs, ptr %rs, ptr %lows, ptr %ns,
                           i64 %count, i64 %shift, i64 %half) nounwind {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %x.at = getelementptr double, ptr %xs, i64 %i
  %x = load double, ptr %x.at, align 8
  %bits = bitcast double %x to i64
  %field = lshr i64 %bits, 52
  %biased = and i64 %field, 2047
  %fraction = and i64 %bits, 4503599627370495
  %m = or i64 %fraction, 4503599627370496
  %start = sub i64 2164, %biased
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
  %rounded = add i128 %moved, 85070591730234615865843651857942052864
  %n.wide = lshr i128 %rounded, 127
  %n = trunc i128 %n.wide to i64
  %kept = and i128 %rounded, 170141183460469231731687303715884105727
  %f = sub i128 %kept, 85070591730234615865843651857942052864
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
  %low = and i64 %low.any, 9007199254740991
  %high.float = sitofp i64 %high to double
  %low.float = sitofp i64 %low to double
  %zeros.narrow = trunc i128 %zeros to i64
  %exponent = sub i64 971, %zeros.narrow
  %exponent.high = sub i64 %exponent, %shift
  %sign = zext i1 %below to i64
  %sign.moved = shl i64 %sign, 11
  %field.high = or i64 %exponent.high, %sign.moved
  %scale.bits = shl i64 %field.high, 52
  %scale = bitcast i64 %scale.bits to double
  %h = fmul double %high.float, %scale
  %l.large = fmul double %low.float, %scale
  %l = fmul double %l.large, 0x3CA0000000000000
  %p = fmul double %h, 0x400921FB54442D18
  %p.neg = fneg double %p
  %e1 = call double @llvm.fma.f64(double %h, double 0x400921FB54442D18, double %p.neg)
  %e2 = call double @llvm.fma.f64(double %h, double 0x3CA1A62633145C07, double %e1)
  %e3 = call double @llvm.fma.f64(double %l, double 0x400921FB54442D18, double %e2)
  %r = fadd double %p, %e3
  %r.back = fsub double %r, %p
  %r.low = fsub double %e3, %r.back
  %nan = fsub double %x, %x
  %r.checked = fadd double %r, %nan
  %r.at = getelementptr double, ptr %rs, i64 %i
  store double %r.checked, ptr %r.at, align 8
  %low.at = getelementptr double, ptr %lows, i64 %i
  store double %r.low, ptr %low.at, align 8
  %n.at = getelementptr i64, ptr %ns, i64 %i
  store i64 %n, ptr %n.at, align 8
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %count
  br i1 %more, label %loop, label %done
done:
  ret void
}
"""


@cache
def module_text() -> str:
    """The table of 1/pi and the function, as a module."""
    table = inverse_pi().to_bytes(BITS // 8 + 32, "little")
    text = "".join(f"\\{byte:02X}" for byte in table)
    return f'@pb.inverse_pi = internal constant [{len(table)} x i8] c"{text}", align 8\n{REDUCE}'


def reduce_large(m: Ops, x: str, half: int, quarter: bool = False) -> tuple[str, str, str]:
    """x = n pi / half + r + low as r, bits ending in n, low; with `quarter` of x + pi/2 the n."""
    f, wide = m.f, m.widened()
    f.module.require_runtime(NAME, module_text(), "void", *PARAMS)
    xs, rs, lows, ns = (f.alloca("double", m.lanes) for _ in range(4))
    f.store("float64", wide.convert(x, m), xs, m.lanes)
    numbers = m.lanes, half - 1, (1 << 62) * quarter
    operands = xs, rs, lows, ns, *(str(k) for k in numbers)
    f.call("void", NAME, *zip(PARAMS, operands, strict=True))
    r64, low = (f.load("float64", p, m.lanes) for p in (rs, lows))
    n = f.load("int64", ns, m.lanes)
    if m.dtype == "float64":
        return r64, n, low
    r = m.convert(r64, wide)
    lost = m.convert(wide.sub(r64, wide.convert(r, m)), wide)
    return r, f.line(f"trunc {wide.itype} {n} to {m.itype}"), lost
