"""Elementwise operations with checked operands: one dtype; scalars and axes of size 1 repeat."""

import builtins
from collections.abc import Callable
from typing import Any

from .. import dtypes
from ..core.primitive import Primitive, registry
from ..core.trace import get_aval
from ..numpy.values import as_array, expand, joint_shape
from ..primitives import elementwise as ew
from ..primitives.elementwise import RoundingMethod
from ..primitives.packed import bitcast
from .shown import SHOWN

Function = Callable[..., Any]
PYTHON_NUMBERS = (builtins.bool, builtins.int, builtins.float, builtins.complex)
# The primitives whose names differ from their functions'.
RENAMED = {
    "bitwise_and": "and",
    "bitwise_or": "or",
    "bitwise_xor": "xor",
    "bitwise_not": "not",
}


def operands(name: str, *values: Any) -> list[Any]:
    """Arrays of what is given; a Python number takes the dtype of an array of its kind."""
    arrays = [as_array(name, x) for x in values]
    typed = [a for a, x in zip(arrays, values, strict=True) if not _is_number(x)]
    if not typed or len(typed) == len(arrays):
        return arrays
    dtype = typed[0].dtype
    return [
        ew.convert_element_type(a, dtype) if _is_number(x) and _same_kind(a, dtype) else a
        for a, x in zip(arrays, values, strict=True)
    ]


def alike(name: str, *values: Any) -> list[Any]:
    """`operands` of one shape, rank 0 aside: of equal ranks, axes of size 1 are repeated."""
    arrays = operands(name, *values)
    shapes = {a.shape for a in arrays if a.shape}
    if len(shapes) < 2 or len({*map(len, shapes)}) > 1:
        return arrays
    shape = joint_shape(name, arrays)
    return [expand(a, shape) if a.shape else a for a in arrays]


def _is_number(x: Any) -> bool:
    return type(x) in PYTHON_NUMBERS


def _same_kind(a: Any, dtype: Any) -> bool:
    return dtypes.kind(a.dtype) == dtypes.kind(dtype) or (a.dtype.kind == "i" and dtype.kind == "u")


def checked(name: str, primitive: Primitive, arrays: list[Any], **params: Any) -> None:
    """Raise if the operation does not take operands of these types."""
    primitive.type(*[get_aval(a) for a in arrays], **params)


def _public(f: Function, name: str, doc: str) -> Function:
    f.__name__ = f.__qualname__ = name
    f.__module__ = "pullback.lax"
    f.__doc__ = doc + SHOWN[name]
    return f


# What the docstrings of functions of one array and of two go on with.
ONE = """

Args:
  x: array or number; nothing is converted.

Returns:
  Array of its shape.

Raises:
  TypeError: the dtype is none that the operation is for.
"""
TWO = """

Args:
  x, y: arrays of one dtype and of one shape, or with axes of size 1 that repeat; either may be a
    number or an array without axes.

Raises:
  TypeError: dtypes or shapes differ, or the dtype is none that the operation is for.
"""


def _unary(name: str, doc: str) -> Function:
    """A function of one array."""
    op, primitive = getattr(ew, name), registry[RENAMED.get(name, name)]

    def f(x: Any) -> Any:
        (x,) = operands(name, x)
        checked(name, primitive, [x])
        return op(x)

    return _public(f, name, doc + ONE)


def _accurate(name: str, doc: str) -> Function:
    """A function of one array that also takes `accuracy`: there is one, of about 1 ulp."""
    op = _unary(name, doc)

    def f(x: Any, *, accuracy: Any = None) -> Any:
        return op(x)

    return _public(f, name, doc + ONE)


def _binary(name: str, doc: str) -> Function:
    """A function of two arrays of one dtype."""
    op, primitive = getattr(ew, name), registry[RENAMED.get(name, name)]

    def f(x: Any, y: Any) -> Any:
        x, y = alike(name, x, y)
        checked(name, primitive, [x, y])
        return op(x, y)

    return _public(f, name, doc + TWO)


