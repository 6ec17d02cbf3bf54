"""The beta distribution on [loc, loc + scale]."""

from typing import Any

import numpy as np

from ... import numpy as pnp
from ...numpy.worth import compiled_where_many
from ..special import betainc, xlog1py, xlogy
from .operands import floats
from .saddle import log_ways


@compiled_where_many()
def logpdf(x: Any, a: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the density.

    >>> round(float(pb.scipy.stats.beta.logpdf(0.25, 2, 3)), 4)
    0.5232
    """
    x, a, b, loc, scale = floats("beta.logpdf", x, a, b, loc, scale)
    outside = (x < loc) | (x > loc + scale)
    z = pnp.where(outside, 0.5, (x - loc) / scale)
    return pnp.where(outside, -np.inf, _log_density(z, a, b) - pnp.log(scale))


def _log_density(x: Any, a: Any, b: Any) -> Any:
    inside = (x > 0) & (x < 1)
    p = pnp.where(inside, x, 0.5)
    density = log_ways(a, b, p, 1 - p) - pnp.log(p) - pnp.log1p(-p) - pnp.log(a + b)
    edge = xlogy(a - 1, x) + xlog1py(b - 1, -x)
    return pnp.where(inside, density, edge) + pnp.log(a) + pnp.log(b)


def pdf(x: Any, a: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The density.

    >>> round(float(pb.scipy.stats.beta.pdf(0.25, 2, 3)), 4)
    1.6875
    """
    return pnp.exp(logpdf(x, a, b, loc, scale))


def _log_part(a: Any, b: Any, u: Any) -> Any:
    """The logarithm of the probability below u of the numbers between 0 and 1."""
    outside = (u <= 0) | (u >= 1)
    found = pnp.log(betainc(a, b, pnp.where(outside, 0.5, u)))
    return pnp.where(outside & ~pnp.isnan(found), pnp.where(u > 0, 0, -np.inf), found)


def cdf(x: Any, a: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The probability below x.

    >>> round(float(pb.scipy.stats.beta.cdf(0.25, 2, 3)), 4)
    0.2617
    """
    x, a, b, loc, scale = floats("beta.cdf", x, a, b, loc, scale)
    return betainc(a, b, pnp.clip((x - loc) / scale, 0, 1))


def logcdf(x: Any, a: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the probability below x.

    >>> round(float(pb.scipy.stats.beta.logcdf(0.25, 2, 3)), 4)
    -1.3405
    """
    x, a, b, loc, scale = floats("beta.logcdf", x, a, b, loc, scale)
    return _log_part(a, b, (x - loc) / scale)


def sf(x: Any, a: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The probability above x.

    >>> round(float(pb.scipy.stats.beta.sf(0.25, 2, 3)), 4)
    0.7383
    """
    x, a, b, loc, scale = floats("beta.sf", x, a, b, loc, scale)
    return betainc(b, a, 1 - pnp.clip((x - loc) / scale, 0, 1))


def logsf(x: Any, a: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the probability above x.

    >>> round(float(pb.scipy.stats.beta.logsf(0.25, 2, 3)), 4)
    -0.3034
    """
    x, a, b, loc, scale = floats("beta.logsf", x, a, b, loc, scale)
    return _log_part(b, a, 1 - (x - loc) / scale)
