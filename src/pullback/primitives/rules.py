"""What rules of all families share: constants, linear operations, dtype kinds, errors."""

from functools import lru_cache
from typing import Any, NoReturn

import numpy as np

from .. import dtypes, errors
from .._native import call_quiet
from ..core.aval import ShapedArray, type_name
from ..core.primitive import Primitive, Zero
from ..core.trace import get_aval

Kinds = tuple[str, ...]
FLOATS: Kinds = ("float",)
INEXACT: Kinds = ("float", "complex")
COMPLEX: Kinds = ("complex",)
INTEGERS: Kinds = ("signed", "unsigned")
BITS: Kinds = ("bool", *INTEGERS)
REALS: Kinds = (*INTEGERS, *FLOATS)
NUMBERS: Kinds = (*INTEGERS, *INEXACT)
ORDERED: Kinds = ("bool", *REALS)
VALUES: Kinds = ("bool", *NUMBERS)
ANY: Kinds = (*VALUES, "key", "float0")


def scalar(value: bool | int | float | complex, dtype: dtypes.DType) -> np.ndarray:
    """A constant, which enters programs as a literal."""
    # -0.0 equals 0.0, so a cache would confuse them.
    if value == 0 and not isinstance(value, int):
        return _make_scalar(value, dtype)
    return _cached_scalar(value, dtype)


def _make_scalar(value: bool | int | float | complex, dtype: dtypes.DType) -> np.ndarray:
    constant = call_quiet(np.asarray(value).astype, dtype)
    constant.flags.writeable = False
    return constant


_cached_scalar = lru_cache(maxsize=1024)(_make_scalar)


def const(x: Any, value: bool | int | float | complex) -> np.ndarray:
    """A constant of the dtype of `x`, for operations with it."""
    return scalar(value, x.dtype)


def zero_like(out: Any) -> Zero:
    """The zero tangent of a value."""
    return Zero(get_aval(out).tangent())


def deflinear(primitive: Primitive) -> None:
    """Give a linear operation of one argument its jvp: the operation itself."""
    assert primitive.linear
    bind = primitive.bind

    @primitive.def_jvp
    def _(primals: Any, tangents: Any, **params: Any) -> Any:
        out = bind(primals[0], **params)
        (t,) = tangents
        return out, (zero_like(out) if type(t) is Zero else bind(t, **params))


def show(avals: Any) -> str:
    """Operand types in messages."""
    return ", ".join(map(type_name, avals))


def check_kind(name: str, kinds: Kinds, *avals: ShapedArray) -> None:
    """Raise unless all dtypes are of these kinds."""
    for aval in avals:
        if dtypes.kind(aval.dtype) not in kinds:
            raise TypeError(
                f"{name} does not accept dtype {dtypes.long_name(aval.dtype)}, got {show(avals)};"
                f" wanted {' or '.join(kinds)}: convert with x.astype(dtype)"
            )


def check_same_dtype(name: str, *avals: ShapedArray) -> None:
    """Raise unless all dtypes are equal."""
    if any(a.dtype != avals[0].dtype for a in avals):
        raise TypeError(
            f"{name} requires arguments to have the same dtypes, got {show(avals)}: convert one of"
            " them with x.astype(dtype)"
        )


def fail(name: str, message: str, *avals: ShapedArray) -> NoReturn:
    """Raise an error that shows the operand types."""
    raise errors.OperandError(f"{name}: {message}, got {show(avals)}")
