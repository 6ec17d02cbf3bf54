"""Between NumPy arrays and XLA's buffers."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ... import dtypes
from ..._native import DeviceArray
from ...core.aval import ShapedArray
from ...primitives.convert import bitcast_convert_type_p, convert_element_type_p
from .client import runtime, xc
from .hlo import held_as, tensor


class BufferType(NamedTuple):
    """A type as jaxlib asks for it."""

    shape: tuple[int, ...]
    dtype: Any
    weak_type: bool = False

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)


def buffer_type(aval: ShapedArray) -> BufferType:
    """How values of a type are held on a device."""
    return BufferType(*tensor(aval))


def put(x: np.ndarray, device: Any, sharding: Any) -> Any:
    """The buffer of a NumPy array that nobody writes again; on the CPU it may share its memory."""
    x = np.asarray(held_as(x), order="C")
    aval = BufferType(x.shape, x.dtype)
    return xc.batched_device_put(aval, sharding, [x], [device], enable_x64=True)


def released(x: np.ndarray, aval: ShapedArray) -> np.ndarray:
    """The array of a type from what a device holds."""
    if aval.dtype in dtypes.KEY_DTYPES:
        return np.ascontiguousarray(x).view(aval.dtype)[..., 0]
    if aval.dtype == dtypes.float0:
        return np.zeros(aval.shape, dtypes.float0)
    return x


def copied(buffer: Any, devices: Any, sharding: Any) -> Any:
    """A copy of a buffer with memory of its own."""
    copies = runtime.batched_copy_array_to_devices_with_sharding(
        [buffer], [devices], [sharding], [runtime.ArrayCopySemantics.ALWAYS_COPY]
    )
    return copies[0]


def fetch(x: DeviceArray, place: Any) -> np.ndarray:
    """The values of an array. The runtime's error where they could not be computed."""
    aval: ShapedArray = x.aval
    shown = SHOWN.get(tensor(aval).dtype)
    if shown is None:
        values = _values(x._buffer, place)
        assert values.shape == tensor(aval).shape, (values.shape, aval)
        return released(values, aval)
    return shown.read(fetch(shown.show(x), place), aval.dtype)


def _values(buffer: Any, place: Any) -> np.ndarray:
    """The values of a buffer of a dtype that NumPy itself has."""
    buffer.block_until_ready()
    read = getattr(buffer, "_to_np_array_did_copy", None)
    if read is not None:
        return read()[0]
    if place.client.target == "cpu":
        return np.asarray(buffer)
    pinned = xc.GSPMDSharding(place.devices, xc.HloSharding.replicate(), "pinned_host")
    return np.from_dlpack(_Exported(copied(buffer, place.devices, pinned).block_until_ready()))


class _Exported(NamedTuple):
    """A buffer in the host's memory, which NumPy reads through DLPack."""

    buffer: Any

    def __dlpack__(self, **_: Any) -> Any:
        return runtime.buffer_to_dlpack_managed_tensor(self.buffer)

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)


class Shown(NamedTuple):
    """How values of a dtype that NumPy has not are read: as another, computed on the device."""

    show: Callable[[DeviceArray], DeviceArray]
    read: Callable[[np.ndarray, Any], np.ndarray]


def _bits(dtype: Any) -> Shown:
    """By their bits, as integers of that width."""
    return Shown(
        lambda x: x._place.process(bitcast_convert_type_p, (x,), {"new_dtype": np.dtype(dtype)}),
        lambda values, wanted: values.view(wanted),
    )


def _numbers(dtype: Any) -> Shown:
    """As numbers of a wider dtype, which holds them all."""
    params = {"new_dtype": np.dtype(dtype), "weak_type": False}
    return Shown(
        lambda x: x._place.process(convert_element_type_p, (x,), params),
        lambda values, wanted: values.astype(wanted),
    )


SHOWN: dict[Any, Shown] = {
    dtypes.BFLOAT16: _bits(np.uint16),
    **dict.fromkeys([d for d in dtypes.FLOAT8 if not d.name.startswith("float4")], _bits(np.uint8)),
    **dict.fromkeys([d for d in dtypes.FLOAT8 if d.name.startswith("float4")], _numbers("float32")),
    **dict.fromkeys(dtypes.INT_SMALL, _numbers(np.int8)),
    **dict.fromkeys(dtypes.UINT_SMALL, _numbers(np.uint8)),
}
