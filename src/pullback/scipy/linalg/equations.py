"""Linear equations, by factors or from matrices."""

import warnings
from typing import Any

from ...numpy.linalg.equations import inv as numpy_inv
from ...numpy.linalg.equations import solve as numpy_solve
from ...numpy.linalg.factors import square_of
from ...numpy.linalg.numbers import det as numpy_det
from ...numpy.shapes import broadcast_shapes, expand_dims, squeeze
from ...numpy.sorting import argsort
from ...numpy.values import as_array, describe, expand, promote_arrays_inexact
from ...numpy.worth import compiled_at_once
from ...primitives import sort as so
from ...primitives.linalg import lu as lup
from ...primitives.linalg import matrices as mt
from ...primitives.linalg import sylvester as sy
from ...primitives.linalg.triangular import triangular_solve
from .factors import cholesky

ASSUMPTIONS = ("gen", "sym", "her", "pos")
TRANSPOSED = {
    0: (False, False), "N": (False, False), 1: (True, False), "T": (True, False),
    2: (True, True), "C": (True, True),
}  # fmt: skip


def _together(*operands: tuple[Any, int]) -> tuple[Any, ...]:
    """Operands, each with so many axes of its own, with equal leading axes."""
    leads = [x.shape[: x.ndim - k] for x, k in operands]
    lead = broadcast_shapes(*leads)
    return tuple(expand(x, lead + x.shape[x.ndim - k :]) for x, k in operands)


def _right_side(name: str, a: Any, b: Any, batches: bool = True) -> tuple[Any, Any, bool]:
    """The matrix, the right side as columns, and whether it was a vector.

    batches: whether it may be a vector for each matrix, without an axis of columns.
    """
    x, y = promote_arrays_inexact(name, a, b)
    n = square_of(name, x)
    vector = y.ndim == 1
    if batches and not vector and x.ndim == y.ndim + 1 and y.shape[-1] == n:
        vector = True
        warnings.warn(
            f"{name}: {describe(y)} is a vector for each matrix of {describe(x)}; it will mean"
            f" columns: write {name}(..., b[..., None])[..., 0]",
            FutureWarning,
            stacklevel=3,
        )
    columns = expand_dims(y, -1) if vector else y
    if y.ndim == 0 or columns.shape[-2] != n:
        raise ValueError(
            f"{name}: the right side must have {n} rows, got {describe(x)} and {describe(y)}:"
            " write b[..., None] for a batch of vectors"
        )
    return x, columns, vector


