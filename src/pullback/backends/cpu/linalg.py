"""Factors of matrices, and equations: one call of the runtime for all matrices of a batch."""

from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

from ...core.ir import JaxprEqn
from ...dtypes import kind
from ...primitives.linalg.lapack import native_operations
from .build import Builder
from .fallback import callback, contiguous
from .loops import Call, Operand
from .values import Value

Shape = tuple[int, ...]
# The types of numbers, in the native core's order.
KINDS = "fdFD"
# Of a task of several matrices, in multiplications; and what a call of LAPACK costs beside them.
TASK, OVERHEAD = 100_000, 1000


class Form(NamedTuple):
    """How the native core takes an operation.

    `numbers` gives its sizes and switches from the shapes of one matrix and the parameters; `work`
    counts multiplications, in cubes of the largest size.
    """

    rank: int
    numbers: Callable[..., Shape]
    work: float = 1.0
    real: bool = False


def _size(x: Shape, *rest: Shape) -> Shape:
    return x[:1]


def _sizes(x: Shape) -> Shape:
    return x


def _triangular(
    a: Shape,
    b: Shape,
    *,
    left_side: bool,
    lower: bool,
    transpose_a: bool,
    conjugate_a: bool,
    unit_diagonal: bool,
) -> Shape:
    return (*b, left_side, lower, transpose_a, conjugate_a, unit_diagonal)


def _eigh(x: Shape, *, lower: bool, subset_by_index: Any, **_: Any) -> Shape:
    return (x[0], lower, *(subset_by_index or (0, x[0])))


def _svd(
    x: Shape, *, full_matrices: bool, compute_uv: bool, subset_by_index: Any, algorithm: Any
) -> Shape:
    start, stop = subset_by_index or (0, min(x))
    return (*x, full_matrices, compute_uv, start, min(stop, min(x)))


def _qr(x: Shape, *, pivoting: bool, full_matrices: bool, use_magma: Any) -> Shape:
    return (*x, pivoting, x[0] if full_matrices else min(x))


def _eig(
    x: Shape, *, compute_left_eigenvectors: bool, compute_right_eigenvectors: bool, **_: Any
) -> Shape:
    return (x[0], compute_left_eigenvectors, compute_right_eigenvectors)


def _ormqr(a: Shape, taus: Shape, c: Shape, *, left: bool, transpose: bool) -> Shape:
    return (*a, *taus, *c, left, transpose)


FORMS = {
    "cholesky": Form(2, _size, 0.3),
    "cholesky_update": Form(2, _size, 0.1, real=True),
    "cofactor": Form(2, _size, 4.0),
    "det": Form(2, _size),
    "eig": Form(2, _eig, 25.0),
    "eigh": Form(2, _eigh, 9.0),
    "geqrf": Form(2, _sizes, 2.0),
    "hessenberg": Form(2, _size, 4.0),
    "householder_product": Form(2, lambda a, taus: (*a, *taus), 2.0),
    "lu": Form(2, _sizes),
    "lu_pivots_to_permutation": Form(1, lambda p, *, permutation_size: (*p, permutation_size)),
    "lu_solve": Form(2, lambda f, p, b, *, transpose_a: (*b, transpose_a)),
    "ormqr": Form(2, _ormqr, 2.0),
    "qr": Form(2, _qr, 4.0),
    "schur": Form(2, lambda x, *, compute_schur_vectors, **_: (x[0], compute_schur_vectors), 25.0),
    "slogdet": Form(2, _size),
    "solve": Form(2, lambda a, b, *, transpose_a: (*b, transpose_a), 2.0),
    "sqrtm": Form(2, _size, 30.0),
    "svd": Form(2, _svd, 20.0),
    "sylvester": Form(2, lambda a, b, c: c, 50.0),
    "triangular_solve": Form(2, _triangular),
    "tridiagonal": Form(2, lambda x, *, lower: (x[0], lower), 1.0),
    "tridiagonal_solve": Form(1, lambda dl, d, du, b, **_: b),
}


def linalg(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> list[Value]:
    """The call, unless there is nothing to compute."""
    form = FORMS[eqn.primitive.name]
    pairs = list(zip(eqn.invars, ins, strict=True))
    if eqn.primitive.name == "lu_solve":
        # The matrix itself is there for derivatives.
        pairs = pairs[1:]
    avals = [v.aval for v, _ in pairs]
    if form.real and kind(avals[0].dtype) == "complex":
        return callback(b, eqn, ins)
    places = [b.destination(v) for v in eqn.outvars]
    outs = list(zip(eqn.outvars, places, strict=True))
    if any(v.aval.size for v in eqn.outvars):
        args = tuple([contiguous(b, x) for _, x in pairs])
        results = [Operand(p.buffer, p.offset, v.aval.shape, p.strides) for v, p in outs]
        b.block.append(Call("matrices", plan(eqn, form, avals), args, tuple(results)))
    return [b.standing(view, v.aval) for v, view in outs]


def plan(eqn: JaxprEqn, form: Form, avals: list[Any]) -> tuple[int, ...]:
    """The job as plain numbers: `run_matrices` in native/linalg.h."""
    lead = avals[0].ndim - form.rank
    batch = prod(avals[0].shape[:lead])
    shapes = [a.shape[lead:] for a in avals]
    numbers = [int(n) for n in form.numbers(*shapes, **eqn.params)]
    size = max([1, *[n for shape in shapes for n in shape]])
    block = max(1, int(TASK / (form.work * size**3 + OVERHEAD)))
    outs = [v.aval for v in eqn.outvars]
    strides = [prod(a.shape[lead:]) * a.dtype.itemsize for a in (*avals, *outs)]
    char = avals[0].dtype.char
    number = KINDS.index(char) if char in KINDS else 0
    operation = native_operations()[eqn.primitive.name]
    return (operation, number, batch, block, len(avals), len(outs), *strides, *numbers)


EAGER = dict.fromkeys(FORMS, linalg)
