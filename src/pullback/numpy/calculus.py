"""Differences, sums and interpolation along an axis: diff, gradient, trapezoid, interp, unwrap."""

import operator
from typing import Any

import numpy as np

from .. import dtypes
from ..core.aval import canonical_axis
from ..primitives import elementwise as ew
from ..primitives import pieces as pc
from ..primitives import shape as sh
from . import binary, reductions
from .elementwise import as_inexact, pick
from .indexing import take
from .joining import concatenate
from .searching import clip, searchsorted, where
from .shapes import axes_of, moveaxis, ravel
from .values import (
    as_array,
    convert,
    describe,
    expand,
    promote_arrays,
    promote_arrays_inexact,
)
from .worth import compiled_at_once, compiled_when_repeated


def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """Differences of neighbours, n times.

    Args:
      a: array with at least one axis.
      n: how many times.
      axis: integer.
      prepend, append: numbers or arrays, put before and after `a` along the axis.

    Raises:
      ValueError: `n` is negative, or `a` has no axes.

    >>> pnp.diff(pnp.array([1, 4, 9, 16]))
    Array([3, 5, 7], dtype=int32)
    """
    x = as_array("diff", a)
    n = operator.index(n)
    if n < 0:
        raise ValueError(f"order must be non-negative but got {n}")
    if x.ndim == 0:
        raise ValueError("diff requires input that is at least one dimensional; got 0-d")
    axis = canonical_axis(axis, x.ndim, "diff")
    if n == 0:
        return x
    x = concatenate([_edge(x, prepend, axis), x, _edge(x, append, axis)], axis) if (
        prepend is not None or append is not None
    ) else x  # fmt: skip
    for _ in range(n):
        size = x.shape[axis]
        later = pc.slice_in_dim(x, min(1, size), size, 1, axis)
        earlier = pc.slice_in_dim(x, 0, max(0, size - 1), 1, axis)
        x = binary.not_equal(later, earlier) if x.dtype == dtypes.bool_ else ew.sub(later, earlier)
    return x


def _edge(x: Any, value: Any, axis: int) -> Any:
    shape = tuple(1 if d == axis else n for d, n in enumerate(x.shape))
    if value is None:
        return pc.slice_in_dim(x, 0, 0, 1, axis)
    value = as_array("diff", value)
    return expand(value, shape) if value.ndim == 0 else value


@compiled_when_repeated()
def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    """Differences of neighbours of the flattened array, with values at the ends.

    >>> pnp.ediff1d(pnp.array([1, 4, 9]), to_begin=0)
    Array([0, 3, 5], dtype=int32)
    """
    x = ravel(ary)
    parts = [
        None if to_begin is None else convert(ravel(to_begin), x.dtype),
        diff(x),
        None if to_end is None else convert(ravel(to_end), x.dtype),
    ]
    return concatenate([p for p in parts if p is not None])


@compiled_at_once("axis")
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """The integral by the trapezoidal rule.

    Args:
      y: values.
      x: where they are, a vector along the axis or an array of the shape of `y`; None for steps
        `dx`.
      dx: distance of neighbours.
      axis: integer.

    >>> pnp.trapezoid(pnp.array([0.0, 1.0, 4.0, 9.0]), dx=1.0)
    Array(9.5, dtype=float32)
    """
    if x is None:
        y, step = as_inexact("trapezoid", y), as_array("trapezoid", dx)
        if step.ndim:
            step = sh.expand_dims(step, range(y.ndim - step.ndim))
            step = moveaxis(step, axis, -1)
        y = moveaxis(y, axis, -1)
    else:
        y, points = promote_arrays_inexact("trapezoid", y, x)
        y = moveaxis(y, axis, -1)
        points = points if points.ndim == 1 else moveaxis(points, axis, -1)
        step = diff(points)
    total = step * (y[..., 1:] + y[..., :-1])
    return reductions.sum(total, -1) * 0.5


@compiled_when_repeated("axis", "edge_order")
def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int | None = None) -> Any:
    """Second-order differences along axes, one-sided at the edges.

    Args:
      f: array of values on a grid.
      *varargs: nothing for distances of 1; one number, or for each axis a number or a vector of
        places.
      axis: integer or tuple of integers; None for all axes.
      edge_order: must be None: differences at the edges are of first order.

    Returns:
      Array of the shape of `f`, or a list of them, one for each axis.

    >>> pnp.gradient(pnp.array([0.0, 1.0, 4.0, 9.0]))
    Array([1., 2., 4., 5.], dtype=float32)
    """
    if edge_order is not None:
        raise NotImplementedError("gradient: the 'edge_order' argument is not supported")
    x = as_inexact("gradient", f)
    axes = axes_of("gradient", axis, x.ndim)
    if any(x.shape[d] < 2 for d in axes):
        raise ValueError(
            "Shape of array too small to calculate a numerical gradient, at least 2 needed"
        )
    steps = varargs or (1.0,)
    steps = steps * len(axes) if len(steps) == 1 else steps
    if len(steps) != len(axes):
        raise TypeError("Invalid number of spacing arguments for gradient: one, or one an axis")
    out = [_slope(x, h, d) for h, d in zip(steps, axes, strict=True)]
    return out[0] if len(axes) == 1 else out


