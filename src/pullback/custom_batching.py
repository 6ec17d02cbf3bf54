"""Batching given by the author of a function, under the names of `jax.custom_batching`."""

from .control.custom_vmap import custom_vmap, sequential_vmap

__all__ = ["custom_vmap", "sequential_vmap"]
