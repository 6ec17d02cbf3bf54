"""The generalized normal distribution: exp(-|x|^beta)."""

from typing import Any

from ... import numpy as pnp
from ..special import gammainc, gammaln
from .operands import floats


def logpdf(x: Any, beta: Any) -> Any:
    """The logarithm of the density.

    >>> round(float(pb.scipy.stats.gennorm.logpdf(1.0, 1.5)), 4)
    -1.5908
    """
    x, beta = floats("gennorm.logpdf", x, beta)
    return pnp.log(beta / 2) - gammaln(1 / beta) - pnp.abs(x) ** beta


def cdf(x: Any, beta: Any) -> Any:
    """The probability below x.

    >>> round(float(pb.scipy.stats.gennorm.cdf(1.0, 1.5)), 4)
    0.8876
    """
    x, beta = floats("gennorm.cdf", x, beta)
    return (1 + pnp.sign(x) * gammainc(1 / beta, pnp.abs(x) ** beta)) / 2


def pdf(x: Any, beta: Any) -> Any:
    """The density.

    >>> round(float(pb.scipy.stats.gennorm.pdf(1.0, 1.5)), 4)
    0.2038
    """
    return pnp.exp(logpdf(x, beta))
