"""Distributions of the gamma family: each is made of gamma-distributed numbers.

All are drawn by compiled code. The derivative of a sample in a shape parameter is that of the
number with the same probability below it (Figurnov, Mohamed and Mnih, "Implicit
reparameterization gradients", 2018).
"""

from functools import partial
from typing import Any

from .. import numpy as pnp
from ..control.gamma import random_gamma, random_gamma_p
from ..core.aval import Shape
from ..dtypes import DType
from ..jit import jit
from ..numpy.divided import divides
from ..primitives import random as prng
from ..transforms.stop import stop_gradient
from .continuous import draw_normal
from .keys import one_key
from .parameters import float_dtype, parameters, safe_parameters, shape_of, whole_shape

__all__ = ["beta", "chisquare", "dirichlet", "f", "gamma", "loggamma", "random_gamma_p", "t"]


@divides
def gamma(
    key: Any, a: Any, shape: Any = None, dtype: Any = None, *, out_sharding: Any = None
) -> Any:
    """Numbers of density x**(a - 1) exp(-x) / Gamma(a), x >= 0.

    Args:
      key: a random key.
      a: the shape parameter, a positive number or an array that broadcasts to the shape.
      shape: the result's shape; that of a if None.
      dtype: a float dtype; the default one if None.

    Differentiable in a. For small a, `loggamma` keeps more digits.

    >>> from pullback import random
    >>> random.gamma(random.key(0), 3.0, (2,))
    Array([2.5691018, 2.784202 ], dtype=float32)
    """
    typed, found = one_key("gamma", key), float_dtype("gamma", dtype)
    shape = shape_of("gamma", shape, a)
    (a,) = parameters("gamma", found, a)
    return _gamma(typed, a, shape, False)


@divides
def loggamma(
    key: Any, a: Any, shape: Any = None, dtype: Any = None, *, out_sharding: Any = None
) -> Any:
    """Logarithms of the numbers of `gamma`, exact where those are too small for their dtype.

    >>> pb.random.loggamma(pb.random.key(0), 1e-3, (4,)).dtype
    dtype('float32')
    """
    typed, found = one_key("loggamma", key), float_dtype("loggamma", dtype)
    shape = shape_of("loggamma", shape, a)
    (a,) = parameters("loggamma", found, a)
    return _gamma(typed, a, shape, True)


def _draw(key: Any, a: Any, shape: Shape, log_space: bool) -> Any:
    return random_gamma(key, pnp.broadcast_to(a, shape), log_space)


_gamma = jit(_draw, static_argnums=(2, 3))


@divides
def beta(
    key: Any, a: Any, b: Any, shape: Any = None, dtype: Any = None, *, out_sharding: Any = None
) -> Any:
    """Numbers of density proportional to x**(a - 1) (1 - x)**(b - 1) in [0, 1].

    Args:
      key: a random key.
      a, b: positive numbers or arrays that broadcast to the shape.
      shape: the result's shape; that of a and b together if None.
      dtype: a float dtype; the default one if None.

    >>> pb.random.beta(pb.random.key(0), 2.0, 3.0, (2,)).shape
    (2,)
    """
    typed, found = one_key("beta", key), float_dtype("beta", dtype)
    a, b = safe_parameters("beta", found, a, b)
    return _beta(typed, a, b, shape_of("beta", shape, a, b))


@partial(jit, static_argnums=(3,))
def _beta(key: Any, a: Any, b: Any, shape: Shape) -> Any:
    keys = prng.random_split(key, (2,))
    x, y = _draw(keys[0], a, shape, True), _draw(keys[1], b, shape, True)
    top = pnp.maximum(x, y)
    x, y = pnp.exp(x - top), pnp.exp(y - top)
    return x / (x + y)


