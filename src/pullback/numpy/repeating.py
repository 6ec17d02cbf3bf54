"""Elements several times: tile, repeat, resize."""

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..core.aval import canonical_axis
from ..primitives import cumulative as cm
from ..primitives import pieces as pc
from ..primitives import shape as sh
from ..primitives.index import ScatterDimensionNumbers
from ..primitives.scatter import scatter_add
from .creation import canonical_shape, known
from .divided import divides
from .indexing import take
from .shapes import atleast_1d, listed, ravel
from .values import as_array, convert, expand
from .worth import compiled_when_repeated


def tile(A: Any, reps: Any) -> Any:
    """The array repeated as a whole along each axis.

    >>> pnp.tile(pnp.array([1, 2]), (2, 2))
    Array([[1, 2, 1, 2],
           [1, 2, 1, 2]], dtype=int32)
    """
    x = as_array("tile", A)
    counts = canonical_shape(
        "tile", [max(n, 0) if type(n) is int else n for n in listed(reps, "tile")]
    )
    rank = max(x.ndim, len(counts))
    counts = (1,) * (rank - len(counts)) + counts
    sizes = (1,) * (rank - x.ndim) + x.shape
    grown = [v for n, m in zip(counts, sizes, strict=True) for v in (n, m)]
    x = sh.broadcast_in_dim(sh.reshape(x, sizes), grown, [2 * d + 1 for d in range(rank)])
    return sh.reshape(x, [n * m for n, m in zip(counts, sizes, strict=True)])


@divides
def repeat(
    a: Any,
    repeats: Any,
    axis: int | None = None,
    *,
    total_repeat_length: int | None = None,
    out_sharding: Any = None,
) -> Any:
    """Each element repeated; counts that are traced need `total_repeat_length`.

    Args:
      a: array.
      repeats: integer, or for each element along the axis how often it comes.
      axis: integer; None for the flattened array.
      total_repeat_length: size of the result, needed where `repeats` is traced; what is missing at
        the end is the last element, what is too much is left out.
      out_sharding: how the result is divided, as `with_sharding_constraint` takes it.

    >>> pnp.repeat(pnp.array([1, 2, 3]), pnp.array([2, 0, 1]))
    Array([1, 1, 3], dtype=int32)
    """
    x = as_array("repeat", a)
    if axis is None:
        x, axis = ravel(x), 0
    x = atleast_1d(x)
    axis = canonical_axis(axis, x.ndim, "repeat")
    if isinstance(repeats, (int, np.integer)) and total_repeat_length is None:
        return _repeat_evenly(x, int(repeats), axis)
    if total_repeat_length is None:
        counts = np.asarray(known("repeat", repeats)).astype(np.intp, casting="same_kind")
        if counts.ndim > 1 or counts.size not in (1, x.shape[axis]):
            raise ValueError(
                f"repeat: one count for each of the {x.shape[axis]} elements along axis {axis} is"
                f" wanted, or one for all, got {counts.shape}"
            )
        counts = np.broadcast_to(counts, (x.shape[axis],))
        return take(x, np.repeat(np.arange(x.shape[axis]), counts), axis, mode="clip")
    return _repeat_counted(x, as_array("repeat", repeats), axis, total_repeat_length)


@compiled_when_repeated("n", "axis")
def _repeat_evenly(x: Any, n: int, axis: int) -> Any:
    sizes = (*x.shape[: axis + 1], n, *x.shape[axis + 1 :])
    kept = [d for d in range(len(sizes)) if d != axis + 1]
    grown = sh.broadcast_in_dim(x, sizes, kept)
    return sh.reshape(grown, (*x.shape[:axis], x.shape[axis] * n, *x.shape[axis + 1 :]))


def _repeat_counted(x: Any, counts: Any, axis: int, total: int) -> Any:
    counts = expand(counts if counts.ndim else sh.reshape(counts, (1,)), (x.shape[axis],))
    if not x.shape[axis]:
        return x
    ends = cm.cumsum(convert(counts, dtypes.int32), 0)
    # How many elements end at each place: the sum so far is the number of the one there.
    ended = scatter_add(
        sh.full((total,), 0, dtypes.int32),
        sh.reshape(ends, (*ends.shape, 1)),
        sh.full(ends.shape, 1, dtypes.int32),
        ScatterDimensionNumbers((), (0,), (0,)),
        mode="drop",
    )
    at = cm.cumsum(ended, 0)
    return take(x, at, axis, mode="clip")


@compiled_when_repeated("new_shape")
def resize(a: Any, new_shape: Any) -> Any:
    """The elements in a new shape, repeated as often as needed.

    >>> pnp.resize(pnp.array([1, 2, 3]), (2, 2))
    Array([[1, 2],
           [3, 1]], dtype=int32)
    """
    x, sizes = as_array("resize", a), canonical_shape("resize", new_shape)
    wanted = math.prod(sizes)
    if x.size == 0 or wanted == 0:
        return convert(sh.full(sizes, 0, x.dtype), x.dtype, x.weak_type)
    flat = tile(ravel(x), -(-wanted // x.size))
    return sh.reshape(pc.slice_in_dim(flat, 0, wanted, 1, 0), sizes)
