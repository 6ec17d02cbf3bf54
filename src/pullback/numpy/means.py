"""Means, variances and standard deviations. Narrow floats are summed in float32, as in JAX."""

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..core.aval import canonical_axis
from ..core.symbolic import Dim
from ..dtypes import DType
from ..primitives import elementwise as ew
from ..primitives import shape as sh
from .creation import requested_dtype
from .elementwise import pick
from .reductions import mask_of, prepared, smooth_at_zero, sum
from .shapes import axes_of
from .values import as_array, convert, describe, expand, inexact_dtype, promote_arrays_inexact
from .worth import compiled_at_once


def mean(
    a: Any, axis: Any = None, dtype: Any = None, out: None = None, keepdims: bool = False, *,
    where: Any = None,
) -> Any:  # fmt: skip
    """The arithmetic mean over axes.

    Args:
      a: array.
      axis: integer or tuple of integers; None for all axes.
      dtype: of the result. By default that of `a`, or the default float for integers and bools;
        16-bit floats are summed in float32.
      out: must be None.
      keepdims: whether the axes stay, at size 1.
      where: mask that broadcasts with `a`; elements where it is False do not count.

    Returns:
      Array; NaN where no elements count.

    >>> pnp.mean(pnp.array([[1, 2], [3, 6]]), axis=0)
    Array([2., 4.], dtype=float32)
    """
    x = prepared("mean", a, out)
    wanted = _mean_dtype("mean", x, dtype)
    x = convert(x, _wide(wanted))
    axes = axes_of("mean", axis, x.ndim)
    total = sum(x, axes, keepdims=keepdims, where=where)
    count = _count(x, axes, where, x.dtype, keepdims)
    return convert(total / count, wanted)


def average(
    a: Any, axis: Any = None, weights: Any = None, returned: bool = False, keepdims: bool = False
) -> Any:
    """The mean with weights.

    Args:
      a: array.
      axis: integer or tuple of integers; None for all axes.
      weights: array of the shape of `a`, or of its axes `axis`; None for equal ones.
      returned: whether to return the sum of the weights too.
      keepdims: whether the axes stay, at size 1.

    Raises:
      ValueError: the weights do not fit.

    >>> pnp.average(pnp.array([1.0, 2.0, 6.0]), weights=pnp.array([2.0, 1.0, 1.0]))
    Array(2.5, dtype=float32)
    """
    if weights is None:
        out = mean(a, axis, keepdims=keepdims)
        x = as_array("average", a)
        count = math.prod(x.shape[d] for d in axes_of("average", axis, x.ndim))
        return (out, sh.full_like(out, count)) if returned else out
    x, w = promote_arrays_inexact("average", a, weights)
    if x.shape != w.shape:
        w = _weights_along(x, w, axis)
    total = sum(w, axis, keepdims=keepdims)
    out = sum(x * w, axis, keepdims=keepdims) / total
    return (out, expand(total, out.shape)) if returned else out


def _weights_along(x: Any, w: Any, axis: Any) -> Any:
    """Weights of some axes, in the order in which these were named, for the whole array."""
    if axis is None:
        raise ValueError(
            "average: an axis must be given where a and weights differ in shape, got"
            f" {describe(w)} for {describe(x)}"
        )
    named = [canonical_axis(d, x.ndim, "average") for d in (axis if np.iterable(axis) else (axis,))]
    if w.shape != tuple([x.shape[d] for d in named]):
        raise ValueError(f"average: weights {describe(w)} do not fit axis {axis} of {describe(x)}")
    return sh.broadcast_in_dim(sh.transpose(w, np.argsort(named).tolist()), x.shape, sorted(named))


