"""Modules as MLIR's objects, and as bytes that other versions of StableHLO read."""

from functools import cache
from typing import Any

from ...lazy import LazyModule

mlir: Any = LazyModule("jaxlib.mlir.ir")
extension: Any = LazyModule("jaxlib.mlir._mlir_libs._jax_mlir_ext")
stablehlo: Any = LazyModule("jaxlib.mlir.dialects.stablehlo")
chlo: Any = LazyModule("jaxlib.mlir.dialects.chlo")
sdy: Any = LazyModule("jaxlib.mlir.dialects.sdy")
runtime: Any = LazyModule("jaxlib._jax")

# How portable modules begin: MLIR's bytecode, and the name and version of their dialect.
MAGIC = b"ML\xefR"


@cache
def _context() -> Any:
    registry = mlir.DialectRegistry()
    extension.register_dialects(registry)
    context = mlir.Context()
    context.append_dialect_registry(registry)
    context.load_all_available_dialects()
    stablehlo.register_dialect(context)
    chlo.register_dialect(context)
    sdy.register_dialect(context)
    return context


def parse(text: str) -> Any:
    """The module of a text."""
    with _context():
        return mlir.Module.parse(text)


def hlo(text: str) -> Any:
    """The module of a text as XLA's own, before its passes."""
    return runtime.mlir.mlir_module_to_xla_computation(text, use_tuple_args=False)


def portable(text: str) -> bytes:
    """The module of a text as bytes for versions of StableHLO since four weeks before this one."""
    wanted = stablehlo.StablehloCompatibilityRequirement.WEEK_4
    version = stablehlo.get_version_from_compatibility_requirement(wanted)
    return runtime.mlir.serialize_portable_artifact(parse(text), version, False)


def readable(portable: bytes) -> str:
    """The text of a module that was made portable."""
    with _context():
        return str(runtime.mlir.deserialize_portable_artifact(portable))


def version() -> str:
    """The newest version of StableHLO that can be read."""
    return str(stablehlo.get_current_version())


def written_version(portable: bytes) -> str:
    """The version of StableHLO that a portable module needs: it stands at its head."""
    head = portable[: portable.index(b"\0", len(MAGIC))].decode(errors="replace")
    return head.partition("StableHLO_v")[2]
