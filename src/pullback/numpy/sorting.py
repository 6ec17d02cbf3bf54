"""Functions that order elements: sort, argsort, lexsort, partition."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import _native, dtypes
from .._native import ArrayImpl
from ..core.aval import canonical_axis
from ..primitives import pieces as pc
from ..primitives import shape as sh
from ..primitives import sort as so
from .shapes import ravel
from .values import as_array, as_arrays, convert, inexact_dtype


def _refuse(name: str, kind: Any, order: Any) -> None:
    if kind is not None:
        raise TypeError(
            f"'kind' argument to {name} is not supported. Use stable=True or stable=False."
        )
    if order is not None:
        raise TypeError(f"{name}: order= needs arrays with fields, which do not exist here")


def _place(name: str, x: Any, axis: int | None) -> tuple[Any, int]:
    if axis is None or x.ndim == 0:
        return ravel(x), 0
    return x, canonical_axis(axis, x.ndim, name)


def sort(
    a: Any, axis: int | None = -1, *, kind: None = None, order: None = None, stable: bool = True,
    descending: bool = False,
) -> Any:  # fmt: skip
    """Elements in order along an axis, NaN last.

    Args:
      a: array; complex numbers are in order of their real parts, then of their imaginary ones.
      axis: integer; None for the flattened array.
      kind, order: must be None.
      stable: has no effect on the result.
      descending: whether the greatest come first.

    >>> pnp.sort(pnp.array([3.0, 1.0, 2.0]), descending=True)
    Array([3., 2., 1.], dtype=float32)
    """
    _refuse("sort", kind, order)
    x = as_array("sort", a)
    if x.ndim == 0 and axis is not None:
        canonical_axis(axis, x.ndim, "sort")
    x, axis = _place("sort", x, axis)
    (out,) = so.sort([x], dimension=axis, is_stable=stable)
    return pc.rev(out, (axis,)) if descending else out


def argsort(
    a: Any, axis: int | None = -1, *, kind: None = None, order: None = None, stable: bool = True,
    descending: bool = False, dtype: Any = None,
) -> Any:  # fmt: skip
    """The indices that put elements in order along an axis, NaN last.

    Args:
      a: array.
      axis: integer; None for the flattened array.
      kind, order: must be None.
      stable: whether equal elements keep their order.
      descending: whether the greatest come first.
      dtype: an integer dtype of the result; int32 if None (int64 where 64 bits are enabled).

    >>> pnp.argsort(pnp.array([3.0, 1.0, 2.0]))
    Array([1, 2, 0], dtype=int32)
    """
    _refuse("argsort", kind, order)
    x, axis = _place("argsort", as_array("argsort", a), axis)
    wanted = dtypes.default_dtype(int) if dtype is None else dtypes.canonicalize_dtype(dtype)
    places = sh.iota(wanted, x.shape, axis)
    if not descending:
        return so.sort([x, places], dimension=axis, is_stable=stable, num_keys=1)[1]
    # Ordered backwards twice, so that equal elements keep their order.
    x, places = pc.rev(x, (axis,)), pc.rev(places, (axis,))
    out = so.sort([x, places], dimension=axis, is_stable=stable, num_keys=1)[1]
    return pc.rev(out, (axis,))


def lexsort(keys: Any, axis: int = -1) -> Any:
    """The indices that order by the last key, then the one before it, and so on.

    >>> surnames, names = pnp.array([2, 1, 1]), pnp.array([0, 9, 3])
    >>> pnp.lexsort((names, surnames))
    Array([2, 1, 0], dtype=int32)
    """
    columns = as_arrays("lexsort", keys if isinstance(keys, (list, tuple)) else list(keys))
    if not columns:
        raise TypeError("need sequence of keys with len > 0 in lexsort")
    if any(k.shape != columns[0].shape for k in columns):
        raise ValueError("all keys need to be the same shape")
    if columns[0].ndim == 0:
        return sh.full((), 0, dtypes.default_dtype(int))
    axis = canonical_axis(axis, columns[0].ndim, "lexsort")
    places = sh.iota(dtypes.default_dtype(int), columns[0].shape, axis)
    operands = [*columns[::-1], places]
    return so.sort(operands, dimension=axis, is_stable=True, num_keys=len(columns))[-1]


def sort_complex(a: Any) -> Any:
    """Elements as complex numbers, in order of their real parts, then the imaginary ones.

    >>> pnp.sort_complex(pnp.array([2.0, 1.0 + 1.0j, 1.0]))
    Array([1.+0.j, 1.+1.j, 2.+0.j], dtype=complex64)
    """
    x = sort(a)
    wide = inexact_dtype(x.dtype)
    return convert(x, np.promote_types(dtypes.float32 if wide.itemsize < 4 else wide, np.complex64))


def _kth(name: str, x: Any, kth: int, axis: int) -> tuple[int, int]:
    axis = canonical_axis(axis, x.ndim, name)
    return canonical_axis(kth, x.shape[axis], name), axis


def _is_divided_by_numpy(x: Any) -> bool:
    """Whether NumPy's selection does: it takes less time than sorting."""
    return type(x) is ArrayImpl and _native.is_eager() and x.dtype.kind in "biuf"


def partition(a: Any, kth: int, axis: int = -1) -> Any:
    """The kth element in its sorted place, none greater before it, none lesser after it.

    >>> pnp.partition(pnp.array([5, 1, 4, 2, 3]), 2)[2]
    Array(3, dtype=int32)
    """
    x = as_array("partition", a)
    kth, axis = _kth("partition", x, kth, axis)
    if _is_divided_by_numpy(x):
        return ArrayImpl(np.partition(x._npy, kth, axis), x.weak_type)
    return sort(x, axis)


def argpartition(a: Any, kth: int, axis: int = -1) -> Any:
    """The indices of `partition`.

    >>> x = pnp.array([5, 1, 4, 2, 3])
    >>> x[pnp.argpartition(x, 2)[2]]
    Array(3, dtype=int32)
    """
    x = as_array("argpartition", a)
    kth, axis = _kth("argpartition", x, kth, axis)
    if _is_divided_by_numpy(x):
        return ArrayImpl(np.argpartition(x._npy, kth, axis).astype(np.int32), False)
    return argsort(x, axis, dtype=dtypes.int32)


def ordered(operands: Sequence[Any], axis: int, keys: int) -> list[Any]:
    """Arrays ordered together by the first of them."""
    return so.sort(list(operands), dimension=axis, is_stable=True, num_keys=keys)
