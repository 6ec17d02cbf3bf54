"""The exponential distribution on [loc, infinity)."""

from typing import Any

import numpy as np

from ... import numpy as pnp
from ..special.functions import floats


def logpdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the density."""
    x, loc, scale = floats("expon.logpdf", x, loc, scale)
    return pnp.where(x < loc, -np.inf, -(x - loc) / scale - pnp.log(scale))


def pdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The density."""
    return pnp.exp(logpdf(x, loc, scale))


def logsf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the probability above x."""
    x, loc, scale = floats("expon.logsf", x, loc, scale)
    return pnp.where(x < loc, 0, -(x - loc) / scale)


def sf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The probability above x."""
    return pnp.exp(logsf(x, loc, scale))


def cdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The probability below x."""
    return -pnp.expm1(logsf(x, loc, scale))


def logcdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the probability below x."""
    return pnp.log(cdf(x, loc, scale))


def ppf(q: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The x below which the probability is q."""
    q, loc, scale = floats("expon.ppf", q, loc, scale)
    return pnp.where((q < 0) | (q > 1), np.nan, loc - scale * pnp.log1p(-q))
