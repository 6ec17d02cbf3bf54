"""SciPy's functions on arrays that can be differentiated, batched and compiled."""

from . import linalg, special, stats

__all__ = ["linalg", "special", "stats"]
