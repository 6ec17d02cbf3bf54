"""COO, CSR and CSC: single matrices, for programs that want these forms; BCOO computes for them."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import numpy as pnp
from ... import tree_util
from ...numpy.values import promote_arrays
from .bcoo import BCOO, bcoo_fromdense
from .bcsr import BCSR
from .form import Axes, JAXSparse, is_sparse
from .product import bcoo_dot_general


class Matrix(JAXSparse):
    """A matrix of three parts: its elements, and two arrays that say where they stand."""

    @property
    def nse(self) -> int:
        """How many elements are stored."""
        return self.data.size

    @abstractmethod
    def to_bcoo(self) -> BCOO:
        """The same matrix as a BCOO."""

    @classmethod
    @abstractmethod
    def from_bcoo(cls, mat: BCOO) -> Any:
        """The matrix of a BCOO whose places are in order."""

    @classmethod
    def fromdense(cls, mat: Any, *, nse: int | None = None, index_dtype: Any = np.int32) -> Any:
        """The elements of a matrix that are not zero; see `bcoo_fromdense`."""
        mat = pnp.asarray(mat)
        if mat.ndim != 2:
            raise ValueError(f"{cls.__name__}.fromdense: wants a matrix, got shape {mat.shape}")
        return cls.from_bcoo(bcoo_fromdense(mat, nse=nse, index_dtype=index_dtype))

    @classmethod
    def _empty(cls, shape: Sequence[int], *, dtype: Any = None, index_dtype: Any = "int32") -> Any:
        if len(shape) != 2:
            raise ValueError(f"sparse.empty: {cls.__name__} is a matrix, got shape {tuple(shape)}")
        return cls.from_bcoo(BCOO._empty(shape, dtype=dtype, index_dtype=index_dtype))

    @classmethod
    def _eye(cls, N: int, M: int, k: int, *, dtype: Any = None, index_dtype: Any = "int32") -> Any:
        return cls.from_bcoo(BCOO._eye(N, M, k, dtype=dtype, index_dtype=index_dtype))

    def todense(self) -> Any:
        """The matrix with all its elements."""
        return self.to_bcoo().todense()

    def __matmul__(self, other: Any) -> Any:
        return product(self, other, transpose=False)


def product(mat: Matrix, other: Any, transpose: bool) -> Any:
    """The matrix, or its transpose, times a dense vector or matrix."""
    if is_sparse(other):
        raise NotImplementedError(
            f"{type(mat).__name__}: the product of two sparse matrices; BCOO has one"
        )
    sparse = mat.to_bcoo()
    data, other = promote_arrays("sparse", sparse.data, other)
    if other.ndim not in (1, 2):
        raise NotImplementedError(f"{type(mat).__name__}: times an array of shape {other.shape}")
    sparse = BCOO((data, sparse.indices), shape=sparse.shape)
    dims = (((0 if transpose else 1,), (0,)), ((), ()))
    return bcoo_dot_general(sparse, other, dimension_numbers=dims)


@tree_util.register_pytree_node_class
class COO(Matrix):
    """A matrix of elements `data`, each with its `row` and its `col`.

    >>> from pullback.experimental import sparse
    >>> m = sparse.COO.fromdense(pnp.array([[0.0, 2.0], [1.0, 0.0]]))
    >>> m, m @ pnp.array([1.0, 1.0])
    (COO(float32[2, 2], nse=2), Array([2., 1.], dtype=float32))
    """

    def __init__(
        self,
        args: tuple[Any, Any, Any],
        *,
        shape: Sequence[int],
        rows_sorted: bool = False,
        cols_sorted: bool = False,
    ) -> None:
        self.data, self.row, self.col = map(pnp.asarray, args)
        super().__init__(args, shape=shape)
        self._rows_sorted, self._cols_sorted = rows_sorted, cols_sorted

    def to_bcoo(self) -> BCOO:
        """The same matrix as a BCOO."""
        indices = pnp.stack([self.row, self.col], axis=-1)
        return BCOO((self.data, indices), shape=self.shape, indices_sorted=self._rows_sorted)

    @classmethod
    def from_bcoo(cls, mat: BCOO) -> "COO":
        """The matrix of a BCOO whose places are in order."""
        parts = (mat.data, mat.indices[:, 0], mat.indices[:, 1])
        return cls(parts, shape=mat.shape, rows_sorted=mat.indices_sorted)

    def transpose(self, axes: Axes | None = None) -> "COO":
        """The matrix with rows and columns exchanged."""
        if axes is not None:
            raise NotImplementedError("COO.transpose: takes no axes")
        known = {"rows_sorted": self._cols_sorted, "cols_sorted": self._rows_sorted}
        return COO((self.data, self.col, self.row), shape=self.shape[::-1], **known)

    def tree_flatten(self) -> tuple[tuple[Any, Any, Any], Any]:
        """The parts, and the rest."""
        return (self.data, self.row, self.col), (self.shape, self._rows_sorted, self._cols_sorted)

    @classmethod
    def tree_unflatten(cls, aux_data: Any, children: Any) -> "COO":
        """A matrix of such parts, which may be anything."""
        made = object.__new__(cls)
        made.data, made.row, made.col = children
        made.shape, made._rows_sorted, made._cols_sorted = aux_data
        return made


class Compressed(Matrix):
    """A matrix of elements `data` in rows or columns, that begin where `indptr` says."""

    def __init__(self, args: tuple[Any, Any, Any], *, shape: Sequence[int]) -> None:
        self.data, self.indices, self.indptr = map(pnp.asarray, args)
        super().__init__(args, shape=shape)

    def tree_flatten(self) -> tuple[tuple[Any, Any, Any], tuple[int, ...]]:
        """The parts, and the shape."""
        return (self.data, self.indices, self.indptr), self.shape

    @classmethod
    def tree_unflatten(cls, aux_data: tuple[int, ...], children: Any) -> Any:
        """A matrix of such parts, which may be anything."""
        made = object.__new__(cls)
        made.data, made.indices, made.indptr = children
        made.shape = aux_data
        return made


@tree_util.register_pytree_node_class
class CSR(Compressed):
    """A matrix in compressed rows: `data`, `indices` (columns) and `indptr`.

    >>> from pullback.experimental import sparse
    >>> m = sparse.CSR.fromdense(pnp.array([[0.0, 2.0], [1.0, 0.0]]))
    >>> m.indptr.tolist(), m.T @ pnp.array([1.0, 2.0])
    ([0, 1, 2], Array([2., 2.], dtype=float32))
    """

    def to_bcoo(self) -> BCOO:
        """The same matrix as a BCOO."""
        return BCSR((self.data, self.indices, self.indptr), shape=self.shape).to_bcoo()

    @classmethod
    def from_bcoo(cls, mat: BCOO) -> "CSR":
        """The matrix of a BCOO whose places are in order."""
        rows = BCSR.from_bcoo(mat)
        return cls((rows.data, rows.indices, rows.indptr), shape=mat.shape)

    def transpose(self, axes: Axes | None = None) -> "CSC":
        """The matrix with rows and columns exchanged."""
        if axes is not None:
            raise NotImplementedError("CSR.transpose: takes no axes")
        return CSC((self.data, self.indices, self.indptr), shape=self.shape[::-1])


@tree_util.register_pytree_node_class
class CSC(Compressed):
    """A matrix in compressed columns: `data`, `indices` (rows) and `indptr`.

    >>> from pullback.experimental import sparse
    >>> sparse.CSC.fromdense(pnp.array([[0.0, 2.0], [1.0, 0.0]])).data
    Array([1., 2.], dtype=float32)
    """

    def to_bcoo(self) -> BCOO:
        """The same matrix as a BCOO."""
        return self.transpose().to_bcoo().transpose()

    @classmethod
    def from_bcoo(cls, mat: BCOO) -> "CSC":
        """The matrix of a BCOO."""
        return CSR.from_bcoo(mat.transpose()).transpose()

    def transpose(self, axes: Axes | None = None) -> CSR:
        """The matrix with rows and columns exchanged."""
        if axes is not None:
            raise NotImplementedError("CSC.transpose: takes no axes")
        return CSR((self.data, self.indices, self.indptr), shape=self.shape[::-1])


def coo_fromdense(mat: Any, *, nse: int | None = None, index_dtype: Any = np.int32) -> COO:
    """The elements of a matrix that are not zero, as a COO.

    >>> from pullback.experimental import sparse
    >>> sparse.coo_fromdense(pnp.array([[0.0, 2.0], [3.0, 0.0]])).data
    Array([2., 3.], dtype=float32)
    """
    return COO.fromdense(mat, nse=nse, index_dtype=index_dtype)


def csr_fromdense(mat: Any, *, nse: int | None = None, index_dtype: Any = np.int32) -> CSR:
    """The elements of a matrix that are not zero, as a CSR.

    >>> from pullback.experimental import sparse
    >>> sparse.csr_fromdense(pnp.array([[0.0, 2.0], [3.0, 0.0]])).indptr
    Array([0, 1, 2], dtype=int32)
    """
    return CSR.fromdense(mat, nse=nse, index_dtype=index_dtype)


def coo_todense(mat: COO) -> Any:
    """The matrix with all its elements.

    >>> from pullback.experimental import sparse
    >>> sparse.coo_todense(sparse.coo_fromdense(pnp.eye(2)))
    Array([[1., 0.],
           [0., 1.]], dtype=float32)
    """
    return mat.todense()


def csr_todense(mat: CSR) -> Any:
    """The matrix with all its elements.

    >>> from pullback.experimental import sparse
    >>> sparse.csr_todense(sparse.csr_fromdense(pnp.eye(2)))
    Array([[1., 0.],
           [0., 1.]], dtype=float32)
    """
    return mat.todense()


def coo_matvec(mat: COO, v: Any, transpose: bool = False) -> Any:
    """The matrix, or its transpose, times a vector.

    >>> from pullback.experimental import sparse
    >>> x = sparse.coo_fromdense(pnp.array([[0.0, 2.0], [3.0, 0.0]]))
    >>> sparse.coo_matvec(x, pnp.array([1.0, 10.0]))
    Array([20.,  3.], dtype=float32)
    """
    return product(mat, v, transpose)


def coo_matmat(mat: COO, B: Any, *, transpose: bool = False) -> Any:
    """The matrix, or its transpose, times a dense matrix.

    >>> from pullback.experimental import sparse
    >>> x = sparse.coo_fromdense(pnp.array([[0.0, 2.0], [3.0, 0.0]]))
    >>> sparse.coo_matmat(x, pnp.eye(2), transpose=True)
    Array([[0., 3.],
           [2., 0.]], dtype=float32)
    """
    return product(mat, B, transpose)


def csr_matvec(mat: CSR, v: Any, transpose: bool = False) -> Any:
    """The matrix, or its transpose, times a vector.

    >>> from pullback.experimental import sparse
    >>> x = sparse.csr_fromdense(pnp.array([[0.0, 2.0], [3.0, 0.0]]))
    >>> sparse.csr_matvec(x, pnp.array([1.0, 10.0]))
    Array([20.,  3.], dtype=float32)
    """
    return product(mat, v, transpose)


def csr_matmat(mat: CSR, B: Any, *, transpose: bool = False) -> Any:
    """The matrix, or its transpose, times a dense matrix.

    >>> from pullback.experimental import sparse
    >>> x = sparse.csr_fromdense(pnp.array([[0.0, 2.0], [3.0, 0.0]]))
    >>> sparse.csr_matmat(x, pnp.eye(2), transpose=True)
    Array([[0., 3.],
           [2., 0.]], dtype=float32)
    """
    return product(mat, B, transpose)
