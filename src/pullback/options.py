"""JAX's options that alter nothing here: remembered with any value, or allowed to have one."""

from typing import Any

# The cache of compiled objects bounds itself, and keeps all that is compiled.
OF_THE_CACHE: dict[str, Any] = {
    "compilation_cache_check_contents": False,
    "compilation_cache_expect_pgle": False,
    "compilation_cache_include_metadata_in_key": False,
    "compilation_cache_max_size": -1,
    "persistent_cache_enable_xla_caches": "xla_gpu_per_fusion_autotune_cache_dir",
    "persistent_cache_min_compile_time_secs": 1.0,
    "persistent_cache_min_entry_size_bytes": 0,
    "raise_persistent_cache_errors": False,
    "remove_custom_partitioning_ptr_from_cache_key": False,
    "share_binary_between_hosts": False,
    "share_binary_between_hosts_timeout_ms": 1_200_000,
}
# How XLA is to optimise, and what its programs are to tell of their source.
OF_XLA: dict[str, Any] = {
    "bcoo_cusparse_lowering": False,
    "captured_constants_report_frames": 0,
    "captured_constants_warn_bytes": 2_000_000_000,
    "compiler_detailed_logging_min_ops": 10,
    "compiler_enable_remat_pass": True,
    "disable_most_optimizations": False,
    "embedded_constants_max_bytes": 32,
    "enable_pgle": False,
    "exec_time_optimization_effort": 0.0,
    "hlo_source_file_canonicalization_regex": None,
    "include_debug_info_in_dumps": True,
    "include_full_tracebacks_in_locations": True,
    "memory_fitting_effort": 0.0,
    "memory_fitting_level": "O2",
    "optimization_level": "UNKNOWN",
    "pgle_aggregation_percentile": 90,
    "pgle_profiling_runs": 3,
    "ragged_dot_use_gpu_pallas_triton_lowering": False,
    "ragged_dot_use_ragged_dot_instruction": True,
    "source_url_schema": None,
    "threefry_gpu_kernel_lowering": False,
    "traceback_in_locations_limit": 100,
    "tracer_error_num_traceback_frames": 5,
    "use_direct_linearize": True,
    "use_magma": "auto",
    "use_shardy_partitioner": True,
    "use_simplified_jaxpr_constants": False,
    "xla_profile_version": 0,
}
# How processes of clusters find and hear each other, and which hardware XLA's runtimes take.
OF_RUNTIMES: dict[str, Any] = {
    "backend_target": "",
    "check_proxy_envs": True,
    "cpu_collectives_implementation": "gloo",
    "cpu_get_global_topology_timeout_minutes": 5,
    "cpu_get_local_topology_timeout_minutes": 2,
    "cross_host_transfer_socket_address": "",
    "cross_host_transfer_timeout_seconds": None,
    "cross_host_transfer_transfer_size": None,
    "cross_host_transport_addresses": "",
    "cuda_visible_devices": "all",
    "debug_leaked_clients_on_clear_backends": False,
    "enable_preemption_service": True,
    "enable_recoverability": False,
    "force_dcn_cross_host_transfers": False,
    "oneapi_visible_devices": "all",
    "pjrt_client_create_options": None,
    "rocm_visible_devices": "all",
    "sort_devices_by_process_index": True,
    "xla_backend": "",
}
# Products of matrices may be of these precisions, or follow these algorithms.
PRECISIONS = (
    None, "default", "high", "highest", "bfloat16", "tensorfloat32", "float32",
    "ANY_F8_ANY_F8_F32", "ANY_F8_ANY_F8_F32_FAST_ACCUM", "ANY_F8_ANY_F8_ANY",
    "ANY_F8_ANY_F8_ANY_FAST_ACCUM", "F16_F16_F16", "F16_F16_F32", "BF16_BF16_BF16",
    "BF16_BF16_F32", "BF16_BF16_F32_X3", "BF16_BF16_F32_X6", "BF16_BF16_F32_X9",
    "TF32_TF32_F32", "TF32_TF32_F32_X3", "F32_F32_F32", "F64_F64_F64",
)  # fmt: skip
# What is printed and told, and which errors JAX's own code looks for.
OF_MESSAGES: dict[str, Any] = {
    "debug_log_modules": "",
    "disable_bwd_checks": False,
    "distributed_debug": False,
    "mutable_array_checks": True,
    "pprint_use_color": True,
    "traceback_filtering": "auto",
}
REMEMBERED = OF_THE_CACHE | OF_XLA | OF_RUNTIMES | OF_MESSAGES

# Options that have one meaning here: what may be given, the first being what is told.
FIXED: dict[str, tuple[Any, ...]] = {
    "allow_f16_reductions": (True,),
    "array_garbage_collection_guard": (None, "allow"),
    "auto_pcast": (True,),
    "check_static_indices": (False,),
    "dump_ir_to": ("",),
    "error_checking_behavior_divide": ("ignore",),
    "error_checking_behavior_nan": ("ignore",),
    "error_checking_behavior_oob": ("ignore",),
    "high_dynamic_range_gumbel": (False,),
    "jax2tf_associative_scan_reductions": (False,),
    "log_checkpoint_residuals": (False,),
    "random_seed_offset": (0,),
    "remove_size_one_mesh_axis_from_type": (False,),
    "softmax_custom_jvp": (True,),
    "thread_guard": (False,),
    "threefry_partitionable": (True,),
}
