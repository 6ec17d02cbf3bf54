"""The memory of devices, as programs may ask for it: every device has one kind."""

import enum
from dataclasses import dataclass
from typing import Any


class MemorySpace(enum.Enum):
    """In which memory of a device an array lies.

    >>> pb.memory.Space.Device
    MemorySpace.Device
    """

    Device = enum.auto()
    Host = enum.auto()
    Any = enum.auto()

    def __repr__(self) -> str:
        return f"MemorySpace.{self.name}"


@dataclass(frozen=True)
class Memory:
    """The memory of a device.

    >>> pb.devices()[0].default_memory().kind
    'device'
    """

    device: Any
    kind: str = "device"

    @property
    def platform(self) -> str:
        """The platform of its device."""
        return self.device.platform

    @property
    def process_index(self) -> int:
        """The number of the process to which it belongs."""
        return self.device.process_index

    def addressable_by_devices(self) -> list[Any]:
        """The devices that compute with it."""
        return [self.device]

    def __repr__(self) -> str:
        return f"{self.platform.upper()}_DEVICE_{self.device.id}"

    def __str__(self) -> str:
        where = f"id={self.device.id}, process_index={self.process_index}, client={self.platform}"
        return f"{self.platform.capitalize()}DeviceMemory({where})"


def check_kind(what: str, kind: str | None) -> None:
    """Raise unless a kind of memory is that of every device."""
    if kind not in (None, "device"):
        raise NotImplementedError(f'{what}: the only memory kind is "device", got {kind!r}')


def check_space(what: str, space: MemorySpace) -> None:
    """Raise unless arrays may lie there."""
    if space is not MemorySpace.Device:
        raise NotImplementedError(
            f"{what}: arrays lie in the memory of their device, memory.Space.Device, got {space!r}"
        )
