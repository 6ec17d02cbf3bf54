"""Where new arrays lie: on the device that was asked for, beside another, on the default one."""

from typing import Any

from .. import _native
from .._native import ArrayImpl, DeviceArray
from ..backends.devices import resolve
from ..core.abstract_mesh import AbstractMesh
from ..core.aval import Shape
from ..core.trace import current_trace
from ..primitives.device_put import device_put
from ..transforms.make_jaxpr import ShapeDtypeStruct


def on(device: Any, x: Any) -> Any:
    """The array on a device; None: on the default one, if it was made outside of any program."""
    chosen = None if device is None else resolve(device)
    if chosen is not None:
        return device_put(x, chosen)
    if _native.is_eager() or _native.is_traced() or type(x) is not ArrayImpl:
        return x
    default = current_trace().device
    return x if default is None else default.put(x, False)


def beside(a: Any, shape: Shape) -> Any:
    """Where an array of this shape lies that is made after another: where that was put, or None.

    Another shape cannot be divided in the same way.
    """
    if type(a) is DeviceArray:
        known = a.committed and not a.weak_type and not _native.is_traced()
    else:
        known = isinstance(a, ShapeDtypeStruct)
    where: Any = getattr(a, "sharding", None) if known else None
    if where is None or isinstance(getattr(where, "mesh", None), AbstractMesh):
        return None
    return where if a.shape == shape or where.is_fully_replicated else None


def to_device(x: Any, device: Any, *, stream: Any = None) -> Any:
    """The array on a device, committed to it.

    >>> pnp.zeros(2).to_device(pb.devices()[0])
    Array([0., 0.], dtype=float32)
    """
    return on(device, x)
