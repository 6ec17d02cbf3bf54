"""Incomplete gamma and beta functions, and the derivatives of the former in their first argument.

P(a, x) = igamma = f(a, x) S(a, x) / a and Q(a, x) = igammac = f(a, x) C(a, x), where
f = x^a exp(-x) / Gamma(a), S is a power series and C a continued fraction (Abramowitz and Stegun,
6.5.29 and 6.5.31). Derivatives in `a` are those of S and C, term by term, and of log f.
"""

from typing import Any, NoReturn

import numpy as np

from ..core.aval import ShapedArray
from ..core.primitive import Primitive, Zero
from .arithmetic import add, mul, neg, sub
from .batching import elementwise_batch
from .exponential import exp, log, log1p
from .nary import binary, common_shape
from .quiet import is_narrow, quiet
from .rules import FLOATS, check_kind, check_same_dtype, zero_like
from .shape import spread
from .special import digamma, lgamma, scipy_special

# The derivatives converge in fewer terms than this for all a below a million.
MOST_TERMS = 10_000
EPS = 1e-16
TINY = 1e-300


def _grown(x: np.ndarray, a: np.ndarray) -> np.ndarray:
    """dP/da / f where x <= a or x <= 1: (S' + S (log x - digamma(a + 1))) / a, by the series."""
    term, dlog = np.ones_like(x), np.zeros_like(x)
    total, slope = np.ones_like(x), np.zeros_like(x)
    for k in range(1, MOST_TERMS):
        term = term * x / (a + k)
        dlog = dlog - 1 / (a + k)
        total, slope = total + term, slope + term * dlog
        if not np.any(np.abs(term * dlog) > EPS * np.abs(slope)):
            break
    return (slope + total * (np.log(x) - scipy_special.digamma(a + 1))) / a


def _rest(x: np.ndarray, a: np.ndarray) -> np.ndarray:
    """dP/da / f where x > a and x > 1: -(C' + C (log x - digamma(a))), by Lentz's algorithm.

    Each quantity of the recurrence carries its derivative in `a`.
    """
    b = x + 1 - a
    c, dc = np.full_like(x, 1 / TINY), np.zeros_like(x)
    d, dd = 1 / b, 1 / (b * b)
    h, dh = d, dd
    for k in range(1, MOST_TERMS):
        num, dnum = -k * (k - a), float(k)
        b = b + 2
        low, dlow = num * d + b, dnum * d + num * dd - 1
        c, dc = b + num / c, -1 + (dnum - num * dc / c) / c
        d, dd = 1 / low, -dlow / (low * low)
        ratio, dratio = c * d, dc * d + c * dd
        h, dh = h * ratio, dh * ratio + h * dratio
        if not np.any(np.abs(ratio - 1) + np.abs(dratio) > 4 * EPS):
            break
    return -(dh + h * (np.log(x) - scipy_special.digamma(a)))


