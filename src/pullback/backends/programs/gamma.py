"""Gamma functions and their ratios as programs without loops.

Near the zeros of lgamma and digamma a polynomial times the distance from the zero; other small
arguments go there by recurrence, large ones by Stirling's series (Abramowitz and Stegun, 6.1.41 and
6.3.18), negative ones by reflection.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from ... import dtypes
from ...primitives import fits
from ...primitives.arithmetic import add, div, mul, neg, sub
from ...primitives.bitwise import bitwise_or
from ...primitives.compare import eq, ge, gt, le, lt
from ...primitives.exponential import exp, log
from ...primitives.fitted import fitted, polynomial
from ...primitives.magnitude import abs, max, min
from ...primitives.power import pow
from ...primitives.rounding import floor
from ...primitives.shape import full_like
from ...primitives.special import lgamma
from ...primitives.trigonometric import sin, tan
from .exact import lost
from .series import both, choose, is_infinite, odd_part


class Tables(NamedTuple):
    """Coefficients for a precision: lgamma(2 + d) / d for |d| <= 1/2, digamma(7/4 + d) over the
    distance from its zero for |d| <= 3/4, from 60-digit values; terms of Stirling's series, and how
    many steps above 5/2 it begins."""

    lgamma: Sequence[float]
    digamma: Sequence[float]
    terms: int
    steps: int


SINGLE = Tables(
    (
        0.422784335098467139, 0.322467018045499477, -0.067352294090874079,
        0.0205816254365885003, -0.00738592088478357763, 0.00287886868374075011,
        -0.0011874848136699278, 0.00057025125028297812, -0.000250562021460866338,
    ),
    (
        0.858183203843645324, -0.326254620281266084, 0.157121809197618099,
        -0.082286554995011904, 0.0447649448234432105, -0.0248702229846883538,
        0.0142419367137533983, -0.00805677622029358477, 0.00365833312120025757,
        -0.00208062763146259044, 0.00263460313020232164, -0.00150387447591959661,
    ),
    4,
    3,
)  # fmt: skip
DOUBLE = Tables(
    (
        0.422784335098467139, 0.322467033424113218, -0.0673523010531981394,
        0.020580808427784569, -0.00738555102866815368, 0.00289051033073873699,
        -0.00119275391200102263, 0.000509669524885309606, -0.000223154750745203673,
        0.0000994575090988939157, -0.0000449263511038333311, 0.0000205072674160577876,
        -9.43845871624281117e-6, 4.37437491691513072e-6, -2.0449201467015115e-6,
        9.57866333411475771e-7, -4.30355876035996121e-7, 2.03048067516152279e-7,
        -1.34128197585172855e-7, 6.37904750761977372e-8,
    ),
    (
        0.858183217126299517, -0.326254627868105795, 0.157120113352042514,
        -0.082285586355758206, 0.0447996544527749177, -0.0248900484902094677,
        0.0139857861847919034, -0.00791046874309261506, 0.00449181367487181555,
        -0.00255668702244416098, 0.0014573752539003285, -0.000831492254800091436,
        0.000474675122805925548, -0.000271122018872628681, 0.000154866360375791589,
        -0.0000882533766883731219, 0.0000504225520657574469, -0.0000295339393975069665,
        0.0000168754892088753566, -7.9869672886638315e-6, 4.5638433261049305e-6,
        -5.18703620967453622e-6, 2.96400201592303838e-6, 9.16050348759570571e-7,
        -5.23459357215520341e-7, -1.24740348502277802e-6, 7.12801456558676315e-7,
    ),
    10,
    6,
)  # fmt: skip
# The positive zero of digamma, in two parts for each precision.
ROOT = {
    dtypes.float32: (1.4616321325302124, 1.2438149938918909542e-8),
    dtypes.float64: (1.4616321449683622, 9.5499954299656977152e-17),
}
# Below this and 5/2 the gamma function goes to [3/2, 5/2] by recurrence.
GAMMA_STEPS = 31
# Bernoulli numbers B_2, B_4, ...
BERNOULLI = (
    1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798,
    -174611 / 330,
)  # fmt: skip
STIRLING = tuple(b / ((2 * k + 2) * (2 * k + 1)) for k, b in enumerate(BERNOULLI))
SLOPES = tuple(b / (2 * k + 2) for k, b in enumerate(BERNOULLI))
NAN = math.nan


def tables(x: Any) -> Tables:
    """The coefficients for the precision of x."""
    return SINGLE if x.dtype == dtypes.float32 else DOUBLE


def _steps(x: Any, most: int) -> Any:
    """How many steps of 1 take a number from 3/2 on to below 5/2."""
    return min(max(floor(sub(x, 1.5)), full_like(x, 0)), full_like(x, most))


def _offset(x: Any) -> Any:
    """x less the nearest whole number: circular functions of pi x take it."""
    return sub(x, floor(add(x, 0.5)))


def log_gamma(x: Any) -> Any:
    """log |Gamma(x)|."""
    below = lt(x, 0)
    z = choose(below, sub(1, x), x)
    out = _log_gamma(z)
    mirror = log(mul(abs(sin(mul(_offset(x), math.pi))), 1 / math.pi))
    out = choose(below, sub(neg(mirror), out), out)
    return choose(is_infinite(x), math.inf, out)


def _log_gamma(x: Any) -> Any:
    t = tables(x)
    far = ge(x, t.steps + 2.5)
    tiny, low = lt(x, 0.5), lt(x, 1.5)
    steps = _steps(x, t.steps)
    start = sub(x, steps)
    product = full_like(x, 1)
    for k in range(t.steps):
        product = choose(gt(steps, k), mul(product, add(start, k)), product)
    d = choose(tiny, x, choose(low, sub(x, 1), sub(start, 2)))
    inner = choose(low, choose(tiny, mul(x, add(x, 1)), x), product)
    logarithm = log(choose(far, x, inner))
    near = add(mul(d, polynomial(t.lgamma, d)), choose(low, neg(logarithm), logarithm))
    inverse = div(1, choose(far, x, 1))
    tail = mul(polynomial(STIRLING[: t.terms], mul(inverse, inverse)), inverse)
    large = add(mul(sub(x, 0.5), sub(logarithm, 1)), add(tail, 0.5 * math.log(2 * math.pi) - 0.5))
    return choose(far, large, near)


def digamma(x: Any) -> Any:
    """The derivative of lgamma; NaN at its poles."""
    below = lt(x, 0)
    out = _digamma(choose(below, sub(1, x), x))
    offset = _offset(x)
    mirror = div(math.pi, tan(mul(offset, math.pi)))
    out = choose(below, sub(out, mirror), out)
    return choose(both(le(x, 0), eq(offset, 0)), NAN, out)


def _digamma(x: Any) -> Any:
    t = tables(x)
    far, low = ge(x, t.steps + 2.5), lt(x, 1)
    steps = choose(low, 0, _steps(x, t.steps))
    start = choose(low, add(x, 1), sub(x, steps))
    # Sums of 1 / (start + k) as one fraction.
    over, under = full_like(x, 0), full_like(x, 1)
    for k in range(t.steps):
        step, taken = add(start, k), gt(steps, k)
        over = choose(taken, add(mul(over, step), under), over)
        under = choose(taken, mul(under, step), under)
    over = choose(far, -0.5, choose(low, -1, over))
    fraction = div(over, choose(bitwise_or(far, low), x, under))
    high, rest = ROOT[x.dtype]
    distance = sub(sub(start, high), rest)
    near = mul(distance, polynomial(t.digamma, sub(start, 1.75)))
    inverse = div(1, choose(far, x, 1))
    square = mul(inverse, inverse)
    large = sub(log(choose(far, x, 1)), mul(polynomial(SLOPES[: t.terms], square), square))
    return add(choose(far, large, near), fraction)


def gamma(x: Any) -> Any:
    """Gamma(x) = -pi / (sin(pi x) x Gamma(-x)) below 0; infinite at 0, NaN at the other poles."""
    below = lt(x, 0)
    near, root = gamma_parts(choose(eq(x, 0), 1, abs(x)))
    offset = _offset(x)
    turn = mul(sin(mul(offset, math.pi)), sub(1, mul(odd_part(sub(x, offset)), 2)))
    mirror = div(div(div(-math.pi, mul(choose(below, turn, 1), x)), root), mul(near, root))
    out = choose(below, mirror, mul(mul(near, root), root))
    # 1 / x keeps the sign of a zero.
    out = choose(eq(x, 0), div(1, x), out)
    pole = bitwise_or(both(below, eq(offset, 0)), eq(x, -math.inf))
    return choose(pole, NAN, choose(eq(x, math.inf), math.inf, out))


def gamma_parts(x: Any) -> tuple[Any, Any]:
    """Numbers u and v with Gamma(x) = u v^2, for x > 0: v is 1 but where Stirling's series is used.

    Products of whole numbers are exact.
    """
    far = ge(x, GAMMA_STEPS + 2.5)
    near = near_gamma(choose(far, 1, x), GAMMA_STEPS)
    z = choose(far, x, 1)
    inverse = div(1, z)
    tail = mul(polynomial(STIRLING[: tables(x).terms], mul(inverse, inverse)), inverse)
    large = mul(exp(sub(tail, z)), math.sqrt(2 * math.pi))
    root = pow(z, mul(sub(z, 0.5), 0.5))
    return choose(far, large, near), choose(far, root, 1)


def near_gamma(x: Any, most: int) -> Any:
    """Gamma(x) for 0 < x < most + 5/2: by so many steps at most from near 2."""
    tiny, low = lt(x, 0.5), lt(x, 1.5)
    steps = _steps(x, most)
    start = sub(x, steps)
    product = full_like(x, 1)
    for k in range(most):
        product = choose(gt(steps, k), mul(product, add(start, k)), product)
    d = choose(tiny, x, choose(low, sub(x, 1), sub(start, 2)))
    under = choose(low, choose(tiny, mul(x, add(x, 1)), x), 1)
    return mul(div(fitted(fits.GAMMA, d), under), product)


def poch(z: Any, m: Any) -> Any:
    """Gamma(z + m) / Gamma(z)."""
    top = add(z, m)
    size = exp(sub(lgamma(top), lgamma(z)))
    out = mul(size, mul(gamma_sign(top), gamma_sign(z)))
    # What z + m lost, but where it is exact.
    safe = both(gt(z, 0), gt(m, 0), lt(top, GAMMA_STEPS))
    a, b, c = choose(safe, z, 1), choose(safe, m, 1), choose(safe, top, 2)
    quotient = div(gamma_parts(c)[0], gamma_parts(a)[0])
    quotient = add(quotient, mul(mul(quotient, slope(c)), lost(a, b, c)))
    return choose(eq(m, 0), 1.0, choose(safe, quotient, out))


def slope(x: Any) -> Any:
    """digamma to a few digits, of positive numbers."""
    z = add(x, 1)
    return sub(sub(log(z), div(0.5, z)), div(1, x))


def gamma_sign(x: Any) -> Any:
    """The sign of Gamma(x): that of (-1)^floor(x) below 0."""
    return choose(both(lt(x, 0), eq(odd_part(floor(x)), 1)), -1.0, full_like(x, 1))
