"""The von Mises distribution of angles, with concentration kappa."""

from typing import Any

import numpy as np

from ... import numpy as pnp
from ..special import i0e
from .operands import floats


def logpdf(x: Any, kappa: Any) -> Any:
    """The logarithm of the density.

    >>> round(float(pb.scipy.stats.vonmises.logpdf(1.0, 2.0)), 4)
    -1.5813
    """
    x, kappa = floats("vonmises.logpdf", x, kappa)
    found = kappa * (pnp.cos(x) - 1) - pnp.log(2 * np.pi * i0e(kappa))
    return pnp.where(kappa > 0, found, np.nan)


def pdf(x: Any, kappa: Any) -> Any:
    """The density.

    >>> round(float(pb.scipy.stats.vonmises.pdf(1.0, 2.0)), 4)
    0.2057
    """
    return pnp.exp(logpdf(x, kappa))