def _slope(x: Any, spacing: Any, axis: int) -> Any:
    x = moveaxis(x, axis, 0)
    h = as_inexact("gradient", spacing)
    lead = (slice(None), *([None] * (x.ndim - 1)))
    if h.ndim == 0:
        inner = (x[2:] - x[:-2]) * 0.5 / h
        first, last = (x[1:2] - x[:1]) / h, (x[-1:] - x[-2:-1]) / h
    else:
        if h.shape != x.shape[:1]:
            raise ValueError("Spacing arrays must have the size of their axis in gradient")
        gap = diff(h)[lead]
        before, after = gap[:-1], gap[1:]
        inner = (
            -after / (before * (before + after)) * x[:-2]
            + (after - before) / (before * after) * x[1:-1]
            + before / (after * (before + after)) * x[2:]
        )
        first, last = (x[1:2] - x[:1]) / gap[:1], (x[-1:] - x[-2:-1]) / gap[-1:]
    return moveaxis(concatenate([first, inner, last]), 0, axis)


def interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None
) -> Any:
    """Linear interpolation between points whose abscissae rise.

    Args:
      x: array of places.
      xp, fp: vectors of one size: places that rise, and values.
      left, right: values below `xp[0]` and above `xp[-1]`; by default those at the ends.
      period: makes `xp` periodic; then it need not rise.

    Raises:
      ValueError: `xp` and `fp` are no vectors of one size.

    >>> places, values = pnp.array([0.0, 1.0, 3.0]), pnp.array([0.0, 10.0, 30.0])
    >>> pnp.interp(pnp.array([0.5, 2.5, 9.0]), places, values)
    Array([ 5., 25., 30.], dtype=float32)
    """
    x, xp = promote_arrays_inexact("interp", x, xp)
    fp = as_inexact("interp", fp)
    if xp.ndim != 1 or xp.shape != fp.shape:
        raise ValueError("xp and fp must be one-dimensional arrays of equal size")
    if period is not None:
        x, xp, fp = _periodic(x, xp, fp, abs(period))
    out = _between(x, xp, fp)
    if period is not None:
        return out
    for beyond, value, edge in ((x < xp[0], left, fp[0]), (x > xp[-1], right, fp[-1])):
        if isinstance(value, str):
            if value != "extrapolate":
                raise ValueError(
                    f"the only valid string value of left and right is 'extrapolate', got {value!r}"
                )
            continue
        out = where(beyond, edge if value is None else value, out)
    return out


@compiled_at_once()
def _between(x: Any, xp: Any, fp: Any) -> Any:
    """What lies on the lines through points, also beyond the first and the last one."""
    at = clip(searchsorted(xp, x, "right"), 1, xp.shape[0] - 1)
    x0, x1, y0, y1 = (take(v, at - k, mode="clip") for v, k in ((xp, 1), (xp, 0), (fp, 1), (fp, 0)))
    width = x1 - x0
    flat = ew.eq(width, 0)
    slope = (y1 - y0) / pick(flat, sh.full_like(width, 1), width)
    out = y0 + (x - x0) * slope
    return pick(flat, convert(y0, out.dtype, out.weak_type), out)


def _periodic(x: Any, xp: Any, fp: Any, period: Any) -> tuple[Any, Any, Any]:
    x, xp = binary.remainder(x, period), binary.remainder(xp, period)
    order = xp.argsort()
    xp, fp = take(xp, order, mode="clip"), take(fp, order, mode="clip")
    xp = concatenate([xp[-1:] - period, xp, xp[:1] + period])
    return x, xp, concatenate([fp[-1:], fp, fp[:1]])


@compiled_at_once("axis")
def unwrap(p: Any, discont: Any = None, axis: int = -1, period: Any = 2 * np.pi) -> Any:
    """Jumps of more than half a period taken out of a sequence of angles.

    >>> pnp.unwrap(pnp.array([0.0, 3.0, -3.0]))
    Array([0.       , 3.       , 3.2831855], dtype=float32)
    """
    x, period = promote_arrays("unwrap", p, period)
    if dtypes.kind(x.dtype) == "complex":
        raise ValueError(f"unwrap: angles are real, got {describe(x)}")
    if x.shape[canonical_axis(axis, x.ndim, "unwrap")] == 0:
        return x
    whole = dtypes.is_integer(x.dtype)
    step = diff(x, axis=axis)
    half = period // 2 if whole else period / 2
    level = half if discont is None else discont
    moved = binary.remainder(step + half, period) - half
    edge = ew.bitwise_and(moved == -half, step > 0)
    moved = where(edge, half, moved)
    fix = where(binary.less(ew.abs(step), level), 0, moved - step)
    first = pc.slice_in_dim(x, 0, 1, 1, canonical_axis(axis, x.ndim, "unwrap"))
    rest = pc.slice_in_dim(x, 1, x.shape[axis], 1, canonical_axis(axis, x.ndim, "unwrap"))
    return concatenate([first, rest + fix.cumsum(axis)], axis)
