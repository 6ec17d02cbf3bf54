"""XLA's devices: programs, single operations and arrays on one of them."""

from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from typing import Any

import numpy as np

from ..._native import ArrayImpl, DeviceArray, DeviceProgram
from ...core import dlpack
from ...core.aval import ShapedArray
from ...core.device import Remote, Shard, host
from ...core.ir import Jaxpr, JaxprEqn, Var
from ...core.memo import Memory
from ...core.primitive import Primitive
from ...core.structure import value_key
from ...core.trace import DeviceTrace, as_array, get_aval
from ...core.transfers import moving
from ...lazy import LazyModule
from . import buffers
from .client import PLATFORMS, client, runtime
from .forms import FORMS
from .load import Loaded, Place, load, place_of

# Several devices together: loaded when there are.
group: Any = LazyModule(f"{__package__}.group")
# The numbers of platforms in DLPack.
DLPACK = {"cpu": 1, "cuda": 2}


class XlaDevice(Remote):
    """A device of one of XLA's clients."""

    def __init__(self, platform: str, place: Place | None = None) -> None:
        self.platform = platform
        self.target = PLATFORMS[platform]
        self._given = place
        self.eager = DeviceTrace(self)
        self._operations: Memory[Any, DeviceProgram] = Memory()
        self._scalars: Memory[Any, Any] = Memory()

    @cached_property
    def place(self) -> Place:
        """The device as the runtime names it: the first of this process, if none was given."""
        if self._given is not None:
            return self._given
        found = client(self.platform)
        return place_of(found, found.local[0])

    @cached_property
    def id(self) -> int:
        """The number of the device, among those of all processes."""
        return self.place.device.id

    @property
    def device_kind(self) -> str:
        """What the hardware is called."""
        return self.place.device.device_kind

    @cached_property
    def process_index(self) -> int:
        """The number of the process to which it belongs."""
        return self.place.device.process_index

    @cached_property
    def is_local(self) -> bool:
        """Whether it belongs to this process."""
        return self.place.device in self.place.client.local

    @property
    def local_hardware_id(self) -> int:
        """The number of the hardware in its process."""
        return self.place.device.local_hardware_id

    def spread(self, sharding: Any) -> Any:
        """Where arrays lie that are divided among this device and others of the client."""
        return group.spread(sharding)

    def process(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        """One operation, by a program of its own, compiled once for its types and parameters."""
        form = FORMS.get(primitive.name)
        if form is not None:
            primitive, args, params = form(primitive, args, params)
        arrays = [a if type(a) is DeviceArray else as_array(a) for a in args]
        avals = tuple([a.aval for a in arrays])
        key = (primitive, avals, tuple([(k, value_key(params[k])) for k in params]))
        program = self._operations.get(key)
        if program is None:
            jaxpr = one_operation(primitive, avals, params)
            code = self.load(jaxpr, primitive.name)
            program = self._operations[key] = self.program(code, len(args))
        outs = program(arrays)
        return outs if primitive.multiple_results else outs[0]

    def load(
        self,
        jaxpr: Jaxpr,
        name: str,
        donated: Sequence[int] = (),
        options: Mapping[str, Any] | None = None,
        places: Sequence[Any] = (),
    ) -> Loaded:
        """A program compiled for this device, where all arguments come."""
        return load(self.place, jaxpr, name, donated, tuple(sorted((options or {}).items())))

    def program(
        self,
        code: Loaded,
        num_args: int,
        consts: Sequence[Any] = (),
        out_tree: Any = None,
        committed: bool = False,
    ) -> DeviceProgram:
        """What runs a compiled program here."""
        n = num_args
        commits = [v.committed for v in consts if type(v) is DeviceArray]
        return DeviceProgram(
            code.execute_and_wait if code.waits else code.execute,
            self.own_buffer if code.donated else self.buffer,
            [self for i in code.kept if i < n],
            [self] * len(code.out_avals),
            n,
            [i for i in code.kept if i < n],
            [self.buffer(consts[i - n]) for i in code.kept if i >= n],
            [(a.dtype, a.shape, a.weak_type) for a in code.out_avals],
            code.donated,
            out_tree,
            committed or any(commits),
        )

    def buffer(self, x: Any, place: Any = None) -> Any:
        """The buffer here of a value that lies anywhere; equal scalars share one."""
        if type(x) is DeviceArray:
            if x._place is self:
                return x._buffer
            if self._neighbours(x._place):
                moving("device_to_device", x.aval, x._place, self)
                return buffers.copied(x._buffer, self.place.devices, self.place.sharding)
        array = as_array(x)
        moving("host_to_device", array.aval, host, self)
        value = array._npy
        if value.ndim:
            return buffers.put(value, self.place.device, self.place.sharding)
        key = (value.dtype, value.tobytes())
        found = self._scalars.get(key)
        if found is None:
            made = buffers.put(value, self.place.device, self.place.sharding)
            found = self._scalars[key] = made
        return found

    def _neighbours(self, other: Remote) -> bool:
        """Whether buffers go to another device without the host between."""
        return isinstance(other, XlaDevice) and other.place.client is self.place.client

    def own_buffer(self, x: Any, place: Any = None) -> Any:
        """A buffer of the value here that nobody else knows, to be given away."""
        array = as_array(x)
        moving("host_to_device", array.aval, host, self)
        made = buffers.put(array._npy, self.place.device, self.place.sharding)
        return buffers.copied(made, self.place.devices, self.place.sharding)

    def put(self, x: Any, committed: bool) -> DeviceArray:
        """An array here of an array that lies anywhere."""
        if type(x) is DeviceArray and x._place is self and x.committed >= committed:
            return x
        if not self.is_local:
            raise ValueError(
                f"device_put: {self!r} belongs to process {self.process_index}: a process puts"
                " arrays on its local_devices(), or by a sharding on those of several"
            )
        aval = get_aval(x)
        return self._array(self.buffer(x), aval, committed)

    def copy(self, x: DeviceArray) -> DeviceArray:
        """The array with memory of its own."""
        made = buffers.copied(x._buffer, self.place.devices, self.place.sharding)
        return self._array(made, x.aval, x.committed)

    def _array(self, buffer: Any, aval: ShapedArray, committed: bool) -> DeviceArray:
        return DeviceArray(buffer, aval.dtype, aval.shape, aval.weak_type, self, committed)

    def assemble(self, parts: Sequence[Any], aval: ShapedArray) -> DeviceArray:
        """An array of which no part is here, as the device belongs to another process."""
        assert not parts and not self.is_local
        typed = buffers.buffer_type(aval)
        made = runtime.ArrayImpl(typed, self.place.sharding, [], committed=True, _skip_checks=True)
        return self._array(made, aval, True)

    def shards(self, x: DeviceArray) -> list[Shard]:
        """The array as its one part, if it is here."""
        return super().shards(x) if self.is_local else []

    @property
    def holds_all(self) -> bool:
        """Whether the device belongs to this process."""
        return self.is_local

    def fetch(self, x: DeviceArray) -> np.ndarray:
        """The values on the host."""
        if not self.is_local:
            raise RuntimeError(
                f"an array of shape {x.shape} lies on {self!r}, of process {self.process_index}:"
                " its values are not here"
            )
        if x._host is None:
            moving("device_to_host", x.aval, self, host)
            values = buffers.fetch(x, self.place)
            if self.target == "cpu":
                return values
            x._host = values
        assert x._host is not None
        return x._host

    def start_fetch(self, x: DeviceArray) -> None:
        """Begin to copy the values to the host."""
        if self.target != "cpu":
            x._buffer._copy_single_device_array_to_host_async()

    def dlpack(
        self,
        x: DeviceArray,
        *,
        stream: Any = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        """The array as a DLPack capsule: here, or on the host where the consumer asks for that."""
        to_host = dl_device is not None and dl_device[0] == DLPACK["cpu"]
        if self.target == "cpu" or to_host:
            if self.target != "cpu" and copy is False:
                raise BufferError("__dlpack__: copy=False, but the array must come to the host")
            return dlpack.export(ArrayImpl(self.fetch(x)), max_version=max_version, copy=copy)
        if dl_device not in (None, self.dlpack_device()):
            raise BufferError(
                f"__dlpack__: the array lies on {self}, {self.dlpack_device()}, got"
                f" dl_device={dl_device}: move it first with device_put"
            )
        given = self.copy(x) if copy else x
        return runtime.buffer_to_dlpack_managed_tensor(given._buffer, stream=stream)

    def from_dlpack(self, x: Any) -> DeviceArray:
        """The array in the memory of another library's array."""
        stream = self.place.device.get_stream_for_external_ready_events()
        kind, _ = x.__dlpack_device__()
        buffer = runtime.dlpack_managed_tensor_to_buffer(
            x.__dlpack__(stream=stream), self.place.device, stream, None, int(kind)
        )
        return self._array(buffer, ShapedArray(buffer.shape, buffer.dtype), False)

    def dlpack_device(self) -> tuple[int, int]:
        """The device as DLPack numbers it."""
        return DLPACK[self.target], self.local_hardware_id

    def is_ready(self, x: DeviceArray) -> bool:
        """Whether the values are there."""
        return x._buffer.is_ready()

    def wait(self, x: DeviceArray) -> None:
        """Return when the values are there."""
        x._buffer.block_until_ready()

    def address(self, x: DeviceArray) -> int:
        """Where the buffer begins, in the device's memory."""
        return x._buffer.unsafe_buffer_pointer()

    def memory_stats(self) -> dict[str, int] | None:
        """What the runtime tells of this device's memory; None on the CPU."""
        return self.place.device.memory_stats()


def one_operation(
    primitive: Primitive, avals: Sequence[ShapedArray], params: dict[str, Any]
) -> Jaxpr:
    """The program of one equation."""
    inputs = [Var(a) for a in avals]
    types = primitive.type(*avals, **params)
    outputs = [Var(a) for a in (types if primitive.multiple_results else [types])]
    return Jaxpr([], inputs, outputs, [JaxprEqn(primitive, inputs, outputs, params)])


@cache
def devices(platform: str) -> tuple[XlaDevice, ...]:
    """The devices of a platform. Unavailable where there are none."""
    found = client(platform)
    first = found.local[0]
    return tuple(
        [
            default(platform) if d is first else XlaDevice(platform, place_of(found, d))
            for d in found.devices
        ]
    )


@cache
def default(platform: str) -> XlaDevice:
    """The first device of this process. It is looked for when it is used, so that the processes
    that compute together may be joined before."""
    return XlaDevice(platform)
