"""Looking through tracing: the type of a value, and computing at once what would be traced."""

from contextlib import AbstractContextManager
from typing import Any

from .core.abstract_ref import AbstractRef
from .core.aval import ShapedArray
from .core.cell import Cell
from .core.trace import known_values
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


def ensure_compile_time_eval() -> AbstractContextManager[None]:
    """A context in which operations on known values are computed at once, inside `jit` too.

    The results are values, on which Python may branch. Operations on traced values are traced.

    >>> import pullback as pb
    >>> @pb.jit
    ... def f(x):
    ...     with pb.ensure_compile_time_eval():
    ...         n = int(pb.numpy.sum(pb.numpy.arange(4)))
    ...     return x * n
    >>> float(f(2.0))
    12.0
    """
    return known_values()
