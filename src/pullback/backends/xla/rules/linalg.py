"""Linear algebra: calls of LAPACK on the CPU and cuSOLVER on CUDA, XLA's own factorizations on TPU.

Matrices are held by columns where a library is called.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .... import dtypes
from ....primitives.linalg import matrices
from ..builder import Builder, table
from ..hlo import Tensor, Value, int32, truth
from . import decomposed, polar
from .elementwise import part_type

Types = list[Tensor]
RULES, rule = table()

PREFIX = {"f": "s", "d": "d", "F": "c", "D": "z"}
# What complex matrices call the routines of real ones.
HERMITIAN = {"orgqr": "ungqr", "ormqr": "unmqr", "syevd": "heevd", "sytrd": "hetrd"}


def char(letter: str) -> str:
    """One of LAPACK's letters as an attribute."""
    return f"{ord(letter)} : ui8"


def triangle(lower: bool) -> str:
    """Which triangle of a matrix is read."""
    return char("L" if lower else "U")


def library_call(
    b: Builder, target: str, args: Sequence[Value], types: Sequence[Tensor], **options: str
) -> list[Value]:
    """A custom call on matrices by columns; zeros where an operand is empty."""
    if any(0 in a.shape for a in args):
        return [b.constant(0, t.dtype, t.shape) for t in types]
    ndim = max(a.ndim for a in args)
    listed = ", ".join([f"{k} = {v}" for k, v in options.items()])
    return b.op(
        "custom_call",
        args,
        types,
        call_target_name=f'"{target}"',
        api_version=int32(4),
        backend_config=f"{{{listed}}}",
        operand_layouts=_layouts([a.type for a in args], ndim),
        result_layouts=_layouts(types, ndim),
    )


def _layouts(types: Sequence[Tensor], matrix_ndim: int) -> str:
    return f"[{', '.join([_layout(len(t.shape), matrix_ndim) for t in types])}]"


def _layout(ndim: int, matrix_ndim: int) -> str:
    """The axes from the one whose elements are neighbours to the outermost."""
    if ndim == 0:
        return "dense<> : tensor<0xindex>"
    order = list(range(ndim))[::-1]
    if ndim == matrix_ndim:
        order[:2] = order[1::-1]
    return f"dense<{order}> : tensor<{ndim}xindex>"


def lapack(
    b: Builder, routine: str, args: Sequence[Value], types: Sequence[Tensor], **options: str
) -> list[Value]:
    """A call of LAPACK for the dtype of the first operand."""
    letter = args[0].dtype.char
    name = HERMITIAN.get(routine, routine) if letter in "FD" else routine
    return library_call(b, f"lapack_{PREFIX[letter]}{name}_ffi", args, types, **options)


def info_type(x: Value) -> Tensor:
    """The type of LAPACK's report on each of some matrices."""
    return Tensor(x.shape[:-2], dtypes.int32)


def where_fine(b: Builder, info: Value, *outs: Value, direction: str = "EQ") -> list[Value]:
    """Results; NaN for each matrix whose report is not zero."""
    fine = b.compare(direction, info, b.like(info, 0))
    lead = range(info.ndim)
    return [b.select(b.broadcast(fine, o.shape, lead), o, b.like(o, np.nan)) for o in outs]


def on_cpu(b: Builder) -> bool:
    """Whether LAPACK is there."""
    return b.module.platform == "cpu"


def composed(b: Builder, f: Any, *args: Value) -> list[Value]:
    """A function of the library's operations in place of an operation."""
    return b.composed(f.__name__.strip("_"), f, *args)


@rule("cholesky")
def _(b: Builder, types: Types, x: Value) -> Value:
    if on_cpu(b):
        out, info = lapack(b, "potrf", [x], [x.type, info_type(x)], uplo=triangle(True))
        (out,) = where_fine(b, info, out)
    else:
        out = b.one("cholesky", [x], x.type, lower=truth(True))
    return composed(b, matrices.lower_part, out)[0]


