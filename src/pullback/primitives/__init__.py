"""The mathematics of operations: one file a family, all rules of an operation together."""

# What stands across families is set here, so that no primitive is ever without it.
from . import algebra, printing

__all__ = ["algebra", "printing"]
