"""Helpers that make indices: ix_, r_, c_, s_, mgrid, ogrid, triangles, ravel_multi_index."""

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..core.trace import Tracer
from ..errors import ConcretizationTypeError
from ..primitives import shape as sh
from . import binary
from .creation import arange, asarray, known
from .joining import concatenate, stack
from .ranges import linspace
from .searching import clip, nonzero, where
from .shapes import moveaxis
from .values import as_array, convert, describe, is_array, promote_arrays, result_type_of
from .worth import compiled_where_worth


def ix_(*args: Any) -> tuple[Any, ...]:
    """Index arrays of the grid that these vectors span.

    >>> x = pnp.arange(9).reshape(3, 3)
    >>> x[pnp.ix_(pnp.array([0, 2]), pnp.array([1, 2]))]
    Array([[1, 2],
           [7, 8]], dtype=int32)
    """
    out = []
    for k, a in enumerate(args):
        v = as_array("ix_", a, k)
        if v.ndim != 1:
            raise ValueError(f"Arguments to ix_ must be 1-dimensional, got {describe(v)}")
        if v.dtype == dtypes.bool_:
            raise NotImplementedError(
                "Boolean arguments to ix_ are not implemented: write where(mask)[0]"
            )
        v = v if v.size else convert(v, dtypes.default_dtype(int))
        out.append(sh.reshape(v, (1,) * k + (v.size,) + (1,) * (len(args) - k - 1)))
    return tuple(out)


def _indices(found: tuple[np.ndarray, ...]) -> Any:
    return tuple(asarray(i.astype(np.int32), dtypes.default_dtype(int)) for i in found)


def _size(name: str, *sizes: Any) -> list[int]:
    return [operator.index(known(name, n)) for n in sizes]


def tril_indices(n: int, k: int = 0, m: int | None = None) -> tuple[Any, Any]:
    """The indices of the lower triangle of an n by m matrix.

    >>> x = pnp.array([[1, 2], [3, 4]])
    >>> x[pnp.tril_indices(2)]
    Array([1, 3, 4], dtype=int32)
    """
    return _indices(np.tril_indices(*_size("tril_indices", n, k, n if m is None else m)))


def triu_indices(n: int, k: int = 0, m: int | None = None) -> tuple[Any, Any]:
    """The indices of the upper triangle of an n by m matrix.

    >>> x = pnp.array([[1, 2], [3, 4]])
    >>> x[pnp.triu_indices(2)]
    Array([1, 2, 4], dtype=int32)
    """
    return _indices(np.triu_indices(*_size("triu_indices", n, k, n if m is None else m)))


def _matrix(name: str, arr: Any) -> Any:
    x = as_array(name, arr)
    if x.ndim != 2:
        raise ValueError(f"Only 2-D inputs are accepted: {name} got {describe(x)}")
    return x


def tril_indices_from(arr: Any, k: int = 0) -> tuple[Any, Any]:
    """The indices of a matrix's lower triangle.

    >>> x = pnp.array([[1, 2], [3, 4]])
    >>> x[pnp.tril_indices_from(x)]
    Array([1, 3, 4], dtype=int32)
    """
    return tril_indices(*_square_like(_matrix("tril_indices_from", arr), k))


def triu_indices_from(arr: Any, k: int = 0) -> tuple[Any, Any]:
    """The indices of a matrix's upper triangle.

    >>> x = pnp.array([[1, 2], [3, 4]])
    >>> x[pnp.triu_indices_from(x)]
    Array([1, 2, 4], dtype=int32)
    """
    return triu_indices(*_square_like(_matrix("triu_indices_from", arr), k))


def _square_like(x: Any, k: int) -> tuple[int, int, int]:
    return x.shape[0], k, x.shape[1]


def diag_indices(n: int, ndim: int = 2) -> tuple[Any, ...]:
    """The indices of a diagonal.

    >>> x = pnp.zeros((2, 2))
    >>> x.at[pnp.diag_indices(2)].set(1.0)
    Array([[1., 0.],
           [0., 1.]], dtype=float32)
    """
    if n < 0 or ndim < 0:
        raise ValueError(f"diag_indices: arguments must be nonnegative, got n={n}, ndim={ndim}")
    return (sh.iota(dtypes.default_dtype(int), (n,), 0),) * ndim