def _relative_slope(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    """dP/da / f, NaN outside of a > 0, x > 0."""
    a, x = np.broadcast_arrays(np.asarray(a, np.float64), np.asarray(x, np.float64))
    out = np.full(x.shape, np.nan)
    good = (a > 0) & (x > 0) & np.isfinite(a) & np.isfinite(x)
    late = good & (x > 1) & (x > a)
    for where, rule in ((good & ~late, _grown), (late, _rest)):
        if where.any():
            out[where] = rule(x[where], a[where])
    return out


def _igamma_grad_a(a: np.ndarray, x: np.ndarray) -> Any:
    f = np.exp(scipy_special.xlogy(a, x) - x - scipy_special.gammaln(a))
    slope = np.where(f == 0, 0.0, _relative_slope(a, x) * f)
    return np.where((x < 0) | (a <= 0) | np.isnan(x) | np.isnan(a), np.nan, slope)


def _random_gamma_grad(a: np.ndarray, x: np.ndarray) -> Any:
    slope = np.where(x == 0, 0.0, -x * _relative_slope(a, x))
    return np.where((x < 0) | (a <= 0), np.nan, slope)


def in_float64(f: Any) -> Any:
    """A formula of floats computed in float64 and rounded once."""

    def run(*args: np.ndarray) -> Any:
        return np.asarray(f(*[x.astype(np.float64) for x in args])).astype(args[0].dtype)

    return run


def rounded(name: str) -> Any:
    """A function of SciPy, in float32 for narrow floats; found when first called."""

    def run(*args: np.ndarray) -> Any:
        f = getattr(scipy_special, name)
        if not is_narrow(args[0].dtype):
            return f(*args)
        return f(*[x.astype(np.float32) for x in args]).astype(args[0].dtype)

    return run


def density(a: Any, x: Any) -> Any:
    """x^(a - 1) exp(-x) / Gamma(a), the derivative of igamma in x."""
    return exp(sub(sub(mul(sub(a, 1), log(x)), x), lgamma(a)))


def unsupported(name: str, argument: str) -> Any:
    """A rule that says that there is no derivative in an argument."""

    def rule(*_: Any) -> NoReturn:
        raise NotImplementedError(
            f"{name}: the derivative with respect to {argument} is not supported; stop it with"
            " lax.stop_gradient"
        )

    return rule


igamma_p, igamma = binary(
    "igamma",
    rounded("gammainc"),
    FLOATS,
    lambda t, y, a, x: mul(t, igamma_grad_a(a, x)),
    lambda t, y, a, x: mul(t, density(a, x)),
)
igammac_p, igammac = binary(
    "igammac",
    rounded("gammaincc"),
    FLOATS,
    lambda t, y, a, x: mul(t, neg(igamma_grad_a(a, x))),
    lambda t, y, a, x: mul(t, neg(density(a, x))),
)
igamma_grad_a_p, igamma_grad_a = binary(
    "igamma_grad_a",
    in_float64(_igamma_grad_a),
    FLOATS,
    unsupported("igamma_grad_a", "a"),
    lambda t, y, a, x: mul(t, mul(density(a, x), sub(log(x), digamma(a)))),
)
# random_gamma_grad -- dx/da of the x for which igamma(a, x) stays the same
random_gamma_grad_p, random_gamma_grad = binary(
    "random_gamma_grad",
    in_float64(_random_gamma_grad),
    FLOATS,
    unsupported("random_gamma_grad", "a"),
    unsupported("random_gamma_grad", "x"),
)

# regularized_incomplete_beta -- y = integral from 0 to x of t^(a-1) (1-t)^(b-1), over that to 1
regularized_incomplete_beta_p = Primitive("regularized_incomplete_beta")
elementwise_batch(regularized_incomplete_beta_p)


def betainc(a: Any, b: Any, x: Any) -> Any:
    """The regularized incomplete beta function."""
    return regularized_incomplete_beta_p.bind(a, b, x)


@regularized_incomplete_beta_p.def_type
def _(a: ShapedArray, b: ShapedArray, x: ShapedArray) -> ShapedArray:
    name = "regularized_incomplete_beta"
    check_kind(name, FLOATS, a, b, x)
    check_same_dtype(name, a, b, x)
    weak = a.weak_type and b.weak_type and x.weak_type
    return ShapedArray(common_shape(name, a, b, x), x.dtype, weak)


@regularized_incomplete_beta_p.def_value
@quiet
def _(a: np.ndarray, b: np.ndarray, x: np.ndarray) -> Any:
    y = in_float64(scipy_special.betainc)(a, b, x)
    # All mass lies at 0 where a is 0 or b infinite, at 1 where b is 0 or a infinite.
    at_zero, at_one = (a == 0) | np.isposinf(b), (b == 0) | np.isposinf(a)
    y = np.where(at_zero, x != 0, np.where(at_one, x == 1, y))
    bad = (a < 0) | (b < 0) | (x < 0) | (x > 1) | (at_zero & at_one)
    bad = bad | np.isnan(a) | np.isnan(b) | np.isnan(x)
    return np.where(bad, np.nan, y).astype(x.dtype)


@regularized_incomplete_beta_p.def_jvp
def _(primals: Any, tangents: Any) -> Any:
    a, b, x = primals
    ta, tb, tx = tangents
    if type(ta) is not Zero or type(tb) is not Zero:
        unsupported("betainc", "a and b")()
    out = betainc(a, b, x)
    if type(tx) is Zero:
        return out, zero_like(out)
    log_beta = sub(add(lgamma(a), lgamma(b)), lgamma(add(a, b)))
    powers = add(mul(sub(b, 1), log1p(neg(x))), mul(sub(a, 1), log(x)))
    return out, spread(mul(tx, exp(sub(powers, log_beta))), out.shape)
