"""What JAX has under `jax.experimental`."""

from typing import TYPE_CHECKING

from ..control.callback import io_callback
from ..lazy import later

if TYPE_CHECKING:
    from . import (
        buffer_callback,
        checkify,
        compilation_cache,
        compute_on,
        custom_partitioning,
        jet,
        layout,
        mesh_utils,
        multihost_utils,
        ode,
        pjit,
        random,
        serialize_executable,
        shard_alike,
        shard_map,
        sparse,
        topologies,
        xla_metadata,
    )

__all__ = [
    "buffer_callback",
    "checkify",
    "compilation_cache",
    "compute_on",
    "custom_partitioning",
    "io_callback",
    "jet",
    "layout",
    "mesh_utils",
    "multihost_utils",
    "ode",
    "pjit",
    "random",
    "serialize_executable",
    "shard_alike",
    "shard_map",
    "sparse",
    "topologies",
    "xla_metadata",
]
__getattr__, __dir__ = later(__name__, {*__all__} - {"io_callback"})
