"""Statistics: variants that ignore NaN, quantiles, covariance, histograms, differences."""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..core.aval import canonical_axis
from ..primitives import elementwise as ew
from ..primitives import pieces as pc
from ..primitives import shape as sh
from . import binary, reductions
from .contractions import matmul
from .elementwise import as_inexact, isnan, pick
from .indexing import getitem, take
from .joining import concatenate
from .searching import clip, searchsorted, where
from .shapes import axes_of, moveaxis, ravel, reshape
from .sorting import sort
from .values import as_array, convert, describe, expand

Function = Callable[..., Any]


# NaN is left out: it becomes the neutral element.


def _without(name: str, a: Any, neutral: Any) -> Any:
    x = as_array(name, a)
    return pick(ew.ne(x, x), sh.full_like(x, neutral), x) if dtypes.is_float(x.dtype) else x


def nansum(
    a: Any, axis: Any = None, dtype: Any = None, out: None = None, keepdims: bool = False,
    initial: Any = None, where: Any = None,
) -> Any:  # fmt: skip
    """The sum of the elements that are not NaN."""
    x = _without("nansum", a, 0)
    return reductions.sum(x, axis, dtype, out, keepdims, initial, where)


def nanprod(
    a: Any, axis: Any = None, dtype: Any = None, out: None = None, keepdims: bool = False,
    initial: Any = None, where: Any = None,
) -> Any:  # fmt: skip
    """The product of the elements that are not NaN."""
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
    """The greatest element that is not NaN."""
    return _nan_extremum("nanmax", reductions.max, -np.inf, a, axis, out, keepdims, initial, where)


def nanmin(
    a: Any, axis: Any = None, out: None = None, keepdims: bool = False, initial: Any = None,
    where: Any = None,
) -> Any:  # fmt: skip
    """The least element that is not NaN."""
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
    """The index of the greatest element that is not NaN, -1 where there is none."""
    return _nan_arg("nanargmax", reductions.argmax, -np.inf, a, axis, out, keepdims)


def nanargmin(a: Any, axis: Any = None, out: None = None, keepdims: bool | None = None) -> Any:
    """The index of the least element that is not NaN, -1 where there is none."""
    return _nan_arg("nanargmin", reductions.argmin, np.inf, a, axis, out, keepdims)


def _count(x: Any, axis: Any, keepdims: bool, where: Any, dtype: Any) -> Any:
    there = ew.bitwise_not(isnan(x))
    return reductions.sum(convert(there, dtype), axis, keepdims=keepdims, where=where)


def nanmean(
    a: Any, axis: Any = None, dtype: Any = None, out: None = None, keepdims: bool = False,
    where: Any = None,
) -> Any:  # fmt: skip
    """The mean of the elements that are not NaN."""
    x = as_array("nanmean", a)
    if not dtypes.is_float(x.dtype):
        return reductions.mean(x, axis, dtype, out, keepdims, where=where)
    x = x if dtype is None else convert(x, dtypes.canonicalize_dtype(dtype))
    total = nansum(x, axis, keepdims=keepdims, where=where)
    return binary.divide(total, _count(x, axis, keepdims, where, total.dtype))


def nanvar(
    a: Any, axis: Any = None, dtype: Any = None, out: None = None, ddof: int = 0,
    keepdims: bool = False, where: Any = None, mean: Any = None,
) -> Any:  # fmt: skip
    """The variance of the elements that are not NaN."""
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
    """The standard deviation of the elements that are not NaN."""
    return ew.sqrt(nanvar(a, axis, dtype, out, ddof, keepdims, where, mean))


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
    dtype = np.promote_types(x.dtype, q.dtype)
    x, q = convert(x, dtype), convert(q, dtype)
    axes = axes_of(name, axis, x.ndim)
    kept = [n for d, n in enumerate(x.shape) if d not in axes]
    x = moveaxis(x, axes, tuple(range(len(kept), x.ndim)))
    x = sort(reshape(x, (*kept, -1)), -1)
    out = _interpolated(x, q, method, nans)
    if not keepdims:
        return out
    shape = [1 if d in axes else n for d, n in enumerate(as_array(name, a).shape)]
    return reshape(out, (*q.shape, *shape))


