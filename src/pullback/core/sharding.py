"""Shardings: which part of an array lies on which device. Knows no backend."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from math import prod
from typing import Any, cast

import numpy as np

from .. import config
from ..lazy import LazyModule
from .abstract_mesh import AbstractMesh, abstract, concrete
from .aval import Shape
from .device import Device
from .formats import AutoLayout, Layout, row_major
from .mesh import AxisName, Mesh, is_local
from .parameters import parameter_type

_memory: Any = LazyModule(f"{__package__}.memory")

Index = tuple[slice, ...]


class Unconstrained:
    """Stands in a `PartitionSpec` for a dimension that the compiler may divide as it likes."""

    def __repr__(self) -> str:
        return "UNCONSTRAINED"

    def __reduce__(self) -> str:
        return "UNCONSTRAINED"


UNCONSTRAINED = Unconstrained()


@parameter_type
class PartitionSpec:
    """How the dimensions of an array are divided along the axes of a mesh.

    Args:
      partitions: for each dimension None (not divided), the name of a mesh axis, a tuple of names
        (the first the coarsest), or `PartitionSpec.UNCONSTRAINED`. Dimensions that follow are not
        divided.

    >>> import pullback as pb
    >>> pb.P(("x", "y"), None)
    P(('x', 'y'), None)
    """

    UNCONSTRAINED = UNCONSTRAINED

    def __init__(self, *partitions: Any, unreduced: Any = (), reduced: Any = ()) -> None:
        if unreduced or reduced:
            raise NotImplementedError(
                "PartitionSpec: unreduced and reduced axes are not supported; sum with psum"
            )
        self.partitions = tuple(map(_canonical, partitions))

    def names(self, dimension: int) -> tuple[AxisName, ...]:
        """The mesh axes that divide a dimension, the coarsest first."""
        if dimension >= len(self.partitions):
            return ()
        given = self.partitions[dimension]
        if given is None or given is UNCONSTRAINED:
            return ()
        return cast("tuple[AxisName, ...]", given if isinstance(given, tuple) else (given,))

    @property
    def all_names(self) -> tuple[AxisName, ...]:
        """The mesh axes that divide any dimension."""
        return tuple([n for d in range(len(self)) for n in self.names(d)])

    def is_open(self, dimension: int) -> bool:
        """Whether the compiler may divide a dimension (further)."""
        return dimension < len(self) and self.partitions[dimension] is UNCONSTRAINED

    def inserted(self, dimension: int, entry: Any, ndim: int) -> "PartitionSpec":
        """The partition of an array of `ndim` axes with one more axis at `dimension`."""
        full = [*self.partitions, *[None] * (ndim - len(self))]
        return PartitionSpec(*full[:dimension], entry, *full[dimension:])

    def __len__(self) -> int:
        return len(self.partitions)

    def __getitem__(self, i: Any) -> Any:
        return self.partitions[i]

    def __iter__(self) -> Any:
        return iter(self.partitions)

    def __add__(self, other: Any) -> "PartitionSpec":
        return PartitionSpec(*self.partitions, *other)

    def __radd__(self, other: Any) -> "PartitionSpec":
        return PartitionSpec(*other, *self.partitions)

    def index(self, value: Any) -> int:
        """The first dimension with this partition."""
        return self.partitions.index(_canonical(value))

    def count(self, value: Any) -> int:
        """How many dimensions have this partition."""
        return self.partitions.count(_canonical(value))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PartitionSpec) and self.partitions == other.partitions

    def __hash__(self) -> int:
        return hash(self.partitions)

    def __repr__(self) -> str:
        return f"P{self.partitions!r}"


P = PartitionSpec


def _canonical(entry: Any) -> Any:
    if isinstance(entry, (tuple, list)):
        names = tuple(cast("Sequence[AxisName]", entry))
        return names[0] if len(names) == 1 else names or None
    return entry


class Sharding(ABC):
    """Which part of an array lies on which device.

    >>> isinstance(pnp.zeros(2).sharding, pb.Sharding)
    True
    """

    memory_kind = "device"

    @property
    @abstractmethod
    def devices(self) -> tuple[Device, ...]:
        """The devices, in the order of their parts."""

    @abstractmethod
    def indices(self, shape: Shape) -> list[Index]:
        """The part of an array of this shape that each device has."""

    @property
    def device_set(self) -> set[Device]:
        """The devices."""
        return set(self.devices)

    @property
    def num_devices(self) -> int:
        """How many devices there are."""
        return len(self.devices)

    @property
    def addressable_devices(self) -> set[Device]:
        """The devices of this process."""
        return {d for d in self.devices if is_local(d)}

    @property
    def is_fully_addressable(self) -> bool:
        """Whether all devices belong to this process."""
        return all(map(is_local, self.devices))

    @property
    @abstractmethod
    def is_fully_replicated(self) -> bool:
        """Whether each device has the whole array."""

    def devices_indices_map(self, global_shape: Sequence[int]) -> Mapping[Device, Index]:
        """The part that each device has, by device."""
        return dict(zip(self.devices, self.indices(tuple(global_shape)), strict=True))

    def addressable_devices_indices_map(
        self, global_shape: Sequence[int]
    ) -> Mapping[Device, Index]:
        """The same for the devices of this process."""
        found = self.devices_indices_map(global_shape)
        return {d: index for d, index in found.items() if is_local(d)}

    def shard_shape(self, global_shape: Sequence[int]) -> Shape:
        """The shape of each part of an array of this shape."""
        index = self.indices(tuple(global_shape))[0]
        pairs = zip(index, global_shape, strict=True)
        return tuple([len(range(*part.indices(size))) for part, size in pairs])

    def is_equivalent_to(self, other: "Sharding", ndim: int) -> bool:
        """Whether arrays of `ndim` axes lie the same way under both."""
        return self.placement(ndim) == other.placement(ndim)

    @abstractmethod
    def placement(self, ndim: int) -> Any:
        """What tells different ways to lie apart, for arrays of `ndim` axes."""

    def with_memory_kind(self, kind: str) -> "Sharding":
        """The same sharding in another kind of memory."""
        _memory.check_kind("sharding", kind)
        return self


@parameter_type
class SingleDeviceSharding(Sharding):
    """All of an array on one device.

    >>> here = pb.sharding.SingleDeviceSharding(pb.devices()[0])
    >>> here.is_fully_replicated
    True
    """

    def __init__(self, device: Device, *, memory_kind: str | None = None) -> None:
        _memory.check_kind("sharding", memory_kind)
        self._device = device

    @property
    def devices(self) -> tuple[Device, ...]:
        """The one device."""
        return (self._device,)

    def indices(self, shape: Shape) -> list[Index]:
        """Everything."""
        return [(slice(None),) * len(shape)]

    @property
    def is_fully_replicated(self) -> bool:
        """The device has all."""
        return True

    def placement(self, ndim: int) -> Any:
        """The device, all of it."""
        return self._device, (), (0,)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SingleDeviceSharding) and self._device is other._device

    def __hash__(self) -> int:
        return hash((SingleDeviceSharding, self._device))

    def __repr__(self) -> str:
        return f"SingleDeviceSharding(device={self._device!r}, memory_kind=device)"


@parameter_type
class NamedSharding(Sharding):
    """An array divided along the axes of a mesh, as a `PartitionSpec` says.

    Args:
      mesh: the devices.
      spec: which dimension is divided along which axes of the mesh. Along the others there are
        copies.
      memory_kind: None or "device".

    Raises:
      ValueError: the spec names an axis that the mesh has not, or one twice.

    >>> import pullback as pb
    >>> mesh = pb.sharding.Mesh(pb.devices("xla")[:1], "x")
    >>> pb.NamedSharding(mesh, pb.P("x")).shard_shape((6, 2))
    (6, 2)
    """

    def __init__(self, mesh: Any, spec: Any, *, memory_kind: str | None = None) -> None:
        _memory.check_kind("sharding", memory_kind)
        if not isinstance(mesh, (Mesh, AbstractMesh)) or not isinstance(spec, PartitionSpec):
            raise TypeError(
                f"NamedSharding: wants a Mesh and a PartitionSpec, got {mesh!r} and {spec!r}"
            )
        _check_names(mesh, spec)
        self.mesh: Any = mesh
        self.spec: PartitionSpec = spec

    @property
    def devices(self) -> tuple[Device, ...]:
        """The devices of the mesh."""
        return self.mesh.flat

    @property
    def is_fully_replicated(self) -> bool:
        """Whether nothing is divided."""
        return prod(self.tiles(len(self.spec))) == 1

    def tiles(self, ndim: int) -> tuple[int, ...]:
        """In how many parts each dimension is cut."""
        sizes = self.mesh.shape
        return tuple([prod(sizes[n] for n in self.spec.names(d)) for d in range(ndim)])

    def check(self, shape: Shape, what: str) -> None:
        """Raise unless arrays of this shape can be divided evenly so."""
        if len(shape) < len(self.spec):
            raise ValueError(
                f"{what}: {self.spec} is for arrays of {len(self.spec)} axes at least, got one of"
                f" shape {shape}"
            )
        for d, (size, tiles) in enumerate(zip(shape, self.tiles(len(shape)), strict=True)):
            if size % tiles:
                raise ValueError(
                    f"{what}: axis {d} of size {size} of an array of shape {shape} cannot be cut"
                    f" into {tiles} equal parts along the mesh axes {self.spec.names(d)}, as"
                    f" {self.spec} says: pad it, or do not divide it"
                )

    def coordinates(self, ndim: int) -> list[tuple[int, ...]]:
        """The place of each device's part, counted in parts, along each dimension."""
        return self._placed(ndim)[0]

    def _placed(self, ndim: int) -> tuple[list[tuple[int, ...]], list[int]]:
        sizes = self.mesh.shape
        parts: list[tuple[int, ...]] = []
        copies: list[int] = []
        seen: dict[tuple[int, ...], int] = {}
        for place in np.ndindex(self.mesh.axis_sizes):
            at = dict(zip(self.mesh.axis_names, place, strict=True))
            part: list[int] = []
            for d in range(ndim):
                k = 0
                for name in self.spec.names(d):
                    k = k * sizes[name] + at[name]
                part.append(k)
            key = tuple(part)
            copies.append(seen.get(key, 0))
            seen[key] = copies[-1] + 1
            parts.append(key)
        return parts, copies

    def copies(self, ndim: int) -> list[int]:
        """Which copy of its part each device has."""
        return self._placed(ndim)[1]

    def indices(self, shape: Shape) -> list[Index]:
        """The slices of each device's part."""
        self.check(shape, "sharding")
        tiles = self.tiles(len(shape))
        return [
            tuple(
                [
                    slice(None) if t == 1 else slice(k * (n // t), (k + 1) * (n // t), None)
                    for k, t, n in zip(part, tiles, shape, strict=True)
                ]
            )
            for part in self.coordinates(len(shape))
        ]

    def placement(self, ndim: int) -> Any:
        """For each device, in the order of their numbers, its part."""
        tiles = self.tiles(ndim)
        if len(self.devices) == 1:
            return self.devices[0], (), (0,)
        pairs = zip(self.devices, self.coordinates(ndim), strict=True)
        return tiles, tuple(sorted([(d.id, part) for d, part in pairs]))

    def update(self, **changes: Any) -> "NamedSharding":
        """The sharding with another mesh or spec."""
        spec = changes.get("spec", self.spec)
        spec = spec if isinstance(spec, PartitionSpec) else PartitionSpec(*spec)
        return NamedSharding(changes.get("mesh", self.mesh), spec)

    @cached_property
    def _hash(self) -> int:
        return hash((self.mesh, self.spec))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, NamedSharding) and self.spec == other.spec and self.mesh == other.mesh
        )

    def __repr__(self) -> str:
        kind = "" if isinstance(self.mesh, AbstractMesh) else ", memory_kind=device"
        return f"NamedSharding(mesh={self.mesh!s}, spec={self.spec}{kind})"


