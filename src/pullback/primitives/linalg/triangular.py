"""Linear equations with a triangular matrix."""

from typing import Any

import numpy as np

from ...core.aval import ShapedArray
from ...core.primitive import Linear, Primitive, Zero
from ..arithmetic import neg
from ..batching import batch_size, move_axis, to_axis
from ..complex import is_complex
from ..nary import add_any
from ..rules import fail, zero_like
from ..shape import reshape
from .define import define_type, define_value, square
from .lapack import solve_triangle
from .matrices import conjugate, lower_part, matmul, transposed, upper_part

triangular_solve_p = Primitive("triangular_solve")


def triangular_solve(
    a: Any,
    b: Any,
    *,
    left_side: bool = False,
    lower: bool = False,
    transpose_a: bool = False,
    conjugate_a: bool = False,
    unit_diagonal: bool = False,
) -> Any:
    """x with op(a) x = b (left_side) or x op(a) = b, for one triangle of a."""
    return triangular_solve_p.bind(
        a,
        b,
        left_side=left_side,
        lower=lower,
        transpose_a=transpose_a,
        conjugate_a=conjugate_a and is_complex(a),
        unit_diagonal=unit_diagonal,
    )


def _result(a: ShapedArray, b: ShapedArray, *, left_side: bool, **_params: Any) -> ShapedArray:
    if square("triangular_solve", a) != b.shape[0 if left_side else 1]:
        fail("triangular_solve", "the sizes of the matrix and of the right side differ", a, b)
    return b


define_type(triangular_solve_p, (2, 2), _result)


def _value(
    a: np.ndarray,
    b: np.ndarray,
    *,
    left_side: bool,
    lower: bool,
    transpose_a: bool,
    conjugate_a: bool,
    unit_diagonal: bool,
) -> np.ndarray:
    if conjugate_a and not transpose_a:
        a = a.conj()
    trans = 1 + conjugate_a if transpose_a else 0
    return solve_triangle(a, b, left=left_side, lower=lower, trans=trans, unit=unit_diagonal)


define_value(triangular_solve_p, (2, 2), _value)


@triangular_solve_p.def_jvp
def _(primals: Any, tangents: Any, **params: Any) -> Any:
    a, b = primals
    ta, tb = tangents
    x = triangular_solve_p.bind(a, b, **params)
    terms = [] if type(tb) is Zero else [tb]
    if type(ta) is not Zero:
        moved = _operator(ta, **params)
        terms.append(neg(matmul(moved, x) if params["left_side"] else matmul(x, moved)))
    if not terms:
        return x, zero_like(x)
    right = terms[0] if len(terms) == 1 else add_any(*terms)
    return x, triangular_solve_p.bind(a, right, **params)


def _operator(
    a: Any, *, lower: bool, transpose_a: bool, conjugate_a: bool, unit_diagonal: bool, **_: Any
) -> Any:
    """op of the part of a change of `a` that the equation sees."""
    a = lower_part(a, -unit_diagonal) if lower else upper_part(a, int(unit_diagonal))
    a = transposed(a) if transpose_a else a
    return conjugate(a) if conjugate_a else a


@triangular_solve_p.def_transpose
def _(ct: Any, a: Any, b: Any, *, transpose_a: bool, **params: Any) -> list[Any]:
    assert type(b) is Linear and type(a) is not Linear
    return [None, triangular_solve_p.bind(a, ct, transpose_a=not transpose_a, **params)]


# Right sides that share a matrix are columns (rows) of one.
@triangular_solve_p.def_batch
def _(args: Any, dims: Any, *, left_side: bool, **params: Any) -> Any:
    (a, b), (da, db) = args, dims
    size = batch_size(args, dims)
    if da is not None:
        lined = [to_axis(x, d, size, 0) for x, d in zip(args, dims, strict=True)]
        return triangular_solve_p.bind(*lined, left_side=left_side, **params), 0
    place = len(b.shape) - 1 if left_side else len(b.shape) - 3
    b = move_axis(b, db, place)
    x = triangular_solve_p.bind(
        a, reshape(b, joined(b.shape, left_side)), left_side=left_side, **params
    )
    return reshape(x, b.shape), place


def joined(shape: tuple[int, ...], left_side: bool) -> tuple[int, ...]:
    """The shape with a batch axis made columns (at the end) or rows (before the last two)."""
    *lead, i, j, k = shape
    return (*lead, i, j * k) if left_side else (*lead, i * j, k)
