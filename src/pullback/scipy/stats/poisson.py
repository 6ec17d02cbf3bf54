"""The Poisson distribution of mean mu."""

from typing import Any

import numpy as np

from ... import numpy as pnp
from ..special import floats, gammaincc, gammaln, xlogy


def logpmf(k: Any, mu: Any, loc: Any = 0) -> Any:
    """The logarithm of the probability of k."""
    k, mu, loc = floats("poisson.logpmf", k, mu, loc)
    z = k - loc
    inside = (z >= 0) & (pnp.round(z) == z)
    return pnp.where(inside, xlogy(z, mu) - gammaln(z + 1) - mu, -np.inf)


def pmf(k: Any, mu: Any, loc: Any = 0) -> Any:
    """The probability of k."""
    return pnp.exp(logpmf(k, mu, loc))


def cdf(k: Any, mu: Any, loc: Any = 0) -> Any:
    """The probability of at most k."""
    k, mu, loc = floats("poisson.cdf", k, mu, loc)
    z = k - loc
    return pnp.where(z < 0, 0, gammaincc(pnp.floor(z + 1), mu))
