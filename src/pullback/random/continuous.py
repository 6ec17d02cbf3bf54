"""Real random numbers, each from uniform ones by a formula."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..core.aval import Shape
from ..dtypes import DType
from ..numpy.divided import divides
from ..primitives import elementwise as ew
from ..primitives import random as prng
from ..primitives.rules import scalar
from ..primitives.uniform import normal_of
from .drawn import Draw, drawn
from .keys import one_key
from .parameters import float_dtype, inexact_dtype, shape_of
from .uniform import draw_uniform


def _standard(name: str, doc: str, draw: Draw) -> Callable[..., Any]:
    """A distribution without parameters: a function of (key, shape, dtype)."""

    draw = drawn(draw)

    @divides
    def sample(key: Any, shape: Any = (), dtype: Any = None, *, out_sharding: Any = None) -> Any:
        found = float_dtype(name, dtype)
        return draw(one_key(name, key), shape_of(name, shape), found)

    sample.__name__ = sample.__qualname__ = name
    sample.__doc__ = f"""{doc}

    Args:
      key: a random key.
      shape: the result's shape.
      dtype: a float dtype; the default one if None.

    >>> pb.random.{name}(pb.random.key(0), (2, 3)).shape
    (2, 3)
    """
    return sample


@drawn
def draw_normal(key: Any, shape: Shape, dtype: DType) -> Any:
    """Standard normal numbers of a typed key."""
    return normal_of(draw_uniform(key, shape, dtype))


def _draw_cauchy(key: Any, shape: Shape, dtype: DType) -> Any:
    u = draw_uniform(key, shape, dtype, float(dtypes.info(dtype).eps), 1.0)
    return ew.tan(ew.mul(scalar(math.pi, dtype), ew.sub(u, 0.5)))


def draw_exponential(key: Any, shape: Shape, dtype: DType) -> Any:
    """-log(1 - u) of u uniform in [0, 1)."""
    return ew.neg(ew.log1p(ew.neg(draw_uniform(key, shape, dtype))))


def _draw_laplace(key: Any, shape: Shape, dtype: DType) -> Any:
    low = -1.0 + float(dtypes.info(dtype).epsneg)
    u = draw_uniform(key, shape, dtype, low, 1.0)
    return ew.mul(ew.sign(u), ew.log1p(ew.neg(ew.abs(u))))


def _draw_logistic(key: Any, shape: Shape, dtype: DType) -> Any:
    u = draw_uniform(key, shape, dtype, float(dtypes.info(dtype).tiny), 1.0)
    return ew.sub(ew.log(u), ew.log1p(ew.neg(u)))


cauchy = _standard("cauchy", "Cauchy-distributed numbers.", _draw_cauchy)
exponential = _standard("exponential", "Numbers of density exp(-x), x >= 0.", draw_exponential)
laplace = _standard("laplace", "Numbers of density exp(-|x|) / 2.", _draw_laplace)
logistic = _standard("logistic", "Numbers of density exp(-x) / (1 + exp(-x))**2.", _draw_logistic)


@divides
def normal(key: Any, shape: Any = (), dtype: Any = None, *, out_sharding: Any = None) -> Any:
    """Standard normal numbers.

    Args:
      key: a random key.
      shape: the result's shape.
      dtype: a float or complex dtype; the default float if None. Complex numbers have variance 1.

    >>> from pullback import random
    >>> random.normal(random.key(0), (2,))
    Array([1.622642 , 2.0252647], dtype=float32)
    """
    typed, found = one_key("normal", key), inexact_dtype("normal", dtype)
    return draw_any_normal(typed, shape_of("normal", shape), found)


def draw_any_normal(key: Any, shape: Shape, dtype: DType) -> Any:
    """Standard normal numbers, real or complex."""
    if dtypes.kind(dtype) == "float":
        return draw_normal(key, shape, dtype)
    part = np.dtype(f"float{dtype.itemsize * 4}")
    re, im = (draw_normal(k, shape, part) for k in prng.random_split(key, (2,)))
    return ew.complex(re, im) / scalar(math.sqrt(2), dtype)
