"""Products of arrays, matrix powers, traces and diagonals."""

import operator
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from ...lazy import LazyModule
from .. import contractions, diagonals
from ..contractions import cross as cross_product
from ..contractions import outer as outer_product
from ..contractions import tensordot as tensor_product
from ..diagonals import eye
from ..einsums import einsum
from ..elementwise import as_inexact
from ..values import as_array, as_arrays, describe, expand
from ..worth import compiled_at_once

opt_einsum: Any = LazyModule("opt_einsum")
equations: Any = LazyModule(f"{__package__}.equations")


def multi_dot(arrays: Sequence[Any], *, precision: Any = None) -> Any:
    """The product of several matrices, in the cheapest order.

    >>> pnp.linalg.multi_dot([pnp.ones((2, 9)), pnp.ones((9, 3)), pnp.ones((3, 1))]).shape
    (2, 1)
    """
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
    return einsum(f"{','.join(terms)}->{ends}", *factors, optimize="auto", precision=precision)


def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    """The sum of the diagonal of matrices in the last two axes.

    >>> pnp.linalg.trace(pnp.array([[1, 2], [3, 4]]))
    Array(5, dtype=int32)
    """
    return contractions.trace(x, offset, -2, -1, dtype)


def diagonal(x: Any, /, *, offset: int = 0) -> Any:
    """The diagonal of matrices in the last two axes.

    >>> pnp.linalg.diagonal(pnp.array([[1, 2], [3, 4]]), offset=1)
    Array([2], dtype=int32)
    """
    return diagonals.diagonal(x, offset, -2, -1)


def outer(x1: Any, x2: Any, /) -> Any:
    """Products of all pairs of elements of two vectors.

    >>> pnp.linalg.outer(pnp.array([1, 2]), pnp.array([3, 4]))
    Array([[3, 4],
           [6, 8]], dtype=int32)
    """
    x, y = as_arrays("outer", (x1, x2))
    if x.ndim != 1 or y.ndim != 1:
        raise ValueError(
            f"Input arrays must be one-dimensional, got {describe(x)} and {describe(y)}"
        )
    return outer_product(x, y)


def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """The vector product of arrays whose axis has size 3.

    >>> pnp.linalg.cross(pnp.array([1.0, 0.0, 0.0]), pnp.array([0.0, 1.0, 0.0]))
    Array([0., 0., 1.], dtype=float32)
    """
    x, y = as_arrays("cross", (x1, x2))
    if x.shape[axis] != 3 or y.shape[axis] != 3:
        raise ValueError(
            f"Both input arrays must be (arrays of) 3-dimensional vectors, got {describe(x)}"
            f" and {describe(y)}"
        )
    return cross_product(x, y, axis=axis)


def tensordot(
    x1: Any, x2: Any, /, *, axes: Any = 2, precision: Any = None,
    preferred_element_type: Any = None, out_sharding: Any = None,
) -> Any:  # fmt: skip
    """Sum of products over pairs of axes.

    >>> pnp.linalg.tensordot(pnp.array([1, 2]), pnp.array([[3, 4], [5, 6]]), axes=1)
    Array([13, 16], dtype=int32)
    """
    return tensor_product(
        x1, x2, axes, precision=precision, preferred_element_type=preferred_element_type,
        out_sharding=out_sharding,
    )  # fmt: skip


@compiled_at_once("n")
def matrix_power(a: Any, n: int) -> Any:
    """A square matrix multiplied with itself n times, by repeated squaring.

    >>> pnp.linalg.matrix_power(pnp.array([[1, 1], [1, 0]]), 10)
    Array([[89, 55],
           [55, 34]], dtype=int32)
    """
    x = as_inexact("matrix_power", a) if n < 0 else as_array("matrix_power", a)
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise TypeError(f"matrix_power: the last two axes must be of equal size, got {describe(x)}")
    n = operator.index(n)
    if n < 0:
        x, n = equations.inv(x), -n
    if n == 0:
        return expand(eye(x.shape[-1], dtype=x.dtype), x.shape)
    result = None
    while True:
        if n & 1:
            result = x if result is None else contractions.matmul(result, x)
        n >>= 1
        if not n:
            return result
        x = contractions.matmul(x, x)
