"""Operations on each element: most have an operation of StableHLO or CHLO of their own."""

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np

from .... import dtypes
from ..builder import Builder, table
from ..hlo import Tensor, Value, int32

Types = list[Tensor]
Body = Callable[..., Value]
RULES, rule = table()
FLOAT4 = np.dtype(ml_dtypes.float4_e2m1fn)

# Operations whose result has the type of their operands, by XLA's names.
NAMES = {
    "neg": "negate",
    "add": "add",
    "add_any": "add",
    "sub": "subtract",
    "mul": "multiply",
    "div": "divide",
    "rem": "remainder",
    "and": "and",
    "or": "or",
    "xor": "xor",
    "not": "not",
    "shift_left": "shift_left",
    "shift_right_arithmetic": "shift_right_arithmetic",
    "shift_right_logical": "shift_right_logical",
    "population_count": "popcnt",
    "clz": "count_leading_zeros",
    "floor": "floor",
    "ceil": "ceil",
    "exp": "exponential",
    "expm1": "exponential_minus_one",
    "log": "log",
    "log1p": "log_plus_one",
    "logistic": "logistic",
    "sqrt": "sqrt",
    "rsqrt": "rsqrt",
    "cbrt": "cbrt",
    "tanh": "tanh",
    "sin": "sine",
    "cos": "cosine",
    "tan": "tan",
    "atan2": "atan2",
    "nextafter": "chlo.next_after",
    "mulhi": "chlo.mulhi",
    "asin": "chlo.asin",
    "acos": "chlo.acos",
    "atan": "chlo.atan",
    "sinh": "chlo.sinh",
    "cosh": "chlo.cosh",
    "asinh": "chlo.asinh",
    "acosh": "chlo.acosh",
    "atanh": "chlo.atanh",
    "erf": "chlo.erf",
    "erfc": "chlo.erfc",
    "erf_inv": "chlo.erf_inv",
    "lgamma": "chlo.lgamma",
    "digamma": "chlo.digamma",
    "zeta": "chlo.zeta",
    "polygamma": "chlo.polygamma",
    "bessel_i1e": "chlo.bessel_i1e",
}
COMPARED = {
    "eq": ("EQ", False),
    "ne": ("NE", False),
    "lt": ("LT", False),
    "le": ("LE", False),
    "gt": ("GT", False),
    "ge": ("GE", False),
    "eq_to": ("EQ", True),
    "lt_to": ("LT", True),
    "le_to": ("LE", True),
}


def elementwise(*names: str) -> Callable[[Body], Body]:
    """Register a rule whose scalar operands stand for all elements: rule(b, *operands, ...)."""

    def register(body: Body) -> Body:
        def spread(b: Builder, types: Types, *args: Value, **params: Any) -> Value:
            return body(b, *[b.spread(a, types[0].shape) for a in args], **params)

        rule(*names)(spread)
        return body

    return register


# XLA keeps small integers in bytes, whose upper bits it does not always clear.
SMALL = {
    **dict.fromkeys(dtypes.INT_SMALL, np.dtype(np.int8)),
    **dict.fromkeys(dtypes.UINT_SMALL, np.dtype(np.uint8)),
}
# Products of integers in twice as many bits hold the upper half, too; inside a manual computation
# XLA knows no `mulhi`.
TWICE = {np.dtype(np.int32): np.dtype(np.int64), np.dtype(np.uint32): np.dtype(np.uint64)}
# Of signed numbers these read the bits beyond the sign.
OF_BITS = ("popcnt", "count_leading_zeros", "shift_right_logical")


def computed(b: Builder, name: str, *args: Value) -> Value:
    """An operation on values of one type, in a wider one where XLA has none for theirs."""
    dtype = args[0].dtype
    if dtype in SMALL:
        return _on_bytes(b, name, *args)
    if dtype in TWICE and name == "chlo.mulhi":
        return _upper_half(b, *args, wide=TWICE[dtype], bits=32)
    if dtype in dtypes.FLOAT8 and name.startswith("chlo."):
        wide = [b.convert(a, dtypes.float32) for a in args]
        return b.convert(b.same(name, *wide), dtype)
    return b.same(name, *args)


