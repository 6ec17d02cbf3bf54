"""Equations whose matrix is only known by its products."""

from typing import TYPE_CHECKING

from ...lazy import later

if TYPE_CHECKING:
    from . import linalg

__all__ = ["linalg"]
__getattr__, __dir__ = later(__name__, __all__)
