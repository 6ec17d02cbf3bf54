"""Sparse linear systems."""

from typing import Any

import numpy as np

from ... import lax
from ... import numpy as pnp
from ...control.callback import pure_callback
from ...lazy import LazyModule
from ...transforms.make_jaxpr import ShapeDtypeStruct
from .matrices import CSR, product

__all__ = ["spsolve"]

scipy_linalg = LazyModule("scipy.sparse.linalg")
scipy_sparse = LazyModule("scipy.sparse")


def spsolve(
    data: Any, indices: Any, indptr: Any, b: Any, tol: float = 1e-6, reorder: int = 1
) -> Any:
    """The solution x of `A x = b`, for a square matrix in compressed rows.

    SciPy's direct solver computes it, on the host. It has derivatives in `data` and `b`.

    Args:
      data, indices, indptr: the matrix, as in `CSR`.
      b: vector.
      tol, reorder: have no effect.

    Returns:
      A vector of the dtype of `b`.

    >>> from pullback.experimental import sparse
    >>> m = sparse.CSR.fromdense(pnp.array([[2.0, 0.0], [1.0, 4.0]]))
    >>> sparse.linalg.spsolve(m.data, m.indices, m.indptr, pnp.array([2.0, 5.0]))
    Array([1., 1.], dtype=float32)
    """
    data, indices, indptr, b = map(pnp.asarray, (data, indices, indptr, b))
    n = b.shape[0]
    mat = CSR((data, indices, indptr), shape=(n, n))

    def solver(transpose: bool) -> Any:
        def solve(_: Any, b: Any) -> Any:
            out = ShapeDtypeStruct(b.shape, b.dtype)
            return pure_callback(_host(transpose), out, lax.stop_gradient(data), indices, indptr, b)

        return solve

    return lax.custom_linear_solve(
        lambda x: product(mat, x, transpose=False), b, solver(False), solver(True)
    )


def _host(transpose: bool) -> Any:
    """SciPy's solver, on NumPy arrays."""

    def solve(data: Any, indices: Any, indptr: Any, b: Any) -> Any:
        n = b.shape[0]
        mat = scipy_sparse.csr_array(tuple(map(np.asarray, (data, indices, indptr))), shape=(n, n))
        mat = mat.T if transpose else mat
        return scipy_linalg.spsolve(mat.tocsc(), np.asarray(b)).astype(b.dtype)

    return solve
