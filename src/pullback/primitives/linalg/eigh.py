"""Eigenvalues and eigenvectors of Hermitian matrices."""

from typing import Any

import numpy as np

from ...core.aval import ShapedArray
from ...core.primitive import Primitive, Zero
from ..arithmetic import mul, sub
from ..complex import is_complex, part_dtype, real
from ..convert import convert_element_type
from ..rules import zero_like
from .define import define_batch, define_type, nan_where_failing, square, value_of_stacks
from .gaps import largest, outer, reciprocal
from .matrices import adjoint, diagonal, matmul, symmetrized

Range = tuple[int, int] | None

eigh_p = Primitive("eigh", multiple_results=True)
define_batch(eigh_p)


def eigh(
    x: Any,
    *,
    lower: bool = True,
    symmetrize_input: bool = True,
    sort_eigenvalues: bool = True,
    subset_by_index: Range = None,
    implementation: Any = None,
) -> list[Any]:
    """Eigenvectors, as columns, and eigenvalues in ascending order."""
    return eigh_p.bind(
        symmetrized(x) if symmetrize_input else x,
        lower=lower,
        sort_eigenvalues=sort_eigenvalues,
        subset_by_index=subset_by_index,
        algorithm=implementation,
    )


def _results(x: ShapedArray, *, subset_by_index: Range, **_params: Any) -> list[ShapedArray]:
    n = square("eigh", x)
    start, stop = subset_by_index or (0, n)
    count = stop - start
    return [x.update(shape=(n, count)), x.update(shape=(count,), dtype=part_dtype(x.dtype))]


define_type(eigh_p, (2,), _results)


@value_of_stacks(eigh_p)
def _(x: np.ndarray, *, lower: bool, subset_by_index: Range, **_params: Any) -> list[np.ndarray]:
    values, vectors = nan_where_failing(lambda a: np.linalg.eigh(a, "L" if lower else "U"), x)
    if subset_by_index is None:
        return [vectors, values]
    kept = slice(*subset_by_index)
    return [vectors[..., kept], values[..., kept]]


# With p = v^H dx v: dw = diag p, dv = v (f * p) where f[i, j] = 1 / (w[j] - w[i]).
@eigh_p.def_jvp
def _(primals: Any, tangents: Any, **params: Any) -> Any:
    (t,) = tangents
    out = eigh_p.bind(*primals, **params)
    v, w = out
    if type(t) is Zero:
        return out, [zero_like(v), zero_like(w)]
    n = v.shape[-2]
    if v.shape[-1] != n:
        raise NotImplementedError(
            "eigh with subset_by_index has no derivative: take the subset of all of them"
        )
    if not n:
        return out, [zero_like(v), zero_like(w)]
    p = matmul(matmul(adjoint(v), t), v)
    turn = convert_element_type(reciprocal(outer(w, sub), largest(w), n), v.dtype)
    return out, [matmul(v, mul(turn, p)), diagonal(real(p) if is_complex(p) else p)]
