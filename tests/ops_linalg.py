"""Rows of the table: factorizations, linear equations, Fourier transforms."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.lax import linalg as jl
from op import COMPLEX, WIDE, Arg, Op

from pullback.primitives import fft as pf
from pullback.primitives.arithmetic import add, mul
from pullback.primitives.convert import convert_element_type
from pullback.primitives.linalg import (
    cholesky,
    determinant,
    eig,
    eigh,
    householder,
    lu,
    qr,
    schur,
    solve,
    svd,
    sylvester,
    symmetric,
    triangular,
    tridiagonal,
)
from pullback.primitives.linalg.matrices import adjoint, eye_like, matmul
from pullback.primitives.shape import iota

ALL = (*WIDE, *COMPLEX)
SQUARE = Arg((4, 4))
BATCH = Arg((2, 3, 3))
TALL, BROAD = Arg((5, 3)), Arg((3, 5))
EMPTY = Arg((0, 0))
Function = Callable[..., Any]


def positive(x: Any) -> Any:
    """A positive definite matrix of any."""
    return add(matmul(x, adjoint(x)), mul(eye_like(x), 2.0))


def positive_jax(x: Any) -> Any:
    return x @ x.mT.conj() + 2.0 * jnp.eye(x.shape[-1], dtype=x.dtype)


def factored(
    name: str, f: Function, g: Function, *shapes: Arg, tol: float = 200.0, **rest: Any
) -> Op:
    """A function of one matrix."""
    return Op(name, f, g, tuple((s,) for s in shapes), rest.pop("dtypes", ALL), tol, **rest)


def solved(left: bool, lower: bool, transposed: bool, conjugated: bool, unit: bool) -> Op:
    """A triangular system; the diagonal is made large."""
    flags = {
        "left_side": left, "lower": lower, "transpose_a": transposed, "conjugate_a": conjugated,
        "unit_diagonal": unit,
    }  # fmt: skip
    marks = "".join("xo"[flag] for flag in flags.values())

    def f(a: Any, b: Any) -> Any:
        return triangular.triangular_solve(add(a, mul(eye_like(a), 3.0)), b, **flags)

    def g(a: Any, b: Any) -> Any:
        return jl.triangular_solve(a + 3 * jnp.eye(a.shape[-1], dtype=a.dtype), b, **flags)

    rows = Arg((3, 2)) if left else Arg((2, 3))
    batch = Arg((2, 3, 4)) if left else Arg((2, 4, 3))
    args = ((Arg((3, 3), -1, 1), rows), (Arg((2, 3, 3), -1, 1), batch))
    return Op(f"triangular_solve {marks}", f, g, args, ALL, 100.0)


def fourier(name: str, lengths: tuple[int, ...], *shapes: Arg) -> Op:
    """A transform; JAX has it by its name."""
    kind = pf.FftType[name]
    dtypes = WIDE if name == "RFFT" else COMPLEX

    def f(x: Any) -> Any:
        return pf.fft(x, kind, lengths)

    def g(x: Any) -> Any:
        return lax.fft(x, name, lengths)

    return Op(f"fft {name} {lengths}", f, g, tuple((s,) for s in shapes), dtypes, 50.0)


def upper_update(r: Any, w: Any) -> Any:
    """The factor of r^T r + w w^T by its definition, with a diagonal of the sign of r's."""
    r = jnp.triu(r)
    return jnp.linalg.cholesky(r.T @ r + jnp.outer(w, w), upper=True)


def projections(x: Any) -> Any:
    """The eigenvalues, and the sum of projections on eigenvectors, each times its place."""
    v, w = eigh.eigh(x)
    places = convert_element_type(iota("int32", v.shape, len(v.shape) - 1), v.dtype)
    return [w, matmul(mul(v, places), adjoint(v))]


def projections_jax(x: Any) -> Any:
    v, w = jl.eigh(x)
    return [w, (v * jnp.arange(v.shape[-1], dtype=v.dtype)) @ v.mT.conj()]


def polar(x: Any) -> Any:
    """The nearest matrix with orthonormal columns or rows, and the singular values."""
    u, s, vh = svd.svd(x, full_matrices=False)
    return [matmul(u, vh), s]


def polar_jax(x: Any) -> Any:
    u, s, vh = jl.svd(x, full_matrices=False)
    return [u @ vh, s]


def kronecker_solve(a: Any, b: Any, c: Any) -> Any:
    """x with a x + x b = c, as one system of equations."""
    one, other = (jnp.eye(x.shape[0], dtype=x.dtype) for x in (a, b))
    system = jnp.kron(a, other) + jnp.kron(one, b.T)
    return jnp.linalg.solve(system, c.ravel()).reshape(c.shape)


