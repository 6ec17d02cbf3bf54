"""Sorting."""

from typing import Any

from ..core.aval import canonical_axis
from ..numpy.values import as_array
from ..primitives import sort as _sort


def sort(operand: Any, dimension: int = -1, is_stable: bool = True, num_keys: int = 1) -> Any:
    """An array, or a sequence of arrays together, sorted along an axis.

    Args:
      operand: array, or sequence of arrays of one shape, sorted by the first `num_keys` of them.
      dimension: axis.
      is_stable: whether equal keys keep their order.
      num_keys: how many arrays are keys.

    Returns:
      What was given, sorted: NaN last, -0 equal to 0.

    >>> import pullback as pb
    >>> pb.lax.sort(pb.numpy.array([3, 1, 2]))
    Array([1, 2, 3], dtype=int32)
    """
    if not isinstance(operand, (tuple, list)):
        x = as_array("sort", operand)
        if x.ndim == 0:
            raise ValueError("sort: an array with at least one axis is wanted, got a scalar")
        return _sort.sort([x], canonical_axis(dimension, x.ndim, "sort"), is_stable)[0]
    if not operand:
        raise TypeError("sort: give at least one array")
    arrays = [as_array("sort", x, i) for i, x in enumerate(operand)]
    axis = canonical_axis(dimension, arrays[0].ndim, "sort")
    _sort.sort_p.type(
        *[a.aval for a in arrays], dimension=axis, is_stable=is_stable, num_keys=num_keys
    )
    return tuple(_sort.sort(arrays, axis, is_stable, num_keys))


def sort_key_val(
    keys: Any, values: Any, dimension: int = -1, is_stable: bool = True
) -> tuple[Any, Any]:
    """Keys and values sorted by the keys.

    >>> pb.lax.sort_key_val(pnp.array([3, 1, 2]), pnp.array([10, 20, 30]))
    (Array([1, 2, 3], dtype=int32), Array([20, 30, 10], dtype=int32))
    """
    first, second = sort([keys, values], dimension, is_stable)
    return first, second


def top_k(operand: Any, k: int, *, axis: int = -1) -> list[Any]:
    """The k greatest elements along an axis, greatest first, and where they stand (int32).

    >>> import pullback as pb
    >>> pb.lax.top_k(pb.numpy.array([1, 3, 2]), 2)
    [Array([3, 2], dtype=int32), Array([1, 2], dtype=int32)]
    """
    x = as_array("top_k", operand)
    axis = canonical_axis(axis, x.ndim, "top_k")
    _sort.top_k_p.type(x.aval, k=k, axis=axis)
    return _sort.top_k(x, k, axis=axis)
