"""Products that sum over axes: dot, matmul, tensordot and their kin, all by dot_general."""

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import _native, dtypes
from .._native import ArrayImpl
from ..core.aval import canonical_axis
from ..dtypes import DType
from ..errors import OperandError
from ..jit import jit
from ..primitives import elementwise as ew
from ..primitives import pieces as pc
from ..primitives import shape as sh
from ..primitives.contract import LARGE_FOR_BLAS, dot_general
from .creation import requested_dtype
from .diagonals import diagonal
from .divided import divided
from .reductions import sum as summed
from .shapes import expand_dims, moveaxis, ravel, reshape
from .values import (
    as_array,
    convert,
    describe,
    expand,
    no_out,
    promote_arrays,
    result_type_of,
)
from .worth import compiled_at_once, compiled_when_repeated

Axes = Sequence[int]
FAST = frozenset((dtypes.float32, dtypes.float64))


def contract(
    x: Any,
    y: Any,
    axes: tuple[Axes, Axes],
    batch: tuple[Axes, Axes] = ((), ()),
    precision: Any = None,
    preferred: Any = None,
) -> Any:
    """dot_general of operands of one dtype."""
    numbers: Any = (tuple(map(tuple, axes)), tuple(map(tuple, batch)))
    wanted = None if preferred is None else requested_dtype("dot", preferred)
    return dot_general(x, y, numbers, precision, wanted)


def _sizes_differ(name: str, x: Any, y: Any, n: int, m: int) -> OperandError:
    return OperandError(
        f"{name}: the contracted sizes differ, got {describe(x)} and {describe(y)}: {n} and {m}"
    )


def matmul(
    a: Any, b: Any, *, precision: Any = None, preferred_element_type: Any = None,
    out_sharding: Any = None,
) -> Any:  # fmt: skip
    """The matrix product, over leading axes that broadcast; vectors are rows or columns.

    Args:
      a, b: arrays with at least one axis.
      precision: accepted; products are of full precision.
      preferred_element_type: dtype of the result; by default that of the operands.

    Raises:
      TypeError: the contracted sizes differ.
      ValueError: an operand has no axes, or the leading axes do not broadcast.

    >>> pnp.matmul(pnp.array([[1.0, 2.0], [3.0, 4.0]]), pnp.array([1.0, 10.0]))
    Array([21., 43.], dtype=float32)
    """
    if type(a) is ArrayImpl and type(b) is ArrayImpl and preferred_element_type is None:
        if _native.is_eager() and a.dtype in FAST and a.dtype is b.dtype and _fit(a, b):
            if not _is_large(a, b):
                return ArrayImpl(np.matmul(a._npy, b._npy), a.weak_type and b.weak_type)
            return _product(a, b)
    if out_sharding is not None:
        product = matmul(a, b, precision=precision, preferred_element_type=preferred_element_type)
        return divided(product, out_sharding)
    x, y = promote_arrays("matmul", a, b)
    if x.ndim == 0 or y.ndim == 0:
        raise ValueError(
            f"matmul: both arguments must have at least one axis, got {describe(x)}"
            f" and {describe(y)}: write x * y"
        )
    n, m = x.shape[-1], y.shape[-2] if y.ndim > 1 else y.shape[0]
    if n != m:
        raise _sizes_differ("matmul", x, y, n, m)
    params = {"precision": precision, "preferred": preferred_element_type}
    if (x.ndim <= 2 and y.ndim <= 2) or y.ndim <= 2:
        return contract(x, y, ((x.ndim - 1,), (max(0, y.ndim - 2),)), **params)
    if x.ndim == 1:
        return contract(y, x, ((y.ndim - 2,), (0,)), **params)
    return _batched_matmul(x, y, params)


def _fit(a: Any, b: Any) -> bool:
    n, m = a.shape, b.shape
    return 1 <= len(n) <= 2 and 1 <= len(m) <= 2 and n[-1] == m[0]


def _is_large(a: Any, b: Any) -> bool:
    """What `contract.is_large` says of matrices and vectors that fit."""
    return a.ndim + b.ndim > 2 and a.size * (b.shape[1] if b.ndim == 2 else 1) > LARGE_FOR_BLAS


