"""The Cauchy distribution wrapped around the circle, with concentration c."""

from typing import Any

import numpy as np

from ... import numpy as pnp
from .operands import floats


def logpdf(x: Any, c: Any) -> Any:
    """The logarithm of the density, of angles from 0 to 2 pi.

    >>> round(float(pb.scipy.stats.wrapcauchy.logpdf(1.0, 0.5)), 4)
    -1.7826
    """
    x, c = floats("wrapcauchy.logpdf", x, c)
    c = pnp.where((c > 0) & (c < 1), c, np.nan)
    found = pnp.log((1 - c * c) / (2 * np.pi)) - pnp.log(1 + c * c - 2 * c * pnp.cos(x))
    return pnp.where(((x >= 0) & (x <= 2 * np.pi)) | pnp.isnan(c), found, -np.inf)


def pdf(x: Any, c: Any) -> Any:
    """The density.

    >>> round(float(pb.scipy.stats.wrapcauchy.pdf(1.0, 0.5)), 4)
    0.1682
    """
    return pnp.exp(logpdf(x, c))
