"""The mathematics of operations: one file a family, all rules of an operation together."""

# How parameters print is set here, so that no primitive is ever without it.
from . import printing

__all__ = ["printing"]
