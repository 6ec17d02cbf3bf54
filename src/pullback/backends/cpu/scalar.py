"""How each elementwise operation is written in LLVM: one table from JAX's names to rules.

`lower` emits one operation on `lanes` values; the meanings are XLA's. float16 and bfloat16 are
computed in float32 and rounded back.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from . import elementary, extrema
from .context import FLOATS, FORMATS, HALVES, SIGNED, UNSIGNED, Context
from .convert import convert
from .remainder import float_rem
from .text import WIDTHS, Function, constant, ir_type, mangle, vector

Rule = Callable[..., str]
RULES: dict[str, Rule] = {}
# Rules that are right for float16 and bfloat16 as they are, without going through float32.
EXACT: set[str] = set()


def rule(*names: str, exact: bool = False) -> Callable[[Rule], Rule]:
    def register(fn: Rule) -> Rule:
        for name in names:
            RULES[name] = fn
        if exact:
            EXACT.update(names)
        return fn

    return register


def lower(
    f: Function,
    op: str,
    args: Sequence[str],
    in_dtypes: Sequence[str],
    out_dtype: str,
    lanes: int,
    params: Mapping[str, Any] | None = None,
) -> str:
    """Emit `op` on operands of `in_dtypes`; the operand of the result, of `out_dtype`."""
    c = Context(f, in_dtypes, out_dtype, lanes, params or {})
    if op in EXACT or HALVES.isdisjoint(in_dtypes):
        return RULES[op](c, *args)
    wide = ["float32" if d in HALVES else d for d in in_dtypes]
    values = [convert(f, a, d, w, lanes) for a, d, w in zip(args, in_dtypes, wide, strict=True)]
    narrow = out_dtype in HALVES
    out = "float32" if narrow else out_dtype
    result = RULES[op](Context(f, wide, out, lanes, c.params), *values)
    return convert(f, result, "float32", out_dtype, lanes) if narrow else result


# Complex numbers: integers whose lower half are the bits of the real part


@rule("real", exact=True)
def _(c: Context, x: str) -> str:
    return _part(c, x, 0)


@rule("imag", exact=True)
def _(c: Context, x: str) -> str:
    return _part(c, x, 1)


def _part(c: Context, x: str, k: int) -> str:
    """The k-th part of each number: lanes of a vector of parts."""
    both = vector(ir_type(c.out_dtype), 2 * c.lanes)
    parts = c.f.line(f"bitcast {c.type} {x} to {both}")
    if c.lanes == 1:
        return c.f.line(f"extractelement {both} {parts}, i64 {k}")
    order = ", ".join(f"i32 {2 * n + k}" for n in range(c.lanes))
    return c.f.line(
        f"shufflevector {both} {parts}, {both} poison, {vector('i32', c.lanes)} <{order}>"
    )


@rule("complex", exact=True)
def _(c: Context, x: str, y: str) -> str:
    both = vector(ir_type(c.dtype), 2 * c.lanes)
    if c.lanes == 1:
        first = c.f.line(f"insertelement {both} poison, {c.type} {x}, i64 0")
        parts = c.f.line(f"insertelement {both} {first}, {c.type} {y}, i64 1")
    else:
        order = ", ".join(f"i32 {k}" for n in range(c.lanes) for k in (n, n + c.lanes))
        parts = c.f.line(
            f"shufflevector {c.type} {x}, {c.type} {y}, {vector('i32', 2 * c.lanes)} <{order}>"
        )
    return c.f.line(f"bitcast {both} {parts} to {_out(c)}")


def _out(c: Context) -> str:
    return ir_type(c.out_dtype, c.lanes)


# Arithmetic


def _by_kind(floating: str, signed: str, unsigned: str, boolean: str) -> Rule:
    """One instruction, chosen by the kind of the operands."""

    def apply(c: Context, x: str, y: str) -> str:
        if c.dtype == "bool":
            return c.op(boolean, x, y)
        return c.op(
            floating if c.dtype in FLOATS else signed if c.dtype in SIGNED else unsigned, x, y
        )

    return apply


rule("add", "add_any")(_by_kind("fadd", "add", "add", "or"))
rule("sub")(_by_kind("fsub", "sub", "sub", "xor"))
rule("mul")(_by_kind("fmul", "mul", "mul", "and"))
rule("and", exact=True)(_by_kind("", "and", "and", "and"))
rule("or", exact=True)(_by_kind("", "or", "or", "or"))
rule("xor", exact=True)(_by_kind("", "xor", "xor", "xor"))


def _divisor(c: Context, x: str, y: str) -> tuple[str, str, str]:
    """A divisor that never traps, where y is 0, and where a signed quotient would overflow."""
    zero = c.op("icmp eq", y, c.c(0))
    unsafe = zero
    overflow = ""
    if c.dtype in SIGNED:
        smallest = c.op("icmp eq", x, c.c(-(1 << (c.bits - 1))))
        minus_one = c.op("icmp eq", y, c.c(-1))
        overflow = c.f.line(f"and {c.mask} {smallest}, {minus_one}")
        unsafe = c.f.line(f"or {c.mask} {zero}, {overflow}")
    return c.select(unsafe, c.c(1), y), zero, overflow


@rule("div")
def _(c: Context, x: str, y: str) -> str:
    """Integers truncate; x / 0 has all bits set; the smallest by -1 is itself."""
    if c.dtype in FLOATS:
        return c.op("fdiv", x, y)
    safe, zero, _ = _divisor(c, x, y)
    if _divides_as_floats(c, y):
        return c.select(zero, c.c(-1), _float_quotient(c, x, safe))
    return c.select(zero, c.c(-1), c.op("sdiv" if c.dtype in SIGNED else "udiv", x, safe))


def _divides_as_floats(c: Context, y: str) -> bool:
    """Processors divide no vectors of integers, but by numbers that are known, by a product."""
    return c.lanes > 1 and c.bits <= 32 and y.startswith("%")


def _float_quotient(c: Context, x: str, y: str) -> str:
    """A quotient that rounds as floats do and truncates right: where it is no integer it is
    further from one than by 1/y, which is more than the rounding of a float of twice the bits."""
    sign = "s" if c.dtype in SIGNED else "u"
    wide = ir_type("float32" if c.bits <= 8 else "float64", c.lanes)
    a, b = (c.f.line(f"{sign}itofp {c.type} {v} to {wide}") for v in (x, y))
    quotient = c.f.line(f"fdiv {wide} {a}, {b}")
    return c.f.line(f"fpto{sign}i {wide} {quotient} to {c.type}")


@rule("rem")
def _(c: Context, x: str, y: str) -> str:
    """The sign is that of x; x % 0 is x for integers."""
    if c.dtype in FLOATS:
        return float_rem(c, x, y)
    safe, zero, _ = _divisor(c, x, y)
    if _divides_as_floats(c, y):
        remainder = c.op("sub", x, c.op("mul", _float_quotient(c, x, safe), safe))
    else:
        remainder = c.op("srem" if c.dtype in SIGNED else "urem", x, safe)
    return c.select(zero, x, remainder)


rule("max", exact=True)(extrema.greatest)
rule("min", exact=True)(extrema.least)


@rule("neg", exact=True)
def _(c: Context, x: str) -> str:
    if c.dtype == "bfloat16":
        return c.op("xor", x, constant("int16", -(1 << 15), c.lanes))
    return c.op("fneg", x) if c.dtype in FLOATS else c.op("sub", c.c(0), x)


@rule("abs", exact=True)
def _(c: Context, x: str) -> str:
    if c.dtype == "bfloat16":
        return c.op("and", x, constant("int16", (1 << 15) - 1, c.lanes))
    if c.dtype in FLOATS:
        return c.call("fabs", x)
    if c.dtype in SIGNED:
        return c.f.line(
            f"call {c.type} @llvm.abs.{mangle(ir_type(c.dtype), c.lanes)}({c.type} {x}, i1 false)"
        )
    return x


@rule("sign")
def _(c: Context, x: str) -> str:
    """-1, 0 or 1; zeros and NaN are themselves."""
    if c.dtype in FLOATS:
        ordinary = c.op("fcmp one", x, c.c(0.0))
        return c.select(ordinary, c.call("copysign", c.c(1.0), x), x)
    if c.dtype in SIGNED:
        return c.call("smin", c.call("smax", x, c.c(-1)), c.c(1))
    return c.call("umin", x, c.c(1))


def _intrinsic(name: str) -> Rule:
    return lambda c, x: c.call(name, x)


rule("floor")(_intrinsic("floor"))
rule("ceil")(_intrinsic("ceil"))
rule("sqrt")(_intrinsic("sqrt"))
rule("population_count")(_intrinsic("ctpop"))


@rule("clz")
def _(c: Context, x: str) -> str:
    return c.f.line(
        f"call {c.type} @llvm.ctlz.{mangle(ir_type(c.dtype), c.lanes)}({c.type} {x}, i1 false)"
    )


@rule("round")
def _(c: Context, x: str) -> str:
    """rounding_method 0: halves away from zero; 1: halves to even."""
    if int(c.params["rounding_method"]) == 1:
        return c.call("roundeven", x)
    # round() of LLVM is a call for each lane on many machines: truncate, then add what is missing.
    down = c.call("trunc", x)
    missing = c.op("fcmp oge", c.call("fabs", c.op("fsub", x, down)), c.c(0.5))
    up = c.op("fadd", down, c.call("copysign", c.c(1.0), x))
    return c.call("copysign", c.select(missing, up, down), x)


@rule("is_finite")
def _(c: Context, x: str) -> str:
    return c.op("fcmp one", c.call("fabs", x), c.c(np.inf))


@rule("not")
def _(c: Context, x: str) -> str:
    return c.op("xor", x, c.c(True if c.dtype == "bool" else -1))


@rule("square")
def _(c: Context, x: str) -> str:
    return RULES["mul"](c, x, x)


@rule("rsqrt")
def _(c: Context, x: str) -> str:
    return c.op("fdiv", c.c(1.0), c.call("sqrt", x))


@rule("integer_pow")
def _(c: Context, x: str) -> str:
    """Repeated squaring; the inverse of that for a negative power."""
    y = int(c.params["y"])
    power = _positive_power(c, x, abs(y)) if y else c.c(1)
    return c.op("fdiv", c.c(1.0), power) if y < 0 else power


def _positive_power(c: Context, x: str, y: int) -> str:
    result = ""
    while True:
        if y & 1:
            result = RULES["mul"](c, result, x) if result else x
        y >>= 1
        if not y:
            return result
        x = RULES["mul"](c, x, x)


def _elementary(name: str) -> Rule:
    return lambda c, *args: c.elementary(name, *args)


for _name in elementary.FUNCTIONS:
    rule(_name)(_elementary(_name))


@rule("pow")
def _(c: Context, x: str, y: str) -> str:
    """y may be an integer: repeated squaring with its bits, which is a loop."""
    if c.in_dtypes[1] in FLOATS:
        return c.elementary("pow", x, y)
    return _dynamic_power(c, x, y)


def _dynamic_power(c: Context, x: str, y: str) -> str:
    """x^y for an integer y by its bits, all lanes in step; 1 / x^-y where y < 0."""
    f, y_dtype = c.f, c.in_dtypes[1]
    k = Context(f, (y_dtype,), y_dtype, c.lanes)
    n = RULES["abs"](k, y)
    one, zero = c.c(1.0), k.c(0)
    before, body, after = f.block, f.label("power"), f.label("powered")
    f.jump(body)
    f.place(body)
    at = len(f.lines)
    power, base, rest = f.line(""), f.line(""), f.line("")
    odd = k.op("icmp ne", k.op("and", rest, k.c(1)), zero)
    product = c.select(odd, c.op("fmul", power, base), power)
    squared = c.op("fmul", base, base)
    shifted = k.op("lshr", rest, k.c(1))
    more = k.op("icmp ne", shifted, zero)
    f.branch(f.any_lane(more, c.lanes) if c.lanes > 1 else more, body, after)
    phis = (power, c.type, one, product), (base, c.type, x, squared), (rest, k.type, n, shifted)
    for i, (phi, type_, first, last) in enumerate(phis):
        f.lines[at + i] = f"  {phi} = phi {type_} [ {first}, %{before} ], [ {last}, %{body} ]"
    f.place(after)
    if y_dtype in UNSIGNED:
        return product
    negative = k.op("icmp slt", y, zero)
    return c.select(negative, c.op("fdiv", one, product), product)


@rule("nextafter", exact=True)
def _(c: Context, x: str, y: str) -> str:
    """One step of the bit pattern; from zero to the smallest subnormal on y's side."""
    f, compared = c.f, "float32" if c.dtype in HALVES else c.dtype
    itype = vector(f"i{c.bits}", c.lanes)
    k = Context(f, (f"int{c.bits}",), f"int{c.bits}", c.lanes)
    w = Context(f, (compared,), "bool", c.lanes)
    ix, iy = (f.line(f"bitcast {c.type} {a} to {itype}") for a in (x, y))
    x, y = (convert(f, a, c.dtype, compared, c.lanes) for a in (x, y))
    smallest = k.op("or", k.op("and", iy, k.c(-(1 << (c.bits - 1)))), k.c(1))
    upward = w.op("fcmp ogt", y, x)
    positive = w.op("fcmp ogt", x, w.c(0.0))
    away = f.line(f"icmp eq {c.mask} {upward}, {positive}")
    stepped = k.op("add", ix, k.select(away, k.c(1), k.c(-1)))
    moved = k.select(w.op("fcmp oeq", x, w.c(0.0)), smallest, stepped)
    result = k.select(w.op("fcmp oeq", x, y), iy, moved)
    nan = (1 << (c.bits - 1)) - 1
    result = k.select(w.op("fcmp uno", x, y), k.c(nan), result)
    return f.line(f"bitcast {itype} {result} to {c.type}")


