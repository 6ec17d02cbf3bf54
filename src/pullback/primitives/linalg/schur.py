"""Forms under unitary similarity: schur, hessenberg, tridiagonal."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ...core.aval import ShapedArray
from ...core.primitive import Primitive
from ..complex import part_dtype
from ..rules import fail
from .define import define_batch, define_no_derivative, define_type, define_value, square
from .lapack import routine

schur_p = Primitive("schur", multiple_results=True)
hessenberg_p = Primitive("hessenberg", multiple_results=True)
tridiagonal_p = Primitive("tridiagonal", multiple_results=True)
for primitive in (schur_p, hessenberg_p, tridiagonal_p):
    define_batch(primitive)
    define_no_derivative(primitive)


# schur -- t and unitary z with x = z t z^H; t is triangular, for real x up to blocks of two rows
def schur(
    x: Any,
    *,
    compute_schur_vectors: bool = True,
    sort_eig_vals: bool = False,
    select_callable: Callable[..., Any] | None = None,
) -> list[Any]:
    """The Schur form, and the vectors that make it."""
    if sort_eig_vals:
        raise NotImplementedError("schur: sort_eig_vals is not supported")
    return schur_p.bind(
        x,
        compute_schur_vectors=compute_schur_vectors,
        sort_eig_vals=sort_eig_vals,
        select_callable=select_callable,
    )


def _schur_type(x: ShapedArray, *, compute_schur_vectors: bool, **_params: Any) -> Any:
    square("schur", x)
    return [x, x] if compute_schur_vectors else [x]


define_type(schur_p, (2,), _schur_type)


def _schur(x: np.ndarray, *, compute_schur_vectors: bool, **_params: Any) -> list[np.ndarray]:
    if not x.size:
        return [x, x][: 1 + compute_schur_vectors]
    if not np.isfinite(x).all():
        return [np.full_like(x, np.nan)] * (1 + compute_schur_vectors)
    workspace = 32 * len(x)
    form, *_, vectors, _, info = routine("gees", x)(
        lambda *_: False, x, compute_v=compute_schur_vectors, lwork=workspace
    )
    outs = [form, vectors][: 1 + compute_schur_vectors]
    return [np.full_like(x, np.nan) for _ in outs] if info else outs


define_value(schur_p, (2,), _schur)


# hessenberg -- zeros below the first subdiagonal; the reflections are stored there
def hessenberg(a: Any) -> list[Any]:
    """The Hessenberg form with its reflections below it, and their factors."""
    return hessenberg_p.bind(a)


def _hessenberg_type(a: ShapedArray) -> list[ShapedArray]:
    n = square("hessenberg", a)
    if not n:
        fail("hessenberg", "matrices that are not empty are wanted", a)
    return [a, a.update(shape=(n - 1,))]


define_type(hessenberg_p, (2,), _hessenberg_type)
define_value(hessenberg_p, (2,), lambda a: routine("gehrd", a)(a, lwork=64 * len(a))[:2])


# tridiagonal -- of a Hermitian matrix; the reflections stand where zeros are
def tridiagonal(a: Any, *, lower: bool = True) -> list[Any]:
    """The form with its reflections, its diagonal, its other diagonal, and their factors."""
    return tridiagonal_p.bind(a, lower=lower)


def _tridiagonal_type(a: ShapedArray, *, lower: bool) -> list[ShapedArray]:
    n = square("tridiagonal", a)
    if not n:
        fail("tridiagonal", "matrices that are not empty are wanted", a)
    real = part_dtype(a.dtype)
    return [
        a,
        a.update(shape=(n,), dtype=real),
        a.update(shape=(n - 1,), dtype=real),
        a.update(shape=(n - 1,)),
    ]


define_type(tridiagonal_p, (2,), _tridiagonal_type)


def _tridiagonal(a: np.ndarray, *, lower: bool) -> Any:
    return routine("sytrd", a)(a, lower=lower, lwork=64 * len(a))[:4]


define_value(tridiagonal_p, (2,), _tridiagonal)
