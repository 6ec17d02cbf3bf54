"""Remainders of floats, exactly, on vectors."""

from .context import Context
from .elementary.ops import Ops


def float_rem(c: Context, x: str, y: str) -> str:
    """x less the multiple of y next to it towards 0, with the sign of x.

    A quotient below 2^mantissa, rounded and cut, is the wanted one or one more: x less so many y
    has no rounding, and tells which. Other lanes, zeros and infinities, are the library's, in a
    branch that is rarely taken.
    """
    m = Ops(c.f, c.dtype, c.lanes)
    size, step = m.abs(x), m.abs(y)
    quotient = m.div(size, step)
    count = m.call("floor", quotient)
    rest = m.fnma(count, step, size)
    rest = m.select(m.lt(rest, 0.0), m.add(rest, step), rest)
    # Of an infinite y there is none.
    rest = m.select(m.eq(count, 0.0), size, rest)
    near = m.copysign(rest, x)
    return _far_lanes(m, m.compare("uge", quotient, 2.0**m.mantissa), near, (x, y))


def _far_lanes(m: Ops, far: str, near: str, args: tuple[str, str]) -> str:
    f = m.f
    any_far = far if m.lanes == 1 else f.any_lane(far, m.lanes)
    before, slow, after = f.block, f.label("far"), f.label("remainder")
    f.branch(any_far, slow, after, f.module.unlikely())
    f.place(slow)
    found = f.line(f"frem {m.type} {args[0]}, {args[1]}")
    f.jump(after)
    f.place(after)
    return f.phi(m.type, [(near, before), (found, slow)])
