"""The devices of every backend: which there are, and which is meant."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from .. import _native, config
from .._native import DeviceArray
from ..core.device import Device, host
from ..lazy import LazyModule

# Loaded where somebody asks for other processes, or for their devices.
processes: Any = LazyModule(f"{__package__}.processes")
xla: Any = LazyModule(f"{__package__}.xla.device")
memory: Any = LazyModule(f"{__name__.partition('.')[0]}.core.memory")
shardings: Any = LazyModule(f"{__name__.partition('.')[0]}.core.sharding")

# The host, and the platforms that XLA knows.
PLATFORMS = ("cpu", "xla", "cuda", "tpu")
ALIASES = {"gpu": "cuda"}


@cache
def platforms() -> tuple[str, ...]:
    """What PULLBACK_PLATFORMS allows, the first being the default; all of them if it is not set."""
    given = os.environ.get("PULLBACK_PLATFORMS", "")
    found = [platform_name(name.strip()) for name in given.split(",") if name.strip()]
    return tuple(dict.fromkeys(found)) or PLATFORMS


def platform_name(name: str) -> str:
    """The platform of this name. RuntimeError if there is none."""
    platform = ALIASES.get(name, name)
    if platform not in PLATFORMS:
        known = ", ".join(map(repr, PLATFORMS))
        raise RuntimeError(f"devices: no platform {name!r}; the platforms are {known}")
    return platform


def devices(backend: str | None = None) -> list[Device]:
    """The devices of a platform, of all processes that compute together.

    Args:
      backend: "cpu", the host and Pullback's own compiler; "xla", the host's processor through
        XLA; "cuda" (or "gpu"); "tpu". By default the first of the environment variable
        PULLBACK_PLATFORMS, or "cpu".

    Raises:
      RuntimeError: no platform has this name, PULLBACK_PLATFORMS leaves it out, or its runtime or
        hardware is not there; the message says what to install.

    >>> import pullback as pb
    >>> pb.devices()
    [CpuDevice(id=0)]
    """
    platform = default_backend() if backend is None else platform_name(backend)
    if platform not in platforms():
        raise RuntimeError(
            f"devices: no {platform!r} here: PULLBACK_PLATFORMS allows {', '.join(platforms())}"
        )
    return [host] if platform == "cpu" else list(xla.devices(platform))


def local_devices(
    process_index: int | None = None,
    backend: str | None = None,
    host_id: int | str | None = None,
) -> list[Device]:
    """The devices of a platform that belong to a process.

    Args:
      process_index: its number; this process' by default.
      backend: the platform, as for `devices`.
      host_id: another name of `process_index`.

    Raises:
      ValueError: there is no process of this number.

    >>> [d.platform for d in pb.local_devices()]
    ['cpu']
    """
    asked = host_id if process_index is None else process_index
    number = processes.index() if asked is None else int(asked)
    if not 0 <= number < processes.count():
        raise ValueError(f"local_devices: the processes are {process_indices()}, got {asked!r}")
    return [d for d in devices(backend) if d.process_index == number]


def device_count(backend: str | None = None) -> int:
    """How many devices a platform has.

    >>> pb.device_count()
    1
    """
    return len(devices(backend))


def local_device_count(backend: str | None = None) -> int:
    """How many devices of a platform belong to this process.

    >>> pb.local_device_count()
    1
    """
    return len(local_devices(backend=backend))


def default_backend() -> str:
    """The platform whose devices come first: "cpu" unless PULLBACK_PLATFORMS says otherwise.

    >>> pb.default_backend()
    'cpu'
    """
    return platforms()[0]


def process_index(backend: str | None = None) -> int:
    """The number of this process among those that compute together.

    >>> pb.process_index()
    0
    """
    return processes.index()


def process_count(backend: str | None = None) -> int:
    """How many processes compute together: see `distributed.initialize`.

    >>> pb.process_count()
    1
    """
    return processes.count()


def process_indices(backend: str | None = None) -> list[int]:
    """The numbers of the processes that compute together.

    >>> pb.process_indices()
    [0]
    """
    return list(range(processes.count()))


def resolve(device: Any) -> Device | None:
    """Where arrays lie: a device by itself or by the name of its platform, whose first device is
    meant; or what a sharding or, under `set_mesh`, a `PartitionSpec` says. None: nowhere, as the
    shardings of types say."""
    if device is None or isinstance(device, Device):
        return device
    if shardings.is_undivided(device):
        return None
    if isinstance(device, str):
        return local_devices(backend=device)[0]
    if isinstance(device, memory.MemorySpace):
        return memory.check_space("device_put", device)
    found = shardings.given(device, "device_put")
    if found is None:
        raise ValueError(
            f"a device is one of devices(), the name of a platform, or a sharding, got {device!r}"
            f" of type {type(device).__name__}"
        )
    return shardings.place_of(found)


@contextmanager
def default_device(new_val: Device | str | None) -> Iterator[None]:
    """Compute on a device, for a block of code in this thread, what lies nowhere else.

    Args:
      new_val: one of `devices()`, the name of a platform, or None for the process's default.

    >>> import pullback as pb
    >>> with pb.default_device("cpu"):
    ...     x = pb.numpy.ones(3) + 1
    >>> x.device
    CpuDevice(id=0)
    """
    with config.override(default_device=resolve(new_val)):
        yield


def live_arrays(platform: str | None = None) -> list[DeviceArray]:
    """The arrays that lie on devices other than the host, the oldest first.

    Args:
      platform: one platform's alone.

    >>> import pullback as pb
    >>> pb.live_arrays("cuda")
    []
    """
    wanted = None if platform is None else platform_name(platform)
    arrays = _native.live_device_arrays()
    return [x for x in arrays if wanted in (None, x._place.platform)]


def start() -> None:
    """Make the first of PULLBACK_PLATFORMS the default device of the process."""
    platform = default_backend()
    if platform != "cpu":
        config.update("default_device", xla.default(platform))