@jit
def _product(x: Any, y: Any) -> Any:
    return contract(x, y, ((x.ndim - 1,), (0,)))


def _batched_matmul(x: Any, y: Any, params: dict[str, Any]) -> Any:
    """Axes of size 1 in one operand's batch are not repeated: they are free axes of the other."""
    rank = max(x.ndim, y.ndim)
    x_sizes = (1,) * (rank - x.ndim) + x.shape[:-2]
    y_sizes = (1,) * (rank - y.ndim) + y.shape[:-2]
    lead = range(rank - 2)
    for n, k in zip(x_sizes, y_sizes, strict=True):
        if n != k and 1 not in (n, k):
            raise ValueError(
                f"matmul: the leading axes do not broadcast, got {describe(x)} and {describe(y)}"
            )
    both = [d for d in lead if x_sizes[d] == y_sizes[d]]
    only_x = [d for d in lead if d not in both and y_sizes[d] == 1]
    only_y = [d for d in lead if d not in both and d not in only_x]
    x_kept = [d for d in lead if d in both or d in only_x]
    y_kept = [d for d in lead if d in both or d in only_y]
    x = sh.reshape(x, [x_sizes[d] for d in x_kept] + list(x.shape[-2:]))
    y = sh.reshape(y, [y_sizes[d] for d in y_kept] + list(y.shape[-2:]))
    batch = ([x_kept.index(d) for d in both], [y_kept.index(d) for d in both])
    out = contract(x, y, ((x.ndim - 1,), (y.ndim - 2,)), batch, **params)
    order = [*both, *only_x, "row", *only_y, "column"]
    return permuted(out, [order.index(v) for v in (*lead, "row", "column")])


def permuted(x: Any, order: Sequence[int]) -> Any:
    return x if list(order) == list(range(x.ndim)) else sh.transpose(x, order)


def dot(
    a: Any, b: Any, *, precision: Any = None, preferred_element_type: Any = None,
    out_sharding: Any = None,
) -> Any:  # fmt: skip
    """Sum of products over the last axis of a and the last but one of b (its only one).

    Args:
      a, b: arrays; a number multiplies.
      precision: accepted; products are of full precision.
      preferred_element_type: dtype of the result; by default that of the operands.

    Raises:
      TypeError: the contracted sizes differ.

    >>> pnp.dot(pnp.array([1.0, 2.0]), pnp.array([3.0, 4.0]))
    Array(11., dtype=float32)
    """
    x, y = promote_arrays("dot", a, b)
    if x.ndim == 0 or y.ndim == 0:
        out = ew.bitwise_and(x, y) if x.dtype == dtypes.bool_ else ew.mul(x, y)
        wanted = preferred_element_type
        out = out if wanted is None else convert(out, requested_dtype("dot", wanted))
        return divided(out, out_sharding)
    n, m = x.shape[-1], y.shape[-2] if y.ndim > 1 else y.shape[0]
    if n != m:
        raise _sizes_differ("dot", x, y, n, m)
    axes = ((x.ndim - 1,), (max(0, y.ndim - 2),))
    out = contract(x, y, axes, precision=precision, preferred=preferred_element_type)
    return divided(out, out_sharding)


def vdot(a: Any, b: Any, *, precision: Any = None, preferred_element_type: Any = None) -> Any:
    """Sum of products of all elements, those of `a` conjugated.

    >>> pnp.vdot(pnp.array([1.0j, 2.0]), pnp.array([1.0j, 1.0]))
    Array(3.+0.j, dtype=complex64)
    """
    x = as_array("vdot", a)
    x = ew.conj(x) if dtypes.kind(x.dtype) == "complex" else x
    return dot(
        ravel(x), ravel(b), precision=precision, preferred_element_type=preferred_element_type
    )


