"""Gamma and beta functions, error functions, entropies, modified Bessel functions."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import dtypes
from ... import numpy as pnp
from ...control.custom_jvp import custom_jvp
from ...nn.normalize import log_softmax as _log_softmax
from ...nn.normalize import softmax as _softmax
from ...numpy.elementwise import as_inexact
from ...numpy.values import convert, promote_arrays_inexact
from ...numpy.worth import compiled_when_repeated, compiled_where_many
from ...primitives import analytic, incomplete
from ...primitives import elementwise as ew
from ...primitives import special as _special
from .shown import SHOWN

Function = Callable[..., Any]


def floats(name: str, *values: Any) -> list[Any]:
    """Arrays of one shape and one floating dtype."""
    return pnp.broadcast_arrays(*promote_arrays_inexact(name, *values))


def at_least_single(f: Function, *xs: Any) -> Any:
    """A function of arrays of one dtype, computed in single precision where they are halves."""
    if xs[0].dtype.itemsize >= 4:
        return f(*xs)
    weak = all(x.weak_type for x in xs)
    found = f(*[convert(x, dtypes.float32, weak) for x in xs])
    if isinstance(found, tuple):
        return tuple([convert(y, xs[0].dtype, weak) for y in found])
    return convert(found, xs[0].dtype, weak)


def strong(x: Any) -> Any:
    """The array with a dtype of its own, though it was made of Python numbers."""
    return convert(x, x.dtype, False)


def _table(name: str, op: Function, doc: str, *parameters: str) -> Function:
    """A function that is one operation, with these parameter names."""
    forms: dict[tuple[str, ...], Function] = {
        ("x",): lambda x: op(as_inexact(name, x)),
        ("a", "x"): lambda a, x: op(*floats(name, a, x)),
        ("n", "x"): lambda n, x: op(*floats(name, n, x)),
        ("z", "m"): lambda z, m: op(*floats(name, z, m)),
    }
    f = forms[parameters]
    f.__name__ = f.__qualname__ = name
    f.__module__ = "pullback.scipy.special"
    f.__doc__ = f"{doc}\n{SHOWN[name]}"
    return f


gammaln = _table("gammaln", ew.lgamma, "log |Gamma(x)|.", "x")
digamma = _table("digamma", ew.digamma, "The derivative of log Gamma.", "x")
erf = _table("erf", ew.erf, "The error function.", "x")
erfc = _table("erfc", ew.erfc, "1 - erf(x).", "x")
erfinv = _table("erfinv", ew.erf_inv, "The inverse of erf.", "x")
erfcx = _table("erfcx", lambda x: strong(analytic.erfcx(x)), "exp(x^2) erfc(x).", "x")
expit = _table("expit", ew.logistic, "The logistic function, 1 / (1 + exp(-x)).", "x")
expi = _table("expi", lambda x: strong(analytic.expi(x)), "The exponential integral Ei.", "x")
exp1 = _table("exp1", lambda x: strong(analytic.exp1(x)), "The exponential integral E1.", "x")
dawsn = _table("dawsn", lambda x: strong(analytic.dawsn(x)), "Dawson's integral.", "x")
spence = _table("spence", analytic.spence, "Spence's function, the dilogarithm of 1 - x.", "x")
i0e = _table("i0e", _special.bessel_i0e, "exp(-|x|) i0(x).", "x")
i1e = _table("i1e", _special.bessel_i1e, "exp(-|x|) i1(x).", "x")
_many = compiled_where_many()
gammainc = _table(
    "gammainc", _many(incomplete.igamma), "The lower incomplete gamma function.", "a", "x"
)
gammaincc = _table("gammaincc", _many(incomplete.igammac), "1 - gammainc(a, x).", "a", "x")
polygamma = _table("polygamma", _special.polygamma, "The n-th derivative of digamma.", "n", "x")
expn = _table("expn", analytic.expn, "The exponential integral E_n.", "n", "x")
poch = _table(
    "poch", lambda z, m: strong(analytic.poch(z, m)), "Gamma(z + m) / Gamma(z).", "z", "m"
)


def loggamma(x: Any) -> Any:
    """log Gamma(x) of real numbers, NaN below 0, where it is complex.

    >>> import pullback as pb
    >>> round(float(pb.scipy.special.loggamma(5.0)), 3)
    3.178
    """
    x = as_inexact("loggamma", x)
    return pnp.where(x < 0, np.nan, ew.lgamma(x))


def ndtri(p: Any) -> Any:
    """The x below which a normal number lies with probability p.

    >>> import pullback as pb
    >>> round(float(pb.scipy.special.ndtri(0.975)), 3)
    1.96
    """
    return analytic.ndtri(as_inexact("ndtri", p))


@compiled_where_many("series_order")
def log_ndtr(x: Any, series_order: int = 3) -> Any:
    """The logarithm of `ndtr`, exact also far below 0; `series_order` is accepted.

    >>> pb.scipy.special.log_ndtr(-100.0)
    Array(-5005.5244, dtype=float32, weak_type=True)
    """
    return analytic.log_ndtr(as_inexact("log_ndtr", x))


def ndtr(x: Any) -> Any:
    """The probability that a normal number lies below x.

    >>> pb.scipy.special.ndtr(pnp.array([0.0, 100.0]))
    Array([0.5, 1. ], dtype=float32)
    """
    return analytic.ndtr(as_inexact("ndtr", x))


@compiled_when_repeated()
def gammasgn(x: Any) -> Any:
    """The sign of Gamma(x).

    >>> pb.scipy.special.gammasgn(pnp.array([1.5, -0.5]))
    Array([ 1., -1.], dtype=float32)
    """
    x = as_inexact("gammasgn", x)
    below = pnp.floor(x)
    negative = (x < 0) & (below % 2 != 0)
    sign = pnp.where(negative, -pnp.ones_like(x), pnp.ones_like(x))
    sign = pnp.where(x == 0, pnp.copysign(1.0, x).astype(x.dtype), sign)
    return pnp.where(((x < 0) & (below == x)) | pnp.isnan(x) | (x == -np.inf), np.nan, sign)


@compiled_where_many()
def betainc(a: Any, b: Any, x: Any) -> Any:
    """The regularized incomplete beta function.

    >>> pb.scipy.special.betainc(2.0, 3.0, pnp.array([0.0, 0.5, 1.0])).round(4)
    Array([0.    , 0.6875, 1.    ], dtype=float32)
    """
    return incomplete.betainc(*floats("betainc", a, b, x))


def zeta(x: Any, q: Any = None) -> Any:
    """The Hurwitz zeta function; Riemann's where q is not given.

    >>> pb.scipy.special.zeta(2.0)
    Array(1.644934, dtype=float32, weak_type=True)
    """
    return _special.zeta(*floats("zeta", x, 1.0 if q is None else q))


def i0(x: Any) -> Any:
    """The modified Bessel function of order 0.

    >>> pb.scipy.special.i0(pnp.array([0.0, 1.0])).round(4)
    Array([1.    , 1.2661], dtype=float32)
    """
    x = as_inexact("i0", x)
    return pnp.exp(pnp.abs(x)) * _special.bessel_i0e(x)


def i1(x: Any) -> Any:
    """The modified Bessel function of order 1.

    >>> pb.scipy.special.i1(pnp.array([0.0, 1.0])).round(4)
    Array([0.    , 0.5652], dtype=float32)
    """
    x = as_inexact("i1", x)
    return pnp.exp(pnp.abs(x)) * _special.bessel_i1e(x)


@compiled_where_many()
def logit(x: Any) -> Any:
    """log(x / (1 - x)), the inverse of `expit`.

    >>> pb.scipy.special.logit(0.5)
    Array(0., dtype=float32, weak_type=True)
    """
    x = as_inexact("logit", x)
    middle = (x > 0.25) & (x < 0.75)
    safe = pnp.where(middle, x, 0.5)
    near = pnp.log1p((2 * safe - 1) / (1 - safe))
    return pnp.where(middle, near, pnp.log(x) - pnp.log1p(-x))


@custom_jvp
def _xlogy(x: Any, y: Any) -> Any:
    return pnp.where(x == 0, pnp.zeros_like(x), x * pnp.log(y))


@_xlogy.defjvp
def _(primals: Any, tangents: Any) -> Any:
    (x, y), (tx, ty) = primals, tangents
    return _xlogy(x, y), tx * pnp.log(y) + ty * (x / y)


@custom_jvp
def _xlog1py(x: Any, y: Any) -> Any:
    return pnp.where(x == 0, pnp.zeros_like(x), x * pnp.log1p(y))


@_xlog1py.defjvp
def _(primals: Any, tangents: Any) -> Any:
    (x, y), (tx, ty) = primals, tangents
    return _xlog1py(x, y), tx * pnp.log1p(y) + ty * (x / (1 + y))


def xlogy(x: Any, y: Any) -> Any:
    """x log(y), 0 where x is.

    >>> pb.scipy.special.xlogy(0.0, 0.0)
    Array(0., dtype=float32, weak_type=True)
    """
    return _xlogy(*floats("xlogy", x, y))


def xlog1py(x: Any, y: Any) -> Any:
    """x log(1 + y), 0 where x is.

    >>> pb.scipy.special.xlog1py(0.0, -1.0)
    Array(0., dtype=float32, weak_type=True)
    """
    return _xlog1py(*floats("xlog1py", x, y))


def entr(x: Any) -> Any:
    """-x log(x), -infinity where x is negative.

    >>> pb.scipy.special.entr(pnp.array([0.5, -1.0]))
    Array([0.3465736,      -inf], dtype=float32)
    """
    x = as_inexact("entr", x)
    return pnp.where(x < 0, -np.inf, -_xlogy(x, x))


def rel_entr(p: Any, q: Any) -> Any:
    """p log(p / q), 0 where p is 0, infinity outside of p >= 0, q > 0.

    >>> pb.scipy.special.rel_entr(0.0, 0.5)
    Array(0., dtype=float32)
    """
    p, q = floats("rel_entr", p, q)
    zero, both = (p == 0) & (q >= 0), (p > 0) & (q > 0)
    safe_p, safe_q = pnp.where(both, p, 1), pnp.where(both, q, 1)
    inside = safe_p * (pnp.log(safe_p) - pnp.log(safe_q))
    return pnp.where(zero, 0, pnp.where(both, inside, np.inf)).astype(p.dtype)


def kl_div(p: Any, q: Any) -> Any:
    """p log(p / q) - p + q, infinity outside of p >= 0, q > 0.

    >>> pb.scipy.special.kl_div(0.5, 0.5)
    Array(0., dtype=float32)
    """
    p, q = floats("kl_div", p, q)
    return rel_entr(p, q) - p + q


def boxcox(x: Any, lmbda: Any) -> Any:
    """(x^lmbda - 1) / lmbda, log(x) where lmbda is 0.

    >>> pb.scipy.special.boxcox(pnp.array([1.0, 4.0]), 0.5)
    Array([0., 2.], dtype=float32)
    """
    x, power = floats("boxcox", x, lmbda)
    return _boxcox(pnp.log(x), power)


def boxcox1p(x: Any, lmbda: Any) -> Any:
    """`boxcox` of 1 + x.

    >>> pb.scipy.special.boxcox1p(pnp.array([0.0, 1.0]), 2.0)
    Array([0. , 1.5], dtype=float32)
    """
    x, power = floats("boxcox1p", x, lmbda)
    return _boxcox(pnp.log1p(x), power)


def _boxcox(log: Any, power: Any) -> Any:
    safe = pnp.where(power == 0, 1, power)
    return pnp.where(power == 0, log, pnp.expm1(safe * log) / safe)


def softmax(x: Any, /, *, axis: Any = None) -> Any:
    """exp(x) over its sum over axes, all of them by default.

    >>> pb.scipy.special.softmax(pnp.array([0.0, 0.0]))
    Array([0.5, 0.5], dtype=float32)
    """
    return _softmax(x, axis=tuple(range(np.ndim(x))) if axis is None else axis)


def log_softmax(x: Any, /, *, axis: Any = None) -> Any:
    """The logarithm of `softmax`.

    >>> pb.scipy.special.log_softmax(pnp.array([0.0, 1000.0]))
    Array([-1000.,     0.], dtype=float32)
    """
    return _log_softmax(x, axis=tuple(range(np.ndim(x))) if axis is None else axis)
