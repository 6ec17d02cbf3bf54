"""Functions of one array, element by element: each row is a name, an operation and a sentence."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import _native, dtypes
from .._native import ArrayImpl
from ..primitives import elementwise as ew
from ..primitives import shape as sh
from ..primitives.nary import MANY
from .shown import SHOWN
from .values import as_array, convert, describe, expand, inexact_dtype, no_out, numeric_dtype
from .worth import compiled_at_once, compiled_when_repeated, compiled_where_worth

Function = Callable[..., Any]
# What the docstrings of functions of this table go on with.
KEPT = """

Args:
  x: array; the result has its shape.
"""
FLOATED = """

Args:
  x: array; integers and bools become floats first.

Returns:
  Array of the shape of x and of its floating dtype.
"""
FLOATS = frozenset((*dtypes.FLOATS, *dtypes.COMPLEX))


def named(f: Function, name: str, doc: str) -> Function:
    """A function of this module's table, under its public name."""
    f.__name__ = f.__qualname__ = name
    f.__module__ = "pullback.numpy"
    f.__doc__ = doc + SHOWN[name]
    return f


def as_inexact(name: str, x: Any) -> Any:
    """An array of a floating dtype."""
    x = as_array(name, x)
    return x if dtypes.is_float(x.dtype) else convert(x, inexact_dtype(x.dtype), x.weak_type)


def strong(x: Any) -> Any:
    """The array with a dtype that does not yield."""
    return convert(x, x.dtype)


def pick(which: Any, on_true: Any, on_false: Any) -> Any:
    """Elements of one or the other array by a mask of their shape."""
    return ew.select_n(which, on_false, on_true)


def kept(name: str, op: Function, doc: str) -> Function:
    """A function that computes in the operand's own dtype."""

    def f(x: Any, /) -> Any:
        return op(x if type(x) is ArrayImpl else as_array(name, x))

    return named(f, name, doc + KEPT)


def floated(name: str, op: Function, doc: str, ufunc: Any = None, weak: bool = True) -> Function:
    """A function that turns integers and bools into floats first."""
    eager = _native.unary

    def general(x: Any, /) -> Any:
        x = as_inexact(name, x)
        out = op(x)
        return convert(out, out.dtype, True) if weak and x.weak_type else out

    def fast(x: Any, /) -> Any:
        if type(x) is ArrayImpl and x.dtype.num in NATIVE and x.size < MANY:
            out = eager(ufunc, x)
            if out is not NotImplemented:
                return out
        return op(as_inexact(name, x))

    return named(general if ufunc is None else fast, name, doc + FLOATED)


# The dtypes whose NumPy functions are taken without going through the primitive.
NATIVE = frozenset((dtypes.float32.num, dtypes.float64.num))


def round_even(x: Any) -> Any:
    """Nearest integer, halves to the even one; complex numbers part by part."""
    if dtypes.kind(x.dtype) == "complex":
        return ew.complex(round_even(ew.real(x)), round_even(ew.imag(x)))
    return ew.round(x, ew.RoundingMethod.TO_NEAREST_EVEN)


def _log_base(base: int) -> Function:
    scale = np.log(base)

    def log_base(x: Any) -> Any:
        y = ew.log(x)
        if dtypes.kind(x.dtype) != "complex":
            return strong(ew.div(y, x.dtype.type(scale)))
        # Part by part: a complex quotient of an infinite number is NaN.
        return strong(ew.complex(ew.div(ew.real(y), scale), ew.div(ew.imag(y), scale)))

    return log_base


# Taylor's series of sin(a) / a in a², to where it is exact below 1/2.
_SINC_SERIES = tuple((-1) ** k / math.factorial(2 * k + 1) for k in range(9))


@compiled_at_once()
def _sinc(x: Any) -> Any:
    angle = ew.mul(x, np.pi)
    # Near 0 the series has the derivatives that the quotient lacks.
    near = ew.lt(ew.abs(angle), 0.5)
    one = sh.full_like(x, 1)
    small, far = pick(near, angle, sh.full_like(x, 0)), pick(near, one, angle)
    squared, series = ew.mul(small, small), sh.full_like(x, _SINC_SERIES[-1])
    for coefficient in _SINC_SERIES[-2::-1]:
        series = ew.add(ew.mul(series, squared), coefficient)
    return pick(near, series, ew.div(ew.sin(far), far))


@compiled_where_worth(exact=True)
def _spacing(x: Any) -> Any:
    if dtypes.kind(x.dtype) == "complex":
        raise ValueError(f"spacing: complex numbers have no order, got {describe(x)}")
    away = pick(ew.lt(x, 0), sh.full_like(x, -np.inf), sh.full_like(x, np.inf))
    return strong(ew.sub(ew.nextafter(x, away), x))


def _reciprocal(x: Any) -> Any:
    return ew.div(1, x)


