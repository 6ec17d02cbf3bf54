"""pad: an array with a border."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..primitives import pieces as pc
from ..primitives import shape as sh
from . import binary, elementwise, means, reductions
from .creation import known
from .indexing import take
from .joining import concatenate
from .values import as_array, convert, expand
from .worth import compiled_where_worth

ALLOWED = {
    "constant": {"constant_values": 0},
    "edge": {},
    "linear_ramp": {"end_values": 0},
    "maximum": {"stat_length": None},
    "mean": {"stat_length": None},
    "median": {"stat_length": None},
    "minimum": {"stat_length": None},
    "reflect": {"reflect_type": "even"},
    "symmetric": {"reflect_type": "even"},
    "wrap": {},
    "empty": {},
}
Widths = Sequence[tuple[int, int]]
# More pieces than a border on either side has are read by their positions.
MANY_RUNS = 5


def _widths(pad_width: Any, ndim: int) -> Widths:
    if isinstance(pad_width, dict):
        pairs: list[Any] = [(0, 0)] * ndim
        for axis, width in pad_width.items():
            pairs[axis] = tuple(np.broadcast_to(width, 2))
        return [(int(a), int(b)) for a, b in pairs]
    given = np.asarray(known("pad", pad_width))
    try:
        out = np.broadcast_to(given, (ndim, 2))
    except ValueError:
        raise ValueError(
            f"pad: pad_width of shape {given.shape} does not broadcast to {(ndim, 2)}, a pair of"
            " widths for each axis"
        ) from None
    if out.size and not np.issubdtype(out.dtype, np.integer):
        raise TypeError("`pad_width` must be of integral type.")
    if (out < 0).any():
        raise ValueError("index can't contain negative values")
    return [(int(a), int(b)) for a, b in out]


def pad(array: Any, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Any:
    """The array with so many elements before and after along each axis.

    mode: constant, edge, linear_ramp, maximum, mean, median, minimum, reflect, symmetric, wrap,
    empty, or a function of (vector, widths, axis, kwargs).

    >>> pnp.pad(pnp.array([1, 2]), (1, 2), constant_values=9)
    Array([9, 1, 2, 9, 9], dtype=int32)
    >>> pnp.pad(pnp.array([1, 2, 3]), 2, mode="reflect")
    Array([3, 2, 1, 2, 3, 2, 1], dtype=int32)
    """
    x = as_array("pad", array)
    widths = tuple(_widths(pad_width, x.ndim))
    if callable(mode):
        return _by_function(x, widths, mode, kwargs)
    if mode not in ALLOWED:
        raise NotImplementedError(
            f"Unimplemented padding mode {mode!r} for pad: give one of {', '.join(ALLOWED)}"
        )
    unknown = set(kwargs) - set(ALLOWED[mode])
    if unknown:
        raise ValueError(f"unsupported keyword arguments for mode {mode!r}: {sorted(unknown)}")
    options = {**ALLOWED[mode], **kwargs}
    if mode in ("constant", "empty"):
        return _constant(x, widths, options.get("constant_values", 0))
    if mode in ("edge", "reflect", "symmetric", "wrap"):
        return _by_index(x, widths, mode, options.get("reflect_type", "even"))
    if mode == "linear_ramp":
        dtype = x.dtype if dtypes.is_float(x.dtype) else dtypes.float32
        return _ramp(x, widths, _pairs(options["end_values"], x.ndim, dtype))
    length = options["stat_length"]
    if length is not None:
        length = tuple(map(tuple, np.broadcast_to(length, (x.ndim, 2)).tolist()))
    return _statistic(x, widths, mode, length)


def _pairs(values: Any, ndim: int, dtype: Any) -> Any:
    v = convert(
        as_array("pad", values if not isinstance(values, (tuple, list)) else np.asarray(values)),
        dtype,
    )
    return expand(v, (ndim, 2))


def _constant(x: Any, widths: Widths, values: Any) -> Any:
    if np.ndim(values) == 0:
        value = convert(as_array("pad", values), x.dtype, x.weak_type)
        return pc.pad(x, value, [(a, b, 0) for a, b in widths])
    pairs = _pairs(values, x.ndim, x.dtype)
    for d, (a, b) in enumerate(widths):
        config = [(0, 0, 0)] * x.ndim
        for side, (low, high) in enumerate(((a, 0), (0, b))):
            config[d] = (low, high, 0)
            x = pc.pad(x, pairs[d, side], config)
    return x


@compiled_where_worth("widths", "mode", "reflect_type", exact=True)
def _by_index(x: Any, widths: Widths, mode: Any, reflect_type: str) -> Any:
    if reflect_type == "odd" and mode in ("reflect", "symmetric"):
        return _odd(x, widths, mode)
    for d, (a, b) in enumerate(widths):
        if not (a or b):
            continue
        n = x.shape[d]
        if n == 0:
            raise ValueError(f"pad: can't extend empty axis {d} using modes other than 'constant'")
        at = np.pad(np.arange(n), (a, b), mode)
        runs = _runs(at)
        if len(runs) > MANY_RUNS:
            x = take(x, at, d, mode="clip")
        else:
            x = concatenate([_run(x, run, d) for run in runs], d)
    return x


def _runs(at: np.ndarray) -> list[np.ndarray]:
    """The positions in pieces, each of which goes forward, goes backward, or stands still."""
    runs, start = [], 0
    while start < len(at):
        steps = np.diff(at[start:])
        if not len(steps) or abs(steps[0]) > 1:
            length = 1
        else:
            other = np.flatnonzero(steps != steps[0])
            length = 1 + int(other[0] if len(other) else len(steps))
        runs.append(at[start : start + length])
        start += length
    return runs


def _run(x: Any, run: np.ndarray, axis: int) -> Any:
    low, high = int(run.min()), int(run.max())
    part = pc.slice_in_dim(x, low, high + 1, 1, axis)
    if low == high:
        return expand(part, (*x.shape[:axis], len(run), *x.shape[axis + 1 :]))
    return part if run[0] == low else pc.rev(part, (axis,))


def _odd(x: Any, widths: Widths, mode: str) -> Any:
    for d, (a, b) in enumerate(widths):
        n = x.shape[d]
        offset = 1 if mode == "reflect" else 0
        while a or b:
            low, high = min(a, n - offset), min(b, n - offset)
            edges = [pc.slice_in_dim(x, k, k + 1, 1, d) for k in (0, n - 1)]
            parts = [x]
            if low:
                part = pc.rev(pc.slice_in_dim(x, offset, offset + low, 1, d), (d,))
                parts.insert(0, binary.subtract(binary.multiply(edges[0], 2), part))
            if high:
                part = pc.rev(pc.slice_in_dim(x, n - offset - high, n - offset, 1, d), (d,))
                parts.append(binary.subtract(binary.multiply(edges[1], 2), part))
            x = concatenate(parts, d)
            a, b, n = a - low, b - high, x.shape[d]
    return x


@compiled_where_worth("widths")
def _ramp(x: Any, widths: Widths, pairs: Any) -> Any:
    for d, (a, b) in enumerate(widths):
        parts = [x]
        for side, width in ((0, a), (1, b)):
            if not width:
                continue
            k = 0 if side == 0 else x.shape[d] - 1
            edge = convert(pc.slice_in_dim(x, k, k + 1, 1, d), pairs.dtype)
            shape = [width if k == d else 1 for k in range(x.ndim)]
            t = sh.iota(pairs.dtype, shape, d)
            t = t / width if side == 0 else (width - 1 - t) / width
            line = pairs[d, side] * (1 - t) + edge * t
            line = line if dtypes.is_float(x.dtype) else elementwise.floor(line)
            parts.insert(0 if side == 0 else len(parts), convert(line, x.dtype))
        x = concatenate(parts, d)
    return x


@compiled_where_worth("widths", "mode", "lengths")
def _statistic(x: Any, widths: Widths, mode: str, lengths: Widths | None) -> Any:
    reduce: Callable[..., Any] = {
        "maximum": reductions.max,
        "minimum": reductions.min,
        "mean": means.mean,
        "median": _median,
    }[mode]
    for d, (a, b) in enumerate(widths):
        if not (a or b):
            continue
        n = x.shape[d]
        counts = (n, n) if lengths is None else [min(v, n) for v in lengths[d]]
        if 0 in counts:
            raise ValueError(f"pad: stat_length must be at least 1, got {lengths}")
        first = reduce(pc.slice_in_dim(x, 0, counts[0], 1, d), d, keepdims=True)
        last = reduce(pc.slice_in_dim(x, n - counts[1], n, 1, d), d, keepdims=True)
        parts = []
        for value, width in ((first, a), (last, b)):
            if dtypes.is_integer(x.dtype) and dtypes.is_float(value.dtype):
                value = elementwise.rint(value)
            shape = tuple(width if k == d else m for k, m in enumerate(x.shape))
            parts.append(expand(convert(value, x.dtype, x.weak_type), shape))
        x = concatenate([parts[0], x, parts[1]], d)
    return x


def _median(x: Any, axis: int, keepdims: bool) -> Any:
    n = x.shape[axis]
    ranked = x.sort(axis)
    low, high = (pc.slice_in_dim(ranked, k, k + 1, 1, axis) for k in ((n - 1) // 2, n // 2))
    return binary.multiply(binary.add(low, high), 0.5)


def _by_function(x: Any, widths: Widths, function: Callable[..., Any], kwargs: Any) -> Any:
    x = _constant(x, widths, 0)
    for d, width in enumerate(widths):
        moved = x.swapaxes(d, -1)
        rows = moved.reshape(-1, moved.shape[-1])
        rows = concatenate([function(row, width, d, kwargs)[None] for row in rows])
        x = rows.reshape(moved.shape).swapaxes(d, -1)
    return x
