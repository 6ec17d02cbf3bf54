"""Determinants, their logarithms, and the matrices of cofactors, which are their derivatives."""

from typing import Any

import numpy as np

from ...core.aval import ShapedArray
from ...core.primitive import Primitive, Zero
from ..arithmetic import mul, sub
from ..complex import complex, imag, is_complex, part_dtype, real
from ..quiet import quiet
from ..rules import const, zero_like
from ..shape import broadcast_in_dim, reduce_sum
from .define import define_batch, define_type, square, value_of_stacks
from .lu import lu_p
from .matrices import diagonal, matmul, transposed
from .solve import lu_solve, solve

det_p = Primitive("det")
slogdet_p = Primitive("slogdet", multiple_results=True)
cofactor_p = Primitive("cofactor")
for primitive in (det_p, slogdet_p, cofactor_p):
    define_batch(primitive)


def det(x: Any) -> Any:
    """The determinants of matrices."""
    return det_p.bind(x)


def _number(x: ShapedArray) -> ShapedArray:
    square("det", x)
    return x.update(shape=())


define_type(det_p, (2,), _number)
value_of_stacks(det_p)(quiet(np.linalg.det))


@det_p.def_jvp
def _(primals: Any, tangents: Any) -> Any:
    (x,), (t,) = primals, tangents
    out = det_p.bind(x)
    if type(t) is Zero:
        return out, zero_like(out)
    axes = (len(x.shape) - 2, len(x.shape) - 1)
    return out, reduce_sum(mul(cofactor_p.bind(x), t), axes)


# slogdet -- the sign (or phase) of the determinant and the logarithm of its absolute value
def slogdet(x: Any) -> list[Any]:
    """Sign and logarithm of the absolute value of the determinants of matrices."""
    return slogdet_p.bind(x)


def _sign_and_log(x: ShapedArray) -> list[ShapedArray]:
    square("slogdet", x)
    return [x.update(shape=()), x.update(shape=(), dtype=part_dtype(x.dtype))]


define_type(slogdet_p, (2,), _sign_and_log)


@value_of_stacks(slogdet_p)
def _(x: np.ndarray) -> list[Any]:
    return list(np.linalg.slogdet(x))


@slogdet_p.def_jvp
def _(primals: Any, tangents: Any) -> Any:
    (x,), (t,) = primals, tangents
    out = slogdet_p.bind(x)
    sign, logarithm = out
    if type(t) is Zero:
        return out, [zero_like(sign), zero_like(logarithm)]
    d = diagonal(solve(x, t))
    change = reduce_sum(d, (len(d.shape) - 1,))
    if not is_complex(x):
        return out, [zero_like(sign), change]
    turn = imag(change)
    return out, [mul(complex(const(turn, 0), turn), sign), real(change)]


# cofactor -- det(x) x^-T, for singular matrices too: its limit
define_type(cofactor_p, (2,), lambda x: x)


@value_of_stacks(cofactor_p)
@quiet
def _(x: np.ndarray) -> np.ndarray:
    if x.ndim > 2:
        flat = x.reshape(-1, *x.shape[-2:])
        return np.array([_cofactors(m) for m in flat], x.dtype).reshape(x.shape)
    return _cofactors(x)


def _cofactors(x: np.ndarray) -> np.ndarray:
    """By the inverse where that is accurate, else by singular values, which are never divided."""
    try:
        inverse = np.linalg.inv(x)
    except np.linalg.LinAlgError:
        return _cofactors_by_svd(x)
    condition = np.linalg.norm(x, 1) * np.linalg.norm(inverse, 1)
    if not condition * np.sqrt(np.finfo(x.dtype).eps) < 1:
        return _cofactors_by_svd(x)
    return np.linalg.det(x) * inverse.T


def _cofactors_by_svd(x: np.ndarray) -> np.ndarray:
    if not np.isfinite(x).all():
        return np.full_like(x, np.nan)
    u, s, vh = np.linalg.svd(x)
    others = np.array([np.prod(np.delete(s, k)) for k in range(len(s))], s.dtype)
    phase = np.linalg.det(u) * np.linalg.det(vh)
    return phase * ((u * others) @ vh).conj()


# With c = det(x) x^-T: dc = tr(x^-1 dx) c - x^-T dx^T c.
@cofactor_p.def_jvp
def _(primals: Any, tangents: Any) -> Any:
    (x,), (t,) = primals, tangents
    out = cofactor_p.bind(x)
    if type(t) is Zero:
        return out, zero_like(out)
    factors, pivots, _ = lu_p.bind(x)
    d = diagonal(lu_solve(x, factors, pivots, t))
    lead = len(d.shape) - 1
    trace = broadcast_in_dim(reduce_sum(d, (lead,)), out.shape, tuple(range(lead)))
    turned = lu_solve(x, factors, pivots, matmul(transposed(t), out), True)
    return out, sub(mul(trace, out), turned)
