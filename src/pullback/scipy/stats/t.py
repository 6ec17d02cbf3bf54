"""Student's distribution of df degrees of freedom."""

import math
from typing import Any

from ... import dtypes
from ... import numpy as pnp
from ...numpy.worth import compiled_where_many
from ...primitives.counts import log_counts
from .operands import floats


@compiled_where_many()
def logpdf(x: Any, df: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the density.

    >>> round(float(pb.scipy.stats.t.logpdf(1.0, 3)), 4)
    -1.5763
    """
    x, df, loc, scale = floats("t.logpdf", x, df, loc, scale)
    # From here on it is the normal distribution.
    df = pnp.minimum(df, float(dtypes.finfo(df.dtype).eps) ** -2)
    z = (x - loc) / scale
    half = df / 2
    constant = log_counts(half, half) - log_counts(half - 0.5, half) - 0.5 * math.log(2 * math.pi)
    return constant - pnp.log(scale) - (df + 1) / 2 * pnp.log1p(z * z / df)


def pdf(x: Any, df: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The density.

    >>> round(float(pb.scipy.stats.t.pdf(1.0, 3)), 4)
    0.2067
    """
    return pnp.exp(logpdf(x, df, loc, scale))
