"""Random vectors and matrices, and distributions that come of the lengths of vectors."""

import operator
from typing import Any

from .. import numpy as pnp
from ..core.aval import Shape
from ..numpy import linalg
from ..numpy.divided import divides
from ..numpy.values import promote_arrays_inexact
from ..primitives import random as prng
from .continuous import draw_any_normal, draw_exponential, draw_normal
from .discrete import rademacher
from .gammas import gamma
from .keys import one_key
from .parameters import float_dtype, inexact_dtype, shape_of, whole_shape


def _svd_factor(cov: Any) -> Any:
    u, s, _ = linalg.svd(cov)
    return u * pnp.sqrt(s[..., None, :])


def _eigh_factor(cov: Any) -> Any:
    w, v = linalg.eigh(cov)
    return v * pnp.sqrt(w[..., None, :])


# Matrices A for which A A^T is the covariance.
FACTORS = {"svd": _svd_factor, "eigh": _eigh_factor, "cholesky": linalg.cholesky}


@divides
def multivariate_normal(
    key: Any,
    mean: Any,
    cov: Any,
    shape: Any = None,
    dtype: Any = None,
    method: str = "cholesky",
    *,
    out_sharding: Any = None,
) -> Any:
    """Normal vectors of a mean and a covariance: mean + A x of standard normal x, A A^T = cov.

    Args:
      key: a random key.
      mean: array [..., n].
      cov: array [..., n, n], symmetric and positive definite; with "svd" and "eigh" it may be
        singular.
      shape: how many vectors, a shape to which the leading axes of mean and cov broadcast; those
        together if None.
      dtype: a float dtype; that of mean if None.
      method: "cholesky", "svd" or "eigh", how A is found.

    Returns:
      An array of shape shape + (n,).

    >>> mean, cov = pnp.zeros(2), pnp.array([[1.0, 0.5], [0.5, 1.0]])
    >>> pb.random.multivariate_normal(pb.random.key(0), mean, cov, (3,)).shape
    (3, 2)
    """
    typed = one_key("multivariate_normal", key)
    mean, cov = promote_arrays_inexact("multivariate_normal", mean, cov)
    if method not in FACTORS:
        raise ValueError(
            f"multivariate_normal: method must be one of {tuple(FACTORS)}, got {method!r}"
        )
    found = float_dtype("multivariate_normal", mean.dtype if dtype is None else dtype)
    batch = _batch_of(mean, cov, shape)
    x = draw_normal(typed, (*batch, mean.shape[-1]), found)
    return mean + pnp.einsum("...ij,...j->...i", FACTORS[method](cov), x)


def _batch_of(mean: Any, cov: Any, shape: Any) -> Shape:
    if mean.ndim < 1 or cov.ndim < 2 or cov.shape[-2:] != (mean.shape[-1],) * 2:
        raise ValueError(
            "multivariate_normal: a mean of shape [..., n] and a covariance of shape [..., n, n]"
            f" are wanted, got {mean.shape} and {cov.shape}"
        )
    batches = mean.shape[:-1], cov.shape[:-2]
    if shape is None:
        return pnp.broadcast_shapes(*batches)
    return whole_shape("multivariate_normal", shape, *batches)


@divides
def orthogonal(
    key: Any,
    n: int,
    shape: Any = (),
    dtype: Any = None,
    m: int | None = None,
    *,
    out_sharding: Any = None,
) -> Any:
    """Uniform orthogonal matrices: Q of a QR factorization with a positive diagonal of R.

    Mezzadri, "How to generate random matrices from the classical compact groups", 2007.

    Args:
      key: a random key.
      n: the number of rows.
      shape: how many matrices, a shape.
      dtype: a float or complex dtype; the default float if None.
      m: the number of columns; n if None. The shorter of rows and columns are orthonormal.

    Returns:
      An array of shape shape + (n, m).

    >>> q = pb.random.orthogonal(pb.random.key(0), 3)
    >>> pnp.allclose(q @ q.T, pnp.eye(3), atol=1e-5)
    Array(True, dtype=bool)
    """
    typed, found = one_key("orthogonal", key), inexact_dtype("orthogonal", dtype)
    shape = shape_of("orthogonal", shape)
    n = operator.index(n)
    m = n if m is None else operator.index(m)
    z = draw_any_normal(typed, (*shape, max(n, m), min(n, m)), found)
    q, r = linalg.qr(z)
    q = q * pnp.sign(linalg.diagonal(r))[..., None, :]
    return q.mT if n < m else q


