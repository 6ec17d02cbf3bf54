"""Factorizations of matrices and linear equations, under the names of `jax.lax.linalg`."""

import enum
from collections.abc import Callable, Sequence
from typing import Any

from ..core.trace import get_aval
from ..dtypes import long_name
from ..numpy.shapes import expand_dims, squeeze
from ..numpy.values import as_array, as_arrays, convert, inexact_dtype
from ..primitives import elementwise as ew
from ..primitives.linalg import cholesky as _cholesky
from ..primitives.linalg import eig as _eig
from ..primitives.linalg import eigh as _eigh
from ..primitives.linalg import householder as _householder
from ..primitives.linalg import lu as _lu
from ..primitives.linalg import matrices as mt
from ..primitives.linalg import qr as _qr
from ..primitives.linalg import schur as _schur
from ..primitives.linalg import svd as _svd
from ..primitives.linalg import symmetric as _symmetric
from ..primitives.linalg import triangular as _triangular
from ..primitives.linalg import tridiagonal as _tridiagonal
from ..primitives.rules import check_same_dtype
from .qdwh import qdwh
from .tridiagonal import perturbed_solve

cholesky_p = _cholesky.cholesky_p
cholesky_update_p = _cholesky.cholesky_update_p
eig_p = _eig.eig_p
eigh_p = _eigh.eigh_p
hessenberg_p = _schur.hessenberg_p
householder_product_p = _householder.householder_product_p
lu_p = _lu.lu_p
lu_pivots_to_permutation_p = _lu.lu_pivots_to_permutation_p
ormqr_p = _householder.ormqr_p
qr_p = _qr.qr_p
schur_p = _schur.schur_p
svd_p = _svd.svd_p
symmetric_product_p = _symmetric.symmetric_product_p
triangular_solve_p = _triangular.triangular_solve_p
tridiagonal_p = _schur.tridiagonal_p
tridiagonal_solve_p = _tridiagonal.tridiagonal_solve_p

Range = tuple[int, int] | None


class EigImplementation(enum.Enum):
    """Who computes eigenvalues on GPUs. On the CPU it is LAPACK.

    >>> pb.lax.linalg.EigImplementation.LAPACK.name
    'LAPACK'
    """

    CUSOLVER = "cusolver"
    LAPACK = "lapack"
    MAGMA = "magma"


class EighImplementation(enum.Enum):
    """How eigenvalues of Hermitian matrices are computed on other devices.

    >>> [kind.name for kind in pb.lax.linalg.EighImplementation]
    ['QDWH', 'QR', 'JACOBI']
    """

    QDWH = "qdwh"
    QR = "qr"
    JACOBI = "jacobi"


class SvdAlgorithm(enum.Enum):
    """How singular values are computed on other devices.

    >>> pb.lax.linalg.svd(pnp.eye(2), compute_uv=False, algorithm=pb.lax.linalg.SvdAlgorithm.QR)
    Array([1., 1.], dtype=float32)
    """

    DEFAULT = "default"
    QR = "QR"
    JACOBI = "Jacobi"
    POLAR = "polar"
    DIVIDE_AND_CONQUER = "divide_and_conquer"


def _matrices(name: str, values: Sequence[Any]) -> list[Any]:
    """Arrays of one dtype that LAPACK knows; eager code does not look again."""
    arrays = as_arrays(name, values)
    avals = [get_aval(x) for x in arrays]
    check_same_dtype(name, *avals)
    if avals[0].dtype.char not in "fdFD":
        raise TypeError(
            f"{name} does not accept dtype {long_name(avals[0].dtype)}; wanted float32, float64,"
            " complex64 or complex128: convert with x.astype(dtype)"
        )
    return arrays


def _matrix(name: str, x: Any, averaged: bool = False) -> Any:
    """One such array. The mean of integers and their transpose is a float."""
    if not averaged:
        return _matrices(name, [x])[0]
    array = as_array(name, x)
    return _matrices(name, [convert(array, inexact_dtype(array.dtype))])[0]