class Format:
    """How an array lies: the order of its axes in memory, and its sharding.

    Args:
      layout: a `Layout`, row-major wherever the format is used; `Layout.AUTO` or None: any.
      sharding: how the array is divided; None: it is not said.

    Raises:
      ValueError: there is a layout without a sharding.

    >>> pnp.zeros(2).format.sharding
    SingleDeviceSharding(device=CpuDevice(id=0), memory_kind=device)
    """

    __slots__ = ("layout", "sharding")

    def __init__(self, layout: Any = None, sharding: Any = None) -> None:
        if not isinstance(layout, Layout | AutoLayout | None):
            raise TypeError(
                f"Format: layout must be a Layout, Layout.AUTO or None, got {layout!r} of type"
                f" {type(layout).__name__}"
            )
        if not isinstance(sharding, Sharding | None):
            raise TypeError(
                f"Format: sharding must be a Sharding or None, got {sharding!r} of type"
                f" {type(sharding).__name__}"
            )
        if isinstance(layout, Layout) and sharding is None:
            raise ValueError(f"Format: {layout} needs a sharding: give a NamedSharding beside it")
        self.layout, self.sharding = layout, sharding

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Format) and (self.layout, self.sharding) == (
            other.layout,
            other.sharding,
        )

    def __hash__(self) -> int:
        return hash((self.layout, self.sharding))

    def __repr__(self) -> str:
        return f"Format(layout={self.layout}, sharding={self.sharding})"


