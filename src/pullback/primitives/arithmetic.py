"""Sums, differences, products, quotients and remainders."""

from typing import Any

import numpy as np

from ..core.primitive import Linear, Primitive, Zero
from .batching import elementwise_batch
from .compare import ge
from .nary import (
    add_any,
    binary,
    binary_function,
    define_binary_jvp,
    define_binary_type,
    linear_unary,
)
from .quiet import elementwise
from .rounding import ceil, floor
from .rules import NUMBERS, REALS, const, zero_like
from .select import select
from .shape import gather_up, spread

neg_p, neg = linear_unary("neg", np.negative, NUMBERS, lambda ct: neg(ct))

# add -- z = x + y
add_p = Primitive("add", linear=True)
add_p.def_value(elementwise(np.add))
define_binary_type(add_p, NUMBERS, None)
elementwise_batch(add_p)
add = binary_function(add_p)


@add_p.def_jvp
def _(primals: Any, tangents: Any) -> Any:
    out = add_p.bind(*primals)
    tx, ty = (spread(t, out.shape) for t in tangents)
    if type(tx) is Zero:
        return out, (zero_like(out) if type(ty) is Zero else ty)
    return out, (tx if type(ty) is Zero else add_any(tx, ty))


@add_p.def_transpose
def _(ct: Any, x: Any, y: Any) -> list[Any]:
    return [gather_up(ct, a.aval.shape) if type(a) is Linear else None for a in (x, y)]


# sub -- z = x - y
sub_p = Primitive("sub", linear=True)
sub_p.def_value(elementwise(np.subtract))
define_binary_type(sub_p, NUMBERS, None)
elementwise_batch(sub_p)
sub = binary_function(sub_p)


@sub_p.def_jvp
def _(primals: Any, tangents: Any) -> Any:
    out = sub_p.bind(*primals)
    tx, ty = (spread(t, out.shape) for t in tangents)
    if type(ty) is Zero:
        return out, (zero_like(out) if type(tx) is Zero else tx)
    return out, (neg(ty) if type(tx) is Zero else sub_p.bind(tx, ty))


@sub_p.def_transpose
def _(ct: Any, x: Any, y: Any) -> list[Any]:
    ct_x = gather_up(ct, x.aval.shape) if type(x) is Linear else None
    return [ct_x, gather_up(neg(ct), y.aval.shape) if type(y) is Linear else None]


# mul -- z = x y
mul_p = Primitive("mul")
mul_p.def_value(elementwise(np.multiply))
define_binary_type(mul_p, NUMBERS, None)
elementwise_batch(mul_p)
mul = binary_function(mul_p)
define_binary_jvp(
    mul_p, lambda t, out, x, y: mul_p.bind(t, y), lambda t, out, x, y: mul_p.bind(x, t)
)


@mul_p.def_transpose
def _(ct: Any, x: Any, y: Any) -> list[Any]:
    if type(x) is Linear:
        return [gather_up(mul_p.bind(ct, y), x.aval.shape), None]
    return [None, gather_up(mul_p.bind(x, ct), y.aval.shape)]


# div -- z = x / y; of integers the quotient truncated toward zero, and -1 where y = 0
div_p = Primitive("div")
define_binary_type(div_p, NUMBERS, None)
elementwise_batch(div_p)
div = binary_function(div_p)
define_binary_jvp(
    div_p,
    lambda t, out, x, y: div_p.bind(t, y),
    lambda t, out, x, y: mul(t, neg(div_p.bind(out, y))),
)


def _div(x: np.ndarray, y: np.ndarray) -> Any:
    if x.dtype.kind not in "iu":
        return np.true_divide(x, y)
    quotient = np.floor_divide(x - np.fmod(x, y) if x.dtype.kind == "i" else x, y)
    return quotient if y.all() else np.where(y == 0, np.invert(np.zeros_like(x)), quotient)


div_p.def_value(elementwise(_div))


@div_p.def_transpose
def _(ct: Any, x: Any, y: Any) -> list[Any]:
    assert type(x) is Linear and type(y) is not Linear
    return [gather_up(div_p.bind(ct, y), x.aval.shape), None]


def _rem(x: np.ndarray, y: np.ndarray) -> Any:
    remainder = np.fmod(x, y)
    if x.dtype.kind not in "iu" or (y.all() if y.ndim else y):
        return remainder
    return np.where(y == 0, x, remainder)


def trunc(x: Any) -> Any:
    """The integer part of a float."""
    return select(ge(x, const(x, 0)), floor(x), ceil(x))


# rem -- z = x - y trunc(x / y), with the sign of x; x where integers have y = 0
rem_p, rem = binary(
    "rem",
    _rem,
    REALS,
    lambda t, out, x, y: t,
    lambda t, out, x, y: mul(t, neg(trunc(div(x, y)))),
)
