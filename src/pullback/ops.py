"""Sums, products and extrema of segments: elements gathered by the number of their segment."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .core.aval import type_name
from .core.trace import Tracer, get_aval
from .numpy.shapes import broadcast_to
from .numpy.values import as_array
from .primitives import pieces, reduce, scatter, shape
from .primitives.index import GatherScatterMode, ScatterDimensionNumbers

__all__ = ["segment_max", "segment_min", "segment_prod", "segment_sum"]


def _segments(
    name: str, combine: Callable[..., Any], identity: Any, total: Callable[..., Any], doc: str
) -> Callable[..., Any]:
    def f(
        data: Any,
        segment_ids: Any,
        num_segments: int | None = None,
        indices_are_sorted: bool = False,
        unique_indices: bool = False,
        bucket_size: int | None = None,
        mode: GatherScatterMode | str | None = None,
        out_sharding: Any = None,
    ) -> Any:
        x, ids = as_array(name, data), as_array(name, segment_ids)
        n = _count(name, ids, num_segments)
        if ids.ndim == 1 and x.shape[:1] in ((), (1,)):
            x = broadcast_to(x, (*ids.shape, *x.shape[1:]))
        if ids.ndim != 1 or x.shape[:1] != ids.shape:
            raise ValueError(
                f"{name}: a segment for each element of data's axis 0 is wanted, got"
                f" {type_name(get_aval(x))} and segments {type_name(get_aval(ids))}"
            )
        indices, sizes = _places(name, ids, n, bucket_size)
        leading = tuple(range(len(sizes)))
        out = combine(
            shape.full((*sizes, *x.shape[1:]), identity(x.dtype), x.dtype),
            indices,
            x,
            ScatterDimensionNumbers(tuple(range(1, x.ndim)), leading, leading),
            indices_are_sorted=indices_are_sorted and bucket_size is None,
            unique_indices=unique_indices,
            mode=GatherScatterMode.FILL_OR_DROP if mode is None else mode,
        )
        return out if bucket_size is None else total(out, (0,))

    f.__name__ = f.__qualname__ = name
    f.__doc__ = doc
    return f


def _places(name: str, ids: Any, n: int, bucket_size: int | None) -> tuple[Any, list[int]]:
    """Where each element goes, and the sizes of the axes that tells of: buckets, segments."""
    column = shape.expand_dims(ids, (1,))
    if bucket_size is None:
        return column, [n]
    buckets = np.arange(ids.shape[0])[:, None] // bucket_size
    first = as_array(name, buckets.astype(ids.dtype))
    return pieces.concatenate([first, column], 1), [-(-ids.shape[0] // bucket_size), n]


def _count(name: str, ids: Any, num_segments: int | None) -> int:
    """The number of segments, by default one more than the greatest."""
    if num_segments is None:
        if isinstance(ids, Tracer):
            raise TypeError(f"{name}: give num_segments where segment_ids is traced")
        return int(np.max(ids._npy, initial=-1)) + 1
    if num_segments < 0:
        raise ValueError(f"{name}: num_segments must not be negative, got {num_segments}")
    return int(num_segments)


segment_sum = _segments(
    "segment_sum",
    scatter.scatter_add,
    lambda dtype: 0,
    shape.reduce_sum,
    """The sum of each segment.

    Args:
      data: array.
      segment_ids: vector of integers: the segment of each element of axis 0.
      num_segments: how many there are; must be given under `jit`. Elements of others are dropped.
      indices_are_sorted, unique_indices: promises about segment_ids.
      bucket_size: combine by buckets of so many elements first, for accuracy.
      mode: what becomes of segments out of bounds; they are dropped by default.
      out_sharding: accepted; there is one device.

    >>> import pullback as pb
    >>> pb.ops.segment_sum(pb.numpy.arange(5), pb.numpy.array([0, 0, 1, 1, 0]))
    Array([5, 5], dtype=int32)
    """,
)
segment_prod = _segments(
    "segment_prod",
    scatter.scatter_mul,
    lambda dtype: 1,
    reduce.reduce_prod,
    """The product of each segment; see `segment_sum`.

    >>> pb.ops.segment_prod(pnp.array([2, 5, 3]), pnp.array([0, 0, 1]), num_segments=2)
    Array([10,  3], dtype=int32)
    """,
)
segment_max = _segments(
    "segment_max",
    scatter.scatter_max,
    reduce.least,
    reduce.reduce_max,
    """The greatest of each segment, -infinity where it is empty; see `segment_sum`.

    >>> pb.ops.segment_max(pnp.array([1, 5, 3]), pnp.array([0, 0, 1]), num_segments=2)
    Array([5, 3], dtype=int32)
    """,
)
segment_min = _segments(
    "segment_min",
    scatter.scatter_min,
    lambda dtype: reduce.least(dtype, -1),
    reduce.reduce_min,
    """The least of each segment, infinity where it is empty; see `segment_sum`.

    >>> pb.ops.segment_min(pnp.array([1, 5, 3]), pnp.array([0, 0, 1]), num_segments=2)
    Array([1, 3], dtype=int32)
    """,
)
