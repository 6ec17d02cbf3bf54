"""The mathematics of operations: one file a family, all rules of an operation together."""

# The identities between families are set here, so that no primitive is ever without them.
from . import algebra

__all__ = ["algebra"]
