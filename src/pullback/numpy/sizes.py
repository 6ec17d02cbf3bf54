"""What is asked of shapes alone: the sizes of axes, their number, and that of the elements."""

import math
import warnings
from typing import Any

import numpy as np

from ..core.aval import Shape
from .shapes import axes_of
from .values import as_array


def _shaped(name: str, a: Any) -> Any:
    """Something with a shape; types, mutable arrays, sparse matrices and texts have one too.

    Of what is no array NumPy says the shape, with a warning, as in JAX.
    """
    if isinstance(getattr(a, "shape", None), tuple):
        return a
    try:
        return as_array(name, a)
    except TypeError as error:
        message = f"{error}; its shape is NumPy's, which will be an error in future"
    warnings.warn(message, DeprecationWarning, stacklevel=3)
    return np.asarray(a)


def shape(a: Any) -> Shape:
    """The sizes of the axes.

    >>> pnp.shape(pnp.ones((2, 3)))
    (2, 3)
    """
    return _shaped("shape", a).shape


def ndim(a: Any) -> int:
    """The number of axes.

    >>> pnp.ndim(pnp.ones((2, 3)))
    2
    """
    return len(_shaped("ndim", a).shape)


def size(a: Any, axis: Any = None) -> int:
    """The number of elements, or the size of an axis.

    >>> pnp.size(pnp.ones((2, 3))), pnp.size(pnp.ones((2, 3)), axis=1)
    (6, 3)
    """
    x = _shaped("size", a)
    return math.prod(x.shape[d] for d in axes_of("size", axis, len(x.shape)))