def _upper_half(b: Builder, x: Value, y: Value, wide: np.dtype, bits: int) -> Value:
    shift = "arithmetic" if dtypes.kind(x.dtype) == "signed" else "logical"
    product = b.same("multiply", b.convert(x, wide), b.convert(y, wide))
    return b.convert(b.same(f"shift_right_{shift}", product, b.like(product, bits)), x.dtype)


def _on_bytes(b: Builder, name: str, *args: Value) -> Value:
    dtype = args[0].dtype
    bits = int(dtypes.info(dtype).bits)
    if name == "chlo.mulhi":
        return _upper_half(b, *args, wide=SMALL[dtype], bits=bits)
    first, *rest = [b.convert(a, SMALL[dtype]) for a in args]
    if name in OF_BITS:
        first = b.same("and", first, b.like(first, (1 << bits) - 1))
    out = b.same(name, first, *rest)
    if name == "count_leading_zeros":
        out = b.same("subtract", out, b.like(out, 8 - bits))
    return b.convert(out, dtype)


def _same(name: str) -> Body:
    return lambda b, *args: computed(b, name, *args)


def _comparison(direction: str, total: bool) -> Body:
    return lambda b, x, y: b.compare(direction, x, y, total)


for _name, _op in NAMES.items():
    elementwise(_name)(_same(_op))
for _name, (_direction, _total) in COMPARED.items():
    elementwise(_name)(_comparison(_direction, _total))


@elementwise("max")
def maximum(b: Builder, x: Value, y: Value) -> Value:
    """NaN wins; complex numbers are ordered by real, then imaginary part."""
    return _extremum(b, x, y, "maximum", "GT")


@elementwise("min")
def minimum(b: Builder, x: Value, y: Value) -> Value:
    """NaN wins; complex numbers are ordered by real, then imaginary part."""
    return _extremum(b, x, y, "minimum", "LT")


def _extremum(b: Builder, x: Value, y: Value, name: str, direction: str) -> Value:
    if dtypes.kind(x.dtype) != "complex":
        return b.same(name, x, y)
    (xr, xi), (yr, yi) = (parts(b, v) for v in (x, y))
    beyond = b.select(
        b.compare("EQ", xr, yr), b.compare(direction, xi, yi), b.compare(direction, xr, yr)
    )
    is_nan = b.compare("NE", x, x)
    return b.select(b.same("or", beyond, is_nan), x, y)


def part_type(x: Value) -> Tensor:
    """The type of the real part of complex values."""
    return Tensor(x.shape, dtypes.float32 if x.dtype == dtypes.complex64 else dtypes.float64)


def parts(b: Builder, x: Value) -> tuple[Value, Value]:
    """The real and imaginary parts."""
    return b.one("real", [x], part_type(x)), b.one("imag", [x], part_type(x))


@elementwise("real")
def _(b: Builder, x: Value) -> Value:
    return b.one("real", [x], part_type(x))


@elementwise("imag")
def _(b: Builder, x: Value) -> Value:
    return b.one("imag", [x], part_type(x))


@elementwise("complex")
def _(b: Builder, x: Value, y: Value) -> Value:
    wide = dtypes.complex64 if x.dtype == dtypes.float32 else dtypes.complex128
    return b.one("complex", [x, y], Tensor(x.shape, wide))


@rule("conj")
def conj(b: Builder, types: Types, x: Value, *, input_dtype: Any = None) -> Value:
    """Of a real array, too, a complex one."""
    if dtypes.kind(x.dtype) != "complex":
        return RULES["complex"](b, types, x, b.like(x, 0))
    re, im = parts(b, x)
    return b.one("complex", [re, b.same("negate", im)], types[0])


@elementwise("abs")
def _(b: Builder, x: Value) -> Value:
    kind = dtypes.kind(x.dtype)
    if kind == "unsigned":
        return x
    return b.one("abs", [x], part_type(x)) if kind == "complex" else computed(b, "abs", x)