@rule("triangular_solve")
def _(
    b: Builder,
    types: Types,
    a: Value,
    y: Value,
    *,
    left_side: bool,
    lower: bool,
    transpose_a: bool,
    conjugate_a: bool,
    unit_diagonal: bool,
) -> Value:
    if conjugate_a and not transpose_a:
        (a,) = composed(b, matrices.conjugate, a)
    adjoint = transpose_a and conjugate_a
    if not on_cpu(b):
        how = "ADJOINT" if adjoint else "TRANSPOSE" if transpose_a else "NO_TRANSPOSE"
        return b.one(
            "triangular_solve",
            [a, y],
            y.type,
            left_side=truth(left_side),
            lower=truth(lower),
            unit_diagonal=truth(unit_diagonal),
            transpose_a=f"#stablehlo<transpose {how}>",
        )
    (out,) = lapack(
        b,
        "trsm",
        [a, y],
        [y.type],
        side=char("L" if left_side else "R"),
        uplo=triangle(lower),
        trans_x=char("C" if adjoint else "T" if transpose_a else "N"),
        diag=char("U" if unit_diagonal else "N"),
    )
    return out


@rule("lu")
def _(b: Builder, types: Types, x: Value) -> list[Value]:
    if b.module.platform == "tpu" and 0 not in x.shape:
        return b.op("custom_call", [x], types, call_target_name='"LuDecomposition"')
    outs = [*types[:2], info_type(x)]
    call = library_call if not on_cpu(b) else lapack
    factors, pivots, info = call(b, "getrf" if on_cpu(b) else "cusolver_getrf_ffi", [x], outs)
    if 0 not in x.shape:
        pivots = b.same("subtract", pivots, b.like(pivots, 1))
    (factors,) = where_fine(b, info, factors, direction="GE")
    (order,) = composed(b, decomposed.order_of(x.shape[-2]), pivots)
    return [factors, pivots, order]


@rule("lu_pivots_to_permutation")
def _(b: Builder, types: Types, pivots: Value, *, permutation_size: int) -> Any:
    return composed(b, decomposed.order_of(permutation_size), pivots)


def geqrf(b: Builder, x: Value) -> list[Value]:
    """The QR factorization as LAPACK stores it."""
    rank = min(x.shape[-2:])
    types = [x.type, Tensor((*x.shape[:-2], rank), x.dtype)]
    if on_cpu(b):
        return lapack(b, "geqrf", [x], types)
    if b.module.platform == "cuda":
        return library_call(b, "cusolver_geqrf_ffi", [x], types)
    return b.op("custom_call", [x], types, call_target_name='"Qr"')


@rule("geqrf")
def _(b: Builder, types: Types, x: Value) -> list[Value]:
    return geqrf(b, x)


@rule("householder_product")
def _(b: Builder, types: Types, a: Value, taus: Value) -> Value:
    return product(b, a, taus)


def product(b: Builder, a: Value, taus: Value) -> Value:
    """The first columns of the product of reflections."""
    if 0 in taus.shape:
        return composed(b, matrices.eye_like, a)[0]
    if on_cpu(b):
        return lapack(b, "orgqr", [a, taus], [a.type])[0]
    if b.module.platform == "cuda":
        return library_call(b, "cusolver_orgqr_ffi", [a, taus], [a.type])[0]
    target = '"ProductOfElementaryHouseholderReflectors"'
    return b.one("custom_call", [a, taus], a.type, call_target_name=target)


@rule("ormqr")
def _(
    b: Builder, types: Types, a: Value, taus: Value, c: Value, *, left: bool, transpose: bool
) -> Any:
    if 0 in (*taus.shape, *c.shape):
        return c
    options = {"left": truth(left), "transpose": truth(transpose)}
    if on_cpu(b):
        return lapack(b, "ormqr", [a, taus, c], types, **options)
    if b.module.platform == "cuda":
        return library_call(b, "cusolver_ormqr_ffi", [a, taus, c], types, **options)
    return composed(b, decomposed.reflected(left, transpose), a, taus, c)


@rule("qr")
def _(
    b: Builder, types: Types, x: Value, *, pivoting: bool, full_matrices: bool, use_magma: Any
) -> list[Value]:
    m, n = x.shape[-2:]
    width = m if full_matrices else min(m, n)
    factored, taus, *order = _pivoted(b, x, types[2]) if pivoting else geqrf(b, x)
    (columns,) = composed(b, decomposed.resized(m, width), factored)
    (upper,) = composed(b, decomposed.upper(width, n), factored)
    return [product(b, columns, taus), upper, *order]


