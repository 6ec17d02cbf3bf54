"""The negative binomial distribution: failures before n successes of probability p."""

from typing import Any

import numpy as np

from ... import numpy as pnp
from ..special import gammaln, xlogy
from ..special.functions import floats


def logpmf(k: Any, n: Any, p: Any, loc: Any = 0) -> Any:
    """The logarithm of the probability of k."""
    k, n, p, loc = floats("nbinom.logpmf", k, n, p, loc)
    y = k - loc
    ways = gammaln(y + n) - gammaln(n) - gammaln(y + 1)
    return pnp.where(y < 0, -np.inf, ways + xlogy(n, p) + xlogy(y, 1 - p))


def pmf(k: Any, n: Any, p: Any, loc: Any = 0) -> Any:
    """The probability of k."""
    return pnp.exp(logpmf(k, n, p, loc))
