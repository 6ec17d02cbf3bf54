"""Bessel functions, integrals of exponentials and normal tails, dilogarithm: as programs."""

import math
from collections.abc import Callable
from typing import Any

from .... import dtypes
from ....primitives.arithmetic import add, div, mul, neg, sub
from ....primitives.bitwise import bitwise_not, bitwise_or
from ....primitives.compare import eq, ge, gt, le, lt
from ....primitives.exponential import exp, log, log1p
from ....primitives.magnitude import abs, max
from ....primitives.power import sqrt, square
from ....primitives.rounding import floor
from ....primitives.shape import broadcast_in_dim, full_like, iota, reduce_sum
from ....primitives.special import digamma, erf_inv, erfc, lgamma
from ..builder import Builder, table
from ..hlo import Tensor, Value
from . import incomplete
from .series import (
    Terms,
    both,
    chebyshev,
    choose,
    eps_of,
    fraction,
    is_infinite,
    is_nan,
    polynomial,
    summed,
)

RULES, rule = table()
NAN, INF = math.nan, math.inf
EULER = 0.57721566490153286

# Chebyshev coefficients of exp(-x) I0(x) in x / 4 - 1 up to 8, and of that times sqrt(x) in
# 16 / x - 1 beyond, from 40-digit values.
I0_NEAR = (
    0.338397637204738042, -0.304682672343198399, 0.171620901522208775, -0.0949010970480476444,
    0.0493052842396707085, -0.0237374148058994688, 0.0105464603945949983, -0.00432430999505057594,
    0.0016394756169413358, -0.000576375574538582366, 0.000188502885095841656,
    -0.000057541950100821037, 0.0000164484480707288971, -4.41673835845875056e-6,
    1.11738753912010372e-6, -2.67079385394061173e-7, 6.04699502254191895e-8,
    -1.30002500998624804e-8, 2.65982372468238665e-9, -5.18979560163526291e-10,
    9.67580903537323691e-11, -1.72682629144155571e-11, 2.95505266312963983e-12,
    -4.85644678311192946e-13, 7.67618549860493562e-14, -1.16853328779934517e-14,
    1.71539128555513303e-15, -2.43127984654795469e-16, 3.3307945188222381e-17,
    -4.41534164647933938e-18,
)  # fmt: skip
I0_FAR = (
    0.402245205507054416, 0.00336911647825569409, 0.0000688975834691682398, 2.89137052083475648e-6,
    2.04891858946906374e-7, 2.26666899049817806e-8, 3.39623202570838635e-9, 4.94060238822496959e-10,
    1.18891471078464383e-11, -3.14991652796324136e-11, -1.32158118404477131e-11,
    -1.79417853150680612e-12, 7.18012445138366623e-13, 3.8527783827421427e-13,
    1.54008621752140983e-14, -4.15056934728722209e-14, -9.55484669882830765e-15,
    3.81168066935262242e-15, 1.77256013305652638e-15, -3.42548561967721913e-16,
    -2.82762398051658348e-16, 3.46122286769746109e-17, 4.46562142029676e-17,
    -4.83050448594418207e-18, -7.23318048787475395e-18,
)  # fmt: skip


def bessel_i0e(x: Any) -> Any:
    """exp(-|x|) I0(x)."""
    size = abs(x)
    near = chebyshev(I0_NEAR, sub(mul(size, 0.25), 1))
    safe = max(size, full_like(size, 8))
    far = div(chebyshev(I0_FAR, sub(div(16, safe), 1)), sqrt(safe))
    return choose(le(size, 8), near, far)


# Integrals of exponentials


def exp1(x: Any) -> Any:
    """The integral of exp(-t) / t from x on; NaN below 0."""
    return expn(full_like(x, 1), x)


