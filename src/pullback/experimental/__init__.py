"""What JAX has under `jax.experimental`."""

from typing import TYPE_CHECKING

from ..control.callback import io_callback
from ..lazy import later

if TYPE_CHECKING:
    from . import checkify, jet, mesh_utils, multihost_utils, ode, pjit, random, shard_map, sparse

__all__ = [
    "checkify",
    "io_callback",
    "jet",
    "mesh_utils",
    "multihost_utils",
    "ode",
    "pjit",
    "random",
    "shard_map",
    "sparse",
]
__getattr__ = later(__name__, {*__all__} - {"io_callback"})
