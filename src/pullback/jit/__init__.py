"""Compiled calls."""

from . import eager
from .api import clear_caches, explain, jit

__all__ = ["clear_caches", "explain", "jit"]

eager.install()
