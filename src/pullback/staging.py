"""The type of a value, which may be traced."""

from typing import Any

from .core.abstract_ref import AbstractRef
from .core.aval import ShapedArray
from .core.cell import Cell
from .transforms.make_jaxpr import abstract


def typeof(x: Any) -> ShapedArray | AbstractRef:
    """The type of a value: its shape, dtype and whether the dtype yields to others.

    Args:
      x: array, NumPy array, Python number, a traced value, a type as `ShapeDtypeStruct`, or a
        mutable array.

    >>> import pullback as pb
    >>> pb.typeof(pb.numpy.ones((2, 3)))
    ShapedArray(float32[2,3])
    """
    return x.aval if isinstance(x, Cell) else abstract(x, "typeof")
