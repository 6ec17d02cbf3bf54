"""The Bernoulli distribution: 1 with probability p, else 0."""

from typing import Any

import numpy as np

from ... import numpy as pnp
from ..special import xlog1py, xlogy
from .operands import floats


def logpmf(k: Any, p: Any, loc: Any = 0) -> Any:
    """The logarithm of the probability of k.

    >>> round(float(pb.scipy.stats.bernoulli.logpmf(1, 0.3)), 4)
    -1.204
    """
    k, p, loc = floats("bernoulli.logpmf", k, p, loc)
    z = k - loc
    impossible = (z != 0) & (z != 1) & ~pnp.isnan(z)
    return pnp.where(impossible, -np.inf, xlogy(z, p) + xlog1py(1 - z, -p))


def pmf(k: Any, p: Any, loc: Any = 0) -> Any:
    """The probability of k.

    >>> round(float(pb.scipy.stats.bernoulli.pmf(1, 0.3)), 4)
    0.3
    """
    return pnp.exp(logpmf(k, p, loc))


def cdf(k: Any, p: Any) -> Any:
    """The probability of at most k.

    >>> round(float(pb.scipy.stats.bernoulli.cdf(1, 0.3)), 4)
    1.0
    """
    k, p = floats("bernoulli.cdf", k, p)
    bad = pnp.isnan(k) | pnp.isnan(p) | (p < 0) | (p > 1)
    below = pnp.where(k < 0, 0, pnp.where(k < 1, 1 - p, 1))
    return pnp.where(bad, np.nan, below)


def ppf(q: Any, p: Any) -> Any:
    """The least k of which at most it has probability q.

    >>> round(float(pb.scipy.stats.bernoulli.ppf(0.8, 0.3)), 4)
    1.0
    """
    q, p = floats("bernoulli.ppf", q, p)
    bad = pnp.isnan(q) | pnp.isnan(p) | (p < 0) | (p > 1) | (q < 0) | (q > 1)
    least = pnp.where(q == 0, -1, pnp.where(q <= 1 - p, 0, 1))
    return pnp.where(bad, np.nan, least.astype(q.dtype))
