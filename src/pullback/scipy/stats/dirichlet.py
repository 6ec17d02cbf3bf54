"""The Dirichlet distribution: numbers along the first axis that add up to 1."""

from typing import Any

import numpy as np

from ... import numpy as pnp
from ...numpy.values import promote_arrays_inexact
from ...primitives.counts import log_counts


def logpdf(x: Any, alpha: Any) -> Any:
    """The logarithm of the density; x may leave out the last number.

    x has shape (n, ...) or (n - 1, ...), alpha (n,).

    >>> f = pb.scipy.stats.dirichlet.logpdf
    >>> round(float(f(pnp.array([0.2, 0.8]), pnp.array([2.0, 3.0]))), 4)
    0.4292
    """
    x, alpha = promote_arrays_inexact("dirichlet.logpdf", x, alpha)
    if alpha.ndim != 1:
        raise ValueError(f"`alpha` must be one-dimensional; got alpha.shape={alpha.shape}")
    n = alpha.shape[0]
    if x.ndim == 0 or x.shape[0] not in (n, n - 1):
        raise ValueError(
            "`x` must have either the same number of entries as `alpha` or one entry fewer; got"
            f" x.shape={x.shape}, alpha.shape={alpha.shape}"
        )
    if x.shape[0] == n - 1:
        x = pnp.concatenate([x, 1 - pnp.sum(x, 0, keepdims=True)])
    apart = pnp.sum(x, 0) - 1
    inside = pnp.all(x > 0, axis=0) & (pnp.abs(apart) < 1e-6)
    shapes, total = alpha.reshape((n,) + (1,) * (x.ndim - 1)), pnp.sum(alpha)
    each = pnp.sum(log_counts(shapes, total * x) + pnp.log(shapes / x), 0)
    all_together = log_counts(total, total) + pnp.log(total)
    return pnp.where(inside, each - all_together + total * apart, -np.inf)


def pdf(x: Any, alpha: Any) -> Any:
    """The density.

    >>> f = pb.scipy.stats.dirichlet.pdf
    >>> round(float(f(pnp.array([0.2, 0.8]), pnp.array([2.0, 3.0]))), 4)
    1.536
    """
    return pnp.exp(logpdf(x, alpha))
