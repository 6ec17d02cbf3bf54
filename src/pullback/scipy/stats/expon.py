"""The exponential distribution on [loc, infinity)."""

from typing import Any

import numpy as np

from ... import numpy as pnp
from ...nn.activations import log1mexp
from .operands import floats


def logpdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the density.

    >>> round(float(pb.scipy.stats.expon.logpdf(1.0)), 4)
    -1.0
    """
    x, loc, scale = floats("expon.logpdf", x, loc, scale)
    return pnp.where(x < loc, -np.inf, -(x - loc) / scale - pnp.log(scale))


def pdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The density.

    >>> round(float(pb.scipy.stats.expon.pdf(1.0)), 4)
    0.3679
    """
    return pnp.exp(logpdf(x, loc, scale))


def logsf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the probability above x.

    >>> round(float(pb.scipy.stats.expon.logsf(1.0)), 4)
    -1.0
    """
    x, loc, scale = floats("expon.logsf", x, loc, scale)
    return pnp.where(x < loc, 0, -(x - loc) / scale)


def sf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The probability above x.

    >>> round(float(pb.scipy.stats.expon.sf(1.0)), 4)
    0.3679
    """
    return pnp.exp(logsf(x, loc, scale))


def cdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The probability below x.

    >>> round(float(pb.scipy.stats.expon.cdf(1.0)), 4)
    0.6321
    """
    return -pnp.expm1(logsf(x, loc, scale))


def logcdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the probability below x.

    >>> round(float(pb.scipy.stats.expon.logcdf(1.0)), 4)
    -0.4587
    """
    x, loc, scale = floats("expon.logcdf", x, loc, scale)
    return log1mexp(-logsf(x, loc, scale))


def ppf(q: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The x below which the probability is q.

    >>> round(float(pb.scipy.stats.expon.ppf(0.25)), 4)
    0.2877
    """
    q, loc, scale = floats("expon.ppf", q, loc, scale)
    return pnp.where((q < 0) | (q > 1), np.nan, loc - scale * pnp.log1p(-q))
