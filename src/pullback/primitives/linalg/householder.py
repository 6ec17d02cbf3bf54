"""Products of reflections as LAPACK stores them: geqrf, householder_product, ormqr."""

from typing import Any

import numpy as np

from ...core.aval import ShapedArray
from ...core.primitive import Primitive
from ..rules import fail
from .define import define_batch, define_no_derivative, define_type, define_value
from .lapack import routine

geqrf_p = Primitive("geqrf", multiple_results=True)
householder_product_p = Primitive("householder_product")
ormqr_p = Primitive("ormqr")
for primitive in (geqrf_p, householder_product_p, ormqr_p):
    define_batch(primitive)
    define_no_derivative(primitive)


# geqrf -- r above the diagonal, the reflections below it, and their factors
def geqrf(a: Any) -> list[Any]:
    """The QR factorization as LAPACK stores it."""
    return geqrf_p.bind(a)


define_type(geqrf_p, (2,), lambda a: [a, a.update(shape=(min(a.shape),))])


def _geqrf(a: np.ndarray) -> list[np.ndarray]:
    if not a.size:
        return [a, np.zeros(min(a.shape), a.dtype)]
    factored, taus, _, _ = routine("geqrf", a)(a, lwork=_workspace(a))
    return [factored, taus]


def _workspace(a: np.ndarray) -> int:
    """Enough for blocks of 64."""
    return 64 * max(1, *a.shape)


define_value(geqrf_p, (2,), _geqrf)


# householder_product -- the first columns of the product of reflections
def householder_product(a: Any, taus: Any) -> Any:
    """The matrix with orthonormal columns that reflections below the diagonal of `a` make."""
    return householder_product_p.bind(a, taus)


def _product_type(a: ShapedArray, taus: ShapedArray) -> ShapedArray:
    m, n = a.shape
    if m < n or taus.shape[0] > n:
        message = "at least as many rows as columns, and columns as factors, are wanted"
        fail("householder_product", message, a, taus)
    return a


define_type(householder_product_p, (2, 1), _product_type)


def _product(a: np.ndarray, taus: np.ndarray) -> np.ndarray:
    return routine("orgqr", a)(a, taus, lwork=_workspace(a))[0] if a.size else a


define_value(householder_product_p, (2, 1), _product)


# ormqr -- the product of reflections times a matrix
def ormqr(a: Any, taus: Any, c: Any, *, left: bool = True, transpose: bool = False) -> Any:
    """q c or c q, or with q^H, for the product q of reflections, which is not formed."""
    return ormqr_p.bind(a, taus, c, left=left, transpose=transpose)


def _ormqr_type(
    a: ShapedArray, taus: ShapedArray, c: ShapedArray, *, left: bool, transpose: bool
) -> ShapedArray:
    if a.shape[0] != c.shape[0 if left else 1]:
        fail("ormqr", "the sizes of the reflections and of the matrix differ", a, taus, c)
    return c


define_type(ormqr_p, (2, 1, 2), _ormqr_type)


def _ormqr(
    a: np.ndarray, taus: np.ndarray, c: np.ndarray, *, left: bool, transpose: bool
) -> np.ndarray:
    if not (c.size and a.size):
        return c
    trans = "N" if not transpose else "T" if a.dtype.kind == "f" else "C"
    a = a[:, : len(taus)]
    return routine("ormqr", a)("L" if left else "R", trans, a, taus, c, _workspace(c))[0]


define_value(ormqr_p, (2, 1, 2), _ormqr)
