"""Functions over an axis: softmax and its kin, standardize, one_hot."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from .. import dtypes
from .. import numpy as pnp
from ..control.custom_jvp import custom_jvp
from ..numpy.elementwise import as_inexact
from ..numpy.values import promote_arrays_inexact
from ..numpy.worth import compiled_at_once, compiled_where_many
from ..transforms.stop import stop_gradient

Axis = int | Sequence[int] | None


def _hashable(axis: Axis) -> int | tuple[int, ...] | None:
    return axis if axis is None or isinstance(axis, int) else tuple(axis)


@compiled_where_many("axis")
def softmax(x: Any, axis: Axis = -1, where: Any = None) -> Any:
    """exp(x) / sum(exp(x)) over an axis, without overflow.

    Args:
      x: array.
      axis: the axis or axes that the result sums to one over.
      where: mask of elements to include; the others give 0.

    >>> import pullback as pb
    >>> pb.nn.softmax(pb.numpy.zeros(4))
    Array([0.25, 0.25, 0.25, 0.25], dtype=float32)
    """
    x = as_inexact("softmax", x)
    return _softmax(x, where, _hashable(axis))


def _shifted(x: Any, where: Any, axis: Any) -> Any:
    first = None if where is None and x.size else -np.inf
    top = pnp.max(x, axis, keepdims=True, where=where, initial=first)
    if where is not None:
        x = pnp.where(where, x, -np.inf)
    return x - stop_gradient(top)


def _softmax_value(x: Any, where: Any, axis: Any) -> Any:
    weights = pnp.exp(_shifted(x, where, axis))
    shares = weights / pnp.sum(weights, axis, keepdims=True)
    return shares if where is None else pnp.where(where, shares, 0)  # 0/0 where none is included


@partial(custom_jvp, nondiff_argnums=(2,))
def _softmax(x: Any, where: Any, axis: Any) -> Any:
    return _softmax_value(x, where, axis)


@_softmax.defjvp
def _(axis: Any, primals: tuple[Any, Any], tangents: tuple[Any, Any]) -> Any:
    # y = exp(x - m) / sum exp(x - m);  dy = y (dx - sum y dx)
    y = _softmax(*primals, axis)
    t = tangents[0]
    return y, y * (t - pnp.sum(y * t, axis, keepdims=True))


@compiled_at_once("axis")
def log_softmax(x: Any, axis: Axis = -1, where: Any = None) -> Any:
    """log(softmax(x)), computed as x - logsumexp(x).

    >>> pb.nn.log_softmax(pnp.array([0.0, 0.0, 1000.0]))
    Array([-1000., -1000.,     0.], dtype=float32)
    """
    x = as_inexact("log_softmax", x)
    shifted = _shifted(x, where, axis)
    out = shifted - pnp.log(pnp.sum(pnp.exp(shifted), axis, keepdims=True))
    return out if where is None else pnp.where(where, out, -np.inf)


@compiled_where_many("axis", "keepdims", "return_sign")
def logsumexp(
    a: Any,
    axis: Axis = None,
    b: Any = None,
    keepdims: bool = False,
    return_sign: bool = False,
    where: Any = None,
) -> Any:
    """log(sum(b exp(a))) over axes, without overflow.

    Args:
      a: array of exponents.
      axis: axis or axes to sum over; None for all.
      b: weights, broadcast against `a`.
      keepdims: keep the axes with size 1.
      return_sign: return also the sign of the sum, which then may be negative.
      where: mask of elements to include.

    >>> import pullback as pb
    >>> float(pb.nn.logsumexp(pb.numpy.zeros(1)))
    0.0
    """
    a, *weight = promote_arrays_inexact("logsumexp", *[v for v in (a, b) if v is not None])
    if b is not None:
        a, b = pnp.broadcast_arrays(a, *weight)
        a = pnp.where(b != 0, a, -np.inf)
    if where is not None:
        a = pnp.where(where, a, -np.inf)
    top = pnp.max(a, axis, keepdims=True, initial=-np.inf)
    top = stop_gradient(pnp.where(pnp.isfinite(top), top, 0))
    weights = pnp.exp(a - top)
    total = pnp.sum(weights if b is None else b * weights, axis, keepdims=keepdims)
    sign = pnp.sign(total)
    if return_sign or b is None:
        total = pnp.abs(total) if return_sign else total
    shift = top if keepdims else pnp.squeeze(top, _axes(top, axis))
    out = pnp.log(total) + shift
    return (out, sign) if return_sign else out


def _axes(x: Any, axis: Axis) -> Any:
    if axis is None:
        return tuple(range(x.ndim))
    return (axis,) if isinstance(axis, int) else tuple(axis)


@compiled_at_once("axis", "keepdims")
def logmeanexp(x: Any, axis: Axis = None, where: Any = None, keepdims: bool = False) -> Any:
    """log(mean(exp(x))) over axes, without overflow.

    >>> pb.nn.logmeanexp(pnp.array([1000.0, 1000.0]))
    Array(1000., dtype=float32)
    """
    x = as_inexact("logmeanexp", x)
    total = logsumexp(x, axis, keepdims=keepdims, where=where)
    ones = pnp.broadcast_to(True if where is None else where, x.shape)
    return total - pnp.log(pnp.sum(ones, axis, keepdims=keepdims, dtype=x.dtype))


@compiled_at_once("axis")
def standardize(
    x: Any,
    axis: Axis = -1,
    mean: Any = None,
    variance: Any = None,
    epsilon: Any = 1e-5,
    where: Any = None,
    *,
    algorithm: str = "fast",
) -> Any:
    """(x - mean) / sqrt(variance + epsilon) over an axis.

    Args:
      x: array.
      axis: axis or axes to normalize over.
      mean, variance: taken from `x` where None.
      epsilon: added to the variance.
      where: mask of elements that mean and variance include.
      algorithm: "fast" (mean of squares less square of mean) or "stable" (two passes).

    >>> pb.nn.standardize(pnp.array([1.0, 2.0, 3.0]))
    Array([-1.2247359,  0.       ,  1.2247359], dtype=float32)
    """
    x = as_inexact("standardize", x)
    if algorithm not in ("fast", "stable"):
        raise ValueError(f"standardize: algorithm must be 'fast' or 'stable', got {algorithm!r}")
    if mean is None:
        mean = pnp.mean(x, axis, keepdims=True, where=where)
    if variance is None:
        if algorithm == "stable":
            variance = pnp.var(x, axis, keepdims=True, where=where)
        else:
            squares = pnp.mean(pnp.square(x), axis, keepdims=True, where=where)
            variance = squares - pnp.square(mean)
    return (x - mean) / pnp.sqrt(variance + epsilon)


def one_hot(x: Any, num_classes: int, *, dtype: Any = None, axis: int = -1) -> Any:
    """A new axis of size num_classes that is 1 at the index, 0 elsewhere.

    Args:
      x: integer array of indices; those out of range give only zeros.
      num_classes: the size of the new axis.
      dtype: of the result; by default the default float.
      axis: where the new axis stands.

    >>> import pullback as pb
    >>> pb.nn.one_hot(pb.numpy.array([0, 2]), 3)
    Array([[1., 0., 0.],
           [0., 0., 1.]], dtype=float32)
    """
    x = pnp.asarray(x)
    ndim = x.ndim + 1
    if not -ndim <= axis < ndim:
        raise ValueError(f"one_hot: axis {axis} is out of bounds for a result of {ndim} axes")
    shape = [1] * ndim
    shape[axis] = num_classes
    classes = pnp.arange(num_classes, dtype=x.dtype).reshape(shape)
    wanted = dtypes.canonicalize_dtype(np.float64 if dtype is None else dtype)
    return (pnp.expand_dims(x, axis) == classes).astype(wanted)