def format_of(sharding: Sharding | None, ndim: int) -> Format:
    """How arrays of a sharding lie."""
    return Format() if sharding is None else Format(row_major(ndim), sharding)


def divided(value: Any, what: str) -> Any:
    """What a user gave, of a `Format` the part that says how an array is divided."""
    if not isinstance(value, Format):
        return value
    if isinstance(value.layout, Layout):
        value.layout.check_possible(what)
    return value.sharding


def given(value: Any, what: str) -> Sharding | None:
    """The sharding that a user gave: itself, or a `PartitionSpec` of the mesh in context.

    None for what is neither.
    """
    value = divided(value, what)
    mesh = config.current().mesh
    if isinstance(value, NamedSharding):
        found = concrete(value.mesh, mesh, what)
        return value if found is value.mesh else NamedSharding(found, value.spec)
    if isinstance(value, Sharding):
        return value
    if not isinstance(value, PartitionSpec):
        return None
    if mesh is None:
        raise RuntimeError(
            f"{what}: {value} needs a mesh: give NamedSharding(mesh, {value}), or write"
            " `with set_mesh(mesh):` around the call"
        )
    return NamedSharding(concrete(mesh, None, what), value)


def named(value: Any, what: str) -> NamedSharding | None:
    """The `NamedSharding` that a user gave; that of a mesh of one device for a single one."""
    found = given(value, what)
    if isinstance(found, SingleDeviceSharding):
        return NamedSharding(Mesh(found.devices, "_device"), PartitionSpec())
    return found if isinstance(found, NamedSharding) else None


