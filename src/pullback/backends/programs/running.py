"""Running sums of exponentials as programs."""

import math
from typing import Any

from ... import dtypes
from ...control.loop import scan
from ...primitives.arithmetic import add, mul, sub
from ...primitives.compare import eq, lt
from ...primitives.convert import convert_element_type
from ...primitives.cumulative import cummax, shifted
from ...primitives.exponential import exp, log
from ...primitives.magnitude import abs
from ...primitives.shape import broadcast_in_dim, full, transpose
from .series import choose

INF = math.inf


def cumlogsumexp(x: Any, *, axis: int, reverse: bool) -> Any:
    """log of the running sum of exp(x).

    With m the running maximum, s[k] = sum over i <= k of exp(x[i] - m[k]) is
    exp(m[k-1] - m[k]) s[k-1] + exp(x[k] - m[k]); sums of float32 run in float64.
    """
    if 0 in x.shape:
        return x
    wide = x.dtype if x.dtype.itemsize >= 4 else dtypes.float32
    x = convert_element_type(x, wide)
    m = cummax(x, axis, reverse)
    finite = lt(abs(m), INF)
    top = choose(finite, m, 0.0)
    before = shifted(m, axis, reverse, -INF)
    scale = choose(lt(abs(before), INF), exp(sub(before, top)), 0.0)
    total = _recurrence(scale, exp(sub(x, top)), axis, reverse)
    # A NaN stays one: it is neither infinity.
    return choose(eq(abs(m), INF), m, add(m, log(total)))


def _recurrence(a: Any, b: Any, axis: int, reverse: bool) -> Any:
    """s[k] = a[k] s[k - 1] + b[k] along an axis, from 0."""
    order = (axis, *[d for d in range(len(a.shape)) if d != axis])
    back = tuple([order.index(d) for d in range(len(order))])
    lines = tuple([transpose(v, order) for v in (a, b)])
    start = broadcast_in_dim(full((), 0, dtypes.float64), lines[0].shape[1:], ())

    def step(s: Any, line: Any) -> Any:
        p, q = (convert_element_type(v, dtypes.float64) for v in line)
        s = add(mul(p, s), q)
        return s, convert_element_type(s, a.dtype)

    return transpose(scan(step, start, lines, reverse=reverse)[1], back)
