"""Linear equations solved by LU factors, which one matrix shares with its derivatives."""

from typing import Any

import numpy as np

from ...core.aval import ShapedArray
from ...core.primitive import Linear, Primitive, Zero
from ..arithmetic import neg
from ..batching import batch_size, move_axis, to_axis
from ..nary import add_any
from ..rules import fail, zero_like
from ..shape import reshape
from .define import define_batch, define_type, define_value, square
from .lapack import routine
from .lu import lu_p
from .matrices import matmul, transposed
from .triangular import joined

# lu_solve -- x with a x = b, or a^T x = b; lu and pivots are those of a, which has the derivative
lu_solve_p = Primitive("lu_solve")


def lu_solve(a: Any, factors: Any, pivots: Any, b: Any, transpose_a: bool = False) -> Any:
    """The solution for matrices whose factors are known; derivatives go through `a`."""
    return lu_solve_p.bind(a, factors, pivots, b, transpose_a=transpose_a)


def solve(a: Any, b: Any) -> Any:
    """x with a x = b, for matrices of the same leading axes.

    The factors of one matrix are kept for its derivatives; NumPy is faster with many.
    """
    if len(a.shape) > 2:
        return solve_p.bind(a, b, transpose_a=False)
    factors, pivots, _ = lu_p.bind(a)
    return lu_solve(a, factors, pivots, b)


def _solution(
    a: ShapedArray, factors: ShapedArray, pivots: ShapedArray, b: ShapedArray, *, transpose_a: bool
) -> ShapedArray:
    if square("solve", a) != b.shape[0]:
        fail("solve", "the sizes of the matrix and of the right side differ", a, b)
    return b


define_type(lu_solve_p, (2, 2, 1, 2), _solution, integers=(2,))


def _solve(
    a: np.ndarray, factors: np.ndarray, pivots: np.ndarray, b: np.ndarray, *, transpose_a: bool
) -> np.ndarray:
    return routine("getrs", b)(factors, pivots, b, trans=transpose_a)[0] if b.size else b


define_value(lu_solve_p, (2, 2, 1, 2), _solve)


@lu_solve_p.def_jvp
def _(primals: Any, tangents: Any, *, transpose_a: bool) -> Any:
    a, factors, pivots, b = primals
    x = lu_solve(a, factors, pivots, b, transpose_a)
    right = _right_side(x, tangents[0], tangents[3], transpose_a)
    if right is None:
        return x, zero_like(x)
    return x, lu_solve(a, factors, pivots, right, transpose_a)


def _right_side(x: Any, ta: Any, tb: Any, transpose_a: bool) -> Any:
    """db - da x, the right side of the equation for dx; None where it is zero."""
    if type(ta) is Zero:
        return None if type(tb) is Zero else tb
    moved = neg(matmul(transposed(ta) if transpose_a else ta, x))
    return moved if type(tb) is Zero else add_any(tb, moved)


@lu_solve_p.def_transpose
def _(ct: Any, a: Any, factors: Any, pivots: Any, b: Any, *, transpose_a: bool) -> list[Any]:
    assert type(b) is Linear
    return [None, None, None, lu_solve(a, factors, pivots, ct, not transpose_a)]


@lu_solve_p.def_batch
def _(args: Any, dims: Any, *, transpose_a: bool) -> Any:
    a, factors, pivots, b = args
    if any(d is not None for d in dims[:3]):
        size = batch_size(args, dims)
        lined = [to_axis(x, d, size, 0) for x, d in ((a, dims[0]), (b, dims[3]))]
        return solve_p.bind(*lined, transpose_a=transpose_a), 0
    place = len(b.shape) - 1
    b = move_axis(b, dims[3], place)
    x = lu_solve(a, factors, pivots, reshape(b, joined(b.shape, True)), transpose_a)
    return reshape(x, b.shape), place


# solve -- the same for many matrices, whose factors are found again
solve_p = Primitive("solve")
define_batch(solve_p)


def _many_type(a: ShapedArray, b: ShapedArray, *, transpose_a: bool) -> ShapedArray:
    return _solution(a, a, a, b, transpose_a=transpose_a)


define_type(solve_p, (2, 2), _many_type)


@solve_p.def_value
def _(a: np.ndarray, b: np.ndarray, *, transpose_a: bool) -> np.ndarray:
    a = a.swapaxes(-1, -2) if transpose_a else a
    try:
        return np.linalg.solve(a, b)
    except np.linalg.LinAlgError:
        return np.array([_solve_or_nan(m, c) for m, c in _pairs(a, b)], b.dtype).reshape(b.shape)


def _pairs(a: np.ndarray, b: np.ndarray) -> Any:
    """The matrices and right sides one by one."""
    return zip(a.reshape(-1, *a.shape[-2:]), b.reshape(-1, *b.shape[-2:]), strict=True)


def _solve_or_nan(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    try:
        return np.linalg.solve(a, b)
    except np.linalg.LinAlgError:
        return np.full_like(b, np.nan)


@solve_p.def_jvp
def _(primals: Any, tangents: Any, *, transpose_a: bool) -> Any:
    a, b = primals
    x = solve_p.bind(a, b, transpose_a=transpose_a)
    ta, tb = tangents
    right = _right_side(x, ta, tb, transpose_a)
    if right is None:
        return x, zero_like(x)
    return x, solve_p.bind(a, right, transpose_a=transpose_a)


@solve_p.def_transpose
def _(ct: Any, a: Any, b: Any, *, transpose_a: bool) -> list[Any]:
    assert type(b) is Linear
    return [None, solve_p.bind(a, ct, transpose_a=not transpose_a)]
