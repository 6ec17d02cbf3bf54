"""Trigonometric and hyperbolic functions and their inverses."""

from typing import Any

import numpy as np

from .arithmetic import add, div, mul, neg, sub
from .nary import binary, unary
from .power import rsqrt, square, without_zero
from .rules import INEXACT


def _atan2(x: np.ndarray, y: np.ndarray) -> Any:
    if x.dtype.kind != "c":
        return np.arctan2(x, y)
    i = x.dtype.type(1j)
    return -i * np.log((y + i * x) / np.sqrt(x * x + y * y))


sin_p, sin = unary("sin", np.sin, INEXACT, lambda t, y, x: mul(t, cos(x)))
cos_p, cos = unary("cos", np.cos, INEXACT, lambda t, y, x: mul(t, neg(sin(x))))
tan_p, tan = unary("tan", np.tan, INEXACT, lambda t, y, x: mul(t, add(square(y), 1)))
asin_p, asin = unary("asin", np.arcsin, INEXACT, lambda t, y, x: mul(t, rsqrt(sub(1, square(x)))))
acos_p, acos = unary(
    "acos", np.arccos, INEXACT, lambda t, y, x: mul(t, neg(rsqrt(sub(1, square(x)))))
)
atan_p, atan = unary("atan", np.arctan, INEXACT, lambda t, y, x: div(t, add(square(x), 1)))
sinh_p, sinh = unary("sinh", np.sinh, INEXACT, lambda t, y, x: mul(t, cosh(x)))
cosh_p, cosh = unary("cosh", np.cosh, INEXACT, lambda t, y, x: mul(t, sinh(x)))
# 1 - y^2 in the form that is exact where y is near 1.
tanh_p, tanh = unary("tanh", np.tanh, INEXACT, lambda t, y, x: mul(t, mul(add(y, 1), sub(1, y))))
asinh_p, asinh = unary(
    "asinh", np.arcsinh, INEXACT, lambda t, y, x: mul(t, rsqrt(add(square(x), 1)))
)
acosh_p, acosh = unary(
    "acosh", np.arccosh, INEXACT, lambda t, y, x: mul(t, rsqrt(sub(square(x), 1)))
)
atanh_p, atanh = unary(
    "atanh", np.arctanh, INEXACT, lambda t, y, x: div(t, mul(add(x, 1), sub(1, x)))
)


def _along(t: Any, x: Any, y: Any, numerator: Any) -> Any:
    size = add(square(x), square(y))
    # No direction at the origin: 0 is the mean of the derivatives around it.
    return mul(t, div(numerator, without_zero(size)))


# atan2 -- the angle of the point (y, x): its first argument is the ordinate
atan2_p, atan2 = binary(
    "atan2",
    _atan2,
    INEXACT,
    lambda t, out, x, y: _along(t, x, y, y),
    lambda t, out, x, y: _along(t, x, y, neg(x)),
)
