"""Polynomials from points or values: roots, polyfit."""

import operator
from typing import Any

import numpy as np

from .. import dtypes
from ..primitives import shape as sh
from .contractions import dot, outer
from .creation import array, asarray
from .diagonals import diag
from .elementwise import as_inexact, sqrt
from .linalg import eigvals, inv, lstsq
from .polynomials import vander
from .reductions import all, argmin, sum
from .searching import where
from .shapes import atleast_1d, roll
from .sorting import argsort
from .values import convert, describe, promote_arrays_inexact
from .worth import compiled_at_once


def roots(p: Any, *, strip_zeros: bool = True) -> Any:
    """The roots of a polynomial by its coefficients, the highest power first, complex.

    They are the eigenvalues of the companion matrix. Leading zeros are stripped, which needs their
    number; with `strip_zeros=False` they leave NaN at the end instead, also under `jit`.

    >>> from pullback import numpy as pnp
    >>> pnp.sort(pnp.roots(pnp.array([1.0, -3.0, 2.0])).real)
    Array([1., 2.], dtype=float32)
    """
    x = atleast_1d(as_inexact("roots", p))
    if x.ndim != 1:
        raise ValueError(f"roots: the coefficients must be a vector, got {describe(x)}")
    if x.shape[0] < 2:
        return _no_roots(x)
    leading = where(all(x == 0), x.shape[0], argmin(x == 0))
    if strip_zeros:
        return _of_companion(x[int(leading) :])
    x = where(leading == x.shape[0], 1, x)
    found = _of_companion(roll(x, -leading))
    found = found[argsort(found == 0)]
    known = np.arange(found.shape[0]) < found.shape[0] - leading
    return where(known, found, complex(np.nan, np.nan))


def _no_roots(x: Any) -> Any:
    return array([], dtype=dtypes.promote_types(x.dtype, dtypes.complex64))


def _of_companion(x: Any) -> Any:
    if x.shape[0] < 2:
        return _no_roots(x)
    below = diag(sh.full((x.shape[0] - 2,), 1, x.dtype), -1)
    return eigvals(below.at[0].set(-x[1:] / x[0]))


@compiled_at_once("deg", "rcond", "full", "cov")
def polyfit(
    x: Any,
    y: Any,
    deg: int,
    rcond: float | None = None,
    full: bool = False,
    w: Any = None,
    cov: bool | str = False,
) -> Any:
    """The polynomial of degree `deg` that is nearest to points, highest power first.

    x has shape (n,), y (n,) or (n, k), the weights w (n,). With `full` also the residuals, the
    rank, the singular values and `rcond` are returned; with `cov` the covariance of the
    coefficients, scaled by the residuals unless it is "unscaled".

    >>> from pullback import numpy as pnp
    >>> pnp.polyfit(pnp.arange(3.0), pnp.array([1.0, 3.0, 5.0]), 1).round(3)
    Array([2., 1.], dtype=float32)
    """
    x, y = promote_arrays_inexact("polyfit", x, y)
    order = operator.index(deg) + 1
    _check_points(x, y, order)
    cutoff = x.shape[0] * float(np.finfo(x.dtype).eps) if rcond is None else float(rcond)
    left, right = vander(x, order), y
    if w is not None:
        weights = as_inexact("polyfit", w)
        if weights.shape != x.shape:
            raise TypeError(f"polyfit: expected w of shape {x.shape}, got {describe(weights)}")
        left, right = left * weights[:, None], (right.T * weights).T
    scale = sqrt(sum(left * left, axis=0))
    left = left / scale
    c, residuals, rank, s = lstsq(left, right, cutoff)
    c = (c.T / scale).T
    if full:
        return c, residuals, rank, s, asarray(cutoff)
    if not cov:
        return c
    base = inv(dot(left.T, left)) / outer(scale, scale)
    factor = _spread(residuals, x.shape[0], order, cov)
    return c, base * factor if y.ndim == 1 else base[:, :, None] * atleast_1d(factor)


def _check_points(x: Any, y: Any, order: int) -> None:
    if order < 1:
        raise ValueError("polyfit: expected deg >= 0")
    if x.ndim != 1 or not x.shape[0]:
        raise TypeError(f"polyfit: expected a non-empty vector for x, got {describe(x)}")
    if y.ndim not in (1, 2) or y.shape[0] != x.shape[0]:
        raise TypeError(
            f"polyfit: expected y of shape ({x.shape[0]},) or ({x.shape[0]}, k), got {describe(y)}"
        )


def _spread(residuals: Any, n: int, order: int, cov: bool | str) -> Any:
    """The variance of y, from the residuals."""
    if cov == "unscaled":
        return convert(asarray(1.0), residuals.dtype)
    if n <= order:
        raise ValueError(
            "polyfit: the number of data points must exceed order to scale the covariance matrix"
        )
    return residuals / (n - order)
