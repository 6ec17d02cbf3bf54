"""The multinomial distribution: how often each outcome of probability p occurs in n trials."""

from typing import Any

import numpy as np

from ... import dtypes
from ... import numpy as pnp
from ...numpy.elementwise import as_inexact
from ...numpy.values import promote_arrays
from ...primitives.counts import log_counts


def logpmf(x: Any, n: Any, p: Any) -> Any:
    """The logarithm of the probability of the counts x, integers along the last axis.

    >>> f = pb.scipy.stats.multinomial.logpmf
    >>> round(float(f(pnp.array([1, 2]), 3, pnp.array([0.4, 0.6]))), 4)
    -0.8393
    """
    p = as_inexact("multinomial.logpmf", p)
    x, n = promote_arrays("multinomial.logpmf", x, n)
    if not dtypes.is_integer(x.dtype):
        raise ValueError(f"multinomial.logpmf: x and n must be integers, got {x.dtype.name}")
    x, n = x.astype(p.dtype), n.astype(p.dtype)
    each = log_counts(*pnp.broadcast_arrays(x, n[..., None] * p))
    found = pnp.sum(each, -1) - log_counts(n, n) + n * (pnp.sum(p, -1) - 1)
    return pnp.where(pnp.sum(x, -1) == n, found, -np.inf)


def pmf(x: Any, n: Any, p: Any) -> Any:
    """The probability of the counts x.

    >>> f = pb.scipy.stats.multinomial.pmf
    >>> round(float(f(pnp.array([1, 2]), 3, pnp.array([0.4, 0.6]))), 4)
    0.432
    """
    return pnp.exp(logpmf(x, n, p))
