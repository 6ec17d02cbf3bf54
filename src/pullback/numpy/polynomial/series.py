"""Arithmetic, values, derivatives and integrals of series in any basis."""

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..contractions import tensordot
from ..creation import array, asarray, ones, ones_like
from ..padding import pad
from ..reductions import prod
from ..shapes import atleast_1d, moveaxis, reshape
from ..values import as_array, promote_arrays_inexact
from . import basis as b
from .basis import Basis


def vectors(name: str, *cs: Any) -> list[Any]:
    """Series of one inexact dtype, each with at least one coefficient."""
    found = [atleast_1d(c) for c in promote_arrays_inexact(name, *cs)]
    for c in found:
        if c.ndim != 1 or not c.size:
            raise ValueError(f"{name}: a series is a vector of coefficients, got shape {c.shape}")
    return found


def _padded(c: Any, n: int) -> Any:
    return pad(c, [(0, n - c.shape[0])])


def _one(c: Any, n: int) -> Any:
    """The series 1, as n coefficients of the dtype of c."""
    return _padded(ones(1, c.dtype), n)


def line(basis: Basis, off: Any, scl: Any) -> Any:
    """The series off + scl * x."""
    start, slope = promote_arrays_inexact(basis.prefix + "line", off, scl)
    x = np.asarray(basis.numpys("line")(0, 1), slope.dtype)
    return _padded(reshape(start, (1,)), 2) + slope * x


def add(basis: Basis, c1: Any, c2: Any) -> Any:
    """The sum of two series."""
    one, other = vectors(basis.prefix + "add", c1, c2)
    n = max(one.shape[0], other.shape[0])
    return _padded(one, n) + _padded(other, n)


def sub(basis: Basis, c1: Any, c2: Any) -> Any:
    """The difference of two series."""
    one, other = vectors(basis.prefix + "sub", c1, c2)
    n = max(one.shape[0], other.shape[0])
    return _padded(one, n) - _padded(other, n)


def mulx(basis: Basis, c: Any) -> Any:
    """x times a series."""
    return b.times_x(basis, *vectors(basis.prefix + "mulx", c))


def mul(basis: Basis, c1: Any, c2: Any) -> Any:
    """The product of two series."""
    short, long = sorted(vectors(basis.prefix + "mul", c1, c2), key=lambda c: c.shape[0])
    n = short.shape[0] + long.shape[0] - 1
    return b.clenshaw(basis, short, _padded(long, n), lambda v: b.times_x(basis, v)[:-1])


def div(basis: Basis, c1: Any, c2: Any) -> tuple[Any, Any]:
    """The quotient of two series and what remains; c2's last coefficient is not zero."""
    rest, divisor = vectors(basis.prefix + "div", c1, c2)
    n = divisor.shape[0]
    quotient = []
    for degree in range(rest.shape[0] - n, -1, -1):
        term = mul(basis, np.eye(degree + 1, dtype=rest.dtype)[degree], divisor)
        quotient.append(rest[-1] / term[-1])
        rest = rest[:-1] - quotient[-1] * term[:-1]
    zero = np.zeros(1, rest.dtype)
    whole = array(quotient[::-1]) if quotient else asarray(zero)
    return whole, rest if rest.size else asarray(zero)


def pow(basis: Basis, c: Any, pow: int, maxpower: int | None = 16) -> Any:
    """A series to a power that is a whole number, at most `maxpower`."""
    name = basis.prefix + "pow"
    (factor,) = vectors(name, c)
    power = operator.index(pow)
    if power < 0 or (maxpower is not None and power > maxpower):
        raise ValueError(f"{name}: wants a power from 0 to {maxpower}, got {pow}")
    out = _one(factor, 1)
    for _ in range(power):
        out = mul(basis, factor, out)
    return out


def val(basis: Basis, x: Any, c: Any, tensor: bool = True) -> Any:
    """The values of series at x.

    Args:
      x: array.
      c: coefficients along the first axis; further axes are more series.
      tensor: True for every series at every x: shape c.shape[1:] + x.shape. False where the
        further axes of c belong to those of x, and broadcast with them.
    """
    at, coefficients = promote_arrays_inexact(basis.prefix + "val", x, c)
    coefficients = atleast_1d(coefficients)
    if tensor:
        coefficients = reshape(coefficients, (*coefficients.shape, *(1,) * at.ndim))
    return b.clenshaw(basis, coefficients, ones_like(at), lambda v: v * at)


def valnd(basis: Basis, pts: Sequence[Any], c: Any) -> Any:
    """The values of series in several variables, along c's first axes, at points of one shape.

    >>> pnp.polynomial.polynomial.polyvalnd((0.5, 2.0), pnp.array([[1.0, 2.0], [3.0, 4.0]]))
    Array(10.5, dtype=float32)
    """
    first, *others = promote_arrays_inexact(basis.prefix + "val", *pts)
    if any(x.shape != first.shape for x in others):
        raise ValueError(
            f"{basis.prefix}val: points have shapes {[x.shape for x in (first, *others)]}"
        )
    out = val(basis, first, c)
    for x in others:
        out = val(basis, x, out, tensor=False)
    return out