# Shifts: by the width or more nothing, or only the sign, is left.


def _shift(op: str) -> Rule:
    def apply(c: Context, x: str, y: str) -> str:
        inside = c.op("icmp ult", y, c.c(c.bits))
        if op == "ashr":
            return c.op(op, x, c.select(inside, y, c.c(c.bits - 1)))
        return c.select(inside, c.op(op, x, c.select(inside, y, c.c(0))), c.c(0))

    return apply


@rule("mulhi")
def _(c: Context, x: str, y: str) -> str:
    """The upper half of the product, computed in twice the width."""
    wide, extend = vector(f"i{2 * c.bits}", c.lanes), "sext" if c.dtype in SIGNED else "zext"
    a, b = (c.f.line(f"{extend} {c.type} {v} to {wide}") for v in (x, y))
    by = 2 * c.bits
    bits = str(c.bits) if c.lanes == 1 else f"splat (i{by} {c.bits})"
    high = c.f.line(f"lshr {wide} {c.f.line(f'mul {wide} {a}, {b}')}, {bits}")
    return c.f.line(f"trunc {wide} {high} to {c.type}")


@rule("rotate_left")
def _(c: Context, x: str, y: str) -> str:
    """No operation of programs: part of the random hash."""
    return c.call("fshl", x, x, y)


