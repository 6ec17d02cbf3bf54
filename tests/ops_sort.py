"""Rows of the table: sorting."""

from math import inf, nan
from typing import Any

from jax import lax
from op import COMPLEX, FLOATS, Arg, Op

from pullback.primitives import sort

REAL = ("float64", "bfloat16", "int32", "uint8", "bool")
# Ties, both zeros, infinities and NaN.
SPECIAL = Arg((4, 6), values=(nan, -0.0, 0.0, 1.0, inf, nan, 1.0, 0.0, -0.0, -inf, 1.0))
LARGE = Arg((2, 400))


def _sort(dimension: int, num_keys: int, *args: Any, dtypes: Any = REAL, **flags: Any) -> Op:
    def f(*xs: Any) -> Any:
        return sort.sort(xs, dimension, True, num_keys)

    def g(*xs: Any) -> Any:
        return lax.sort(xs, dimension=dimension, is_stable=True, num_keys=num_keys)

    name = f"sort {len(args)} {args[0].shape} by {num_keys} along {dimension} {dtypes[0]}"
    return Op(f"{name} {len(args[0].values)}", f, g, (args,), dtypes, **flags)


def _top_k(k: int, axis: int, arg: Any, dtypes: Any = REAL, **flags: Any) -> Op:
    def f(x: Any) -> Any:
        return sort.top_k(x, k, axis=axis)

    def g(x: Any) -> Any:
        return lax.top_k(x, k, axis=axis)

    return Op(f"top_k {arg} {k} {axis} {dtypes[0]}", f, g, ((arg,),), dtypes, **flags)


SORT = (
    _sort(0, 1, Arg((5,))),
    _sort(1, 1, Arg((4, 6))),
    _sort(0, 1, Arg((4, 6)), Arg((4, 6))),
    _sort(1, 2, Arg((4, 6), -1.5, 1.5, "int32"), Arg((4, 6)), Arg((4, 6))),
    _sort(1, 1, LARGE),
    _sort(1, 1, LARGE, LARGE),
    _sort(0, 1, Arg((0,))),
    _sort(1, 1, Arg((4, 6)), dtypes=COMPLEX),
    _sort(1, 1, SPECIAL, dtypes=FLOATS, derivative=False),
    _sort(0, 1, SPECIAL, Arg((4, 6)), dtypes=FLOATS, derivative=False),
    _top_k(2, 0, Arg((5,))),
    _top_k(3, 1, Arg((4, 6))),
    _top_k(2, 0, Arg((4, 6))),
    _top_k(7, 1, LARGE),
    _top_k(5, 1, SPECIAL, dtypes=FLOATS, derivative=False),
)
