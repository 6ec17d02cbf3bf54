"""The binomial distribution: how many of n are 1, each with probability p."""

from typing import Any

import numpy as np

from ... import numpy as pnp
from ...numpy.worth import compiled_where_many
from .operands import floats
from .saddle import log_ways


@compiled_where_many()
def logpmf(k: Any, n: Any, p: Any, loc: Any = 0) -> Any:
    """The logarithm of the probability of k.

    >>> round(float(pb.scipy.stats.binom.logpmf(2, 5, 0.3)), 4)
    -1.1754
    """
    k, n, p, loc = floats("binom.logpmf", k, n, p, loc)
    y = k - loc
    inside = (y >= 0) & (y < n + 1)
    y = pnp.where(inside, y, 0)
    return pnp.where(inside, log_ways(y, n - y, p, 1 - p), -np.inf)


def pmf(k: Any, n: Any, p: Any, loc: Any = 0) -> Any:
    """The probability of k.

    >>> round(float(pb.scipy.stats.binom.pmf(2, 5, 0.3)), 4)
    0.3087
    """
    return pnp.exp(logpmf(k, n, p, loc))
