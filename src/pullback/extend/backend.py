"""Platforms and their devices, under the names of `jax.extend.backend`."""

from dataclasses import dataclass

from ..backends import devices as known
from ..config import current
from ..core.device import Device
from ..jit import clear_caches

__all__ = ["backends", "clear_in_memory_compilation_cache", "get_backend", "get_default_device"]


@dataclass(frozen=True)
class Backend:
    """A platform. There is one for each that has devices here."""

    platform: str

    def devices(self) -> list[Device]:
        """Its devices, of all processes."""
        return known.devices(self.platform)

    def local_devices(self) -> list[Device]:
        """Its devices in this process."""
        return known.local_devices(backend=self.platform)

    def device_count(self) -> int:
        """How many devices it has, in all processes."""
        return known.device_count(self.platform)

    def local_device_count(self) -> int:
        """How many devices it has in this process."""
        return known.local_device_count(self.platform)

    def process_index(self) -> int:
        """The number of this process."""
        return known.process_index(self.platform)


def get_backend(platform: str | None = None) -> Backend:
    """A platform by its name, by default the one that computes.

    Raises:
      RuntimeError: its runtime or hardware is not there.
      ValueError: there is none of that name.

    >>> from pullback.extend import backend
    >>> backend.get_backend("cpu").platform
    'cpu'
    """
    made = Backend(known.platform_name(platform or known.default_backend()))
    made.devices()
    return made


def backends() -> dict[str, Backend]:
    """The platforms whose runtime and hardware are here; those not used yet are started.

    >>> from pullback.extend import backend
    >>> "cpu" in backend.backends()
    True
    """
    found: dict[str, Backend] = {}
    for platform in known.platforms():
        try:
            found[platform] = get_backend(platform)
        except RuntimeError:  # its runtime or hardware is not there
            continue
    return found


def get_default_device() -> Device:
    """The device that computes what lies nowhere else.

    >>> from pullback.extend import backend
    >>> backend.get_default_device()
    CpuDevice(id=0)
    """
    return current().default_device or known.local_devices()[0]


def clear_in_memory_compilation_cache() -> None:
    """Forget everything traced or compiled so far.

    >>> from pullback.extend import backend
    >>> backend.clear_in_memory_compilation_cache()
    """
    clear_caches()
