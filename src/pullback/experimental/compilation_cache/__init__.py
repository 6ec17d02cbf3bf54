"""JAX's older place of what keeps compiled objects on disk."""

from typing import TYPE_CHECKING

from ...lazy import later

if TYPE_CHECKING:
    from . import compilation_cache

__all__ = ["compilation_cache"]
__getattr__, __dir__ = later(__name__, __all__)
