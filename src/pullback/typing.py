"""Types of arguments, for annotations."""

from typing import Any, Protocol

import numpy as np

from .array import Array

__all__ = ["ArrayLike", "DTypeLike"]


class SupportsDType(Protocol):
    """What has a dtype."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype."""
        ...


# What is taken as an array: arrays, NumPy's, and numbers; not lists.
ArrayLike = Array | np.ndarray | np.bool_ | np.number | bool | int | float | complex
# What is taken as a dtype: names, types, dtypes, and what has one.
DTypeLike = str | type[Any] | np.dtype[Any] | SupportsDType
