"""The one inversion that puts operators, indexing, methods and properties on arrays and tracers.

`pullback.numpy` stands to the right of both classes; it hands its functions to `install`.
"""

from collections.abc import Mapping
from typing import Any

from ._native import ArrayImpl, DeviceArray
from .core.trace import Tracer

CLASSES = (ArrayImpl, DeviceArray, Tracer)


def install(attributes: Mapping[str, Any]) -> None:
    """Set these functions and properties on every kind of array.

    Defining == takes a class's hash away; arrays keep theirs, an error that explains.
    """
    for cls in CLASSES:
        kept = cls.__hash__
        for name, value in attributes.items():
            setattr(cls, name, value)
        type.__setattr__(cls, "__hash__", kept)


def install_missing(attributes: Mapping[str, Any]) -> None:
    """Set what the native arrays have themselves on tracers only."""
    for name, value in attributes.items():
        if name not in vars(Tracer):
            setattr(Tracer, name, value)
