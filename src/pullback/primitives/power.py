"""Powers and roots."""

from typing import Any

import numpy as np

from .. import dtypes
from ..core.aval import ShapedArray
from ..core.primitive import Primitive, Zero
from .arithmetic import div, mul, sub
from .batching import elementwise_batch
from .bitwise import bitwise_and
from .compare import eq
from .convert import convert_element_type
from .exponential import log
from .nary import binary_function, common_shape, define_binary_jvp, unary
from .quiet import quiet, widened
from .rules import FLOATS, INEXACT, NUMBERS, check_kind, const, show, zero_like
from .select import select
from .shape import spread

VALUES = (int, float, complex, np.generic, np.ndarray)


def _rsqrt(x: np.ndarray) -> Any:
    return 1 / np.sqrt(x)


square_p, square = unary("square", np.square, NUMBERS, lambda t, y, x: mul(t, mul(x, 2)))
sqrt_p, sqrt = unary("sqrt", np.sqrt, INEXACT, lambda t, y, x: mul(t, div(0.5, y)))
rsqrt_p, rsqrt = unary(
    "rsqrt", widened(_rsqrt), INEXACT, lambda t, y, x: mul(t, mul(div(y, x), -0.5))
)
cbrt_p, cbrt = unary(
    "cbrt", np.cbrt, FLOATS, lambda t, y, x: mul(t, mul(integer_pow(y, -2), 1 / 3))
)

# integer_pow -- z = x^y, y a Python integer
integer_pow_p = Primitive("integer_pow")
elementwise_batch(integer_pow_p)


def integer_pow(x: Any, y: int) -> Any:
    """A power with a known integer exponent."""
    return integer_pow_p.bind(x, y=y)


@integer_pow_p.def_type
def _(x: ShapedArray, *, y: int) -> ShapedArray:
    check_kind("integer_pow", NUMBERS, x)
    if y < 0 and dtypes.is_integer(x.dtype):
        raise TypeError(
            f"Integers cannot be raised to negative powers, got integer_pow({show([x])}, {y}):"
            " convert the base with x.astype(float)"
        )
    return x


def _integer_pow(x: np.ndarray, *, y: int) -> Any:
    if y == 0:
        return np.ones_like(x)
    power: Any = None
    left = abs(y)
    while left:
        if left & 1:
            power = x if power is None else power * x
        left >>= 1
        x = x * x if left else x
    return 1 / power if y < 0 else power


integer_pow_p.def_value(widened(_integer_pow))


@integer_pow_p.def_jvp
def _(primals: Any, tangents: Any, *, y: int) -> Any:
    (x,), (t,) = primals, tangents
    out = integer_pow(x, y)
    if type(t) is Zero or y == 0:
        return out, zero_like(out)
    if y == 1:
        return out, t
    return out, mul(t, mul(x if y == 2 else integer_pow(x, y - 1), y))


# pow -- z = x^y; an integer y may go with a float x
pow_p = Primitive("pow")
elementwise_batch(pow_p)
pow = binary_function(pow_p)


@pow_p.def_type
def _(x: ShapedArray, y: ShapedArray) -> ShapedArray:
    check_kind("pow", INEXACT, x)
    check_kind("pow", NUMBERS, y)
    if y.dtype != x.dtype and not dtypes.is_integer(y.dtype):
        raise TypeError(
            f"pow: an exponent that is no integer must have the base's dtype, got {show([x, y])}:"
            " convert one of them with x.astype(dtype)"
        )
    return ShapedArray(common_shape("pow", x, y), x.dtype, x.weak_type and y.weak_type)


def _pow(x: np.ndarray, y: np.ndarray) -> Any:
    return np.power(x, y if y.dtype == x.dtype else y.astype(x.dtype))


pow_p.def_value(quiet(_pow))


def without_zero(x: Any) -> Any:
    """x with 1 in place of 0."""
    return select(eq(x, 0), const(x, 1), x)


def _number(y: Any) -> Any:
    """The number that y holds, or None where y is traced or has axes."""
    return np.asarray(y).item() if isinstance(y, VALUES) and not np.ndim(y) else None


def _pow_along_x(t: Any, out: Any, x: Any, y: Any) -> Any:
    """y x^(y - 1), which is 0 at y = 0 even where x^-1 is infinite."""
    power = _number(y)
    if power is not None:
        return mul(t, mul(pow(x, power - 1), power) if power else 0)
    if dtypes.is_integer(y.dtype):
        slope = mul(convert_element_type(y, x.dtype), pow(x, sub(without_zero(y), 1)))
        return mul(t, slope)
    # Elsewhere along y = 0 the slope has a derivative in y, 1 / x.
    both_zero = bitwise_and(eq(x, 0), eq(y, 0))
    less = select(both_zero, const(x, 0), spread(sub(y, 1), out.shape))
    return mul(t, mul(y, pow(x, less)))


def _pow_along_y(t: Any, out: Any, x: Any, y: Any) -> Any:
    base = const(out, x) if isinstance(x, (int, float, complex)) else x
    return mul(t, mul(log(without_zero(base)), out))


define_binary_jvp(pow_p, _pow_along_x, _pow_along_y)
