"""Rows of the table: axes, cutting and joining."""

from typing import Any

import numpy as np
from jax import lax
from op import COMPLEX, INTS, WIDE, Arg, Op

from pullback.primitives import pieces, shape

DTYPES = (*WIDE, "complex128", "bfloat16", "int32", "bool")
CUBE = Arg((2, 3, 4))
EMPTY = Arg((2, 0, 4))


def row(name: str, f: Any, g: Any, *args: Any, dtypes: Any = DTYPES) -> Op:
    """A row; a sample of one array may stand without its tuple."""
    samples = tuple(a if isinstance(a, tuple) else (a,) for a in args)
    return Op(name, f, g, samples, dtypes)


def same(name: str, module: Any, *args: Any, dtypes: Any = DTYPES, **params: Any) -> Op:
    """A row of a function that has JAX's name and parameters, shown in the row's name."""

    def f(*xs: Any) -> Any:
        return getattr(module, name)(*xs, **params)

    def g(*xs: Any) -> Any:
        return getattr(lax, name)(*xs, **params)

    shown = ", ".join(f"{k}={v}" for k, v in params.items())
    return row(f"{name}({shown})", f, g, *args, dtypes=dtypes)


def _iota(dtype: str) -> Op:
    def f() -> Any:
        return shape.iota(np.dtype(dtype), (2, 3), 1)

    def g() -> Any:
        return lax.broadcasted_iota(np.dtype(dtype), (2, 3), 1)

    return Op(f"iota {dtype}", f, g, ((),), (dtype,), derivative=False)


def _concatenate(dimension: int, *args: Arg) -> Op:
    def f(*xs: Any) -> Any:
        return pieces.concatenate(xs, dimension)

    def g(*xs: Any) -> Any:
        return lax.concatenate(xs, dimension)

    return row(f"concatenate {len(args)} along {dimension}", f, g, args)


PAD = (
    ((1, 2, 0), (0, 0, 0)),
    ((0, 0, 2), (3, 1, 1)),
    ((-1, 1, 0), (2, -1, 0)),
    ((-1, -1, 3), (-2, 3, 2)),
    ((-2, 0, 0), (-3, 0, 0)),
)
MATRIX = Arg((2, 3))

SHAPE = [
    same(
        "broadcast_in_dim",
        shape,
        Arg((3,)),
        dtypes=(*DTYPES, *INTS[1:], *COMPLEX[:1]),
        shape=(2, 3),
        broadcast_dimensions=(1,),
    ),
    same("broadcast_in_dim", shape, Arg((2, 1)), shape=(2, 4, 3), broadcast_dimensions=(0, 2)),
    same("broadcast_in_dim", shape, Arg((1, 3)), shape=(2, 3), broadcast_dimensions=(0, 1)),
    same("broadcast_in_dim", shape, Arg(()), shape=(2, 0), broadcast_dimensions=()),
    same("expand_dims", shape, MATRIX, dimensions=(0, 2)),
    same("transpose", shape, CUBE, EMPTY, permutation=(2, 0, 1)),
    same("squeeze", shape, Arg((1, 3, 1)), dimensions=(0, 2)),
    same("squeeze", shape, Arg((1, 3, 1)), dimensions=(2,)),
    same("reshape", shape, CUBE, new_sizes=(4, 6)),
    same("reshape", shape, Arg((3, 2)), new_sizes=(6,), dimensions=(1, 0)),
    same("reshape", shape, EMPTY, new_sizes=(0, 5)),
    row("copy", shape.copy, lambda x: lax.add(x, 0 * x), MATRIX, dtypes=("float64", "int32")),
    *(_iota(d) for d in (*INTS, *WIDE, "bfloat16", "complex64")),
    same("slice", pieces, CUBE, start_indices=(0, 1, 1), limit_indices=(2, 3, 1)),
    same(
        "slice", pieces, CUBE, start_indices=(0, 1, 0), limit_indices=(2, 3, 4), strides=(1, 2, 3)
    ),
    same(
        "slice", pieces, CUBE, start_indices=(1, 0, 1), limit_indices=(2, 3, 4), strides=(1, 1, 2)
    ),
    same("slice_in_dim", pieces, CUBE, start_index=1, limit_index=4, stride=2, axis=2),
    *(same("pad", pieces, (MATRIX, Arg(())), padding_config=config) for config in PAD),
    same("pad", pieces, (Arg((2, 0)), Arg(())), padding_config=((0, 0, 0), (1, 2, 1))),
    _concatenate(0, Arg((2, 3)), Arg((1, 3)), Arg((0, 3))),
    _concatenate(1, Arg((2, 3)), Arg((2, 1))),
    _concatenate(0, Arg((2,))),
    same("split", pieces, CUBE, sizes=(1, 0, 3), axis=2),
    same("rev", pieces, CUBE, dimensions=(0, 2)),
]
