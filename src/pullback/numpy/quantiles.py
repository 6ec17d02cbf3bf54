"""Quantiles, percentiles and medians, with NaN or without, and with weights."""

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..primitives import elementwise as ew
from ..primitives import shape as sh
from ..primitives import sort as so
from . import reductions
from .cumulative import cumsum
from .divided import divides
from .elementwise import as_inexact, isnan, pick
from .indexing import getitem
from .searching import clip
from .shapes import axes_of, moveaxis, reshape
from .values import as_array, convert, describe, expand, no_out, promote_arrays_inexact
from .worth import compiled_at_once

METHODS = ("linear", "lower", "higher", "midpoint", "nearest", "inverted_cdf")


@compiled_at_once("name", "axis", "method", "keepdims", "nans")
def _quantile(
    name: str, a: Any, q: Any, axis: Any, method: str, keepdims: bool, nans: bool, weights: Any
) -> Any:
    if method not in METHODS:
        raise ValueError(f"{name}: method must be one of {', '.join(METHODS)}, got {method!r}")
    x, q = as_inexact(name, a), as_inexact(name, q)
    axes = axes_of(name, axis, x.ndim)
    w = None
    if weights is not None:
        x, w = _weighted(name, x, as_array(name, weights), axis, axes, method)
    if dtypes.kind(x.dtype) == "complex":
        raise ValueError(
            f"{name} does not support complex input, as the operation is poorly defined."
        )
    if q.ndim > 1:
        raise ValueError(f"q must be have rank <= 1, got shape {q.shape}")
    result = x.dtype
    dtype = np.promote_types(result, q.dtype)
    given, q = x.shape, convert(q, dtype)
    columns = [_in_rows(convert(v, dtype), axes) for v in (x, w) if v is not None]
    x, *rest = so.sort(columns)
    if method == "inverted_cdf":
        out = _by_weight(x, rest[0] if rest else sh.full_like(x, 1), q, nans)
    else:
        out = _interpolated(x, q, method, nans)
    out = convert(out, result)
    if not keepdims:
        return out
    return reshape(out, (*q.shape, *[1 if d in axes else n for d, n in enumerate(given)]))


def _weighted(
    name: str, x: Any, weights: Any, axis: Any, axes: tuple[int, ...], method: str
) -> list[Any]:
    """The array and its weights in one dtype and shape."""
    if dtypes.kind(weights.dtype) == "complex":
        raise ValueError(f"{name}: weights must be real numbers, got {describe(weights)}")
    if method != "inverted_cdf":
        raise NotImplementedError(
            f"{name}: method {method!r} knows no weights: use method='inverted_cdf'"
        )
    x, w = promote_arrays_inexact(name, x, weights)
    if w.shape != x.shape:
        if axis is None or w.shape != tuple([x.shape[d] for d in axes]):
            raise ValueError(
                f"{name}: weights {describe(w)} fit neither {describe(x)} nor its axes {axis}"
            )
        w = sh.broadcast_in_dim(w, x.shape, axes)
    return [x, w]


def _in_rows(x: Any, axes: tuple[int, ...]) -> Any:
    """The axes as one, the last."""
    kept = [n for d, n in enumerate(x.shape) if d not in axes]
    x = moveaxis(x, axes, tuple(range(len(kept), x.ndim)))
    return reshape(x, (*kept, math.prod(x.shape[len(kept) :])))


def _levels(x: Any, q: Any) -> Any:
    """The fractions, a row of them for each row of the array."""
    shape = (*x.shape[:-1], q.size)
    return sh.broadcast_in_dim(q, shape, (len(shape) - 1,) if q.ndim else ())


def _counted(x: Any) -> Any:
    return reductions.sum(convert(ew.bitwise_not(isnan(x)), x.dtype), -1, keepdims=True)


def _interpolated(x: Any, q: Any, method: str, nans: bool) -> Any:
    """Quantiles of rows in order; NaN stands at their ends."""
    n, there, levels = x.shape[-1], _counted(x), _levels(x, q)
    count = there if nans else sh.full_like(there, n)
    at = clip(levels * expand(count - 1, levels.shape), 0, None)
    low, high = ew.floor(at), ew.ceil(at)
    top = clip(expand(count - 1, levels.shape), 0, None)
    below, above = (_along(x, ew.min(v, top)) for v in (low, high))
    out = _by_method(method, below, above, at - low)
    return _fractions_first(out, q, ew.lt(there, 1) if nans else ew.lt(there, n))


