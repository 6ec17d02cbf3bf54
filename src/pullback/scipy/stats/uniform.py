"""The uniform distribution on [loc, loc + scale]."""

from typing import Any

import numpy as np

from ... import numpy as pnp
from .operands import floats


def logpdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the density.

    >>> round(float(pb.scipy.stats.uniform.logpdf(0.25)), 4)
    -0.0
    """
    x, loc, scale = floats("uniform.logpdf", x, loc, scale)
    outside = (x < loc) | (x > loc + scale)
    found = pnp.where(outside, -np.inf, -pnp.log(scale))
    return pnp.where(pnp.isnan(x) | pnp.isnan(loc), np.nan, found)


def pdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The density.

    >>> round(float(pb.scipy.stats.uniform.pdf(0.25)), 4)
    1.0
    """
    return pnp.exp(logpdf(x, loc, scale))


def cdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The probability below x.

    >>> round(float(pb.scipy.stats.uniform.cdf(0.25)), 4)
    0.25
    """
    x, loc, scale = floats("uniform.cdf", x, loc, scale)
    return pnp.clip((x - loc) / scale, 0, 1)


def ppf(q: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The x below which the probability is q.

    >>> round(float(pb.scipy.stats.uniform.ppf(0.25)), 4)
    0.25
    """
    q, loc, scale = floats("uniform.ppf", q, loc, scale)
    return pnp.where((q < 0) | (q > 1), np.nan, q * scale + loc)