def undivided(ndim: int) -> NamedSharding:
    """What types say of values: no dimension is divided along the axes of the mesh in context."""
    mesh = config.current().mesh
    axes = abstract(mesh) if isinstance(mesh, Mesh) else mesh or AbstractMesh((), ())
    return NamedSharding(axes, PartitionSpec(*[None] * ndim))


def is_undivided(value: Any) -> bool:
    """Whether it is what types say (`undivided`): no choice of devices."""
    if not isinstance(value, NamedSharding) or not isinstance(value.mesh, AbstractMesh):
        return False
    return not value.spec.all_names


def place_of(sharding: Sharding) -> Device:
    """Where arrays of a sharding lie: what their `_place` is."""
    return sharding.devices[0].spread(sharding)


def sharding_of(place: Device) -> Sharding:
    """The sharding of arrays that lie somewhere."""
    return place.sharding or SingleDeviceSharding(place)


def _check_names(mesh: Mesh | AbstractMesh, spec: PartitionSpec) -> None:
    names = spec.all_names
    for name in names:
        if name not in mesh.axis_names:
            raise ValueError(
                f"NamedSharding: {spec} names {name!r}, which is no axis of the mesh; these are"
                f" {mesh.axis_names}"
            )
        if names.count(name) > 1:
            raise ValueError(
                f"NamedSharding: {spec} names {name!r} more than once; an axis of the mesh divides"
                " one dimension"
            )