def diag_indices_from(arr: Any) -> tuple[Any, ...]:
    """The indices of an array's diagonal.

    >>> x = pnp.array([[1, 2], [3, 4]])
    >>> x[pnp.diag_indices_from(x)]
    Array([1, 4], dtype=int32)
    """
    x = as_array("diag_indices_from", arr)
    if x.ndim < 2 or len(set(x.shape)) != 1:
        raise ValueError("diag_indices_from: all axes must be of equal size, and at least two")
    return diag_indices(x.shape[0], x.ndim)


def mask_indices(
    n: int, mask_func: Callable[..., Any], k: Any = 0, *, size: int | None = None
) -> tuple[Any, ...]:
    """The indices where a function of a matrix of ones is not zero.

    >>> pnp.mask_indices(2, pnp.triu)
    (Array([0, 0, 1], dtype=int32), Array([0, 1, 1], dtype=int32))
    """
    return nonzero(mask_func(sh.full((n, n), 1, dtypes.float32), k), size=size)


@compiled_where_worth("shape", exact=True)
def unravel_index(indices: Any, shape: Any) -> tuple[Any, ...]:
    """The index along each axis of positions in the flattened array; out of bounds is clipped.

    >>> pnp.unravel_index(pnp.array([1, 5]), (2, 3))
    (Array([0, 1], dtype=int32), Array([1, 2], dtype=int32))
    """
    at = as_array("unravel_index", indices)
    if dtypes.kind(at.dtype) == "complex":
        raise TypeError(f"unravel_index: indices must be real numbers, got {describe(at)}")
    several = shape.ndim if is_array(shape) else np.iterable(shape)
    sizes = list(shape) if several else [shape]
    if any(n.ndim if is_array(n) else np.ndim(n) for n in sizes):
        raise ValueError(f"unravel_index: the shape must be one integer or several, got {shape!r}")
    places: list[Any] = []
    for n in reversed(sizes):
        at, place = binary.divmod(at, n)
        places.append(place)
    above, below = binary.greater(at, 0), binary.less(at, -1 if _signed(at) else 0)
    return tuple(
        [
            where(above, binary.subtract(n, 1), where(below, 0, place))
            for n, place in zip(sizes, reversed(places), strict=True)
        ]
    )


def _signed(x: Any) -> bool:
    return dtypes.kind(x.dtype) != "unsigned"


def ravel_multi_index(
    multi_index: Sequence[Any], dims: Sequence[int], mode: Any = "raise", order: str = "C", *,
    dtype: Any = None,
) -> Any:  # fmt: skip
    """The position in the flattened array of an index along each axis.

    >>> pnp.ravel_multi_index((pnp.array([0, 1]), pnp.array([1, 2])), (2, 3))
    Array([1, 5], dtype=int32)
    """
    if len(multi_index) != len(dims):
        raise ValueError(f"len(multi_index)={len(multi_index)} != len(dims)={len(dims)}")
    arrays = promote_arrays("ravel_multi_index", *multi_index)
    modes = [mode] * len(dims) if isinstance(mode, str) else list(mode)
    if not {*modes} <= {"raise", "wrap", "clip", "ignore"}:
        raise ValueError(
            f"ravel_multi_index: mode must be 'raise', 'wrap', 'clip' or 'ignore', got {mode!r}"
        )
    out = None
    sizes = list(dims)
    steps = [
        math.prod(sizes[d + 1 :]) if order == "C" else math.prod(sizes[:d])
        for d in range(len(sizes))
    ]
    for at, n, step, how in zip(arrays, sizes, steps, modes, strict=True):
        out_of = binary.multiply(_within(at, n, how), step)
        out = out_of if out is None else binary.add(out, out_of)
    return out if dtype is None else convert(out, dtypes.canonicalize_dtype(dtype))


def _within(at: Any, n: int, mode: str) -> Any:
    if mode == "clip":
        return clip(at, 0, n - 1)
    if mode == "wrap":
        return binary.remainder(at, n)
    if mode == "ignore":
        return at
    if isinstance(at, Tracer) and at.concrete() is None:
        at._refuse(
            ConcretizationTypeError,
            "an index that is checked (mode='raise')",
            "Give mode='clip' or 'wrap'.",
        )
    known_at = np.asarray(known("ravel_multi_index", at))
    if known_at.size and (known_at.min() < 0 or known_at.max() >= n):
        raise ValueError("invalid entry in coordinates array")
    return at


