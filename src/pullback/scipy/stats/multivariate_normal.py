"""The normal distribution of vectors."""

from math import log, pi
from typing import Any

from ... import numpy as pnp
from ...lax import linalg
from .operands import alike


def logpdf(x: Any, mean: Any, cov: Any, allow_singular: None = None) -> Any:
    """The logarithm of the density.

    Args:
      x: (..., n) array.
      mean: (..., n) array, or a scalar.
      cov: (..., n, n) array, or the one variance of all elements.
      allow_singular: must be None: singular covariances are not supported.

    >>> f = pb.scipy.stats.multivariate_normal.logpdf
    >>> round(float(f(pnp.array([1.0, 0.0]), pnp.zeros(2), pnp.eye(2))), 4)
    -2.3379
    """
    if allow_singular is not None:
        raise NotImplementedError("multivariate_normal: allow_singular is not supported")
    x, mean, cov = alike("multivariate_normal.logpdf", x, mean, cov)
    if not mean.shape:
        return -0.5 * (x - mean) ** 2 / cov - 0.5 * (log(2 * pi) + pnp.log(cov))
    n = mean.shape[-1]
    if not cov.shape:
        y = (x - mean) / pnp.sqrt(cov)
        return -0.5 * pnp.sum(y * y, -1) - n / 2 * (log(2 * pi) + pnp.log(cov))
    if cov.ndim < 2 or cov.shape[-2:] != (n, n):
        raise ValueError(
            f"multivariate_normal.logpdf: a covariance of shape (..., {n}, {n}) is wanted for the"
            f" mean of shape {mean.shape}, got {cov.shape}"
        )
    lower = linalg.cholesky(cov)
    centered = x - mean
    batch = pnp.broadcast_shapes(centered.shape[:-1], cov.shape[:-2])
    lower = pnp.broadcast_to(lower, (*batch, n, n))
    column = pnp.broadcast_to(centered, (*batch, n))[..., None]
    y = linalg.triangular_solve(lower, column, left_side=True, lower=True)[..., 0]
    roots = pnp.log(pnp.diagonal(lower, axis1=-2, axis2=-1)).sum(-1)
    return -0.5 * pnp.sum(y * y, -1) - n / 2 * log(2 * pi) - roots


def pdf(x: Any, mean: Any, cov: Any) -> Any:
    """The density.

    >>> f = pb.scipy.stats.multivariate_normal.pdf
    >>> round(float(f(pnp.array([1.0, 0.0]), pnp.zeros(2), pnp.eye(2))), 4)
    0.0965
    """
    return pnp.exp(logpdf(x, mean, cov))