def expn(n: Any, x: Any) -> Any:
    """The integral of exp(-x t) / t^n from 1 on (Abramowitz and Stegun, 5.1.12 and 5.1.22)."""
    good = both(gt(x, 0), ge(n, 0), bitwise_not(is_infinite(x)))
    order, z = choose(good, n, 1), choose(good, x, 1)
    near = both(le(z, 1), gt(order, 0))
    out = choose(near, _expn_series(order, z, near), _expn_fraction(order, z, bitwise_not(near)))
    out = choose(eq(order, 0), div(exp(neg(z)), z), out)
    at_zero = choose(gt(n, 1), div(1, choose(gt(n, 1), sub(n, 1), 1)), INF)
    out = choose(eq(x, 0), at_zero, choose(is_infinite(x), 0.0, out))
    bad = bitwise_or(bitwise_or(lt(x, 0), lt(n, 0)), bitwise_or(is_nan(n), is_nan(x)))
    return choose(bad, NAN, out)


def _expn_series(n: Any, x: Any, where: Any) -> Any:
    """(-x)^(n-1) / (n-1)! (digamma(n) - log x) - sum over k != n-1 of (-x)^k / ((k-n+1) k!)."""
    last = sub(n, 1)

    def step(k: Any, state: Terms) -> Terms:
        total, power, lead = state
        power = neg(div(mul(power, x), k))
        here = eq(last, _spread(k, x))
        part = div(power, choose(here, 1, sub(k, last)))
        lead = choose(here, power, lead)
        return choose(here, total, sub(total, part)), power, lead

    def going(state: Terms) -> Any:
        total, power, lead = state
        unfinished = bitwise_or(gt(abs(power), mul(abs(total), eps_of(x) / 4)), eq(lead, 0))
        return both(where, unfinished)

    first = eq(last, 0)
    one, zero = full_like(x, 1), full_like(x, 0)
    start = choose(first, zero, div(1, choose(first, 1, last)))
    total, _, lead = summed((start, one, choose(first, one, zero)), step, going)
    return add(total, mul(lead, sub(digamma(n), log(x))))


def _expn_fraction(n: Any, x: Any, where: Any) -> Any:
    def terms(k: Any) -> tuple[Any, Any]:
        return neg(mul(k, add(n, sub(k, 1)))), add(add(x, n), mul(k, 2))

    return div(exp(neg(x)), fraction(add(x, n), terms, where))


def _spread(k: Any, x: Any) -> Any:
    return broadcast_in_dim(k, x.shape, ())


def expi(x: Any) -> Any:
    """The integral of exp(t) / t up to x, its principal value."""
    below = neg(exp1(choose(lt(x, 0), neg(x), 1)))
    good = both(gt(x, 0), bitwise_not(is_infinite(x)))
    z = choose(good, x, 1)
    far = gt(z, 50 if x.dtype == dtypes.float64 else 25)
    near = add(_expi_series(z, bitwise_not(far)), add(log(z), EULER))
    above = choose(far, mul(div(exp(z), z), _expi_far(z, far)), near)
    out = choose(gt(x, 0), above, below)
    out = choose(eq(x, 0), -INF, choose(eq(x, INF), INF, out))
    return choose(is_nan(x), NAN, choose(eq(x, -INF), neg(full_like(x, 0)), out))


def _expi_series(x: Any, where: Any) -> Any:
    """sum over k > 0 of x^k / (k k!)."""

    def step(k: Any, state: Terms) -> Terms:
        total, power, _ = state
        power = div(mul(power, x), k)
        part = div(power, k)
        return add(total, part), power, part

    def going(state: Terms) -> Any:
        return both(where, gt(state[2], mul(state[0], eps_of(x) / 4)))

    return summed((full_like(x, 0), full_like(x, 1), full_like(x, 1)), step, going)[0]


def _expi_far(x: Any, where: Any) -> Any:
    """1 + 1!/x + 2!/x^2 + ... as far as terms shrink."""

    def step(k: Any, state: Terms) -> Terms:
        total, term = state
        term = div(mul(term, k), x)
        return add(total, term), term

    def going(state: Terms) -> Any:
        return both(where, gt(state[1], mul(state[0], eps_of(x) / 4)))

    return summed((full_like(x, 1), full_like(x, 1)), step, going)[0]


