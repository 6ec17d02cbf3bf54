"""LU factorization with row exchanges."""

from typing import Any

import numpy as np

from ... import dtypes
from ...core.aval import ShapedArray
from ...core.primitive import Primitive, Zero
from ..arithmetic import add, neg
from ..nary import add_any
from ..rules import fail, zero_like
from ..shape import broadcast_in_dim
from ..sort import take_along
from .define import define_batch, define_type, define_value
from .lapack import routine
from .matrices import block, eye_like, lower_part, matmul, padded, upper_part
from .triangular import triangular_solve

lu_p = Primitive("lu", multiple_results=True)
define_batch(lu_p)


def lu(x: Any) -> list[Any]:
    """Both factors in one matrix, the exchanged rows, and the permutation that they make."""
    return lu_p.bind(x)


def _results(x: ShapedArray) -> list[ShapedArray]:
    m, n = x.shape
    return [x, ShapedArray((min(m, n),), dtypes.int32), ShapedArray((m,), dtypes.int32)]


define_type(lu_p, (2,), _results)


def _value(x: np.ndarray) -> list[np.ndarray]:
    m = x.shape[0]
    if not x.size:
        return [x, np.zeros(0, np.int32), np.arange(m, dtype=np.int32)]
    factors, pivots, _ = routine("getrf", x)(x)
    return [factors, pivots, order_of(pivots, m)]


def order_of(pivots: np.ndarray, size: int) -> np.ndarray:
    """The permutation that exchanges row k with row pivots[k], one k after another."""
    order = list(range(size))
    for k, p in enumerate(pivots.tolist()):
        order[k], order[p] = order[p], order[k]
    return np.array(order, np.int32)


define_value(lu_p, (2,), _value)


# With P a = l u, y = l^-1 P da and s the part of y u^-1 below the diagonal: dl = l s, du = y - s u.
@lu_p.def_jvp
def _(primals: Any, tangents: Any) -> Any:
    (t,) = tangents
    out = lu_p.bind(*primals)
    factors, pivots, order = out
    zeros = [zero_like(factors), zero_like(pivots), zero_like(order)]
    if type(t) is Zero:
        return out, zeros
    *lead, m, n = factors.shape
    k = min(m, n)
    rows = broadcast_in_dim(order, t.shape, tuple(range(len(lead) + 1)))
    left = padded(lower_part(block(factors, (0, m), (0, k)), -1), m, m)
    left = add(left, eye_like(left))
    y = triangular_solve(
        left, take_along(t, rows, len(lead)), left_side=True, lower=True, unit_diagonal=True
    )
    upper = upper_part(block(factors, (0, k), (0, n)))
    s = lower_part(triangular_solve(block(upper, (0, k), (0, k)), block(y, (0, m), (0, k))), -1)
    d_upper = upper_part(block(add_any(y, neg(matmul(s, upper))), (0, k), (0, n)))
    d_lower = lower_part(matmul(left, s), -1)
    return out, [add_any(padded(d_lower, m, n), padded(d_upper, m, n)), *zeros[1:]]


# lu_pivots_to_permutation -- the permutation that row exchanges make
lu_pivots_to_permutation_p = Primitive("lu_pivots_to_permutation", differentiable=False)
define_batch(lu_pivots_to_permutation_p)


def lu_pivots_to_permutation(pivots: Any, permutation_size: int) -> Any:
    """The permutation of rows that exchanging row k with row pivots[k] in turn makes."""
    return lu_pivots_to_permutation_p.bind(pivots, permutation_size=permutation_size)


def _order_type(pivots: ShapedArray, *, permutation_size: int) -> ShapedArray:
    if permutation_size < pivots.shape[0]:
        message = f"permutation_size={permutation_size} must be at least the number of pivots"
        fail("lu_pivots_to_permutation", message, pivots)
    return ShapedArray((permutation_size,), dtypes.int32)


define_type(lu_pivots_to_permutation_p, (1,), _order_type, integers=(0,))
define_value(
    lu_pivots_to_permutation_p, (1,), lambda p, *, permutation_size: order_of(p, permutation_size)
)
