"""Small libraries of optimizers and of layers, under the names of `jax.example_libraries`."""

from typing import TYPE_CHECKING

from ..lazy import later

if TYPE_CHECKING:
    from . import optimizers, stax

__getattr__, __dir__ = later(__name__, ("optimizers", "stax"))

__all__ = ["optimizers", "stax"]
