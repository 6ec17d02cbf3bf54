"""Real random numbers of distributions with parameters, by formulas."""

import math
from typing import Any

import numpy as np

from .. import numpy as pnp
from ..core.aval import Shape
from ..dtypes import DType
from ..numpy.divided import divides
from ..primitives import elementwise as ew
from ..primitives import random as prng
from ..primitives.rules import scalar
from ..transforms.stop import stop_gradient
from .continuous import draw_any_normal, draw_exponential, draw_normal
from .drawn import drawn
from .keys import one_key
from .parameters import float_dtype, inexact_dtype, parameters, safe_parameters, shape_of
from .uniform import draw_uniform

ONE = np.float32(1)


@divides
def truncated_normal(
    key: Any,
    lower: Any,
    upper: Any,
    shape: Any = None,
    dtype: Any = None,
    *,
    out_sharding: Any = None,
) -> Any:
    """Standard normal numbers given that they lie in (lower, upper).

    Args:
      key: a random key.
      lower, upper: the interval; numbers or arrays that broadcast to the shape.
      shape: the result's shape; that of lower and upper together if None.
      dtype: a float dtype; the default one if None.

    >>> x = pb.random.truncated_normal(pb.random.key(0), -1.0, 1.0, (100,))
    >>> pnp.all(pnp.abs(x) < 1)
    Array(True, dtype=bool)
    """
    typed, found = one_key("truncated_normal", key), float_dtype("truncated_normal", dtype)
    shape = shape_of("truncated_normal", shape, lower, upper)
    lower, upper = parameters("truncated_normal", found, lower, upper)
    return _truncated_normal(typed, lower, upper, shape, found)


@drawn
def _truncated_normal(key: Any, lower: Any, upper: Any, shape: Shape, dtype: DType) -> Any:
    root = scalar(math.sqrt(2), dtype)
    u = draw_uniform(key, shape, dtype, ew.erf(lower / root), ew.erf(upper / root))
    # Rounding may not push the numbers out of the open interval.
    first = ew.nextafter(stop_gradient(lower), scalar(math.inf, dtype))
    last = ew.nextafter(stop_gradient(upper), scalar(-math.inf, dtype))
    return pnp.clip(root * ew.erf_inv(u), first, last)


@divides
def pareto(
    key: Any, b: Any, shape: Any = None, dtype: Any = None, *, out_sharding: Any = None
) -> Any:
    """Numbers of density b / x**(b + 1), x >= 1; b broadcasts to the shape.

    >>> pnp.all(pb.random.pareto(pb.random.key(0), 2.0, (4,)) >= 1)
    Array(True, dtype=bool)
    """
    typed, found = one_key("pareto", key), float_dtype("pareto", dtype)
    (b,) = safe_parameters("pareto", found, b)
    return _pareto(typed, b, shape_of("pareto", shape, b), found)


@drawn
def _pareto(key: Any, b: Any, shape: Shape, dtype: DType) -> Any:
    return pnp.exp(draw_exponential(key, shape, dtype) / b)


@divides
def rayleigh(
    key: Any, scale: Any, shape: Any = None, dtype: Any = None, *, out_sharding: Any = None
) -> Any:
    """Numbers of density x exp(-x**2 / (2 s**2)) / s**2, x >= 0, of scale s.

    >>> pb.random.rayleigh(pb.random.key(0), pnp.array([1.0, 10.0])).shape
    (2,)
    """
    typed, found = one_key("rayleigh", key), float_dtype("rayleigh", dtype)
    (scale,) = safe_parameters("rayleigh", found, scale)
    return _rayleigh(typed, scale, shape_of("rayleigh", shape, scale), found)


@drawn
def _rayleigh(key: Any, scale: Any, shape: Shape, dtype: DType) -> Any:
    return scale * ew.sqrt(ew.mul(ew.log(draw_uniform(key, shape, dtype)), -2.0))


