"""Statistics: variants that ignore NaN, quantiles, covariance, histograms, differences."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..primitives import elementwise as ew
from ..primitives import shape as sh
from . import binary, means, reductions
from .contractions import matmul
from .elementwise import as_inexact, isnan, pick
from .indexing import getitem
from .joining import concatenate
from .searching import clip
from .shapes import axes_of, moveaxis, reshape
from .sorting import sort
from .values import as_array, convert, describe, expand, no_out

Function = Callable[..., Any]


# NaN is left out: it becomes the neutral element.


def _without(name: str, a: Any, neutral: Any) -> Any:
    x = as_array(name, a)
    return pick(ew.ne(x, x), sh.full_like(x, neutral), x) if dtypes.is_float(x.dtype) else x


def nansum(
    a: Any, axis: Any = None, dtype: Any = None, out: None = None, keepdims: bool = False,
    initial: Any = None, where: Any = None,
) -> Any:  # fmt: skip
    """The sum of the elements that are not NaN.

    >>> pnp.nansum(pnp.array([1.0, np.nan, 2.0]))
    Array(3., dtype=float32)
    """
    x = _without("nansum", a, 0)
    return reductions.sum(x, axis, dtype, out, keepdims, initial, where)


def nanprod(
    a: Any, axis: Any = None, dtype: Any = None, out: None = None, keepdims: bool = False,
    initial: Any = None, where: Any = None,
) -> Any:  # fmt: skip
    """The product of the elements that are not NaN.

    >>> pnp.nanprod(pnp.array([3.0, np.nan, 2.0]))
    Array(6., dtype=float32)
    """
    x = _without("nanprod", a, 1)
    return reductions.prod(x, axis, dtype, out, keepdims, initial, where)


def _nan_extremum(
    name: str, reduce: Function, neutral: float, a: Any, axis: Any, out: None, keepdims: bool,
    initial: Any, where_: Any,
) -> Any:  # fmt: skip
    x = as_array(name, a)
    result = reduce(_without(name, x, neutral), axis, out, keepdims, initial, where_)
    if not dtypes.is_float(x.dtype) or initial is not None:
        return result
    empty = reductions.all(isnan(x), axis, keepdims=keepdims)
    return pick(empty, sh.full_like(result, np.nan), result)


def nanmax(
    a: Any, axis: Any = None, out: None = None, keepdims: bool = False, initial: Any = None,
    where: Any = None,
) -> Any:  # fmt: skip
    """The greatest element that is not NaN.

    >>> pnp.nanmax(pnp.array([1.0, np.nan, 2.0]))
    Array(2., dtype=float32)
    """
    return _nan_extremum("nanmax", reductions.max, -np.inf, a, axis, out, keepdims, initial, where)


def nanmin(
    a: Any, axis: Any = None, out: None = None, keepdims: bool = False, initial: Any = None,
    where: Any = None,
) -> Any:  # fmt: skip
    """The least element that is not NaN.

    >>> pnp.nanmin(pnp.array([1.0, np.nan, 2.0]))
    Array(1., dtype=float32)
    """
    return _nan_extremum("nanmin", reductions.min, np.inf, a, axis, out, keepdims, initial, where)


def _nan_arg(
    name: str, arg: Function, neutral: float, a: Any, axis: Any, out: None, keepdims: Any
) -> Any:
    x = as_array(name, a)
    found = arg(_without(name, x, neutral), axis, out, keepdims)
    if not dtypes.is_float(x.dtype):
        return found
    empty = reductions.all(isnan(x), axis, keepdims=bool(keepdims))
    return pick(empty, sh.full_like(found, -1), found)


def nanargmax(a: Any, axis: Any = None, out: None = None, keepdims: bool | None = None) -> Any:
    """The index of the greatest element that is not NaN, -1 where there is none.

    >>> pnp.nanargmax(pnp.array([1.0, np.nan, 2.0]))
    Array(2, dtype=int32)
    """
    return _nan_arg("nanargmax", reductions.argmax, -np.inf, a, axis, out, keepdims)


def nanargmin(a: Any, axis: Any = None, out: None = None, keepdims: bool | None = None) -> Any:
    """The index of the least element that is not NaN, -1 where there is none.

    >>> pnp.nanargmin(pnp.array([1.0, np.nan, 2.0]))
    Array(0, dtype=int32)
    """
    return _nan_arg("nanargmin", reductions.argmin, np.inf, a, axis, out, keepdims)


def _count(x: Any, axis: Any, keepdims: bool, where: Any, dtype: Any) -> Any:
    there = ew.bitwise_not(isnan(x))
    return reductions.sum(convert(there, dtype), axis, keepdims=keepdims, where=where)


def nanmean(
    a: Any, axis: Any = None, dtype: Any = None, out: None = None, keepdims: bool = False,
    where: Any = None,
) -> Any:  # fmt: skip
    """The mean of the elements that are not NaN.

    >>> pnp.nanmean(pnp.array([1.0, np.nan, 2.0]))
    Array(1.5, dtype=float32)
    """
    no_out("nanmean", out)
    x = as_array("nanmean", a)
    if not dtypes.is_float(x.dtype):
        return means.mean(x, axis, dtype, out, keepdims, where=where)
    x = x if dtype is None else convert(x, dtypes.canonicalize_dtype(dtype))
    total = nansum(x, axis, keepdims=keepdims, where=where)
    mean = binary.divide(total, _count(x, axis, keepdims, where, total.dtype))
    return mean if dtype is None else convert(mean, x.dtype)


def nanvar(
    a: Any, axis: Any = None, dtype: Any = None, out: None = None, ddof: int = 0,
    keepdims: bool = False, where: Any = None, mean: Any = None,
) -> Any:  # fmt: skip
    """The variance of the elements that are not NaN.

    >>> pnp.nanvar(pnp.array([1.0, np.nan, 3.0]))
    Array(1., dtype=float32)
    """
    no_out("nanvar", out)
    x = as_inexact("nanvar", a)
    x = convert(x, x.dtype if dtype is None else dtypes.canonicalize_dtype(dtype))
    centre = nanmean(x, axis, keepdims=True, where=where) if mean is None else mean
    gap = pick(isnan(x), sh.full_like(x, 0), binary.subtract(x, centre))
    square = ew.real(gap * ew.conj(gap)) if gap.dtype.kind == "c" else ew.square(gap)
    count = _count(x, axis, keepdims, where, square.dtype) - ddof
    total = reductions.sum(square, axis, keepdims=keepdims, where=where)
    fair = ew.gt(count, 0)
    out_ = binary.divide(total, count)
    return pick(fair, out_, sh.full_like(out_, np.nan))


def nanstd(
    a: Any, axis: Any = None, dtype: Any = None, out: None = None, ddof: int = 0,
    keepdims: bool = False, where: Any = None, mean: Any = None,
) -> Any:  # fmt: skip
    """The standard deviation of the elements that are not NaN.

    >>> pnp.nanstd(pnp.array([1.0, np.nan, 3.0]))
    Array(1., dtype=float32)
    """
    no_out("nanstd", out)
    variance = nanvar(a, axis, dtype, out, ddof, keepdims, where, mean)
    return reductions.smooth_at_zero(ew.sqrt, variance)


# Quantiles.

METHODS = ("linear", "lower", "higher", "midpoint", "nearest", "inverted_cdf")


def _quantile(name: str, a: Any, q: Any, axis: Any, method: str, keepdims: bool, nans: bool) -> Any:
    if method not in METHODS:
        raise ValueError(f"{name}: method must be one of {', '.join(METHODS)}, got {method!r}")
    x, q = as_inexact(name, a), as_inexact(name, q)
    if dtypes.kind(x.dtype) == "complex":
        raise ValueError(
            f"{name} does not support complex input, as the operation is poorly defined."
        )
    if q.ndim > 1:
        raise ValueError(f"q must be have rank <= 1, got shape {q.shape}")
    result = x.dtype
    dtype = np.promote_types(result, q.dtype)
    x, q = convert(x, dtype), convert(q, dtype)
    axes = axes_of(name, axis, x.ndim)
    kept = [n for d, n in enumerate(x.shape) if d not in axes]
    x = moveaxis(x, axes, tuple(range(len(kept), x.ndim)))
    x = sort(reshape(x, (*kept, math.prod(x.shape[len(kept) :]))), -1)
    out = convert(_interpolated(x, q, method, nans), result)
    if not keepdims:
        return out
    shape = [1 if d in axes else n for d, n in enumerate(as_array(name, a).shape)]
    return reshape(out, (*q.shape, *shape))


def _interpolated(x: Any, q: Any, method: str, nans: bool) -> Any:
    """Quantiles of rows in order; NaN stands at their ends."""
    rank, n = x.ndim - 1, x.shape[-1]
    there = reductions.sum(convert(ew.bitwise_not(isnan(x)), x.dtype), -1, keepdims=True)
    count = there if nans else sh.full_like(there, n)
    shape = (*x.shape[:-1], q.size)
    levels = sh.broadcast_in_dim(q, shape, (rank,) if q.ndim else ())
    at = levels * expand(count - 1, levels.shape)
    if method == "inverted_cdf":
        at = ew.ceil(levels * expand(count, levels.shape)) - 1
    at = clip(at, 0, None)
    low, high = ew.floor(at), ew.ceil(at)
    weight = at - low
    top = clip(expand(count - 1, levels.shape), 0, None)
    below, above = (_along(x, ew.min(v, top)) for v in (low, high))
    out = _by_method(method, below, above, weight)
    bad = expand(ew.lt(there, 1) if nans else ew.lt(there, n), out.shape)
    out = pick(bad, sh.full_like(out, np.nan), out)
    return moveaxis(out, -1, 0) if q.ndim else sh.squeeze(out, (out.ndim - 1,))


def _by_method(method: str, below: Any, above: Any, weight: Any) -> Any:
    if method == "linear":
        return below * (1 - weight) + above * weight
    if method == "midpoint":
        return (below + above) * 0.5
    if method == "nearest":
        return pick(ew.le(weight, 0.5), below, above)
    return below if method == "lower" else above


def _along(x: Any, at: Any) -> Any:
    places = [sh.iota(dtypes.int32, at.shape, d) for d in range(at.ndim - 1)]
    return getitem(x, (*places, convert(at, dtypes.int32)))


def quantile(
    a: Any, q: Any, axis: Any = None, out: None = None, overwrite_input: bool = False,
    method: str = "linear", keepdims: bool = False, *, weights: None = None,
) -> Any:  # fmt: skip
    """The value below which a fraction q of the elements lies.

    Args:
      a: array of real numbers.
      q: number or array of numbers in [0, 1].
      axis: integer or tuple of integers; None for all axes.
      out: must be None.
      overwrite_input: must be False.
      method: what lies between two elements: "linear", "lower", "higher", "midpoint", "nearest".
      keepdims: whether the axes stay, at size 1.

    Returns:
      Array whose first axes are those of `q`.

    >>> pnp.quantile(pnp.array([1.0, 2.0, 3.0, 4.0]), pnp.array([0.25, 0.5]))
    Array([1.75, 2.5 ], dtype=float32)
    """
    no_out("quantile", out)
    _no_weights("quantile", weights)
    return _quantile("quantile", a, q, axis, method, keepdims, False)


def nanquantile(
    a: Any, q: Any, axis: Any = None, out: None = None, overwrite_input: bool = False,
    method: str = "linear", keepdims: bool = False, *, weights: None = None,
) -> Any:  # fmt: skip
    """`quantile` of the elements that are not NaN.

    >>> pnp.nanquantile(pnp.array([1.0, np.nan, 3.0]), 0.5)
    Array(2., dtype=float32)
    """
    no_out("nanquantile", out)
    _no_weights("nanquantile", weights)
    return _quantile("nanquantile", a, q, axis, method, keepdims, True)


def _no_weights(name: str, weights: None) -> None:
    if weights is not None:
        raise NotImplementedError(f"{name}: weights are not supported")


def percentile(
    a: Any, q: Any, axis: Any = None, out: None = None, overwrite_input: bool = False,
    method: str = "linear", keepdims: bool = False, *, weights: None = None,
) -> Any:  # fmt: skip
    """`quantile`, in percent.

    >>> pnp.percentile(pnp.array([1.0, 2.0, 3.0, 4.0]), 50)
    Array(2.5, dtype=float32)
    """
    no_out("percentile", out)
    _no_weights("percentile", weights)
    return quantile(a, as_inexact("percentile", q) / 100, axis, method=method, keepdims=keepdims)


def nanpercentile(
    a: Any, q: Any, axis: Any = None, out: None = None, overwrite_input: bool = False,
    method: str = "linear", keepdims: bool = False, *, weights: None = None,
) -> Any:  # fmt: skip
    """`nanquantile`, in percent.

    >>> pnp.nanpercentile(pnp.array([1.0, np.nan, 3.0]), 50)
    Array(2., dtype=float32)
    """
    no_out("nanpercentile", out)
    _no_weights("nanpercentile", weights)
    q = as_inexact("nanpercentile", q) / 100
    return nanquantile(a, q, axis, method=method, keepdims=keepdims)


def median(
    a: Any,
    axis: Any = None,
    out: None = None,
    overwrite_input: bool = False,
    keepdims: bool = False,
) -> Any:
    """The middle element, or the mean of the two in the middle.

    >>> pnp.median(pnp.array([5.0, 1.0, 2.0, 3.0]))
    Array(2.5, dtype=float32)
    """
    no_out("median", out)
    return quantile(a, 0.5, axis, method="midpoint", keepdims=keepdims)


def nanmedian(
    a: Any,
    axis: Any = None,
    out: None = None,
    overwrite_input: bool = False,
    keepdims: bool = False,
) -> Any:
    """The middle of the elements that are not NaN.

    >>> pnp.nanmedian(pnp.array([5.0, np.nan, 2.0, 3.0]))
    Array(3., dtype=float32)
    """
    no_out("nanmedian", out)
    return nanquantile(a, 0.5, axis, method="midpoint", keepdims=keepdims)


# Covariance.


def cov(
    m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: int | None = None,
    fweights: Any = None, aweights: Any = None, dtype: Any = None,
) -> Any:  # fmt: skip
    """The covariance matrix of variables that are rows (columns where not `rowvar`).

    Args:
      m: array of observations, a variable a row; or a vector.
      y: further variables.
      rowvar: False where variables are columns.
      bias: whether to divide by the number of observations, and not by one less.
      ddof: what is taken from the number, in place of `bias`.
      fweights, aweights: for each observation how often it counts, and how much.
      dtype: of the result.

    >>> pnp.cov(pnp.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0]]))
    Array([[1., 2.],
           [2., 4.]], dtype=float32)
    """
    x = as_inexact("cov", m)
    parts = [x] if y is None else [x, as_inexact("cov", y)]
    if any(p.ndim > 2 for p in parts):
        raise ValueError("cov: m and y must have at most two axes")
    rows = [_rows(p, rowvar) for p in parts]
    x = concatenate(rows, 0)
    x = x if dtype is None else convert(x, dtypes.canonicalize_dtype(dtype))
    ddof = (0 if bias else 1) if ddof is None else ddof
    weights = _weights(x, fweights, aweights)
    if weights is None:
        centre, norm = means.mean(x, 1, keepdims=True), x.shape[1] - ddof
        gap = x - centre
        out = matmul(gap, ew.conj(gap).T if gap.dtype.kind == "c" else gap.T) / norm
    else:
        total = reductions.sum(weights)
        centre = reductions.sum(x * weights, 1, keepdims=True) / total
        lost = ddof if aweights is None else ddof * reductions.sum(
            weights * as_inexact("cov", aweights)) / total  # fmt: skip
        gap = x - centre
        turned = (gap * weights).T
        out = matmul(gap, ew.conj(turned) if turned.dtype.kind == "c" else turned) / (total - lost)
    return reshape(out, ()) if out.shape == (1, 1) else out


def _rows(x: Any, rowvar: bool) -> Any:
    x = reshape(x, (1, -1)) if x.ndim < 2 else x
    return x.T if not rowvar and x.shape[0] != 1 else x


def _weights(x: Any, fweights: Any, aweights: Any) -> Any:
    out = None
    for name, w in (("fweights", fweights), ("aweights", aweights)):
        if w is None:
            continue
        w = as_array("cov", w)
        if w.shape != (x.shape[1],):
            raise ValueError(f"cov: {name} must have one weight a sample, got {describe(w)}")
        w = convert(w, x.dtype)
        out = w if out is None else out * w
    return out


def corrcoef(x: Any, y: Any = None, rowvar: bool = True, dtype: Any = None) -> Any:
    """The matrix of correlations.

    >>> pnp.corrcoef(pnp.array([[1.0, 2.0, 3.0], [3.0, 1.0, 2.0]]))
    Array([[ 1. , -0.5],
           [-0.5,  1. ]], dtype=float32)
    """
    c = cov(x, y, rowvar, dtype=dtype)
    if c.ndim == 0:
        return c / c
    d = ew.sqrt(ew.real(c.diagonal()) if c.dtype.kind == "c" else c.diagonal())
    c = c / d[:, None] / d[None, :]
    if c.dtype.kind != "c":
        return clip(c, -1, 1)
    return ew.complex(clip(ew.real(c), -1, 1), clip(ew.imag(c), -1, 1))
