"""Absolute values, signs, maxima, minima and clamps."""

from typing import Any

import numpy as np

from .. import dtypes
from ..core.aval import ShapedArray
from ..core.primitive import Primitive, Zero
from .arithmetic import add_any, div, mul, neg
from .batching import elementwise_batch
from .bitwise import bitwise_and
from .compare import eq, ge, gt, lt
from .complex import conj, is_complex, part_dtype, real
from .convert import convert_element_type
from .nary import binary, unary
from .power import without_zero
from .quiet import quiet
from .rules import NUMBERS, ORDERED, check_same_dtype, const, fail, zero_like
from .select import select
from .shape import spread


def _sign(x: np.ndarray) -> Any:
    sign = np.sign(x)
    return np.copysign(sign, x) if dtypes.kind(x.dtype) == "float" else sign


def _abs_along(t: Any, out: Any, x: Any) -> Any:
    if is_complex(x):
        # d|z| = Re(conj(z) dz) / |z|, and 0 at 0
        return real(mul(t, div(conj(x), convert_element_type(without_zero(out), x.dtype))))
    return select(ge(x, 0), t, neg(t))


sign_p, sign = unary("sign", _sign, NUMBERS)
abs_p, abs = unary("abs", np.absolute, NUMBERS, _abs_along, part_dtype)


def _share(x: Any, out: Any, y: Any) -> Any:
    """How much of the result is x: 1 where x is it, 1/2 where y is too, else 0."""
    return mul(
        select(eq(x, out), const(out, 1), const(out, 0)),
        select(eq(y, out), const(out, 0.5), const(out, 1)),
    )


def _extremum(name: str, value: Any) -> tuple[Primitive, Any]:
    return binary(
        name,
        value,
        ORDERED,
        lambda t, out, x, y: mul(t, _share(x, out, y)),
        lambda t, out, x, y: mul(t, _share(y, out, x)),
    )


# NaN if either is NaN; complex numbers are ordered by real, then imaginary part
max_p, max = _extremum("max", np.maximum)
min_p, min = _extremum("min", np.minimum)

# clamp -- y = min(max(x, low), high); low and high are scalars or have the shape of x
clamp_p = Primitive("clamp")
elementwise_batch(clamp_p)


def clamp(low: Any, x: Any, high: Any) -> Any:
    """x within limits; numbers are taken as constants of its dtype."""
    low, high = (const(x, v) if isinstance(v, (int, float)) else v for v in (low, high))
    return clamp_p.bind(low, x, high)


@clamp_p.def_type
def _(low: ShapedArray, x: ShapedArray, high: ShapedArray) -> ShapedArray:
    check_same_dtype("clamp", low, x, high)
    if low.shape not in ((), x.shape) or high.shape not in ((), x.shape):
        fail("clamp", "the limits must be scalars or have the operand's shape", low, x, high)
    return x


clamp_p.def_value(quiet(lambda low, x, high: np.minimum(np.maximum(x, low), high)))


@clamp_p.def_jvp
def _(primals: Any, tangents: Any) -> Any:
    low, x, high = primals
    out = clamp_p.bind(low, x, high)
    where = (
        lambda: bitwise_and(gt(low, x), lt(low, high)),
        lambda: bitwise_and(gt(x, low), lt(x, high)),
        lambda: lt(high, x),
    )
    total: Any = zero_like(out)
    for t, condition in zip(tangents, where, strict=True):
        if type(t) is Zero:
            continue
        part = spread(select(condition(), t, const(t, 0)), out.shape)
        total = part if type(total) is Zero else add_any(total, part)
    return out, total
