"""Arrays that are divided among several devices of one client, and their parts."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..._native import DeviceArray, DeviceProgram
from ...core.aval import ShapedArray
from ...core.device import Remote, Shard, host
from ...core.primitive import Primitive
from ...core.sharding import NamedSharding
from ...core.trace import get_aval
from ...core.transfers import moving
from .buffers import buffer_type
from .client import runtime, xc
from .hlo import tensor
from .load import Loaded
from .shardy import tiles, tiles_text


class Spread(Remote):
    """Where arrays lie that are divided among the devices of a group, as a sharding says."""

    def __init__(self, group: Any, sharding: NamedSharding) -> None:
        self._group = group
        self.sharding = sharding
        self.platform = group.platform
        self.target = group.target
        self.id = group.id
        self.device_kind = group.device_kind
        self._runtime: dict[int, Any] = {}

    @property
    def group(self) -> Remote:
        """What computes with the arrays that lie here."""
        return self._group

    def __repr__(self) -> str:
        return repr(self.sharding)

    def __str__(self) -> str:
        return str(self.sharding)

    def runtime_sharding(self, ndim: int) -> Any:
        """The sharding as XLA knows it, of buffers of `ndim` axes."""
        found = self._runtime.get(ndim)
        if found is None:
            text = tiles_text(tiles(self.sharding, ndim, self._group.devices))
            made = xc.GSPMDSharding(self._group.place.devices, xc.HloSharding.from_string(text))
            found = self._runtime[ndim] = made
        return found

    def process(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        """One operation, by the group."""
        return self._group.process(primitive, args, params)

    def load(self, *args: Any, **kwargs: Any) -> Loaded:
        """A program compiled for the group."""
        return self._group.load(*args, **kwargs)

    def program(self, *args: Any, **kwargs: Any) -> DeviceProgram:
        """What runs a program on the group."""
        return self._group.program(*args, **kwargs)

    def put(self, x: Any, committed: bool) -> DeviceArray:
        """The array divided so."""
        if type(x) is DeviceArray and x._place is self:
            return x
        aval = get_aval(x)
        self.sharding.check(aval.shape, "device_put")
        return self._array(self._group.buffer(x, self), aval)

    def _array(self, buffer: Any, aval: ShapedArray) -> DeviceArray:
        return DeviceArray(buffer, aval.dtype, aval.shape, aval.weak_type, self, True)

    def assemble(self, parts: Sequence[Any], aval: ShapedArray) -> DeviceArray:
        """The array of parts on the devices of this process, in the sharding's order."""
        local = [d for d in self.sharding.devices if d in self._group.local]
        held: list[Any] = [None] * len(self._group.local)
        for device, part in zip(local, parts, strict=True):
            held[self._group.local.index(device)] = device.buffer(part)
        typed = buffer_type(aval)
        wanted = self.runtime_sharding(typed.ndim)
        made = runtime.ArrayImpl(typed, wanted, held, committed=True, _skip_checks=True)
        return self._array(made, aval)

    def shards(self, x: DeviceArray) -> list[Shard]:
        """The parts on the devices of this process."""
        return [shard for shard in self.global_shards(x) if shard.data is not None]

    def global_shards(self, x: DeviceArray) -> list[Shard]:
        """The parts on all devices."""
        if self._group.processes:
            # A part alone does not know who computes it.
            self._group.settle(x._buffer)
        shape = x.aval.shape
        local = self.sharding.shard_shape(shape)
        found = dict(zip(self._group.local, x._buffer._arrays, strict=True))
        everything = zip(
            self.sharding.devices,
            self.sharding.indices(shape),
            self.sharding.copies(len(shape)),
            strict=True,
        )

        def part(device: Any) -> DeviceArray | None:
            if device not in found:
                return None
            return DeviceArray(found[device], x.dtype, local, x.weak_type, device, True)

        return [Shard(d, index, copy, part(d)) for d, index, copy in everything]

    @property
    def holds_all(self) -> bool:
        """Whether this process has all values of arrays that lie here."""
        whole = self.sharding.is_fully_replicated and bool(self._group.local)
        return whole or self.sharding.is_fully_addressable

    def fetch(self, x: DeviceArray) -> np.ndarray:
        """The whole array on the host."""
        if x._host is None:
            moving("device_to_host", x.aval, self, host)
            x._host = self._assembled(x)
        assert x._host is not None
        return x._host

    def _assembled(self, x: DeviceArray) -> np.ndarray:
        if not self.holds_all:
            raise RuntimeError(
                f"an array of shape {x.shape} has parts on devices of other processes, so that its"
                " values are not all here: use x.addressable_shards, or"
                " multihost_utils.process_allgather(x)"
            )
        self._group.settle(x._buffer)
        parts = self.shards(x)
        if self.sharding.is_fully_replicated:
            return parts[0].data._npy
        whole = np.empty(x.shape, x.dtype)
        for shard in parts:
            if shard.replica_id == 0:
                whole[shard.index] = shard.data._npy
        whole.flags.writeable = False
        return whole

    def start_fetch(self, x: DeviceArray) -> None:
        """Begin to copy the parts to the host, where that need not wait for other processes."""
        if self._group.processes:
            return
        for shard in self.shards(x):
            shard.data.copy_to_host_async()

    def copy(self, x: DeviceArray) -> DeviceArray:
        """The array with memory of its own."""
        wanted = self.runtime_sharding(len(tensor(x.aval).shape))
        made = runtime.batched_copy_array_to_devices_with_sharding(
            [x._buffer],
            [self._group.place.devices],
            [wanted],
            [runtime.ArrayCopySemantics.ALWAYS_COPY],
        )
        return self._array(made[0], x.aval)

    def dlpack(self, x: DeviceArray, **options: Any) -> Any:
        """DLPack knows arrays of one device only."""
        raise BufferError(f"__dlpack__: the array is divided among devices, as {self} says")

    def from_dlpack(self, x: Any) -> DeviceArray:
        """DLPack knows arrays of one device only."""
        raise BufferError(f"from_dlpack: wants one device, got {self}")

    def dlpack_device(self) -> tuple[int, int]:
        """DLPack knows arrays of one device only."""
        raise BufferError(f"__dlpack_device__: the array is divided among devices, as {self} says")

    def is_ready(self, x: DeviceArray) -> bool:
        """Whether all parts are there."""
        return x._buffer.is_ready()

    def wait(self, x: DeviceArray) -> None:
        """Return when the parts of this process are there."""
        self._group.settle(x._buffer)

    def memory_stats(self) -> None:
        """Each device tells its own."""
