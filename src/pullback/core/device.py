"""Where arrays lie and operations run: what a device can do, and which one an operation takes."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._native import ArrayImpl, DeviceArray, DeviceProgram
from ..lazy import LazyModule
from .ir import Jaxpr
from .primitive import Primitive

_memory: Any = LazyModule(f"{__package__}.memory")
# What knows all devices of a platform.
_clients: Any = LazyModule(f"{__name__.partition('.')[0]}.backends.clients")


@dataclass(frozen=True)
class Shard:
    """The part of an array that lies on one device of this process.

    index: its slices of the whole array. replica_id: which copy of that part it is. data: the
    part as an array on that device; None where that belongs to another process.

    >>> (part,) = pnp.arange(3).addressable_shards
    >>> part.index, part.data
    ((slice(None, None, None),), Array([0, 1, 2], dtype=int32))
    """

    device: "Device"
    index: tuple[slice, ...]
    replica_id: int
    data: Any

    def __repr__(self) -> str:
        where = f"device={self.device!r}, index={self.index}, replica_id={self.replica_id}"
        return f"Shard({where}, data={self.data})"


class Device(ABC):
    """A place of arrays. Only its backend knows what a buffer is.

    Attributes:
      platform: "cpu", "xla", "cuda" or "tpu".
      id: number among the devices of the platform.
      device_kind: what the hardware is called.
      process_index: the number of the process to which it belongs.
      eager: the trace that computes at once here; None on the host, where that is the usual one.

    >>> isinstance(pb.devices()[0], pb.Device)
    True
    """

    platform: str
    id: int
    device_kind: str
    process_index: int
    eager: Any = None
    # How arrays here are divided; None: not at all.
    sharding: Any = None

    @property
    def local_hardware_id(self) -> int:
        """The number of the hardware in this process."""
        return self.id

    @property
    def host_id(self) -> int:
        """The number of the process to which it belongs."""
        return self.process_index

    task_id = host_id

    @property
    def client(self) -> Any:
        """Its platform, with all devices."""
        return _clients.of(self.platform)

    def default_memory(self) -> Any:
        """Where arrays lie that are here."""
        return _memory.Memory(self)

    def memory(self, kind: str) -> Any:
        """Its memory of a kind, of which there is one: "device"."""
        _memory.check_kind(f"memory of {self}", kind)
        return _memory.Memory(self)

    def addressable_memories(self) -> list[Any]:
        """All memories that programs here read and write."""
        return [_memory.Memory(self)]

    @abstractmethod
    def put(self, x: Any, committed: bool) -> Any:
        """An array here of an array that lies anywhere."""

    @abstractmethod
    def memory_stats(self) -> dict[str, int] | None:
        """Bytes in use and what else the platform tells, or None where it tells nothing."""

    def shards(self, x: Any) -> list[Shard]:
        """The parts of an array that lies here, on devices of this process."""
        return [Shard(self, (slice(None),) * x.ndim, 0, x)]

    def global_shards(self, x: Any) -> list[Shard]:
        """The parts of an array that lies here, on devices of all processes."""
        return self.shards(x)

    @property
    def holds_all(self) -> bool:
        """Whether this process has all values of arrays that lie here."""
        return True

    def address(self, x: Any) -> int:
        """Where in memory the elements of an array begin that lies here."""
        raise ValueError(
            f"unsafe_buffer_pointer: the array is divided among {self}: ask its parts,"
            " x.addressable_data(i)"
        )

    def spread(self, sharding: Any) -> "Device":
        """Where arrays lie that are divided among this device and others of its backend."""
        assert sharding.num_devices == 1
        return self

    def __reduce__(self) -> Any:
        """Pickles name a device; whoever reads them finds their own of that name."""
        if self.sharding is not None:
            raise TypeError(f"cannot pickle {self}: pickle the sharding")
        return _named, (self.platform, self.id)

    def __repr__(self) -> str:
        return f"{self.platform.capitalize()}Device(id={self.id})"

    def __str__(self) -> str:
        return f"{self.platform}:{self.id}"


def _named(platform: str, id: int) -> Device:
    """The device of a platform that has a number."""
    for device in _clients.of(platform).devices():
        if device.id == id:
            return device
    raise ValueError(f"there is no device {platform}:{id} here, where it was read from a pickle")


class Host(Device):
    """The memory of this process, and the processor."""

    platform = "cpu"
    id = 0
    device_kind = "cpu"
    # Set by who joins other processes.
    process_index = 0

    def put(self, x: Any, committed: bool) -> ArrayImpl:
        """The array in the host's memory; arrays there are never committed."""
        return x if type(x) is ArrayImpl else ArrayImpl(x._place.fetch(x), x.weak_type)

    def memory_stats(self) -> None:
        """Nothing is told."""

    def address(self, x: ArrayImpl) -> int:
        """Where the array's memory begins."""
        return x._npy.__array_interface__["data"][0]


