"""Sparse arrays of random numbers."""

from .create import random_bcoo

__all__ = ["random_bcoo"]
