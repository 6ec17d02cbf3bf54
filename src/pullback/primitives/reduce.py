"""Reductions over axes other than the sum: prod, max, min, and, or, xor, argmax, argmin."""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from .. import dtypes
from ..core.aval import ShapedArray
from ..core.primitive import Primitive, Zero
from .arithmetic import div, mul
from .compare import eq
from .convert import convert_element_type
from .cumulative import cumprod, shifted
from .nary import named
from .quiet import elementwise, widened
from .rules import BITS, INTEGERS, NUMBERS, VALUES, Kinds, check_kind, fail, zero_like
from .shape import (
    Axes,
    batch_reduction,
    broadcast_in_dim,
    reduce_sum,
    reduced_shape,
    reshape,
    transpose,
)

Value = Callable[..., Any]


def reduction(name: str, value: Value, kinds: Kinds, differentiable: bool = False) -> Any:
    """An operation that combines elements over axes, and its function."""
    primitive = Primitive(name, differentiable=differentiable)
    primitive.def_value(elementwise(value))
    batch_reduction(primitive)

    @primitive.def_type
    def _(x: ShapedArray, *, axes: Axes) -> ShapedArray:
        check_kind(name, kinds, x)
        return ShapedArray(reduced_shape(name, x, axes), x.dtype, x.weak_type)

    def apply(x: Any, axes: Sequence[int]) -> Any:
        return primitive.bind(x, axes=tuple(axes)) if len(axes) else x

    return primitive, named(apply, primitive)


def _prod(x: np.ndarray, *, axes: Axes) -> Any:
    return np.multiply.reduce(x, axes, x.dtype)


def _extremum(ufunc: np.ufunc, sign: int) -> Value:
    def value(x: np.ndarray, *, axes: Axes) -> Any:
        return (
            ufunc.reduce(x, axes) if x.size else ufunc.reduce(x, axes, initial=least(x.dtype, sign))
        )

    return value


def least(dtype: dtypes.DType, sign: int = 1) -> Any:
    """The identity of max in a dtype; that of min where sign is -1."""
    kind = dtypes.kind(dtype)
    if kind == "bool":
        return sign < 0
    if kind in INTEGERS:
        return dtypes.info(dtype).min if sign > 0 else dtypes.info(dtype).max
    return dtype.type(-sign * np.inf)


def _bits(ufunc: np.ufunc) -> Value:
    return lambda x, *, axes: ufunc.reduce(x, axes)


reduce_prod_p, reduce_prod = reduction("reduce_prod", widened(_prod), NUMBERS, True)
reduce_max_p, reduce_max = reduction("reduce_max", _extremum(np.maximum, 1), VALUES, True)
reduce_min_p, reduce_min = reduction("reduce_min", _extremum(np.minimum, -1), VALUES, True)
reduce_and_p, reduce_and = reduction("reduce_and", _bits(np.bitwise_and), BITS)
reduce_or_p, reduce_or = reduction("reduce_or", _bits(np.bitwise_or), BITS)
reduce_xor_p, reduce_xor = reduction("reduce_xor", _bits(np.bitwise_xor), BITS)


def kept_axes(x: Any, axes: Axes) -> list[int]:
    """The axes that a reduction keeps."""
    return [d for d in range(len(x.shape)) if d not in axes]


def _jvp_extremum(primitive: Primitive) -> None:
    # dy = sum_i t_i [x_i = y] / #{i: x_i = y}: ties share equally
    @primitive.def_jvp
    def _(primals: Any, tangents: Any, *, axes: Axes) -> Any:
        (x,), (t,) = primals, tangents
        out = primitive.bind(x, axes=axes)
        if type(t) is Zero:
            return out, zero_like(out)
        attained = eq(x, broadcast_in_dim(out, x.shape, kept_axes(x, axes)))
        chosen = convert_element_type(attained, t.dtype)
        return out, div(reduce_sum(mul(t, chosen), axes), reduce_sum(chosen, axes))


_jvp_extremum(reduce_max_p)
_jvp_extremum(reduce_min_p)


@reduce_prod_p.def_jvp
def _(primals: Any, tangents: Any, *, axes: Axes) -> Any:
    (x,), (t,) = primals, tangents
    out = reduce_prod_p.bind(x, axes=axes)
    if type(t) is Zero:
        return out, zero_like(out)
    x, t = _flat_last(x, axes), _flat_last(t, axes)
    return out, reduce_sum(mul(t, products_of_others(x)), (len(t.shape) - 1,))


def _flat_last(x: Any, axes: Axes) -> Any:
    kept = kept_axes(x, axes)
    size = prod(x.shape[a] for a in axes)
    return reshape(transpose(x, [*kept, *axes]), [*(x.shape[d] for d in kept), size])


def products_of_others(x: Any) -> Any:
    """For each element the product of the others on the last axis, right where some are 0."""
    axis = len(x.shape) - 1
    before = shifted(cumprod(x, axis), axis, False, 1)
    after = shifted(cumprod(x, axis, True), axis, True, 1)
    return mul(before, after)


def _index_reduction(name: str, value: Value) -> Any:
    primitive = Primitive(name, differentiable=False)
    batch_reduction(primitive)

    @primitive.def_type
    def _(x: ShapedArray, *, axes: Axes, index_dtype: dtypes.DType) -> ShapedArray:
        check_kind(name, VALUES, x)
        shape = reduced_shape(name, x, axes)
        if len(axes) != 1 or not x.shape[axes[0]]:
            fail(name, f"axes {axes} must be one axis that is not empty", x)
        return ShapedArray(shape, index_dtype)

    # The first NaN if there is one, else the first of the largest (smallest), as in NumPy.
    @primitive.def_value
    def _(x: np.ndarray, *, axes: Axes, index_dtype: dtypes.DType) -> Any:
        return np.asarray(value(x, axes[0])).astype(index_dtype)

    def apply(x: Any, axis: int, index_dtype: Any) -> Any:
        return primitive.bind(x, axes=(axis,), index_dtype=np.dtype(index_dtype))

    return primitive, named(apply, primitive)


argmax_p, argmax = _index_reduction("argmax", np.argmax)
argmin_p, argmin = _index_reduction("argmin", np.argmin)
