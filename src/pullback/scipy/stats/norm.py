"""The normal distribution."""

from math import log, pi
from typing import Any

from ... import numpy as pnp
from ..special import log_ndtr, ndtr, ndtri
from .operands import floats


def logpdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the density.

    >>> import pullback as pb
    >>> round(float(pb.scipy.stats.norm.logpdf(0.0)), 4)
    -0.9189
    """
    x, loc, scale = floats("norm.logpdf", x, loc, scale)
    z = (x - loc) / scale
    return -0.5 * (z * z + log(2 * pi)) - pnp.log(scale)


def pdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The density.

    >>> round(float(pb.scipy.stats.norm.pdf(1.0)), 4)
    0.242
    """
    return pnp.exp(logpdf(x, loc, scale))


def cdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The probability below x.

    >>> round(float(pb.scipy.stats.norm.cdf(1.0)), 4)
    0.8413
    """
    x, loc, scale = floats("norm.cdf", x, loc, scale)
    return ndtr((x - loc) / scale)


def logcdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the probability below x.

    >>> round(float(pb.scipy.stats.norm.logcdf(1.0)), 4)
    -0.1728
    """
    x, loc, scale = floats("norm.logcdf", x, loc, scale)
    return log_ndtr((x - loc) / scale)


def sf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The probability above x.

    >>> round(float(pb.scipy.stats.norm.sf(1.0)), 4)
    0.1587
    """
    x, loc, scale = floats("norm.sf", x, loc, scale)
    return ndtr((loc - x) / scale)


def logsf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the probability above x.

    >>> round(float(pb.scipy.stats.norm.logsf(1.0)), 4)
    -1.841
    """
    x, loc, scale = floats("norm.logsf", x, loc, scale)
    return log_ndtr((loc - x) / scale)


def ppf(q: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The x below which the probability is q.

    >>> round(float(pb.scipy.stats.norm.ppf(0.25)), 4)
    -0.6745
    """
    q, loc, scale = floats("norm.ppf", q, loc, scale)
    return ndtri(q) * scale + loc


def isf(q: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The x above which the probability is q.

    >>> round(float(pb.scipy.stats.norm.isf(0.25)), 4)
    0.6745
    """
    q, loc, scale = floats("norm.isf", q, loc, scale)
    return loc - ndtri(q) * scale
