"""Clusters of points."""

from typing import TYPE_CHECKING

from ...lazy import later

if TYPE_CHECKING:
    from . import vq

__all__ = ["vq"]
__getattr__, __dir__ = later(__name__, __all__)