def _degrees(x: Any) -> Any:
    return ew.mul(x, 180 / np.pi)


def _radians(x: Any) -> Any:
    return ew.mul(x, np.pi / 180)


arccos = acos = floated("arccos", ew.acos, "Inverse cosine.", np.arccos)
arccosh = acosh = floated("arccosh", ew.acosh, "Inverse hyperbolic cosine.", np.arccosh)
arcsin = asin = floated("arcsin", ew.asin, "Inverse sine.", np.arcsin)
arcsinh = asinh = floated("arcsinh", ew.asinh, "Inverse hyperbolic sine.", np.arcsinh)
arctan = atan = floated("arctan", ew.atan, "Inverse tangent.", np.arctan)
arctanh = atanh = floated("arctanh", ew.atanh, "Inverse hyperbolic tangent.", np.arctanh)
cbrt = floated("cbrt", ew.cbrt, "Cube root.", np.cbrt)
cos = floated("cos", ew.cos, "Cosine.", np.cos)
cosh = floated("cosh", ew.cosh, "Hyperbolic cosine.", np.cosh)
exp = floated("exp", ew.exp, "Exponential.", np.exp)
exp2 = floated("exp2", ew.exp2, "2 to the power x.", np.exp2)
expm1 = floated("expm1", ew.expm1, "exp(x) - 1, exact for small x.", np.expm1)
log = floated("log", ew.log, "Natural logarithm.", np.log)
log1p = floated("log1p", ew.log1p, "log(1 + x), exact for small x.", np.log1p)
log2 = floated("log2", _log_base(2), "Logarithm to base 2.", weak=False)
log10 = floated("log10", _log_base(10), "Logarithm to base 10.", weak=False)
sin = floated("sin", ew.sin, "Sine.", np.sin)
sinh = floated("sinh", ew.sinh, "Hyperbolic sine.", np.sinh)
sqrt = floated("sqrt", ew.sqrt, "Square root, NaN for negative numbers.", np.sqrt)
tan = floated("tan", ew.tan, "Tangent.", np.tan)
tanh = floated("tanh", ew.tanh, "Hyperbolic tangent.", np.tanh)
deg2rad = floated("deg2rad", _radians, "Degrees to radians.")
rad2deg = floated("rad2deg", _degrees, "Radians to degrees.")
radians = floated("radians", _radians, "Degrees to radians.")
degrees = floated("degrees", _degrees, "Radians to degrees.")
reciprocal = floated("reciprocal", _reciprocal, "1 / x.")
sinc = floated("sinc", _sinc, "sin(pi x) / (pi x), 1 at 0.")
spacing = floated("spacing", _spacing, "The distance to the next number away from 0.", weak=False)


def _real_only(name: str, op: Function, instead: str) -> Function:
    def f(x: Any) -> Any:
        if dtypes.kind(x.dtype) == "complex":
            raise TypeError(f"{name} does not accept complex numbers, got {describe(x)}: {instead}")
        return op(x)

    return f


_FABS = _real_only("fabs", ew.abs, "write abs(x)")
fabs = floated("fabs", _FABS, "Absolute value as a float.", np.fabs)


def rint(x: Any, /) -> Any:
    """Nearest integer, halves to the even one.

    >>> pnp.rint(pnp.array([0.5, 1.5, 2.4]))
    Array([0., 2., 2.], dtype=float32)
    """
    x = as_array("rint", x)
    return round_even(x if dtypes.is_float(x.dtype) else convert(x, dtypes.default_dtype(float)))


# Functions that keep the dtype.


def _no_bools(name: str, op: Function, instead: str) -> Function:
    def f(x: Any) -> Any:
        if x.dtype == dtypes.bool_:
            raise TypeError(
                f"{name} does not accept dtype bool, got bool{list(x.shape)}: {instead}"
            )
        return op(x)

    return f


def _unless_whole(op: Function) -> Function:
    def f(x: Any) -> Any:
        return op(x) if dtypes.is_float(x.dtype) else x

    return f


def _abs(x: Any) -> Any:
    return x if dtypes.kind(x.dtype) in ("bool", "unsigned") else ew.abs(x)


def _sign(x: Any) -> Any:
    if dtypes.kind(x.dtype) != "complex":
        return ew.sign(x)
    size = ew.convert_element_type(ew.abs(x), x.dtype)
    at_zero = ew.eq(size, 0)
    unit = ew.div(x, pick(at_zero, sh.full_like(x, 1), size))
    return convert(pick(at_zero, sh.full_like(x, 0), unit), x.dtype, x.weak_type)


def _square(x: Any) -> Any:
    return ew.square(convert(x, numeric_dtype(x.dtype), x.weak_type))


@compiled_when_repeated("name")
def _integer_part(name: str, x: Any) -> Any:
    return _unless_whole(_trunc)(x if type(x) is ArrayImpl else as_array(name, x))