def _pivoted(b: Builder, x: Value, order: Tensor) -> list[Value]:
    """The factorization with exchanged columns as LAPACK stores it, and their order."""
    if 0 in x.shape:
        places = b.iota(order.dtype, order.shape, len(order.shape) - 1)
        return [*geqrf(b, x), places]
    if not on_cpu(b):
        (places,) = composed(b, decomposed.pivoted_order, x)
        (moved,) = composed(b, decomposed.take_columns, x, places)
        return [*geqrf(b, moved), places]
    taus = Tensor((*x.shape[:-2], min(x.shape[-2:])), x.dtype)
    free = b.constant(0, order.dtype, order.shape)
    factored, places, scales = lapack(b, "geqp3", [x, free], [x.type, order, taus])
    return [factored, scales, b.same("subtract", places, b.like(places, 1))]


@rule("eigh")
def _(
    b: Builder,
    types: Types,
    x: Value,
    *,
    lower: bool,
    sort_eigenvalues: bool,
    subset_by_index: Any,
    algorithm: Any,
) -> list[Value]:
    vectors, values = eigh(b, x, lower)
    if subset_by_index is None:
        return [vectors, values]
    cut = decomposed.part(-1, *subset_by_index)
    return [composed(b, cut, v)[0] for v in (vectors, values)]


def eigh(b: Builder, x: Value, lower: bool) -> tuple[Value, Value]:
    """Eigenvectors and eigenvalues of Hermitian matrices, in order."""
    part = part_type(x).dtype if dtypes.kind(x.dtype) == "complex" else x.dtype
    types = [x.type, Tensor(x.shape[:-1], part)]
    if b.module.platform == "tpu" and 0 not in x.shape:
        config = f'"{int(lower)},1,100,1e-6"'
        target = '"Eigh"'
        vectors, values = b.op(
            "custom_call", [x], types, call_target_name=target, backend_config=config
        )
        return vectors, values
    outs = [*types, info_type(x)]
    if on_cpu(b):
        found = lapack(b, "syevd", [x], outs, mode=char("V"), uplo=triangle(lower))
    else:
        options = {"lower": truth(lower), "algorithm": "0 : ui8"}
        found = library_call(b, "cusolver_syevd_ffi", [x], outs, **options)
    vectors, values, info = found
    vectors, values = where_fine(b, info, vectors, values)
    return vectors, values


@rule("svd")
def _(
    b: Builder,
    types: Types,
    x: Value,
    *,
    full_matrices: bool,
    compute_uv: bool,
    subset_by_index: Any,
    algorithm: Any,
) -> list[Value]:
    found = svd(b, x, full_matrices, compute_uv)[: 3 if compute_uv else 1]
    if subset_by_index is None:
        return found
    cut, rows = (decomposed.part(axis, *subset_by_index) for axis in (-1, -2))
    return [composed(b, f, v)[0] for f, v in zip((cut, cut, rows), found, strict=False)]


def svd(b: Builder, x: Value, full: bool, vectors: bool) -> list[Value]:
    """Singular values, and u and v^H, which may be anything or missing if not asked for."""
    *lead, m, n = x.shape
    rank = min(m, n)
    part = part_type(x).dtype if dtypes.kind(x.dtype) == "complex" else x.dtype
    s = Tensor((*lead, rank), part)
    u = Tensor((*lead, m, m if full else rank), x.dtype)
    vh = Tensor((*lead, n if full else rank, n), x.dtype)
    if 0 in x.shape:
        eyes = [composed(b, matrices.eye_like, b.constant(0, t.dtype, t.shape))[0] for t in (u, vh)]
        return [b.constant(0, part, s.shape), *eyes]
    if b.module.platform == "tpu":
        return composed(b, polar.svd_by_polar(full), x)
    if on_cpu(b):
        mode = char(("A" if full else "S") if vectors else "N")
        outs = lapack(b, "gesdd", [x], [x.type, s, u, vh, info_type(x)], mode=mode)
    else:
        scalar = Tensor((), x.dtype)
        outs = _cusolver_svd(b, x, [s, u, vh] if vectors else [s, scalar, scalar], full, vectors)
    return where_fine(b, outs[-1], *outs[1:-1] if vectors else [outs[1]])