@elementwise("sign")
def _(b: Builder, x: Value) -> Value:
    if dtypes.kind(x.dtype) != "unsigned":
        return computed(b, "sign", x)
    return b.same("minimum", x, b.like(x, 1))


@elementwise("square")
def _(b: Builder, x: Value) -> Value:
    return computed(b, "multiply", x, x)


@elementwise("exp2")
def _(b: Builder, x: Value) -> Value:
    return b.same("exponential", b.same("multiply", x, b.like(x, np.log(2))))


@elementwise("round")
def _(b: Builder, x: Value, *, rounding_method: Any) -> Value:
    even = int(rounding_method) == 1
    return b.same("round_nearest_even" if even else "round_nearest_afz", x)


@elementwise("is_finite")
def _(b: Builder, x: Value) -> Value:
    return b.one("is_finite", [x], Tensor(x.shape, dtypes.bool_))


@elementwise("integer_pow")
def _(b: Builder, x: Value, *, y: int) -> Value:
    """Repeated squaring; the inverse of that for a negative power."""
    if y == 0:
        return b.like(x, 1)
    power, left, square = None, abs(y), x
    while left:
        if left & 1:
            power = square if power is None else computed(b, "multiply", power, square)
        left >>= 1
        if left:
            square = computed(b, "multiply", square, square)
    assert power is not None
    return b.same("divide", b.like(x, 1), power) if y < 0 else power


@rule("pow")
def power(b: Builder, types: Types, x: Value, y: Value) -> Value:
    """x^y; y may be an integer."""
    x, y = (b.spread(v, types[0].shape) for v in (x, y))
    return b.same("power", x, b.convert(y, x.dtype))


@rule("clamp")
def clamp(b: Builder, types: Types, low: Value, x: Value, high: Value) -> Value:
    """min(max(x, low), high)."""
    low, high = (b.spread(v, x.shape) for v in (low, high))
    return minimum(b, maximum(b, x, low), high)


@rule("select_n")
def select_n(b: Builder, types: Types, which: Value, *cases: Value) -> Value:
    """cases[which]; a boolean chooses the second where it holds."""
    which, *wide = [b.spread(v, types[0].shape) for v in (which, *cases)]
    if len(wide) == 1:
        return wide[0]
    if which.dtype == dtypes.bool_:
        return b.select(which, wide[1], wide[0])
    out = wide[-1]
    for k in reversed(range(len(wide) - 1)):
        out = b.select(b.compare("LT", which, b.like(which, k + 1)), wide[k], out)
    return out


@rule("convert_element_type")
def convert(b: Builder, types: Types, x: Value, **params: Any) -> Value:
    """Floats saturate to integers and NaN becomes 0; of complex numbers the real part is taken."""
    out = types[0].dtype
    if out == dtypes.bool_:
        return b.compare("NE", x, b.like(x, 0))
    if dtypes.kind(x.dtype) == "complex" and dtypes.kind(out) != "complex":
        x = b.one("real", [x], part_type(x))
    # XLA takes the largest number of this dtype for an infinity.
    x = b.convert(x, dtypes.float32) if x.dtype == FLOAT4 else x
    return b.convert(x, out)


@elementwise("reduce_precision")
def _(b: Builder, x: Value, *, exponent_bits: int, mantissa_bits: int) -> Value:
    bits = {"exponent_bits": int32(exponent_bits), "mantissa_bits": int32(mantissa_bits)}
    return b.one("reduce_precision", [x], x.type, **bits)


@rule("bitcast_convert_type")
def bitcast(b: Builder, types: Types, x: Value, *, new_dtype: Any) -> Value:
    """The same bits; bytes of wider types are an axis of their own."""
    return b.one("bitcast_convert", [x], types[0])


@rule("copy", "name", "stop_gradient")
def identity(b: Builder, types: Types, *args: Value, **params: Any) -> list[Value]:
    """The operands themselves."""
    return list(args)