def root_jax(x: Any) -> Any:
    """The complex square root of a Hermitian matrix."""
    v, w = jl.eigh(x)
    return lax.convert_element_type((v * jnp.sqrt(w)) @ v.mT.conj(), (v[:0, :0] + 0j).dtype)


EIG_VECTORS = {"compute_left_eigenvectors": True, "enable_eigvec_derivs": True}
REAL_EIG = {"compute_left_eigenvectors": False, "compute_right_eigenvectors": False}

LINALG = (
    factored(
        "cholesky",
        lambda x: cholesky.cholesky(positive(x)),
        lambda x: jl.cholesky(positive_jax(x)),
        SQUARE, BATCH, EMPTY,
    ),
    Op(
        "cholesky_update",
        lambda r, w: cholesky.cholesky_update(add(r, mul(eye_like(r), 4.0)), w),
        lambda r, w: upper_update(r + 4 * jnp.eye(4, dtype=r.dtype), w),
        ((Arg((4, 4), -1, 1), Arg((4,))),), WIDE, 100.0, derivative=False,
    ),
    Op(
        "symmetric_product",
        partial(symmetric.symmetric_product, alpha=2.0, beta=0.5),
        lambda a, c: 2 * a @ a.mT + 0.5 * c,
        ((TALL, Arg((5, 5))), (Arg((2, 3, 4)), Arg((2, 3, 3)))), ALL, 100.0,
    ),
    *[
        solved(left, lower, transposed, conjugated, unit)
        for left, lower, transposed, conjugated, unit in (
            (True, True, False, False, False),
            (True, False, True, True, False),
            (True, True, True, False, True),
            (False, False, False, False, False),
            (False, True, True, True, True),
            (False, False, False, True, True),
        )
    ],
    factored("lu", lu.lu, jl.lu, SQUARE, BATCH, TALL, BROAD, Arg((0, 3))),
    Op(
        "lu_pivots_to_permutation",
        partial(lu.lu_pivots_to_permutation, permutation_size=5),
        partial(jl.lu_pivots_to_permutation, permutation_size=5),
        ((np.array([3, 1, 4], np.int32),), (np.array([[2, 1, 2], [0, 3, 3]], np.int32),)),
        ("int32",), derivative=False,
    ),
    Op(
        "solve",
        solve.solve,
        lambda a, b: jnp.linalg.solve(a, b),
        ((SQUARE, Arg((4, 2))), (BATCH, Arg((2, 3, 1))), (EMPTY, Arg((0, 2)))), ALL, 1000.0,
    ),
    factored("det", determinant.det, jnp.linalg.det, Arg((1, 1)), BATCH, SQUARE, Arg((5, 5))),
    factored(
        "slogdet", determinant.slogdet, jnp.linalg.slogdet, Arg((1, 1)), BATCH, SQUARE, Arg((5, 5))
    ),
    factored(
        "cofactor",
        determinant.cofactor_p.bind,
        lambda x: jnp.linalg.det(x)[..., None, None] * jnp.linalg.inv(x).mT,
        SQUARE, BATCH,
    ),
    factored("qr reduced", lambda x: qr.qr(x, full_matrices=False),
             lambda x: jl.qr(x, full_matrices=False), SQUARE, BATCH, TALL, BROAD, tol=1000.0),
    factored("qr full", qr.qr, jl.qr, SQUARE, TALL, Arg((2, 4, 2)), Arg((3, 0)), tol=1000.0),
    factored("qr pivoting", lambda x: qr.qr(x, pivoting=True, full_matrices=False),
             lambda x: jl.qr(x, pivoting=True, full_matrices=False), SQUARE, TALL, tol=1000.0),
    factored("eigh", eigh.eigh, jl.eigh, SQUARE, BATCH, EMPTY, dtypes=("float64",), tol=1000.0),
    factored("eigh complex", eigh.eigh, jl.eigh, SQUARE, dtypes=("complex128",), tol=1000.0,
             smooth=False),
    factored("eigh upper", lambda x: eigh.eigh(positive(x), lower=False),
             lambda x: jl.eigh(positive_jax(x), lower=False), SQUARE, dtypes=("float64",),
             tol=1000.0),
    factored("eigh projections", projections, projections_jax, SQUARE, BATCH, tol=1000.0),
    factored("svd", svd.svd, jl.svd, SQUARE, BATCH, dtypes=("float64",), tol=1000.0),
    factored("svd complex", svd.svd, jl.svd, SQUARE, dtypes=("complex128",), tol=1000.0,
             smooth=False),
    factored("svd reduced", lambda x: svd.svd(x, full_matrices=False),
             lambda x: jl.svd(x, full_matrices=False), TALL, BROAD, Arg((2, 4, 2)),
             dtypes=("float64",), tol=1000.0),
    factored("svd polar", polar, polar_jax, SQUARE, BATCH, TALL, BROAD, tol=1000.0),
    factored("svd full", svd.svd, jl.svd, TALL, Arg((2, 0)), derivative=False, tol=1000.0),
    factored("svd values", lambda x: svd.svd(x, compute_uv=False),
             lambda x: jl.svd(x, compute_uv=False), SQUARE, TALL, BROAD, EMPTY, tol=1000.0),
    factored("eig values", lambda x: eig.eig(x, **REAL_EIG), lambda x: jl.eig(x, **REAL_EIG),
             SQUARE, BATCH, tol=2000.0),
    factored("eig", lambda x: eig.eig(x, **EIG_VECTORS), lambda x: jl.eig(x, **EIG_VECTORS),
             SQUARE, BATCH, tol=2000.0),
    factored("schur", schur.schur, jl.schur, SQUARE, BATCH, derivative=False, tol=2000.0),
    factored("hessenberg", schur.hessenberg, jl.hessenberg, SQUARE, BATCH, derivative=False),
    factored("tridiagonal", lambda x: schur.tridiagonal(positive(x)),
             lambda x: jl.tridiagonal(positive_jax(x)), SQUARE, BATCH, derivative=False),
    Op(
        "tridiagonal_solve",
        lambda dl, d, du, b: tridiagonal.tridiagonal_solve(dl, add(d, 5.0), du, b),
        lambda dl, d, du, b: jl.tridiagonal_solve(dl, d + 5, du, b),
        (
            (Arg((4,)), Arg((4,)), Arg((4,)), Arg((4, 2))),
            (Arg((2, 3)), Arg((2, 3)), Arg((2, 3)), Arg((2, 3, 1))),
        ),
        WIDE, 100.0,
    ),
    Op(
        "householder_product",
        householder.householder_product, jl.householder_product,
        ((TALL, Arg((3,), 0, 1)), (Arg((2, 4, 3)), Arg((2, 2), 0, 1))), ALL, 200.0,
        derivative=False,
    ),
    *[
        Op(
            f"ormqr {left} {transpose}",
            partial(householder.ormqr, left=left, transpose=transpose),
            partial(jl.ormqr, left=left, transpose=transpose),
            ((Arg((4, 3)), Arg((3,), 0, 1), Arg((4, 4))),), ALL, 200.0, derivative=False,
        )
        for left in (True, False) for transpose in (True, False)
    ],
    Op(
        "geqrf",
        householder.geqrf,
        lambda x: (lambda a, taus: (a.mT, taus))(*jnp.linalg.qr(x, mode="raw")),
        ((SQUARE,), (TALL,), (Arg((2, 2, 3)),)), ALL, 200.0, derivative=False,
    ),
    Op(
        "sylvester",
        lambda a, b, c: sylvester.sylvester(add(a, mul(eye_like(a), 4.0)), b, c),
        lambda a, b, c: kronecker_solve(a + 4 * jnp.eye(3, dtype=a.dtype), b, c),
        ((Arg((3, 3), -1, 1), Arg((2, 2), -1, 1), Arg((3, 2))),), ALL, 1000.0,
    ),
    factored("sqrtm", lambda x: sylvester.sqrtm(positive(x)),
             lambda x: root_jax(positive_jax(x)), SQUARE, EMPTY, tol=1000.0),
    fourier("FFT", (4,), Arg((4,)), Arg((3, 4))),
    fourier("FFT", (3, 5), Arg((2, 3, 5))),
    fourier("IFFT", (5,), Arg((2, 5))),
    fourier("IFFT", (2, 3, 4), Arg((2, 3, 4))),
    fourier("RFFT", (6,), Arg((2, 6))),
    fourier("RFFT", (5,), Arg((5,)), Arg((0, 5))),
    fourier("RFFT", (3, 4), Arg((3, 4))),
    fourier("IRFFT", (6,), Arg((2, 4))),
    fourier("IRFFT", (5,), Arg((3,))),
    fourier("IRFFT", (3, 4), Arg((3, 3))),
)  # fmt: skip
