"""The gamma and beta functions, their logarithms, and numbers of choices."""

from math import log, pi
from typing import Any

import numpy as np

from ... import numpy as pnp
from ...control.custom_jvp import custom_jvp
from ...numpy.elementwise import as_inexact
from ...primitives import analytic
from ...primitives import elementwise as ew
from .functions import at_least_single, floats, gammasgn

# The remainder of Stirling's series for log Gamma(x) in powers of 1 / x^2, times x, and from where
# on it is as good as the precision (Abramowitz and Stegun, 6.1.41).
STIRLING = (
    1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400,
    43867 / 244188, -174611 / 125400,
)  # fmt: skip
FAR = 10


def gamma(x: Any) -> Any:
    """The gamma function.

    >>> import pullback as pb
    >>> float(pb.scipy.special.gamma(5.0))
    24.0
    """
    return analytic.gamma(as_inexact("gamma", x))


def factorial(n: Any, exact: bool = False) -> Any:
    """n! = Gamma(n + 1), 0 for negative n.

    >>> pb.scipy.special.factorial(pnp.array([3.0, 5.0]))
    Array([  6., 120.], dtype=float32)
    """
    if exact:
        raise NotImplementedError("factorial: exact=True is not supported: use math.factorial")
    n = as_inexact("factorial", n)
    return pnp.where(n < 0, 0, analytic.gamma(pnp.where(n < 0, 0, n) + 1))


def betaln(a: Any, b: Any) -> Any:
    """log |Beta(a, b)|.

    Source: large arguments by what Stirling's formula leaves, as in Didonato and Morris, ACM Trans.
    Math. Softw. 18 (1992).

    >>> pb.scipy.special.betaln(2.0, 3.0).round(4)
    Array(-2.4849, dtype=float32, weak_type=True)
    """
    return at_least_single(_betaln, *floats("betaln", a, b))


@custom_jvp
def _betaln(a: Any, b: Any) -> Any:
    good, near, direct, small, logarithm = _beta_parts(a, b)
    found = pnp.where(near, pnp.log(direct) - pnp.where(near, pnp.log(small), 0), logarithm)
    return pnp.where(good, found, ew.lgamma(a) + ew.lgamma(b) - ew.lgamma(a + b))


@_betaln.defjvp
def _(primals: Any, tangents: Any) -> Any:
    (a, b), (ta, tb) = primals, tangents
    both = ew.digamma(a + b)
    return _betaln(a, b), ta * (ew.digamma(a) - both) + tb * (ew.digamma(b) - both)


def _beta_parts(a: Any, b: Any) -> tuple[Any, ...]:
    """Where both are positive, and where `FAR` is beyond both; there numbers of which the quotient
    is the beta function, elsewhere its logarithm."""
    p, q = pnp.minimum(a, b), pnp.maximum(a, b)
    good = (p > 0) & (q < np.inf)
    p, q = pnp.where(good, p, 1), pnp.where(good, q, 1)
    near = q < FAR
    logarithm = pnp.where(p < FAR, _mixed(p, q), _far(p, q))
    p, q = pnp.where(near, p, 1), pnp.where(near, q, 1)
    low, s = p < 1, p + q
    over = analytic.gamma(p + low) * analytic.gamma(q) / analytic.gamma(s)
    # What the sum lost.
    direct = over * (1 - ew.digamma(s) * (p - (s - q)))
    return good, near, direct, pnp.where(low, p, 1), logarithm


def _mixed(p: Any, q: Any) -> Any:
    """Of any p and a large q."""
    s = p + q
    return ew.lgamma(p) + _rest(q) - _rest(s) + p - p * pnp.log(s) + (q - 0.5) * pnp.log1p(-p / s)


def _far(p: Any, q: Any) -> Any:
    """Of two large numbers."""
    s = p + q
    rest = _rest(p) + _rest(q) - _rest(s) + log(2 * pi) / 2 - 0.5 * pnp.log(q)
    return rest + (p - 0.5) * pnp.log(p / s) + q * pnp.log1p(-p / s)


def _rest(x: Any) -> Any:
    """log Gamma(x) less (x - 1/2) log x - x + log(2 pi) / 2."""
    inverse = 1 / pnp.maximum(x, FAR)
    square = inverse * inverse
    total: Any = 0
    for c in reversed(STIRLING):
        total = total * square + c
    return total * inverse


def beta(a: Any, b: Any) -> Any:
    """Gamma(a) Gamma(b) / Gamma(a + b).

    >>> pb.scipy.special.beta(2.0, 3.0).round(5)
    Array(0.08333, dtype=float32)
    """
    return at_least_single(_beta, *floats("beta", a, b))


@custom_jvp
def _beta(a: Any, b: Any) -> Any:
    good, near, direct, small, logarithm = _beta_parts(a, b)
    outside = ew.lgamma(a) + ew.lgamma(b) - ew.lgamma(a + b)
    signs = gammasgn(a) * gammasgn(b) * gammasgn(a + b)
    far = signs * pnp.exp(pnp.where(good, logarithm, outside))
    return pnp.where(good & near, direct / small, far)


@_beta.defjvp
def _(primals: Any, tangents: Any) -> Any:
    (a, b), (ta, tb) = primals, tangents
    found, both = _beta(a, b), ew.digamma(a + b)
    slope = ta * (ew.digamma(a) - both) + tb * (ew.digamma(b) - both)
    return found, found * slope


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
    n, k = pnp.where(inside, n, 1), pnp.where(inside, k, 1)
    ways = 1 / ((n + 1) * beta(n - k + 1, k + 1))
    return pnp.where(inside, ways, 0)
