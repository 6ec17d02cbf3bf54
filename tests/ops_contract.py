"""Rows of the table: contractions."""

from typing import Any

import numpy as np
from jax import lax
from op import Arg, Op

from pullback.primitives import contract

DTYPES = ("float32", "complex128", "int32", "int8", "uint8", "bool")
WIDE = ("float64",)
NARROW = ("bfloat16", "float16")
NONE = ((), ())

# Shapes of both operands, contracted axes, batch axes.
FORMS = (
    ((3, 4), (4, 5), ((1,), (0,)), NONE),
    ((3, 4), (5, 4), ((1,), (1,)), NONE),
    ((4, 3), (4, 5), ((0,), (0,)), NONE),
    ((4, 3), (5, 4), ((0,), (1,)), NONE),
    ((4,), (4,), ((0,), (0,)), NONE),
    ((3, 4), (4,), ((1,), (0,)), NONE),
    ((4, 2, 3), (4,), ((0,), (0,)), NONE),
    ((4,), (4, 5), ((0,), (0,)), NONE),
    ((4,), (5, 4), ((0,), (1,)), NONE),
    ((2, 3), (4,), NONE, NONE),
    ((2, 3), (2, 4), NONE, ((0,), (0,))),
    ((2, 3, 4), (2, 4, 5), ((2,), (1,)), ((0,), (0,))),
    ((3, 2, 4), (4, 5, 2), ((2,), (0,)), ((1,), (2,))),
    ((2, 4), (2, 4), ((1,), (1,)), ((0,), (0,))),
    ((2, 3, 2, 4), (4, 3, 2, 5), ((1, 3), (1, 0)), ((0,), (2,))),
    ((2, 3, 4), (4, 3, 2), ((2, 0, 1), (0, 2, 1)), NONE),
    ((2, 0), (0, 3), ((1,), (0,)), NONE),
    ((0, 4), (4, 3), ((1,), (0,)), NONE),
)


def _row(form: Any, dtypes: Any = WIDE, preferred: str | None = None, tol: float = 64) -> Op:
    x, y, contracted, batch = form
    numbers = (contracted, batch)
    out = None if preferred is None else np.dtype(preferred)

    def f(*xs: Any) -> Any:
        return contract.dot_general(*xs, numbers, None, out)

    def g(*xs: Any) -> Any:
        return lax.dot_general(*xs, numbers, preferred_element_type=out)

    shown = f"dot_general {x} {y} {contracted} {batch} {dtypes[0]} {preferred}"
    # Without cancellation, as sums are taken in other orders under vmap.
    args = (Arg(x, 0.25), Arg(y, 0.25)) if dtypes == WIDE else (Arg(x), Arg(y))
    return Op(shown, f, g, (args,), dtypes, tol)


CONTRACT = (
    *map(_row, FORMS),
    *(_row(form, DTYPES) for form in (FORMS[0], FORMS[5], FORMS[11])),
    _row(FORMS[0], NARROW, tol=4),
    *(_row(FORMS[0], dtypes, "float32") for dtypes in (("bfloat16",), ("float16",))),
    *(_row(FORMS[11], dtypes, "int32") for dtypes in (("int8",), ("uint8",))),
    _row(FORMS[0], ("float32",), "float64"),
)