# Error functions


def dawsn(x: Any) -> Any:
    """exp(-x^2) times the integral of exp(t^2) from 0 to x, by Rybicki's sum over odd numbers.

    D(x) = sum over odd n of exp(-(x - n h)^2) / n / sqrt(pi), up to exp(-(pi / 2h)^2) (G. Rybicki,
    "Dawson's integral and the sampling theorem", 1989).
    """
    size = abs(x)
    step, count = 0.2, 36
    safe = choose(both(lt(size, 12), ge(size, step)), size, 1)
    middle = mul(floor(mul(safe, 0.5 / step)), 2)
    shape = (*x.shape, count)
    odd = add(mul(iota(x.dtype, shape, len(x.shape)), 2), 1 - count)
    axes = tuple(range(len(x.shape)))
    n = add(odd, broadcast_in_dim(middle, shape, axes))
    gap = sub(broadcast_in_dim(safe, shape, axes), mul(n, step))
    total = reduce_sum(div(exp(neg(square(gap))), n), (len(x.shape),))
    out = mul(total, 1 / math.sqrt(math.pi))
    q = square(size)
    out = choose(lt(size, step), mul(size, polynomial(DAWSON_NEAR, q)), out)
    inverse = div(1, choose(ge(size, 12), q, 1))
    far = div(mul(polynomial(DAWSON_FAR, inverse), 0.5), choose(eq(size, 0), 1, size))
    out = choose(ge(size, 12), far, out)
    out = choose(lt(x, 0), neg(out), choose(eq(x, 0), x, out))
    return choose(is_nan(x), NAN, out)


def _double_factorial(n: int) -> int:
    return math.prod(range(n, 0, -2))


# D(x) = x sum of (-2 x^2)^k / (2k+1)!!, and (1 + 1/(2 x^2) + 3/(2 x^2)^2 + ...) / (2 x)
DAWSON_NEAR = tuple((-2.0) ** k / _double_factorial(2 * k + 1) for k in range(10))
DAWSON_FAR = tuple(_double_factorial(2 * k - 1) / 2.0**k for k in range(9))


def erfcx(x: Any) -> Any:
    """exp(x^2) erfc(x)."""
    size = abs(x)
    far = ge(size, 1.5)
    z = choose(far, size, 1.5)
    near = choose(far, 1.5, size)
    tail = mul(div(1 / math.sqrt(math.pi), _erfc_fraction(z, far)), 1)
    out = choose(far, tail, mul(exp(square(near)), erfc(near)))
    out = choose(is_infinite(size), 0.0, out)
    other = sub(mul(exp(square(size)), 2), out)
    return choose(is_nan(x), NAN, choose(lt(x, 0), other, out))


def _erfc_fraction(x: Any, where: Any) -> Any:
    """x + (1/2) / (x + 1 / (x + (3/2) / (x + ...))) (Abramowitz and Stegun, 7.1.14)."""
    return fraction(x, lambda k: (_spread(mul(k, 0.5), x), x), where)


def log_ndtr(x: Any) -> Any:
    """The logarithm of the probability that a normal number lies below x."""
    low = lt(x, -1)
    z = mul(choose(low, x, -1), -math.sqrt(0.5))
    left = sub(log(mul(erfcx(z), 0.5)), square(z))
    right = log1p(mul(erfc(mul(choose(low, -1, x), math.sqrt(0.5))), -0.5))
    return choose(eq(x, -INF), -INF, choose(low, left, right))


def ndtri(p: Any) -> Any:
    """The x below which a normal number lies with probability p: in the tail by Newton's method."""
    upper = gt(p, 0.5)
    q = choose(upper, sub(1, p), p)
    middle = mul(erf_inv(sub(mul(q, 2), 1)), math.sqrt(2))
    tail = both(gt(q, 0), lt(q, 0.05))
    out = choose(tail, _ndtri_tail(choose(tail, q, 0.01)), middle)
    out = choose(eq(q, 0), -INF, out)
    out = choose(upper, neg(out), out)
    return choose(bitwise_or(bitwise_or(lt(p, 0), gt(p, 1)), is_nan(p)), NAN, out)