def cholesky(x: Any, *, symmetrize_input: bool = True) -> Any:
    """The lower triangular factor l of positive definite matrices l l^H; NaN for others.

    >>> pb.lax.linalg.cholesky(pnp.array([[4.0, 2.0], [2.0, 5.0]]))
    Array([[2., 0.],
           [1., 2.]], dtype=float32)
    """
    x = _matrix("cholesky", x, symmetrize_input)
    return _cholesky.cholesky(x, symmetrize_input=symmetrize_input)


def cholesky_update(r_matrix: Any, w_vector: Any) -> Any:
    """The upper triangular factor of r^T r + w w^T from the factor r.

    >>> r = pnp.array([[3.0, 0.0], [0.0, 1.0]])
    >>> pnp.abs(pb.lax.linalg.cholesky_update(r, pnp.array([4.0, 0.0]))).round(3)
    Array([[5., 0.],
           [0., 1.]], dtype=float32)
    """
    return _cholesky.cholesky_update(*_matrices("cholesky_update", (r_matrix, w_vector)))


def eig(
    x: Any,
    *,
    compute_left_eigenvectors: bool = True,
    compute_right_eigenvectors: bool = True,
    enable_eigvec_derivs: bool = False,
    implementation: EigImplementation | None = None,
    use_magma: bool | None = None,
) -> list[Any]:
    """Eigenvalues, then left and right eigenvectors as columns, as asked for. All are complex.

    Args:
      x: square matrices.
      compute_left_eigenvectors, compute_right_eigenvectors: which vectors are wanted.
      enable_eigvec_derivs: whether the vectors may be differentiated, which is right only where
        all eigenvalues differ, for vectors of norm 1 whose greatest component is real.
      implementation, use_magma: for GPUs.

    >>> values, vectors = pb.lax.linalg.eig(
    ...     pnp.array([[0.0, -1.0], [1.0, 0.0]]), compute_left_eigenvectors=False
    ... )
    >>> values.imag
    Array([ 1., -1.], dtype=float32)
    """
    return _eig.eig(
        _matrix("eig", x),
        compute_left_eigenvectors=compute_left_eigenvectors,
        compute_right_eigenvectors=compute_right_eigenvectors,
        enable_eigvec_derivs=enable_eigvec_derivs,
        implementation=implementation,
    )


def eigh(
    x: Any,
    *,
    lower: bool = True,
    symmetrize_input: bool = True,
    sort_eigenvalues: bool = True,
    subset_by_index: Range = None,
    implementation: EighImplementation | None = None,
) -> tuple[Any, Any]:
    """Eigenvectors of Hermitian matrices as columns, and eigenvalues in ascending order.

    >>> vectors, values = pb.lax.linalg.eigh(pnp.array([[3.0, 0.0], [0.0, 2.0]]))
    >>> values
    Array([2., 3.], dtype=float32)
    """
    vectors, values = _eigh.eigh(
        _matrix("eigh", x, symmetrize_input),
        lower=lower,
        symmetrize_input=symmetrize_input,
        sort_eigenvalues=sort_eigenvalues,
        subset_by_index=subset_by_index,
        implementation=implementation,
    )
    return vectors, values


def hessenberg(a: Any) -> tuple[Any, Any]:
    """The Hessenberg form with its reflections below it, and their factors.

    >>> a, taus = pb.lax.linalg.hessenberg(pnp.arange(9.0).reshape(3, 3))
    >>> a.shape, taus.shape
    ((3, 3), (2,))
    """
    form, taus = _schur.hessenberg(_matrix("hessenberg", a))
    return form, taus


def householder_product(a: Any, taus: Any) -> Any:
    """The matrix with orthonormal columns that the reflections below the diagonal make.

    >>> a, taus = pb.lax.linalg.hessenberg(pnp.arange(9.0).reshape(3, 3))
    >>> pb.lax.linalg.householder_product(a[1:, :1], taus[:1]).round(3)
    Array([[-0.447],
           [-0.894]], dtype=float32)
    """
    return _householder.householder_product(*_matrices("householder_product", (a, taus)))


