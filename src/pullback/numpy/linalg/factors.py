"""Factorizations: cholesky, qr, svd, and eigenvalues of general and Hermitian matrices."""

from typing import Any, NamedTuple

from ... import dtypes
from ...core.aval import type_name
from ...primitives import elementwise as ew
from ...primitives import pieces as pc
from ...primitives import shape as sh
from ...primitives import sort as so
from ...primitives.linalg import cholesky as ch
from ...primitives.linalg import eig as ei
from ...primitives.linalg import eigh as eh
from ...primitives.linalg import householder as hh
from ...primitives.linalg import matrices as mt
from ...primitives.linalg import qr as qr_factors
from ...primitives.linalg import svd as sv
from ..elementwise import as_inexact
from ..worth import compiled_at_once

Range = tuple[int, int] | None


class EighResult(NamedTuple):
    """Eigenvalues in ascending order and eigenvectors as columns."""

    eigenvalues: Any
    eigenvectors: Any


class EigResult(NamedTuple):
    """Eigenvalues and eigenvectors as columns."""

    eigenvalues: Any
    eigenvectors: Any


class QRResult(NamedTuple):
    """Orthonormal columns and an upper triangular matrix."""

    Q: Any
    R: Any


class SVDResult(NamedTuple):
    """Left vectors as columns, singular values in descending order, right vectors as rows."""

    U: Any
    S: Any
    Vh: Any


def matrices_of(name: str, a: Any) -> Any:
    """An array of a floating dtype with at least two axes."""
    x = as_inexact(name, a)
    if x.ndim < 2:
        raise ValueError(f"{name}: at least two axes are wanted, got {type_name(x.aval)}")
    return x


def square_of(name: str, x: Any) -> int:
    """The size of square matrices; ValueError for others."""
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise ValueError(f"Argument to {name} must have shape [..., n, n], got {type_name(x.aval)}")
    return x.shape[-1]


@compiled_at_once("upper", "symmetrize_input")
def cholesky(a: Any, *, upper: bool = False, symmetrize_input: bool = True) -> Any:
    """The triangular factor l of positive definite matrices l l^H, or its adjoint.

    Args:
      a: array [..., n, n] of Hermitian positive definite matrices.
      upper: whether to return the adjoint, an upper triangle.
      symmetrize_input: whether to take the Hermitian part first.

    Returns:
      Array [..., n, n]; NaN where a matrix is not positive definite.

    Raises:
      ValueError: the matrices are not square.

    >>> pnp.linalg.cholesky(pnp.array([[4.0, 2.0], [2.0, 5.0]]))
    Array([[2., 0.],
           [1., 2.]], dtype=float32)
    """
    x = as_inexact("cholesky", a)
    square_of("cholesky", x)
    out = ch.cholesky(x, symmetrize_input=symmetrize_input)
    return mt.adjoint(out) if upper else out


@compiled_at_once("mode")
def qr(a: Any, mode: str = "reduced") -> Any:
    """QR factorization: reduced, complete, only r, or raw as LAPACK stores it.

    Args:
      a: array [..., m, n].
      mode: "reduced" for k = min(m, n) columns of q, "complete" for m, "r" for r alone, "raw" for
        reflectors as LAPACK stores them.

    Returns:
      q [..., m, k] with orthonormal columns and r [..., k, n], upper triangles, with q @ r = a.

    >>> q, r = pnp.linalg.qr(pnp.array([[3.0, 1.0], [4.0, 2.0]]))
    >>> pnp.abs(r).round(3)
    Array([[5. , 2.2],
           [0. , 0.4]], dtype=float32)
    """
    x = matrices_of("qr", a)
    if mode == "raw":
        factored, taus = hh.geqrf(x)
        return QRResult(mt.transposed(factored), taus)
    if mode not in ("reduced", "r", "full", "complete"):
        raise ValueError(f"Unsupported QR decomposition mode '{mode}'")
    q, r = qr_factors.qr(x, full_matrices=mode == "complete")
    return r if mode == "r" else QRResult(q, r)