host = Host()


class Code(ABC):
    """A program compiled for a device."""

    @abstractmethod
    def as_text(self) -> str:
        """The program as the device's compiler left it."""

    @abstractmethod
    def cost_analysis(self) -> dict[str, float]:
        """What the compiler counted: "flops", "bytes accessed" and others."""

    @abstractmethod
    def memory_analysis(self) -> Any:
        """Bytes of arguments, results, temporaries and code."""

    @abstractmethod
    def runtime_executable(self) -> Any:
        """What the device's runtime runs."""


class Remote(Device):
    """A device that is not the host: its arrays are `DeviceArray`s, its programs its own."""

    # For what programs are lowered: "cpu", "cuda" or "tpu".
    target: str
    # Whether it belongs to this process.
    is_local: bool = True

    @property
    def group(self) -> "Remote":
        """What computes with arrays that lie here: this device, or several together."""
        return self

    @property
    def common(self) -> Device:
        """Where values lie that are whole here, on each device of several."""
        return self

    def places(self, operands: Sequence[Any]) -> Sequence[Any]:
        """Where each operand lies, None where that does not matter; for `load`."""
        return ()

    def division(self, places: Sequence[Any], count: int) -> Any:
        """How a program of `count` arguments is divided; None on a single device."""
        return None

    @abstractmethod
    def process(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        """One operation, at once. Operands that lie elsewhere come here."""

    @abstractmethod
    def load(
        self,
        jaxpr: Jaxpr,
        name: str,
        donated: Sequence[int] = (),
        options: Mapping[str, Any] | None = None,
        places: Sequence[Any] = (),
    ) -> Code:
        """A program compiled for this device; equal programs are compiled once.

        options: switches of the device's compiler, by name. places: where each argument lies, or
        None where that does not matter; none for a single device, where all come.
        """

    @abstractmethod
    def program(
        self,
        code: Any,
        num_args: int,
        consts: Sequence[Any] = (),
        out_tree: Any = None,
        committed: bool = False,
    ) -> DeviceProgram:
        """What runs a compiled program on `num_args` leaves; `consts` are its last arguments.

        out_tree: the structure of the result, None for a single leaf or a list of them.
        committed: whether the results are, whatever the leaves.
        """

    @abstractmethod
    def fetch(self, x: DeviceArray) -> np.ndarray:
        """The values on the host; raises what went wrong in computing them."""

    @abstractmethod
    def start_fetch(self, x: DeviceArray) -> None:
        """Begin to copy the values to the host."""

    @abstractmethod
    def copy(self, x: DeviceArray) -> DeviceArray:
        """The array with memory of its own."""

    @abstractmethod
    def dlpack(self, x: DeviceArray, **options: Any) -> Any:
        """The array as a DLPack capsule."""

    @abstractmethod
    def from_dlpack(self, x: Any) -> DeviceArray:
        """The array in the memory of another library's array, which lies on this device."""

    @abstractmethod
    def dlpack_device(self) -> tuple[int, int]:
        """The device as DLPack numbers it."""

    @abstractmethod
    def is_ready(self, x: DeviceArray) -> bool:
        """Whether the values are there."""

    @abstractmethod
    def wait(self, x: DeviceArray) -> None:
        """Return when the values are there; raises what went wrong in computing them."""


def place(values: Iterable[Any], default: Remote | None = None) -> Remote | None:
    """The device of an operation on these values; None for the host.

    That of the committed operands, else the default device, else that of any operand. Arrays on
    the host go where the others are.
    """
    committed: Remote | None = None
    found: Remote | None = None
    for v in values:
        if type(v) is not DeviceArray:
            continue
        where = v._place.group
        if not v.committed:
            found = found or where
        elif committed not in (None, where):
            raise ValueError(
                f"the operands lie on different devices, {committed} and {where}:"
                f" move one with device_put(x, device)"
            )
        else:
            committed = where
    return committed or default or found
