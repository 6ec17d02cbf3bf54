"""The gamma distribution of shape a."""

from typing import Any

import numpy as np

from ... import numpy as pnp
from ..special import gammainc, gammaincc, gammaln, xlogy
from ..special.functions import floats


def logpdf(x: Any, a: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the density."""
    x, a, loc, scale = floats("gamma.logpdf", x, a, loc, scale)
    inside = x >= loc
    z = pnp.where(inside, (x - loc) / scale, 1)
    density = xlogy(a - 1, z) - z - gammaln(a) - pnp.log(scale)
    return pnp.where(inside, density, -np.inf)


def pdf(x: Any, a: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The density."""
    return pnp.exp(logpdf(x, a, loc, scale))


def cdf(x: Any, a: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The probability below x."""
    x, a, loc, scale = floats("gamma.cdf", x, a, loc, scale)
    return gammainc(a, pnp.clip((x - loc) / scale, 0, None))


def logcdf(x: Any, a: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the probability below x."""
    return pnp.log(cdf(x, a, loc, scale))


def sf(x: Any, a: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The probability above x."""
    x, a, loc, scale = floats("gamma.sf", x, a, loc, scale)
    return gammaincc(a, pnp.clip((x - loc) / scale, 0, None))


def logsf(x: Any, a: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the probability above x."""
    return pnp.log(sf(x, a, loc, scale))