abs = _unary("abs", "|x|.")
acos = _unary("acos", "Arc cosine.")
acosh = _unary("acosh", "Inverse hyperbolic cosine.")
asin = _unary("asin", "Arc sine.")
asinh = _unary("asinh", "Inverse hyperbolic sine.")
atan = _unary("atan", "Arc tangent.")
atanh = _unary("atanh", "Inverse hyperbolic tangent.")
bitwise_not = _unary("bitwise_not", "Bits inverted; the negation of booleans.")
ceil = _unary("ceil", "The smallest integer not below x.")
clz = _unary("clz", "The number of leading zero bits.")
cosh = _unary("cosh", "Hyperbolic cosine.")
digamma = _unary("digamma", "Derivative of lgamma.")
erf = _unary("erf", "Error function.")
erf_inv = _unary("erf_inv", "Inverse of the error function.")
erfc = _unary("erfc", "1 - erf(x).")
floor = _unary("floor", "The largest integer not above x.")
imag = _unary("imag", "Imaginary part.")
is_finite = _unary("is_finite", "Whether x is neither infinite nor NaN.")
lgamma = _unary("lgamma", "log |Gamma(x)|.")
neg = _unary("neg", "-x.")
population_count = _unary("population_count", "The number of one bits.")
real = _unary("real", "Real part.")
sign = _unary("sign", "-1, 0 or 1; for complex numbers x / |x|.")
sinh = _unary("sinh", "Hyperbolic sine.")
square = _unary("square", "x x.")
cbrt = _accurate("cbrt", "Cube root.")
cos = _accurate("cos", "Cosine.")
exp = _accurate("exp", "e to the x.")
exp2 = _accurate("exp2", "2 to the x.")
expm1 = _accurate("expm1", "exp(x) - 1, accurate near 0.")
log = _accurate("log", "Natural logarithm.")
log1p = _accurate("log1p", "log(1 + x), accurate near 0.")
logistic = _accurate("logistic", "1 / (1 + exp(-x)).")
rsqrt = _accurate("rsqrt", "1 / sqrt(x).")
sin = _accurate("sin", "Sine.")
sqrt = _accurate("sqrt", "Square root.")
tan = _accurate("tan", "Tangent.")
tanh = _accurate("tanh", "Hyperbolic tangent.")
add = _binary("add", "x + y.")
atan2 = _binary("atan2", "The angle of the point (y, x).")
bitwise_and = _binary("bitwise_and", "Bits in both.")
bitwise_or = _binary("bitwise_or", "Bits in either.")
bitwise_xor = _binary("bitwise_xor", "Bits in one of the two.")
complex = _binary("complex", "x + i y of two real arrays.")
div = _binary("div", "x / y; integers are truncated.")
eq = _binary("eq", "Whether x = y.")
ge = _binary("ge", "Whether x >= y.")
gt = _binary("gt", "Whether x > y.")
le = _binary("le", "Whether x <= y.")
lt = _binary("lt", "Whether x < y.")
max = _binary("max", "The larger; NaN if either is.")
min = _binary("min", "The smaller; NaN if either is.")
ne = _binary("ne", "Whether x differs from y.")
rem = _binary("rem", "The remainder of x / y, with the sign of x.")
shift_left = _binary("shift_left", "x with its bits moved up by y.")
shift_right_arithmetic = _binary("shift_right_arithmetic", "x moved down by y, the sign kept.")
shift_right_logical = _binary("shift_right_logical", "x moved down by y, filled with zeros.")
sub = _binary("sub", "x - y.")


def mul(x: Any, y: Any, *, out_dtype: Any = None) -> Any:
    """x y, computed in `out_dtype` where that is given: x and y may then differ in dtype.

    >>> import pullback as pb
    >>> int(pb.lax.mul(pb.numpy.int8(100), pb.numpy.int8(2), out_dtype="int16"))
    200
    """
    x, y = alike("mul", x, y)
    if out_dtype is not None:
        for operand in (x, y):
            checked("mul", registry["mul"], [operand, operand])
        wide = dtypes.canonicalize_dtype(out_dtype)
        x, y = (ew.convert_element_type(a, wide) for a in (x, y))
    checked("mul", registry["mul"], [x, y])
    return ew.mul(x, y)


def nextafter(x1: Any, x2: Any) -> Any:
    """The next float after x1 towards x2.

    >>> pb.lax.nextafter(pnp.float32(1), pnp.float32(2))
    Array(1.0000001, dtype=float32)
    """
    x1, x2 = alike("nextafter", x1, x2)
    checked("nextafter", registry["nextafter"], [x1, x2])
    return ew.nextafter(x1, x2)


def round(x: Any, rounding_method: RoundingMethod = RoundingMethod.AWAY_FROM_ZERO) -> Any:
    """The nearest integer; halves away from zero, or to the even one.

    >>> import pullback as pb
    >>> float(pb.lax.round(2.5)), float(pb.lax.round(2.5, pb.lax.RoundingMethod.TO_NEAREST_EVEN))
    (3.0, 2.0)
    """
    (x,) = operands("round", x)
    method = RoundingMethod(rounding_method)
    checked("round", registry["round"], [x], rounding_method=method)
    return ew.round(x, method)