def _interpolated(x: Any, q: Any, method: str, nans: bool) -> Any:
    """Quantiles of rows in order; NaN stands at their ends."""
    rank, n = x.ndim - 1, x.shape[-1]
    there = reductions.sum(convert(ew.bitwise_not(isnan(x)), x.dtype), -1, keepdims=True)
    count = there if nans else sh.full_like(there, n)
    levels = expand(sh.broadcast_in_dim(q, (*(1 for _ in range(rank)), q.size), (rank,) if q.ndim else ()),
                    (*x.shape[:-1], q.size))  # fmt: skip
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
    """The value below which a fraction q of the elements lies."""
    _no_weights("quantile", weights)
    return _quantile("quantile", a, q, axis, method, keepdims, False)


def nanquantile(
    a: Any, q: Any, axis: Any = None, out: None = None, overwrite_input: bool = False,
    method: str = "linear", keepdims: bool = False, *, weights: None = None,
) -> Any:  # fmt: skip
    """`quantile` of the elements that are not NaN."""
    _no_weights("nanquantile", weights)
    return _quantile("nanquantile", a, q, axis, method, keepdims, True)


def _no_weights(name: str, weights: None) -> None:
    if weights is not None:
        raise NotImplementedError(f"{name}: weights are not supported")


def percentile(
    a: Any, q: Any, axis: Any = None, out: None = None, overwrite_input: bool = False,
    method: str = "linear", keepdims: bool = False, *, weights: None = None,
) -> Any:  # fmt: skip
    """`quantile`, in percent."""
    return quantile(a, as_inexact("percentile", q) / 100, axis, out, False, method, keepdims)


def nanpercentile(
    a: Any, q: Any, axis: Any = None, out: None = None, overwrite_input: bool = False,
    method: str = "linear", keepdims: bool = False, *, weights: None = None,
) -> Any:  # fmt: skip
    """`nanquantile`, in percent."""
    return nanquantile(a, as_inexact("nanpercentile", q) / 100, axis, out, False, method, keepdims)


def median(
    a: Any,
    axis: Any = None,
    out: None = None,
    overwrite_input: bool = False,
    keepdims: bool = False,
) -> Any:
    """The middle element, or the mean of the two in the middle."""
    return quantile(a, 0.5, axis, method="midpoint", keepdims=keepdims)


def nanmedian(
    a: Any,
    axis: Any = None,
    out: None = None,
    overwrite_input: bool = False,
    keepdims: bool = False,
) -> Any:
    """The middle of the elements that are not NaN."""
    return nanquantile(a, 0.5, axis, method="midpoint", keepdims=keepdims)


# Covariance.


def cov(
    m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: int | None = None,
    fweights: Any = None, aweights: Any = None, dtype: Any = None,
) -> Any:  # fmt: skip
    """The covariance matrix of variables that are rows (columns where not `rowvar`)."""
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
        centre, norm = reductions.mean(x, 1, keepdims=True), x.shape[1] - ddof
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
    """The matrix of correlations."""
    c = cov(x, y, rowvar, dtype=dtype)
    if c.ndim == 0:
        return c / c
    d = ew.sqrt(ew.real(c.diagonal()) if c.dtype.kind == "c" else c.diagonal())
    c = c / d[:, None] / d[None, :]
    if c.dtype.kind != "c":
        return clip(c, -1, 1)
    return ew.complex(clip(ew.real(c), -1, 1), clip(ew.imag(c), -1, 1))


# Differences and sums along an axis.


def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """Differences of neighbours, n times."""
    x = as_array("diff", a)
    n = operator.index(n)
    if n < 0:
        raise ValueError(f"order must be non-negative but got {n}")
    if x.ndim == 0:
        raise ValueError("diff requires input that is at least one dimensional; got 0-d")
    axis = canonical_axis(axis, x.ndim, "diff")
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


def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    """Differences of neighbours of the flattened array, with values at the ends."""
    x = ravel(ary)
    parts = [
        None if to_begin is None else convert(ravel(to_begin), x.dtype),
        diff(x),
        None if to_end is None else convert(ravel(to_end), x.dtype),
    ]
    return concatenate([p for p in parts if p is not None])


def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """The integral by the trapezoidal rule."""
    y = moveaxis(as_inexact("trapezoid", y), axis, -1)
    if x is None:
        step = as_array("trapezoid", dx)
    else:
        points = as_inexact("trapezoid", x)
        points = points if points.ndim == 1 else moveaxis(points, axis, -1)
        step = diff(points)
    total = step * (y[..., 1:] + y[..., :-1])
    return reductions.sum(total, -1) * 0.5


