"""Choices between values: select_n by an index array, clamp by limits."""

from typing import Any

import numpy as np

from .. import dtypes
from ..core.aval import ShapedArray
from ..core.primitive import Linear, Primitive, Zero
from ..core.trace import get_aval
from .batching import elementwise_batch
from .bitwise import bitwise_and
from .compare import eq, gt, lt
from .nary import add_any, common_shape
from .quiet import elementwise
from .rules import check_same_dtype, const, fail, scalar, zero_like
from .shape import gather_up, spread

# select_n -- y[i] = cases[which[i]][i]
select_n_p = Primitive("select_n")
elementwise_batch(select_n_p)


def select_n(which: Any, *cases: Any) -> Any:
    """Elements of cases[k] where `which` is k: bool of two cases, or int32."""
    return select_n_p.bind(which, *cases)


def select(pred: Any, on_true: Any, on_false: Any) -> Any:
    """Elements of one array where pred holds, of the other elsewhere."""
    return select_n(pred, on_false, on_true)


@select_n_p.def_type
def _(which: ShapedArray, *cases: ShapedArray) -> ShapedArray:
    if not cases:
        fail("select_n", "at least one case is needed", which)
    dtype = cases[0].dtype
    if which.dtype not in (dtypes.bool_, dtypes.int32):
        fail("select_n", "`which` must be bool or int32: use x.astype(bool)", which, *cases)
    if which.dtype == dtypes.bool_ and len(cases) > 2:
        fail("select_n", "a bool `which` chooses between two cases", which, *cases)
    check_same_dtype("select_n cases", *cases)
    shape = common_shape("select_n", which, *cases)
    return ShapedArray(shape, dtype, all(c.weak_type for c in cases))


# From this size on, branches that cannot be foreseen cost more than further passes over words of
# 32 bits; foreseen ones cost no less.
MANY = 1 << 16


def _many(which: np.ndarray, case: np.ndarray) -> bool:
    same = case.shape == which.shape and which.dtype == bool
    return same and which.size >= MANY and case.itemsize <= 4


def _by_bits(which: np.ndarray, yes: np.ndarray, no: np.ndarray) -> np.ndarray:
    """no ^ ((no ^ yes) & mask) of their bits, without a branch."""
    word = f"i{no.itemsize}"
    mask = np.negative(which.view(np.int8)).astype(word)
    kept = no.view(word)
    mask &= kept ^ yes.view(word)
    mask ^= kept
    return mask.view(no.dtype)


@select_n_p.def_value
def _(which: np.ndarray, *cases: np.ndarray) -> np.ndarray:
    if len(cases) == 2:
        no, yes = cases
        return (_by_bits if _many(which, no) else np.where)(which, yes, no)
    out = cases[-1]
    for k in range(len(cases) - 2, -1, -1):
        out = np.where(which == k, cases[k], out)
    return out if out.shape == which.shape else np.broadcast_to(out, which.shape)


@select_n_p.def_jvp
def _(primals: Any, tangents: Any) -> Any:
    which, *cases = primals
    out = select_n(which, *cases)
    moving = [t for t in tangents[1:] if type(t) is not Zero]
    if not moving:
        return out, zero_like(out)
    zero = scalar(0, moving[0].dtype)
    chosen = [zero if type(t) is Zero else t for t in tangents[1:]]
    return out, select_n(which, *chosen)


@select_n_p.def_transpose
def _(ct: Any, which: Any, *cases: Any) -> list[Any]:
    zero = const(ct, 0)
    cts: list[Any] = [None]
    for k, case in enumerate(cases):
        if type(case) is not Linear:
            cts.append(None)
            continue
        cts.append(gather_up(_part(ct, which, k, zero), case.aval.shape))
    return cts


def _part(ct: Any, which: Any, k: int, zero: Any) -> Any:
    """The cotangent where `which` is k, zero elsewhere."""
    if get_aval(which).dtype == dtypes.bool_:
        return select_n(which, zero, ct) if k else select_n(which, ct, zero)
    return select_n(eq(which, k), zero, ct)


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
    return ShapedArray(x.shape, x.dtype, low.weak_type and x.weak_type and high.weak_type)


clamp_p.def_value(elementwise(lambda low, x, high: np.minimum(np.maximum(x, low), high)))


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
