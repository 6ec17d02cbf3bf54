"""Factorizations: Cholesky, LU, QR, singular values, eigenvalues, Schur and Hessenberg forms."""

from typing import Any

from ...numpy.contractions import matmul
from ...numpy.elementwise import as_inexact
from ...numpy.linalg.factors import matrices_of, square_of
from ...numpy.shapes import expand_dims, ravel
from ...numpy.values import convert, describe, promote_arrays_inexact
from ...numpy.worth import compiled_at_once
from ...primitives import pieces as pc
from ...primitives import shape as sh
from ...primitives.complex import part_dtype, whole_dtype
from ...primitives.linalg import cholesky as ch
from ...primitives.linalg import eigh as eh
from ...primitives.linalg import householder as hh
from ...primitives.linalg import lu as lup
from ...primitives.linalg import matrices as mt
from ...primitives.linalg import qr as qp
from ...primitives.linalg import schur as sc
from ...primitives.linalg import svd as sv
from ...primitives.rules import const


@compiled_at_once("lower", "overwrite_a", "check_finite")
def cholesky(
    a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True
) -> Any:
    """The upper (or lower) triangular factor of positive definite matrices, from that triangle.

    >>> pb.scipy.linalg.cholesky(pnp.array([[4.0, 2.0], [2.0, 5.0]]))
    Array([[2., 1.],
           [0., 2.]], dtype=float32)
    """
    x = as_inexact("cholesky", a)
    square_of("cholesky", x)
    if lower:
        return ch.cholesky(x, symmetrize_input=False)
    return mt.adjoint(ch.cholesky(mt.adjoint(x), symmetrize_input=False))


def cho_factor(
    a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True
) -> tuple[Any, bool]:
    """The factor for `cho_solve`, and which triangle it is.

    >>> a = pnp.array([[4.0, 2.0], [2.0, 5.0]])
    >>> pb.scipy.linalg.cho_solve(pb.scipy.linalg.cho_factor(a), pnp.array([6.0, 7.0])).round(4)
    Array([1., 1.], dtype=float32)
    """
    return cholesky(a, lower), lower


