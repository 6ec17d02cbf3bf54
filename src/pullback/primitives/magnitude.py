"""Absolute values, signs, maxima and minima."""

from typing import Any

import numpy as np

from .. import dtypes
from ..core.primitive import Primitive
from .arithmetic import div, mul, neg
from .compare import eq, ge
from .complex import conj, is_complex, part_dtype, real
from .convert import convert_element_type
from .nary import binary, unary
from .power import without_zero
from .rules import NUMBERS, VALUES, const
from .select import select


def _sign(x: np.ndarray) -> Any:
    sign = np.sign(x)
    return np.copysign(sign, x) if dtypes.kind(x.dtype) == "float" else sign


def _abs_along(t: Any, out: Any, x: Any) -> Any:
    if is_complex(x):
        # d|z| = Re(conj(z) dz) / |z|, and 0 at 0
        return real(mul(t, div(conj(x), convert_element_type(without_zero(out), x.dtype))))
    return select(ge(x, 0), t, neg(t))


sign_p, sign = unary("sign", _sign, NUMBERS)
abs_p, abs = unary("abs", np.absolute, NUMBERS, _abs_along, part_dtype)


def _share(x: Any, out: Any, y: Any) -> Any:
    """How much of the result is x: 1 where x is it, 1/2 where y is too, else 0."""
    return mul(
        select(eq(x, out), const(out, 1), const(out, 0)),
        select(eq(y, out), const(out, 0.5), const(out, 1)),
    )


def _extremum(name: str, value: Any) -> tuple[Primitive, Any]:
    return binary(
        name,
        value,
        VALUES,
        lambda t, out, x, y: mul(t, _share(x, out, y)),
        lambda t, out, x, y: mul(t, _share(y, out, x)),
    )


# NaN if either is NaN; complex numbers are ordered by real, then imaginary part
max_p, max = _extremum("max", np.maximum)
min_p, min = _extremum("min", np.minimum)
