"""Putting arrays together and taking them apart: concatenate, stack, split, append, insert."""

import operator
from collections.abc import Callable, Sequence
from itertools import accumulate, chain, pairwise
from typing import Any

import numpy as np

from .. import _native, dtypes, errors
from .._native import ArrayImpl
from ..core.aval import canonical_axis, type_name
from ..core.trace import Tracer
from ..primitives import pieces as pc
from ..primitives import shape as sh
from ..tree import flatten
from .creation import known, requested_dtype
from .elementwise import pick
from .indexing import take
from .shapes import atleast_1d, atleast_2d, atleast_3d, moveaxis, ravel
from .shown import SHOWN
from .sorting import sort
from .values import (
    as_array,
    as_arrays,
    check_standard,
    convert,
    describe,
    expand,
    is_array,
    no_out,
    result_type_of,
)
from .worth import compiled_when_repeated

# Elements put in or left out by joining what is between them.
FEW = 8


def _sequence(name: str, arrays: Any) -> list[Any]:
    if is_array(arrays) or isinstance(arrays, np.ndarray):
        x = as_array(name, arrays)
        if x.ndim == 0:
            raise ValueError(f"{name}: zero-dimensional arrays cannot be iterated over")
        return list(unstack(x))
    try:
        out = as_arrays(name, arrays)
    except TypeError as error:
        if not isinstance(arrays, (list, tuple)):
            raise TypeError(
                f"{name}: wants a sequence of arrays, got {describe(arrays)}"
            ) from error
        raise
    if not out:
        raise ValueError(f"{name}: Need at least one array to {name}.")
    return out


def _common(name: str, arrays: Sequence[Any], dtype: Any) -> list[Any]:
    if dtype is not None:
        return [convert(x, requested_dtype(name, dtype)) for x in arrays]
    check_standard(name, arrays)
    wanted, weak = result_type_of(arrays)
    return [convert(x, wanted, weak) for x in arrays]


def _at_once(join: Callable[..., Any], arrays: Sequence[Any], axis: int, dtype: Any) -> Any:
    """Eager arrays of one ordinary dtype, joined by NumPy; None otherwise."""
    first = arrays[0]
    if dtype is not None or len(arrays) == 1 or not _native.is_eager():
        return None
    if any(type(x) is not ArrayImpl or x.dtype is not first.dtype for x in arrays):
        return None
    if first.dtype.kind not in "biufc":
        return None
    return ArrayImpl(join([x._npy for x in arrays], axis), all(x.weak_type for x in arrays))


def concatenate(arrays: Any, axis: int | None = 0, dtype: Any = None) -> Any:
    """Arrays one after another along an axis.

    Args:
      arrays: sequence of arrays whose shapes differ along `axis` only, or an array: its slices.
      axis: integer; None to flatten each first.
      dtype: the dtype that the arrays promote to if None.

    Raises:
      ValueError: there are no arrays, or their shapes do not fit.

    >>> pnp.concatenate([pnp.array([[1, 2]]), pnp.array([[3, 4], [5, 6]])])
    Array([[1, 2],
           [3, 4],
           [5, 6]], dtype=int32)
    """
    parts = _sequence("concatenate", arrays)
    if axis is None:
        parts, axis = [ravel(p) for p in parts], 0
    if parts[0].ndim == 0:
        raise ValueError("Zero-dimensional arrays cannot be concatenated.")
    axis = canonical_axis(axis, parts[0].ndim, "concatenate")
    for p in parts[1:]:
        rest = [n for d, n in enumerate(p.shape) if d != axis]
        if p.ndim != parts[0].ndim or rest != [
            n for d, n in enumerate(parts[0].shape) if d != axis
        ]:
            given = ", ".join(type_name(q.aval) for q in parts)
            raise errors.OperandError(
                f"concatenate: the arrays must agree in all axes but {axis}, got {given}"
            )
    if (out := _at_once(np.concatenate, parts, axis, dtype)) is not None:
        return out
    parts = _common("concatenate", parts, dtype)
    return parts[0] if len(parts) == 1 else pc.concatenate(parts, axis)


