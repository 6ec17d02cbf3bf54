"""What distributions are asked for: shapes, dtypes and parameters, checked and converted."""

from typing import Any

import numpy as np

from .. import dtypes
from .. import numpy as pnp
from ..core.aval import Shape
from ..dtypes import DType
from ..numpy.creation import canonical_shape, requested_dtype
from ..numpy.values import as_array, describe, value_type


def shape_of(name: str, shape: Any, *params: Any) -> Shape:
    """The shape asked for, or that of the parameters. They must broadcast to it."""
    parts = [np.shape(p) for p in params]
    if shape is None:
        return pnp.broadcast_shapes(*parts)
    return whole_shape(name, shape, *parts)


def whole_shape(name: str, shape: Any, *parts: Shape) -> Shape:
    """The shape asked for, to which these shapes must broadcast."""
    shape = canonical_shape(name, shape)
    if not any(parts):
        return shape
    together = pnp.broadcast_shapes(*parts)
    if not _broadcasts(together, shape):
        raise ValueError(
            f"{name}: parameters of shape {together} do not broadcast to the shape {shape}"
        )
    return shape


def _broadcasts(shape: Shape, to: Shape) -> bool:
    ends = zip(reversed(shape), reversed(to), strict=False)
    return len(shape) <= len(to) and all(n in (1, m) for n, m in ends)


def float_dtype(name: str, dtype: Any) -> DType:
    """The real floating-point dtype asked for; None and float mean the default one."""
    if dtype is None:
        return dtypes.default_dtype(float)
    found = requested_dtype(name, dtype)
    if dtypes.kind(found) != "float":
        raise ValueError(f"dtype argument to `{name}` must be a float dtype, got {found}")
    return found


def inexact_dtype(name: str, dtype: Any) -> DType:
    """The float or complex dtype asked for; None and float mean the default one."""
    if dtype is None:
        return dtypes.default_dtype(float)
    found = requested_dtype(name, dtype)
    if not dtypes.is_float(found):
        raise ValueError(
            f"dtype argument to `{name}` must be a float or complex dtype, got {found}"
        )
    return found


def int_dtype(name: str, dtype: Any) -> DType:
    """The integer dtype asked for; None and int mean the default one."""
    if dtype is None:
        return dtypes.default_dtype(int)
    found = requested_dtype(name, dtype)
    if not dtypes.is_integer(found):
        raise ValueError(f"dtype argument to `{name}` must be an int dtype, got {found}")
    return found


def parameters(name: str, dtype: DType, *params: Any) -> list[Any]:
    """Parameters as arrays of a dtype."""
    return [as_array(name, p).astype(dtype) for p in params]


def safe_parameters(name: str, dtype: DType, *params: Any) -> list[Any]:
    """Parameters as arrays of a dtype. TypePromotionError where it cannot hold them."""
    for p in params:
        found = value_type(as_array(name, p))
        if dtypes.promote((found, (dtype, False)))[0] != dtype:
            raise dtypes.TypePromotionError(
                f"In arguments to {name}, cannot safely cast argument of type {describe(p)} to"
                f" {dtype}"
            )
    return parameters(name, dtype, *params)
