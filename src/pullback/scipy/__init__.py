"""SciPy's functions on arrays that can be differentiated, batched and compiled."""

from . import linalg, special

__all__ = ["linalg", "special"]