def vecdot(
    x1: Any,
    x2: Any,
    /,
    *,
    axis: int = -1,
    precision: Any = None,
    preferred_element_type: Any = None,
) -> Any:
    """Sum of products along an axis, elements of x1 conjugated.

    >>> pnp.vecdot(pnp.array([[1.0, 2.0], [3.0, 4.0]]), pnp.array([1.0, 1.0]))
    Array([3., 7.], dtype=float32)
    """
    x, y = promote_arrays("vecdot", x1, x2)
    x, y = moveaxis(x, axis, -1), moveaxis(y, axis, -1)
    if x.shape[-1] != y.shape[-1]:
        raise _sizes_differ("vecdot", x, y, x.shape[-1], y.shape[-1])
    x = ew.conj(x) if dtypes.kind(x.dtype) == "complex" else x
    row, column = expand_dims(x, -2), expand_dims(y, -1)
    out = matmul(row, column, precision=precision, preferred_element_type=preferred_element_type)
    return sh.squeeze(out, (out.ndim - 2, out.ndim - 1))


def matvec(x1: Any, x2: Any, /) -> Any:
    """The product of matrices and vectors, over leading axes that broadcast.

    >>> pnp.matvec(pnp.ones((3, 2, 4)), pnp.arange(4.0)).shape
    (3, 2)
    """
    _matrix("matvec", x1)
    y = as_array("matvec", x2)
    if y.ndim == 1:
        return matmul(x1, y)
    out = matmul(x1, expand_dims(y, -1))
    return sh.squeeze(out, (out.ndim - 1,))


def _matrix(name: str, x: Any) -> None:
    if as_array(name, x).ndim < 2:
        raise ValueError(f"{name}: a matrix is wanted, got {describe(x)}")


def vecmat(x1: Any, x2: Any, /) -> Any:
    """The product of vectors, conjugated, and matrices.

    >>> pnp.vecmat(pnp.array([1.0, 2.0]), pnp.eye(2))
    Array([1., 2.], dtype=float32)
    """
    x = as_array("vecmat", x1)
    _matrix("vecmat", x2)
    x = ew.conj(x) if dtypes.kind(x.dtype) == "complex" else x
    if x.ndim == 1:
        return matmul(x, x2)
    out = matmul(expand_dims(x, -2), x2)
    return sh.squeeze(out, (out.ndim - 2,))


def inner(a: Any, b: Any, *, precision: Any = None, preferred_element_type: Any = None) -> Any:
    """Sum of products over the last axes.

    >>> pnp.inner(pnp.array([[1.0, 2.0], [3.0, 4.0]]), pnp.array([1.0, 10.0]))
    Array([21., 43.], dtype=float32)
    """
    x, y = promote_arrays("inner", a, b)
    if x.ndim == 0 or y.ndim == 0:
        return dot(x, y, precision=precision, preferred_element_type=preferred_element_type)
    if x.shape[-1] != y.shape[-1]:
        raise _sizes_differ("inner", x, y, x.shape[-1], y.shape[-1])
    axes = ((x.ndim - 1,), (y.ndim - 1,))
    return contract(x, y, axes, precision=precision, preferred=preferred_element_type)


@compiled_when_repeated("out")
def outer(a: Any, b: Any, out: None = None) -> Any:
    """Products of all pairs of elements.

    >>> pnp.outer(pnp.array([1, 2]), pnp.array([3, 4, 5]))
    Array([[ 3,  4,  5],
           [ 6,  8, 10]], dtype=int32)
    """
    no_out("outer", out)
    x, y = promote_arrays("outer", a, b)
    shape = (x.size, y.size)
    x = sh.broadcast_in_dim(ravel(x), shape, (0,))
    y = sh.broadcast_in_dim(ravel(y), shape, (1,))
    return ew.bitwise_and(x, y) if x.dtype == dtypes.bool_ else ew.mul(x, y)


