"""Singular values and vectors."""

from typing import Any

import numpy as np

from ...core.aval import ShapedArray
from ...core.primitive import Primitive, Zero
from ..arithmetic import add, mul, sub
from ..complex import is_complex, part_dtype, real
from ..convert import convert_element_type
from ..nary import add_any
from ..rules import fail, zero_like
from ..shape import full_like
from .define import define_batch, define_type, nan_where_failing, value_of_stacks
from .eigh import Range
from .gaps import largest, outer, reciprocal
from .matrices import adjoint, as_rows, diagonal, matmul, with_diagonal

svd_p = Primitive("svd", multiple_results=True)
define_batch(svd_p)


def svd(
    x: Any,
    *,
    full_matrices: bool = True,
    compute_uv: bool = True,
    subset_by_index: Range = None,
    algorithm: Any = None,
) -> Any:
    """(u, s, vh) with x = u diag(s) vh and s descending; s alone without compute_uv."""
    out = svd_p.bind(
        x,
        full_matrices=full_matrices,
        compute_uv=compute_uv,
        subset_by_index=subset_by_index,
        algorithm=algorithm,
    )
    return (out[1], out[0], out[2]) if compute_uv else out[0]


def _results(
    x: ShapedArray, *, full_matrices: bool, compute_uv: bool, subset_by_index: Range, algorithm: Any
) -> list[ShapedArray]:
    m, n = x.shape
    rank = min(m, n)
    if subset_by_index is not None:
        if full_matrices and subset_by_index != (0, rank):
            fail("svd", "full_matrices and subset_by_index exclude one another", x)
        rank = min(rank, subset_by_index[1] - subset_by_index[0])
    s = x.update(shape=(rank,), dtype=part_dtype(x.dtype))
    if not compute_uv:
        return [s]
    left, right = (m, n) if full_matrices else (rank, rank)
    return [s, x.update(shape=(m, left)), x.update(shape=(right, n))]


define_type(svd_p, (2,), _results)


@value_of_stacks(svd_p)
def _(
    x: np.ndarray, *, full_matrices: bool, compute_uv: bool, subset_by_index: Range, algorithm: Any
) -> list[np.ndarray]:
    kept = slice(*subset_by_index) if subset_by_index else slice(None)
    if not compute_uv:
        (s,) = nan_where_failing(lambda a: (np.linalg.svd(a, compute_uv=False),), x)
        return [s[..., kept]]
    u, s, vh = nan_where_failing(lambda a: np.linalg.svd(a, full_matrices), x)
    return [s, u, vh] if subset_by_index is None else [s[..., kept], u[..., kept], vh[..., kept, :]]


@svd_p.def_jvp
def _(primals: Any, tangents: Any, *, full_matrices: bool, compute_uv: bool, **params: Any) -> Any:
    (x,), (t,) = primals, tangents
    m, n = x.shape[-2:]
    bind = svd_p.bind
    if type(t) is Zero or not min(m, n):
        out = bind(x, full_matrices=full_matrices, compute_uv=compute_uv, **params)
        return out, [zero_like(o) for o in out]
    if compute_uv and full_matrices and m != n:
        raise NotImplementedError(
            "svd with full_matrices=True of a matrix that is not square has no derivative: pass"
            " full_matrices=False"
        )
    s, u, vh = bind(x, full_matrices=False, compute_uv=True, **params)
    inner = matmul(matmul(adjoint(u), t), adjoint(vh))
    ds = diagonal(real(inner) if is_complex(inner) else inner)
    if not compute_uv:
        return [s], [ds]
    if params["subset_by_index"] not in (None, (0, min(m, n))):
        raise NotImplementedError(
            "svd with subset_by_index has no derivative of its vectors: take the subset of all"
        )
    return [s, u, vh], [ds, *_vectors(t, s, u, vh, inner)]


def _vectors(t: Any, s: Any, u: Any, vh: Any, inner: Any) -> tuple[Any, Any]:
    """How u and vh turn: within their spans, and out of them where these are not everything.

    The Hermitian part of u^H dx v turns u and v alike, the other part against one another; a
    common phase, which nothing decides, is left to u.
    """
    m, n = u.shape[-2], vh.shape[-1]
    size, scale = max(m, n), largest(s)
    apart = convert_element_type(reciprocal(outer(s, sub), scale, size), u.dtype)
    inverse = reciprocal(s, scale, size)
    across = reciprocal(outer(s, add), scale, size)
    flipped = adjoint(inner)
    common = mul(mul(add_any(inner, flipped), 0.5), apart)
    against = mul(sub(inner, flipped), 0.5)
    du, dv = (
        matmul(basis, add_any(common, mul(against, convert_element_type(turn, u.dtype))))
        for basis, turn in (
            (u, with_diagonal(across, inverse)),
            (adjoint(vh), with_diagonal(mul(across, -1.0), full_like(s, 0))),
        )
    )
    weights = convert_element_type(inverse, u.dtype)
    if m > n:
        du = add_any(du, mul(_outside(u, matmul(t, adjoint(vh))), as_rows(weights, u.shape)))
    if n > m:
        out = _outside(adjoint(vh), matmul(adjoint(t), u))
        dv = add_any(dv, mul(out, as_rows(weights, out.shape)))
    return du, adjoint(dv)


def _outside(basis: Any, x: Any) -> Any:
    """The part of the columns of x that is orthogonal to the columns of a basis."""
    return sub(x, matmul(basis, matmul(adjoint(basis), x)))