rule("shift_left")(_shift("shl"))
rule("shift_right_logical")(_shift("lshr"))
rule("shift_right_arithmetic")(_shift("ashr"))

# Comparison and choice


def _compare(floating: str, integer: str) -> Rule:
    def apply(c: Context, x: str, y: str) -> str:
        if c.dtype in FLOATS:
            return c.op(f"fcmp {floating}", x, y)
        if integer in ("eq", "ne"):
            return c.op(f"icmp {integer}", x, y)
        return c.op(f"icmp {'s' if c.dtype in SIGNED else 'u'}{integer}", x, y)

    return apply


for _name, _float in {
    "eq": "oeq",
    "ne": "une",
    "lt": "olt",
    "le": "ole",
    "gt": "ogt",
    "ge": "oge",
}.items():
    rule(_name)(_compare(_float, _name))


def _total_order(predicate: str) -> Rule:
    """-NaN < -inf < ... < -0 < +0 < ... < inf < NaN: the order of sign and magnitude bits."""

    def apply(c: Context, x: str, y: str) -> str:
        if c.dtype not in FLOATS:
            return _compare("", predicate)(c, x, y)
        bits = WIDTHS[c.dtype]
        k = Context(c.f, (f"int{bits}",), "bool", c.lanes)
        keys = []
        for a in (x, y):
            i = c.f.line(f"bitcast {c.type} {a} to {k.type}")
            flipped = k.op("lshr", k.op("ashr", i, k.c(bits - 1)), k.c(1))
            keys.append(k.op("xor", i, flipped))
        return _compare("", predicate)(k, *keys)

    return apply


