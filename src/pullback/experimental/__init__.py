"""What JAX has under `jax.experimental`."""

from typing import TYPE_CHECKING

from ..control.callback import io_callback
from ..lazy import later

if TYPE_CHECKING:
    from . import jet, ode

__getattr__ = later(__name__, ("jet", "ode"))

__all__ = ["io_callback", "jet", "ode"]