def inv(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """The inverses of matrices.

    >>> pb.scipy.linalg.inv(pnp.array([[2.0, 0.0], [0.0, 4.0]]))
    Array([[0.5 , 0.  ],
           [0.  , 0.25]], dtype=float32)
    """
    return numpy_inv(a)


def det(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """The determinants of matrices.

    >>> pb.scipy.linalg.det(pnp.array([[2.0, 0.0], [0.0, 3.0]]))
    Array(6., dtype=float32)
    """
    return numpy_det(a)


@compiled_at_once("lower", "overwrite_a", "overwrite_b", "debug", "check_finite", "assume_a")
def solve(
    a: Any,
    b: Any,
    lower: bool = False,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    debug: bool = False,
    check_finite: bool = True,
    assume_a: str = "gen",
) -> Any:
    """The solution x of a x = b; by Cholesky factors where a is assumed positive ("pos").

    >>> pb.scipy.linalg.solve(pnp.array([[2.0, 0.0], [0.0, 4.0]]), pnp.array([2.0, 8.0]))
    Array([1., 2.], dtype=float32)
    """
    if assume_a not in ASSUMPTIONS:
        raise ValueError(f"Expected assume_a to be one of {list(ASSUMPTIONS)}; got {assume_a!r}")
    if assume_a == "pos":
        x, y, vector = _right_side("solve", a, b, batches=False)
        out = _from_factor(cholesky(x, lower), y, lower)
        return squeeze(out, -1) if vector else out
    return numpy_solve(a, b)


@compiled_at_once("trans", "lower", "unit_diagonal", "overwrite_b", "debug", "check_finite")
def solve_triangular(
    a: Any,
    b: Any,
    trans: int | str = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
    overwrite_b: bool = False,
    debug: Any = None,
    check_finite: bool = True,
) -> Any:
    """The solution of op(a) x = b for a triangular a; op transposes for "T", conjugates for "C".

    >>> a = pnp.array([[2.0, 1.0], [0.0, 4.0]])
    >>> pb.scipy.linalg.solve_triangular(a, pnp.array([4.0, 8.0]))
    Array([1., 2.], dtype=float32)
    """
    if trans not in TRANSPOSED:
        raise ValueError(f"Invalid 'trans' value {trans}")
    x, y, vector = _right_side("solve_triangular", a, b)
    out = _triangular(x, y, trans, lower, unit_diagonal)
    return squeeze(out, -1) if vector else out


def _triangular(x: Any, y: Any, trans: int | str, lower: bool, unit_diagonal: bool = False) -> Any:
    """The solution for columns y."""
    transposed, conjugated = TRANSPOSED[trans]
    return triangular_solve(
        *_together((x, 2), (y, 2)),
        left_side=True,
        lower=lower,
        transpose_a=transposed,
        conjugate_a=conjugated,
        unit_diagonal=unit_diagonal,
    )


def cho_solve(
    c_and_lower: tuple[Any, bool], b: Any, overwrite_b: bool = False, check_finite: bool = True
) -> Any:
    """The solution of a x = b from the Cholesky factor of a.

    >>> a = pnp.array([[4.0, 2.0], [2.0, 5.0]])
    >>> pb.scipy.linalg.cho_solve(pb.scipy.linalg.cho_factor(a), pnp.array([6.0, 7.0])).round(3)
    Array([1., 1.], dtype=float32)
    """
    c, lower = c_and_lower
    return _cho_solve(c, b, lower)


@compiled_at_once("lower")
def _cho_solve(c: Any, b: Any, lower: bool) -> Any:
    x, y, vector = _right_side("cho_solve", c, b)
    out = _from_factor(x, y, lower)
    return squeeze(out, -1) if vector else out


def _from_factor(c: Any, y: Any, lower: bool) -> Any:
    """The solution for columns y from a Cholesky factor."""
    first, second = ("N", "C") if lower else ("C", "N")
    return _triangular(c, _triangular(c, y, first, lower), second, lower)


def lu_solve(
    lu_and_piv: tuple[Any, Any],
    b: Any,
    trans: int = 0,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:
    """The solution of op(a) x = b from the LU factors of a.

    >>> a = pnp.array([[2.0, 0.0], [0.0, 4.0]])
    >>> pb.scipy.linalg.lu_solve(pb.scipy.linalg.lu_factor(a), pnp.array([2.0, 8.0]))
    Array([1., 2.], dtype=float32)
    """
    factors, pivots = lu_and_piv
    if trans not in (0, 1, 2):
        raise ValueError(f"'trans' value must be 0, 1, or 2, got {trans}")
    x, y, vector = _right_side("lu_solve", factors, b)
    order = lup.lu_pivots_to_permutation(as_array("lu_solve", pivots), x.shape[-1])
    x, y, order = _together((x, 2), (y, 2), (order, 1))
    if trans == 0:
        y = _rows(y, order)
        y = triangular_solve(x, y, left_side=True, lower=True, unit_diagonal=True)
        y = triangular_solve(x, y, left_side=True)
    else:
        params = {"left_side": True, "transpose_a": True, "conjugate_a": trans == 2}
        y = triangular_solve(x, y, **params)
        y = triangular_solve(x, y, lower=True, unit_diagonal=True, **params)
        y = _rows(y, argsort(order, -1))
    return squeeze(y, -1) if vector else y


def _rows(x: Any, order: Any) -> Any:
    """The rows of matrices in an order."""
    return so.take_along(x, mt.as_columns(order, x.shape), x.ndim - 2)


def solve_sylvester(A: Any, B: Any, C: Any, *, method: str = "schur", tol: float = 1e-8) -> Any:
    """x with A x + x B = C. Both methods are one here; `tol` is not needed.

    >>> a, b = pnp.array([[1.0, 0.0], [0.0, 2.0]]), pnp.array([[3.0]])
    >>> pb.scipy.linalg.solve_sylvester(a, b, pnp.array([[8.0], [10.0]])).round(4)
    Array([[2.],
           [2.]], dtype=float32)
    """
    if method not in ("schur", "eigen"):
        raise ValueError(
            f'Unrecognized method {method}. The two valid methods are either "schur" or "eigen".'
        )
    a, b, c = promote_arrays_inexact("solve_sylvester", A, B, C)
    if c.ndim < 2 or a.shape[-2:] != (c.shape[-2],) * 2 or b.shape[-2:] != (c.shape[-1],) * 2:
        raise ValueError(
            f"Incompatible shapes for Sylvester equation: {describe(a)}, {describe(b)} and"
            f" {describe(c)}"
        )
    return sy.sylvester(*_together((a, 2), (b, 2), (c, 2)))
