"""Linear equations: solve, inverses of several kinds, least squares."""

import operator
from math import prod
from typing import Any

from ... import dtypes
from ...control.custom_jvp import custom_jvp
from ...core.aval import type_name
from ...primitives import shape as sh
from ...primitives.linalg import lu as lup
from ...primitives.linalg import matrices as mt
from ...primitives.linalg import solve as sp
from ...transforms.stop import stop_gradient
from .. import reductions, shapes
from ..contractions import matmul
from ..creation import asarray, filled
from ..diagonals import eye
from ..elementwise import as_inexact
from ..searching import where
from ..values import as_array, convert, describe, expand, promote_arrays_inexact
from ..worth import compiled_at_once
from .factors import matrices_of, square_of, svd
from .norms import norm


@compiled_at_once()
def solve(a: Any, b: Any) -> Any:
    """The solution x of a x = b. A one-dimensional b is a vector, any other holds columns.

    >>> import pullback.numpy as pnp
    >>> pnp.linalg.solve(pnp.array([[2.0, 0.0], [0.0, 4.0]]), pnp.array([2.0, 4.0]))
    Array([1., 1.], dtype=float32)
    """
    x, y = promote_arrays_inexact("solve", a, b)
    n = square_of("solve", x)
    if y.ndim == 0 or y.shape[0 if y.ndim == 1 else -2] != n:
        raise ValueError(
            f"solve: the right side must have {n} rows, got {type_name(x.aval)} and"
            f" {type_name(y.aval)}: write b[..., None] for a batch of vectors"
        )
    if y.ndim == 1:
        return shapes.squeeze(_solve_columns(x, shapes.expand_dims(y, -1)), -1)
    return _solve_columns(x, y)


def _solve_columns(a: Any, b: Any) -> Any:
    """Matrices a and b, whose leading axes broadcast. The columns of all b share one a."""
    if a.ndim > 2:
        lead = shapes.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        return sp.solve(*[expand(v, lead + v.shape[-2:]) for v in (a, b)])
    factors, pivots, _ = lup.lu(stop_gradient(a))
    columns = shapes.moveaxis(b, -2, 0)
    flat = sh.reshape(columns, (b.shape[-2], prod(columns.shape[1:])))
    x = sp.lu_solve(a, factors, pivots, flat)
    return shapes.moveaxis(sh.reshape(x, columns.shape), 0, -2)


@compiled_at_once()
def inv(a: Any) -> Any:
    """The inverses of matrices.

    >>> pnp.linalg.inv(pnp.array([[2.0, 0.0], [0.0, 4.0]]))
    Array([[0.5 , 0.  ],
           [0.  , 0.25]], dtype=float32)
    """
    x = as_inexact("inv", a)
    n = square_of("inv", x)
    return solve(x, eye(n, dtype=x.dtype))


def tensorsolve(a: Any, b: Any, axes: tuple[int, ...] | None = None) -> Any:
    """x with tensordot(a, x, x.ndim) = b.

    >>> a = pnp.eye(4).reshape(2, 2, 4) * 2
    >>> pnp.linalg.tensorsolve(a, pnp.ones((2, 2)))
    Array([0.5, 0.5, 0.5, 0.5], dtype=float32)
    """
    x, y = as_array("tensorsolve", a, 0), as_array("tensorsolve", b, 1)
    if axes is not None:
        x = shapes.moveaxis(x, axes, tuple(range(x.ndim - len(axes), x.ndim)))
    out = x.shape[y.ndim :]
    if x.shape[: y.ndim] != y.shape:
        raise ValueError(
            "tensorsolve: After moving axes to end, leading shape of a must match shape of b,"
            f" got {describe(x)} and {describe(y)}"
        )
    if prod(out) != y.size:
        raise ValueError(
            "tensorsolve: Input arrays must have prod(a.shape[:b.ndim]) == prod(a.shape[b.ndim:]),"
            f" got {describe(x)} and {describe(y)}"
        )
    square = shapes.reshape(x, (y.size, y.size))
    return shapes.reshape(solve(square, shapes.ravel(y)), out)


def tensorinv(a: Any, ind: int = 2) -> Any:
    """The inverse of a as a linear map of arrays: its first `ind` axes from the others.

    >>> a = pnp.eye(4).reshape(4, 2, 2) * 2
    >>> pnp.linalg.tensorinv(a, ind=1).shape
    (2, 2, 4)
    """
    x, ind = as_array("tensorinv", a), operator.index(ind)
    if ind <= 0:
        raise ValueError(f"tensorinv: ind must be a positive integer; got ind={ind}")
    rows, columns = x.shape[:ind], x.shape[ind:]
    if prod(rows) != prod(columns):
        raise ValueError(
            "tensorinv is only possible when the product of the first `ind` dimensions equals that"
            f" of the remaining dimensions, got {describe(x)} with ind={ind}"
        )
    return shapes.reshape(inv(shapes.reshape(x, (prod(rows), prod(rows)))), columns + rows)


