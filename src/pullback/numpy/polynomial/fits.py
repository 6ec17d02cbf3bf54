"""Series that are nearest to points, and where series are zero."""

import operator
from typing import Any

import numpy as np

from .. import linalg
from ..creation import asarray, zeros
from ..elementwise import abs, sqrt
from ..reductions import sum
from ..searching import where
from ..sorting import sort_complex
from ..values import promote_arrays_inexact
from . import series
from .basis import Basis


def companion(basis: Basis, c: Any) -> Any:
    """The matrix whose eigenvalues are the roots; symmetric for a polynomial of the basis."""
    (given,) = series.vectors(basis.prefix + "companion", c)
    n = given.shape[0] - 1
    if n < 1:
        raise ValueError(f"{basis.prefix}companion: wants a series of degree 1 or more")
    last = np.eye(n + 1)[n]
    theirs = basis.numpys("companion")
    free = theirs(last)
    slopes = theirs(last + (np.arange(n + 1) < n)) - free
    return (
        asarray(np.asarray(free, given.dtype))
        + np.asarray(slopes, given.dtype) * (given[:-1] / given[-1])[:, None]
    )


def roots(basis: Basis, c: Any) -> Any:
    """The roots of a series, as complex numbers in order; the last coefficient is not zero."""
    (given,) = series.vectors(basis.prefix + "roots", c)
    if given.shape[0] == 1:
        return zeros(0, np.result_type(given.dtype, np.complex64))
    return sort_complex(linalg.eigvals(companion(basis, given)[::-1, ::-1]))


def fit(
    basis: Basis,
    x: Any,
    y: Any,
    deg: Any,
    rcond: float | None = None,
    full: bool = False,
    w: Any = None,
) -> Any:
    """The series nearest to points in the sum of squares.

    Args:
      x: shape (n,).
      y: shape (n,), or (n, k) for k series.
      deg: the highest degree, or a list of the degrees to use.
      rcond: singular values below this part of the largest are left out.
      full: also give a list of the residuals, the rank, the singular values and `rcond`.
      w: weights of the points, shape (n,).
    """
    name = basis.prefix + "fit"
    at, to = promote_arrays_inexact(name, x, y)
    if at.ndim != 1 or not at.size or to.ndim not in (1, 2) or to.shape[0] != at.shape[0]:
        wanted = "x of shape (n,) and y of shape (n,) or (n, k)"
        raise TypeError(f"{name}: wants {wanted}, got {at.shape} and {to.shape}")
    degrees = _degrees(name, deg)
    left = series.vander(basis, at, degrees[-1])[:, np.array(degrees)]
    if w is not None:
        (weights,) = promote_arrays_inexact(name, w)
        left, to = left * weights[:, None], (to.T * weights).T
    cutoff = at.shape[0] * float(np.finfo(at.dtype).eps) if rcond is None else rcond
    scale = sqrt(sum(abs(left) ** 2, axis=0))
    scale = where(scale == 0, 1, scale)
    found, residuals, rank, values = linalg.lstsq(left / scale, to, cutoff)
    c = zeros((degrees[-1] + 1, *to.shape[1:]), found.dtype)
    c = c.at[np.array(degrees)].set((found.T / scale).T)
    return (c, [residuals, rank, values, cutoff]) if full else c


def _degrees(name: str, deg: Any) -> list[int]:
    degrees = sorted(map(operator.index, deg)) if np.iterable(deg) else list(range(deg + 1))
    if not degrees or degrees[0] < 0:
        raise ValueError(f"{name}: wants a degree of 0 or more, or a list of some, got {deg}")
    return degrees


def gauss(basis: Basis, deg: int) -> tuple[Any, Any]:
    """The points and weights of Gauss' quadrature: exact for polynomials of degree 2 * deg - 1."""
    points, weights = basis.numpys("gauss")(deg)
    return asarray(points), asarray(weights)


def weight(basis: Basis, x: Any) -> Any:
    """The function of x for which the polynomials are orthogonal."""
    (at,) = promote_arrays_inexact(basis.prefix + "weight", x)
    assert basis.weight is not None
    return basis.weight(at)
