"""Real random numbers of distributions with parameters, by formulas."""

import math
from typing import Any

import numpy as np

from .. import numpy as pnp
from ..primitives import elementwise as ew
from ..primitives import random as prng
from ..primitives.rules import scalar
from ..transforms.stop import stop_gradient
from .continuous import draw_any_normal, draw_exponential, draw_normal
from .keys import one_key
from .parameters import float_dtype, inexact_dtype, parameters, safe_parameters, shape_of
from .uniform import draw_uniform

ONE = np.float32(1)


def truncated_normal(
    key: Any,
    lower: Any,
    upper: Any,
    shape: Any = None,
    dtype: Any = None,
    *,
    out_sharding: None = None,
) -> Any:
    """Standard normal numbers given that they lie in (lower, upper).

    Args:
      key: a random key.
      lower, upper: the interval; numbers or arrays that broadcast to the shape.
      shape: the result's shape; that of lower and upper together if None.
      dtype: a float dtype; the default one if None.
    """
    typed, found = one_key("truncated_normal", key), float_dtype("truncated_normal", dtype)
    shape = shape_of("truncated_normal", shape, lower, upper)
    lower, upper = parameters("truncated_normal", found, lower, upper)
    root = scalar(math.sqrt(2), found)
    u = draw_uniform(typed, shape, found, ew.erf(lower / root), ew.erf(upper / root))
    # Rounding may not push the numbers out of the open interval.
    first = ew.nextafter(stop_gradient(lower), scalar(math.inf, found))
    last = ew.nextafter(stop_gradient(upper), scalar(-math.inf, found))
    return pnp.clip(root * ew.erf_inv(u), first, last)


def pareto(
    key: Any, b: Any, shape: Any = None, dtype: Any = None, *, out_sharding: None = None
) -> Any:
    """Numbers of density b / x**(b + 1), x >= 1; b broadcasts to the shape."""
    typed, found = one_key("pareto", key), float_dtype("pareto", dtype)
    (b,) = safe_parameters("pareto", found, b)
    return pnp.exp(draw_exponential(typed, shape_of("pareto", shape, b), found) / b)


def rayleigh(
    key: Any, scale: Any, shape: Any = None, dtype: Any = None, *, out_sharding: None = None
) -> Any:
    """Numbers of density x exp(-x**2 / (2 s**2)) / s**2, x >= 0, of scale s."""
    typed, found = one_key("rayleigh", key), float_dtype("rayleigh", dtype)
    (scale,) = safe_parameters("rayleigh", found, scale)
    u = draw_uniform(typed, shape_of("rayleigh", shape, scale), found)
    return scale * ew.sqrt(ew.mul(ew.log(u), -2.0))


def lognormal(
    key: Any,
    sigma: Any = ONE,
    shape: Any = None,
    dtype: Any = None,
    *,
    out_sharding: None = None,
) -> Any:
    """exp(sigma x) of standard normal x, real or complex; sigma broadcasts to the shape."""
    typed, found = one_key("lognormal", key), inexact_dtype("lognormal", dtype)
    (sigma,) = safe_parameters("lognormal", found, sigma)
    return pnp.exp(draw_any_normal(typed, shape_of("lognormal", shape, sigma), found) * sigma)


def weibull_min(
    key: Any, scale: Any, concentration: Any, shape: Any = (), dtype: Any = None
) -> Any:
    """Numbers of density (c/s) (x/s)**(c-1) exp(-(x/s)**c), of scale s and concentration c."""
    typed, found = one_key("weibull_min", key), float_dtype("weibull_min", dtype)
    e = draw_exponential(typed, shape_of("weibull_min", shape), found)
    return pnp.power(e, 1.0 / pnp.asarray(concentration)) * scale


def triangular(
    key: Any,
    left: Any,
    mode: Any,
    right: Any,
    shape: Any = None,
    dtype: Any = None,
    *,
    out_sharding: None = None,
) -> Any:
    """Numbers whose density is a triangle over [left, right] with its peak at `mode`."""
    typed, found = one_key("triangular", key), float_dtype("triangular", dtype)
    shape = shape_of("triangular", shape, left, mode, right)
    left, mode, right = safe_parameters("triangular", found, left, mode, right)
    u = draw_uniform(typed, shape, found)
    below = left + pnp.sqrt(u * (right - left) * (mode - left))
    above = right - pnp.sqrt((1 - u) * (right - left) * (right - mode))
    return pnp.where(u < (mode - left) / (right - left), below, above)


def wald(
    key: Any, mean: Any, shape: Any = None, dtype: Any = None, *, out_sharding: None = None
) -> Any:
    """Numbers of density exp(-(x - m)**2 / (2 m**2 x)) / sqrt(2 pi x**3), x > 0, of mean m.

    By the transformation of Michael, Schucany and Haas, "Generating random variates using
    transformations with multiple roots", 1976.
    """
    typed, found = one_key("wald", key), float_dtype("wald", dtype)
    shape = shape_of("wald", shape, mean)
    (mean,) = safe_parameters("wald", found, mean)
    of_normal, of_uniform = prng.random_split(typed, (2,))
    y = ew.square(draw_normal(of_normal, shape, found))
    z = draw_uniform(of_uniform, shape, found)
    square = mean * mean
    root = pnp.sqrt(4 * mean * y + square * (y * y))
    x = mean + square * y / 2 - mean / 2 * root
    return pnp.where(z <= mean / (mean + x), x, square / x)
