"""The names at the top of JAX are here, with its signatures, but for what stands in the tables."""

import inspect

import jax
import pytest
from test_surface_modules import parameters, public

import pullback as pb

DEPRECATED = "deprecated in JAX"
MISSING = {
    **dict.fromkeys("host_count host_id host_ids".split(), DEPRECATED),
}
SETTING = "JAX's default is a marker of its own"
DIFFERENT = {
    **dict.fromkeys(
        "allow_f16_reductions array_garbage_collection_guard auto_pcast check_tracer_leaks"
        " checking_leaks debug_infs debug_key_reuse debug_nans default_device"
        " default_matmul_precision default_prng_impl enable_checks"
        " enable_custom_prng enable_x64 explain_cache_misses legacy_prng_key log_compiles"
        " jax2tf_associative_scan_reductions no_execution no_tracing numpy_dtype_promotion"
        " remove_size_one_mesh_axis_from_type thread_guard"
        " numpy_rank_promotion softmax_custom_jvp threefry_partitionable"
        " transfer_guard_device_to_device transfer_guard_device_to_host"
        " transfer_guard_host_to_device".split(),
        SETTING,
    ),
    "checkpoint": "`concrete` has a marker of JAX's for a default",
    "remat": "it is `checkpoint`",
    "shard_map": SETTING,
    "smap": SETTING,
    "jit": "None where JAX has a marker for what is not said; no marker for a missing function",
    "vmap": "`sum_match` is for meshes",
}
FUNCTIONS = [
    name
    for name in public(jax)
    if inspect.isfunction(getattr(jax, name)) and name not in MISSING and name not in DIFFERENT
]


def test_every_name_is_here() -> None:
    assert {name for name in public(jax) if not hasattr(pb, name)} == set(MISSING)


def test_tables_are_current() -> None:
    for name in DIFFERENT:
        assert parameters(getattr(pb, name)) != parameters(getattr(jax, name)), name


@pytest.mark.parametrize("name", FUNCTIONS)
def test_signature_is_jax(name: str) -> None:
    assert parameters(getattr(pb, name)) == parameters(getattr(jax, name))
