"""Linear algebra that needs no factorization: norms, powers, products, traces."""

import operator
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ..lazy import LazyModule
from ..primitives import elementwise as ew
from ..primitives import shape as sh
from . import contractions, reductions, shapes
from .contractions import cross as cross_product
from .contractions import matmul, vecdot
from .contractions import outer as outer_product
from .contractions import tensordot as tensor_product
from .creation import eye
from .elementwise import as_inexact
from .shapes import axes_of, matrix_transpose
from .values import as_array, as_arrays, describe, expand

opt_einsum: Any = LazyModule("opt_einsum")

__all__ = [
    "cross", "diagonal", "matmul", "matrix_norm", "matrix_power", "matrix_transpose", "multi_dot",
    "norm", "outer", "tensordot", "trace", "vecdot", "vector_norm",
]  # fmt: skip


def matrix_power(a: Any, n: int) -> Any:
    """A square matrix multiplied with itself n times, by repeated squaring."""
    x = as_inexact("matrix_power", a) if n < 0 else as_array("matrix_power", a)
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise TypeError(f"matrix_power: the last two axes must be of equal size, got {describe(x)}")
    n = operator.index(n)
    if n < 0:
        raise NotImplementedError("matrix_power: negative powers need a matrix inverse")
    if n == 0:
        return expand(eye(x.shape[-1], dtype=x.dtype), x.shape)
    result = None
    while True:
        if n & 1:
            result = x if result is None else matmul(result, x)
        n >>= 1
        if not n:
            return result
        x = matmul(x, x)


def multi_dot(arrays: Sequence[Any], *, precision: Any = None) -> Any:
    """The product of several matrices, in the cheapest order."""
    factors = as_arrays("multi_dot", arrays)
    if len(factors) < 2:
        raise ValueError(f"multi_dot requires at least two arrays; got len(arrays)={len(factors)}")
    if any(x.ndim != 2 for x in factors[1:-1]) or any(
        x.ndim not in (1, 2) for x in (factors[0], factors[-1])
    ):
        raise ValueError(
            "multi_dot: input arrays must all be two-dimensional, except for the first and last"
        )
    letters = [opt_einsum.get_symbol(k) for k in range(len(factors) + 1)]
    terms = [letters[k] + letters[k + 1] for k in range(len(factors))]
    terms[0] = terms[0][2 - factors[0].ndim :]
    terms[-1] = terms[-1][: factors[-1].ndim]
    ends = letters[0] * (factors[0].ndim == 2) + letters[-1] * (factors[-1].ndim == 2)
    for x, y in pairwise(factors):
        if x.shape[-1] != y.shape[0]:
            raise ValueError(f"multi_dot: shapes do not match, {describe(x)} and {describe(y)}")
    return contractions.einsum(
        f"{','.join(terms)}->{ends}", *factors, optimize="auto", precision=precision
    )


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """The norm of a vector or matrix. At zero the derivative of a root of squares is 0, not NaN."""
    x = as_inexact("norm", x)
    if axis is None and ord is None:
        return _two(x, tuple(range(x.ndim)), keepdims)
    if axis is None and x.ndim not in (1, 2):
        raise ValueError(
            f"Improper number of axes for norm: x must have one or two, got {describe(x)}"
        )
    axes = axes_of("norm", axis, x.ndim)
    if len(axes) == 1:
        return _vector(x, 2 if ord is None else ord, axes, keepdims)
    if len(axes) == 2:
        return _matrix(x, "fro" if ord is None else ord, axes, keepdims)
    raise ValueError(f"Improper number of axes for norm: axis={axis}. Pass one axis or two.")


def _two(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    square = ew.real(x * ew.conj(x)) if x.dtype.kind == "c" else ew.mul(x, x)
    return ew.sqrt(reductions.sum(square, axes, keepdims=keepdims))


def _vector(x: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    if isinstance(ord, str):
        raise ValueError(f"Invalid order {ord!r} for vector norm: give a number")
    if ord == 2:
        return _two(x, axes, keepdims)
    size = ew.abs(x)
    if ord == np.inf:
        return reductions.max(size, axes, keepdims=keepdims, initial=0)
    if ord == -np.inf:
        return reductions.min(size, axes, keepdims=keepdims)
    if ord == 0:
        there = ew.convert_element_type(ew.ne(x, 0), size.dtype)
        return reductions.sum(there, axes, keepdims=keepdims)
    if ord == 1:
        return reductions.sum(size, axes, keepdims=keepdims)
    return reductions.sum(size**ord, axes, keepdims=keepdims) ** (1.0 / ord)


def _matrix(x: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    rows, columns = axes
    if ord in ("fro", "f"):
        return _two(x, axes, keepdims)
    if ord in (1, -1, np.inf, -np.inf):
        summed, compared = (rows, columns) if abs(ord) == 1 else (columns, rows)
        sums = reductions.sum(ew.abs(x), summed, keepdims=True)
        best = reductions.max if ord > 0 else reductions.min
        out = best(sums, compared, keepdims=True)
        return out if keepdims else sh.squeeze(out, sorted(axes))
    if ord in (2, -2, "nuc"):
        raise NotImplementedError(f"norm: order {ord!r} of a matrix needs its singular values")
    raise ValueError(f"Invalid order {ord!r} for matrix norm.")


def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """The norm of matrices in the last two axes."""
    return norm(x, ord, (-2, -1), keepdims)


def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """The norm of vectors along axes, of all elements unless told otherwise."""
    x = as_inexact("vector_norm", x)
    if axis is None or isinstance(axis, tuple):
        axes = axes_of("vector_norm", axis, x.ndim)
        return _vector(x, ord, axes, keepdims)
    return norm(x, ord, axis, keepdims)


def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    """The sum of the diagonal of matrices in the last two axes."""
    return contractions.trace(x, offset, -2, -1, dtype)


def diagonal(x: Any, /, *, offset: int = 0) -> Any:
    """The diagonal of matrices in the last two axes."""
    return shapes.diagonal(x, offset, -2, -1)


def outer(x1: Any, x2: Any, /) -> Any:
    """Products of all pairs of elements of two vectors."""
    x, y = as_arrays("outer", (x1, x2))
    if x.ndim != 1 or y.ndim != 1:
        raise ValueError(
            f"Input arrays must be one-dimensional, got {describe(x)} and {describe(y)}"
        )
    return outer_product(x, y)


def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """The vector product of arrays whose axis has size 3."""
    x, y = as_arrays("cross", (x1, x2))
    if x.shape[axis] != 3 or y.shape[axis] != 3:
        raise ValueError(
            f"Both input arrays must be (arrays of) 3-dimensional vectors, got {describe(x)}"
            f" and {describe(y)}"
        )
    return cross_product(x, y, axis=axis)


def tensordot(
    x1: Any, x2: Any, /, *, axes: Any = 2, precision: Any = None,
    preferred_element_type: Any = None, out_sharding: None = None,
) -> Any:  # fmt: skip
    """Sum of products over pairs of axes."""
    return tensor_product(
        x1, x2, axes, precision=precision, preferred_element_type=preferred_element_type
    )
