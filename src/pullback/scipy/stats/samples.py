"""Numbers that describe a sample: its most frequent value, its ranks, the error of its mean."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ... import dtypes, lax
from ... import numpy as pnp
from ...core.aval import canonical_axis
from ...numpy.elementwise import as_inexact
from ...numpy.values import as_array
from ...numpy.worth import compiled_at_once, compiled_when_repeated


class ModeResult(NamedTuple):
    """The most frequent values, and how often they occur."""

    mode: Any
    count: Any


def _propagates(name: str, nan_policy: str) -> None:
    if nan_policy not in ("propagate", "omit", "raise"):
        raise ValueError(
            f"{name}: Illegal nan_policy value {nan_policy!r}; expected 'propagate', 'omit' or"
            " 'raise'"
        )
    if nan_policy != "propagate":
        raise NotImplementedError(
            f"{name}: nan_policy={nan_policy!r} is not implemented: compiled code cannot look"
            " whether there are NaNs"
        )


@compiled_when_repeated("axis", "nan_policy", "keepdims")
def mode(
    a: Any, axis: int | None = 0, nan_policy: str = "propagate", keepdims: bool = False
) -> ModeResult:
    """The most frequent values along an axis, the least of them if several, and their counts.

    >>> from pullback import numpy as pnp
    >>> from pullback.scipy.stats import mode
    >>> mode(pnp.array([3, 1, 3]))
    ModeResult(mode=Array(3, dtype=int32), count=Array(2, dtype=int32))
    """
    _propagates("mode", nan_policy)
    x = pnp.atleast_1d(as_array("mode", a))
    place = 0 if axis is None else canonical_axis(axis, x.ndim, "mode")
    shape = [1] * x.ndim if axis is None else [*x.shape[:place], 1, *x.shape[place + 1 :]]
    x = x.ravel() if axis is None else x
    if not x.shape[place]:
        float_ = dtypes.default_dtype(float)
        found = [pnp.full(shape, np.nan, float_), pnp.zeros(shape, float_)]
    else:
        values = pnp.sort(pnp.moveaxis(x, place, -1), axis=-1)
        runs = _runs(values)
        counts = runs.end - runs.start
        best = pnp.argmax(counts, -1)[..., None]
        found = [pnp.take_along_axis(v, best, -1).reshape(shape) for v in (values, counts)]
    drop = None if axis is None else place
    return ModeResult(*[v if keepdims else pnp.squeeze(v, drop) for v in found])


class Runs(NamedTuple):
    """Runs of equal sorted values along the last axis: where each value's starts and ends."""

    first: Any
    start: Any
    end: Any


def _runs(values: Any) -> Runs:
    n, axis = values.shape[-1], values.ndim - 1
    left, right = values[..., :-1], values[..., 1:]
    changes = (left != right) & ~(pnp.isnan(left) & pnp.isnan(right))
    edge = pnp.ones((*values.shape[:-1], 1), bool)
    first = pnp.concatenate([edge, changes], axis=-1)
    last = pnp.concatenate([changes, edge], axis=-1)
    k = pnp.arange(n)
    start = lax.cummax(pnp.where(first, k, 0), axis)
    end = lax.cummin(pnp.where(last, k + 1, n), axis, reverse=True)
    return Runs(first, start, end)


# The rank of a value from its place among the sorted ones and the run that it is in.
RANKS: dict[str, Callable[[Any, Runs], Any]] = {
    "average": lambda k, runs: (runs.start + 1 + runs.end) / 2,
    "min": lambda k, runs: runs.start + 1,
    "max": lambda k, runs: runs.end,
    "dense": lambda k, runs: pnp.cumsum(runs.first, -1),
    "ordinal": lambda k, runs: k + 1,
}


@compiled_when_repeated("method", "axis", "nan_policy")
def rankdata(
    a: Any, method: str = "average", *, axis: int | None = None, nan_policy: str = "propagate"
) -> Any:
    """The ranks, from 1, of all numbers or of those along an axis; NaN where one of them is.

    Equal numbers have the "average", "min" or "max" of their ranks, or count once ("dense"), or
    are ranked in order ("ordinal").

    >>> from pullback import numpy as pnp
    >>> from pullback.scipy.stats import rankdata
    >>> rankdata(pnp.array([3.0, 1.0, 3.0]))
    Array([2.5, 1. , 2.5], dtype=float32)
    """
    _propagates("rankdata", nan_policy)
    if method not in RANKS:
        raise ValueError(f"rankdata: unknown method {method!r}: give one of {list(RANKS)}")
    x = as_array("rankdata", a)
    x = x.ravel() if axis is None else pnp.moveaxis(x, axis, -1)
    order = pnp.argsort(x, axis=-1)
    runs = _runs(pnp.take_along_axis(x, order, -1))
    ranks = pnp.broadcast_to(RANKS[method](pnp.arange(x.shape[-1]), runs), x.shape)
    ranks = ranks.astype(dtypes.default_dtype(float))
    out = pnp.take_along_axis(ranks, pnp.argsort(order, axis=-1), -1)
    out = pnp.where(pnp.any(pnp.isnan(x), -1, keepdims=True), np.nan, out)
    return out if axis is None else pnp.moveaxis(out, -1, axis)


@compiled_at_once("axis", "ddof", "nan_policy", "keepdims")
def sem(
    a: Any,
    axis: int | None = 0,
    ddof: int = 1,
    nan_policy: str = "propagate",
    *,
    keepdims: bool = False,
) -> Any:
    """The standard error of the mean: the deviation over the root of the sample's size.

    "omit" as `nan_policy` leaves out NaNs.

    >>> pb.scipy.stats.sem(pnp.array([1.0, 2.0, 3.0, 4.0])).round(4)
    Array(0.6455, dtype=float32)
    """
    x = as_inexact("sem", a)
    if nan_policy == "propagate":
        size = x.size if axis is None else x.shape[axis]
        return pnp.std(x, axis, ddof=ddof, keepdims=keepdims) / x.dtype.type(np.sqrt(size))
    if nan_policy != "omit":
        raise ValueError(f"sem: nan_policy={nan_policy!r} is not supported: 'propagate' or 'omit'")
    count = pnp.sum(~pnp.isnan(x), axis, keepdims=keepdims)
    spread = pnp.nanstd(x, axis, ddof=ddof, keepdims=keepdims)
    return spread / pnp.sqrt(count.astype(x.dtype))
