"""Norms of vectors and matrices."""

from typing import Any

import numpy as np

from ...primitives import elementwise as ew
from ...primitives import shape as sh
from .. import reductions, shapes
from ..elementwise import as_inexact
from ..shapes import axes_of
from ..values import describe
from ..worth import compiled_at_once
from .factors import svdvals


@compiled_at_once("ord", "axis", "keepdims")
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """The norm of a vector or matrix. At zero the derivative of a root of squares is 0, not NaN.

    Args:
      x: array.
      ord: for vectors any number, inf or -inf; for matrices 1, -1, 2, -2, inf, -inf, "fro" or
        "nuc". None for the root of the sum of squares.
      axis: an integer for vectors, two for matrices; None for all of the array.
      keepdims: whether the axes stay, at size 1.

    Raises:
      ValueError: there is no such norm.

    >>> pnp.linalg.norm(pnp.array([3.0, 4.0]))
    Array(5., dtype=float32)
    >>> pnp.linalg.norm(pnp.array([[1.0, -2.0], [3.0, 4.0]]), ord=1)
    Array(6., dtype=float32)
    """
    x = as_inexact("norm", x)
    if axis is None and ord is None:
        return _two(x, tuple(range(x.ndim)), keepdims)
    if axis is None and x.ndim not in (1, 2):
        raise ValueError(
            f"Improper number of axes for norm: x must have one or two, got {describe(x)}"
        )
    axes = axes_of("norm", axis, x.ndim)
    if len(axes) == 1:
        return _vector(x, 2 if ord is None else ord, axes, keepdims)
    if len(axes) == 2:
        return _matrix(x, "fro" if ord is None else ord, axes, keepdims)
    raise ValueError(f"Improper number of axes for norm: axis={axis}. Pass one axis or two.")


def _two(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    square = ew.real(x * ew.conj(x)) if x.dtype.kind == "c" else ew.mul(x, x)
    return reductions.smooth_at_zero(ew.sqrt, reductions.sum(square, axes, keepdims=keepdims))


def _vector(x: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    if isinstance(ord, str):
        raise ValueError(f"Invalid order {ord!r} for vector norm: give a number")
    if ord == 2:
        return _two(x, axes, keepdims)
    size = ew.abs(x)
    if ord == np.inf:
        return reductions.max(size, axes, keepdims=keepdims, initial=0)
    if ord == -np.inf:
        return reductions.min(size, axes, keepdims=keepdims)
    if ord == 0:
        there = ew.convert_element_type(ew.ne(x, 0), size.dtype)
        return reductions.sum(there, axes, keepdims=keepdims)
    if ord == 1:
        return reductions.sum(size, axes, keepdims=keepdims)
    if ord < 0:
        return reductions.sum(size**ord, axes, keepdims=keepdims) ** (1.0 / ord)
    powers = reductions.smooth_at_zero(lambda v: v**ord, size)
    total = reductions.sum(powers, axes, keepdims=keepdims)
    return reductions.smooth_at_zero(lambda v: v ** (1.0 / ord), total)


def _matrix(x: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    rows, columns = axes
    if ord in ("fro", "f"):
        return _two(x, axes, keepdims)
    if ord in (1, -1, np.inf, -np.inf):
        summed, compared = (rows, columns) if abs(ord) == 1 else (columns, rows)
        sums = reductions.sum(ew.abs(x), summed, keepdims=True)
        out = (
            reductions.max(sums, compared, keepdims=True, initial=0)
            if ord > 0
            else reductions.min(sums, compared, keepdims=True)
        )
        return out if keepdims else sh.squeeze(out, sorted(axes))
    if ord in (2, -2, "nuc"):
        s = svdvals(shapes.moveaxis(x, axes, (-2, -1)))
        out = _of_singular_values(s, ord)
        return shapes.expand_dims(out, axes) if keepdims else out
    raise ValueError(f"Invalid order {ord!r} for matrix norm.")


def _of_singular_values(s: Any, ord: Any) -> Any:
    if ord == "nuc":
        return reductions.sum(s, -1)
    return reductions.max(s, -1, initial=0) if ord == 2 else reductions.min(s, -1)


@compiled_at_once("ord", "keepdims")
def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """The norm of matrices in the last two axes.

    >>> pnp.linalg.matrix_norm(pnp.ones((5, 2, 2))).shape
    (5,)
    """
    return norm(x, ord, (-2, -1), keepdims)


@compiled_at_once("ord", "axis", "keepdims")
def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """The norm of vectors along axes, of all elements unless told otherwise.

    >>> pnp.linalg.vector_norm(pnp.array([[3.0, 4.0], [6.0, 8.0]]), axis=1)
    Array([ 5., 10.], dtype=float32)
    """
    x = as_inexact("vector_norm", x)
    if axis is None or isinstance(axis, tuple):
        axes = axes_of("vector_norm", axis, x.ndim)
        return _vector(x, ord, axes, keepdims)
    return norm(x, ord, axis, keepdims)