def _cusolver_svd(b: Builder, x: Value, types: Types, full: bool, vectors: bool) -> list[Value]:
    """cuSOLVER's gesvd wants no fewer rows than columns: wide matrices are read transposed."""
    s, u, vh = types
    if x.shape[-2] < x.shape[-1]:
        turned = b.transpose(x, (*range(x.ndim - 2), x.ndim - 1, x.ndim - 2))
        if not vectors:
            return _cusolver_svd(b, turned, types, full, vectors)
        swapped = [Tensor((*t.shape[:-2], *t.shape[:-3:-1]), t.dtype) for t in (vh, u)]
        a, s, v, uh, info = _cusolver_svd(b, turned, [s, *swapped], full, vectors)
        (u_out,), (vh_out,) = (composed(b, matrices.transposed, w) for w in (uh, v))
        return [a, s, u_out, vh_out, info]
    options = {
        "full_matrices": truth(full),
        "compute_uv": truth(vectors),
        "transposed": truth(False),
    }
    outs = [x.type, s, u, vh, info_type(x)]
    return library_call(b, "cusolver_gesvd_ffi", [x], outs, **options)


@rule("tridiagonal_solve")
def _(
    b: Builder,
    types: Types,
    dl: Value,
    d: Value,
    du: Value,
    y: Value,
    *,
    perturb_singular: bool,
) -> Any:
    if not on_cpu(b) or 0 in y.shape:
        return composed(b, decomposed.thomas, dl, d, du, y)
    args = [dl, d, du, y]
    *_, out, info = lapack(b, "gtsv", args, [*[a.type for a in args], info_type(y)])
    return where_fine(b, info, out)


# Programs of other operations


@rule("lu_solve")
def _(
    b: Builder,
    types: Types,
    a: Value,
    factors: Value,
    pivots: Value,
    y: Value,
    *,
    transpose_a: bool,
) -> Any:
    return composed(b, decomposed.solve_with_factors(transpose_a), factors, pivots, y)


@rule("solve")
def _(b: Builder, types: Types, a: Value, y: Value, *, transpose_a: bool) -> Any:
    return composed(b, decomposed.solve(transpose_a), a, y)


for _f in (decomposed.det, decomposed.slogdet, decomposed.cofactor, decomposed.cholesky_update):
    rule(_f.__name__)(lambda b, types, *args, f=_f: composed(b, f, *args))


# What only some platforms have

ON_CPU, on_cpu_alone = table()
ON_CUDA, on_cuda_alone = table()


@on_cpu_alone("tridiagonal")
@on_cuda_alone("tridiagonal")
def _(b: Builder, types: Types, x: Value, *, lower: bool) -> list[Value]:
    outs = [*types, info_type(x)]
    if on_cpu(b):
        *found, info = lapack(b, "sytrd", [x], outs, uplo=triangle(lower))
    else:
        *found, info = library_call(b, "cusolver_sytrd_ffi", [x], outs, lower=truth(lower))
    return where_fine(b, info, *found)


@on_cpu_alone("hessenberg")
def _(b: Builder, types: Types, x: Value) -> list[Value]:
    outs = [*types, info_type(x)]
    *found, info = lapack(b, "gehrd", [x], outs, low=int32(1), high=int32(x.shape[-1]))
    return where_fine(b, info, *found)


@on_cpu_alone("schur")
def _(
    b: Builder, types: Types, x: Value, *, compute_schur_vectors: bool, **params: Any
) -> list[Value]:
    eigenvalues = [Tensor(x.shape[:-1], x.dtype)] * (1 if x.dtype.char in "FD" else 2)
    outs = [x.type, x.type, *eigenvalues, info_type(x), info_type(x)]
    mode = char("V" if compute_schur_vectors else "N")
    form, vectors, *_, info = lapack(b, "gees", [x], outs, mode=mode, sort=char("N"))
    return where_fine(b, info, form, vectors)[: len(types)]


@on_cpu_alone("eig")
def _(
    b: Builder,
    types: Types,
    x: Value,
    *,
    compute_left_eigenvectors: bool,
    compute_right_eigenvectors: bool,
    **params: Any,
) -> list[Value]:
    is_real = x.dtype.char in "fd"
    w = [Tensor(x.shape[:-1], x.dtype)] * (2 if is_real else 1)
    whole = Tensor(x.shape, types[0].dtype)
    outs = [*w, whole, whole, info_type(x)]
    left, right = (
        char("V" if wanted else "N")
        for wanted in (compute_left_eigenvectors, compute_right_eigenvectors)
    )
    *found, info = lapack(b, "geev", [x], outs, compute_left=left, compute_right=right)
    values = b.one("complex", found[:2], types[0]) if is_real else found[0]
    kept = [values]
    kept += [found[-2]] if compute_left_eigenvectors else []
    kept += [found[-1]] if compute_right_eigenvectors else []
    return where_fine(b, info, *kept)