def gridnd(basis: Basis, points: Sequence[Any], c: Any) -> Any:
    """The values of series in several variables at all combinations of their points."""
    for x in points:
        c = val(basis, x, c)
    return c


def vander(basis: Basis, x: Any, deg: int) -> Any:
    """The polynomials up to a degree at x: shape x.shape + (deg + 1,)."""
    name = basis.prefix + "vander"
    (at,) = promote_arrays_inexact(name, x)
    if operator.index(deg) < 0:
        raise ValueError(f"{name}: wants a degree of 0 or more, got {deg}")
    return b.terms(basis, atleast_1d(at), deg)


def vandernd(basis: Basis, points: Sequence[Any], deg: Sequence[int]) -> Any:
    """The products of polynomials up to a degree in each variable, the last one's fastest."""
    if len(points) != len(deg):
        raise ValueError(f"{basis.prefix}vander: wants {len(points)} degrees, got {deg}")
    out, *others = (vander(basis, x, d) for x, d in zip(points, deg, strict=True))
    for v in others:
        out = (out[..., :, None] * v[..., None, :]).reshape(*out.shape[:-1], -1)
    return out


def _by_degree(matrix: Any, c: Any, axis: int) -> Any:
    """A matrix of numbers on the coefficients along an axis."""
    return moveaxis(tensordot(np.asarray(matrix, c.dtype), c, (1, axis)), 0, axis)


def der(basis: Basis, c: Any, m: int = 1, scl: Any = 1, axis: int = 0) -> Any:
    """The m-th derivatives of series along an axis, times scl ** m."""
    name = basis.prefix + "der"
    coefficients = atleast_1d(*promote_arrays_inexact(name, c))
    if operator.index(m) < 0:
        raise ValueError(f"{name}: wants an order of 0 or more, got {m}")
    matrix = basis.numpys("der")(np.eye(coefficients.shape[axis]), m)
    return _by_degree(matrix, coefficients, axis) * _factor(scl, coefficients) ** m


def _factor(scl: Any, c: Any) -> Any:
    return as_array("scl", scl).astype(c.dtype)


def integral(
    basis: Basis, c: Any, m: Any = 1, k: Any = (), lbnd: Any = 0, scl: Any = 1, axis: Any = 0
) -> Any:
    """The m-th integrals of series along an axis.

    Args:
      c: coefficients.
      m: how often to integrate.
      k: the values of the integrals at `lbnd`, the first one's first; 0 where there are fewer.
      scl: each integral is multiplied by it.
    """
    name = basis.prefix + "int"
    out = moveaxis(atleast_1d(*promote_arrays_inexact(name, c)), axis, 0)
    constants = list(k) if np.iterable(k) else [k]
    if operator.index(m) < 0 or len(constants) > m:
        raise ValueError(f"{name}: wants an order of 0 or more and at most as many constants")
    for constant in [*constants, *[0] * (m - len(constants))]:
        matrix = basis.numpys("int")(np.eye(out.shape[0]), 1)
        rising = _by_degree(matrix, out * _factor(scl, out), 0)
        out = rising.at[0].add(constant - val(basis, lbnd, rising))
    return moveaxis(out, 0, axis)


def fromroots(basis: Basis, roots: Any) -> Any:
    """The monic polynomial with these roots, as a series."""
    (zeros,) = promote_arrays_inexact(basis.prefix + "fromroots", roots)
    factors = [line(basis, -r, np.ones((), zeros.dtype)) for r in atleast_1d(zeros)]
    while len(factors) > 1:
        pairs = zip(factors[::2], factors[1::2], strict=False)
        factors = [mul(basis, p, q) for p, q in pairs] + factors[len(factors) // 2 * 2 :]
    return factors[0] if factors else ones(1, zeros.dtype)


def convert(source: Basis, target: Basis, c: Any) -> Any:
    """A series as the coefficients of powers, that of x ** 0 first; as many of them."""
    (given,) = vectors(f"{source.prefix}2{target.prefix}", c)
    one = _one(given, given.shape[0])
    return b.clenshaw(source, given, one, lambda v: b.times_x(target, v)[:-1])


def trim(basis: Basis, c: Any, tol: Any = 0) -> Any:
    """A series without its last coefficients of at most `tol`: looks at values, not under `jit`."""
    (given,) = vectors(basis.prefix + "trim", c)
    if tol < 0:
        raise ValueError(f"{basis.prefix}trim: wants a tolerance of 0 or more, got {tol}")
    large = np.flatnonzero(np.abs(np.asarray(given)) > tol)
    return given[: large[-1] + 1] if large.size else given[:1] * 0


def valfromroots(basis: Basis, x: Any, r: Any, tensor: bool = True) -> Any:
    """The values at x of monic polynomials, their roots along the first axis of r."""
    at, roots = promote_arrays_inexact("polyvalfromroots", x, r)
    roots = atleast_1d(roots)
    if tensor:
        roots = reshape(roots, (*roots.shape, *(1,) * at.ndim))
    elif at.ndim >= roots.ndim:
        raise ValueError("polyvalfromroots: with tensor=False wants r of higher rank than x")
    return prod(at - roots, axis=0)
