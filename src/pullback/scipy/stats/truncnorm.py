"""The normal distribution between the standard numbers a and b."""

from typing import Any

import numpy as np

from ... import numpy as pnp
from ...nn.activations import log1mexp
from ..special import log_ndtr, ndtr
from . import norm
from .operands import floats


def _log_mass(a: Any, b: Any) -> Any:
    """The logarithm of the probability between a and b, from the tail that they lie in."""
    right = a > 0
    low, high = pnp.where(right, -b, a), pnp.where(right, -a, b)
    central = (low <= 0) & (high > 0)
    near, far = pnp.where(central, -1, low), pnp.where(central, 0, high)
    most = log_ndtr(far)
    # Between numbers of which neither has a probability there is none.
    tail = most + log1mexp(pnp.where(most > -np.inf, most - log_ndtr(near), np.inf))
    return pnp.where(central, pnp.log1p(-ndtr(low) - ndtr(-high)), tail)


def logpdf(x: Any, a: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the density.

    >>> round(float(pb.scipy.stats.truncnorm.logpdf(0.5, -1.0, 2.0)), 4)
    -0.8438
    """
    x, a, b, loc, scale = floats("truncnorm.logpdf", x, a, b, loc, scale)
    z = (x - loc) / scale
    found = norm.logpdf(x, loc, scale) - _log_mass(a, b)
    found = pnp.where((z < a) | (z > b), -np.inf, found)
    return pnp.where(a >= b, np.nan, found)


def pdf(x: Any, a: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The density.

    >>> round(float(pb.scipy.stats.truncnorm.pdf(0.5, -1.0, 2.0)), 4)
    0.4301
    """
    return pnp.exp(logpdf(x, a, b, loc, scale))


def logcdf(x: Any, a: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the probability below x.

    >>> round(float(pb.scipy.stats.truncnorm.logcdf(0.5, -1.0, 2.0)), 4)
    -0.4294
    """
    x, a, b, loc, scale = floats("truncnorm.logcdf", x, a, b, loc, scale)
    z = (x - loc) / scale
    inside = (z > a) & (z < b)
    middle = pnp.where(inside, z, (a + b) / 2)
    whole = _log_mass(a, b)
    below, above = _log_mass(a, middle) - whole, _log_mass(middle, b) - whole
    likely = below > -0.1
    found = pnp.where(likely, pnp.log1p(-pnp.exp(pnp.where(likely, above, -1))), below)
    found = pnp.where(inside, found, pnp.where(z >= b, 0, -np.inf))
    return pnp.where((a >= b) | pnp.isnan(z), np.nan, found)


def cdf(x: Any, a: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The probability below x.

    >>> round(float(pb.scipy.stats.truncnorm.cdf(0.5, -1.0, 2.0)), 4)
    0.6509
    """
    return pnp.exp(logcdf(x, a, b, loc, scale))


def logsf(x: Any, a: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the probability above x.

    >>> round(float(pb.scipy.stats.truncnorm.logsf(0.5, -1.0, 2.0)), 4)
    -1.0523
    """
    x, a, b, loc, scale = floats("truncnorm.logsf", x, a, b, loc, scale)
    return logcdf(-x, -b, -a, -loc, scale)


def sf(x: Any, a: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The probability above x.

    >>> round(float(pb.scipy.stats.truncnorm.sf(0.5, -1.0, 2.0)), 4)
    0.3491
    """
    return pnp.exp(logsf(x, a, b, loc, scale))