def concat(arrays: Sequence[Any], /, *, axis: int | None = 0) -> Any:
    """Arrays one after another along an axis.

    >>> pnp.concat([pnp.array([1, 2]), pnp.array([3])])
    Array([1, 2, 3], dtype=int32)
    """
    return concatenate(arrays, axis)


def stack(arrays: Any, axis: int = 0, out: None = None, dtype: Any = None) -> Any:
    """Arrays of one shape along a new axis.

    Args:
      arrays: sequence of arrays of one shape.
      axis: where the new axis stands in the result.
      out: must be None.
      dtype: the dtype that the arrays promote to if None.

    Raises:
      ValueError: there are no arrays, or their shapes differ.

    >>> pnp.stack([pnp.array([1, 2]), pnp.array([3, 4])], axis=1)
    Array([[1, 3],
           [2, 4]], dtype=int32)
    """
    no_out("stack", out)
    parts = _sequence("stack", arrays)
    if any(p.shape != parts[0].shape for p in parts):
        given = ", ".join(type_name(p.aval) for p in parts)
        raise ValueError(f"All input arrays must have the same shape: stack got {given}")
    axis = canonical_axis(axis, parts[0].ndim + 1, "stack")
    if (out := _at_once(np.stack, parts, axis, dtype)) is not None:
        return out
    parts = [sh.expand_dims(p, (axis,)) for p in _common("stack", parts, dtype)]
    return parts[0] if len(parts) == 1 else pc.concatenate(parts, axis)


def unstack(x: Any, /, *, axis: int = 0) -> tuple[Any, ...]:
    """The arrays along an axis, which disappears.

    >>> pnp.unstack(pnp.array([[1, 2], [3, 4]]))
    (Array([1, 2], dtype=int32), Array([3, 4], dtype=int32))
    """
    x = as_array("unstack", x)
    if x.ndim == 0:
        raise ValueError(
            "Unstack requires arrays with rank > 0, however a scalar array was passed."
        )
    axis = canonical_axis(axis, x.ndim, "unstack")
    return tuple(
        sh.squeeze(pc.slice_in_dim(x, i, i + 1, 1, axis), (axis,)) for i in range(x.shape[axis])
    )


def vstack(tup: Any, dtype: Any = None) -> Any:
    """Arrays as rows, one below another.

    >>> pnp.vstack([pnp.array([1, 2]), pnp.array([3, 4])])
    Array([[1, 2],
           [3, 4]], dtype=int32)
    """
    return concatenate([atleast_2d(x) for x in _sequence("vstack", tup)], 0, dtype)


def hstack(tup: Any, dtype: Any = None) -> Any:
    """Arrays side by side.

    >>> pnp.hstack([pnp.array([1, 2]), pnp.array([3, 4])])
    Array([1, 2, 3, 4], dtype=int32)
    """
    parts = [atleast_1d(x) for x in _sequence("hstack", tup)]
    return concatenate(parts, 0 if parts[0].ndim == 1 else 1, dtype)


def dstack(tup: Any, dtype: Any = None) -> Any:
    """Arrays one behind another along the third axis.

    >>> pnp.dstack([pnp.array([1, 2]), pnp.array([3, 4])])
    Array([[[1, 3],
            [2, 4]]], dtype=int32)
    """
    return concatenate([atleast_3d(x) for x in _sequence("dstack", tup)], 2, dtype)


def column_stack(tup: Any) -> Any:
    """Vectors as columns of a matrix, matrices beside them.

    >>> pnp.column_stack([pnp.array([1, 2]), pnp.array([3, 4])])
    Array([[1, 3],
           [2, 4]], dtype=int32)
    """
    parts = _sequence("column_stack", tup)
    return concatenate([p if p.ndim > 1 else sh.expand_dims(ravel(p), (1,)) for p in parts], 1)


def block(arrays: Any) -> Any:
    """An array from nested lists of blocks.

    >>> one, zero = pnp.eye(2), pnp.zeros((2, 1))
    >>> pnp.block([[one, zero]])
    Array([[1., 0., 0.],
           [0., 1., 0.]], dtype=float32)
    """
    blocks, form = flatten(arrays)
    return _joined(form, *blocks)


@compiled_when_repeated("form")
def _joined(form: Any, *blocks: Any) -> Any:
    return _block(form.unflatten(blocks))[0]