@compiled_at_once("full_matrices", "compute_uv", "hermitian", "subset_by_index")
def svd(
    a: Any,
    full_matrices: bool = True,
    compute_uv: bool = True,
    hermitian: bool = False,
    subset_by_index: Range = None,
) -> Any:
    """Singular values and vectors; the values alone without compute_uv.

    Args:
      a: array [..., m, n].
      full_matrices: whether u and vh are square.
      compute_uv: whether to return vectors; the values alone otherwise.
      hermitian: whether the matrices are Hermitian, which is faster.
      subset_by_index: (start, end) of the values that are wanted; all if None.

    Returns:
      u [..., m, k], s [..., k] in descending order and vh [..., k, n], k = min(m, n), with
      u * s @ vh = a.

    >>> a = pnp.array([[3.0, 0.0], [0.0, 4.0], [0.0, 0.0]])
    >>> u, s, vh = pnp.linalg.svd(a, full_matrices=False)
    >>> s, u.shape
    (Array([4., 3.], dtype=float32), (3, 2))
    """
    x = matrices_of("svd", a)
    if hermitian:
        return _svd_of_hermitian(x, compute_uv, subset_by_index)
    out = sv.svd(
        x,
        full_matrices=full_matrices,
        compute_uv=compute_uv,
        subset_by_index=subset_by_index,
    )
    return SVDResult(*out) if compute_uv else out


def _svd_of_hermitian(x: Any, compute_uv: bool, subset_by_index: Range) -> Any:
    """The eigenvalues without their signs, in descending order."""
    square_of("svd", x)
    vectors, values = eh.eigh(x, subset_by_index=subset_by_index)
    last = values.ndim - 1
    s = ew.abs(values)
    if not compute_uv:
        return pc.rev(so.sort([s])[0], (last,))
    places = sh.iota(dtypes.int32, s.shape, last)
    s, places, sign = (pc.rev(v, (last,)) for v in so.sort([s, places, ew.sign(values)]))
    u = so.take_along(vectors, mt.as_rows(places, vectors.shape), last + 1)
    signs = ew.convert_element_type(mt.as_rows(sign, u.shape), u.dtype)
    return SVDResult(u, s, mt.adjoint(ew.mul(u, signs)))


@compiled_at_once()
def svdvals(x: Any, /) -> Any:
    """The singular values of matrices, in descending order.

    >>> pnp.linalg.svdvals(pnp.array([[3.0, 0.0], [0.0, 4.0]]))
    Array([4., 3.], dtype=float32)
    """
    return svd(x, compute_uv=False)


@compiled_at_once("UPLO", "symmetrize_input")
def eigh(a: Any, UPLO: str | None = None, symmetrize_input: bool = True) -> EighResult:
    """Eigenvalues and eigenvectors of Hermitian matrices, from one of their triangles.

    Args:
      a: array [..., n, n] of Hermitian matrices.
      UPLO: "L" or "U", the triangle that is read; "L" if None.
      symmetrize_input: whether to take the Hermitian part first.

    Returns:
      Eigenvalues [..., n], real and ascending, and eigenvectors [..., n, n], as columns.

    >>> w, v = pnp.linalg.eigh(pnp.array([[2.0, 1.0], [1.0, 2.0]]))
    >>> w.round(5)
    Array([1., 3.], dtype=float32)
    """
    x = as_inexact("eigh", a)
    square_of("eigh", x)
    if UPLO not in (None, "L", "U"):
        raise ValueError(f"UPLO must be one of None, 'L', or 'U', got {UPLO}")
    vectors, values = eh.eigh(x, lower=UPLO != "U", symmetrize_input=symmetrize_input)
    return EighResult(values, vectors)


@compiled_at_once("UPLO", "symmetrize_input")
def eigvalsh(a: Any, UPLO: str | None = "L", *, symmetrize_input: bool = True) -> Any:
    """The eigenvalues of Hermitian matrices, in ascending order.

    >>> pnp.linalg.eigvalsh(pnp.array([[2.0, 1.0], [1.0, 2.0]])).round(5)
    Array([1., 3.], dtype=float32)
    """
    return eigh(a, UPLO, symmetrize_input).eigenvalues


@compiled_at_once()
def eig(a: Any) -> EigResult:
    """Eigenvalues and eigenvectors of square matrices. Results are complex.

    >>> w, v = pnp.linalg.eig(pnp.array([[0.0, 1.0], [-1.0, 0.0]]))
    >>> pnp.sort(w.imag)
    Array([-1.,  1.], dtype=float32)
    """
    x = as_inexact("eig", a)
    square_of("eig", x)
    return EigResult(*ei.eig(x, compute_left_eigenvectors=False))


@compiled_at_once()
def eigvals(a: Any) -> Any:
    """The eigenvalues of square matrices, as complex numbers.

    >>> pnp.sort(pnp.linalg.eigvals(pnp.array([[0.0, 1.0], [-1.0, 0.0]])).imag)
    Array([-1.,  1.], dtype=float32)
    """
    x = as_inexact("eigvals", a)
    square_of("eigvals", x)
    return ei.eig(x, compute_left_eigenvectors=False, compute_right_eigenvectors=False)[0]
