"""The Gumbel distribution of maxima, steep on the left: that of minima, mirrored."""

from typing import Any

import numpy as np

from ... import numpy as pnp
from ..special.functions import floats
from . import gumbel_l


def _mirrored(name: str, x: Any, loc: Any, scale: Any) -> tuple[Any, Any, Any]:
    x, loc, scale = floats(f"gumbel_r.{name}", x, loc, scale)
    return -x, -loc, scale


def logpdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the density."""
    return gumbel_l.logpdf(*_mirrored("logpdf", x, loc, scale))


def pdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The density."""
    return pnp.exp(logpdf(x, loc, scale))


def logcdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the probability below x."""
    return gumbel_l.logsf(*_mirrored("logcdf", x, loc, scale))


def cdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The probability below x."""
    return pnp.exp(logcdf(x, loc, scale))


def logsf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the probability above x."""
    return gumbel_l.logcdf(*_mirrored("logsf", x, loc, scale))


def sf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The probability above x."""
    return pnp.exp(logsf(x, loc, scale))


def ppf(p: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The x below which the probability is p, strictly between 0 and 1."""
    p, loc, scale = floats("gumbel_r.ppf", p, loc, scale)
    p = pnp.where((p > 0) & (p < 1), p, np.nan)
    return loc - scale * pnp.log(-pnp.log(p))