rule("lt_to", exact=True)(_total_order("lt"))
rule("le_to", exact=True)(_total_order("le"))
rule("eq_to", exact=True)(_total_order("eq"))


@rule("select_n", exact=True)
def _(c: Context, which: str, *cases: str) -> str:
    """cases[which]; a boolean chooses the second where it holds. Indices are clamped."""
    out = ir_type(c.out_dtype, c.lanes)

    def choose(condition: str, a: str, b: str) -> str:
        return c.f.line(f"select {c.mask} {condition}, {out} {a}, {out} {b}")

    if len(cases) == 1:
        return cases[0]
    if c.dtype == "bool":
        return choose(which, cases[1], cases[0])
    less = "slt" if c.dtype in SIGNED else "ult"
    result = cases[-1]
    for k in reversed(range(len(cases) - 1)):
        result = choose(c.op(f"icmp {less}", which, c.c(k + 1)), cases[k], result)
    return result


@rule("clamp", exact=True)
def _(c: Context, low: str, x: str, high: str) -> str:
    inner = Context(c.f, (c.in_dtypes[1],) * 2, c.out_dtype, c.lanes)
    return RULES["min"](inner, RULES["max"](inner, x, low), high)


# Conversion


@rule("convert_element_type", exact=True)
def _(c: Context, x: str) -> str:
    return convert(c.f, x, c.dtype, c.out_dtype, c.lanes)


