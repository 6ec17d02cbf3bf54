"""BCSR: rows of stored elements, in batches: a BCOO in order, with where each row begins."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import numpy as pnp
from ... import tree_util
from .bcoo import BCOO, bcoo_fromdense, extracted, scattered
from .form import Axes, Batched, lift, map_in_batches, split
from .layout import bcoo_eliminate_zeros, bcoo_sort_indices, bcoo_sum_duplicates
from .product import Dimensions, bcoo_dot_general
from .shape import bcoo_broadcast_in_dim, bcoo_concatenate


@tree_util.register_pytree_node_class
class BCSR(Batched):
    """Matrices in compressed rows, in batches, whose elements may be arrays.

    Args:
      args: `data` of shape `[*batch, nse, *dense]`, `indices` of shape `[*batch, nse]` (the column
        of each stored element) and `indptr` of shape `[*batch, rows + 1]` (where each row begins,
        and the last one ends).
      shape: the shape of the whole, which has two sparse axes.
      indices_sorted: whether the columns in each row are known to be in order.
      unique_indices: whether no place is known to occur twice.

    Raises:
      ValueError: the shapes do not fit.

    >>> from pullback.experimental import sparse
    >>> m = sparse.BCSR.fromdense(pnp.array([[0.0, 2.0, 0.0], [1.0, 0.0, 4.0]]))
    >>> m, m.indptr.tolist()
    (BCSR(float32[2, 3], nse=3), [0, 1, 3])
    >>> m @ pnp.ones(3)
    Array([2., 5.], dtype=float32)
    """

    n_sparse = 2

    PARTS = ("data", "indices", "indptr")

    def __init__(
        self,
        args: tuple[Any, Any, Any],
        *,
        shape: Sequence[int],
        indices_sorted: bool = False,
        unique_indices: bool = False,
    ) -> None:
        self.data, self.indices, self.indptr = map(pnp.asarray, args)
        super().__init__(args, shape=shape)
        self.indices_sorted = indices_sorted
        self.unique_indices = unique_indices
        _check(self)

    @property
    def nse(self) -> int:
        """How many elements are stored in each batch."""
        return self.indices.shape[-1]

    @property
    def n_batch(self) -> int:
        """The number of batch axes."""
        return self.indices.ndim - 1

    @property
    def n_dense(self) -> int:
        """The number of dense axes."""
        return self.data.ndim - self.indices.ndim

    @classmethod
    def fromdense(
        cls,
        mat: Any,
        *,
        nse: int | None = None,
        index_dtype: Any = np.int32,
        n_dense: int = 0,
        n_batch: int = 0,
    ) -> "BCSR":
        """The elements of an array that are not zero; see `bcsr_fromdense`."""
        return bcsr_fromdense(
            mat, nse=nse, index_dtype=index_dtype, n_dense=n_dense, n_batch=n_batch
        )

    @classmethod
    def from_bcoo(cls, arr: BCOO) -> "BCSR":
        """The same array, of a BCOO with two sparse axes."""
        if arr.n_sparse != 2:
            raise NotImplementedError(
                f"BCSR.from_bcoo: {arr} has {arr.n_sparse} sparse axes, not 2"
            )
        arr = arr if arr.indices_sorted else bcoo_sort_indices(arr)
        rows, columns = arr._sparse_shape

        def one(indices: Any) -> Any:
            valid = (indices < np.array([rows, columns], indices.dtype)).all(-1)
            row = pnp.where(valid, indices[:, 0], rows)
            starts = pnp.searchsorted(row, pnp.arange(rows + 1, dtype=row.dtype))
            return pnp.where(valid, indices[:, 1], columns), starts.astype(indices.dtype)

        column, indptr = lift(one, arr.n_batch)(arr.indices)
        known = {"indices_sorted": True, "unique_indices": arr.unique_indices}
        return cls((arr.data, column, indptr), shape=arr.shape, **known)

    @classmethod
    def from_scipy_sparse(
        cls, mat: Any, *, index_dtype: Any = None, n_dense: int = 0, n_batch: int = 0
    ) -> "BCSR":
        """A matrix of `scipy.sparse`."""
        if n_dense or n_batch:
            raise NotImplementedError("BCSR.from_scipy_sparse: n_dense and n_batch must be 0")
        mat = mat.tocsr()
        kind = index_dtype or np.int32
        parts = (mat.data, mat.indices.astype(kind), mat.indptr.astype(kind))
        return cls(tuple(map(pnp.asarray, parts)), shape=mat.shape)

    @classmethod
    def _empty(
        cls,
        shape: Sequence[int],
        *,
        dtype: Any = None,
        index_dtype: Any = "int32",
        n_dense: int = 0,
        n_batch: int = 0,
        nse: int = 0,
    ) -> "BCSR":
        shape = tuple(shape)
        if len(shape) - n_dense - n_batch != 2 or min(n_dense, n_batch, nse) < 0:
            raise ValueError(f"sparse.empty: {shape=}, {n_dense=}, {n_batch=} leave no matrix")
        batch, (rows, columns), dense = split(shape, n_batch, 2)
        data = pnp.zeros((*batch, nse, *dense), dtype)
        indices = pnp.full((*batch, nse), columns, index_dtype)
        return cls((data, indices, pnp.zeros((*batch, rows + 1), index_dtype)), shape=shape)

    def to_bcoo(self) -> BCOO:
        """The same array as a BCOO."""
        rows = self.shape[self.n_batch]

        def one(indices: Any, indptr: Any) -> Any:
            at = pnp.arange(indices.shape[0], dtype=indptr.dtype)
            row = pnp.searchsorted(indptr, at, side="right").astype(indices.dtype) - 1
            return pnp.stack([pnp.where(row < 0, rows, row), indices], axis=-1)

        indices = lift(one, self.n_batch)(self.indices, self.indptr)
        return BCOO((self.data, indices), **self._info._asdict())

    def sum_duplicates(self, nse: int | None = None, remove_zeros: bool = True) -> "BCSR":
        """The array with its places in order, each once; see `BCOO.sum_duplicates`."""
        return (bcsr_eliminate_zeros if remove_zeros else bcsr_sum_duplicates)(self, nse=nse)

    def todense(self) -> Any:
        """The array with all its elements."""
        return bcsr_todense(self)

    def transpose(self, axes: Axes | None = None) -> "BCSR":
        """Not there: rows are what it is made of. See `to_bcoo`."""
        raise NotImplementedError("BCSR.transpose: write m.to_bcoo().transpose(axes)")


def _check(mat: BCSR) -> None:
    """Raise unless the parts fit the shape."""
    data, indices, indptr, shape = mat.data.shape, mat.indices.shape, mat.indptr.shape, mat.shape
    said = f"BCSR: data {data}, indices {indices} and indptr {indptr} of an array of shape {shape}"
    n = len(indices) - 1
    if n < 0 or n + 2 > len(shape):
        raise ValueError(f"{said}: there must be two sparse axes after {n} batch axes")
    for part in (data, indices, indptr):
        ours = zip(part[:n], shape[:n], strict=True)
        if len(part) <= n or any(a not in (1, b) for a, b in ours):
            raise ValueError(f"{said}: batch axes must be {shape[:n]}, or 1")
    if data[n:] != (indices[n], *shape[n + 2 :]) or indptr[n:] != (shape[n] + 1,):
        raise ValueError(f"{said}: nse, rows or dense axes do not fit")


def bcsr_fromdense(
    mat: Any,
    *,
    nse: int | None = None,
    n_batch: int = 0,
    n_dense: int = 0,
    index_dtype: Any = np.int32,
) -> BCSR:
    """The elements of an array that are not zero; see `bcoo_fromdense`.

    >>> from pullback.experimental import sparse
    >>> sparse.bcsr_fromdense(pnp.array([[0, 3], [4, 0]])).indices
    Array([1, 0], dtype=int32)
    """
    mat = pnp.asarray(mat)
    if mat.ndim - n_batch - n_dense != 2:
        raise ValueError(f"bcsr_fromdense: {n_batch=}, {n_dense=} leave no matrix of {mat.shape}")
    made = bcoo_fromdense(mat, nse=nse, n_batch=n_batch, n_dense=n_dense, index_dtype=index_dtype)
    return BCSR.from_bcoo(made)


def bcsr_todense(mat: BCSR) -> Any:
    """The array with all its elements.

    >>> from pullback.experimental import sparse
    >>> sparse.bcsr_todense(sparse.BCSR.fromdense(pnp.array([[0, 3]]))).tolist()
    [[0, 3]]
    """
    made = mat.to_bcoo()
    return scattered(made.data, made.indices, made.shape)


def bcsr_extract(indices: Any, indptr: Any, mat: Any) -> Any:
    """The elements of a dense array at the places of a BCSR array's `indices` and `indptr`.

    >>> from pullback.experimental import sparse
    >>> x = sparse.BCSR.fromdense(pnp.eye(2))
    >>> sparse.bcsr_extract(x.indices, x.indptr, pnp.array([[5.0, 6.0], [7.0, 8.0]]))
    Array([5., 8.], dtype=float32)
    """
    mat, indices = pnp.asarray(mat), pnp.asarray(indices)
    n = indices.ndim - 1
    empty = pnp.zeros((*indices.shape, *mat.shape[n + 2 :]), mat.dtype)
    return extracted(BCSR((empty, indices, indptr), shape=mat.shape).to_bcoo().indices, mat)


def bcsr_sum_duplicates(mat: BCSR, nse: int | None = None) -> BCSR:
    """The array with its places in order, each once; see `bcoo_sum_duplicates`.

    >>> from pullback.experimental import sparse
    >>> parts = pnp.array([1.0, 2.0]), pnp.array([1, 1]), pnp.array([0, 2])
    >>> sparse.bcsr_sum_duplicates(sparse.BCSR(parts, shape=(1, 2))).todense()
    Array([[0., 3.]], dtype=float32)
    """
    return BCSR.from_bcoo(bcoo_sum_duplicates(mat.to_bcoo(), nse=nse))


def bcsr_eliminate_zeros(mat: BCSR, nse: int | None = None) -> BCSR:
    """As `bcsr_sum_duplicates`, and without stored zeros."""
    return BCSR.from_bcoo(bcoo_eliminate_zeros(mat.to_bcoo(), nse=nse))


def bcsr_dot_general(
    lhs: Any,
    rhs: Any,
    *,
    dimension_numbers: Dimensions,
    precision: Any = None,
    preferred_element_type: Any = None,
    out_sharding: Any = None,
) -> Any:
    """`lax.dot_general` where operands may be BCSR; see `bcoo_dot_general`.

    >>> from pullback.experimental import sparse
    >>> x = sparse.BCSR.fromdense(pnp.array([[0.0, 2.0], [3.0, 0.0]]))
    >>> sparse.bcsr_dot_general(x, pnp.array([1.0, 10.0]), dimension_numbers=(([1], [0]), ([], [])))
    Array([20.,  3.], dtype=float32)
    """
    lhs, rhs = (m.to_bcoo() if isinstance(m, BCSR) else m for m in (lhs, rhs))
    return bcoo_dot_general(
        lhs,
        rhs,
        dimension_numbers=dimension_numbers,
        preferred_element_type=preferred_element_type,
    )


def bcsr_broadcast_in_dim(
    mat: BCSR, *, shape: Sequence[int], broadcast_dimensions: Axes, sharding: Any = None
) -> BCSR:
    """`lax.broadcast_in_dim`; see `bcoo_broadcast_in_dim`.

    >>> from pullback.experimental import sparse
    >>> x = sparse.BCSR.fromdense(pnp.eye(2))
    >>> sparse.bcsr_broadcast_in_dim(x, shape=(3, 2, 2), broadcast_dimensions=(1, 2)).shape
    (3, 2, 2)
    """
    made = bcoo_broadcast_in_dim(
        mat.to_bcoo(), shape=shape, broadcast_dimensions=broadcast_dimensions, sharding=sharding
    )
    return BCSR.from_bcoo(made)


def bcsr_concatenate(operands: Sequence[BCSR], *, dimension: int) -> BCSR:
    """`lax.concatenate`; see `bcoo_concatenate`.

    >>> from pullback.experimental import sparse
    >>> x = sparse.BCSR.fromdense(pnp.eye(2))
    >>> sparse.bcsr_concatenate([x, x], dimension=0).shape
    (4, 2)
    """
    made = bcoo_concatenate([m.to_bcoo() for m in operands], dimension=dimension)
    return BCSR.from_bcoo(made)


map_in_batches(BCSR)
