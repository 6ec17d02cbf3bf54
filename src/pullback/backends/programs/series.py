"""Series, continued fractions and Chebyshev sums as programs, on whole arrays at once."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ... import dtypes
from ...control.loop import while_loop
from ...primitives.arithmetic import add, div, mul, neg, sub
from ...primitives.bitwise import bitwise_and
from ...primitives.compare import eq, gt, lt, ne
from ...primitives.convert import convert_element_type
from ...primitives.magnitude import abs
from ...primitives.reduce import reduce_or
from ...primitives.rounding import floor
from ...primitives.select import select
from ...primitives.shape import broadcast_in_dim, full_like

Terms = tuple[Any, ...]
# All of them converge in fewer terms than this.
MOST_TERMS = 10_000


def eps_of(x: Any) -> float:
    """The spacing of numbers at 1."""
    return float(dtypes.info(x.dtype).eps)


def tiny_of(x: Any) -> float:
    """A number that is nearly zero, whose inverse is finite."""
    return float(dtypes.info(x.dtype).tiny) * 1e4


def choose(condition: Any, on_true: Any, on_false: Any) -> Any:
    """`select` whose cases may be numbers."""
    if not hasattr(on_true, "dtype"):
        on_true = full_like(on_false, on_true)
    if not hasattr(on_false, "dtype"):
        on_false = full_like(on_true, on_false)
    return select(condition, on_true, on_false)


def both(*conditions: Any) -> Any:
    """Where all hold."""
    first, *rest = conditions
    return bitwise_and(first, both(*rest)) if rest else first


def spread(k: Any, x: Any) -> Any:
    """A number as an array of the shape of x."""
    return broadcast_in_dim(k, x.shape, ())


def is_nan(x: Any) -> Any:
    """Where there is NaN."""
    return ne(x, x)


def is_infinite(x: Any) -> Any:
    """Where there is an infinity of either sign."""
    return eq(abs(x), np.inf)


def summed(
    start: Terms, step: Callable[[Any, Terms], Terms], going: Callable[[Terms], Any]
) -> Terms:
    """The state after steps k = 1, 2, ... each from the one before, while any element is going on.

    Elements that have come to their end stay as they are.
    """
    x = start[0]

    def asked(state: Any) -> Any:
        k, active, _ = state
        return bitwise_and(lt(k, MOST_TERMS), _any(active))

    def turn(state: Any) -> Any:
        k, active, old = state
        new = step(k, old)
        kept = tuple(select(active, n, o) for n, o in zip(new, old, strict=True))
        return add(k, 1), both(active, going(kept)), kept

    one = convert_element_type(np.float32(1), x.dtype)
    return while_loop(asked, turn, (one, eq(full_like(x, 0), 0), start))[2]


def _any(x: Any) -> Any:
    return reduce_or(x, tuple(range(len(x.shape))))


def inverse_fraction(b0: Any, terms: Callable[[Any], tuple[Any, Any]], where: Any) -> Any:
    """1 / (b0 + a1 / (b1 + a2 / (b2 + ...))) as a sum, by Steed's algorithm; terms(k) are a_k and
    b_k.

    Where `where` does not hold, the result is not computed.
    """
    small = tiny_of(b0)

    def step(k: Any, state: Terms) -> Terms:
        total, change, d = state
        a, b = terms(k)
        below = add(b, mul(a, d))
        new = div(1, choose(eq(below, 0), small, below))
        change = neg(mul(mul(a, d), mul(new, change)))
        return add(total, change), change, new

    def going(state: Terms) -> Any:
        return both(where, gt(abs(state[1]), mul(abs(state[0]), eps_of(b0) / 4)))

    first = div(1, choose(eq(b0, 0), small, b0))
    return summed((first, first, first), step, going)[0]


def chebyshev(coefficients: Sequence[float], t: Any) -> Any:
    """sum over k of c_k T_k(t), by Clenshaw's recurrence, as far as terms count in t's dtype."""
    twice = mul(t, 2)
    now = before = full_like(t, 0)
    least = math.fabs(coefficients[0]) * eps_of(t) / 64
    for c in reversed([c for c in coefficients[1:] if math.fabs(c) > least]):
        now, before = add(sub(mul(twice, now), before), c), now
    return add(sub(mul(t, now), before), coefficients[0])


def odd_part(k: Any) -> Any:
    """1 for an odd number, 0 for an even one."""
    half = mul(k, 0.5)
    return mul(sub(half, floor(half)), 2)
