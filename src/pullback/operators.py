"""The one inversion that puts operators, indexing, methods and properties on arrays and tracers.

`pullback.numpy` stands to the right of both classes; it hands its functions to `install`.
"""

from collections.abc import Mapping
from typing import Any

from ._native import ArrayImpl, DeviceArray
from .array import Array
from .core.trace import Tracer

# The abstract class has them too, for programs that take methods from it: `Array.sum(x)`.
CLASSES = (ArrayImpl, DeviceArray, Tracer, Array)


def install(attributes: Mapping[str, Any]) -> None:
    """Set these functions and properties on every kind of array."""
    for cls in CLASSES:
        for name, value in attributes.items():
            setattr(cls, name, value)


def install_missing(attributes: Mapping[str, Any]) -> None:
    """Set what the native arrays have themselves on tracers, and on the abstract class."""
    for name, value in attributes.items():
        if name not in vars(Tracer):
            setattr(Tracer, name, value)
    for name, value in vars(ArrayImpl).items():
        if name[0] != "_" and name not in vars(Array):
            setattr(Array, name, _of_instance(name, callable(value)))


def _of_instance(name: str, is_method: bool) -> Any:
    """A method or a property that an array's own class has."""

    def method(x: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(x, name)(*args, **kwargs)

    method.__name__ = name
    return method if is_method else property(lambda x: getattr(x, name))
