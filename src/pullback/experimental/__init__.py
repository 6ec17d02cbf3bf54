"""What JAX has under `jax.experimental`."""

from ..control.callback import io_callback

__all__ = ["io_callback"]
