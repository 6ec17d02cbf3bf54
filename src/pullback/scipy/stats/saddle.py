"""The binomial probability from which those of other distributions are made.

Source: Loader, Fast and Accurate Computation of Binomial Probabilities (2000).
"""

from typing import Any

from ... import numpy as pnp
from ...primitives.counts import log_counts


def log_ways(k: Any, rest: Any, p: Any, q: Any) -> Any:
    """log(C p^k q^rest), C = Gamma(n + 1) / Gamma(k + 1) / Gamma(rest + 1), n = k + rest.

    q is 1 - p. Given n counts of two kinds, the number of the first kind is k so often.
    """
    n = k + rest
    one, other = log_counts(k, n * p), log_counts(rest, n * q)
    few, many = pnp.where(k < rest, one, other), pnp.where(k < rest, other, one)
    return few + (many - log_counts(n, n))
