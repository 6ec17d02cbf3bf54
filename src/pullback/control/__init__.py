"""Operations that hold programs: calls, branches, loops, and functions with rules of their own."""

# Set here, so that no loop is ever without it.
from . import while_reverse

__all__ = ["while_reverse"]
