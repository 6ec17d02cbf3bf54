"""XLA's clients, one for each platform, made when first asked for. They are jaxlib's alone."""

import ctypes
import os
import re
import threading
from collections.abc import Callable
from functools import cache, partial
from importlib.util import find_spec
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

from ... import config
from ...errors import DistributedError
from ...lazy import LazyModule
from .. import processes
from ..watched import watched

xc: Any = LazyModule("jaxlib.xla_client")
runtime: Any = LazyModule("jaxlib._jax")

# What a platform is called here, what XLA calls it, and what to install for it.
PLATFORMS = {"xla": "cpu", "cuda": "cuda", "tpu": "tpu"}
EXTRAS = {"xla": "xla", "cuda": "cuda13", "tpu": "tpu"}


class Client(NamedTuple):
    """A connection to the devices of a platform.

    devices: those of all processes. local: those of this one.
    """

    platform: str
    runtime: Any
    devices: tuple[Any, ...]
    local: tuple[Any, ...]

    @property
    def target(self) -> str:
        """The platform for which programs are lowered."""
        return PLATFORMS[self.platform]


class Unavailable(RuntimeError):
    """A platform whose runtime or hardware is not there."""


_lock = threading.RLock()
_clients: dict[str, Client] = {}


def client(platform: str) -> Client:
    """The client of a platform. Unavailable, saying what to do, where it cannot be had."""
    with _lock:
        if platform not in _clients:
            if find_spec("jaxlib") is None:
                raise _missing(platform, "jaxlib is not installed")
            found = _made(platform)
            every = tuple(sorted(found.devices(), key=lambda d: d.id))
            _clients[platform] = Client(platform, found, every, tuple(found.local_devices()))
        return _clients[platform]


def _made(platform: str) -> Any:
    """A new client. Those of several processes find each other here."""
    others = processes.everyone()
    if not others:
        return MAKERS[platform]()
    try:
        return watched(lambda p: MAKERS[p](), platform, others)
    except runtime.JaxRuntimeError as error:
        raise DistributedError(
            f"the processes {sorted(others)} cannot find out which devices of platform"
            f' "{platform}" they have together; all must ask for them: {error}'
        ) from error


def started() -> list[Client]:
    """The clients that were made so far."""
    return list(_clients.values())


def _missing(platform: str, why: str) -> Unavailable:
    return Unavailable(
        f'no devices of platform "{platform}": {why}. Install it with'
        f' pip install "pullback[{EXTRAS[platform]}]"'
    )


# The threads of XLA's pool for each device: programs that wait for one another need one each, and
# a second program may have been queued behind the first.
THREADS = 2
# How XLA is told of the number of devices.
FORCED = re.compile(r"--xla_force_host_platform_device_count=(\d+)")


def _cpu() -> Any:
    asked = FORCED.findall(os.environ.get("XLA_FLAGS", ""))
    count = config.current().num_cpu_devices
    count = int(asked[-1]) if count < 1 and asked else count
    config.settled["num_cpu_devices"] = "the processor's devices have been made"
    if count > 1:
        wanted = max(THREADS * count, int(os.environ.get("PJRT_NPROC", os.cpu_count() or 1)))
        os.environ["PJRT_NPROC"] = str(wanted)
    return xc.make_cpu_client(
        asynchronous=True,
        num_devices=None if count < 1 else count,
        **_together(),
    )


def _together() -> dict[str, Any]:
    """How clients of the processor in several processes find and reach one another."""
    here = processes.joined()
    if here is None:
        return {"distributed_client": None, "node_id": 0, "num_nodes": 1, "collectives": None}
    minutes = ceil(here.plan.start_timeout / 60)
    reached = {"distributed_client": here.client, "hostname": here.host, "interface": None}
    return {
        "distributed_client": here.client,
        "node_id": here.plan.index,
        "num_nodes": here.plan.count,
        "collectives": runtime.make_gloo_tcp_collectives(**reached),
        "get_local_topology_timeout_minutes": minutes,
        "get_global_topology_timeout_minutes": minutes,
    }


# CUDA

# The folders of the plug-in and of its custom calls, by the major version of CUDA.
CUDA_PACKAGES = (
    ("jax_plugins.xla_cuda13", "jax_cuda13_plugin"),
    ("jax_plugins.xla_cuda12", "jax_cuda12_plugin"),
)
# Libraries that the plug-in finds only where they are loaded already, in the order of their needs.
CUDA_LIBRARIES = (
    "cudart", "nvrtc", "nvJitLink", "cublasLt", "cublas", "cufft", "cusparse", "cusolver", "cudnn",
    "cupti", "nccl", "nvshmem_host",
)  # fmt: skip
CUSTOM_CALLS = ("gpu_solver", "gpu_linalg", "gpu_prng", "gpu_sparse")


