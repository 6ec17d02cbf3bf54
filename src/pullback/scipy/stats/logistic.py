"""The logistic distribution."""

from typing import Any

from ... import numpy as pnp
from ..special import expit, logit
from .operands import floats


def logpdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the density.

    >>> round(float(pb.scipy.stats.logistic.logpdf(1.0)), 4)
    -1.6265
    """
    x, loc, scale = floats("logistic.logpdf", x, loc, scale)
    z = pnp.abs((x - loc) / scale)
    return -z - 2 * pnp.log1p(pnp.exp(-z)) - pnp.log(scale)


def pdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The density.

    >>> round(float(pb.scipy.stats.logistic.pdf(1.0)), 4)
    0.1966
    """
    return pnp.exp(logpdf(x, loc, scale))


def cdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The probability below x.

    >>> round(float(pb.scipy.stats.logistic.cdf(1.0)), 4)
    0.7311
    """
    x, loc, scale = floats("logistic.cdf", x, loc, scale)
    return expit((x - loc) / scale)


def sf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The probability above x.

    >>> round(float(pb.scipy.stats.logistic.sf(1.0)), 4)
    0.2689
    """
    x, loc, scale = floats("logistic.sf", x, loc, scale)
    return expit((loc - x) / scale)


def ppf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The quantile of the probability x.

    >>> round(float(pb.scipy.stats.logistic.ppf(0.25)), 4)
    -1.0986
    """
    x, loc, scale = floats("logistic.ppf", x, loc, scale)
    return logit(x) * scale + loc


def isf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The quantile of the probability 1 - x.

    >>> round(float(pb.scipy.stats.logistic.isf(0.25)), 4)
    1.0986
    """
    x, loc, scale = floats("logistic.isf", x, loc, scale)
    return loc - logit(x) * scale
