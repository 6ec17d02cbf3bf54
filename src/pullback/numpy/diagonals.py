"""Diagonals and triangles of matrices: eye, tri, diag, diagonal, tril, triu and their kin."""

import operator
from typing import Any

import numpy as np

from .. import _native, dtypes
from .._native import ArrayImpl
from ..core.aval import Shape
from ..primitives import elementwise as ew
from ..primitives import pieces as pc
from ..primitives import shape as sh
from .creation import canonical_shape, requested_dtype
from .elementwise import pick
from .places import on
from .shapes import moveaxis, ravel
from .values import as_array, convert, describe, expand, is_array
from .worth import compiled_when_repeated


def eye(N: int, M: int | None = None, k: Any = 0, dtype: Any = None, *, device: Any = None) -> Any:
    """Ones on the k-th diagonal, zeros elsewhere.

    Args:
      N, M: numbers of rows and columns; M = N if None.
      k: which diagonal: positive above the main one, negative below.
      dtype: float32 if None.
      device: where the array lies.

    >>> pnp.eye(2, 3, k=1)
    Array([[0., 1., 0.],
           [0., 0., 1.]], dtype=float32)
    """
    wanted = requested_dtype("eye", float if dtype is None else dtype)
    shape = canonical_shape("eye", (N, N if M is None else M))
    if _native.is_eager():
        return on(device, ArrayImpl(np.eye(shape[0], shape[1], int(k), dtype=wanted)))
    rows, columns = sh.iota(dtypes.int32, shape, 0), sh.iota(dtypes.int32, shape, 1)
    return on(device, convert(ew.eq(ew.add(rows, _offset(k)), columns), wanted))


def _offset(k: Any) -> Any:
    return convert(as_array("eye", k), dtypes.int32) if is_array(k) else np.int32(k)


def identity(n: int, dtype: Any = None) -> Any:
    """The square matrix with ones on its diagonal.

    >>> pnp.identity(2, dtype=int)
    Array([[1, 0],
           [0, 1]], dtype=int32)
    """
    return eye(n, dtype=dtype)


def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Any:
    """Ones at and below the k-th diagonal, zeros above it.

    >>> pnp.tri(2, 3)
    Array([[1., 0., 0.],
           [1., 1., 0.]], dtype=float32)
    """
    wanted = requested_dtype("tri", dtypes.float32 if dtype is None else dtype)
    shape = canonical_shape("tri", (N, N if M is None else M))
    diagonal = convert(as_array("tri", k), dtypes.int32)
    return convert(below(shape, diagonal), wanted)


def below(shape: Shape, k: Any) -> Any:
    """The mask of elements at and below the k-th diagonal, an integer or an array of one."""
    rows = sh.iota(dtypes.int32, shape, len(shape) - 2)
    columns = sh.iota(dtypes.int32, shape, len(shape) - 1)
    return ew.ge(ew.add(rows, k), columns)


@compiled_when_repeated("k")
def tril(m: Any, k: int = 0) -> Any:
    """The elements at and below the k-th diagonal, zeros above.

    >>> pnp.tril(pnp.array([[1, 2], [3, 4]]))
    Array([[1, 0],
           [3, 4]], dtype=int32)
    """
    return _triangle("tril", m, k, True)


@compiled_when_repeated("k")
def triu(m: Any, k: int = 0) -> Any:
    """The elements at and above the k-th diagonal, zeros below.

    >>> pnp.triu(pnp.array([[1, 2], [3, 4]]), k=1)
    Array([[0, 2],
           [0, 0]], dtype=int32)
    """
    return _triangle("triu", m, k, False)


def _triangle(name: str, m: Any, k: int, lower: bool) -> Any:
    x = as_array(name, m)
    if x.ndim < 2:
        raise ValueError(f"{name}: the array must have at least two axes, got {describe(x)}")
    k = operator.index(k)
    mask = expand(below(x.shape[-2:], k if lower else k - 1), x.shape)
    zero = sh.full_like(x, 0)
    return pick(mask, x, zero) if lower else pick(mask, zero, x)


@compiled_when_repeated("k")
def diag(v: Any, k: int = 0) -> Any:
    """The diagonal of a matrix, or the matrix with a vector on its diagonal.

    >>> pnp.diag(pnp.array([1, 2]))
    Array([[1, 0],
           [0, 2]], dtype=int32)
    >>> pnp.diag(pnp.array([[1, 2], [3, 4]]))
    Array([1, 4], dtype=int32)
    """
    x = as_array("diag", v)
    if x.ndim == 2:
        return diagonal(x, k)
    if x.ndim != 1:
        raise ValueError(f"diag input must be 1d or 2d, got {describe(x)}")
    k = operator.index(k)
    n = x.size + abs(k)
    column = pc.pad(x, x.dtype.type(0), [(max(0, k), max(0, -k), 0)])
    rows, columns = (sh.iota(dtypes.int32, (n, n), d) for d in (0, 1))
    mask = ew.eq(ew.add(rows, np.int32(k)), columns)
    return pick(mask, sh.broadcast_in_dim(column, (n, n), (1,)), sh.full((n, n), 0, x.dtype))


def diagflat(v: Any, k: int = 0) -> Any:
    """The matrix with these elements on its k-th diagonal.

    >>> pnp.diagflat(pnp.array([1, 2]), k=-1)
    Array([[0, 0, 0],
           [1, 0, 0],
           [0, 2, 0]], dtype=int32)
    """
    return diag(ravel(v), k)


@compiled_when_repeated("offset", "axis1", "axis2")
def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The elements of a diagonal of two axes, as a new last axis.

    >>> pnp.diagonal(pnp.array([[1, 2, 3], [4, 5, 6]]), offset=1)
    Array([2, 6], dtype=int32)
    """
    x = as_array("diagonal", a)
    if x.ndim < 2:
        raise ValueError(
            f"diagonal requires an array of at least two dimensions, got {describe(x)}"
        )
    x = moveaxis(x, (axis1, axis2), (-2, -1))
    rows, columns = x.shape[-2:]
    k = operator.index(offset)
    start = (max(0, -k), max(0, k))
    n = max(0, min(rows - start[0], columns - start[1]))
    # Rows of length columns + 1: the diagonal becomes the first column.
    flat = sh.reshape(x, (*x.shape[:-2], rows * columns))
    first = start[0] * columns + start[1]
    if n == 0:
        return pc.slice_in_dim(flat, 0, 0, 1, x.ndim - 2)
    lead = [0] * (x.ndim - 2)
    stop = [*x.shape[:-2], first + (n - 1) * (columns + 1) + 1]
    return pc.slice(flat, [*lead, first], stop, [*(1 for _ in lead), columns + 1])
