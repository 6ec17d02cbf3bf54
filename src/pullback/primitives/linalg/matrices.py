"""Matrices in the last two axes, in terms of other operations: products, triangles, diagonals."""

from typing import Any

import numpy as np

from ..arithmetic import add, mul
from ..compare import eq, ge, le
from ..complex import conj, is_complex
from ..contract import dot_general
from ..convert import convert_element_type
from ..pieces import pad, slice
from ..rules import const
from ..select import select
from ..shape import broadcast_in_dim, full_like, iota, reduce_sum, transpose


def matmul(x: Any, y: Any) -> Any:
    """The products of matrices with the same leading axes."""
    ndim = len(x.shape)
    batch = tuple(range(ndim - 2))
    return dot_general(x, y, (((ndim - 1,), (ndim - 2,)), (batch, batch)))


def transposed(x: Any) -> Any:
    """The transposed matrices."""
    ndim = len(x.shape)
    return transpose(x, (*range(ndim - 2), ndim - 1, ndim - 2))


def conjugate(x: Any) -> Any:
    """The complex conjugate; a real array itself."""
    return conj(x) if is_complex(x) else x


def adjoint(x: Any) -> Any:
    """The conjugate transposed matrices."""
    return conjugate(transposed(x))


def symmetrized(x: Any) -> Any:
    """The Hermitian part of square matrices."""
    return mul(add(x, adjoint(x)), 0.5)


def _row_and_column(shape: tuple[int, ...]) -> tuple[Any, Any]:
    ndim = len(shape)
    return iota(np.int32, shape, ndim - 2), iota(np.int32, shape, ndim - 1)


def lower_part(x: Any, k: int = 0) -> Any:
    """Zeros above the k-th diagonal."""
    row, column = _row_and_column(x.shape)
    return select(ge(add(row, k), column), x, full_like(x, 0))


def upper_part(x: Any, k: int = 0) -> Any:
    """Zeros below the k-th diagonal."""
    row, column = _row_and_column(x.shape)
    return select(le(add(row, k), column), x, full_like(x, 0))


def on_diagonal(shape: tuple[int, ...]) -> Any:
    """Whether an element is on the main diagonal."""
    return eq(*_row_and_column(shape))


def eye_like(x: Any) -> Any:
    """Identity matrices of the shape and dtype of x."""
    return convert_element_type(on_diagonal(x.shape), x.dtype)


def diagonal(x: Any) -> Any:
    """The diagonals of square matrices."""
    kept = select(on_diagonal(x.shape), x, full_like(x, 0))
    return reduce_sum(kept, (len(x.shape) - 1,))


def with_diagonal(x: Any, d: Any) -> Any:
    """Square matrices with another diagonal."""
    return select(on_diagonal(x.shape), as_columns(d, x.shape), x)


def as_columns(v: Any, shape: tuple[int, ...]) -> Any:
    """Vectors as columns, repeated to matrices: y[i, j] = v[i]."""
    return broadcast_in_dim(v, shape, tuple(range(len(shape) - 1)))


def as_rows(v: Any, shape: tuple[int, ...]) -> Any:
    """Vectors as rows, repeated to matrices: y[i, j] = v[j]."""
    ndim = len(shape)
    return broadcast_in_dim(v, shape, (*range(ndim - 2), ndim - 1))


def block(x: Any, rows: tuple[int, int], columns: tuple[int, int]) -> Any:
    """Rows and columns from the first to before the last number."""
    lead = x.shape[:-2]
    start = (*(0 for _ in lead), rows[0], columns[0])
    limit = (*lead, rows[1], columns[1])
    return slice(x, start, limit)


def padded(x: Any, rows: int, columns: int) -> Any:
    """Matrices with zeros added below and at the right, up to a size."""
    *lead, m, n = x.shape
    if (m, n) == (rows, columns):
        return x
    config = [(0, 0, 0)] * len(lead) + [(0, rows - m, 0), (0, columns - n, 0)]
    return pad(x, const(x, 0), config)
