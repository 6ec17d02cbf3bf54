"""The Cauchy distribution."""

from typing import Any

import numpy as np

from ... import numpy as pnp
from .operands import floats


def logpdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the density.

    >>> round(float(pb.scipy.stats.cauchy.logpdf(1.0)), 4)
    -1.8379
    """
    x, loc, scale = floats("cauchy.logpdf", x, loc, scale)
    z = (x - loc) / scale
    return -pnp.log(np.pi * scale) - pnp.log1p(z * z)


def pdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The density.

    >>> round(float(pb.scipy.stats.cauchy.pdf(1.0)), 4)
    0.1592
    """
    return pnp.exp(logpdf(x, loc, scale))


def cdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The probability below x.

    >>> round(float(pb.scipy.stats.cauchy.cdf(1.0)), 4)
    0.75
    """
    x, loc, scale = floats("cauchy.cdf", x, loc, scale)
    return pnp.arctan2(1, (loc - x) / scale) / np.pi


def logcdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the probability below x.

    >>> round(float(pb.scipy.stats.cauchy.logcdf(1.0)), 4)
    -0.2877
    """
    x, loc, scale = floats("cauchy.logcdf", x, loc, scale)
    return _log_above((loc - x) / scale)


def sf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The probability above x.

    >>> round(float(pb.scipy.stats.cauchy.sf(1.0)), 4)
    0.25
    """
    x, loc, scale = floats("cauchy.sf", x, loc, scale)
    return pnp.arctan2(1, (x - loc) / scale) / np.pi


def logsf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the probability above x.

    >>> round(float(pb.scipy.stats.cauchy.logsf(1.0)), 4)
    -1.3863
    """
    x, loc, scale = floats("cauchy.logsf", x, loc, scale)
    return _log_above((x - loc) / scale)


def ppf(q: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The x below which the probability is q.

    >>> round(float(pb.scipy.stats.cauchy.ppf(0.25)), 4)
    -1.0
    """
    q, loc, scale = floats("cauchy.ppf", q, loc, scale)
    return loc - scale * _above(q)


def isf(q: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The x above which the probability is q.

    >>> round(float(pb.scipy.stats.cauchy.isf(0.25)), 4)
    1.0
    """
    q, loc, scale = floats("cauchy.isf", q, loc, scale)
    return loc + scale * _above(q)


def _log_above(z: Any) -> Any:
    """The logarithm of the probability above a standard number, exact also near 0."""
    below = z < 0
    tail = pnp.arctan2(1, pnp.abs(z)) / np.pi
    return pnp.where(below, pnp.log1p(-tail), pnp.log(tail))


def _above(q: Any) -> Any:
    """The standard number above which the probability is q: 1 / tan(pi q)."""
    near = pnp.abs(q - 0.5) < 0.25
    tail = pnp.where(q > 0.5, -(1 - q), q)
    tail, middle = pnp.where(near, 0.25, tail), pnp.where(near, 0.5 - q, 0)
    return pnp.where(near, pnp.tan(np.pi * middle), 1 / pnp.tan(np.pi * tail))
