"""Compiled calls."""

from .api import clear_caches, explain, jit

__all__ = ["clear_caches", "explain", "jit"]
