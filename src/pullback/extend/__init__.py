"""What JAX has under `jax.extend`: operations of a program's own, and programs as data."""

from typing import TYPE_CHECKING

from ..lazy import later

if TYPE_CHECKING:
    from . import backend, core, linear_util, random, source_info_util

__getattr__, __dir__ = later(
    __name__, ("backend", "core", "linear_util", "random", "source_info_util")
)

__all__ = ["backend", "core", "linear_util", "random", "source_info_util"]
