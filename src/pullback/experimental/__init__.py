"""What JAX has under `jax.experimental`."""

from typing import TYPE_CHECKING

from ..control.callback import io_callback
from ..lazy import later

if TYPE_CHECKING:
    from . import jet

__getattr__ = later(__name__, ("jet",))

__all__ = ["io_callback", "jet"]
