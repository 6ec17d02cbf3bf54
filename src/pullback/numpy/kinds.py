"""The dtypes that hold arrays or values."""

from typing import Any

import numpy as np

from .. import dtypes
from . import scalars
from .logic import result_type


def common_type(*arrays: Any) -> scalars.ScalarType:
    """The inexact type that holds the elements of all arrays; integers count as default floats.

    Raises:
      TypeError: an array holds neither integers nor inexact numbers.

    >>> pnp.common_type(pnp.ones(2, "float16"), pnp.ones(3, "complex64"))
    pullback.numpy.complex64
    >>> pnp.common_type(pnp.arange(3))
    pullback.numpy.float32
    """
    found = [dtypes.default_dtype(float) if _is_whole(a) else a.dtype for a in arrays]
    if not found:
        return scalars.float16
    return getattr(scalars, np.dtype(result_type(*found)).name)


def _is_whole(array: Any) -> bool:
    dtype = array.dtype
    if not (dtypes.is_integer(dtype) or dtypes.is_float(dtype)):
        raise TypeError(f"common_type: there is no inexact type for arrays of {dtype.name}")
    return dtypes.is_integer(dtype)


def min_scalar_type(a: Any) -> np.dtype[Any]:
    """The smallest dtype that holds a number, or the dtype of an array of rank 1 or more.

    >>> pnp.min_scalar_type(300), pnp.min_scalar_type(-1), pnp.min_scalar_type(pnp.ones(2))
    (dtype('uint16'), dtype('int8'), dtype('float32'))
    """
    return a.dtype if getattr(a, "ndim", 0) else np.min_scalar_type(np.asarray(a)[()])
