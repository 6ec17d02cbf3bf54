"""The gamma and beta functions, their logarithms, and numbers of choices."""

from math import log, pi
from typing import Any

from ... import numpy as pnp
from ...numpy.elementwise import as_inexact
from ...numpy.worth import compiled_where_many
from ...primitives import analytic
from ...primitives import elementwise as ew
from .functions import floats, strong


def gamma(x: Any) -> Any:
    """The gamma function.

    >>> import pullback as pb
    >>> float(pb.scipy.special.gamma(5.0))
    24.0
    """
    return strong(analytic.gamma(as_inexact("gamma", x)))


def factorial(n: Any, exact: bool = False) -> Any:
    """n! = Gamma(n + 1), 0 for negative n.

    >>> pb.scipy.special.factorial(pnp.array([3.0, 5.0]))
    Array([  6., 120.], dtype=float32)
    """
    if exact:
        raise NotImplementedError("factorial: exact=True is not supported: use math.factorial")
    n = as_inexact("factorial", n)
    return pnp.where(n < 0, 0, analytic.gamma(pnp.where(n < 0, 0, n) + 1))


@compiled_where_many()
def betaln(a: Any, b: Any) -> Any:
    """log |Beta(a, b)|.

    >>> pb.scipy.special.betaln(2.0, 3.0).round(4)
    Array(-2.4849, dtype=float32, weak_type=True)
    """
    return analytic.betaln(*floats("betaln", a, b))


@compiled_where_many()
def beta(a: Any, b: Any) -> Any:
    """Gamma(a) Gamma(b) / Gamma(a + b).

    >>> pb.scipy.special.beta(2.0, 3.0).round(5)
    Array(0.08333, dtype=float32)
    """
    return strong(analytic.beta(*floats("beta", a, b)))


@compiled_where_many("d")
def multigammaln(a: Any, d: Any) -> Any:
    """The logarithm of the gamma function of d dimensions.

    >>> pb.scipy.special.multigammaln(2.0, 1).round(4)
    Array(0., dtype=float32)
    """
    a, d = as_inexact("multigammaln", a), int(d)
    steps = pnp.arange(d, dtype=a.dtype) / 2
    constant = d * (d - 1) / 4 * log(pi)
    return pnp.sum(ew.lgamma(pnp.expand_dims(a, -1) - steps), -1) + constant


def comb(N: Any, k: Any, *, repetition: bool = False) -> Any:
    """The number of ways to choose k of N things, each once or, with `repetition`, often.

    >>> pb.scipy.special.comb(5.0, 2.0).round(3)
    Array(10., dtype=float32, weak_type=True)
    """
    n, k = floats("comb", N, k)
    if repetition:
        n = n + k - 1
    inside = (k >= 0) & (n >= 0) & (k <= n)
    m, k = pnp.where(inside, n, 1), pnp.where(inside, k, 1)
    return pnp.where(inside, 1 / ((m + 1) * analytic.beta(m - k + 1, k + 1)), 0)
