"""A platform with its devices, as one object."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from ..core.device import Device
from . import devices as known


@dataclass(frozen=True)
class Backend:
    """A platform. There is one for each that has devices here.

    >>> pb.devices()[0].client.platform
    'cpu'
    """

    platform: str

    @property
    def platform_version(self) -> str:
        """What computes there."""
        return self.platform

    @property
    def runtime_type(self) -> str:
        """What runs programs there."""
        return "pullback" if self.platform == "cpu" else "pjrt"

    def devices(self) -> list[Device]:
        """Its devices, of all processes."""
        return known.devices(self.platform)

    def local_devices(self) -> list[Device]:
        """Its devices in this process."""
        return known.local_devices(backend=self.platform)

    def device_from_local_hardware_id(self, number: int) -> Device:
        """The device of this process that is this hardware. ValueError if none is."""
        for device in self.local_devices():
            if device.local_hardware_id == number:
                return device
        raise ValueError(f"no device of the platform {self.platform!r} has the number {number!r}")

    def device_count(self) -> int:
        """How many devices it has, in all processes."""
        return known.device_count(self.platform)

    def local_device_count(self) -> int:
        """How many devices it has in this process."""
        return known.local_device_count(self.platform)

    def process_index(self) -> int:
        """The number of this process."""
        return known.process_index(self.platform)

    host_id = task_id = process_index

    def live_arrays(self) -> list[Any]:
        """The arrays that lie on its devices; the host's are not counted."""
        return list(known.live_arrays(self.platform))


of = cache(Backend)


def get_backend(platform: str | None = None) -> Backend:
    """A platform by its name, by default the one that computes.

    Raises:
      RuntimeError: there is none of that name, or its runtime or hardware is not there.

    >>> from pullback.extend import backend
    >>> backend.get_backend("cpu").platform
    'cpu'
    """
    made = of(known.platform_name(platform or known.default_backend()))
    made.devices()
    return made
