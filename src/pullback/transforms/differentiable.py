"""What can be differentiated: the types that arguments and results of `grad` must have."""

from collections.abc import Callable
from typing import Any

from .. import dtypes
from ..core.aval import ShapedArray, type_name
from ..core.trace import get_aval
from .flat import is_value
from .named import function_name


def check_input(aval: ShapedArray, what: str, holomorphic: bool, allow_int: bool) -> None:
    """Raise unless an argument of this type can be differentiated."""
    kind = dtypes.kind(aval.dtype)
    if holomorphic and kind != "complex":
        raise TypeError(
            f"{what}: with holomorphic=True the arguments must be complex, got {type_name(aval)}"
        )
    if kind == "float" or (holomorphic and kind == "complex") or (allow_int and kind != "complex"):
        return
    if kind == "complex":
        return
    raise TypeError(
        f"{what}: a differentiated argument must be of floating dtype, got {type_name(aval)}."
        " Convert it with x.astype(float), choose others with argnums, or pass allow_int=True"
    )


def check_scalar(value: Any, fun: Callable[..., Any], what: str, holomorphic: bool) -> ShapedArray:
    """The type of a function's result, which must be one real scalar."""
    name = function_name(fun)
    if not is_value(value):
        raise TypeError(
            f"{what}: {name} must return one scalar, got a {type(value).__name__}."
            " Pass has_aux=True for a pair (scalar, aux)"
        )
    aval = get_aval(value)
    if aval.shape != ():
        raise TypeError(
            f"{what}: {name} must return a scalar, got {type_name(aval)}. Sum the result, or use"
            " jacrev, jacfwd or vjp"
        )
    kind = dtypes.kind(aval.dtype)
    if holomorphic and kind != "complex":
        raise TypeError(
            f"{what}: with holomorphic=True {name} must return a complex scalar,"
            f" got {type_name(aval)}"
        )
    if not holomorphic and kind != "float":
        hint = (
            "pass holomorphic=True or take the real part"
            if kind == "complex"
            else "return a floating scalar"
        )
        raise TypeError(
            f"{what}: {name} must return a real floating scalar, got {type_name(aval)}: {hint}"
        )
    return aval
