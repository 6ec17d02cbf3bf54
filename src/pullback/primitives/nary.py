"""Making elementwise operations: each is a name, a NumPy value, kinds of dtypes and derivatives.

A rank-0 operand beside others stands for all elements; nothing else is broadcast.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from .. import dtypes
from ..core.aval import Shape, ShapedArray
from ..core.primitive import Primitive, Zero
from .batching import batch_size, elementwise_batch, to_axis
from .quiet import elementwise
from .rules import Kinds, check_kind, check_same_dtype, const, deflinear, fail, zero_like
from .shape import spread

Value = Callable[..., Any]
# The tangent of the result from that of an operand: (t, out, x, **params) or (t, out, x, y).
Tangent = Callable[..., Any]
Operation = Callable[..., Any]
# The dtype of the result from those of the operands.
DTypeRule = Callable[..., dtypes.DType]

NUMBERS = (int, float, complex, np.generic)
# Elementary functions of so many elements take NumPy about as long as to compile them.
MANY = 1 << 18


def is_large(x: Any) -> bool:
    """Whether this is an array of very many elements."""
    return getattr(x, "size", 1) >= MANY


def are_many(args: Sequence[Any], params: dict[str, Any]) -> bool:
    """Whether an operand has very many elements, real ones."""
    for x in args:
        if getattr(x, "size", 1) >= MANY:
            return dtypes.kind(x.dtype) != "complex"
    return False


def common_shape(name: str, *avals: ShapedArray) -> Shape:
    """The one shape of operands, rank 0 aside."""
    shape: Shape = ()
    for aval in avals:
        if aval.shape and shape and aval.shape != shape:
            fail(name, "the operands' shapes must be equal", *avals)
        shape = aval.shape or shape
    return shape


def _on_all(value: Value) -> Value:
    """A NumPy function on every dtype; what `quiet` made knows them all itself."""
    return value if isinstance(value, partial) else elementwise(value)


def unary(
    name: str,
    value: Value,
    kinds: Kinds,
    tangent: Tangent | None = None,
    out_dtype: DTypeRule | None = None,
) -> tuple[Primitive, Operation]:
    """An operation on each element of one array, and its function."""
    primitive = Primitive(name, differentiable=tangent is not None)
    primitive.def_value(_on_all(value))
    define_unary_type(primitive, kinds, out_dtype)
    elementwise_batch(primitive)
    if tangent is not None:
        define_unary_jvp(primitive, tangent)
    return primitive, unary_function(primitive)


def unary_function(primitive: Primitive) -> Operation:
    """The function of an operation on one array."""
    bind = primitive.bind

    def apply(x: Any) -> Any:
        return bind(x)

    return named(apply, primitive)


def named(function: Operation, primitive: Primitive) -> Operation:
    """The function with the operation's name in tracebacks and help."""
    function.__name__ = function.__qualname__ = primitive.name
    function.__doc__ = f"{primitive.name}, element by element."
    return function


def define_unary_type(primitive: Primitive, kinds: Kinds, out_dtype: DTypeRule | None) -> None:
    """Check the kind; the type is the operand's unless the dtype changes."""
    name = primitive.name

    @primitive.def_type
    def _(x: ShapedArray, **params: Any) -> ShapedArray:
        check_kind(name, kinds, x)
        return x if out_dtype is None else x.update(dtype=out_dtype(x.dtype))


def define_unary_jvp(primitive: Primitive, tangent: Tangent) -> None:
    """The chain rule of one argument."""
    bind = primitive.bind

    @primitive.def_jvp
    def _(primals: Any, tangents: Any, **params: Any) -> Any:
        (x,), (t,) = primals, tangents
        out = bind(x, **params)
        return out, (zero_like(out) if type(t) is Zero else tangent(t, out, x, **params))


def linear_unary(
    name: str,
    value: Value,
    kinds: Kinds,
    transpose: Callable[..., Any],
    out_dtype: DTypeRule | None = None,
) -> tuple[Primitive, Operation]:
    """A linear operation on each element; `transpose` maps the cotangent."""
    primitive = Primitive(name, linear=True)
    primitive.def_value(_on_all(value))
    primitive.def_transpose(lambda ct, x, **params: [transpose(ct)])
    define_unary_type(primitive, kinds, out_dtype)
    elementwise_batch(primitive)
    deflinear(primitive)
    return primitive, unary_function(primitive)


