"""device_put: an array on another device. Inside a program, which runs on one, it is nothing."""

from typing import Any

import numpy as np

from ..core.aval import ShapedArray
from ..core.device import Device
from ..core.primitive import Primitive
from ..core.trace import Tracer
from ..core.transfers import explicit
from .rules import deflinear

device_put_p = Primitive("device_put", linear=True)
deflinear(device_put_p)


@device_put_p.def_type
def _(x: ShapedArray, *, device: Device, src: Device | None) -> ShapedArray:
    return x


@device_put_p.def_value
def _(x: np.ndarray, *, device: Device, src: Device | None) -> np.ndarray:
    return x


@device_put_p.def_transpose
def _(ct: Any, x: Any, *, device: Device, src: Device | None) -> list[Any]:
    """The cotangent goes where the array came from."""
    return [ct if src is None else device_put_p.bind(ct, device=src, src=device)]


@device_put_p.def_batch
def _(args: Any, dims: Any, *, device: Device, src: Device | None) -> Any:
    return device_put_p.bind(*args, device=device, src=src), dims[0]


def _eagerly(args: Any, params: dict[str, Any]) -> Any:
    with explicit():
        return params["device"].put(args[0], True)


device_put_p.eager = _eagerly


def device_put(x: Any, device: Device) -> Any:
    """An array or traced value on a device, committed to it."""
    return device_put_p.bind(x, device=device, src=_source(x))


def _source(x: Any) -> Device | None:
    """Where a value lies, if that is known."""
    known = x.concrete() if isinstance(x, Tracer) else x
    return getattr(known, "device", None)
