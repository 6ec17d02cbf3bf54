"""The Poisson distribution of mean mu."""

from typing import Any

import numpy as np

from ... import numpy as pnp
from ...numpy.worth import compiled_where_many
from ...primitives.counts import log_counts
from ..special import entr, gammaincc
from .operands import floats


@compiled_where_many()
def logpmf(k: Any, mu: Any, loc: Any = 0) -> Any:
    """The logarithm of the probability of k.

    >>> round(float(pb.scipy.stats.poisson.logpmf(2, 1.5)), 4)
    -1.3822
    """
    k, mu, loc = floats("poisson.logpmf", k, mu, loc)
    z = k - loc
    inside = (z >= 0) & (pnp.round(z) == z)
    return pnp.where(inside, log_counts(z, mu), -np.inf)


def pmf(k: Any, mu: Any, loc: Any = 0) -> Any:
    """The probability of k.

    >>> round(float(pb.scipy.stats.poisson.pmf(2, 1.5)), 4)
    0.251
    """
    return pnp.exp(logpmf(k, mu, loc))


def cdf(k: Any, mu: Any, loc: Any = 0) -> Any:
    """The probability of at most k.

    >>> round(float(pb.scipy.stats.poisson.cdf(2, 1.5)), 4)
    0.8088
    """
    k, mu, loc = floats("poisson.cdf", k, mu, loc)
    z = k - loc
    return pnp.where(z < 0, 0, gammaincc(pnp.floor(z + 1), mu))


# Above this mean the entropy is that of its asymptotic series; below, these many terms are all.
LARGE, TERMS = 100, 250


def entropy(mu: Any, loc: Any = 0) -> Any:
    """The entropy in nats: a sum for small means, an asymptotic series from 100 on.

    >>> round(float(pb.scipy.stats.poisson.entropy(1.5)), 4)
    1.5394
    """
    mu, _ = floats("poisson.entropy", mu, loc)
    large = mu >= LARGE
    small = pnp.where(large, 1, mu)
    k = np.arange(TERMS).reshape((-1,) + (1,) * mu.ndim)
    terms = pnp.sum(entr(pmf(k, small)), 0)
    mean = pnp.where(large, mu, LARGE)
    series = 0.5 * pnp.log(2 * np.pi * np.e * mean) - 1 / (12 * mean)
    return pnp.where(large, series, terms)