@compiled_at_once("axis", "dtype", "out", "ddof", "keepdims", "correction")
def var(
    a: Any, axis: Any = None, dtype: Any = None, out: None = None, ddof: int = 0,
    keepdims: bool = False, *, where: Any = None, mean: Any = None, correction: Any = None,
) -> Any:  # fmt: skip
    """The variance over axes: the mean of |x - mean|**2, divided by the count less `ddof`.

    Args:
      a: array; of complex numbers the result is real.
      axis: integer or tuple of integers; None for all axes.
      dtype: as for `mean`.
      out: must be None.
      ddof: what is taken from the count: 1 for the unbiased estimate.
      keepdims: whether the axes stay, at size 1.
      where: mask that broadcasts with `a`; elements where it is False do not count.
      mean: the mean, where it is known; with its axes at size 1.
      correction: the array API's name of `ddof`.

    Returns:
      Array; NaN where the count less `ddof` is not positive.

    >>> pnp.var(pnp.array([1.0, 2.0, 3.0, 6.0]), ddof=1)
    Array(4.6666665, dtype=float32)
    """
    x = prepared("var", a, out)
    if correction is not None:
        if ddof:
            raise ValueError("var: ddof and correction are two names of one number: give one")
        ddof = correction
    x, result = squared_in("var", x, dtype)
    axes = axes_of("var", axis, x.ndim)
    centre = _mean_of(x, axes, where) if mean is None else convert(as_array("var", mean), x.dtype)
    gap = x - centre
    square = ew.real(gap * ew.conj(gap)) if gap.dtype.kind == "c" else ew.square(gap)
    total = sum(square, axes, keepdims=keepdims, where=where)
    return convert(
        _over_count(total, _count(x, axes, where, square.dtype, keepdims) - ddof), result
    )


@compiled_at_once("axis", "dtype", "out", "ddof", "keepdims", "correction")
def std(
    a: Any, axis: Any = None, dtype: Any = None, out: None = None, ddof: int = 0,
    keepdims: bool = False, *, where: Any = None, mean: Any = None, correction: Any = None,
) -> Any:  # fmt: skip
    """The standard deviation over axes: the root of the variance.

    Arguments are those of `var`. The derivative at 0, where it is infinite, is taken to be 0.

    >>> pnp.std(pnp.array([1.0, 1.0, 3.0, 3.0]))
    Array(1., dtype=float32)
    """
    if dtype is not None and not dtypes.is_float(requested_dtype("std", dtype)):
        raise ValueError(f"std: dtype must be a float, got {dtype}")
    return smooth_at_zero(
        ew.sqrt,
        var(a, axis, dtype, out, ddof, keepdims, where=where, mean=mean, correction=correction),
    )


def squared_in(name: str, x: Any, dtype: Any) -> tuple[Any, DType]:
    """The array in the dtype in which a variance is computed, and the dtype of the result."""
    wanted = _mean_dtype(name, x, dtype)
    if dtypes.kind(x.dtype) == "complex" != dtypes.kind(wanted):
        raise ValueError(
            f"{name}: dtype={wanted.name} cannot hold the mean of {describe(x)}: leave it out for a"
            " real variance"
        )
    return convert(x, _wide(wanted)), real_dtype(wanted) if dtype is None else wanted


def _wide(dtype: DType) -> DType:
    return dtypes.float32 if dtypes.is_float(dtype) and dtype.itemsize < 4 else dtype


def _mean_dtype(name: str, x: Any, dtype: Any) -> DType:
    return inexact_dtype(x.dtype) if dtype is None else requested_dtype(name, dtype)


def _count(x: Any, axes: tuple[int, ...], where: Any, dtype: DType, keepdims: bool) -> Any:
    if where is None:
        count = math.prod(x.shape[d] for d in axes)
        return convert(count.__jax_array__(), dtype) if type(count) is Dim else float(count)
    mask = expand(mask_of("mean", where), x.shape)
    return sum(convert(mask, dtype), axes, keepdims=keepdims)


def _over_count(total: Any, count: Any) -> Any:
    """The quotient, NaN where nothing is counted."""
    if isinstance(count, (int, float)):
        return total / (count if count > 0 else np.nan)
    return total / pick(ew.gt(count, 0), count, sh.full_like(count, np.nan))


def _mean_of(x: Any, axes: tuple[int, ...], where: Any) -> Any:
    return mean(x, axes, keepdims=True, where=where)


def real_dtype(dtype: DType) -> DType:
    """The dtype of the parts of numbers of a dtype."""
    return {dtypes.complex64: dtypes.float32, dtypes.complex128: dtypes.float64}.get(dtype, dtype)
