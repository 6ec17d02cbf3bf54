"""Several processes that compute together, on one machine or many."""

from ..errors import DistributedError
from .joining import initialize, is_initialized, shutdown

__all__ = ["DistributedError", "initialize", "is_initialized", "shutdown"]