def _ndtri_tail(q: Any) -> Any:
    """The root of log_ndtr(x) = log q, which is concave: Newton's steps go to it from the left."""
    goal = log(q)
    x = neg(sqrt(mul(goal, -2)))
    for _ in range(5):
        value = log_ndtr(x)
        density = sub(mul(square(x), -0.5), 0.5 * math.log(2 * math.pi))
        x = sub(x, mul(sub(value, goal), exp(sub(value, density))))
    return x


# The dilogarithm: spence(z) = sum over n of B_n u^(n+1) / (n+1)!, u = -log z

BERNOULLI = (
    1.0, 1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798,
    -174611 / 330,
)  # fmt: skip
SPENCE = tuple(b / math.factorial(2 * k + 1) for k, b in enumerate(BERNOULLI))


def spence(x: Any) -> Any:
    """The integral of log(t) / (1 - t) from 1 to x; near 0 and beyond 1.5 by its reflections."""
    inverted = both(gt(x, 1.5), lt(x, INF))
    z = choose(inverted, div(1, choose(inverted, x, 1)), choose(gt(x, 0), x, 1))
    low = lt(z, 0.5)
    w = choose(low, sub(1, z), z)
    log_z, log_w = log(z), choose(low, log1p(neg(z)), log(w))
    u = neg(choose(low, log_w, log_z))
    out = add(mul(u, polynomial(SPENCE, square(u))), mul(square(u), -0.25))
    reflected = sub(sub(math.pi**2 / 6, mul(log_z, log_w)), out)
    out = choose(low, reflected, out)
    out = choose(inverted, neg(add(out, mul(square(log_z), 0.5))), out)
    out = choose(eq(x, 0), math.pi**2 / 6, choose(eq(x, INF), NAN, out))
    return choose(bitwise_or(lt(x, 0), is_nan(x)), NAN, out)


# Ratios of gamma functions


def poch(z: Any, m: Any) -> Any:
    """Gamma(z + m) / Gamma(z)."""
    top = add(z, m)
    size = exp(sub(lgamma(top), lgamma(z)))
    out = mul(size, mul(_gamma_sign(top), _gamma_sign(z)))
    return choose(eq(m, 0), 1.0, out)


def _gamma_sign(x: Any) -> Any:
    """The sign of Gamma(x): that of (-1)^floor(x) below 0."""
    half = mul(floor(x), 0.5)
    return choose(both(lt(x, 0), gt(half, floor(half))), -1.0, full_like(x, 1))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "bessel_i0e": bessel_i0e,
    "dawsn": dawsn,
    "erfcx": erfcx,
    "exp1": exp1,
    "expi": expi,
    "expn": expn,
    "igamma": incomplete.igamma,
    "igammac": incomplete.igammac,
    "igamma_grad_a": incomplete.igamma_grad_a,
    "log_ndtr": log_ndtr,
    "ndtri": ndtri,
    "poch": poch,
    "random_gamma_grad": incomplete.random_gamma_grad,
    "regularized_incomplete_beta": incomplete.betainc,
    "spence": spence,
}


def _in_float32(name: str) -> Callable[..., Value]:
    """The rule of a function; narrower floats than float32 are computed in it."""

    def apply(b: Builder, types: list[Tensor], *args: Value) -> Value:
        (out,) = types
        wide = out.dtype if out.dtype.itemsize >= 4 else dtypes.float32
        spread = [b.convert(b.spread(a, out.shape), wide) for a in args]
        return b.convert(b.composed(name, FUNCTIONS[name], *spread)[0], out.dtype)

    return apply


for _name in FUNCTIONS:
    rule(_name)(_in_float32(_name))
