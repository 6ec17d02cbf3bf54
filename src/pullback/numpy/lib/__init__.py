"""What NumPy keeps in `numpy.lib`: windows of arrays."""

from . import stride_tricks

__all__ = ["stride_tricks"]
