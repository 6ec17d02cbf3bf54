"""The Gumbel distribution of maxima, steep on the left: that of minima, mirrored."""

from typing import Any

import numpy as np

from ... import numpy as pnp
from . import gumbel_l
from .operands import floats


def _mirrored(name: str, x: Any, loc: Any, scale: Any) -> tuple[Any, Any, Any]:
    x, loc, scale = floats(f"gumbel_r.{name}", x, loc, scale)
    return -x, -loc, scale


def logpdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the density.

    >>> round(float(pb.scipy.stats.gumbel_r.logpdf(0.5)), 4)
    -1.1065
    """
    return gumbel_l.logpdf(*_mirrored("logpdf", x, loc, scale))


def pdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The density.

    >>> round(float(pb.scipy.stats.gumbel_r.pdf(0.5)), 4)
    0.3307
    """
    return pnp.exp(logpdf(x, loc, scale))


def logcdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the probability below x.

    >>> round(float(pb.scipy.stats.gumbel_r.logcdf(0.5)), 4)
    -0.6065
    """
    return gumbel_l.logsf(*_mirrored("logcdf", x, loc, scale))


def cdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The probability below x.

    >>> round(float(pb.scipy.stats.gumbel_r.cdf(0.5)), 4)
    0.5452
    """
    return pnp.exp(logcdf(x, loc, scale))


def logsf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the probability above x.

    >>> round(float(pb.scipy.stats.gumbel_r.logsf(0.5)), 4)
    -0.788
    """
    return gumbel_l.logcdf(*_mirrored("logsf", x, loc, scale))


def sf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The probability above x.

    >>> round(float(pb.scipy.stats.gumbel_r.sf(0.5)), 4)
    0.4548
    """
    return gumbel_l.cdf(*_mirrored("sf", x, loc, scale))


def ppf(p: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The x below which the probability is p, strictly between 0 and 1.

    >>> round(float(pb.scipy.stats.gumbel_r.ppf(0.25)), 4)
    -0.3266
    """
    p, loc, scale = floats("gumbel_r.ppf", p, loc, scale)
    p = pnp.where((p > 0) & (p < 1), p, np.nan)
    return loc - scale * pnp.log(-pnp.log(p))
