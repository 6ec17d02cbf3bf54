"""Where a new array lies: on the device that was asked for, or on the default one."""

from typing import Any

from .. import _native
from .._native import ArrayImpl
from ..backends.devices import resolve
from ..core.trace import current_trace
from ..primitives.device_put import device_put


def on(device: Any, x: Any) -> Any:
    """The array on a device; None: on the default one, if it was made outside of any program."""
    if device is not None:
        chosen = resolve(device)
        assert chosen is not None
        return device_put(x, chosen)
    if _native.is_eager() or _native.is_traced() or type(x) is not ArrayImpl:
        return x
    default = current_trace().device
    return x if default is None else default.put(x, False)


def to_device(x: Any, device: Any, *, stream: Any = None) -> Any:
    """The array on a device, committed to it.

    >>> pnp.zeros(2).to_device(pb.devices()[0])
    Array([0., 0.], dtype=float32)
    """
    return on(device, x)
