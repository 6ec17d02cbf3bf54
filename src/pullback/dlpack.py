"""Arrays shared with other libraries through DLPack, under JAX's names."""

from typing import Any

import numpy as np

from .core.dlpack import CODES
from .numpy import exchange

__all__ = ["from_dlpack", "is_supported_dtype"]


def from_dlpack(external_array: Any, device: Any = None, copy: bool | None = None) -> Any:
    """`numpy.from_dlpack`: an array in the memory of another library's array.

    >>> import numpy as np, pullback as pb
    >>> pb.dlpack.from_dlpack(np.ones(2, "float32"))
    Array([1., 1.], dtype=float32)
    """
    return exchange.from_dlpack(external_array, device=device, copy=copy)


def is_supported_dtype(dtype: Any) -> bool:
    """Whether arrays of a dtype can be exchanged through DLPack.

    >>> import pullback as pb
    >>> pb.dlpack.is_supported_dtype("bfloat16"), pb.dlpack.is_supported_dtype("int4")
    (True, False)
    """
    if dtype is None:
        raise TypeError("is_supported_dtype: wants a dtype, got None")
    return np.dtype(dtype) in CODES
