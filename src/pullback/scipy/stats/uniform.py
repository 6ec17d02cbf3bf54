"""The uniform distribution on [loc, loc + scale]."""

from typing import Any

import numpy as np

from ... import numpy as pnp
from ..special.functions import floats


def logpdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the density."""
    x, loc, scale = floats("uniform.logpdf", x, loc, scale)
    inside = (x >= loc) & (x <= loc + scale)
    return pnp.where(inside, -pnp.log(scale), -np.inf)


def pdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The density."""
    return pnp.exp(logpdf(x, loc, scale))


def cdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The probability below x."""
    x, loc, scale = floats("uniform.cdf", x, loc, scale)
    return pnp.clip((x - loc) / scale, 0, 1)


def ppf(q: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The x below which the probability is q."""
    q, loc, scale = floats("uniform.ppf", q, loc, scale)
    return pnp.where((q < 0) | (q > 1), np.nan, q * scale + loc)
