"""The moves that hold programs: calls, loops and branches around random bodies."""

from collections.abc import Callable
from typing import Any

import numpy as np
from programs import INEXACT, INT_LIMIT, LIMIT, Maker, Stuck, Val, constant

from pullback.control.cond import cond as branch
from pullback.control.cond import switch
from pullback.control.loop import fori_loop, scan, while_loop
from pullback.control.remat import checkpoint
from pullback.core.trace import get_aval
from pullback.jit.api import jit
from pullback.primitives.arithmetic import add
from pullback.primitives.compare import lt
from pullback.primitives.convert import convert_element_type


def inside(m: Maker, values: list[Val], steps: int) -> Maker:
    """A maker for a body: it sees these values and some from outside, which it captures."""
    if m.depth == 0:
        raise Stuck
    captured = [v for v in m.pool if m.flip(0.25)]
    inner = Maker(m.rng, [*captured, *values], m.depth - 1, m.most)
    inner.run(MOVES, odds(), 1 + m.below(steps))
    return inner


MOVES: list[Callable[[Maker], Any]] = []
_odds: list[Any] = []


def odds() -> Any:
    """How often each move is made, which the table of all moves says."""
    return _odds[0]


def set_moves(moves: list[Any], weights: Any) -> None:
    """Tell the bodies what moves there are."""
    MOVES[:] = moves
    _odds[:] = [weights]


def operands(m: Maker, most: int) -> list[Val]:
    """Some values of the pool."""
    return [m.pick() for _ in range(1 + m.below(most))]


def unknown(v: Val, x: Any) -> Val:
    """What is known of a loop's carry: its type."""
    return Val(x, LIMIT if v.kind in INEXACT else INT_LIMIT, v.kind not in INEXACT)


def calls(m: Maker, transform: Callable[[Any], Any]) -> None:
    values = operands(m, 3)
    known: list[Val] = []

    def body(*xs: Any) -> list[Any]:
        inner = inside(m, [Val(x, v.bound, v.exact) for x, v in zip(xs, values, strict=True)], 4)
        known[:] = inner.results(3)
        return [v.x for v in known]

    outs = transform(body)(*[v.x for v in values])
    for x, v in zip(outs, known, strict=True):
        m.put(x, v.bound, v.exact)


def jitted(m: Maker) -> None:
    calls(m, jit)


def checkpointed(m: Maker) -> None:
    calls(m, checkpoint)


def put_all(m: Maker, values: list[Val], outs: Any) -> None:
    """Add a loop's results."""
    for v, x in zip(values, outs, strict=True):
        known = unknown(v, x)
        m.put(x, known.bound, known.exact)


def scanned(m: Maker) -> None:
    carry = operands(m, 2)
    xs = [m.pick(where=lambda v: v.ndim > 0)] if m.flip(0.6) else []
    length = xs[0].shape[0] if xs else m.below(5)
    if length > 8:
        raise Stuck
    ys_known: list[Val] = []

    def body(c: Any, x: Any) -> Any:
        values = [unknown(v, a) for v, a in zip(carry, c, strict=True)]
        slices = [Val(a, v.bound, v.exact) for v, a in zip(xs, x or [], strict=True)]
        inner = inside(m, [*values, *slices], 4)
        ys_known[:] = inner.results(2) if m.flip(0.8) else []
        return [inner.at_type(v) for v in values], [y.x for y in ys_known]

    start = [v.x for v in carry]
    last, ys = scan(body, start, [v.x for v in xs] or None, length=length, reverse=m.flip(0.3))
    put_all(m, carry, last)
    for v, y in zip(ys_known, ys, strict=True):
        m.put(y, v.bound, v.exact)


def step(m: Maker, carry: list[Val], xs: Any) -> list[Any]:
    """One step of a loop: a new carry."""
    values = [unknown(v, a) for v, a in zip(carry, xs, strict=True)]
    inner = inside(m, values, 3)
    return [inner.at_type(v) for v in values]


def counted(m: Maker) -> None:
    carry = operands(m, 2)
    n = m.below(4)
    outs = fori_loop(0, n, lambda i, c: step(m, carry, c), [v.x for v in carry])
    put_all(m, carry, outs)


def looped(m: Maker) -> None:
    carry = operands(m, 2)
    n = m.below(4)
    if m.flip(0.3):
        limit = m.pick("signed", exact=True, where=lambda v: not v.shape and v.dtype == np.int32)
        from_value: Any = limit.x
        if limit.bound > 10:
            raise Stuck
    else:
        from_value = np.int32(n)

    def body(c: Any) -> Any:
        return [add(c[0], 1), *step(m, carry, c[1:])]

    outs = while_loop(lambda c: lt(c[0], from_value), body, [np.int32(0), *[v.x for v in carry]])
    put_all(m, carry, outs[1:])


def branched(m: Maker) -> None:
    values = operands(m, 3)
    several = m.flip(0.3)
    kind = "signed" if several else "bool"
    which = m.pick(kind, exact=True, where=lambda v: not v.shape)
    known: list[Val] = []

    def body(*xs: Any) -> list[Any]:
        inner = inside(m, [Val(x, v.bound, v.exact) for x, v in zip(xs, values, strict=True)], 3)
        if not known:
            known[:] = inner.results(2)
            return [v.x for v in known]
        return [other(inner, v) for v in known]

    args = [v.x for v in values]
    bodies = [lambda *xs: body(*xs) for _ in range(3 if several else 2)]
    if several:
        index = convert_element_type(which.x, np.dtype("int32"))
        outs = switch(index, bodies, *args)
    else:
        outs = branch(which.x, *bodies, *args)
    put_all(m, known, outs)


def other(inner: Maker, wanted: Val) -> Any:
    """A value of the other branch's type."""
    aval = get_aval(wanted.x)
    found = [v for v in inner.pool if v.dtype == aval.dtype and v.shape == aval.shape]
    x = found[-1].x if found else constant(aval.shape, 0.5, aval.dtype)
    return convert_element_type(x, aval.dtype, aval.weak_type)


CONTROL = (
    (jitted, 1.2), (checkpointed, 0.8), (scanned, 2), (counted, 0.7), (looped, 0.8), (branched, 4)
)  # fmt: skip
