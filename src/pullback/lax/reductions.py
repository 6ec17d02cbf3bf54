"""Reductions over axes, running reductions, and products of arrays."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..core.aval import canonical_axis
from ..core.primitive import registry
from ..numpy.divided import divides
from ..numpy.values import as_array
from ..primitives import contract
from ..primitives import cumulative as _cumulative
from ..primitives import elementwise as ew
from ..primitives import reduce as _reduce
from ..primitives import shape as _shape
from .elementwise import checked, operands
from .shown import SHOWN

Function = Callable[..., Any]


def _reduction(name: str, op: Function, doc: str) -> Function:
    def f(operand: Any, axes: Sequence[int]) -> Any:
        x = as_array(name, operand)
        chosen = tuple(canonical_axis(a, x.ndim, name) for a in axes)
        checked(name, registry[name], [x], axes=chosen)
        return op(x, chosen)

    f.__name__ = f.__qualname__ = name
    f.__doc__ = f"{doc}\n{SHOWN[name]}"
    return f


def _index(name: str, op: Function, doc: str) -> Function:
    def f(operand: Any, axis: int, index_dtype: Any) -> Any:
        x = as_array(name, operand)
        axis = canonical_axis(axis, x.ndim, name)
        dtype = dtypes.canonicalize_dtype(index_dtype)
        if not dtypes.is_integer(dtype):
            raise TypeError(f"{name}: index_dtype must be an integer dtype, got {dtype}")
        checked(name, registry[name], [x], axes=(axis,), index_dtype=dtype)
        return op(x, axis, dtype)

    f.__name__ = f.__qualname__ = name
    f.__doc__ = f"{doc}\n{SHOWN[name]}"
    return f


def _running(name: str, doc: str) -> Function:
    op = getattr(_cumulative, name)

    def f(operand: Any, axis: int = 0, reverse: bool = False) -> Any:
        x = as_array(name, operand)
        axis = canonical_axis(axis, x.ndim, name)
        checked(name, registry[name], [x], axis=axis, reverse=bool(reverse))
        return op(x, axis, bool(reverse))

    f.__name__ = f.__qualname__ = name
    f.__doc__ = f"{doc}\n{SHOWN[name]}"
    return f


@divides
def reduce_sum(operand: Any, axes: Sequence[int], *, out_sharding: Any = None) -> Any:
    """The sum over axes.

    >>> pb.lax.reduce_sum(pnp.array([[6, 3], [7, 5]]), (0,))
    Array([13,  8], dtype=int32)
    """
    return _reduce_sum(operand, axes)


_reduce_sum = _reduction("reduce_sum", _shape.reduce_sum, "The sum over axes.")
reduce_prod = _reduction("reduce_prod", _reduce.reduce_prod, "The product over axes.")
reduce_max = _reduction("reduce_max", _reduce.reduce_max, "The largest over axes.")
reduce_min = _reduction("reduce_min", _reduce.reduce_min, "The smallest over axes.")
reduce_and = _reduction("reduce_and", _reduce.reduce_and, "The bitwise and over axes.")
reduce_or = _reduction("reduce_or", _reduce.reduce_or, "The bitwise or over axes.")
reduce_xor = _reduction("reduce_xor", _reduce.reduce_xor, "The bitwise exclusive or over axes.")
argmax = _index("argmax", _reduce.argmax, "Where the largest stands on an axis; the first NaN.")
argmin = _index("argmin", _reduce.argmin, "Where the smallest stands on an axis; the first NaN.")
cumsum = _running("cumsum", "Running sum along an axis, from its end if `reverse`.")
cumprod = _running("cumprod", "Running product along an axis.")
cummax = _running("cummax", "Running maximum along an axis.")
cummin = _running("cummin", "Running minimum along an axis.")
cumlogsumexp = _running("cumlogsumexp", "Running log of the sum of exponentials along an axis.")

DotDimensionNumbers = tuple[
    tuple[Sequence[int], Sequence[int]], tuple[Sequence[int], Sequence[int]]
]


@divides
def dot_general(
    lhs: Any,
    rhs: Any,
    dimension_numbers: DotDimensionNumbers,
    precision: Any = None,
    preferred_element_type: Any = None,
    *,
    out_sharding: Any = None,
) -> Any:
    """Sum of products over contracted axes, for each index of batch axes.

    Args:
      lhs, rhs: arrays.
      dimension_numbers: ((contracted of lhs, of rhs), (batch axes of lhs, of rhs)).
      precision: how exact the product is to be, on devices that offer a choice; the CPU does not.
      preferred_element_type: dtype of the result.

    Returns:
      Array of the batch axes, then lhs's remaining, then rhs's.

    >>> import pullback as pb
    >>> x = pb.numpy.ones((2, 3))
    >>> pb.lax.dot_general(x, x, (((1,), (1,)), ((), ())))
    Array([[3., 3.],
           [3., 3.]], dtype=float32)
    """
    x, y = operands("dot_general", lhs, rhs)
    (cx, cy), (bx, by) = dimension_numbers
    numbers = (
        (_axes(cx, x), _axes(cy, y)),
        (_axes(bx, x), _axes(by, y)),
    )
    wanted = None if preferred_element_type is None else np.dtype(preferred_element_type)
    if wanted is None and x.dtype != y.dtype:
        dtype = _richer(x.dtype, y.dtype)
        x, y = (ew.convert_element_type(a, dtype) for a in (x, y))
    checked(
        "dot_general",
        registry["dot_general"],
        [x, y],
        dimension_numbers=numbers,
        precision=None,
        preferred_element_type=wanted,
    )
    return contract.dot_general(x, y, numbers, precision, wanted)


def _richer(*given: dtypes.DType) -> dtypes.DType:
    """The dtype of two, of which the product has that with more range, then more digits."""
    first, second = sorted(given, key=_richness)
    if _richness(first) == _richness(second):
        raise TypeError(f"dot_general: products of {first} and {second} have no dtype: convert one")
    return second


def _richness(dtype: dtypes.DType) -> tuple[Any, ...]:
    real = dtype.type(0).real.dtype
    exact = not dtypes.is_float(real)
    info = None if exact else dtypes.info(real)
    digits = (-1, -1) if info is None else (info.maxexp, info.nmant)
    return (dtype.kind == "c", *digits, real.itemsize, dtypes.kind(real) != "unsigned")


def _axes(axes: Sequence[int], x: Any) -> tuple[int, ...]:
    return tuple(canonical_axis(a, x.ndim, "dot_general") for a in axes)


@divides
def dot(
    lhs: Any,
    rhs: Any,
    *,
    dimension_numbers: DotDimensionNumbers | None = None,
    precision: Any = None,
    preferred_element_type: Any = None,
    out_sharding: Any = None,
) -> Any:
    """Vector and matrix products; with dimension_numbers as `dot_general`.

    >>> pb.lax.dot(pnp.array([[1.0, 2.0]]), pnp.array([3.0, 4.0]))
    Array([11.], dtype=float32)
    """
    x, y = operands("dot", lhs, rhs)
    if dimension_numbers is None:
        if not (1 <= x.ndim <= 2 and 1 <= y.ndim <= 2 and x.shape[-1] == y.shape[0]):
            raise TypeError(
                f"dot: vectors or matrices whose inner sizes agree are wanted, got shapes {x.shape}"
                f" and {y.shape}"
            )
        dimension_numbers = (((x.ndim - 1,), (0,)), ((), ()))
    return dot_general(x, y, dimension_numbers, precision, preferred_element_type)


def batch_matmul(lhs: Any, rhs: Any, precision: Any = None) -> Any:
    """Matrix products over equal leading axes.

    >>> pb.lax.batch_matmul(pnp.ones((5, 2, 3)), pnp.ones((5, 3, 4))).shape
    (5, 2, 4)
    """
    x, y = operands("batch_matmul", lhs, rhs)
    if x.ndim != y.ndim or x.ndim < 2:
        raise TypeError(f"batch_matmul: equal ranks >= 2 are wanted, got {x.shape} and {y.shape}")
    lead = tuple(range(x.ndim - 2))
    return dot_general(x, y, (((x.ndim - 1,), (x.ndim - 2,)), (lead, lead)), precision)
