"""The Gumbel distribution of minima, steep on the right."""

from typing import Any

import numpy as np

from ... import numpy as pnp
from ...nn.activations import log1mexp
from .operands import floats

# A standard number below which all lies, in double precision too.
CERTAIN = 20


def _standard(name: str, x: Any, loc: Any, scale: Any) -> tuple[Any, Any]:
    """The standard number, NaN where the scale is not positive, and the scale."""
    x, loc, scale = floats(f"gumbel_l.{name}", x, loc, scale)
    return pnp.where(scale > 0, (x - loc) / scale, np.nan), scale


def logpdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the density.

    >>> round(float(pb.scipy.stats.gumbel_l.logpdf(0.5)), 4)
    -1.1487
    """
    z, scale = _standard("logpdf", x, loc, scale)
    return z - pnp.exp(z) - pnp.log(scale)


def pdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The density.

    >>> round(float(pb.scipy.stats.gumbel_l.pdf(0.5)), 4)
    0.317
    """
    return pnp.exp(logpdf(x, loc, scale))


def logcdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the probability below x.

    >>> round(float(pb.scipy.stats.gumbel_l.logcdf(0.5)), 4)
    -0.2136
    """
    z, _ = _standard("logcdf", x, loc, scale)
    return log1mexp(pnp.exp(z))


def cdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The probability below x.

    >>> round(float(pb.scipy.stats.gumbel_l.cdf(0.5)), 4)
    0.8077
    """
    z, _ = _standard("cdf", x, loc, scale)
    return -pnp.expm1(-pnp.exp(pnp.minimum(z, CERTAIN)))


def logsf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the probability above x.

    >>> round(float(pb.scipy.stats.gumbel_l.logsf(0.5)), 4)
    -1.6487
    """
    z, _ = _standard("logsf", x, loc, scale)
    return -pnp.exp(z)


def sf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The probability above x.

    >>> round(float(pb.scipy.stats.gumbel_l.sf(0.5)), 4)
    0.1923
    """
    return pnp.exp(logsf(x, loc, scale))


def ppf(p: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The x below which the probability is p, strictly between 0 and 1.

    >>> round(float(pb.scipy.stats.gumbel_l.ppf(0.25)), 4)
    -1.2459
    """
    p, loc, scale = floats("gumbel_l.ppf", p, loc, scale)
    p = pnp.where((p > 0) & (p < 1), p, np.nan)
    return loc + scale * pnp.log(-pnp.log1p(-p))