@divides
def lognormal(
    key: Any,
    sigma: Any = ONE,
    shape: Any = None,
    dtype: Any = None,
    *,
    out_sharding: Any = None,
) -> Any:
    """exp(sigma x) of standard normal x, real or complex; sigma broadcasts to the shape.

    >>> pnp.all(pb.random.lognormal(pb.random.key(0), 0.5, (4,)) > 0)
    Array(True, dtype=bool)
    """
    typed, found = one_key("lognormal", key), inexact_dtype("lognormal", dtype)
    (sigma,) = safe_parameters("lognormal", found, sigma)
    return _lognormal(typed, sigma, shape_of("lognormal", shape, sigma), found)


@drawn
def _lognormal(key: Any, sigma: Any, shape: Shape, dtype: DType) -> Any:
    return pnp.exp(draw_any_normal(key, shape, dtype) * sigma)


def weibull_min(
    key: Any, scale: Any, concentration: Any, shape: Any = (), dtype: Any = None
) -> Any:
    """Numbers of density (c/s) (x/s)**(c-1) exp(-(x/s)**c), of scale s and concentration c.

    >>> pb.random.weibull_min(pb.random.key(0), 1.0, 2.0, (4,)).shape
    (4,)
    """
    typed, found = one_key("weibull_min", key), float_dtype("weibull_min", dtype)
    e = draw_exponential(typed, shape_of("weibull_min", shape), found)
    return pnp.power(e, 1.0 / pnp.asarray(concentration)) * scale


@divides
def triangular(
    key: Any,
    left: Any,
    mode: Any,
    right: Any,
    shape: Any = None,
    dtype: Any = None,
    *,
    out_sharding: Any = None,
) -> Any:
    """Numbers whose density is a triangle over [left, right] with its peak at `mode`.

    >>> x = pb.random.triangular(pb.random.key(0), 1.0, 2.0, 4.0, (100,))
    >>> pnp.all((x >= 1) & (x <= 4))
    Array(True, dtype=bool)
    """
    typed, found = one_key("triangular", key), float_dtype("triangular", dtype)
    shape = shape_of("triangular", shape, left, mode, right)
    left, mode, right = safe_parameters("triangular", found, left, mode, right)
    return _triangular(typed, left, mode, right, shape, found)


@drawn
def _triangular(key: Any, left: Any, mode: Any, right: Any, shape: Shape, dtype: DType) -> Any:
    u = draw_uniform(key, shape, dtype)
    below = left + pnp.sqrt(u * (right - left) * (mode - left))
    above = right - pnp.sqrt((1 - u) * (right - left) * (right - mode))
    return pnp.where(u < (mode - left) / (right - left), below, above)


@divides
def wald(
    key: Any, mean: Any, shape: Any = None, dtype: Any = None, *, out_sharding: Any = None
) -> Any:
    """Numbers of density exp(-(x - m)**2 / (2 m**2 x)) / sqrt(2 pi x**3), x > 0, of mean m.

    By the transformation of Michael, Schucany and Haas, "Generating random variates using
    transformations with multiple roots", 1976.

    >>> pnp.all(pb.random.wald(pb.random.key(0), 2.0, (4,)) > 0)
    Array(True, dtype=bool)
    """
    typed, found = one_key("wald", key), float_dtype("wald", dtype)
    shape = shape_of("wald", shape, mean)
    (mean,) = safe_parameters("wald", found, mean)
    return _wald(typed, mean, shape, found)


@drawn
def _wald(key: Any, mean: Any, shape: Shape, dtype: DType) -> Any:
    of_normal, of_uniform = prng.random_split(key, (2,))
    y = ew.square(draw_normal(of_normal, shape, dtype))
    z = draw_uniform(of_uniform, shape, dtype)
    square = mean * mean
    root = pnp.sqrt(4 * mean * y + square * (y * y))
    x = mean + square * y / 2 - mean / 2 * root
    return pnp.where(z <= mean / (mean + x), x, square / x)
