"""What follows the winner of each window, as programs: derivatives of extrema over windows."""

from collections.abc import Callable, Sequence
from itertools import product
from math import prod
from typing import Any

import numpy as np

from ...control.loop import fori_loop
from ...primitives.arithmetic import add, div, mul, rem
from ...primitives.compare import eq, ge_p, gt, lt
from ...primitives.convert import convert_element_type
from ...primitives.dynamic import dynamic_slice, dynamic_update_slice
from ...primitives.pieces import pad, slice
from ...primitives.quiet import is_narrow
from ...primitives.reduce import least
from ...primitives.rules import const
from ...primitives.select import select
from ...primitives.shape import broadcast_in_dim, full
from ...primitives.window import Windows

# Windows of more places than this are gone through in a loop.
WRITTEN_OUT = 32
Body = Callable[[Any, Sequence[Any], Any], Any]


class Places:
    """The places in a window, one after the other: few as numbers, many in a loop."""

    def __init__(self, windows: Windows, counts: Sequence[int]) -> None:
        self.sizes, self.steps = windows.window_dimensions, windows.window_dilation
        self.strides = windows.window_strides
        self.spans = [(n - 1) * s + 1 for n, s in zip(counts, self.strides, strict=True)]
        self.few = prod(self.sizes) <= WRITTEN_OUT

    def fold(self, body: Body, init: Any) -> Any:
        """body(number, first index, value) at each place in turn."""
        if not self.few:
            end = np.int32(prod(self.sizes))
            return fori_loop(np.int32(0), end, lambda k, v: body(k, self._start(k), v), init)
        for k, place in enumerate(product(*map(range, self.sizes))):
            start = [i * step for i, step in zip(place, self.steps, strict=True)]
            init = body(np.int32(k), start, init)
        return init

    def _start(self, k: Any) -> list[Any]:
        found = []
        for d, (size, step) in enumerate(zip(self.sizes, self.steps, strict=True)):
            digit = rem(div(k, np.int32(prod(self.sizes[d + 1 :]))), np.int32(size))
            found.append(mul(digit, np.int32(step)))
        return found

    def first(self, x: Any) -> Any:
        """The first element of every window."""
        return slice(x, [0] * len(self.spans), self.spans, self.strides)

    def take(self, x: Any, start: Sequence[Any]) -> Any:
        """The element of every window at a place."""
        if not self.few:
            return self.first(dynamic_slice(x, start, tuple(self.spans)))
        stop = [i + n for i, n in zip(start, self.spans, strict=True)]
        return slice(x, start, stop, self.strides)

    def put(self, out: Any, start: Sequence[Any], values: Any) -> Any:
        """Add to the element of every window at a place."""
        zero = const(values, 0)
        if not self.few:
            apart = pad(values, zero, [(0, 0, s - 1) for s in self.strides])
            here = add(dynamic_slice(out, start, tuple(self.spans)), apart)
            return dynamic_update_slice(out, here, start)
        sizes = zip(start, self.spans, out.shape, self.strides, strict=True)
        return add(out, pad(values, zero, [(i, n - i - span, s - 1) for i, span, n, s in sizes]))


def _better(select_prim: Any, here: Any, best: Any) -> Any:
    return gt(here, best) if select_prim is ge_p else lt(here, best)


def _padded(x: Any, select_prim: Any, w: Windows) -> Any:
    fill = least(x.dtype, 1 if select_prim is ge_p else -1)
    return pad(x, const(x, fill), w.config())


def gather(t: Any, x: Any, *, select_prim: Any, **params: Any) -> Any:
    """The elements of t where each window of x has its first winner."""
    w = Windows(**params)
    counts = w.counts(x.shape)
    if 0 in counts:
        return full(counts, 0, t.dtype)
    places = Places(w, counts)
    x, t = _padded(x, select_prim, w), pad(t, const(t, 0), w.config())

    def body(k: Any, start: Sequence[Any], state: Any) -> Any:
        here, here_t = places.take(x, start), places.take(t, start)
        wins = _better(select_prim, here, state[0])
        return select(wins, here, state[0]), select(wins, here_t, state[1])

    return places.fold(body, (places.first(x), places.first(t)))[1]


def scatter(s: Any, x: Any, *, select_prim: Any, **params: Any) -> Any:
    """Zeros, and each element of s added where its window of x has its first winner."""
    ones = (1,) * len(x.shape)
    w = Windows(**params, base_dilation=ones, window_dilation=ones)
    if 0 in s.shape:
        return full(x.shape, 0, s.dtype)
    places, padded = Places(w, s.shape), _padded(x, select_prim, w)

    def find(k: Any, start: Sequence[Any], state: Any) -> Any:
        here = places.take(padded, start)
        wins = _better(select_prim, here, state[0])
        number = broadcast_in_dim(k, s.shape, ())
        return select(wins, here, state[0]), select(wins, number, state[1])

    _, winner = places.fold(find, (places.first(padded), full(s.shape, 0, np.int32)))
    wide = np.dtype(np.float32) if is_narrow(s.dtype) else s.dtype
    values = convert_element_type(s, wide)

    def put(k: Any, start: Sequence[Any], out: Any) -> Any:
        mine = eq(winner, broadcast_in_dim(k, s.shape, ()))
        return places.put(out, start, select(mine, values, const(values, 0)))

    out = places.fold(put, full(padded.shape, 0, wide))
    kept = slice(
        out,
        [max(low, 0) for low, _ in w.padding],
        [n - max(high, 0) for n, (_, high) in zip(padded.shape, w.padding, strict=True)],
    )
    cut = [(-min(low, 0), -min(high, 0), 0) for low, high in w.padding]
    return convert_element_type(pad(kept, const(kept, 0), cut), s.dtype)
