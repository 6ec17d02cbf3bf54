"""Names of the memories in which arrays may lie."""

from .core.memory import MemorySpace as Space

__all__ = ["Space"]
