"""Running programs through XLA by jaxlib's client alone, to compare them with NumPy values."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import jax
import numpy as np
from jaxlib import _jax, lapack
from jaxlib import xla_client as xc
from jaxlib.cpu import _lapack
from jaxlib.mlir import ir
from jaxlib.mlir._mlir_libs import _jax_mlir_ext
from jaxlib.mlir.dialects import chlo, stablehlo

from pullback import config, dtypes
from pullback.backends.xla.hlo import held_as, tensor
from pullback.backends.xla.lower import lower
from pullback.core.check import check
from pullback.core.ir import Jaxpr
from pullback.core.stage import stage_hoisted
from pullback.core.trace import as_array, get_aval
from pullback.primitives.convert import convert_element_type
from pullback.primitives.threefry import random_unwrap

# What NumPy cannot see in a buffer goes there as another dtype.
SHOWN = {
    **dict.fromkeys((dtypes.BFLOAT16, *dtypes.FLOAT8), dtypes.float32),
    **dict.fromkeys(dtypes.INT_SMALL, np.dtype(np.int8)),
    **dict.fromkeys(dtypes.UINT_SMALL, np.dtype(np.uint8)),
}


@dataclass(frozen=True)
class Aval:
    """A type as jaxlib asks for it."""

    shape: tuple[int, ...]
    dtype: Any
    weak_type: bool = False

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)


@cache
def client() -> Any:
    """The CPU's client, with LAPACK's custom calls."""
    _lapack.initialize()
    for entry in lapack.registrations()["cpu"]:
        name, target, api = entry
        xc.register_custom_call_target(name, target, platform="cpu", api_version=api)
    return xc.make_cpu_client(
        asynchronous=False, distributed_client=None, node_id=0, num_nodes=1, collectives=None,
        num_devices=None,
    )  # fmt: skip


@cache
def context() -> Any:
    """Where modules are parsed."""
    registry = ir.DialectRegistry()
    _jax_mlir_ext.register_dialects(registry)
    found = ir.Context()
    found.append_dialect_registry(registry)
    found.load_all_available_dialects()
    for dialect in (stablehlo, chlo):
        dialect.register_dialect(found)
    return found


def parse(text: str) -> Any:
    """The module of a text; raises where it is not well formed."""
    with context():
        module = ir.Module.parse(text)
        module.operation.verify()
    return module


def compiled(jaxpr: Jaxpr) -> Callable[..., list[np.ndarray]]:
    """The program as a function of NumPy arrays."""
    lowered = lower(jaxpr)
    device = client().local_devices()[0]
    devices = xc.DeviceList((device,))
    options = xc.CompileOptions()
    options.env_option_overrides = [
        ("xla_backend_optimization_level", 0), ("xla_llvm_disable_expensive_passes", True),
    ]  # fmt: skip
    module = parse(lowered.text) if lowered.callbacks else lowered.text
    extra = [list(lowered.callbacks)] if lowered.callbacks else []
    exe = client().compile_and_load(module, devices, options, *extra)
    sharding = xc.GSPMDSharding(devices, xc.HloSharding.replicate())

    def run(*args: np.ndarray) -> list[np.ndarray]:
        put = [
            xc.batched_device_put(
                Aval(*tensor(v.aval)), sharding, [held_as(a)], [device], enable_x64=True
            )
            for v, a in zip(jaxpr.invars, args, strict=True)
        ]
        handlers = [
            _jax.array_result_handler(Aval(*tensor(v.aval)), sharding, True, True)
            for v in jaxpr.outvars
        ]
        outs = exe.execute_sharded(put).consume_with_handlers(handlers)
        return [np.array(o.block_until_ready()) for o in outs]

    return run


def program(f: Callable[..., Any], args: Sequence[np.ndarray]) -> tuple[Jaxpr, list[np.ndarray]]:
    """The program of f, its results in dtypes that NumPy can see, and all it is to be run on."""

    def shown(*xs: Any) -> list[Any]:
        return [show(o) for o in flat(f(*xs))]

    avals = [get_aval(a).strip_weak_type() for a in map(as_array, args)]
    jaxpr, consts = stage_hoisted(shown, avals)
    check(jaxpr)
    return jaxpr, [as_array(c)._npy for c in consts] + [as_array(a)._npy for a in args]


def flat(outs: Any) -> list[Any]:
    """One result or several as a list."""
    return list(outs) if isinstance(outs, (list, tuple)) else [outs]


def show(x: Any) -> Any:
    """A result in a dtype that NumPy can see."""
    dtype = get_aval(x).dtype
    if dtype in dtypes.KEY_DTYPES:
        return random_unwrap(x)
    return convert_element_type(x, SHOWN.get(dtype, dtype))


def compare(f: Callable[..., Any], *args: Any, tol: float = 8.0) -> None:
    """Assert that XLA gives what the operations give one by one."""
    compare_all(f, [args], tol)


def compare_all(f: Callable[..., Any], samples: Sequence[Any], tol: float = 8.0) -> None:
    """The same for several lists of arguments, in one program."""

    def whole(*args: Any) -> list[Any]:
        left, outs = list(args), []
        for sample in samples:
            outs += flat(f(*left[: len(sample)]))
            del left[: len(sample)]
        return outs

    with config.override(enable_x64=True):
        results: list[Any] = [o for args in samples for o in flat(f(*map(as_array, args)))]
        precisions = [get_aval(o).dtype for o in results]
        wanted = [as_array(show(o))._npy for o in results]
        jaxpr, arrays = program(whole, [a for args in samples for a in args])
        got = compiled(jaxpr)(*arrays)
    for g, w, dtype in zip(got, wanted, precisions, strict=True):
        close(g, w, tol, dtype)


def close(got: np.ndarray, wanted: np.ndarray, tol: float, dtype: Any) -> None:
    """Equal types, and values within `tol` units of the largest one's last place in a dtype."""
    assert (got.dtype, got.shape) == (wanted.dtype, wanted.shape)
    if not dtypes.is_float(got.dtype):
        np.testing.assert_array_equal(got, wanted)
        return
    eps = float(dtypes.info(dtype).eps)
    kind = np.complex128 if dtypes.kind(dtype) == "complex" else np.float64
    got, wanted = got.astype(kind), wanted.astype(kind)
    finite = np.abs(wanted[np.isfinite(wanted)])
    scale = max(finite.max() if finite.size else 1.0, 1e-30)
    np.testing.assert_allclose(got, wanted, rtol=tol * eps, atol=tol * eps * scale)


def by_xla(f: Callable[..., Any], *args: Any) -> Any:
    """The results of a function of pytrees, which XLA computes."""
    leaves, tree = jax.tree.flatten(args)
    found: list[Any] = []

    def flat_f(*xs: Any) -> list[Any]:
        outs, out_tree = jax.tree.flatten(f(*jax.tree.unflatten(tree, xs)))
        found[:] = [out_tree, [get_aval(o).dtype for o in outs]]
        return outs

    jaxpr, arrays = program(flat_f, [np.asarray(x) for x in leaves])
    outs = compiled(jaxpr)(*arrays)
    return jax.tree.unflatten(found[0], [o.astype(d) for o, d in zip(outs, found[1], strict=True)])