def _trunc(x: Any) -> Any:
    return pick(ew.lt(x, 0), ew.ceil(x), ew.floor(x))


def _conj(x: Any) -> Any:
    return ew.conj(x) if dtypes.kind(x.dtype) == "complex" else x


def _real(x: Any) -> Any:
    return ew.real(x) if dtypes.kind(x.dtype) == "complex" else x


def _imag(x: Any) -> Any:
    return (
        ew.imag(x)
        if dtypes.kind(x.dtype) == "complex"
        else convert(sh.full_like(x, 0), x.dtype, x.weak_type)
    )


def _not(x: Any) -> Any:
    return ew.bitwise_not(truth(x))


def truth(x: Any) -> Any:
    """Whether each element differs from zero."""
    return x if x.dtype == dtypes.bool_ else ew.ne(x, 0)


def _never(x: Any) -> Any:
    return ew.ne(x, x)


def _isfinite(x: Any) -> Any:
    if dtypes.kind(x.dtype) == "complex":
        return ew.bitwise_and(_isfinite(ew.real(x)), _isfinite(ew.imag(x)))
    return ew.is_finite(x) if dtypes.is_float(x.dtype) else strong(ew.eq(x, x))


def _isinf(x: Any) -> Any:
    if dtypes.kind(x.dtype) == "complex":
        return ew.bitwise_or(_isinf(ew.real(x)), _isinf(ew.imag(x)))
    return strong(ew.eq(ew.abs(x), np.inf) if dtypes.is_float(x.dtype) else ew.ne(x, x))


def _is_this_infinity(name: str, sign: float) -> Function:
    def f(x: Any) -> Any:
        if dtypes.kind(x.dtype) == "complex":
            raise ValueError(f"{name}: complex numbers have no sign")
        return strong(ew.eq(x, sign * np.inf) if dtypes.is_float(x.dtype) else ew.ne(x, x))

    return f


def _signbit(x: Any) -> Any:
    if dtypes.kind(x.dtype) == "complex":
        raise ValueError(f"signbit: complex numbers have no sign, got {describe(x)}")
    if not dtypes.is_float(x.dtype):
        return strong(ew.lt(x, 0) if dtypes.kind(x.dtype) == "signed" else ew.ne(x, x))
    bits = np.dtype(f"int{8 * x.dtype.itemsize}")
    return ew.lt(ew.bitcast_convert_type(x, bits), 0)


@compiled_when_repeated()
def _bitwise_count(x: Any) -> Any:
    if dtypes.is_float(x.dtype):
        raise TypeError(f"bitwise_count wants integers or bools, got {describe(x)}")
    x = convert(x, np.dtype(np.uint8)) if x.dtype == dtypes.bool_ else x
    return convert(ew.population_count(_abs(x)), np.dtype(np.uint8))


_NEGATE = _no_bools("negative", ew.neg, "write ~x or logical_not(x)")
_SIGN = _no_bools("sign", _sign, "convert it first with x.astype(int)")

abs = absolute = kept("absolute", _abs, "Absolute value.")
negative = kept("negative", _NEGATE, "-x.")
positive = kept("positive", lambda x: x, "x itself.")
sign = kept("sign", _SIGN, "-1, 0 or 1; x / |x| for complex numbers.")
square = kept("square", _square, "x * x.")
ceil = kept("ceil", _unless_whole(ew.ceil), "The least integer not below x.")
floor = kept("floor", _unless_whole(ew.floor), "The greatest integer not above x.")
conjugate = conj = kept("conjugate", _conj, "Complex conjugate.")
real = kept("real", _real, "Real part.")
imag = kept("imag", _imag, "Imaginary part.")
logical_not = kept("logical_not", _not, "Whether each element is zero.")
bitwise_not = invert = bitwise_invert = kept("bitwise_not", ew.bitwise_not, "Each bit inverted.")
bitwise_count = kept("bitwise_count", _bitwise_count, "The number of ones in |x|.")
isnan = kept("isnan", _never, "Whether each element is no number.")
isfinite = kept("isfinite", _isfinite, "Whether each element is neither infinite nor NaN.")
isinf = kept("isinf", _isinf, "Whether each element is infinite.")
signbit = kept("signbit", _signbit, "Whether the sign is negative, -0.0 included.")


def trunc(x: Any) -> Any:
    """The integer part of x, in its own dtype.

    >>> pnp.trunc(pnp.array([1.7, -1.7]))
    Array([ 1., -1.], dtype=float32)
    """
    return _integer_part("trunc", x)


def fix(x: Any, out: None = None) -> Any:
    """The integer part of x: `trunc`.

    >>> pnp.fix(pnp.array([1.7, -1.7]))
    Array([ 1., -1.], dtype=float32)
    """
    no_out("fix", out)
    return _integer_part("fix", x)


