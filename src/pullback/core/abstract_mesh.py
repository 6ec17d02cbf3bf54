"""Meshes without devices: the names and sizes of axes, for shapes and for programs to come."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, NoReturn

from .mesh import AxisName, AxisType, Mesh, NamedAxes, axis_types_of
from .parameters import parameter_type


@dataclass(frozen=True)
class AbstractDevice:
    """What kind of devices a mesh is for.

    >>> pb.sharding.AbstractDevice("cpu", None, "cpu").platform
    'cpu'
    """

    device_kind: str
    num_cores: int | None
    platform: str

    def __repr__(self) -> str:
        return (
            f"AbstractDevice(device_kind={self.device_kind}, num_cores={self.num_cores},"
            f" platform={self.platform})"
        )


@parameter_type
class AbstractMesh(NamedAxes):
    """The axes of a mesh, whatever its devices are.

    A `NamedSharding` of it says how arrays are divided. Where they lie is said by the mesh with
    these axes that `set_mesh` has set.

    Args:
      axis_sizes: the sizes of the axes.
      axis_names: their names.
      axis_types: an `AxisType` for each; Auto by default.
      abstract_device: an `AbstractDevice`, or None.

    >>> mesh = pb.sharding.AbstractMesh((2, 4), ("x", "y"))
    >>> pb.NamedSharding(mesh, pb.P("x")).shard_shape((6, 2))
    (3, 2)
    """

    def __init__(
        self,
        axis_sizes: Sequence[int],
        axis_names: Sequence[AxisName],
        axis_types: tuple[AxisType, ...] | AxisType | None = None,
        *,
        abstract_device: AbstractDevice | None = None,
    ) -> None:
        self.axis_sizes = tuple(axis_sizes)
        self.axis_names = tuple(axis_names)
        if len(self.axis_sizes) != len(self.axis_names):
            raise ValueError(
                f"AbstractMesh: sizes {self.axis_sizes} need as many axis names, got"
                f" {self.axis_names}"
            )
        if len(set(self.axis_names)) < len(self.axis_names):
            raise ValueError(f"AbstractMesh: an axis name is there twice, in {self.axis_names}")
        self.axis_types = axis_types_of(self.axis_names, axis_types)
        self.abstract_device = abstract_device

    @property
    def size(self) -> int:
        """The number of devices that it is for."""
        return prod(self.axis_sizes) if self.axis_sizes else 0

    @property
    def empty(self) -> bool:
        """Whether there are no axes."""
        return self.size == 0

    @property
    def abstract_mesh(self) -> "AbstractMesh":
        """Itself."""
        return self

    @property
    def devices(self) -> NoReturn:
        """None are there: ValueError."""
        raise ValueError(
            f"{self} has no devices: make a mesh with make_mesh and set it with set_mesh"
        )

    flat = devices

    def update(self, **changes: Any) -> "AbstractMesh":
        """A copy with some of its arguments changed."""
        names = ("axis_sizes", "axis_names", "axis_types", "abstract_device")
        return AbstractMesh(**{**{n: getattr(self, n) for n in names}, **changes})

    @property
    def _key(self) -> tuple[Any, ...]:
        return self.axis_sizes, self.axis_names, self.axis_types

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AbstractMesh) and self._key == other._key

    def __repr__(self) -> str:
        sizes = "".join([f"{n!r}: {size}, " for n, size in self.shape_tuple]) or "(), "
        types = f"({', '.join(map(repr, self.axis_types))}{',' * (len(self.axis_types) == 1)})"
        d = self.abstract_device
        kind = "" if d is None else (
            f", device_kind={d.device_kind}, num_cores={d.num_cores}, platform={d.platform}"
        )  # fmt: skip
        return f"AbstractMesh({sizes}axis_types={types}{kind})"


def abstract(mesh: Mesh) -> AbstractMesh:
    """The axes of a mesh."""
    first = mesh.flat[0] if mesh.flat else None
    kind = first and AbstractDevice(first.device_kind, None, first.platform)
    return AbstractMesh(
        mesh.axis_sizes, mesh.axis_names, mesh.axis_types, abstract_device=kind or None
    )


def concrete(mesh: Any, current: Any, what: str) -> Any:
    """A mesh with devices: that in context (`current`), for an abstract one of the same axes."""
    if not isinstance(mesh, AbstractMesh):
        return mesh
    if isinstance(current, Mesh) and abstract(current) == mesh:
        return current
    raise ValueError(
        f"{what}: {mesh} has no devices: write `with set_mesh(mesh):` around the call, with a mesh"
        " of these axes"
    )
