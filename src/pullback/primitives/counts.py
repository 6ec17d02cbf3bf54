"""Logarithms of probabilities whose large terms cancel, and what Stirling's formula leaves.

Source: Loader, Fast and Accurate Computation of Binomial Probabilities (2000).
"""

import math
from typing import Any

import numpy as np

from . import fits
from .arithmetic import add, div, mul, sub
from .compare import eq, ge, lt
from .exponential import log, log1p
from .fitted import polynomial
from .magnitude import abs
from .nary import binary
from .power import square
from .quiet import widened
from .rules import FLOATS, const
from .select import select
from .special import BERNOULLI, digamma, scipy_special

# From here on Stirling's series is as good as the precision.
FAR = 10
SERIES = [b / ((2 * k + 2) * (2 * k + 1)) for k, b in enumerate(BERNOULLI)]
SLOPES = [b / (2 * k + 2) for k, b in enumerate(BERNOULLI)]


def digamma_rest(x: Any) -> Any:
    """log(x) - digamma(x), of large x."""
    inverse = div(1, x)
    series = mul(polynomial(SLOPES, square(inverse)), inverse)
    return mul(add(series, 0.5), inverse)


def digamma_gap(x: Any, step: Any) -> Any:
    """digamma(x + step) - digamma(x), of positive numbers."""
    far = ge(x, FAR)
    start, end = (select(far, v, const(v, FAR)) for v in (x, add(x, step)))
    close = sub(digamma_rest(start), digamma_rest(end))
    return select(
        far,
        add(log1p(div(select(far, step, const(x, 0)), start)), close),
        sub(digamma(add(x, step)), digamma(x)),
    )


def _distance(mean: np.ndarray, k: np.ndarray) -> Any:
    """m - log(1 + m) of m = mean / k - 1, exact near 0."""
    m = (mean - k) / k
    near = (m > -0.5) & (m < 1)
    z = np.where(near, m, 0)
    r = z / (z + 2)
    fit, q = fits.ATANH_REST, r * r
    rest = np.polynomial.polynomial.polyval(fit.scale * q + fit.shift, fit.double)
    return np.where(near, r * (z - 2 * q * rest), m - np.log(mean / k))


def _log_counts(k: np.ndarray, mean: np.ndarray) -> Any:
    large, mu = np.asarray(k, np.float64), np.asarray(mean, np.float64)
    far = large >= FAR
    few, many = np.where(far, 1, large), np.where(far, large, FAR)
    rest = np.polynomial.polynomial.polyval(1 / (many * many), SERIES) / many
    close = -many * _distance(mu, many) - rest - 0.5 * np.log(2 * math.pi * many)
    plain = scipy_special.xlogy(few, mu) - mu - scipy_special.gammaln(few + 1)
    apart = (mu == math.inf) != (large == math.inf)
    found = np.where(apart, -math.inf, np.where(far, close, plain))
    return found.astype(k.dtype)


def _slope_in_k(k: Any, mean: Any) -> Any:
    """log(mean) - digamma(k + 1)."""
    far = ge(k, FAR)
    many = select(far, k, const(k, FAR))
    m = div(sub(mean, many), many)
    near = lt(abs(m), 0.5)
    logarithm = select(near, log1p(select(near, m, const(m, 0))), log(div(mean, many)))
    close = sub(add(logarithm, digamma_rest(many)), div(1, many))
    few = select(far, const(k, 1), k)
    return select(far, close, sub(log(mean), digamma(add(few, 1))))


def _slope_in_mean(k: Any, mean: Any) -> Any:
    """k / mean - 1."""
    return select(eq(k, 0), const(k, -1), div(sub(k, mean), mean))


# log_counts -- log(mean^k exp(-mean) / Gamma(k + 1))
log_counts_p, log_counts = binary(
    "log_counts",
    widened(_log_counts),
    FLOATS,
    lambda t, y, k, mean: mul(t, _slope_in_k(k, mean)),
    lambda t, y, k, mean: mul(t, _slope_in_mean(k, mean)),
)