def lu(x: Any) -> tuple[Any, Any, Any]:
    """Both factors in one matrix, the rows exchanged, and the permutation of rows.

    >>> both, pivots, rows = pb.lax.linalg.lu(pnp.array([[1.0, 2.0], [2.0, 8.0]]))
    >>> both, rows
    (Array([[ 2. ,  8. ],
           [ 0.5, -2. ]], dtype=float32), Array([1, 0], dtype=int32))
    """
    factors, pivots, permutation = _lu.lu(_matrix("lu", x))
    return factors, pivots, permutation


def lu_pivots_to_permutation(pivots: Any, permutation_size: int) -> Any:
    """The permutation that exchanging row k with row pivots[k], in turn, makes.

    >>> pb.lax.linalg.lu_pivots_to_permutation(pnp.array([2, 2]), 3)
    Array([2, 0, 1], dtype=int32)
    """
    pivots = as_array("lu_pivots_to_permutation", pivots)
    return _lu.lu_pivots_to_permutation(pivots, permutation_size)


def ormqr(a: Any, taus: Any, c: Any, *, left: bool = True, transpose: bool = False) -> Any:
    """q c or c q, or with q^H, for the product q of reflections.

    >>> a, taus = pb.lax.linalg.hessenberg(pnp.arange(9.0).reshape(3, 3))
    >>> pb.lax.linalg.ormqr(a[1:, :1], taus[:1], pnp.eye(2)).round(3)
    Array([[-0.447, -0.894],
           [-0.894,  0.447]], dtype=float32)
    """
    return _householder.ormqr(*_matrices("ormqr", (a, taus, c)), left=left, transpose=transpose)


def qr(
    x: Any, *, pivoting: bool = False, full_matrices: bool = True, use_magma: bool | None = None
) -> tuple[Any, ...]:
    """q and r with x = q r; with `pivoting` also the order p of columns, x[:, p] = q r.

    >>> q, r = pb.lax.linalg.qr(pnp.array([[2.0, 1.0], [0.0, 3.0]]), full_matrices=False)
    >>> pnp.allclose(q @ r, pnp.array([[2.0, 1.0], [0.0, 3.0]]))
    Array(True, dtype=bool)
    """
    x = _matrix("qr", x)
    params = {"pivoting": pivoting, "full_matrices": full_matrices, "use_magma": use_magma}
    return tuple(_qr.qr(x, **params))


def schur(
    x: Any,
    *,
    compute_schur_vectors: bool = True,
    sort_eig_vals: bool = False,
    select_callable: Callable[..., Any] | None = None,
) -> list[Any]:
    """The Schur form t, and the unitary z with x = z t z^H.

    >>> a = pnp.array([[1.0, 2.0], [0.0, 3.0]])
    >>> t, z = pb.lax.linalg.schur(a)
    >>> pnp.allclose(z @ t @ z.T, a, atol=1e-5)
    Array(True, dtype=bool)
    """
    return _schur.schur(
        _matrix("schur", x),
        compute_schur_vectors=compute_schur_vectors,
        sort_eig_vals=sort_eig_vals,
        select_callable=select_callable,
    )


def svd(
    x: Any,
    *,
    full_matrices: bool = True,
    compute_uv: bool = True,
    subset_by_index: Range = None,
    algorithm: SvdAlgorithm | None = None,
) -> Any:
    """u, s and v^H with x = u diag(s) v^H; s alone without `compute_uv`.

    >>> pb.lax.linalg.svd(pnp.array([[3.0, 0.0], [0.0, 4.0]]), compute_uv=False)
    Array([4., 3.], dtype=float32)
    """
    return _svd.svd(
        _matrix("svd", x),
        full_matrices=full_matrices,
        compute_uv=compute_uv,
        subset_by_index=subset_by_index,
        algorithm=algorithm,
    )


