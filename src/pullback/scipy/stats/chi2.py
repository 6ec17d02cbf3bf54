"""The chi-squared distribution of df degrees of freedom: a gamma distribution."""

from typing import Any

from . import gamma
from .operands import floats


def _as_gamma(name: str, x: Any, df: Any, loc: Any, scale: Any) -> tuple[Any, ...]:
    x, df, loc, scale = floats(f"chi2.{name}", x, df, loc, scale)
    return x, df / 2, loc, 2 * scale


def logpdf(x: Any, df: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the density.

    >>> round(float(pb.scipy.stats.chi2.logpdf(2.0, 3)), 4)
    -1.5724
    """
    return gamma.logpdf(*_as_gamma("logpdf", x, df, loc, scale))


def pdf(x: Any, df: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The density.

    >>> round(float(pb.scipy.stats.chi2.pdf(2.0, 3)), 4)
    0.2076
    """
    return gamma.pdf(*_as_gamma("pdf", x, df, loc, scale))


def cdf(x: Any, df: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The probability below x.

    >>> round(float(pb.scipy.stats.chi2.cdf(2.0, 3)), 4)
    0.4276
    """
    return gamma.cdf(*_as_gamma("cdf", x, df, loc, scale))


def logcdf(x: Any, df: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the probability below x.

    >>> round(float(pb.scipy.stats.chi2.logcdf(2.0, 3)), 4)
    -0.8496
    """
    return gamma.logcdf(*_as_gamma("logcdf", x, df, loc, scale))


def sf(x: Any, df: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The probability above x.

    >>> round(float(pb.scipy.stats.chi2.sf(2.0, 3)), 4)
    0.5724
    """
    return gamma.sf(*_as_gamma("sf", x, df, loc, scale))


def logsf(x: Any, df: Any, loc: Any = 0, scale: Any = 1) -> Any:
    """The logarithm of the probability above x.

    >>> round(float(pb.scipy.stats.chi2.logsf(2.0, 3)), 4)
    -0.5579
    """
    return gamma.logsf(*_as_gamma("logsf", x, df, loc, scale))
