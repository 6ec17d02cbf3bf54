"""Compiled calls."""

from .api import explain, jit

__all__ = ["explain", "jit"]
