"""Real random numbers, each from uniform ones by a formula."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from .. import numpy as pnp
from ..core.aval import Shape
from ..dtypes import DType
from ..numpy.creation import requested_dtype
from ..primitives import elementwise as ew
from ..primitives import random as prng
from ..primitives.rules import scalar
from ..transforms.stop import stop_gradient
from .compiled import Draw, compiled_if_many
from .keys import one_key
from .uniform import draw_uniform, float_dtype, shape_of


def _standard(name: str, doc: str, draw: Draw) -> Callable[..., Any]:
    """A distribution without parameters: a function of (key, shape, dtype)."""

    draw = compiled_if_many(draw)

    def sample(key: Any, shape: Any = (), dtype: Any = None, *, out_sharding: None = None) -> Any:
        found = float_dtype(name, dtype)
        return draw(one_key(name, key), shape_of(name, shape), found)

    sample.__name__ = sample.__qualname__ = name
    sample.__doc__ = f"""{doc}

    Args:
      key: a random key.
      shape: the result's shape.
      dtype: a float dtype; the default one if None.
    """
    return sample


@compiled_if_many
def draw_normal(key: Any, shape: Shape, dtype: DType) -> Any:
    """sqrt(2) erfinv(u) of u uniform in (-1, 1)."""
    low = float(np.nextafter(np.array(-1, dtype), np.array(0, dtype)))
    u = draw_uniform(key, shape, dtype, low, 1.0)
    return ew.mul(scalar(math.sqrt(2), dtype), ew.erf_inv(u))


def _draw_cauchy(key: Any, shape: Shape, dtype: DType) -> Any:
    u = draw_uniform(key, shape, dtype, float(dtypes.info(dtype).eps), 1.0)
    return ew.tan(ew.mul(scalar(math.pi, dtype), ew.sub(u, 0.5)))


def _draw_exponential(key: Any, shape: Shape, dtype: DType) -> Any:
    return ew.neg(ew.log1p(ew.neg(draw_uniform(key, shape, dtype))))


def _draw_laplace(key: Any, shape: Shape, dtype: DType) -> Any:
    low = -1.0 + float(dtypes.info(dtype).epsneg)
    u = draw_uniform(key, shape, dtype, low, 1.0)
    return ew.mul(ew.sign(u), ew.log1p(ew.neg(ew.abs(u))))


def _draw_logistic(key: Any, shape: Shape, dtype: DType) -> Any:
    u = draw_uniform(key, shape, dtype, float(dtypes.info(dtype).tiny), 1.0)
    return ew.sub(ew.log(u), ew.log1p(ew.neg(u)))


cauchy = _standard("cauchy", "Cauchy-distributed numbers.", _draw_cauchy)
exponential = _standard("exponential", "Numbers of density exp(-x), x >= 0.", _draw_exponential)
laplace = _standard("laplace", "Numbers of density exp(-|x|) / 2.", _draw_laplace)
logistic = _standard("logistic", "Numbers of density exp(-x) / (1 + exp(-x))**2.", _draw_logistic)


def normal(key: Any, shape: Any = (), dtype: Any = None, *, out_sharding: None = None) -> Any:
    """Standard normal numbers.

    Args:
      key: a random key.
      shape: the result's shape.
      dtype: a float or complex dtype; the default float if None. Complex numbers have variance 1.

    >>> from pullback import random
    >>> random.normal(random.key(0), (2,))
    Array([1.6226422, 2.0252647], dtype=float32)
    """
    typed, found = (
        one_key("normal", key),
        requested_dtype("normal", float if dtype is None else dtype),
    )
    if not dtypes.is_float(found):
        raise ValueError(
            f"dtype argument to `normal` must be a float or complex dtype, got {found}"
        )
    shape = shape_of("normal", shape)
    if dtypes.kind(found) == "float":
        return draw_normal(typed, shape, found)
    part = np.dtype(f"float{found.itemsize * 4}")
    re, im = (draw_normal(k, shape, part) for k in prng.random_split(typed, (2,)))
    return ew.complex(re, im) / scalar(math.sqrt(2), found)


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
    lower, upper = (pnp.asarray(b).astype(found) for b in (lower, upper))
    root = scalar(math.sqrt(2), found)
    u = draw_uniform(typed, shape, found, ew.erf(lower / root), ew.erf(upper / root))
    # Rounding may not push the numbers out of the open interval.
    first = ew.nextafter(stop_gradient(lower), scalar(math.inf, found))
    last = ew.nextafter(stop_gradient(upper), scalar(-math.inf, found))
    return pnp.clip(root * ew.erf_inv(u), first, last)


MODES = ("low", "high")


def gumbel(
    key: Any,
    shape: Any = (),
    dtype: Any = None,
    mode: str | None = None,
    *,
    out_sharding: None = None,
) -> Any:
    """Numbers of density exp(-(x + exp(-x))).

    Args:
      key: a random key.
      shape: the result's shape.
      dtype: a float dtype; the default one if None.
      mode: "high" draws twice as many bits, for the far ends of the distribution; "low" if None.
    """
    typed, found = one_key("gumbel", key), float_dtype("gumbel", dtype)
    shape, mode = shape_of("gumbel", shape), "low" if mode is None else mode
    if mode not in MODES:
        raise ValueError(f"gumbel: mode must be one of {MODES}, got {mode!r}")
    tiny = float(dtypes.info(found).tiny)
    if mode == "low":
        return ew.neg(ew.log(ew.neg(ew.log(draw_uniform(typed, shape, found, tiny, 1.0)))))
    high, low = draw_uniform(typed, (2, *shape), found)
    fine = high + low * scalar(2.0 ** -dtypes.info(found).nmant, found) + scalar(tiny, found)
    u = pnp.where(high >= 0.5, high, fine)
    return ew.neg(ew.log(ew.neg(ew.log1p(ew.neg(u)))))


def pareto(
    key: Any, b: Any, shape: Any = None, dtype: Any = None, *, out_sharding: None = None
) -> Any:
    """Numbers of density b / x**(b + 1), x >= 1; b broadcasts to the shape."""
    typed, found = one_key("pareto", key), float_dtype("pareto", dtype)
    e = _draw_exponential(typed, shape_of("pareto", shape, b), found)
    return pnp.exp(e / pnp.asarray(b).astype(found))


def rayleigh(
    key: Any, scale: Any, shape: Any = None, dtype: Any = None, *, out_sharding: None = None
) -> Any:
    """Numbers of density x exp(-x**2 / (2 s**2)) / s**2, x >= 0, of scale s."""
    typed, found = one_key("rayleigh", key), float_dtype("rayleigh", dtype)
    u = draw_uniform(typed, shape_of("rayleigh", shape, scale), found)
    radius = ew.sqrt(ew.mul(ew.log(u), -2.0))
    return pnp.asarray(scale).astype(found) * radius


def lognormal(
    key: Any, sigma: Any = 1.0, shape: Any = None, dtype: Any = None, *, out_sharding: None = None
) -> Any:
    """exp(sigma x) of standard normal x; sigma broadcasts to the shape."""
    typed, found = one_key("lognormal", key), float_dtype("lognormal", dtype)
    x = draw_normal(typed, shape_of("lognormal", shape, sigma), found)
    return pnp.exp(x * pnp.asarray(sigma).astype(found))


def weibull_min(
    key: Any,
    scale: Any,
    concentration: Any,
    shape: Any = (),
    dtype: Any = None,
    *,
    out_sharding: None = None,
) -> Any:
    """Numbers of density (c/s) (x/s)**(c-1) exp(-(x/s)**c), of scale s and concentration c."""
    typed, found = one_key("weibull_min", key), float_dtype("weibull_min", dtype)
    e = _draw_exponential(typed, shape_of("weibull_min", shape), found)
    concentration, scale = (pnp.asarray(v).astype(found) for v in (concentration, scale))
    return pnp.power(e, 1.0 / concentration) * scale


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
    left, mode, right = (pnp.asarray(v).astype(found) for v in (left, mode, right))
    u = draw_uniform(typed, shape, found)
    below = left + pnp.sqrt(u * ((right - left) * (mode - left)))
    above = right - pnp.sqrt((1 - u) * ((right - left) * (right - mode)))
    return pnp.where(u < (mode - left) / (right - left), below, above)
