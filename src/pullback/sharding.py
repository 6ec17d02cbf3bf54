"""Several devices: meshes of them, and how arrays are divided among them."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial
from math import prod
from typing import Any

import numpy as np

from . import config, tree
from .backends.devices import devices as all_devices
from .control.constraint import sharding_constraint_p
from .core.abstract_mesh import AbstractDevice, AbstractMesh, abstract
from .core.mesh import AxisType, Mesh
from .core.sharding import (
    NamedSharding,
    PartitionSpec,
    Sharding,
    SingleDeviceSharding,
    named,
)
from .transforms.flat import argument
from .transforms.named import wraps

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
    >>> pb.make_mesh((1,), ("x",), devices=pb.devices("xla")).shape["x"]
    1
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
    mesh = config.current().mesh
    return mesh if isinstance(mesh, Mesh) else None


def get_abstract_mesh() -> AbstractMesh:
    """The axes of the mesh in context, set by `set_mesh` or `use_abstract_mesh`; none without one.

    >>> pb.sharding.get_abstract_mesh()
    AbstractMesh((), axis_types=())
    """
    mesh = config.current().mesh
    if isinstance(mesh, Mesh):
        return abstract(mesh)
    return AbstractMesh((), ()) if mesh is None else mesh


def use_abstract_mesh(mesh: AbstractMesh) -> AbstractContextManager[None]:
    """A context manager in which these are the axes of the mesh, without devices.

    For what looks at shapes alone: what is divided, or runs, wants devices.

    >>> mesh = pb.sharding.AbstractMesh((2,), ("x",))
    >>> with pb.sharding.use_abstract_mesh(mesh):
    ...     pb.sharding.get_abstract_mesh().shape["x"]
    2
    """
    if not isinstance(mesh, AbstractMesh):
        raise ValueError(f"use_abstract_mesh: wants an AbstractMesh, got {mesh!r}")
    return config.override(mesh=None if mesh.empty else mesh)


def make_single_device_sharding(
    device: Any, *, memory_kind: str | None = None
) -> SingleDeviceSharding:
    """The sharding of arrays that lie on one device, whole.

    >>> pb.sharding.make_single_device_sharding(pb.devices()[0]).num_devices
    1
    """
    return SingleDeviceSharding(device, memory_kind=memory_kind)


def auto_axes(
    f: Any = None, /, *, axes: str | tuple[str, ...] | None = None, out_sharding: Any = None
) -> Any:
    """`f`, inside of which the compiler divides values as it chooses; it always does so here.

    Args:
      f: function of arrays or pytrees of arrays.
      axes: accepted: Explicit axes of a mesh are Auto axes here.
      out_sharding: how the result is divided, as `with_sharding_constraint` takes it.

    >>> pb.sharding.auto_axes(lambda x: x + 1)(1)
    2
    """
    if f is None:
        return partial(auto_axes, axes=axes, out_sharding=out_sharding)

    @wraps(f)
    def auto(*args: Any, **kwargs: Any) -> Any:
        out = f(*args, **kwargs)
        return out if out_sharding is None else with_sharding_constraint(out, out_sharding)

    return auto


def explicit_axes(
    f: Any = None, /, *, axes: str | tuple[str, ...] | None = None, in_sharding: Any = None
) -> Any:
    """`f`, whose arguments are divided in a given way; the compiler divides the rest.

    Args:
      f: function of arrays or pytrees of arrays.
      axes: accepted: Explicit axes of a mesh are Auto axes here.
      in_sharding: how the arguments are divided: a prefix of the tuple of them.

    >>> pb.sharding.explicit_axes(lambda x: x + 1)(1)
    2
    """
    if f is None:
        return partial(explicit_axes, axes=axes, in_sharding=in_sharding)

    @wraps(f)
    def explicit(*args: Any, **kwargs: Any) -> Any:
        given = args if in_sharding is None else with_sharding_constraint(args, in_sharding)
        return f(*given, **kwargs)

    return explicit


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
    wanted = tree.broadcast_prefix(shardings, x, lambda s: s is None)
    leaves, structure = tree.flatten(x)
    pairs = zip(leaves, wanted, strict=True)
    return structure.unflatten([_constrained(leaf, s) for leaf, s in pairs])


def _constrained(leaf: Any, wanted: Any) -> Any:
    sharding = named(wanted, "with_sharding_constraint")
    if sharding is None:
        kind = ValueError if wanted is None else TypeError
        raise kind(
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
    "AbstractDevice",
    "AbstractMesh",
    "AxisType",
    "Mesh",
    "NamedSharding",
    "PartitionSpec",
    "Sharding",
    "SingleDeviceSharding",
    "auto_axes",
    "explicit_axes",
    "get_abstract_mesh",
    "get_mesh",
    "make_mesh",
    "make_single_device_sharding",
    "reshard",
    "set_mesh",
    "use_abstract_mesh",
    "with_sharding_constraint",
]
