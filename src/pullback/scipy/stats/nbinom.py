"""The negative binomial distribution: failures before n successes of probability p."""

from typing import Any

import numpy as np

from ... import numpy as pnp
from ...numpy.worth import compiled_where_many
from .operands import floats
from .saddle import log_ways


@compiled_where_many()
def logpmf(k: Any, n: Any, p: Any, loc: Any = 0) -> Any:
    """The logarithm of the probability of k.

    >>> round(float(pb.scipy.stats.nbinom.logpmf(2, 5, 0.3)), 4)
    -4.0252
    """
    k, n, p, loc = floats("nbinom.logpmf", k, n, p, loc)
    y = k - loc
    inside = y >= 0
    y = pnp.where(inside, y, 0)
    return pnp.where(inside, log_ways(n, y, p, 1 - p) + pnp.log(n / (n + y)), -np.inf)


def pmf(k: Any, n: Any, p: Any, loc: Any = 0) -> Any:
    """The probability of k.

    >>> round(float(pb.scipy.stats.nbinom.pmf(2, 5, 0.3)), 4)
    0.0179
    """
    return pnp.exp(logpmf(k, n, p, loc))