def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int | None = None) -> Any:
    """Second-order differences along axes, one-sided at the edges."""
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
    """Linear interpolation between points whose abscissae rise."""
    x, xp, fp = (as_inexact("interp", v) for v in (x, xp, fp))
    if xp.ndim != 1 or xp.shape != fp.shape:
        raise ValueError("xp and fp must be one-dimensional arrays of equal size")
    if period is not None:
        x, xp, fp = _periodic(x, xp, fp, abs(period))
    n = xp.shape[0]
    at = clip(searchsorted(xp, x, "right"), 1, n - 1)
    x0, x1, y0, y1 = (take(v, at - k, mode="clip") for v, k in ((xp, 1), (xp, 0), (fp, 1), (fp, 0)))
    width = x1 - x0
    flat = ew.eq(width, 0)
    slope = (y1 - y0) / pick(flat, sh.full_like(width, 1), width)
    out = pick(flat, y0, y0 + (x - x0) * slope)
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


def _periodic(x: Any, xp: Any, fp: Any, period: Any) -> tuple[Any, Any, Any]:
    x, xp = binary.remainder(x, period), binary.remainder(xp, period)
    order = xp.argsort()
    xp, fp = take(xp, order, mode="clip"), take(fp, order, mode="clip")
    xp = concatenate([xp[-1:] - period, xp, xp[:1] + period])
    return x, xp, concatenate([fp[-1:], fp, fp[:1]])


def unwrap(p: Any, discont: Any = None, axis: int = -1, period: Any = 2 * np.pi) -> Any:
    """Jumps of more than half a period taken out of a sequence of angles."""
    x = as_array("unwrap", p)
    whole = dtypes.is_integer(x.dtype) and isinstance(period, int)
    x = x if whole else as_inexact("unwrap", x)
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


# Counts.


def bincount(
    x: Any, weights: Any = None, minlength: int = 0, *, length: int | None = None,
    out_sharding: None = None,
) -> Any:  # fmt: skip
    """How often each of 0, 1, 2, ... occurs, or the sums of weights; negative numbers count as 0."""
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
    return zero.at[at].add(convert(counts, dtype), mode="drop")


def histogram_bin_edges(a: Any, bins: Any = 10, range: Any = None, weights: Any = None) -> Any:
    """The edges of bins: given ones, or so many of equal width over the range of the data."""
    if isinstance(bins, str):
        raise NotImplementedError("string values for `bins` not implemented.")
    x, edges = ravel(as_inexact("histogram_bin_edges", a)), as_array("histogram_bin_edges", bins)
    if edges.ndim == 1:
        return convert(edges, x.dtype) if not dtypes.is_float(edges.dtype) else edges
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
    """How many elements fall into each bin, and the edges of the bins."""
    x = ravel(as_inexact("histogram", a))
    edges = histogram_bin_edges(x, bins, range, weights)
    w = sh.full(x.shape, 1, x.dtype) if weights is None else ravel(as_array("histogram", weights))
    at = searchsorted(edges, x, "right")
    at = where(x == edges[-1], edges.size - 1, at)
    counts = sh.full((edges.size,), 0, w.dtype).at[at].add(w, mode="drop")[1:]
    if density:
        counts = counts / diff(edges) / reductions.sum(counts)
    return counts, edges


def histogramdd(
    sample: Any, bins: Any = 10, range: Any = None, weights: Any = None, density: bool | None = None
) -> tuple[Any, list[Any]]:
    """A histogram over several variables, one a column of the sample."""
    x = as_inexact("histogramdd", sample)
    n, d = x.shape
    per_axis = [bins] * d if np.ndim(bins) == 0 else list(bins)
    limits = [None] * d if range is None else list(range)
    if len(per_axis) != d or len(limits) != d:
        raise ValueError("histogramdd: bins and range must have one entry a variable")
    edges = [histogram_bin_edges(x[:, k], per_axis[k], limits[k]) for k in map(int, np.arange(d))]
    at = []
    for k, e in enumerate(edges):
        place = searchsorted(e, x[:, k], "right")
        at.append(where(x[:, k] == e[-1], place - 1, place))
    w = sh.full((n,), 1, dtypes.int32) if weights is None else as_array("histogramdd", weights)
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
    """A histogram over two variables."""
    columns = concatenate([reshape(as_inexact("histogram2d", v), (-1, 1)) for v in (x, y)], 1)
    if np.ndim(bins) and len(bins) not in (1, 2):
        bins = [bins, bins]
    counts, (ex, ey) = histogramdd(columns, bins, range, weights, density)
    return counts, ex, ey
