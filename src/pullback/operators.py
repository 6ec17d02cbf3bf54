"""The one inversion that puts operators, indexing, methods and properties on arrays and tracers.

`pullback.numpy` stands to the right of both classes; it hands its functions to `install`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ._native import ArrayImpl
from .core.trace import Tracer

CLASSES = (ArrayImpl, Tracer)


def install(attributes: Mapping[str, Any]) -> None:
    """Set these functions and properties on every kind of array, unless it has its own."""
    for cls in CLASSES:
        for name, value in attributes.items():
            setattr(cls, name, value)


def install_missing(attributes: Mapping[str, Any]) -> None:
    """Set what the native array has itself on tracers only."""
    for name, value in attributes.items():
        if name not in vars(Tracer):
            setattr(Tracer, name, value)


def reflected(f: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """The operator for an array on the right."""

    def operator(self: Any, other: Any) -> Any:
        return f(other, self)

    return operator
