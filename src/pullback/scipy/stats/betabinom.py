"""The binomial distribution whose probability has a beta distribution of shapes a and b."""

from typing import Any

import numpy as np

from ... import numpy as pnp
from ...numpy.worth import compiled_where_many
from ...transforms.stop import stop_gradient
from .operands import floats
from .saddle import log_ways


@compiled_where_many()
def logpmf(k: Any, n: Any, a: Any, b: Any, loc: Any = 0) -> Any:
    """The logarithm of the probability of k.

    >>> round(float(pb.scipy.stats.betabinom.logpmf(2, 5, 2, 3)), 4)
    -1.4351
    """
    k, n, a, b, loc = floats("betabinom.logpmf", k, n, a, b, loc)
    y = pnp.floor(k) - loc
    outside = (y < -loc) | (y > n) | (y + a <= 0)
    y = pnp.where(outside, 0, y)
    found = pnp.where(outside, -np.inf, _log_share(y, n - y, a, b))
    return pnp.where((n < 0) | (a <= 0) | (b <= 0), np.nan, found)


def _log_share(k: Any, rest: Any, a: Any, b: Any) -> Any:
    """log(C(k + rest, k) Beta(k + a, rest + b) / Beta(a, b)).

    Powers of p and q cancel, whatever they are: they are those of the most likely numbers.
    """
    n, of_both = k + rest, a + b
    p, q = (stop_gradient(x / (n + of_both)) for x in (k + a, rest + b))
    ways = log_ways(k, rest, p, q) + log_ways(a, b, p, q) - log_ways(k + a, rest + b, p, q)
    return ways + pnp.log(a / (k + a)) + pnp.log(b / (rest + b)) + pnp.log((n + of_both) / of_both)


def pmf(k: Any, n: Any, a: Any, b: Any, loc: Any = 0) -> Any:
    """The probability of k.

    >>> round(float(pb.scipy.stats.betabinom.pmf(2, 5, 2, 3)), 4)
    0.2381
    """
    return pnp.exp(logpmf(k, n, a, b, loc))