def conj(x: Any) -> Any:
    """Complex conjugate, complex also where x is real.

    >>> pb.lax.conj(pnp.array([1 + 2j]))
    Array([1.-2.j], dtype=complex64)
    """
    (x,) = operands("conj", x)
    checked("conj", registry["conj"], [x], input_dtype=x.dtype)
    return ew.conj(x)


def integer_pow(x: Any, y: int) -> Any:
    """x to a Python integer y.

    >>> pb.lax.integer_pow(pnp.array([2.0, 3.0]), -1)
    Array([0.5       , 0.33333334], dtype=float32)
    """
    (x,) = operands("integer_pow", x)
    checked("integer_pow", registry["integer_pow"], [x], y=y)
    return ew.integer_pow(x, y)


def reciprocal(x: Any) -> Any:
    """1 / x.

    >>> pb.lax.reciprocal(pnp.array([4.0, 8.0]))
    Array([0.25 , 0.125], dtype=float32)
    """
    return integer_pow(x, -1)


def pow(x: Any, y: Any) -> Any:
    """x to the y; integer exponents need not have x's dtype.

    >>> import pullback as pb
    >>> float(pb.lax.pow(2.0, 3))
    8.0
    """
    if isinstance(y, int) and not isinstance(y, bool):
        return integer_pow(x, y)
    x, y = alike("pow", x, y)
    checked("pow", registry["pow"], [x, y])
    return ew.pow(x, y)


def clamp(min: Any, x: Any, max: Any) -> Any:
    """min where x is below it, max where x is above it, else x.

    Args:
      min, max: scalars, or arrays of x's shape, of its dtype.
      x: array.

    >>> import pullback as pb
    >>> pb.lax.clamp(0, pb.numpy.array([-1, 5, 2]), 3)
    Array([0, 3, 2], dtype=int32)
    """
    min, x, max = operands("clamp", min, x, max)
    checked("clamp", registry["clamp"], [min, x, max])
    return ew.clamp(min, x, max)


def select_n(which: Any, *cases: Any) -> Any:
    """Elements of `cases[which]`; `which` is boolean for two cases, or int32.

    Args:
      which: scalar, or array of the cases' shape.
      cases: arrays of one shape and dtype.

    >>> a, b, c = pnp.array([1, 2]), pnp.array([3, 4]), pnp.array([5, 6])
    >>> pb.lax.select_n(pnp.array([2, 0]), a, b, c)
    Array([5, 2], dtype=int32)
    """
    if not cases:
        raise ValueError("select_n: give at least one case")
    (which,) = operands("select_n", which)
    chosen = operands("select_n", *cases)
    checked("select_n", registry["select_n"], [which, *chosen])
    return ew.select_n(which, *chosen)


def select(pred: Any, on_true: Any, on_false: Any) -> Any:
    """Elements of `on_true` where the boolean `pred` holds, else of `on_false`.

    >>> pb.lax.select(pnp.array([True, False]), pnp.array([1, 2]), pnp.array([3, 4]))
    Array([1, 4], dtype=int32)
    """
    return select_n(pred, on_false, on_true)


def convert_element_type(operand: Any, new_dtype: Any) -> Any:
    """The array in another dtype: floats are truncated and saturated to integers.

    >>> import pullback as pb
    >>> pb.lax.convert_element_type(pb.numpy.array([1.7, -1.7]), "int8")
    Array([ 1, -1], dtype=int8)
    """
    (x,) = operands("convert_element_type", operand)
    return ew.convert_element_type(x, dtypes.canonicalize_dtype(new_dtype), False)


def bitcast_convert_type(operand: Any, new_dtype: Any) -> Any:
    """The same bits as another dtype; of another width they make, or use up, a last axis.

    >>> pb.lax.bitcast_convert_type(pnp.array([1.0]), "int32")
    Array([1065353216], dtype=int32)
    """
    (x,) = operands("bitcast_convert_type", operand)
    return bitcast(x, dtypes.canonicalize_dtype(new_dtype))


def reduce_precision(operand: Any, exponent_bits: int, mantissa_bits: int) -> Any:
    """The values rounded to a float format of these widths; the dtype stays.

    >>> pb.lax.reduce_precision(pnp.array([1.1]), exponent_bits=8, mantissa_bits=7)
    Array([1.1015625], dtype=float32)
    """
    (x,) = operands("reduce_precision", operand)
    if exponent_bits < 1 or mantissa_bits < 0:
        raise ValueError(
            "reduce_precision: at least one bit of the exponent and none of the mantissa, got"
            f" {exponent_bits} and {mantissa_bits}"
        )
    bits = {"exponent_bits": exponent_bits, "mantissa_bits": mantissa_bits}
    checked("reduce_precision", registry["reduce_precision"], [x], **bits)
    return ew.reduce_precision(x, **bits)
