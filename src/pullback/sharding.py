"""Several devices: meshes of them, and how arrays are divided among them."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from . import config, tree
from .backends.devices import devices as all_devices
from .control.constraint import sharding_constraint_p
from .core.mesh import AxisType, Mesh
from .core.sharding import (
    NamedSharding,
    PartitionSpec,
    Sharding,
    SingleDeviceSharding,
    named,
)
from .transforms.flat import argument

P = PartitionSpec


def make_mesh(
    axis_shapes: Sequence[int],
    axis_names: Any,
    axis_types: tuple[AxisType, ...] | None = None,
    *,
    devices: Sequence[Any] | None = None,
) -> Mesh:
    """A mesh of the first devices, in the order of their numbers.

    Args:
      axis_shapes: the sizes of the axes.
      axis_names: their names.
      axis_types: an `AxisType` for each; Explicit by default, which means here what Auto means.
      devices: those to take; by default those of the default platform.

    Raises:
      ValueError: there are fewer devices than the mesh needs.

    >>> import pullback as pb
    >>> pb.make_mesh((1,), ("x",), devices=pb.devices("xla")).shape
    OrderedDict([('x', 1)])
    """
    sizes = tuple(int(n) for n in axis_shapes)
    found = all_devices() if devices is None else list(devices)
    count = prod(sizes)
    if count > len(found):
        raise ValueError(
            f"make_mesh: a mesh of shape {sizes} needs {count} devices, and there are"
            f" {len(found)}: {found}. For the processor, set the option num_cpu_devices before"
            ' any are used, and PULLBACK_PLATFORMS=xla or devices=pb.devices("xla")'
        )
    grid = np.empty(count, dtype=object)
    grid[:] = found[:count]
    types = (AxisType.Explicit,) * len(sizes) if axis_types is None else axis_types
    return Mesh(grid.reshape(sizes), axis_names, types)


class set_mesh:
    """Make a mesh the one whose axes a `PartitionSpec` alone names.

    Called alone it stays so in this thread; as a context manager, for a block of code.

    >>> import pullback as pb
    >>> mesh = pb.make_mesh((1,), ("x",), devices=pb.devices("xla"))
    >>> with pb.set_mesh(mesh):
    ...     pb.sharding.get_mesh() == mesh
    True
    """

    def __init__(self, mesh: Mesh | None) -> None:
        if mesh is not None and not isinstance(mesh, Mesh):
            raise ValueError(f"set_mesh: wants a Mesh or None, got {mesh!r}")
        self._override = config.override(mesh=mesh)
        self._override.__enter__()

    def __enter__(self) -> Mesh | None:
        return get_mesh()

    def __exit__(self, *error: Any) -> None:
        self._override.__exit__(None, None, None)


def get_mesh() -> Mesh | None:
    """The mesh that `set_mesh` has set, or None.

    >>> pb.sharding.get_mesh() is None
    True
    """
    return config.current().mesh


def with_sharding_constraint(x: Any, shardings: Any) -> Any:
    """The pytree `x`, whose arrays are divided among devices in a given way.

    Inside jit this tells the compiler how the values lie; outside it moves them.

    Args:
      x: pytree of arrays.
      shardings: a `NamedSharding` or, under `set_mesh`, a `PartitionSpec`; or a pytree of them
        that is a prefix of `x`. Dimensions that are `PartitionSpec.UNCONSTRAINED` are the
        compiler's to divide.

    Raises:
      ValueError: a dimension cannot be cut into as many equal parts as the sharding says.

    >>> import pullback as pb
    >>> mesh = pb.make_mesh((1,), ("x",), devices=pb.devices("xla"))
    >>> whole = pb.NamedSharding(mesh, pb.P())
    >>> pb.jit(lambda x: pb.lax.with_sharding_constraint(x * 2, whole))(3.0)
    Array(6., dtype=float32, weak_type=True)
    """
    wanted = tree.broadcast_prefix(shardings, x)
    leaves, structure = tree.flatten(x)
    pairs = zip(leaves, wanted, strict=True)
    return structure.unflatten([_constrained(leaf, s) for leaf, s in pairs])


def _constrained(leaf: Any, wanted: Any) -> Any:
    sharding = named(wanted, "with_sharding_constraint")
    if sharding is None:
        raise TypeError(
            "with_sharding_constraint: wants a NamedSharding, or a PartitionSpec under set_mesh,"
            f" got {wanted!r}"
        )
    value = argument(leaf, "with_sharding_constraint")
    return sharding_constraint_p.bind(value, sharding=sharding)


def reshard(xs: Any, out_shardings: Any) -> Any:
    """The pytree `xs` divided in another way: `with_sharding_constraint` under another name.

    >>> x = pb.numpy.arange(4)
    >>> pb.reshard(x, pb.sharding.SingleDeviceSharding(pb.devices()[0]))
    Array([0, 1, 2, 3], dtype=int32)
    """
    return with_sharding_constraint(xs, out_shardings)


__all__ = [
    "AxisType",
    "Mesh",
    "NamedSharding",
    "PartitionSpec",
    "Sharding",
    "SingleDeviceSharding",
    "get_mesh",
    "make_mesh",
    "reshard",
    "set_mesh",
    "with_sharding_constraint",
]