def tensordot(
    a: Any, b: Any, axes: Any = 2, *, precision: Any = None, preferred_element_type: Any = None,
    out_sharding: Any = None,
) -> Any:  # fmt: skip
    """Sum of products over pairs of axes: the last n and first n, or two lists of axes.

    Args:
      a, b: arrays.
      axes: how many axes, the last of `a` and the first of `b`; or two sequences of axes that
        belong together.
      precision: accepted; products are of full precision.
      preferred_element_type: dtype of the result; by default that of the operands.
      out_sharding: how the result is divided, as `with_sharding_constraint` takes it.

    Raises:
      TypeError: the sizes of a pair of axes differ.

    >>> pnp.tensordot(pnp.ones((2, 3, 4)), pnp.ones((4, 3, 5)), axes=([1, 2], [1, 0])).shape
    (2, 5)
    """
    x, y = promote_arrays("tensordot", a, b)
    if not np.iterable(axes):
        n = operator.index(axes)
        if n > min(x.ndim, y.ndim):
            raise TypeError(
                f"tensordot: axes={n} exceeds the ranks of {describe(x)}, {describe(y)}"
            )
        pair: Any = (range(x.ndim - n, x.ndim), range(n))
    else:
        pair = tuple(tuple(v) if np.iterable(v) else (v,) for v in axes)
    if len(pair) != 2 or len(pair[0]) != len(pair[1]):
        raise TypeError(f"tensordot: axes must be two lists of one length, got {axes}")
    xs = [canonical_axis(d, x.ndim, "tensordot") for d in pair[0]]
    ys = [canonical_axis(d, y.ndim, "tensordot") for d in pair[1]]
    for i, j in zip(xs, ys, strict=True):
        if x.shape[i] != y.shape[j]:
            raise _sizes_differ("tensordot", x, y, x.shape[i], y.shape[j])
    out = contract(x, y, (xs, ys), precision=precision, preferred=preferred_element_type)
    return divided(out, out_sharding)


@compiled_when_repeated()
def kron(a: Any, b: Any) -> Any:
    """The Kronecker product.

    >>> pnp.kron(pnp.array([1, 10]), pnp.array([1, 2]))
    Array([ 1,  2, 10, 20], dtype=int32)
    """
    x, y = promote_arrays("kron", a, b)
    rank = max(x.ndim, y.ndim)
    x = reshape(x, (1,) * (rank - x.ndim) + x.shape)
    y = reshape(y, (1,) * (rank - y.ndim) + y.shape)
    shape = [v for n, m in zip(x.shape, y.shape, strict=True) for v in (n, m)]
    x_grown = sh.broadcast_in_dim(x, shape, range(0, 2 * rank, 2))
    y_grown = sh.broadcast_in_dim(y, shape, range(1, 2 * rank, 2))
    sizes = [n * m for n, m in zip(x.shape, y.shape, strict=True)]
    return sh.reshape(ew.mul(x_grown, y_grown), sizes)


@compiled_when_repeated("axisa", "axisb", "axisc", "axis")
def cross(
    a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Any:
    """The vector product along an axis of size 2 or 3.

    >>> pnp.cross(pnp.array([1.0, 0.0, 0.0]), pnp.array([0.0, 1.0, 0.0]))
    Array([0., 0., 1.], dtype=float32)
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    x, y = promote_arrays("cross", a, b)
    x, y = moveaxis(x, axisa, -1), moveaxis(y, axisb, -1)
    if x.shape[-1] not in (2, 3) or y.shape[-1] not in (2, 3):
        raise ValueError(
            "Dimension must be either 2 or 3 for cross product,"
            f" got {describe(x)} and {describe(y)}"
        )
    xs = [x[..., i] for i in range(x.shape[-1])]
    ys = [y[..., i] for i in range(y.shape[-1])]
    last = xs[0] * ys[1] - xs[1] * ys[0]
    if len(xs) == len(ys) == 2:
        return last
    x2, y2 = (v[2] if len(v) == 3 else v[0] * 0 for v in (xs, ys))
    parts = [xs[1] * y2 - x2 * ys[1], x2 * ys[0] - xs[0] * y2, last]
    out = _stack_last(parts)
    return moveaxis(out, -1, axisc)


def _stack_last(parts: Sequence[Any]) -> Any:
    shape = np.broadcast_shapes(*(p.shape for p in parts))
    columns = [sh.expand_dims(expand(p, shape), (len(shape),)) for p in parts]
    return pc.concatenate(columns, len(shape))


@compiled_at_once("offset", "axis1", "axis2", "dtype", "out")
def trace(
    a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: None = None
) -> Any:
    """The sum of a diagonal.

    >>> pnp.trace(pnp.array([[1, 2], [3, 4]]))
    Array(5, dtype=int32)
    """
    no_out("trace", out)
    d = diagonal(a, offset, axis1, axis2)
    return summed(d, -1, dtype)


def dtype_of(*arrays: Any) -> DType:
    """The common dtype of arrays."""
    return result_type_of(arrays)[0]
