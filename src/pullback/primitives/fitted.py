"""Functions that are polynomials of a variable in [-1, 1] to the last places of a precision."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from .. import dtypes
from .arithmetic import add, div, mul
from .shape import full_like


class Fit(NamedTuple):
    """Coefficients for float32 and for float64, lowest power first, and the variable: shift + scale
    x, or shift + scale / (x + pole), which maps intervals up to infinity."""

    single: Sequence[float]
    double: Sequence[float]
    shift: float
    scale: float
    pole: float | None = None


class Sum(NamedTuple):
    """Coefficients of polynomials, for float32 and for float64, that a sum over k weighs by y^k."""

    single: Sequence[Sequence[float]]
    double: Sequence[Sequence[float]]


def polynomial(coefficients: Sequence[float], x: Any) -> Any:
    """sum over k of c_k x^k, by Horner's rule."""
    out = full_like(x, coefficients[-1])
    for c in reversed(coefficients[:-1]):
        out = add(mul(out, x), c)
    return out


def fitted(fit: Fit, x: Any) -> Any:
    """The function at numbers of its interval, of float32 or float64; elsewhere any numbers."""
    coefficients = fit.single if x.dtype == dtypes.float32 else fit.double
    scaled = mul(x, fit.scale) if fit.pole is None else div(fit.scale, add(x, fit.pole))
    return polynomial(coefficients, add(scaled, fit.shift))