def binary(
    name: str,
    value: Value,
    kinds: Kinds,
    left: Tangent | None = None,
    right: Tangent | None = None,
    out_dtype: DTypeRule | None = None,
) -> tuple[Primitive, Operation]:
    """An operation on elements of two arrays, and its function."""
    primitive = Primitive(name, differentiable=left is not None)
    primitive.def_value(_on_all(value))
    define_binary_type(primitive, kinds, out_dtype)
    elementwise_batch(primitive)
    if left is not None and right is not None:
        define_binary_jvp(primitive, left, right)
    return primitive, binary_function(primitive)


def binary_function(primitive: Primitive) -> Operation:
    """The function of two arrays; a Python or NumPy number is a constant of the other's dtype."""
    bind = primitive.bind

    def apply(x: Any, y: Any) -> Any:
        if isinstance(y, NUMBERS):
            y = like(x, y)
        elif isinstance(x, NUMBERS):
            x = like(y, x)
        return bind(x, y)

    return named(apply, primitive)


def like(x: Any, number: Any) -> Any:
    """A number as a constant of the dtype of x, and weak where x is."""
    constant = const(x, number)
    if not isinstance(number, np.generic) and getattr(x, "weak_type", False):
        value = constant.item()
        return value if dtypes.default_dtype(type(value)) == x.dtype else constant
    return constant


def define_binary_type(primitive: Primitive, kinds: Kinds, out_dtype: DTypeRule | None) -> None:
    """Equal dtypes of a kind, and equal shapes, rank 0 aside."""
    name = primitive.name

    @primitive.def_type
    def _(x: ShapedArray, y: ShapedArray) -> ShapedArray:
        check_kind(name, kinds, x, y)
        if out_dtype is None and x is y:
            return x
        check_same_dtype(name, x, y)
        shape = common_shape(name, x, y)
        dtype = x.dtype if out_dtype is None else out_dtype(x.dtype)
        return ShapedArray(shape, dtype, x.weak_type and y.weak_type)


def define_binary_jvp(primitive: Primitive, left: Tangent, right: Tangent) -> None:
    """The chain rule of two arguments."""
    bind = primitive.bind

    @primitive.def_jvp
    def _(primals: Any, tangents: Any) -> Any:
        x, y = primals
        tx, ty = tangents
        out = bind(x, y)
        if type(ty) is Zero:
            return out, (
                zero_like(out) if type(tx) is Zero else spread(left(tx, out, x, y), out.shape)
            )
        along_y = spread(right(ty, out, x, y), out.shape)
        if type(tx) is Zero:
            return out, along_y
        return out, add_any(spread(left(tx, out, x, y), out.shape), along_y)


def bool_result(_: dtypes.DType) -> dtypes.DType:
    """The dtype of comparisons."""
    return dtypes.bool_


# add_any -- z = x + y, the sum of two tangents or cotangents
add_any_p = Primitive("add_any", linear=True)
add_any_p.def_value(elementwise(np.add))
add_any_p.def_transpose(lambda ct, x, y: [ct, ct])


@add_any_p.def_batch
def _(args: Any, dims: Any) -> Any:
    dim = next(d for d in dims if d is not None)
    size = batch_size(args, dims)
    return add_any_p.bind(*[to_axis(x, d, size, dim) for x, d in zip(args, dims, strict=True)]), dim


def add_any(x: Any, y: Any) -> Any:
    """The sum of two tangents or cotangents of one type.

    >>> from pullback.interpreters import ad
    >>> ad.add_jaxvals(pnp.ones(2), pnp.ones(2))
    Array([2., 2.], dtype=float32)
    """
    return add_any_p.bind(x, y)


@add_any_p.def_type
def _(x: ShapedArray, y: ShapedArray) -> ShapedArray:
    assert x.shape == y.shape and x.dtype == y.dtype, (x, y)
    return ShapedArray(x.shape, x.dtype, x.weak_type and y.weak_type)


@add_any_p.def_jvp
def _(primals: Any, tangents: Any) -> Any:
    out = add_any(*primals)
    tx, ty = tangents
    if type(tx) is Zero:
        return out, ty
    return out, (tx if type(ty) is Zero else add_any(tx, ty))
