"""Exported functions as bytes: a line that names the format, what is known as JSON, the modules.

After the first line come blocks, each a length of eight bytes and so many bytes: first JSON, then
one module for each platform, then, as far as they are written, the same of the reverse derivative.
"""

import json
from typing import Any

from .. import dtypes
from ..core.aval import ShapedArray, make_aval
from ..lazy import LazyModule
from . import trees
from .api import (
    DisabledSafetyCheck,
    Exported,
    maximum_supported_calling_convention_version,
    minimum_supported_calling_convention_version,
)

PACKAGE = __name__.partition(".")[0]
artifacts: Any = LazyModule(f"{PACKAGE}.backends.xla.artifact")
modules: Any = LazyModule(f"{PACKAGE}.backends.xla.modules")

MAGIC = b"pullback export"
FORMAT = 1
BY_NAME = {dtypes.long_name(d): d for d in dtypes.KINDS}


def serialize(exported: Exported, vjp_order: int = 0) -> bytearray:
    """The bytes of an exported function and of so many orders of reverse derivatives."""
    if vjp_order < 0:
        raise ValueError(f"serialize: vjp_order must not be negative, got {vjp_order}")
    out = bytearray(MAGIC + b" %d\n" % FORMAT)
    level: Exported | None = exported
    for order in range(vjp_order + 1):
        assert level is not None
        _write(out, json.dumps(_header(level, vjp_order - order)).encode())
        for _, module in level._program.modules:
            _write(out, module)
        level = level.vjp() if order < vjp_order else None
    return out


def _write(out: bytearray, block: bytes) -> None:
    out += len(block).to_bytes(8, "little") + block


def _header(exported: Exported, orders: int) -> dict[str, Any]:
    return {
        "fun_name": exported.fun_name,
        "calling_convention_version": exported.calling_convention_version,
        "stablehlo": modules.written_version(exported.mlir_module_serialized),
        "platforms": exported.platforms,
        "in_tree": trees.written(exported.in_tree),
        "out_tree": trees.written(exported.out_tree),
        "in_avals": [_aval_data(a) for a in exported.in_avals],
        "out_avals": [_aval_data(a) for a in exported.out_avals],
        "disabled_safety_checks": [c.name for c in exported.disabled_safety_checks],
        "vjp_order": orders,
    }


def _aval_data(aval: ShapedArray) -> list[Any]:
    return [dtypes.long_name(aval.dtype), list(aval.shape), aval.weak_type]


def _aval(data: list[Any]) -> ShapedArray:
    name, shape, weak = data
    return make_aval(BY_NAME[name], tuple(shape), weak)


def deserialize(blob: bytes | bytearray) -> Exported:
    """The exported function of bytes that `Exported.serialize` made.

    Raises:
      ValueError: they are not such bytes, or of a newer version than can be read here.

    >>> from pullback import export
    >>> blob = export.export(pb.jit(lambda x: x + 1))(np.float32(0)).serialize()
    >>> export.deserialize(blob).call(np.float32(2))
    Array(3., dtype=float32)
    """
    data = bytes(blob)
    first, _, rest = data.partition(b"\n")
    name, _, number = first.rpartition(b" ")
    if name != MAGIC or not number.isdigit():
        raise ValueError(
            "deserialize: these bytes are not an exported function of Pullback: give what"
            " Exported.serialize returned"
        )
    if int(number) != FORMAT:
        raise ValueError(
            f"deserialize: format {int(number)} was written by another version of Pullback; this"
            f" one reads format {FORMAT}"
        )
    return _read(rest, 0)[0]


def _block(data: bytes, at: int) -> tuple[bytes, int]:
    end = at + 8 + int.from_bytes(data[at : at + 8], "little")
    if len(data) < end or len(data) < at + 8:
        raise ValueError(f"deserialize: the bytes end early, at {len(data)} of at least {end}")
    return data[at + 8 : end], end


def _read(data: bytes, at: int) -> tuple[Exported, int]:
    block, at = _block(data, at)
    header = json.loads(block)
    _check_versions(header)
    found = []
    for platform in header["platforms"]:
        module, at = _block(data, at)
        found.append((platform, module))
    in_avals, out_avals = (
        tuple([_aval(a) for a in header[part]]) for part in ("in_avals", "out_avals")
    )
    name = header["fun_name"]
    checks = tuple(map(DisabledSafetyCheck, header["disabled_safety_checks"]))
    anywhere = DisabledSafetyCheck.platform() in checks
    derivative: Exported | None = None
    if header["vjp_order"]:
        derivative, at = _read(data, at)
    exported = Exported(
        fun_name=name,
        in_tree=trees.read(header["in_tree"]),
        in_avals=in_avals,
        out_tree=trees.read(header["out_tree"]),
        out_avals=out_avals,
        disabled_safety_checks=checks,
        calling_convention_version=header["calling_convention_version"],
        _program=artifacts.Artifact(name, in_avals, out_avals, tuple(found), anywhere),
        _get_vjp=None if derivative is None else lambda _: derivative,
    )
    return exported, at


def _check_versions(header: dict[str, Any]) -> None:
    """ValueError where the module is newer than can be read."""
    low = minimum_supported_calling_convention_version
    high = maximum_supported_calling_convention_version
    convention = header["calling_convention_version"]
    if not low <= convention <= high:
        raise ValueError(
            f"deserialize: {header['fun_name']} has calling convention {convention}; this version"
            f" of Pullback calls {low} to {high}"
        )
    here = modules.version()
    if _numbers(header["stablehlo"]) > _numbers(here):
        raise ValueError(
            f"deserialize: {header['fun_name']} was written with StableHLO {header['stablehlo']};"
            f" the jaxlib here reads up to {here}: install a newer jaxlib"
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple([int(n) for n in version.split(".")])