class _Slices:
    """Objects that are indexed, not called."""

    __slots__ = ()


class IndexExpression(_Slices):
    """`s_[1:2, ...]` is the index itself, `index_exp[1:2]` always a tuple."""

    __slots__ = ("tupled",)

    def __init__(self, tupled: bool) -> None:
        self.tupled = tupled

    def __getitem__(self, item: Any) -> Any:
        return (item,) if self.tupled and not isinstance(item, tuple) else item


def _axis_values(item: slice) -> Any:
    start = 0 if item.start is None else item.start
    step = 1 if item.step is None else item.step
    if isinstance(step, complex):
        return linspace(start, item.stop, int(abs(step)))
    return arange(start, item.stop, step)


class MeshGrid(_Slices):
    """`mgrid[0:2, 0:3]` is a dense grid of coordinates, one array."""

    __slots__ = ()

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return _axis_values(key)
        if not key:
            return sh.full((0,), 0, dtypes.default_dtype(int))
        axes = promote_arrays("mgrid", *[_axis_values(k) for k in key])
        shape = [a.size for a in axes]
        return stack([sh.broadcast_in_dim(a, shape, (d,)) for d, a in enumerate(axes)])


class OpenGrid(_Slices):
    """`ogrid[0:2, 0:3]` is an open grid of coordinates, one array an axis."""

    __slots__ = ()

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return _axis_values(key)
        if not key:
            return []
        axes = promote_arrays("ogrid", *[_axis_values(k) for k in key])
        n = len(axes)
        return [
            sh.reshape(a, [a.size if k == d else 1 for k in range(n)]) for d, a in enumerate(axes)
        ]


class AxisConcatenator(_Slices):
    """`r_[1:4, 0, 4]` joins ranges, numbers and arrays; `c_` joins them as columns."""

    __slots__ = ("axis", "ndmin", "trans1d")

    def __init__(self, axis: int, ndmin: int, trans1d: int) -> None:
        self.axis, self.ndmin, self.trans1d = axis, ndmin, trans1d

    def __getitem__(self, key: Any) -> Any:
        items = list(key) if isinstance(key, tuple) else [key]
        axis, ndmin, trans1d = self.axis, self.ndmin, self.trans1d
        as_matrix = ""
        if isinstance(items[0], str):
            directive = items.pop(0)
            if directive in ("r", "c"):
                as_matrix = directive
            else:
                numbers = _directive(directive)
                axis, ndmin, trans1d = (*numbers, *(axis, ndmin, trans1d)[len(numbers) :])
        parts = []
        for item in items:
            x = _axis_values(item) if isinstance(item, slice) else asarray(item)
            parts.append(_raised(x, ndmin, trans1d) if x.ndim < ndmin else x)
        dtype, weak = result_type_of(parts)
        parts = [convert(p, dtype, weak) for p in parts]
        out = concatenate([p if p.ndim else sh.reshape(p, (1,)) for p in parts], axis)
        if as_matrix and out.ndim == 1:
            return sh.expand_dims(out, (0,) if as_matrix == "r" else (1,))
        return out


def _directive(text: str) -> list[int]:
    """The numbers of a directive: axis, least number of axes, where those of vectors go."""
    try:
        return [int(v) for v in text.split(",")]
    except ValueError as error:
        raise ValueError(
            f"could not understand directive {text!r}: write 'axis,ndmin,trans1d', 'r' or 'c'"
        ) from error


def _raised(x: Any, ndmin: int, trans1d: int) -> Any:
    """Axes of size 1 added in front, then those of x moved to start at `trans1d`."""
    new = ndmin - x.ndim
    out = sh.reshape(x, (1,) * new + x.shape)
    # A negative place is one among the new axes, seen from the last of them.
    start = trans1d if trans1d >= 0 else new + 1 + trans1d
    if x.ndim == 0 or start == new:
        return out
    return moveaxis(out, tuple(range(new, ndmin)), tuple(range(start, start + x.ndim)))


index_exp, s_ = IndexExpression(True), IndexExpression(False)
mgrid, ogrid = MeshGrid(), OpenGrid()
r_ = AxisConcatenator(0, 1, -1)
c_ = AxisConcatenator(-1, 2, 0)
