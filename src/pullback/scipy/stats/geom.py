"""The geometric distribution: trials up to the first success of probability p."""

from typing import Any

import numpy as np

from ... import numpy as pnp
from ..special import xlog1py
from .operands import floats


def logpmf(k: Any, p: Any, loc: Any = 0) -> Any:
    """The logarithm of the probability of k.

    >>> round(float(pb.scipy.stats.geom.logpmf(2, 0.3)), 4)
    -1.5606
    """
    k, p, loc = floats("geom.logpmf", k, p, loc)
    y = k - loc
    return pnp.where(y <= 0, -np.inf, xlog1py(y - 1, -p) + pnp.log(p))


def pmf(k: Any, p: Any, loc: Any = 0) -> Any:
    """The probability of k.

    >>> round(float(pb.scipy.stats.geom.pmf(2, 0.3)), 4)
    0.21
    """
    return pnp.exp(logpmf(k, p, loc))
