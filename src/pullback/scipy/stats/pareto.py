"""The Pareto distribution of shape b: powers, above the scale."""

from typing import Any

import numpy as np

from ... import numpy as pnp
from .operands import floats


def _standard(name: str, x: Any, b: Any, loc: Any, scale: Any) -> tuple[Any, Any, Any, Any]:
    """The standard number, 1 outside of the support, b, the scale, and where the support is."""
    x, b, loc, scale = floats(f"pareto.{name}", x, b, loc, scale)
    inside = ~(x < loc + scale)
    return pnp.where(inside, (x - loc) / scale, 1), b, scale, inside


def logpdf(x: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the density.

    >>> round(float(pb.scipy.stats.pareto.logpdf(2.0, 3.0)), 4)
    -1.674
    """
    z, b, scale, inside = _standard("logpdf", x, b, loc, scale)
    return pnp.where(inside, pnp.log(b / scale) - (b + 1) * pnp.log(z), -np.inf)


def pdf(x: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The density.

    >>> round(float(pb.scipy.stats.pareto.pdf(2.0, 3.0)), 4)
    0.1875
    """
    return pnp.exp(logpdf(x, b, loc, scale))


def cdf(x: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The probability below x.

    >>> round(float(pb.scipy.stats.pareto.cdf(2.0, 3.0)), 4)
    0.875
    """
    z, b, _, _ = _standard("cdf", x, b, loc, scale)
    return -pnp.expm1(-b * pnp.log(z))


def logcdf(x: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the probability below x.

    >>> round(float(pb.scipy.stats.pareto.logcdf(2.0, 3.0)), 4)
    -0.1335
    """
    z, b, _, inside = _standard("logcdf", x, b, loc, scale)
    z = pnp.where(inside, z, 2)
    return pnp.where(inside, pnp.log1p(-(z**-b)), -np.inf)


def logsf(x: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the probability above x.

    >>> round(float(pb.scipy.stats.pareto.logsf(2.0, 3.0)), 4)
    -2.0794
    """
    z, b, _, _ = _standard("logsf", x, b, loc, scale)
    return -b * pnp.log(z)


def sf(x: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The probability above x.

    >>> round(float(pb.scipy.stats.pareto.sf(2.0, 3.0)), 4)
    0.125
    """
    return pnp.exp(logsf(x, b, loc, scale))


def ppf(q: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The x below which the probability is q.

    >>> round(float(pb.scipy.stats.pareto.ppf(0.25, 3.0)), 4)
    1.1006
    """
    q, b, loc, scale = floats("pareto.ppf", q, b, loc, scale)
    q = pnp.where((q < 0) | (q > 1), np.nan, q)
    return loc + scale * (1 - q) ** (-1 / b)