def isposinf(x: Any, /, out: None = None) -> Any:
    """Whether each element is positive infinity.

    >>> pnp.isposinf(pnp.array([-np.inf, np.inf, 0.0]))
    Array([False,  True, False], dtype=bool)
    """
    no_out("isposinf", out)
    return _is_this_infinity("isposinf", 1.0)(as_array("isposinf", x))


def isneginf(x: Any, /, out: None = None) -> Any:
    """Whether each element is negative infinity.

    >>> pnp.isneginf(pnp.array([-np.inf, np.inf, 0.0]))
    Array([ True, False, False], dtype=bool)
    """
    no_out("isneginf", out)
    return _is_this_infinity("isneginf", -1.0)(as_array("isneginf", x))


@compiled_when_repeated("decimals", "out")
def round(a: Any, decimals: int = 0, out: None = None) -> Any:
    """Numbers rounded to so many decimals, halves to the even digit.

    >>> pnp.round(pnp.array([1.25, -2.678]), 1)
    Array([ 1.2, -2.7], dtype=float32)
    """
    no_out("round", out)
    x = as_array("round", a)
    if x.dtype == dtypes.bool_:
        raise ValueError("round: there is no rounding of bools")
    if dtypes.is_integer(x.dtype):
        if decimals < 0:
            raise NotImplementedError("round: integers are not rounded to tens: divide them first")
        return x
    if decimals == 0:
        return round_even(x)
    narrow = x.dtype.itemsize <= 2
    wide = convert(x, dtypes.float32, x.weak_type) if narrow else x
    if decimals > dtypes.info(wide.dtype).maxexp * math.log10(2):
        return x  # no number has as many decimals
    factor = wide.dtype.type(10.0**decimals)
    return convert(ew.div(round_even(ew.mul(wide, factor)), factor), x.dtype, x.weak_type)


around = round


def angle(z: Any, deg: bool = False) -> Any:
    """The angle of complex numbers, in radians or degrees.

    >>> pnp.angle(pnp.array([1.0j, -1.0]), deg=True)
    Array([ 90., 180.], dtype=float32)
    """
    x = as_array("angle", z)
    re, im = _real(x), _imag(x)
    if not dtypes.is_float(x.dtype) or (x.ndim == 0 and dtypes.kind(x.dtype) == "float"):
        re, im = (convert(v, dtypes.default_dtype(float)) for v in (re, im))
    out = ew.atan2(im, re)
    return ew.mul(out, 180 / np.pi) if deg else out


@compiled_when_repeated("out")
def modf(x: Any, /, out: None = None) -> tuple[Any, Any]:
    """Fractional and integer parts.

    >>> pnp.modf(pnp.array([1.5, -2.25]))
    (Array([ 0.5 , -0.25], dtype=float32), Array([ 1., -2.], dtype=float32))
    """
    no_out("modf", out)
    x = as_inexact("modf", x)
    whole = pick(ew.ge(x, 0), ew.floor(x), ew.ceil(x))
    return ew.sub(x, whole), whole


@compiled_where_worth("copy", exact=True)
def nan_to_num(
    x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None
) -> Any:
    """NaN and infinities replaced by numbers.

    >>> pnp.nan_to_num(pnp.array([np.nan, np.inf, 1.0]), posinf=9.0)
    Array([0., 9., 1.], dtype=float32)
    """
    x = as_array("nan_to_num", x)
    if not dtypes.is_float(x.dtype):
        return x
    if dtypes.kind(x.dtype) == "complex":
        parts = [nan_to_num(p, copy, nan, posinf, neginf) for p in (ew.real(x), ew.imag(x))]
        return ew.complex(*parts)
    limits = dtypes.info(x.dtype)
    top = limits.max if posinf is None else posinf
    bottom = limits.min if neginf is None else neginf
    values = [convert(as_array("nan_to_num", v), x.dtype) for v in (nan, top, bottom)]
    nan, top, bottom = (expand(v, x.shape) for v in values)
    # One after the other: an infinity in place of NaN is replaced as well.
    x = pick(ew.ne(x, x), nan, x)
    x = pick(ew.eq(x, np.inf), top, x)
    return pick(ew.eq(x, -np.inf), bottom, x)


def iscomplex(x: Any) -> Any:
    """Whether each element has an imaginary part.

    >>> pnp.iscomplex(pnp.array([1.0, 1.0 + 1.0j]))
    Array([False,  True], dtype=bool)
    """
    return ew.ne(imag(x), 0)


def isreal(x: Any) -> Any:
    """Whether each element has no imaginary part.

    >>> pnp.isreal(pnp.array([1 + 2j, 3.0]))
    Array([False,  True], dtype=bool)
    """
    return ew.eq(imag(x), 0)
