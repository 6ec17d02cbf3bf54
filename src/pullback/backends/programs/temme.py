"""Temme's expansion of the incomplete gamma functions, for a large `a` and an x near it.

With eta^2 / 2 = x/a - 1 - log(x/a), eta and x - a of one sign, y = eta sqrt(a / 2) and
E = exp(-y^2) / sqrt(2 pi a): Q(a, x) = erfc(y) / 2 + E T, T = sum over k of c_k(eta) / a^k.

Source: NIST Digital Library of Mathematical Functions, 8.12.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from ... import dtypes
from ...primitives import fits
from ...primitives.arithmetic import add, div, mul, neg, sub
from ...primitives.bitwise import bitwise_and
from ...primitives.compare import eq, gt, le
from ...primitives.exponential import exp, log1p
from ...primitives.fitted import polynomial
from ...primitives.power import sqrt, square
from ...primitives.shape import full_like
from .normal import scaled_erfc
from .series import choose
from .stirling import deviance, remainder

# The least a, and the greatest a eta^2 / 2a, for which `fits.TEMME` is exact.
FROM, MOST = 20, 1 / 8


class Distance(NamedTuple):
    """How far x is from a large a: x/a - 1, eta^2 / 2, y^2, exp(-y^2), sqrt(2 pi a), and where x is
    near."""

    part: Any
    half: Any
    power: Any
    weight: Any
    root: Any
    near: Any


def distance(a: Any, x: Any) -> Distance:
    """Of positive a and x; where `a` is small, of another one."""
    large = gt(a, FROM)
    a = choose(large, a, FROM)
    part = div(sub(x, a), a)
    half = deviance(part, div(x, a))
    power = mul(a, half)
    root = sqrt(mul(a, 2 * math.pi))
    near = bitwise_and(large, le(half, MOST))
    return Distance(part, half, power, exp(neg(power)), root, near)


def smaller_tail(a: Any, d: Distance) -> Any:
    """P where x < a, else Q."""
    above = gt(d.part, 0)
    side = choose(above, full_like(d.part, 1), -1.0)
    terms = _terms(div(1, choose(d.near, a, FROM)), _variable(d, side))
    tail = add(mul(scaled_erfc(sqrt(d.power)), 0.5), div(mul(side, terms), d.root))
    return mul(d.weight, tail)


def _variable(d: Distance, side: Any) -> Any:
    """eta over its greatest value."""
    return mul(mul(side, sqrt(mul(choose(d.near, d.half, 0), 2))), 1 / math.sqrt(2 * MOST))


def _coefficients(x: Any) -> Sequence[Sequence[float]]:
    return fits.TEMME.single if x.dtype == dtypes.float32 else fits.TEMME.double


def _terms(inverse: Any, u: Any) -> Any:
    """T: a polynomial in 1 / a of polynomials in eta."""
    rows = _coefficients(u)
    out = polynomial(rows[-1], u)
    for row in reversed(rows[:-1]):
        out = add(mul(out, inverse), polynomial(row, u))
    return out


def slope(a: Any, d: Distance) -> Any:
    """dP/da over x^a exp(-x) / Gamma(a), which is a E over the ratio G of Gamma(a) to its leading
    factor: -G / a (m / eta - eta / 2 + T (log(1 + m) - 1 / 2a) + dT/da), m = x / a - 1."""
    a = choose(d.near, a, FROM)
    m, inverse = choose(d.near, d.part, 0), div(1, a)
    eta = mul(_variable(d, choose(gt(m, 0), full_like(m, 1), -1.0)), math.sqrt(2 * MOST))
    ratio = choose(eq(eta, 0), 1.0, div(m, choose(eq(eta, 0), 1, eta)))
    total, in_eta, in_a = _slopes(inverse, mul(eta, 1 / math.sqrt(2 * MOST)))
    out = add(sub(ratio, mul(eta, 0.5)), mul(total, sub(log1p(m), mul(inverse, 0.5))))
    out = add(out, sub(in_a, mul(mul(in_eta, ratio), inverse)))
    return neg(mul(mul(out, inverse), exp(remainder(a))))


def _slopes(inverse: Any, u: Any) -> tuple[Any, Any, Any]:
    """T and its derivatives in eta and in a."""
    total = in_u = in_inverse = full_like(u, 0)
    for row in reversed(_coefficients(u)):
        in_inverse = add(mul(in_inverse, inverse), total)
        total = add(mul(total, inverse), polynomial(row, u))
        in_u = add(mul(in_u, inverse), polynomial([k * c for k, c in enumerate(row)][1:], u))
    return total, mul(in_u, 1 / math.sqrt(2 * MOST)), neg(mul(in_inverse, square(inverse)))