def _by_weight(x: Any, weights: Any, q: Any, nans: bool) -> Any:
    """The first elements of rows in order up to which lies a fraction of the weights."""
    n, there, levels = x.shape[-1], _counted(x), _levels(x, q)
    wrong = ew.bitwise_or(ew.lt(weights, 0), isnan(weights))
    weights = pick(ew.bitwise_or(wrong, isnan(x)), sh.full_like(x, 0), weights)
    upto = cumsum(weights, -1)
    wanted = levels * expand(upto[..., -1:], levels.shape)
    less = upto[..., None, :] < wanted[..., :, None]
    at = reductions.sum(convert(less, dtypes.int32), -1)
    last = convert(there - 1 if nans else sh.full_like(there, n - 1), dtypes.int32)
    out = _along(x, clip(ew.min(at, expand(last, at.shape)), 0, None))
    empty = ew.lt(there, 1) if nans else ew.lt(there, n)
    return _fractions_first(out, q, ew.bitwise_or(empty, reductions.any(wrong, -1, keepdims=True)))


def _fractions_first(out: Any, q: Any, bad: Any) -> Any:
    """Quantiles with the axis of the fractions first, if there is one; NaN in bad rows."""
    out = pick(expand(bad, out.shape), sh.full_like(out, np.nan), out)
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
    method: str = "linear", keepdims: bool = False, *, weights: Any = None,
) -> Any:  # fmt: skip
    """The value below which a fraction q of the elements lies.

    Args:
      a: array of real numbers.
      q: number or array of numbers in [0, 1].
      axis: integer or tuple of integers; None for all axes.
      out: must be None.
      overwrite_input: must be False.
      method: what lies between two elements: "linear", "lower", "higher", "midpoint", "nearest";
        "inverted_cdf" is the first element up to which lies the fraction q of the weights.
      keepdims: whether the axes stay, at size 1.
      weights: of the elements, for "inverted_cdf": of the shape of `a`, or of its axes `axis`.

    Returns:
      Array whose first axes are those of `q`.

    >>> pnp.quantile(pnp.array([1.0, 2.0, 3.0, 4.0]), pnp.array([0.25, 0.5]))
    Array([1.75, 2.5 ], dtype=float32)
    """
    no_out("quantile", out)
    return _quantile("quantile", a, q, axis, method, keepdims, False, weights)


def nanquantile(
    a: Any, q: Any, axis: Any = None, out: None = None, overwrite_input: bool = False,
    method: str = "linear", keepdims: bool = False, *, weights: Any = None,
) -> Any:  # fmt: skip
    """`quantile` of the elements that are not NaN.

    >>> pnp.nanquantile(pnp.array([1.0, np.nan, 3.0]), 0.5)
    Array(2., dtype=float32)
    """
    no_out("nanquantile", out)
    return _quantile("nanquantile", a, q, axis, method, keepdims, True, weights)


@divides
def percentile(
    a: Any, q: Any, axis: Any = None, out: None = None, overwrite_input: bool = False,
    method: str = "linear", keepdims: bool = False, *, weights: Any = None,
    out_sharding: Any = None,
) -> Any:  # fmt: skip
    """`quantile`, in percent.

    >>> pnp.percentile(pnp.array([1.0, 2.0, 3.0, 4.0]), 50)
    Array(2.5, dtype=float32)
    """
    no_out("percentile", out)
    q = as_inexact("percentile", q) / 100
    return quantile(a, q, axis, method=method, keepdims=keepdims, weights=weights)


def nanpercentile(
    a: Any, q: Any, axis: Any = None, out: None = None, overwrite_input: bool = False,
    method: str = "linear", keepdims: bool = False, *, weights: Any = None,
) -> Any:  # fmt: skip
    """`nanquantile`, in percent.

    >>> pnp.nanpercentile(pnp.array([1.0, np.nan, 3.0]), 50)
    Array(2., dtype=float32)
    """
    no_out("nanpercentile", out)
    q = as_inexact("nanpercentile", q) / 100
    return nanquantile(a, q, axis, method=method, keepdims=keepdims, weights=weights)


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