def _block(x: Any) -> tuple[Any, int]:
    if isinstance(x, tuple):
        raise ValueError("block: nest the blocks in lists, not tuples")
    if not isinstance(x, list):
        return as_array("block", x), 1
    if not x:
        raise ValueError("block: lists of blocks must not be empty")
    parts, depths = zip(*[_block(v) for v in x], strict=True)
    depth = depths[0]
    if len(set(depths)) > 1:
        raise ValueError(f"block: lists must be nested equally deep, got depths {depths}")
    rank = max(depth, *(p.ndim for p in parts))
    parts = tuple(sh.reshape(p, (1,) * (rank - p.ndim) + p.shape) for p in parts)
    return concatenate(list(parts), -depth), depth + 1


def append(arr: Any, values: Any, axis: int | None = None) -> Any:
    """Values after the array.

    >>> pnp.append(pnp.array([1, 2]), 3)
    Array([1, 2, 3], dtype=int32)
    """
    if axis is None:
        return concatenate([ravel(arr), ravel(values)], 0)
    return concatenate([arr, values], axis)


def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """An array cut into so many pieces of nearly equal size, or at these places.

    >>> pnp.array_split(pnp.arange(5), 2)
    [Array([0, 1, 2], dtype=int32), Array([3, 4], dtype=int32)]
    """
    return _split("array_split", ary, indices_or_sections, axis)


def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """An array cut into so many equal pieces, or at these places.

    Args:
      ary: array.
      indices_or_sections: how many pieces of equal size, or a sequence of the places to cut at.
      axis: integer.

    Raises:
      ValueError: the axis cannot be divided into so many equal pieces.

    >>> pnp.split(pnp.arange(6), 3)
    [Array([0, 1], dtype=int32), Array([2, 3], dtype=int32), Array([4, 5], dtype=int32)]
    >>> pnp.split(pnp.arange(6), [1, 4])
    [Array([0], dtype=int32), Array([1, 2, 3], dtype=int32), Array([4, 5], dtype=int32)]
    """
    return _split("split", ary, indices_or_sections, axis)


def _split(name: str, ary: Any, sections: Any, axis: int) -> list[Any]:
    x = as_array(name, ary)
    axis = canonical_axis(axis, x.ndim, name)
    n = x.shape[axis]
    if np.ndim(sections) or isinstance(sections, (list, tuple)):
        ends = [operator.index(known(name, i)) for i in sections]
        bounds = [0, *(min(max(i + n if i < 0 else i, 0), n) for i in ends), n]
    else:
        pieces = _whole(name, known(name, sections))
        small, more = divmod(n, pieces)
        if more and name == "split":
            raise ValueError(
                f"split: axis {axis} of size {n} is not divisible into {pieces} pieces"
            )
        bounds = [0, *accumulate([small + 1] * more + [small] * (pieces - more))]
    return [pc.slice_in_dim(x, a, max(a, b), 1, axis) for a, b in pairwise(bounds)]


def _whole(name: str, sections: Any) -> int:
    """A number of pieces; a float that is a whole number is one too."""
    is_float = isinstance(sections, (float, np.floating))
    given: Any = int(sections) if is_float and float(sections).is_integer() else sections
    pieces = operator.index(given)
    if pieces <= 0:
        raise ValueError(f"{name}: the number of pieces must be positive, got {pieces}")
    return pieces


def _split_along(name: str, axis: int) -> Callable[..., list[Any]]:
    def f(ary: Any, indices_or_sections: Any) -> list[Any]:
        x = as_array(name, ary)
        return split(x, indices_or_sections, 0 if name == "hsplit" and x.ndim == 1 else axis)

    f.__name__ = f.__qualname__ = name
    f.__doc__ = f"An array cut along axis {axis}.\n{SHOWN[name]}"
    return f


vsplit = _split_along("vsplit", 0)
hsplit = _split_along("hsplit", 1)
dsplit = _split_along("dsplit", 2)


