"""Rows of the table: convolutions."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jax import lax
from op import Arg, Op

from pullback.primitives import conv

DTYPES = ("float32", "float64")
OTHERS = ("float32", "complex128", "int32", "int8", "bfloat16", "float16")
STRINGS: dict[int, tuple[str, str, str]] = {
    0: ("NC", "OI", "NC"),
    1: ("NCW", "OIW", "NCW"),
    2: ("NCHW", "OIHW", "NCHW"),
    3: ("NCDHW", "OIDHW", "NCDHW"),
}


@dataclass(frozen=True)
class Form:
    """The parameters of a convolution, ordinary ones where none are given."""

    x: tuple[int, ...]
    w: tuple[int, ...]
    strides: tuple[int, ...] | None = None
    padding: tuple[tuple[int, int], ...] | None = None
    lhs_dilation: tuple[int, ...] | None = None
    rhs_dilation: tuple[int, ...] | None = None
    features: int = 1
    batches: int = 1
    numbers: tuple[str, str, str] | None = None


FORMS = (
    Form((2, 3, 5, 6), (4, 3, 3, 2)),
    Form((2, 3, 5, 6), (4, 3, 3, 2), (2, 1), ((1, 1), (0, 2))),
    Form((2, 6, 7, 3), (3, 2, 3, 4), (2, 3), ((1, 2), (0, 1)), numbers=("NHWC", "HWIO", "NHWC")),
    Form((5, 2, 3, 6), (4, 3, 3, 2), (1, 2), ((2, 0), (1, 1)), numbers=("HNCW", "OIWH", "WCNH")),
    Form((1, 2, 4, 5), (3, 2, 2, 2), (1, 2), ((1, 1), (2, 1)), (2, 3), (2, 1)),
    Form((1, 2, 5, 5), (3, 2, 2, 2), (1, 1), ((-1, 0), (0, -2)), (1, 2)),
    Form((2, 6, 4), (4, 3, 2), (1,), ((1, 0),), features=2),
    Form((2, 4, 5, 4), (8, 1, 2, 2), (2, 1), ((1, 0), (1, 1)), (1, 2), (2, 1), features=4),
    Form((4, 3, 5), (4, 3, 2), (2,), ((1, 0),), features=1, batches=2),
    Form((6, 5, 2), (2, 3, 2), (1,), ((1, 0),), (2,), batches=3, numbers=("NWC", "WOI", "CWN")),
    Form((2, 3), (4, 3)),
    Form((1, 2, 3, 4, 3), (2, 2, 2, 2, 2), (1, 2, 1)),
    Form((2, 3, 2), (4, 3, 3)),
    Form((0, 3, 4), (4, 3, 3)),
    Form((1, 1, 30), (1, 1, 20)),
)


def _row(form: Form, dtypes: Any, preferred: str | None = None) -> Op:
    d = len(form.x) - 2
    ones = (1,) * d
    strings = form.numbers or STRINGS[d]
    numbers = lax.conv_dimension_numbers(form.x, form.w, strings)
    params = (
        form.strides or ones,
        form.padding or ((0, 0),) * d,
        form.lhs_dilation or ones,
        form.rhs_dilation or ones,
        conv.ConvDimensionNumbers(*map(tuple, numbers)),
        form.features,
        form.batches,
        None,
        None if preferred is None else np.dtype(preferred),
    )

    def f(x: Any, w: Any) -> Any:
        return conv.conv_general_dilated(x, w, *params)

    def g(x: Any, w: Any) -> Any:
        return lax.conv_general_dilated(x, w, *params[:4], numbers, *params[5:])

    args = ((Arg(form.x), Arg(form.w)),)
    given = {k: v for k, v in vars(form).items() if v != vars(Form(form.x, form.w))[k]}
    shown = " ".join(map(str, (form.x, form.w, given, *dtypes, preferred or "")))
    return Op(f"conv {shown}", f, g, args, dtypes, tol=64)


CONV = [
    *[_row(form, DTYPES) for form in FORMS],
    *[_row(form, OTHERS) for form in FORMS[1:4:2]],
    *[_row(form, ("complex128",)) for form in FORMS[6:8]],
    _row(FORMS[0], ("int8", "uint8"), "int32"),
    _row(FORMS[0], ("bfloat16",), "float32"),
]
