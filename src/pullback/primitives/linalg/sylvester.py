"""Equations whose unknown is a matrix: a x + x b = c, and x x = a."""

from typing import Any

import numpy as np

from ...core.aval import ShapedArray
from ...core.primitive import Linear, Primitive, Zero
from ...lazy import LazyModule
from ..arithmetic import neg
from ..complex import whole_dtype
from ..convert import convert_element_type
from ..nary import add_any
from ..rules import fail, zero_like
from .define import define_batch, define_type, define_value, square
from .matrices import matmul, transposed

scipy_linalg: Any = LazyModule("scipy.linalg")

sylvester_p = Primitive("sylvester")
sqrtm_p = Primitive("sqrtm")
define_batch(sylvester_p)
define_batch(sqrtm_p)


def sylvester(a: Any, b: Any, c: Any) -> Any:
    """x with a x + x b = c; NaN where the equation has not one solution."""
    return sylvester_p.bind(a, b, c)


def _result(a: ShapedArray, b: ShapedArray, c: ShapedArray) -> ShapedArray:
    if (square("sylvester", a), square("sylvester", b)) != c.shape:
        fail("sylvester", "a right side with the sizes of both matrices is wanted", a, b, c)
    return c


define_type(sylvester_p, (2, 2, 2), _result)


def _solve(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    if not c.size:
        return c
    try:
        return scipy_linalg.solve_sylvester(a, b, c).astype(c.dtype)
    except (np.linalg.LinAlgError, ValueError):
        return np.full_like(c, np.nan)


define_value(sylvester_p, (2, 2, 2), _solve)


@sylvester_p.def_jvp
def _(primals: Any, tangents: Any) -> Any:
    a, b, c = primals
    ta, tb, tc = tangents
    x = sylvester(a, b, c)
    terms = [] if type(tc) is Zero else [tc]
    if type(ta) is not Zero:
        terms.append(neg(matmul(ta, x)))
    if type(tb) is not Zero:
        terms.append(neg(matmul(x, tb)))
    if not terms:
        return x, zero_like(x)
    right = terms[0]
    for term in terms[1:]:
        right = add_any(right, term)
    return x, sylvester(a, b, right)


@sylvester_p.def_transpose
def _(ct: Any, a: Any, b: Any, c: Any) -> list[Any]:
    assert type(c) is Linear
    return [None, None, sylvester(transposed(a), transposed(b), ct)]


# sqrtm -- the principal square root, complex
def sqrtm(x: Any) -> Any:
    """The principal square roots of matrices, as complex numbers."""
    return sqrtm_p.bind(x)


def _root_type(x: ShapedArray) -> ShapedArray:
    square("sqrtm", x)
    return x.update(dtype=whole_dtype(x.dtype))


define_type(sqrtm_p, (2,), _root_type)


def _root(x: np.ndarray) -> np.ndarray:
    dtype = whole_dtype(x.dtype)
    if not x.size:
        return x.astype(dtype)
    if not np.isfinite(x).all():
        return np.full_like(x, np.nan, dtype)
    return scipy_linalg.sqrtm(x).astype(dtype)


define_value(sqrtm_p, (2,), _root)


@sqrtm_p.def_jvp
def _(primals: Any, tangents: Any) -> Any:
    (t,) = tangents
    root = sqrtm_p.bind(*primals)
    if type(t) is Zero:
        return root, zero_like(root)
    return root, sylvester(root, root, convert_element_type(t, root.dtype))