@compiled_at_once("hermitian")
def pinv(a: Any, rtol: Any = None, hermitian: bool = False, *, rcond: Any = None) -> Any:
    """The pseudo-inverses of matrices; singular values up to rtol of the largest one are zero.

    >>> pnp.linalg.pinv(pnp.array([[2.0, 0.0], [0.0, 0.0]])).round(5)
    Array([[0.5, 0. ],
           [0. , 0. ]], dtype=float32)
    """
    if rcond is not None:
        if rtol is not None:
            raise ValueError("pinv: only one of rtol and rcond may be specified.")
        rtol = rcond
    x = matrices_of("pinv", a)
    *lead, m, n = x.shape
    if not m * n:
        return filled((*lead, n, m), 0, x.dtype)
    limit = 10.0 * max(m, n) * float(dtypes.info(x.dtype).eps) if rtol is None else rtol

    @custom_jvp
    def inverse(x: Any) -> Any:
        return _pseudo_inverse(x, limit, hermitian)

    @inverse.defjvp
    def _(primals: Any, tangents: Any) -> Any:
        (x,), (t,) = primals, tangents
        p = inverse(x)
        if hermitian:
            x, t = mt.symmetrized(x), mt.symmetrized(t)
        return p, _pseudo_inverse_change(x, t, p)

    return inverse(x)


def _pseudo_inverse(x: Any, limit: Any, hermitian: bool) -> Any:
    u, s, vh = svd(x, full_matrices=False, hermitian=hermitian)
    limit = shapes.expand_dims(convert(asarray(limit), s.dtype), -1)
    kept = s > limit * s[..., :1]
    inverse = where(kept, 1 / where(kept, s, 1), 0)
    return matmul(mt.adjoint(vh) * inverse[..., None, :].astype(u.dtype), mt.adjoint(u))


def _pseudo_inverse_change(x: Any, t: Any, p: Any) -> Any:
    """dp = -p dx p + p p^H dx^H (1 - x p) + (1 - p x) dx^H p^H p."""
    ph, th = mt.adjoint(p), mt.adjoint(t)
    left, right = matmul(p, matmul(ph, th)), matmul(matmul(th, ph), p)
    ends = left - matmul(matmul(left, x), p) + right - matmul(p, matmul(x, right))
    return ends - matmul(matmul(p, t), p)


def lstsq(
    a: Any, b: Any, rcond: float | None = None, *, numpy_resid: bool = False
) -> tuple[Any, Any, Any, Any]:
    """Least squares: the solution, the sums of squared residuals, the rank, the singular values.

    Args:
      a: array [m, n].
      b: array [m] or [m, k].
      rcond: singular values up to rcond times the largest one count as zero; by default the spacing
        of the dtype at 1 times max(m, n).
      numpy_resid: whether the sums of squares are empty where NumPy's are.

    Returns:
      The solution [n] or [n, k], the sums of squared residuals, the rank of a and its singular
        values.

    >>> a = pnp.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]])
    >>> x, *_ = pnp.linalg.lstsq(a, pnp.array([1.0, 3.0, 5.0]))
    >>> x.round(4)
    Array([1., 2.], dtype=float32)
    """
    x, y = promote_arrays_inexact("lstsq", a, b)
    if x.ndim != 2 or y.ndim not in (1, 2):
        raise TypeError(
            f"lstsq: a matrix and one or two dimensions are wanted, got {describe(x)} and"
            f" {describe(y)}"
        )
    if x.shape[0] != y.shape[0]:
        raise ValueError(
            f"Leading dimensions of input arrays must match, got {describe(x)} and {describe(y)}"
        )
    columns = y if y.ndim == 2 else y[:, None]
    out, residuals, rank, s = _least_squares(x, columns, rcond)
    m, n = x.shape
    if numpy_resid and (m <= n or rank < n):
        residuals = filled((0,), 0, s.dtype)
    return (out if y.ndim == 2 else shapes.ravel(out)), residuals, rank, s


@compiled_at_once()
def _least_squares(x: Any, y: Any, rcond: Any) -> tuple[Any, Any, Any, Any]:
    out, rank, s = _solution(x, y, rcond)
    return out, norm(y - matmul(x, out), axis=0) ** 2, rank, s


def _solution(x: Any, y: Any, rcond: Any) -> tuple[Any, Any, Any]:
    m, n = x.shape
    if not m * n:
        rank = filled((), 0, dtypes.default_dtype(int))
        return filled((n, y.shape[1]), 0, x.dtype), rank, filled((0,), 0, x.dtype)
    eps = float(dtypes.info(x.dtype).eps)
    limit = eps * max(m, n) if rcond is None else where(asarray(rcond) < 0, eps, rcond)
    u, s, vh = svd(x, full_matrices=False)
    kept = (s > 0) & (s >= convert(asarray(limit), s.dtype) * s[0])
    inverse = where(kept, 1 / where(kept, s, 1), 0)[:, None].astype(u.dtype)
    return matmul(mt.adjoint(vh), inverse * matmul(mt.adjoint(u), y)), reductions.sum(kept), s
