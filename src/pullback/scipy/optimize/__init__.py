"""Minima of functions of a vector."""

from .minimize import OptimizeResults, minimize

__all__ = ["OptimizeResults", "minimize"]
