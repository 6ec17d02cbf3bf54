"""Geometry."""

from typing import TYPE_CHECKING

from ...lazy import later

if TYPE_CHECKING:
    from . import transform

__all__ = ["transform"]
__getattr__, __dir__ = later(__name__, __all__)
