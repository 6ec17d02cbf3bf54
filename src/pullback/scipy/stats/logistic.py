"""The logistic distribution."""

from typing import Any

from ... import numpy as pnp
from ..special import expit, logit
from ..special.functions import floats


def logpdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the density."""
    x, loc, scale = floats("logistic.logpdf", x, loc, scale)
    z = pnp.abs((x - loc) / scale)
    return -z - 2 * pnp.log1p(pnp.exp(-z)) - pnp.log(scale)


def pdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The density."""
    return pnp.exp(logpdf(x, loc, scale))


def cdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The probability below x."""
    x, loc, scale = floats("logistic.cdf", x, loc, scale)
    return expit((x - loc) / scale)


def sf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The probability above x."""
    x, loc, scale = floats("logistic.sf", x, loc, scale)
    return expit((loc - x) / scale)


def ppf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The quantile of the probability x."""
    x, loc, scale = floats("logistic.ppf", x, loc, scale)
    return logit(x) * scale + loc


def isf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The quantile of the probability 1 - x."""
    x, loc, scale = floats("logistic.isf", x, loc, scale)
    return loc - logit(x) * scale
