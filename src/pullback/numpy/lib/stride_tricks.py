"""Windows of arrays."""

import operator
from typing import Any

from ...core.aval import canonical_axis
from ..creation import arange
from ..indexing import take
from ..shapes import broadcast_arrays, broadcast_shapes, broadcast_to, moveaxis
from ..values import as_array

__all__ = ["broadcast_arrays", "broadcast_shapes", "broadcast_to", "sliding_window_view"]


def sliding_window_view(x: Any, window_shape: Any, axis: Any = None) -> Any:
    """All windows of a size, one for each place: along new last axes, one for each size.

    Args:
      x: array.
      window_shape: a size, or one for each axis.
      axis: the axis or axes along which windows slide; None for all. An axis may stand twice.

    >>> pnp.lib.stride_tricks.sliding_window_view(pnp.arange(4), 2)
    Array([[0, 1],
           [1, 2],
           [2, 3]], dtype=int32)
    """
    name = "sliding_window_view"
    out = as_array(name, x)
    sizes = _whole(window_shape)
    axes = tuple(range(out.ndim)) if axis is None else _whole(axis)
    if len(sizes) != len(axes):
        raise ValueError(f"{name}: wants a size for each axis, got {sizes} for axes {axes}")
    for size, place in zip(sizes, (canonical_axis(a, out.ndim, name) for a in axes), strict=True):
        count = out.shape[place] - size + 1
        if size < 0 or count < 1:
            raise ValueError(f"{name}: a window of {size} does not fit shape {out.shape}")
        places = arange(count)[:, None] + arange(size)
        out = moveaxis(take(out, places, axis=place, mode="clip"), place + 1, -1)
    return out


def _whole(given: Any) -> tuple[int, ...]:
    """An integer or several, as a tuple."""
    return (
        tuple(map(operator.index, given))
        if hasattr(given, "__iter__")
        else (operator.index(given),)
    )