@compiled_at_once("overwrite_a", "check_finite")
def lu_factor(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> tuple[Any, Any]:
    """Both factors in one matrix, and the rows exchanged, for `lu_solve`.

    >>> a = pnp.array([[1.0, 2.0], [4.0, 4.0]])
    >>> pb.scipy.linalg.lu_solve(pb.scipy.linalg.lu_factor(a), pnp.array([3.0, 8.0]))
    Array([1., 1.], dtype=float32)
    """
    factors, pivots, _ = lup.lu(matrices_of("lu_factor", a))
    return factors, pivots


@compiled_at_once("permute_l", "overwrite_a", "check_finite")
def lu(
    a: Any, permute_l: bool = False, overwrite_a: bool = False, check_finite: bool = True
) -> tuple[Any, ...]:
    """p, l and u with a = p l u; p l and u with `permute_l`.

    >>> p, l, u = pb.scipy.linalg.lu(pnp.array([[1.0, 2.0], [4.0, 4.0]]))
    >>> u
    Array([[4., 4.],
           [0., 1.]], dtype=float32)
    """
    x = matrices_of("lu", a)
    *lead, m, n = x.shape
    k = min(m, n)
    factors, _, order = lup.lu(x)
    rows = sh.iota(order.dtype, (*lead, m, m), len(lead))
    real = part_dtype(x.dtype)
    p = convert(rows == mt.as_rows(order, rows.shape), real)
    lower = mt.lower_part(mt.block(factors, (0, m), (0, k)), -1)
    lower = lower + mt.eye_like(lower)
    upper = mt.upper_part(mt.block(factors, (0, k), (0, n)))
    return (matmul(p, lower), upper) if permute_l else (p, lower, upper)


@compiled_at_once("overwrite_a", "lwork", "mode", "pivoting", "check_finite")
def qr(
    a: Any,
    overwrite_a: bool = False,
    lwork: Any = None,
    mode: str = "full",
    pivoting: bool = False,
    check_finite: bool = True,
) -> tuple[Any, ...]:
    """q and r, only r in the mode "r"; with `pivoting` also the order of columns.

    >>> q, r = pb.scipy.linalg.qr(pnp.array([[3.0, 1.0], [4.0, 2.0]]))
    >>> pnp.abs(r).round(3)
    Array([[5. , 2.2],
           [0. , 0.4]], dtype=float32)
    """
    if mode not in ("full", "r", "economic"):
        raise ValueError(f"Unsupported QR decomposition mode '{mode}'")
    out = qp.qr(matrices_of("qr", a), pivoting=pivoting, full_matrices=mode != "economic")
    return tuple(out[1:] if mode == "r" else out)


def qr_multiply(
    a: Any,
    c: Any,
    mode: str = "right",
    pivoting: bool = False,
    conjugate: bool = False,
    overwrite_a: bool = False,
    overwrite_c: bool = False,
) -> tuple[Any, ...]:
    """c q (or q c on the left) for the factor q of a, which has orthonormal columns, and r.

    >>> a = pnp.array([[0.0, 1.0], [1.0, 0.0]])
    >>> cq, r = pb.scipy.linalg.qr_multiply(a, pnp.eye(2))
    >>> pnp.allclose(cq @ r, a)
    Array(True, dtype=bool)
    """
    x, y = promote_arrays_inexact("qr_multiply", a, c)
    if mode not in ("right", "left"):
        raise ValueError(f"mode must be 'right' or 'left', got {mode!r}")
    vector = y.ndim == 1
    if vector:
        y = expand_dims(y, -1 if mode == "left" else 0)
    q, *rest = qp.qr(x, pivoting=pivoting, full_matrices=False)
    if (y.shape[-2] if mode == "left" else y.shape[-1]) != q.shape[-1 if mode == "left" else -2]:
        raise ValueError(
            f"qr_multiply: the sizes of q and c differ, got {describe(x)} and {describe(y)}"
        )
    q = mt.conjugate(q) if conjugate else q
    out = matmul(q, y) if mode == "left" else matmul(y, q)
    return (ravel(out) if vector else out, *rest)


def svd(
    a: Any,
    full_matrices: bool = True,
    compute_uv: bool = True,
    overwrite_a: bool = False,
    check_finite: bool = True,
    lapack_driver: str = "gesdd",
) -> Any:
    """Singular vectors and values (u, s, vh); s alone without `compute_uv`.

    >>> u, s, vh = pb.scipy.linalg.svd(pnp.array([[3.0, 0.0], [0.0, 4.0]]))
    >>> s
    Array([4., 3.], dtype=float32)
    """
    return sv.svd(matrices_of("svd", a), full_matrices=full_matrices, compute_uv=compute_uv)


@compiled_at_once(
    "lower",
    "eigvals_only",
    "overwrite_a",
    "overwrite_b",
    "turbo",
    "eigvals",
    "type",
    "check_finite",
)
def eigh(
    a: Any,
    b: Any = None,
    lower: bool = True,
    eigvals_only: bool = False,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    turbo: bool = True,
    eigvals: None = None,
    type: int = 1,
    check_finite: bool = True,
) -> Any:
    """Eigenvalues of Hermitian matrices in ascending order, and eigenvectors as columns.

    >>> pb.scipy.linalg.eigh(pnp.array([[2.0, 1.0], [1.0, 2.0]]), eigvals_only=True).round(4)
    Array([1., 3.], dtype=float32)
    """
    for name, given, known in (("b", b, None), ("type", type, 1), ("eigvals", eigvals, None)):
        if given is not known:
            raise NotImplementedError(f"Only the {name}={known} case of eigh is implemented.")
    x = as_inexact("eigh", a)
    square_of("eigh", x)
    vectors, values = eh.eigh(x, lower=lower)
    return values if eigvals_only else (values, vectors)


def schur(a: Any, output: str = "real") -> tuple[Any, Any]:
    """t and unitary z with a = z t z^H; t is triangular, up to blocks of two rows where real.

    >>> t, z = pb.scipy.linalg.schur(pnp.array([[2.0, 1.0], [1.0, 2.0]]))
    >>> pnp.diag(t).round(4)
    Array([3., 1.], dtype=float32)
    """
    if output not in ("real", "complex"):
        raise ValueError(
            f"Expected 'output' to be either 'real' or 'complex', got output={output!r}."
        )
    x = as_inexact("schur", a)
    square_of("schur", x)
    form, vectors = sc.schur(convert(x, whole_dtype(x.dtype)) if output == "complex" else x)
    return form, vectors


@compiled_at_once("calc_q", "overwrite_a", "check_finite")
def hessenberg(
    a: Any, *, calc_q: bool = False, overwrite_a: bool = False, check_finite: bool = True
) -> Any:
    """h with zeros below the first subdiagonal; with `calc_q` also unitary q: a = q h q^H.

    >>> pb.scipy.linalg.hessenberg(pnp.array([[1.0, 2.0], [3.0, 4.0]]))
    Array([[1., 2.],
           [3., 4.]], dtype=float32)
    """
    x = as_inexact("hessenberg", a)
    n = square_of("hessenberg", x)
    if not n:
        return (x, x) if calc_q else x
    form, taus = sc.hessenberg(x)
    h = mt.upper_part(form, -1)
    if not calc_q:
        return h
    inner = hh.householder_product(mt.block(form, (1, n), (0, n - 1)), taus)
    inner = pc.pad(inner, const(inner, 0), [(0, 0, 0)] * (x.ndim - 2) + [(1, 0, 0)] * 2)
    rows = sh.iota("int32", x.shape, x.ndim - 2)
    return h, inner + convert((rows == 0) & mt.on_diagonal(x.shape), x.dtype)


@compiled_at_once("side", "method", "eps", "max_iterations")
def polar(
    a: Any,
    side: str = "right",
    *,
    method: str = "qdwh",
    eps: float | None = None,
    max_iterations: int | None = None,
) -> tuple[Any, Any]:
    """Unitary u and positive semidefinite p: a = u p on the right side, a = p u on the left.

    >>> u, p = pb.scipy.linalg.polar(pnp.array([[0.0, -2.0], [2.0, 0.0]]))
    >>> p.round(4)
    Array([[2., 0.],
           [0., 2.]], dtype=float32)
    """
    x = matrices_of("polar", a)
    if side not in ("right", "left"):
        raise ValueError("The argument `side` must be either 'right' or 'left'.")
    if method not in ("qdwh", "svd"):
        raise ValueError(f"Unknown polar decomposition method {method}.")
    u, s, vh = sv.svd(x, full_matrices=False)
    basis = mt.adjoint(vh) if side == "right" else u
    p = matmul(basis * expand_dims(convert(s, u.dtype), -2), mt.adjoint(basis))
    return matmul(u, vh), p