def _cuda() -> Any:
    for plugin, calls in CUDA_PACKAGES:
        folder = _folder(plugin)
        if folder is not None:
            return _cuda_client(folder / "xla_cuda_plugin.so", calls)
    raise _missing("cuda", "the CUDA plug-in of jaxlib is not installed")


def _cuda_client(library: Path, calls: str) -> Any:
    _load_cuda_libraries()
    api = xc.load_pjrt_plugin_dynamically("cuda", str(library))
    xc.initialize_pjrt_plugin("cuda")
    extension: Any = LazyModule(f"{calls}.cuda_plugin_extension")
    register_type = partial(extension.register_custom_type, api)
    register_call = partial(extension.register_custom_call_target, api)
    xc.register_custom_type_handler("CUDA", register_type)
    xc.register_custom_call_handler("CUDA", register_call)
    for name, value in extension.ffi_types().items():
        xc.register_custom_type(name, value, platform="CUDA")
    for name, value in extension.ffi_handlers().items():
        xc.register_custom_call_target(name, value, platform="CUDA", api_version=1)
    for module in CUSTOM_CALLS:
        found: Any = LazyModule(f"jaxlib.{module}")
        _register(found.registrations())
    return _plugin_client("cuda", _cuda_options())


def _cuda_options() -> dict[str, Any]:
    """Memory is taken as it is needed, unless the environment asks for it at once."""
    fraction = os.environ.get("XLA_PYTHON_CLIENT_MEM_FRACTION", "")
    ahead = os.environ.get("XLA_PYTHON_CLIENT_PREALLOCATE", "false").lower()
    return {
        **_place_among_processes(),
        "platform_name": "cuda",
        "allocator": os.environ.get("XLA_PYTHON_CLIENT_ALLOCATOR", "default").lower(),
        "preallocate": ahead in ("1", "true"),
        **({"memory_fraction": float(fraction)} if fraction else {}),
    }


def _place_among_processes() -> dict[str, Any]:
    """What a plug-in is told of this process, and of the devices that are its own."""
    here = processes.joined()
    if here is None:
        return {}
    plan = here.plan
    return {
        "node_id": plan.index,
        "num_nodes": plan.count,
        **({} if plan.devices is None else {"visible_devices": list(plan.devices)}),
        **({} if plan.partition is None else {"partition_index": plan.partition}),
    }


def _load_cuda_libraries() -> None:
    home = find_spec("nvidia")
    for root in (home.submodule_search_locations or ()) if home else ():
        for name in CUDA_LIBRARIES:
            for path in sorted(Path(root).glob(f"*/lib/lib{name}.so.*")):
                ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)


def _folder(package: str) -> Path | None:
    """Where a package lies, without importing it."""
    if find_spec(package.partition(".")[0]) is None:
        return None
    found = find_spec(package)
    return Path(found.origin).parent if found is not None and found.origin else None


# TPU

# Where the makers of attached hardware are found.
PCI = Path("/sys/bus/pci/devices")
GOOGLE = "0x1ae0"


def _tpu() -> Any:
    if find_spec("libtpu") is None:
        raise _missing("tpu", "libtpu is not installed")
    if not any(path.read_text().strip() == GOOGLE for path in PCI.glob("*/vendor")):
        raise Unavailable('no devices of platform "tpu": this machine has none')
    libtpu: Any = LazyModule("libtpu")
    xc.load_pjrt_plugin_dynamically("tpu", libtpu.get_library_path())
    xc.initialize_pjrt_plugin("tpu")
    return _plugin_client("tpu", {})


def _plugin_client(platform: str, options: dict[str, Any]) -> Any:
    """The client of a plug-in that is loaded."""
    here = processes.joined()
    try:
        return xc.make_c_api_client(platform, options, here and here.client)
    except runtime.JaxRuntimeError as error:
        raise Unavailable(f'no devices of platform "{platform}": {error}') from error


MAKERS: dict[str, Callable[[], Any]] = {"xla": _cpu, "cuda": _cuda, "tpu": _tpu}


# Custom calls of the CPU


@cache
def register_lapack() -> None:
    """Make LAPACK's routines known to programs on the CPU; SciPy is loaded for them."""
    kernels: Any = LazyModule("jaxlib.cpu._lapack")
    kernels.initialize()
    lapack: Any = LazyModule("jaxlib.lapack")
    _register(lapack.registrations())


def _register(targets: dict[str, list[tuple[str, Any, int]]]) -> None:
    for platform, entries in targets.items():
        for name, target, api_version in entries:
            xc.register_custom_call_target(name, target, platform=platform, api_version=api_version)
