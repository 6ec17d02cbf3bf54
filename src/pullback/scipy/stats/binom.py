"""The binomial distribution: how many of n are 1, each with probability p."""

from typing import Any

import numpy as np

from ... import numpy as pnp
from ..special import gammaln, xlog1py, xlogy
from ..special.functions import floats


def logpmf(k: Any, n: Any, p: Any, loc: Any = 0) -> Any:
    """The logarithm of the probability of k.

    >>> round(float(pb.scipy.stats.binom.logpmf(2, 5, 0.3)), 4)
    -1.1754
    """
    k, n, p, loc = floats("binom.logpmf", k, n, p, loc)
    y = k - loc
    powers = xlogy(y, p) + xlog1py(n - y, -p)
    ways = gammaln(n + 1) - gammaln(y + 1) - gammaln(n - y + 1)
    sure = ((y == 0) & (n == 0)) | (powers == 0)
    found = pnp.where(sure, 0, ways + powers)
    return pnp.where((y >= 0) & (y < n + 1), found, -np.inf)


def pmf(k: Any, n: Any, p: Any, loc: Any = 0) -> Any:
    """The probability of k.

    >>> round(float(pb.scipy.stats.binom.pmf(2, 5, 0.3)), 4)
    0.3087
    """
    return pnp.exp(logpmf(k, n, p, loc))