@divides
def dirichlet(
    key: Any, alpha: Any, shape: Any = None, dtype: Any = None, *, out_sharding: Any = None
) -> Any:
    """Vectors of positive numbers whose sum is 1; their density goes as prod(x**(alpha - 1)).

    Args:
      key: a random key.
      alpha: array [..., n] of positive numbers.
      shape: how many vectors, a shape to which alpha's leading axes broadcast; those axes if None.
      dtype: a float dtype; the default one if None.

    Returns:
      An array of shape shape + (n,).

    >>> pb.random.dirichlet(pb.random.key(0), pnp.ones(3)).sum().round(4)
    Array(1., dtype=float32)
    """
    typed, found = one_key("dirichlet", key), float_dtype("dirichlet", dtype)
    (alpha,) = parameters("dirichlet", found, alpha)
    if alpha.ndim < 1:
        raise ValueError("dirichlet requires alpha.ndim >= 1, got alpha.ndim == 0")
    batch = alpha.shape[:-1]
    batch = batch if shape is None else whole_shape("dirichlet", shape, batch)
    return _dirichlet(typed, alpha, (*batch, alpha.shape[-1]))


@partial(jit, static_argnums=(2,))
def _dirichlet(key: Any, alpha: Any, shape: Shape) -> Any:
    x = _draw(key, alpha, shape, True)
    x = pnp.exp(x - stop_gradient(pnp.max(x, -1, keepdims=True)))
    return x / pnp.sum(x, -1, keepdims=True)


@divides
def chisquare(
    key: Any, df: Any, shape: Any = None, dtype: Any = None, *, out_sharding: Any = None
) -> Any:
    """Numbers of the chi-square distribution of `df` degrees of freedom.

    >>> pb.random.chisquare(pb.random.key(0), 3.0, (4,)).shape
    (4,)
    """
    typed, found = one_key("chisquare", key), float_dtype("chisquare", dtype)
    (df,) = safe_parameters("chisquare", found, df)
    return _chisquare(typed, df, shape_of("chisquare", shape, df))


def _draw_chisquare(key: Any, df: Any, shape: Shape) -> Any:
    return pnp.exp(_draw(key, df / 2, shape, True)) * 2


_chisquare = jit(_draw_chisquare, static_argnums=(2,))


@divides
def f(
    key: Any,
    dfnum: Any,
    dfden: Any,
    shape: Any = None,
    dtype: Any = None,
    *,
    out_sharding: Any = None,
) -> Any:
    """Numbers of the F distribution of `dfnum` and `dfden` degrees of freedom.

    >>> pb.random.f(pb.random.key(0), 3.0, 5.0, (4,)).shape
    (4,)
    """
    typed, found = one_key("f", key), float_dtype("f", dtype)
    dfnum, dfden = safe_parameters("f", found, dfnum, dfden)
    return _f(typed, dfnum, dfden, shape_of("f", shape, dfnum, dfden))


@partial(jit, static_argnums=(3,))
def _f(key: Any, dfnum: Any, dfden: Any, shape: Shape) -> Any:
    of_den, of_num = (prng.random_split(key, (2,))[k] for k in (0, 1))
    num, den = _draw_chisquare(of_num, dfnum, shape), _draw_chisquare(of_den, dfden, shape)
    return (num / dfnum) / (den / dfden)


@divides
def t(key: Any, df: Any, shape: Any = None, dtype: Any = None, *, out_sharding: Any = None) -> Any:
    """Numbers of Student's t distribution of `df` degrees of freedom.

    >>> pb.random.t(pb.random.key(0), 3.0, (4,)).shape
    (4,)
    """
    typed, found = one_key("t", key), float_dtype("t", dtype)
    (df,) = safe_parameters("t", found, df)
    return _t(typed, df, shape_of("t", shape, df), found)


@partial(jit, static_argnums=(2, 3))
def _t(key: Any, df: Any, shape: Shape, dtype: DType) -> Any:
    keys = prng.random_split(key, (2,))
    half = df / 2
    x = draw_normal(keys[0], shape, dtype)
    return x * pnp.sqrt(half / _draw(keys[1], half, shape, False))
