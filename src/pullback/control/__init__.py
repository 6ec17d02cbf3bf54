"""Operations that hold programs: calls, branches, loops, and functions with rules of their own."""

# What stands across these operations is set here, so that none is ever without it.
from . import unused, while_reverse

__all__ = ["unused", "while_reverse"]
