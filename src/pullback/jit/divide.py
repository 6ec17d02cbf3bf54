"""How calls are divided among devices: what `in_shardings` and `out_shardings` ask for."""

from collections.abc import Sequence
from typing import Any

from .. import tree
from .._native import DeviceArray
from ..control.constraint import sharding_constraint_p
from ..core.aval import type_name
from ..core.device import Device, Remote
from ..core.mesh import Mesh
from ..core.sharding import NamedSharding, PartitionSpec, divided, named, place_of
from ..transforms.make_jaxpr import abstract


def shardings(prefix: Any, value: Any, what: str) -> list[NamedSharding | None]:
    """The sharding of each leaf of a pytree, from a prefix of it; None: not said."""
    if prefix is None:
        return [None] * len(tree.leaves(value))
    found = tree.broadcast_prefix(prefix, value, is_leaf=lambda s: s is None)
    wanted = [divided(s, what) for s in found]
    return [None if s is None else _named(s, what) for s in wanted]


def _named(wanted: Any, what: str) -> NamedSharding:
    sharding = named(wanted, what)
    if sharding is not None:
        return sharding
    raise TypeError(
        f"{what}: wants a NamedSharding, a SingleDeviceSharding, a PartitionSpec under set_mesh, or"
        f" None, got {wanted!r}"
    )


def constrain(values: Sequence[Any], wanted: Sequence[NamedSharding | None]) -> list[Any]:
    """The values, divided where that is said."""
    return [
        v if s is None else sharding_constraint_p.bind(v, sharding=s)
        for v, s in zip(values, wanted, strict=True)
    ]


def where(mesh: Mesh, found: Remote | None, operands: Sequence[Any], name: str) -> Device | None:
    """What runs a program that speaks of a mesh, of operands that lie somewhere."""
    group = place_of(NamedSharding(mesh, PartitionSpec()))
    if not isinstance(group, Remote):
        return found
    committed = any(type(x) is DeviceArray and x.committed for x in operands)
    if committed and found is not group.group:
        raise ValueError(
            f"{name} runs on the mesh {mesh}, and an argument lies on {found}: move it with"
            " device_put(x, sharding)"
        )
    return group.group


def places(
    group: Remote, operands: Sequence[Any], wanted: Sequence[NamedSharding | None], name: str
) -> list[Any]:
    """Where each operand of a program must lie: as it was said, else as it does."""
    made: list[Any] = list(group.places(operands))
    for i, sharding in enumerate(wanted):
        if sharding is None or not made:
            continue
        aval = abstract(operands[i], name)
        sharding.check(aval.shape, f"in_shardings of {name}")
        known = made[i] and made[i].sharding
        if known is not None and not known.is_equivalent_to(sharding, aval.ndim):
            raise ValueError(
                f"in_shardings of {name}: argument {i} of type {type_name(aval)} must be divided as"
                f" {sharding}, and it is divided as {known}: move it with device_put"
            )
        made[i] = made[i] or place_of(sharding)
    return made
