"""The Laplace distribution."""

from typing import Any

from ... import numpy as pnp
from .operands import floats


def logpdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the density.

    >>> round(float(pb.scipy.stats.laplace.logpdf(1.0)), 4)
    -1.6931
    """
    x, loc, scale = floats("laplace.logpdf", x, loc, scale)
    return -pnp.abs(x - loc) / scale - pnp.log(2 * scale)


def pdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The density.

    >>> round(float(pb.scipy.stats.laplace.pdf(1.0)), 4)
    0.1839
    """
    return pnp.exp(logpdf(x, loc, scale))


def cdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The probability below x.

    >>> round(float(pb.scipy.stats.laplace.cdf(1.0)), 4)
    0.8161
    """
    x, loc, scale = floats("laplace.cdf", x, loc, scale)
    z = (x - loc) / scale
    tail = 0.5 * pnp.exp(-pnp.abs(z))
    return pnp.where(z <= 0, tail, 1 - tail)
