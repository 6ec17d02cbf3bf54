"""Counts: bincount and histograms."""

import operator
from typing import Any

import numpy as np

from .. import dtypes
from ..primitives import elementwise as ew
from ..primitives import shape as sh
from . import reductions
from .calculus import diff
from .divided import divides
from .elementwise import as_inexact, pick
from .joining import concatenate
from .searching import clip, searchsorted, where
from .shapes import ravel, reshape
from .values import as_array, convert, describe, promote_arrays_inexact


@divides
def bincount(
    x: Any, weights: Any = None, minlength: int = 0, *, length: int | None = None,
    out_sharding: Any = None,
) -> Any:  # fmt: skip
    """How often each of 0, 1, 2, ... occurs, or sums of weights; negative numbers count as 0.

    >>> pnp.bincount(pnp.array([0, 2, 2]))
    Array([1, 0, 2], dtype=int32)
    """
    at = as_array("bincount", x)
    if not (dtypes.is_integer(at.dtype) or at.dtype == dtypes.bool_):
        raise TypeError(f"x argument to bincount must have an integer type; got {at.dtype}")
    if at.ndim != 1:
        raise ValueError("only 1-dimensional input supported.")
    if length is None:
        top = int(reductions.max(at)) + 1 if at.size else 0
        length = max(operator.index(minlength), top)
    counts = as_array("bincount", 1 if weights is None else weights)
    dtype = dtypes.default_dtype(int) if weights is None else counts.dtype
    zero = sh.full((length,), 0, dtype)
    at = clip(convert(at, dtypes.int32), 0, None)
    return zero.at[at].add(convert(counts, dtype), mode="drop", wrap_negative_indices=False)


def histogram_bin_edges(a: Any, bins: Any = 10, range: Any = None, weights: Any = None) -> Any:
    """The edges of bins: given ones, or so many of equal width over the range of the data.

    >>> pnp.histogram_bin_edges(pnp.array([0.0, 4.0]), bins=2)
    Array([0., 2., 4.], dtype=float32)
    """
    if isinstance(bins, str):
        raise NotImplementedError("string values for `bins` not implemented.")
    x, edges = ravel(as_inexact("histogram_bin_edges", a)), as_array("histogram_bin_edges", bins)
    if edges.ndim == 1:
        return convert(edges, x.dtype)
    low, high = _range(x, range)
    count = operator.index(bins)
    t = sh.iota(x.dtype, (count + 1,), 0) / count
    return low * (1 - t) + high * t


def _range(x: Any, limits: Any) -> tuple[Any, Any]:
    if limits is None:
        low, high = (reductions.min(x), reductions.max(x)) if x.size else (0.0, 1.0)
    else:
        low, high = limits
    low, high = (convert(as_array("histogram", v), x.dtype) for v in (low, high))
    same = ew.eq(low, high)
    return pick(same, low - 0.5, low), pick(same, high + 0.5, high)


def histogram(
    a: Any, bins: Any = 10, range: Any = None, weights: Any = None, density: bool | None = None
) -> tuple[Any, Any]:
    """How many elements fall into each bin, and the edges of the bins.

    Args:
      a: array.
      bins: how many, or a vector of edges that rise.
      range: (low, high) of the bins; that of the data if None.
      weights: array of the shape of `a`: what each element counts.
      density: whether the integral over all bins is 1.

    Returns:
      The counts, one a bin, and the edges, one more. The last bin has both its ends.

    >>> counts, edges = pnp.histogram(pnp.array([1.0, 2.0, 2.5, 4.0]), bins=3)
    >>> counts, edges
    (Array([1., 2., 1.], dtype=float32), Array([1., 2., 3., 4.], dtype=float32))
    """
    x, w = _with_weights("histogram", a, weights)
    edges = histogram_bin_edges(x, bins, range, weights)
    at = searchsorted(edges, x, "right")
    at = where(x == edges[-1], edges.size - 1, at)
    counts = sh.full((edges.size,), 0, w.dtype).at[at].add(w, mode="drop")[1:]
    if density:
        counts = counts / diff(edges) / reductions.sum(counts)
    return counts, edges


def _with_weights(name: str, a: Any, weights: Any) -> tuple[Any, Any]:
    """The elements and what each counts, in one float dtype."""
    if weights is None:
        x = ravel(as_inexact(name, a))
        return x, sh.full(x.shape, 1, x.dtype)
    x, w = promote_arrays_inexact(name, a, weights)
    if x.shape != w.shape:
        raise ValueError(f"{name}: one weight an element is wanted, got {describe(w)}")
    return ravel(x), ravel(w)


def _has_entries(bins: Any) -> bool:
    """Whether the bins are given axis by axis; the lengths of their edges may differ."""
    return isinstance(bins, (list, tuple)) or np.ndim(bins) > 0


def histogramdd(
    sample: Any, bins: Any = 10, range: Any = None, weights: Any = None, density: bool | None = None
) -> tuple[Any, list[Any]]:
    """A histogram over several variables, one a column of the sample.

    >>> counts, edges = pnp.histogramdd(pnp.array([[0.0, 0.0], [1.0, 1.0]]), bins=2)
    >>> counts
    Array([[1, 0],
           [0, 1]], dtype=int32)
    """
    x = as_inexact("histogramdd", sample)
    n, d = x.shape
    per_axis = list(bins) if _has_entries(bins) else [bins] * d
    limits = [None] * d if range is None else list(range)
    if len(per_axis) != d or len(limits) != d:
        raise ValueError("histogramdd: bins and range must have one entry a variable")
    edges = [histogram_bin_edges(x[:, k], per_axis[k], limits[k]) for k in map(int, np.arange(d))]
    at = []
    for k, e in enumerate(edges):
        place = searchsorted(e, x[:, k], "right")
        at.append(where(x[:, k] == e[-1], place - 1, place))
    one = sh.full((n,), 1, dtypes.default_dtype(int))
    w = one if weights is None else as_array("histogramdd", weights)
    counts = sh.full([e.size + 1 for e in edges], 0, w.dtype).at[tuple(at)].add(w, mode="drop")
    counts = counts[(slice(1, -1),) * d]
    if density:
        counts = counts / reductions.sum(counts)
        for k, e in enumerate(edges):
            shape = [1] * d
            shape[k] = -1
            counts = counts / reshape(diff(e), shape)
    return counts, edges


def histogram2d(
    x: Any, y: Any, bins: Any = 10, range: Any = None, weights: Any = None,
    density: bool | None = None,
) -> tuple[Any, Any, Any]:  # fmt: skip
    """A histogram over two variables.

    >>> counts, _, _ = pnp.histogram2d(pnp.array([0.0, 1.0]), pnp.array([0.0, 1.0]), bins=2)
    >>> counts
    Array([[1, 0],
           [0, 1]], dtype=int32)
    """
    columns = concatenate([reshape(as_inexact("histogram2d", v), (-1, 1)) for v in (x, y)], 1)
    if _has_entries(bins) and len(bins) not in (1, 2):
        bins = [bins, bins]
    counts, (ex, ey) = histogramdd(columns, bins, range, weights, density)
    return counts, ex, ey