@divides
def maxwell(key: Any, shape: Any = (), dtype: Any = None, *, out_sharding: Any = None) -> Any:
    """Lengths of standard normal vectors in three dimensions.

    >>> pnp.all(pb.random.maxwell(pb.random.key(0), (4,)) > 0)
    Array(True, dtype=bool)
    """
    typed, found = one_key("maxwell", key), float_dtype("maxwell", dtype)
    return _lengths(typed, shape_of("maxwell", shape), found)


def _lengths(key: Any, shape: Shape, dtype: Any) -> Any:
    return linalg.norm(draw_normal(key, (*shape, 3), dtype), axis=-1)


def double_sided_maxwell(key: Any, loc: Any, scale: Any, shape: Any = (), dtype: Any = None) -> Any:
    """Numbers of `maxwell` with random signs, times scale, plus loc.

    Args:
      key: a random key.
      loc, scale: numbers or arrays of one shape, or of shapes that broadcast together.
      shape: how many for each parameter, in leading axes; the shape of the parameters if empty.
      dtype: a float dtype; the default one if None.

    >>> pb.random.double_sided_maxwell(pb.random.key(0), 0.0, 1.0, (4,)).shape
    (4,)
    """
    name = "double_sided_maxwell"
    typed, found = one_key(name, key), float_dtype(name, dtype)
    own = shape_of(name, None, loc, scale)
    shape = (*(shape_of(name, shape) or own), *own)
    of_length, of_sign = prng.random_split(typed, (2,))
    signs = rademacher(of_sign, shape, found)
    return signs * _lengths(of_length, shape, found) * scale + loc


@divides
def generalized_normal(
    key: Any, p: Any, shape: Any = (), dtype: Any = None, *, out_sharding: Any = None
) -> Any:
    """Numbers of density proportional to exp(-|x|**p).

    >>> pb.random.generalized_normal(pb.random.key(0), 3.0, (4,)).shape
    (4,)
    """
    name = "generalized_normal"
    typed, found = one_key(name, key), float_dtype(name, dtype)
    shape = shape_of(name, shape)
    keys = prng.random_split(typed, (2,))
    g = gamma(keys[0], 1 / pnp.asarray(p), shape, found)
    return rademacher(keys[1], shape, found) * g ** (1 / pnp.asarray(p))


@divides
def ball(
    key: Any,
    d: int,
    p: float = 2,
    shape: Any = (),
    dtype: Any = None,
    *,
    out_sharding: Any = None,
) -> Any:
    """Uniform points of the unit ball of the p-norm in d dimensions.

    Barthe, Guedon, Mendelson and Naor, "A probabilistic approach to the geometry of the
    l_p^n-ball", 2005.

    Args:
      key: a random key.
      d: the number of dimensions.
      p: the exponent of the norm.
      shape: how many points, a shape.
      dtype: a float dtype; the default one if None.

    Returns:
      An array of shape shape + (d,).

    >>> pnp.linalg.norm(pb.random.ball(pb.random.key(0), 3, shape=(2,)), axis=1) <= 1
    Array([ True,  True], dtype=bool)
    """
    typed, found = one_key("ball", key), float_dtype("ball", dtype)
    shape = shape_of("ball", shape)
    keys = prng.random_split(typed, (2,))
    g = generalized_normal(keys[0], p, (*shape, operator.index(d)), found)
    e = draw_exponential(keys[1], shape, found)
    return g / (((pnp.abs(g) ** p).sum(-1) + e) ** (1 / pnp.asarray(p)))[..., None]
