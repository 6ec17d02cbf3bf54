"""Running sums, products, maxima, minima and log-sum-exps along an axis."""

from typing import Any

import numpy as np

from .. import dtypes
from ..core.aval import ShapedArray
from ..core.primitive import Primitive, Zero
from .arithmetic import add_any, mul, sub
from .compare import eq
from .exponential import exp
from .nary import named
from .pieces import pad
from .quiet import widened
from .rules import (
    FLOATS,
    NUMBERS,
    VALUES,
    Kinds,
    check_kind,
    const,
    deflinear,
    fail,
    zero_like,
)
from .select import select
from .shape import iota


def cumulative(name: str, ufunc: Any, kinds: Kinds, linear: bool = False) -> Any:
    """A running reduction by a ufunc, and its function."""
    primitive = Primitive(name, linear=linear)

    @primitive.def_type
    def _(x: ShapedArray, *, axis: int, reverse: bool) -> ShapedArray:
        check_kind(name, kinds, x)
        if not 0 <= axis < x.ndim:
            fail(name, f"axis {axis} must be an axis", x)
        return x

    def value(x: np.ndarray, *, axis: int, reverse: bool) -> np.ndarray:
        if not reverse:
            return accumulate(ufunc, x, axis)
        return np.flip(accumulate(ufunc, np.flip(x, axis), axis), axis)

    @primitive.def_batch
    def _(args: Any, dims: Any, *, axis: int, reverse: bool) -> Any:
        (x,), (dim,) = args, dims
        return primitive.bind(x, axis=axis + (axis >= dim), reverse=reverse), dim

    def apply(x: Any, axis: int = 0, reverse: bool = False) -> Any:
        return primitive.bind(x, axis=axis, reverse=reverse)

    primitive.def_value(widened(value))
    return primitive, named(apply, primitive)


def accumulate(ufunc: Any, x: np.ndarray, axis: int) -> np.ndarray:
    """NumPy's running reduction in the dtype of x; sums of float32 run in float64."""
    if ufunc is np.add and x.dtype == dtypes.float32:
        return ufunc.accumulate(x, axis, dtypes.float64).astype(x.dtype)
    return ufunc.accumulate(x, axis, x.dtype)


cumsum_p, cumsum = cumulative("cumsum", np.add, NUMBERS, linear=True)
cumprod_p, cumprod = cumulative("cumprod", np.multiply, NUMBERS)
cummax_p, cummax = cumulative("cummax", np.maximum, VALUES)
cummin_p, cummin = cumulative("cummin", np.minimum, VALUES)
cumlogsumexp_p, cumlogsumexp = cumulative("cumlogsumexp", np.logaddexp, FLOATS)

deflinear(cumsum_p)


@cumsum_p.def_transpose
def _(ct: Any, x: Any, *, axis: int, reverse: bool) -> list[Any]:
    return [cumsum(ct, axis, not reverse)]


def shifted(x: Any, axis: int, reverse: bool, fill: float, by: int = 1) -> Any:
    """The elements moved along the axis by some places, in the running direction."""
    config = [(0, 0, 0)] * len(x.shape)
    by = min(by, x.shape[axis])
    config[axis] = (-by, by, 0) if reverse else (by, -by, 0)
    return pad(x, const(x, fill), config)


def recurrence(a: Any, b: Any, axis: int, reverse: bool) -> Any:
    """y[k] = a[k] y[k - 1] + b[k], in log2(n) steps that are linear in b.

    After the step of length s, y covers 2s terms: y[k] += a[k] y[k - s], a[k] *= a[k - s].
    """
    step = 1
    while step < b.shape[axis]:
        b = add_any(b, mul(a, shifted(b, axis, reverse, 0, step)))
        a = mul(a, shifted(a, axis, reverse, 0, step))
        step *= 2
    return b


def _jvp_recurrence(primitive: Primitive, slopes: Any) -> None:
    """The derivative of y[k] = f(y[k - 1], x[k]), y[0] = x[0]; `slopes` are those of f."""

    @primitive.def_jvp
    def _(primals: Any, tangents: Any, *, axis: int, reverse: bool) -> Any:
        (x,), (t,) = primals, tangents
        y = primitive.bind(x, axis=axis, reverse=reverse)
        if type(t) is Zero or not x.shape[axis]:
            return y, zero_like(y)
        start = x.shape[axis] - 1 if reverse else 0
        first = eq(iota(np.int32, x.shape, axis), np.int32(start))
        a, b = slopes(shifted(y, axis, reverse, 1), x, y)
        a, b = select(first, const(y, 0), a), select(first, const(y, 1), b)
        return y, recurrence(a, mul(t, b), axis, reverse)


def _without_inf(x: Any) -> Any:
    return select(eq(x, np.inf), const(x, 0), x)


def _slopes_logaddexp(last: Any, x: Any, y: Any) -> Any:
    last, x, y = _without_inf(last), _without_inf(x), _without_inf(y)
    return exp(sub(last, y)), exp(sub(x, y))


def _slopes_extremum(last: Any, x: Any, y: Any) -> Any:
    from_last, from_x = eq(last, y), eq(x, y)
    one, half, zero = const(y, 1), const(y, 0.5), const(y, 0)
    a = select(from_last, select(from_x, half, one), zero)
    return a, select(from_x, select(from_last, half, one), zero)


_jvp_recurrence(cumprod_p, lambda last, x, y: (x, last))
_jvp_recurrence(cumlogsumexp_p, _slopes_logaddexp)
_jvp_recurrence(cummax_p, _slopes_extremum)
_jvp_recurrence(cummin_p, _slopes_extremum)
