"""Rows of the table: reductions and running reductions."""

from typing import Any

import numpy as np
from jax import lax
from op import BOOL, COMPLEX, FLOATS, INTS, NUMBERS, WIDE, Arg, Op

from pullback.primitives import cumulative, reduce, shape

CUBE = Arg((2, 3, 4))
EMPTY = Arg((2, 0, 4))
TIES = Arg((2, 3), values=(2.0, 2.0, -1.0, -3.0, -3.0, -3.0))
NANS = Arg((2, 3), values=(1.0, np.nan, 2.0, np.nan))
LONG = Arg((300,), -1, 1)


def row(name: str, module: Any, axes: Any, *args: Arg, dtypes: Any, **more: Any) -> Op:
    """A reduction over axes of sample arrays."""

    def f(x: Any) -> Any:
        return getattr(module, name)(x, axes)

    def g(x: Any) -> Any:
        return getattr(lax, name)(x, axes)

    samples = tuple((a,) for a in args)
    kinds = ",".join(str(a.shape) + ("*" if a.values else "") for a in args)
    return Op(f"{name} {kinds} over {axes}", f, g, samples, dtypes, **more)


def _index(name: str, axis: int, *args: Arg, dtypes: Any) -> Op:
    def f(x: Any) -> Any:
        return getattr(reduce, name)(x, axis, np.dtype("int32"))

    def g(x: Any) -> Any:
        return getattr(lax, name)(x, axis, np.dtype("int32"))

    samples = tuple((a,) for a in args)
    kinds = ",".join(str(a.shape) + ("*" if a.values else "") for a in args)
    return Op(f"{name} {kinds} over {axis}", f, g, samples, dtypes, derivative=False)


def _running(name: str, axis: int, reverse: bool, *args: Arg, dtypes: Any, **more: Any) -> Op:
    def f(x: Any) -> Any:
        return getattr(cumulative, name)(x, axis, reverse)

    def g(x: Any) -> Any:
        return getattr(lax, name)(x, axis, reverse)

    samples = tuple((a,) for a in args)
    shown = " reverse" if reverse else ""
    kinds = ",".join(str(a.shape) for a in args)
    return Op(f"{name} {kinds} along {axis}{shown}", f, g, samples, dtypes, **more)


ORDERED = (*FLOATS, *INTS, *BOOL)
BITS = (*INTS, *BOOL)
PARTS = [((0,), CUBE), ((0, 2), CUBE), ((1,), EMPTY), ((0, 1, 2), CUBE)]

REDUCE = [
    *(row("reduce_sum", shape, axes, x, dtypes=NUMBERS) for axes, x in PARTS),
    row("reduce_sum", shape, (0,), LONG, dtypes=(*WIDE, *COMPLEX), tol=64),
    *(row("reduce_prod", reduce, axes, x, dtypes=NUMBERS) for axes, x in PARTS),
    row("reduce_prod", reduce, (1,), Arg((2, 3), values=(0.0, 2.0, 0.0, 0.0)), dtypes=WIDE),
    *(
        row(name, reduce, axes, x, dtypes=ORDERED, derivative=x is not EMPTY)
        for name in ("reduce_max", "reduce_min")
        for axes, x in PARTS
    ),
    *(row(n, reduce, (1,), TIES, dtypes=WIDE, smooth=False) for n in ("reduce_max", "reduce_min")),
    *(
        row(name, reduce, axes, x, dtypes=BITS, derivative=False)
        for name in ("reduce_and", "reduce_or", "reduce_xor")
        for axes, x in PARTS
    ),
    *(
        _index(name, axis, CUBE, *more, dtypes=ORDERED)
        for name in ("argmax", "argmin")
        for axis, more in ((0, ()), (1, (Arg((2, 1, 2)),)))
    ),
    *(_index(name, 1, TIES, NANS, dtypes=FLOATS) for name in ("argmax", "argmin")),
    *(
        _running(name, axis, reverse, CUBE, dtypes=kinds, tol=16)
        for name, kinds in (
            ("cumsum", NUMBERS),
            ("cumprod", NUMBERS),
            ("cummax", (*FLOATS, *INTS)),
            ("cummin", (*FLOATS, *INTS)),
            ("cumlogsumexp", FLOATS),
        )
        for axis, reverse in ((0, False), (1, True), (2, False))
    ),
    _running("cumsum", 0, False, LONG, dtypes=WIDE, tol=64),
    _running("cumprod", 0, False, Arg((5,), values=(2.0, 0.0, 3.0, 0.0)), dtypes=WIDE),
    _running("cumsum", 1, False, EMPTY, dtypes=WIDE),
    _running(
        "cumlogsumexp", 0, False, Arg((4,), values=(1.0, np.inf, 2.0)), dtypes=WIDE, smooth=False
    ),
    _running("cumlogsumexp", 0, False, Arg((2,), values=(-np.inf, 1.0)), dtypes=WIDE, smooth=False),
]
