"""The gamma distribution of shape a."""

from typing import Any

import numpy as np

from ... import numpy as pnp
from ...numpy.worth import compiled_where_many
from ...primitives.counts import log_counts
from ..special import gammainc, gammaincc, xlogy
from .operands import floats


@compiled_where_many()
def logpdf(x: Any, a: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the density.

    >>> round(float(pb.scipy.stats.gamma.logpdf(2.0, 3.0)), 4)
    -1.3069
    """
    x, a, loc, scale = floats("gamma.logpdf", x, a, loc, scale)
    below = x < loc
    z = pnp.where(below, 1, (x - loc) / scale)
    inside = z > 0
    wait = pnp.where(inside, z, 1)
    density = log_counts(a, wait) + pnp.log(a) - pnp.log(wait)
    found = pnp.where(inside, density, xlogy(a - 1, z)) - pnp.log(scale)
    return pnp.where(below, -np.inf, found)


def pdf(x: Any, a: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The density.

    >>> round(float(pb.scipy.stats.gamma.pdf(2.0, 3.0)), 4)
    0.2707
    """
    return pnp.exp(logpdf(x, a, loc, scale))


def cdf(x: Any, a: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The probability below x.

    >>> round(float(pb.scipy.stats.gamma.cdf(2.0, 3.0)), 4)
    0.3233
    """
    x, a, loc, scale = floats("gamma.cdf", x, a, loc, scale)
    return gammainc(a, pnp.clip((x - loc) / scale, 0, None))


def logcdf(x: Any, a: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the probability below x.

    >>> round(float(pb.scipy.stats.gamma.logcdf(2.0, 3.0)), 4)
    -1.1291
    """
    x, a, loc, scale = floats("gamma.logcdf", x, a, loc, scale)
    z = (x - loc) / scale
    below = z <= 0
    found = pnp.log(gammainc(a, pnp.where(below, 1, z)))
    return pnp.where(below & ~pnp.isnan(found), -np.inf, found)


def sf(x: Any, a: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The probability above x.

    >>> round(float(pb.scipy.stats.gamma.sf(2.0, 3.0)), 4)
    0.6767
    """
    x, a, loc, scale = floats("gamma.sf", x, a, loc, scale)
    return gammaincc(a, pnp.clip((x - loc) / scale, 0, None))


def logsf(x: Any, a: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the probability above x.

    >>> round(float(pb.scipy.stats.gamma.logsf(2.0, 3.0)), 4)
    -0.3906
    """
    return pnp.log(sf(x, a, loc, scale))