def _places(name: str, obj: Any, n: int, axis: int, last: int) -> np.ndarray:
    """Positions from the front, as a NumPy array; rank 0 where a single one was given."""
    if isinstance(obj, slice):
        return np.arange(*obj.indices(n))
    at = np.asarray(known(name, obj))
    if at.size and at.dtype.kind not in "biu":
        raise ValueError(f"{name}: indices must be integers or bools, got {describe(obj)}")
    at = at.nonzero()[0] if at.dtype == bool else at.astype(int)
    if np.any((at < -n) | (at > last)):
        raise IndexError(f"{name}: index {at} is out of bounds for axis {axis} with size {n}")
    return np.where(at < 0, at + n, at)


def _pieces(x: Any, starts: list[int], stops: list[int], axis: int) -> list[Any]:
    return [pc.slice_in_dim(x, a, b, 1, axis) for a, b in zip(starts, stops, strict=True)]


def _others(places: Any, n: int) -> Any:
    """The positions of an axis that are not among some different ones, in their order.

    Of sorted places p, p[j] - j positions that stay are before p[j]: position i of those that stay
    has moved by the number of j with p[j] - j <= i.
    """
    places = ravel(places)
    front = sort(pick(places < 0, places + n, places))
    before = front - np.arange(front.size, dtype=front.dtype)
    i = np.arange(n - front.size, dtype=front.dtype)
    return i + (before[:, None] <= i).sum(0, dtype=front.dtype)


def insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    """Values put in before these places.

    >>> pnp.insert(pnp.array([1, 2, 3]), 1, 9)
    Array([1, 9, 2, 3], dtype=int32)
    """
    x, added = as_array("insert", arr), as_array("insert", values)
    if axis is None:
        x, axis = ravel(x), 0
    axis = canonical_axis(axis, x.ndim, "insert")
    n = x.shape[axis]
    places = _places("insert", obj, n, axis, n)
    added = convert(added, x.dtype)
    if places.size == 1:
        # One place takes all the values; their missing leading axes are those of the array.
        added = sh.reshape(added, (1,) * (x.ndim - added.ndim) + added.shape)
        added = moveaxis(added, 0, axis) if places.ndim == 0 else added
        places = np.full(added.shape[axis], places.item())
    if not places.size:
        return x
    shape = tuple(len(places) if d == axis else m for d, m in enumerate(x.shape))
    added = expand(added, shape)
    order = np.argsort(places, kind="stable")
    if len(places) <= FEW:
        cuts = places[order].tolist()
        new = [pc.slice_in_dim(added, i, i + 1, 1, axis) for i in order.tolist()]
        old = _pieces(x, [0, *cuts], [*cuts, n], axis)
        pairs = zip(new, old[1:], strict=True)
        return pc.concatenate([old[0], *chain.from_iterable(pairs)], axis)
    # Where each element of the result comes from: the array, or the values after it.
    at = np.empty(n + len(places), int)
    new = places[order] + np.arange(len(places))
    old = np.ones(len(at), bool)
    old[new] = False
    at[new], at[old] = n + order, np.arange(n)
    return take(concatenate([x, added], axis), at, axis, mode="clip")


def delete(
    arr: Any, obj: Any, axis: int | None = None, *, assume_unique_indices: bool = False
) -> Any:
    """The array without the elements at these places.

    Places may be traced where they are integers and, as assume_unique_indices says, all different.

    >>> pnp.delete(pnp.array([1, 2, 3]), 1)
    Array([1, 3], dtype=int32)
    >>> pb.jit(lambda x, i: pnp.delete(x, i, assume_unique_indices=True))(pnp.arange(3), 1)
    Array([0, 2], dtype=int32)
    """
    x = as_array("delete", arr)
    if axis is None:
        x, axis = ravel(x), 0
    axis = canonical_axis(axis, x.ndim, "delete")
    n = x.shape[axis]
    traced = isinstance(obj, Tracer) and obj.concrete() is None
    if assume_unique_indices and traced and dtypes.is_integer(obj.dtype):
        return take(x, _others(obj, n), axis, mode="clip")
    places = np.unique(_places("delete", obj, n, axis, n - 1))
    if len(places) <= FEW:
        left = _pieces(x, [0, *(places + 1).tolist()], [*places.tolist(), n], axis)
        return pc.concatenate(left, axis)
    keep = np.ones(n, bool)
    keep[places] = False
    return take(x, keep.nonzero()[0], axis, mode="clip")
