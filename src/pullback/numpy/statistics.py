"""Statistics: variants that ignore NaN, covariance, correlation."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..primitives import elementwise as ew
from ..primitives import shape as sh
from . import binary, means, reductions
from .contractions import matmul
from .creation import requested_dtype
from .elementwise import as_inexact, isnan, pick
from .joining import concatenate
from .searching import clip
from .shapes import reshape
from .values import as_array, convert, describe, no_out
from .worth import compiled_at_once, compiled_when_repeated

Function = Callable[..., Any]


# NaN is left out: it becomes the neutral element.


def _without(name: str, a: Any, neutral: Any) -> Any:
    x = as_array(name, a)
    return pick(ew.ne(x, x), sh.full_like(x, neutral), x) if dtypes.is_float(x.dtype) else x


@compiled_at_once("axis", "dtype", "out", "keepdims")
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


@compiled_at_once("axis", "dtype", "out", "keepdims")
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


@compiled_when_repeated("axis", "out", "keepdims")
def nanmax(
    a: Any, axis: Any = None, out: None = None, keepdims: bool = False, initial: Any = None,
    where: Any = None,
) -> Any:  # fmt: skip
    """The greatest element that is not NaN.

    >>> pnp.nanmax(pnp.array([1.0, np.nan, 2.0]))
    Array(2., dtype=float32)
    """
    return _nan_extremum("nanmax", reductions.max, -np.inf, a, axis, out, keepdims, initial, where)


@compiled_when_repeated("axis", "out", "keepdims")
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


@compiled_when_repeated("axis", "out", "keepdims")
def nanargmax(a: Any, axis: Any = None, out: None = None, keepdims: bool | None = None) -> Any:
    """The index of the greatest element that is not NaN, -1 where there is none.

    >>> pnp.nanargmax(pnp.array([1.0, np.nan, 2.0]))
    Array(2, dtype=int32)
    """
    return _nan_arg("nanargmax", reductions.argmax, -np.inf, a, axis, out, keepdims)


@compiled_when_repeated("axis", "out", "keepdims")
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
    return _nan_mean(as_array("nanmean", a), where, axis, dtype, keepdims)


@compiled_at_once("axis", "dtype", "keepdims")
def _nan_mean(x: Any, where: Any, axis: Any, dtype: Any, keepdims: bool) -> Any:
    if not dtypes.is_float(x.dtype):
        return means.mean(x, axis, dtype, None, keepdims, where=where)
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
    return _nan_variance(as_array("nanvar", a), where, mean, axis, dtype, ddof, keepdims)


@compiled_at_once("axis", "dtype", "ddof", "keepdims")
def _nan_variance(
    x: Any, where: Any, mean: Any, axis: Any, dtype: Any, ddof: Any, keepdims: bool
) -> Any:
    x, result = means.squared_in("nanvar", x, dtype)
    centre = nanmean(x, axis, keepdims=True, where=where) if mean is None else mean
    centre = convert(as_array("nanvar", centre), x.dtype)
    gap = pick(isnan(x), sh.full_like(x, 0), binary.subtract(x, centre))
    square = ew.real(gap * ew.conj(gap)) if gap.dtype.kind == "c" else ew.square(gap)
    count = _count(x, axis, keepdims, where, square.dtype) - ddof
    total = reductions.sum(square, axis, keepdims=keepdims, where=where)
    out_ = binary.divide(total, count)
    return convert(pick(ew.gt(count, 0), out_, sh.full_like(out_, np.nan)), result)


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


# Covariance.


@compiled_at_once("rowvar", "bias", "ddof", "dtype")
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
    x = x if dtype is None else convert(x, _floating("cov", dtype))
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


def _floating(name: str, dtype: Any) -> dtypes.DType:
    wanted = requested_dtype(name, dtype)
    if not dtypes.is_float(wanted):
        raise ValueError(f"{name}: dtype must be a float or complex one, got {wanted.name}")
    return wanted


def _rows(x: Any, rowvar: bool) -> Any:
    x = reshape(x, (1, -1)) if x.ndim < 2 else x
    return x.T if not rowvar and x.shape[0] != 1 else x


def _weights(x: Any, fweights: Any, aweights: Any) -> Any:
    out = None
    for name, w in (("fweights", fweights), ("aweights", aweights)):
        if w is None:
            continue
        w = as_array("cov", w)
        if name == "fweights" and not dtypes.is_integer(w.dtype):
            raise TypeError(f"cov: fweights must be integers, got {describe(w)}")
        if w.shape != (x.shape[1],):
            raise RuntimeError(f"cov: {name} must have one weight a sample, got {describe(w)}")
        w = convert(w, x.dtype)
        out = w if out is None else out * w
    return out


@compiled_at_once("rowvar", "dtype")
def corrcoef(x: Any, y: Any = None, rowvar: bool = True, dtype: Any = None) -> Any:
    """The matrix of correlations.

    >>> pnp.corrcoef(pnp.array([[1.0, 2.0, 3.0], [3.0, 1.0, 2.0]]))
    Array([[ 1. , -0.5],
           [-0.5,  1. ]], dtype=float32)
    """
    if dtype is not None:
        _floating("corrcoef", dtype)
    c = cov(x, y, rowvar, dtype=dtype)
    if c.ndim == 0:
        return c / c
    d = ew.sqrt(ew.real(c.diagonal()) if c.dtype.kind == "c" else c.diagonal())
    c = c / d[:, None] / d[None, :]
    if c.dtype.kind != "c":
        return clip(c, -1, 1)
    return ew.complex(clip(ew.real(c), -1, 1), clip(ew.imag(c), -1, 1))
