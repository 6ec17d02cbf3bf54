"""Eigenvalues and eigenvectors of any square matrices. Results are complex."""

from typing import Any

import numpy as np

from ... import dtypes
from ...core.aval import ShapedArray
from ...core.primitive import Primitive, Zero
from ...lazy import LazyModule
from ..arithmetic import div, mul, neg, sub
from ..compare import eq
from ..complex import complex, conj, imag, real, whole_dtype
from ..convert import convert_element_type
from ..magnitude import abs
from ..nary import add_any
from ..reduce import argmax
from ..rules import zero_like
from ..shape import iota, reduce_sum
from .define import (
    define_batch,
    define_type,
    nan_where_failing,
    over_matrices,
    square,
    value_of_stacks,
)
from .gaps import largest, outer, reciprocal
from .matrices import adjoint, as_rows, diagonal, matmul
from .solve import solve

scipy_linalg: Any = LazyModule("scipy.linalg")

eig_p = Primitive("eig", multiple_results=True)
define_batch(eig_p)


def eig(
    x: Any,
    *,
    compute_left_eigenvectors: bool = True,
    compute_right_eigenvectors: bool = True,
    enable_eigvec_derivs: bool = False,
    implementation: Any = None,
) -> list[Any]:
    """Eigenvalues, then left and right eigenvectors as columns, as asked for."""
    return eig_p.bind(
        x,
        compute_left_eigenvectors=compute_left_eigenvectors,
        compute_right_eigenvectors=compute_right_eigenvectors,
        enable_eigvec_derivs=enable_eigvec_derivs,
        implementation=implementation,
    )


def _results(
    x: ShapedArray,
    *,
    compute_left_eigenvectors: bool,
    compute_right_eigenvectors: bool,
    **_params: Any,
) -> list[ShapedArray]:
    n = square("eig", x)
    whole = x.update(dtype=whole_dtype(x.dtype))
    vectors = compute_left_eigenvectors + compute_right_eigenvectors
    return [whole.update(shape=(n,)), *[whole] * vectors]


define_type(eig_p, (2,), _results)


@value_of_stacks(eig_p)
def _(
    x: np.ndarray,
    *,
    compute_left_eigenvectors: bool,
    compute_right_eigenvectors: bool,
    **params: Any,
) -> list[np.ndarray]:
    if compute_left_eigenvectors:
        return _with_left(
            x,
            compute_left_eigenvectors=True,
            compute_right_eigenvectors=compute_right_eigenvectors,
            **params,
        )
    if compute_right_eigenvectors:
        outs = nan_where_failing(np.linalg.eig, x)
    else:
        outs = nan_where_failing(lambda a: (np.linalg.eigvals(a),), x)
    return [np.asarray(o, whole_dtype(x.dtype)) for o in outs]


def _left(x: np.ndarray, *, compute_right_eigenvectors: bool, **_params: Any) -> list[np.ndarray]:
    if not np.isfinite(x).all():
        return [np.full_like(x[0], np.nan), *[np.full_like(x, np.nan)] * 2]
    outs = scipy_linalg.eig(x, left=True, right=True, check_finite=False)
    return list(outs) if compute_right_eigenvectors else list(outs[:2])


_with_left = over_matrices(eig_p, (2,), _left)


@eig_p.def_jvp
def _(
    primals: Any,
    tangents: Any,
    *,
    compute_left_eigenvectors: bool,
    compute_right_eigenvectors: bool,
    enable_eigvec_derivs: bool,
    implementation: Any,
) -> Any:
    (x,), (t,) = primals, tangents
    left, right = compute_left_eigenvectors, compute_right_eigenvectors
    if (left or right) and not enable_eigvec_derivs:
        raise NotImplementedError(
            "eig: derivatives of eigenvectors hold only for different eigenvalues, and for their"
            " norm and phase as LAPACK fixes them; pass enable_eigvec_derivs=True to"
            " lax.linalg.eig to have them, or take eigvals"
        )
    out = eig(
        x, compute_left_eigenvectors=left, enable_eigvec_derivs=True, implementation=implementation
    )
    w, v = out[0], out[-1]
    kept = out if right else out[:-1]
    if type(t) is Zero or not x.shape[-1]:
        return kept, [zero_like(o) for o in kept]
    t = convert_element_type(t, v.dtype)
    moved = [diagonal(matmul(solve(v, t), v))]
    if left:
        moved.append(_vectors(conj(w), out[1], adjoint(t)))
    if right:
        moved.append(_vectors(w, v, t))
    return kept, moved


def _vectors(w: Any, v: Any, t: Any) -> Any:
    """dv = v (f * v^-1 dx v), f[i, j] = 1 / (w[j] - w[i]), and what keeps norm and phase.

    The greatest component of each vector is real and stays so.
    """
    gaps = reciprocal(outer(w, sub), largest(w), v.shape[-1])
    u = matmul(v, mul(gaps, matmul(solve(v, t), v)))
    rows = len(v.shape) - 2
    greatest = as_rows(argmax(abs(v), rows, dtypes.int32), v.shape)
    mask = convert_element_type(eq(iota(np.int32, v.shape, rows), greatest), v.dtype)
    along = reduce_sum(real(mul(conj(v), u)), (rows,))
    turned = reduce_sum(imag(mul(mask, u)), (rows,))
    upright = reduce_sum(real(mul(mask, v)), (rows,))
    change = complex(neg(along), neg(div(turned, upright)))
    return add_any(u, mul(v, as_rows(change, v.shape)))
