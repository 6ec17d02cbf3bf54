"""The binomial distribution whose probability has a beta distribution of shapes a and b."""

from typing import Any

import numpy as np

from ... import numpy as pnp
from ..special import betaln
from ..special.functions import floats


def logpmf(k: Any, n: Any, a: Any, b: Any, loc: Any = 0) -> Any:
    """The logarithm of the probability of k.

    >>> round(float(pb.scipy.stats.betabinom.logpmf(2, 5, 2, 3)), 4)
    -1.4351
    """
    k, n, a, b, loc = floats("betabinom.logpmf", k, n, a, b, loc)
    y = pnp.floor(k) - loc
    ways = -pnp.log1p(n) - betaln(n - y + 1, y + 1)
    found = ways + betaln(y + a, n - y + b) - betaln(a, b)
    found = pnp.where((y == 0) & (n == 0), 0, found)
    found = pnp.where((y < -loc) | (y > n) | (y + a <= 0), -np.inf, found)
    return pnp.where((n < 0) | (a <= 0) | (b <= 0), np.nan, found)


def pmf(k: Any, n: Any, a: Any, b: Any, loc: Any = 0) -> Any:
    """The probability of k.

    >>> round(float(pb.scipy.stats.betabinom.pmf(2, 5, 2, 3)), 4)
    0.2381
    """
    return pnp.exp(logpmf(k, n, a, b, loc))
