"""Linear equations with a tridiagonal matrix, given by its three diagonals."""

from typing import Any

import numpy as np

from ...core.aval import ShapedArray
from ...core.primitive import Linear, Primitive, Zero
from ..arithmetic import mul, neg
from ..batching import batch_size, move_axis, to_axis
from ..nary import add_any
from ..pieces import pad
from ..rules import const, fail, zero_like
from ..shape import reshape
from .define import define_type, define_value
from .lapack import routine
from .matrices import as_columns
from .triangular import joined

tridiagonal_solve_p = Primitive("tridiagonal_solve")


def tridiagonal_solve(dl: Any, d: Any, du: Any, b: Any) -> Any:
    """x with dl[i] x[i-1] + d[i] x[i] + du[i] x[i+1] = b[i]; dl[0] and du[-1] are not used."""
    return tridiagonal_solve_p.bind(dl, d, du, b, perturb_singular=False)


def _result(
    dl: ShapedArray, d: ShapedArray, du: ShapedArray, b: ShapedArray, *, perturb_singular: bool
) -> ShapedArray:
    assert not perturb_singular, "that is a program: lax.linalg.tridiagonal_solve"
    if not dl.shape == d.shape == du.shape == b.shape[:1]:
        fail("tridiagonal_solve", "diagonals as long as the right side are wanted", dl, d, du, b)
    return b


define_type(tridiagonal_solve_p, (1, 1, 1, 2), _result)


def _solve(
    dl: np.ndarray, d: np.ndarray, du: np.ndarray, b: np.ndarray, *, perturb_singular: bool
) -> np.ndarray:
    if not b.size:
        return b
    if len(d) == 1:
        return b / d[:, None]
    *_, x, info = routine("gtsv", b)(dl[1:], d, du[:-1], b)
    return np.full_like(b, np.nan) if info else x


define_value(tridiagonal_solve_p, (1, 1, 1, 2), _solve)


def shifted(x: Any, axis: int, by: int) -> Any:
    """Elements moved along an axis, a zero moved in and one element dropped."""
    config = [(0, 0, 0)] * len(x.shape)
    config[axis] = (by, -by, 0)
    return pad(x, const(x, 0), config)


def _product(dl: Any, d: Any, du: Any, x: Any) -> list[Any]:
    """The terms of the matrix times x, of those diagonals that there are."""
    axis = len(x.shape) - 2
    rows = ((dl, 1), (d, 0), (du, -1))
    return [
        mul(as_columns(v, x.shape), shifted(x, axis, by) if by else x)
        for v, by in rows
        if type(v) is not Zero
    ]


@tridiagonal_solve_p.def_jvp
def _(primals: Any, tangents: Any, **params: Any) -> Any:
    *diagonals, b = primals
    dl, d, du, t = tangents
    x = tridiagonal_solve_p.bind(*diagonals, b, **params)
    terms = [neg(term) for term in _product(dl, d, du, x)]
    if type(t) is not Zero:
        terms.append(t)
    if not terms:
        return x, zero_like(x)
    right = terms[0]
    for term in terms[1:]:
        right = add_any(right, term)
    return x, tridiagonal_solve_p.bind(*diagonals, right, **params)


@tridiagonal_solve_p.def_transpose
def _(ct: Any, dl: Any, d: Any, du: Any, b: Any, **params: Any) -> list[Any]:
    assert type(b) is Linear
    axis = len(d.shape) - 1
    lower, upper = shifted(du, axis, 1), shifted(dl, axis, -1)
    return [None, None, None, tridiagonal_solve_p.bind(lower, d, upper, ct, **params)]


@tridiagonal_solve_p.def_batch
def _(args: Any, dims: Any, **params: Any) -> Any:
    if any(d is not None for d in dims[:3]):
        size = batch_size(args, dims)
        lined = [to_axis(x, d, size, 0) for x, d in zip(args, dims, strict=True)]
        return tridiagonal_solve_p.bind(*lined, **params), 0
    *diagonals, b = args
    place = len(b.shape) - 1
    b = move_axis(b, dims[3], place)
    x = tridiagonal_solve_p.bind(*diagonals, reshape(b, joined(b.shape, True)), **params)
    return reshape(x, b.shape), place
