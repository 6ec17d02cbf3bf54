"""Pullback: derivatives, batches and compiled versions of NumPy programs, under JAX's names."""

from typing import TYPE_CHECKING

from . import config, core, dtypes, errors, numpy, operators, tree
from .array import Array
from .backends.devices import start as start_devices
from .config import (
    check_tracer_leaks,
    checking_leaks,
    debug_infs,
    debug_nans,
    default_matmul_precision,
    default_prng_impl,
    disable_jit,
    enable_custom_prng,
    enable_x64,
    log_compiles,
    numpy_dtype_promotion,
    numpy_rank_promotion,
    softmax_custom_jvp,
    threefry_partitionable,
)
from .control.custom_jvp import custom_jvp
from .control.remat import checkpoint
from .core.ir import ClosedJaxpr, Jaxpr
from .dtypes import float0
from .jit import clear_caches, explain, jit
from .lazy import later
from .settle import settle
from .transforms.grad import grad, jvp, linearize, value_and_grad, vjp
from .transforms.vmap import vmap
from .version import __version__

if TYPE_CHECKING:
    from . import (
        ad,
        ad_checkpoint,
        api_util,
        checkpoints,
        custom_batching,
        custom_derivatives,
        debug,
        distributed,
        dlpack,
        example_libraries,
        experimental,
        export,
        extend,
        ffi,
        flatten_util,
        image,
        interpreters,
        lax,
        memory,
        monitoring,
        nn,
        ops,
        profiler,
        random,
        ref,
        scipy,
        sharding,
        stages,
        test_util,
        tree_util,
        typing,
    )
    from .assembled import (
        make_array_from_callback,
        make_array_from_process_local_data,
        make_array_from_single_device_arrays,
    )
    from .backends.devices import (
        default_backend,
        default_device,
        device_count,
        devices,
        live_arrays,
        local_device_count,
        local_devices,
        process_count,
        process_index,
        process_indices,
    )
    from .control.callback import pure_callback
    from .control.closures import closure_convert, custom_gradient
    from .control.custom_vjp import custom_vjp
    from .control.effects import effects_barrier
    from .control.policy import checkpoint_policies
    from .core.device import Device, Shard
    from .core.trace import ensure_compile_time_eval
    from .environment import print_environment_info
    from .guarding import (
        allow_f16_reductions,
        array_garbage_collection_guard,
        auto_pcast,
        debug_key_reuse,
        enable_checks,
        explain_cache_misses,
        jax2tf_associative_scan_reductions,
        legacy_prng_key,
        make_user_context,
        no_execution,
        no_tracing,
        remove_size_one_mesh_axis_from_type,
        thread_guard,
        transfer_guard,
        transfer_guard_device_to_device,
        transfer_guard_device_to_host,
        transfer_guard_host_to_device,
    )
    from .halves import fwd_and_bwd
    from .numpy.slices import ds
    from .parallel import pmap, shard_map
    from .ref import Ref, empty_ref, free_ref, freeze, new_ref
    from .scopes import named_call, named_scope
    from .sharding import NamedSharding, P, Sharding, make_mesh, reshard, set_mesh
    from .single_axis import smap
    from .staging import typeof
    from .transfer import block_until_ready, copy_to_host_async, device_get, device_put
    from .transforms.jacobian import hessian, jacfwd, jacobian, jacrev
    from .transforms.linear import linear_transpose
    from .transforms.make_jaxpr import ShapeDtypeStruct, eval_shape, make_jaxpr
    from .visual import visualize_sharding

