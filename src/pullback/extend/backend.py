"""Platforms and their devices, under the names of `jax.extend.backend`."""

from ..backends import devices as known
from ..backends.clients import Backend, get_backend
from ..config import current
from ..core.device import Device
from ..jit import clear_caches

__all__ = ["backends", "clear_in_memory_compilation_cache", "get_backend", "get_default_device"]


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
