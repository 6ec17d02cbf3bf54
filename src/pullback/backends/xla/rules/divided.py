"""How values are divided among the devices of a program."""

from typing import Any

from ....core.device import Device
from ....core.sharding import NamedSharding, PartitionSpec
from ..builder import Builder, table
from ..hlo import Tensor, Value
from ..shardy import sharding_text

RULES, rule = table()


@rule("sharding_constraint")
def constrained(b: Builder, types: list[Tensor], x: Value, *, sharding: NamedSharding) -> Value:
    """On one device it is nothing."""
    if not b.module.devices:
        return x
    wanted = sharding_text(b.module.mesh_name(sharding.mesh), sharding.spec, x.ndim)
    left, (out,) = b.text.results([x.type])
    b.text.line(f"{left}sdy.sharding_constraint {x.name} {wanted} : {x.type}")
    return out


def everywhere(b: Builder, x: Value) -> Value:
    """The value, whole on each device."""
    mesh = b.module.mesh(b.module.devices)
    return constrained(b, [x.type], x, sharding=NamedSharding(mesh, PartitionSpec()))


@rule("device_put")
def _(b: Builder, types: list[Tensor], x: Value, *, device: Device, **_: Any) -> Value:
    """Inside a program it divides what was to be divided; a single device is none of its own."""
    if device.sharding is None:
        return x
    return constrained(b, types, x, sharding=device.sharding)