# Loaded when first used: submodules, and names by the submodule that has them.
_load, _names = later(
    __name__,
    (
        "ad",
        "ad_checkpoint",
        "api_util",
        "checkpoints",
        "custom_batching",
        "custom_derivatives",
        "debug",
        "distributed",
        "dlpack",
        "example_libraries",
        "experimental",
        "export",
        "extend",
        "ffi",
        "flatten_util",
        "image",
        "interpreters",
        "lax",
        "memory",
        "monitoring",
        "nn",
        "ops",
        "profiler",
        "random",
        "ref",
        "scipy",
        "sharding",
        "stages",
        "test_util",
        "tree_util",
        "typing",
    ),
    {
        "assembled": (
            "make_array_from_callback make_array_from_process_local_data"
            " make_array_from_single_device_arrays"
        ),
        "backends.devices": (
            "default_backend default_device device_count devices live_arrays local_device_count"
            " local_devices process_count process_index process_indices"
        ),
        "control.callback": "pure_callback",
        "control.closures": "closure_convert custom_gradient",
        "control.custom_vjp": "custom_vjp",
        "control.effects": "effects_barrier",
        "control.policy": "checkpoint_policies",
        "core.device": "Device Shard",
        "core.trace": "ensure_compile_time_eval",
        "environment": "print_environment_info",
        "guarding": (
            "allow_f16_reductions array_garbage_collection_guard auto_pcast debug_key_reuse"
            " enable_checks explain_cache_misses jax2tf_associative_scan_reductions"
            " legacy_prng_key make_user_context no_execution no_tracing"
            " remove_size_one_mesh_axis_from_type thread_guard transfer_guard"
            " transfer_guard_device_to_device transfer_guard_device_to_host"
            " transfer_guard_host_to_device"
        ),
        "halves": "fwd_and_bwd",
        "numpy.slices": "ds",
        "parallel": "pmap shard_map",
        "ref": "Ref empty_ref free_ref freeze new_ref",
        "scopes": "named_call named_scope",
        "sharding": "NamedSharding P Sharding make_mesh reshard set_mesh",
        "single_axis": "smap",
        "staging": "typeof",
        "transfer": "block_until_ready copy_to_host_async device_get device_put",
        "transforms.jacobian": "hessian jacfwd jacobian jacrev",
        "transforms.linear": "linear_transpose",
        "transforms.make_jaxpr": "ShapeDtypeStruct eval_shape make_jaxpr",
        "visual": "visualize_sharding",
    },
)

# Type checkers know all names, and would take any other for one that is loaded.
if not TYPE_CHECKING:
    __getattr__, __dir__ = _load, _names

start_devices()
settle()
remat = checkpoint

__all__ = [
    "Array",
    "ClosedJaxpr",
    "Device",
    "Jaxpr",
    "NamedSharding",
    "P",
    "Ref",
    "ShapeDtypeStruct",
    "Shard",
    "Sharding",
    "__version__",
    "ad",
    "ad_checkpoint",
    "allow_f16_reductions",
    "api_util",
    "array_garbage_collection_guard",
    "auto_pcast",
    "block_until_ready",
    "check_tracer_leaks",
    "checking_leaks",
    "checkpoint",
    "checkpoint_policies",
    "checkpoints",
    "clear_caches",
    "closure_convert",
    "config",
    "copy_to_host_async",
    "core",
    "custom_batching",
    "custom_derivatives",
    "custom_gradient",
    "custom_jvp",
    "custom_vjp",
    "debug",
    "debug_infs",
    "debug_key_reuse",
    "debug_nans",
    "default_backend",
    "default_device",
    "default_matmul_precision",
    "default_prng_impl",
    "device_count",
    "device_get",
    "device_put",
    "devices",
    "disable_jit",
    "distributed",
    "dlpack",
    "ds",
    "dtypes",
    "effects_barrier",
    "empty_ref",
    "enable_checks",
    "enable_custom_prng",
    "enable_x64",
    "ensure_compile_time_eval",
    "errors",
    "eval_shape",
    "example_libraries",
    "experimental",
    "explain",
    "explain_cache_misses",
    "export",
    "extend",
    "ffi",
    "flatten_util",
    "float0",
    "free_ref",
    "freeze",
    "fwd_and_bwd",
    "grad",
    "hessian",
    "image",
    "interpreters",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jax2tf_associative_scan_reductions",
    "jit",
    "jvp",
    "lax",
    "legacy_prng_key",
    "linear_transpose",
    "linearize",
    "live_arrays",
    "local_device_count",
    "local_devices",
    "log_compiles",
    "make_array_from_callback",
    "make_array_from_process_local_data",
    "make_array_from_single_device_arrays",
    "make_jaxpr",
    "make_mesh",
    "make_user_context",
    "memory",
    "monitoring",
    "named_call",
    "named_scope",
    "new_ref",
    "nn",
    "no_execution",
    "no_tracing",
    "numpy",
    "numpy_dtype_promotion",
    "numpy_rank_promotion",
    "operators",
    "ops",
    "pmap",
    "print_environment_info",
    "process_count",
    "process_index",
    "process_indices",
    "profiler",
    "pure_callback",
    "random",
    "ref",
    "remat",
    "remove_size_one_mesh_axis_from_type",
    "reshard",
    "scipy",
    "set_mesh",
    "shard_map",
    "sharding",
    "smap",
    "softmax_custom_jvp",
    "stages",
    "test_util",
    "thread_guard",
    "threefry_partitionable",
    "transfer_guard",
    "transfer_guard_device_to_device",
    "transfer_guard_device_to_host",
    "transfer_guard_host_to_device",
    "tree",
    "tree_util",
    "typeof",
    "typing",
    "value_and_grad",
    "visualize_sharding",
    "vjp",
    "vmap",
]