@rule("bitcast_convert_type", exact=True)
def _(c: Context, x: str) -> str:
    """Between types of one width."""
    target = ir_type(c.out_dtype, c.lanes)
    return x if target == c.type else c.f.line(f"bitcast {c.type} {x} to {target}")


@rule("reduce_precision", exact=True)
def _(c: Context, x: str) -> str:
    """The nearest number with params exponent_bits and mantissa_bits; subnormals become zero."""
    if c.dtype in HALVES:
        wide = convert(c.f, x, c.dtype, "float32", c.lanes)
        inner = Context(c.f, ("float32",), "float32", c.lanes, c.params)
        return convert(c.f, RULES["reduce_precision"](inner, wide), "float32", c.dtype, c.lanes)
    f = c.f
    exponent_bits, mantissa_bits = (int(c.params[k]) for k in ("exponent_bits", "mantissa_bits"))
    own_exponent, own_mantissa = FORMATS[c.dtype]
    k = Context(f, (f"int{c.bits}",), "", c.lanes)
    y = f.line(f"bitcast {c.type} {x} to {k.type}")
    dropped = own_mantissa - mantissa_bits
    if dropped > 0:
        last = k.op("and", k.op("lshr", y, k.c(dropped)), k.c(1))
        y = k.op("add", y, k.op("add", last, k.c((1 << (dropped - 1)) - 1)))
        y = k.op("and", y, k.c(-(1 << dropped)))
    y = f.line(f"bitcast {k.type} {y} to {c.type}")
    if exponent_bits < own_exponent:
        bias = (1 << (exponent_bits - 1)) - 1
        size = c.call("fabs", y)
        y = c.select(
            c.op("fcmp olt", size, c.c(2.0 ** (1 - bias))), c.call("copysign", c.c(0.0), x), y
        )
        over = c.op("fcmp oge", size, c.c(2.0 ** (bias + 1)))
        y = c.select(over, c.call("copysign", c.c(np.inf), x), y)
    return c.select(c.op("fcmp uno", x, x), x, y)
