"""Cholesky factorization a = l l^H with lower triangular l, and its change by a rank-one term."""

from typing import Any

import numpy as np

from ...core.aval import ShapedArray
from ...core.primitive import Primitive, Zero
from ..arithmetic import mul
from ..rules import fail, zero_like
from .define import (
    define_batch,
    define_no_derivative,
    define_type,
    define_value,
    nan_where_failing,
    square,
    value_of_stacks,
)
from .matrices import diagonal, lower_part, matmul, symmetrized, with_diagonal
from .triangular import triangular_solve

cholesky_p = Primitive("cholesky")
define_batch(cholesky_p)


def cholesky(x: Any, *, symmetrize_input: bool = True) -> Any:
    """The lower triangular factors of positive definite matrices; NaN for others."""
    return cholesky_p.bind(symmetrized(x) if symmetrize_input else x)


def _one_type(x: ShapedArray) -> ShapedArray:
    square("cholesky", x)
    return x


define_type(cholesky_p, (2,), _one_type)


@value_of_stacks(cholesky_p)
def _(x: np.ndarray) -> Any:
    (out,) = nan_where_failing(lambda a: (np.linalg.cholesky(a),), x)
    return np.tril(out) if np.isnan(out).any() else out


# With t = l^-1 da l^-H, dl = l phi(t): phi keeps what is below the diagonal and half of it.
@cholesky_p.def_jvp
def _(primals: Any, tangents: Any) -> Any:
    (t,) = tangents
    out = cholesky_p.bind(*primals)
    if type(t) is Zero:
        return out, zero_like(out)
    inner = triangular_solve(
        out, t, left_side=False, lower=True, transpose_a=True, conjugate_a=True
    )
    inner = lower_part(triangular_solve(out, inner, left_side=True, lower=True))
    return out, matmul(out, with_diagonal(inner, mul(diagonal(inner), 0.5)))


# cholesky_update -- the upper triangular s with s^T s = r^T r + w w^T
cholesky_update_p = Primitive("cholesky_update")
define_batch(cholesky_update_p)
define_no_derivative(cholesky_update_p)


def cholesky_update(r_matrix: Any, w_vector: Any) -> Any:
    """The factor of r^T r + w w^T from the upper triangular factor r."""
    return cholesky_update_p.bind(r_matrix, w_vector)


def _update_type(r: ShapedArray, w: ShapedArray) -> ShapedArray:
    if square("cholesky_update", r) != w.shape[0]:
        fail("cholesky_update", "a square matrix and a vector of its size are wanted", r, w)
    return r


define_type(cholesky_update_p, (2, 1), _update_type)


def _update(r: np.ndarray, w: np.ndarray) -> np.ndarray:
    """One plane rotation a row takes w into r."""
    r, w = np.triu(r), w.copy()
    for k in range(len(w)):
        length = np.hypot(r[k, k], w[k])
        if length == 0:
            continue
        c, s = r[k, k] / length, w[k] / length
        row = r[k].copy()
        r[k] = c * row + s * w
        w = c * w - s * row
    return r


define_value(cholesky_update_p, (2, 1), _update)
