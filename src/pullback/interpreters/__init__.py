"""What JAX has under `jax.interpreters`: tables of the rules of operations."""

from typing import TYPE_CHECKING

from ..lazy import later

if TYPE_CHECKING:
    from . import ad, batching, mlir, partial_eval, xla

__getattr__, __dir__ = later(__name__, ("ad", "batching", "mlir", "partial_eval", "xla"))

__all__ = ["ad", "batching", "mlir", "partial_eval", "xla"]
