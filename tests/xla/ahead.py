"""Compile every row of the table of operations for an accelerator that is not here.

    PYTHONPATH=tests python tests/xla/ahead.py tpu     a TPU v5e; needs libtpu
    PYTHONPATH=tests python tests/xla/ahead.py cuda    an NVIDIA H100; needs jax-cuda13-plugin

Prints what does not compile. Dtypes that come after the platform are the only ones that are tried;
by default it is the first of each row.
"""

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from jaxlib import _jax
from jaxlib import xla_client as xc
from ops import OPS
from xla_run import parse, program

from pullback import config
from pullback.backends.xla.lower import lower

Compile = Callable[[str], Any]
# What XLA knows of an H100: its own description of the device, as a text proto.
H100 = """
gpu_device_info {
  threads_per_block_limit: 1024 threads_per_warp: 32 shared_memory_per_block: 49152
  shared_memory_per_core: 233472 threads_per_core_limit: 2048 core_count: 132 fpus_per_core: 128
  block_dim_limit_x: 2147483647 block_dim_limit_y: 65535 block_dim_limit_z: 65535
  memory_bandwidth: 3352320000000 l2_cache_size: 52428800 clock_rate_ghz: 1.98
  device_memory_size: 84942979072 shared_memory_per_block_optin: 232448
  cuda_compute_capability { major: 9 }
  registers_per_core_limit: 65536 registers_per_block_limit: 65536
}
platform_name: "CUDA"
dnn_version_info { major: 9 minor: 1 }
device_description_str: "NVIDIA H100 80GB HBM3"
"""


def tpu() -> Any:
    """The first device of a TPU v5e."""
    os.environ.setdefault("TPU_SKIP_MDS_QUERY", "1")
    plugin("tpu", import_module("libtpu").get_library_path())
    return xc.make_tfrt_tpu_c_api_device_topology("v5e:2x2")._make_compile_only_devices()[0]


def cuda() -> Any:
    """An H100."""
    found = find_spec("jax_plugins.xla_cuda13")
    assert found is not None and found.origin is not None
    api = plugin("cuda", str(Path(found.origin).with_name("xla_cuda_plugin.so")))
    extension = import_module("jax_cuda13_plugin.cuda_plugin_extension")
    xc.register_custom_type_handler("CUDA", partial(extension.register_custom_type, api))
    xc.register_custom_call_handler("CUDA", partial(extension.register_custom_call_target, api))
    for name, value in extension.ffi_types().items():
        xc.register_custom_type(name, value, platform="CUDA")
    for name, value in extension.ffi_handlers().items():
        xc.register_custom_call_target(name, value, platform="CUDA", api_version=1)
    options = {"target_config": H100, "topology": "1x1x1"}
    return _jax.get_c_api_topology(api, "", options)._make_compile_only_devices()[0]


def plugin(name: str, library: str) -> Any:
    """A plug-in of the runtime, ready to compile."""
    api = xc.load_pjrt_plugin_dynamically(name, library)
    xc.initialize_pjrt_plugin(name)
    return api


def compiler(device: Any) -> Compile:
    """What compiles a module's text for a device."""
    options = xc.CompileOptions()
    options.device_assignment = xc.DeviceAssignment.create(np.array([[device.id]], np.int32))
    devices = xc.DeviceList((device,))
    return lambda text: device.client.compile(parse(text), devices, options)


def failures(platform: str, compile: Compile, dtypes: list[str]) -> list[str]:
    """What does not compile, a line each."""
    found = []
    for op in OPS:
        for dtype in [d for d in op.dtypes if d in dtypes] if dtypes else op.dtypes[:1]:
            with config.override(enable_x64=True):
                jaxpr, _ = program(op.f, op.samples(dtype)[0])
            try:
                compile(lower(jaxpr, platform=platform).text)
            except NotImplementedError as e:
                print(f"not on {platform}: {op.name}: {e}".split(";")[0])
            except _jax.JaxRuntimeError as e:
                found.append(f"{op.name} {dtype}: {str(e).splitlines()[0]}")
    return found


def main() -> None:
    """Compile all rows; exits with 1 if one does not compile."""
    platform, *dtypes = sys.argv[1:]
    start = time.perf_counter()
    found = failures(platform, compiler({"tpu": tpu, "cuda": cuda}[platform]()), dtypes)
    print(*found, sep="\n")
    print(f"{len(found)} do not compile; {time.perf_counter() - start:.0f} s")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