def symmetric_product(
    a_matrix: Any,
    c_matrix: Any,
    *,
    alpha: float = 1.0,
    beta: float = 0.0,
    symmetrize_output: bool = False,
) -> Any:
    """alpha a a^T + beta c, of which the lower triangle counts unless made symmetric.

    >>> pb.lax.linalg.symmetric_product(pnp.array([[1.0], [2.0]]), pnp.eye(2), beta=1.0)
    Array([[2., 2.],
           [2., 5.]], dtype=float32)
    """
    a, c = _matrices("symmetric_product", (a_matrix, c_matrix))
    out = _symmetric.symmetric_product(a, c, alpha=alpha, beta=beta)
    if not symmetrize_output:
        return out
    return ew.add(mt.lower_part(out), mt.transposed(mt.lower_part(out, -1)))


def triangular_solve(
    a: Any,
    b: Any,
    *,
    left_side: bool = False,
    lower: bool = False,
    transpose_a: bool = False,
    conjugate_a: bool = False,
    unit_diagonal: bool = False,
) -> Any:
    """x with op(a) x = b (left_side) or x op(a) = b, for one triangle of a.

    >>> a = pnp.array([[2.0, 0.0], [1.0, 4.0]])
    >>> pb.lax.linalg.triangular_solve(a, pnp.array([[2.0], [5.0]]), left_side=True, lower=True)
    Array([[1.],
           [1.]], dtype=float32)
    """
    a, b = _matrices("triangular_solve", (a, b))
    vector = b.ndim == a.ndim - 1
    axis = -1 if left_side else -2
    out = _triangular.triangular_solve(
        a,
        expand_dims(b, axis) if vector else b,
        left_side=left_side,
        lower=lower,
        transpose_a=transpose_a,
        conjugate_a=conjugate_a,
        unit_diagonal=unit_diagonal,
    )
    return squeeze(out, axis) if vector else out


def tridiagonal(a: Any, *, lower: bool = True) -> tuple[Any, Any, Any, Any]:
    """Reflections, diagonal, other diagonal and factors of Hermitian matrices' tridiagonal form.

    >>> a, d, e, taus = pb.lax.linalg.tridiagonal(pnp.eye(3) * 2)
    >>> d
    Array([2., 2., 2.], dtype=float32)
    """
    form, d, e, taus = _schur.tridiagonal(_matrix("tridiagonal", a), lower=lower)
    return form, d, e, taus


def tridiagonal_solve(dl: Any, d: Any, du: Any, b: Any, *, perturb_singular: bool = False) -> Any:
    """x with dl[i] x[i-1] + d[i] x[i] + du[i] x[i+1] = b[i]; dl[0] and du[-1] are not used.

    With `perturb_singular` a singular matrix is taken to be one that differs by rounding, so x is
    large and finite; without, x is NaN.

    >>> d, e = pnp.full(3, 2.0), pnp.ones(3)
    >>> pb.lax.linalg.tridiagonal_solve(e, d, e, pnp.array([[3.0], [4.0], [3.0]]))
    Array([[1.],
           [1.],
           [1.]], dtype=float32)
    """
    operands = _matrices("tridiagonal_solve", (dl, d, du, b))
    if perturb_singular:
        return perturbed_solve(*operands)
    return _tridiagonal.tridiagonal_solve(*operands)


__all__ = [
    "EigImplementation", "EighImplementation", "SvdAlgorithm", "cholesky", "cholesky_p",
    "cholesky_update", "cholesky_update_p", "eig", "eig_p", "eigh", "eigh_p", "hessenberg",
    "hessenberg_p", "householder_product", "householder_product_p", "lu", "lu_p",
    "lu_pivots_to_permutation", "lu_pivots_to_permutation_p", "ormqr", "ormqr_p", "qdwh", "qr",
    "qr_p", "schur", "schur_p", "svd", "svd_p", "symmetric_product", "symmetric_product_p",
    "triangular_solve", "triangular_solve_p", "tridiagonal", "tridiagonal_p", "tridiagonal_solve",
    "tridiagonal_solve_p",
]  # fmt: skip
