"""Meshes: devices in an array whose axes have names. Knows no backend."""

import threading
import warnings
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from contextlib import AbstractContextManager, ContextDecorator
from enum import Enum
from functools import cached_property
from typing import Any, cast

import numpy as np

from .. import config
from ..lazy import LazyModule
from .device import Device, Remote
from .parameters import parameter_type

AxisName = Hashable
# Made of meshes: loaded when asked for.
_abstract: Any = LazyModule(f"{__package__}.abstract_mesh")


class AxisType(Enum):
    """How programs are divided along an axis of a mesh: by the compiler, or by hand.

    >>> pb.make_mesh((1,), ("i",), axis_types=(pb.sharding.AxisType.Auto,)).axis_types
    (Auto,)
    """

    Auto = 1
    Explicit = 2
    Manual = 3

    def __repr__(self) -> str:
        return self.name


class NamedAxes:
    """Axes with names and sizes."""

    axis_names: tuple[AxisName, ...]
    axis_sizes: Any
    axis_types: tuple[AxisType, ...]

    @property
    def are_all_axes_auto(self) -> bool:
        """Whether there are axes, and all are Auto."""
        return self._all_are(AxisType.Auto)

    @property
    def are_all_axes_explicit(self) -> bool:
        """Whether there are axes, and all are Explicit."""
        return self._all_are(AxisType.Explicit)

    @property
    def are_all_axes_manual(self) -> bool:
        """Whether there are axes, and all are Manual."""
        return self._all_are(AxisType.Manual)

    def _all_are(self, wanted: AxisType) -> bool:
        return bool(self.axis_types) and all(t is wanted for t in self.axis_types)

    @cached_property
    def shape(self) -> "OrderedDict[AxisName, int]":
        """The size of each axis, by name."""
        return OrderedDict(self.shape_tuple)

    @property
    def shape_tuple(self) -> tuple[tuple[AxisName, int], ...]:
        """Names and sizes of the axes."""
        return tuple(zip(self.axis_names, self.axis_sizes, strict=True))


class _Entered(threading.local):
    """The blocks of meshes that this thread is in, the innermost last."""

    def __init__(self) -> None:
        self.blocks: list[AbstractContextManager[None]] = []


_entered = _Entered()


@parameter_type
class Mesh(NamedAxes, ContextDecorator):
    """Devices in an array with an axis name for each of its axes.

    In a block `with mesh:` a `PartitionSpec` alone names its axes, as with `set_mesh(mesh)`;
    this is the older form, and warns.

    Args:
      devices: array, or nested sequence, of devices of one platform.
      axis_names: a name for each axis of `devices`, or the one name.
      axis_types: an `AxisType` for each axis; Auto by default. The compiler divides programs
        along Explicit axes as it does along Auto ones.

    Raises:
      ValueError: the numbers of axes and names differ, or a name or device is there twice.

    >>> import pullback as pb
    >>> mesh = pb.sharding.Mesh(pb.devices("xla")[:1], "x")
    >>> mesh
    Mesh(axis_sizes=(1,), axis_names=('x',), axis_types=(Auto,))
    """

    def __init__(
        self,
        devices: Any,
        axis_names: AxisName | Sequence[AxisName],
        axis_types: tuple[AxisType, ...] | AxisType | None = None,
    ) -> None:
        grid = np.array(devices, dtype=object)
        names = (axis_names,) if isinstance(axis_names, str) else tuple(_sequence(axis_names))
        if grid.ndim != len(names):
            raise ValueError(
                f"Mesh: devices of {grid.ndim} axes need as many axis names, got {names}"
            )
        _check_distinct(grid, names)
        grid.flags.writeable = False
        self.devices = grid
        self.axis_names = names
        self.axis_types = axis_types_of(names, axis_types)

    def __enter__(self) -> "Mesh":
        warnings.warn(
            "`with mesh:` is the older form: write `with set_mesh(mesh):`",
            DeprecationWarning,
            stacklevel=2,
        )
        block = config.override(mesh=None if self.empty else self)
        block.__enter__()
        _entered.blocks.append(block)
        return self

    def __exit__(self, *error: Any) -> None:
        _entered.blocks.pop().__exit__(None, None, None)

    @property
    def axis_sizes(self) -> tuple[int, ...]:
        """The sizes of the axes."""
        return self.devices.shape

    @property
    def size(self) -> int:
        """The number of devices."""
        return self.devices.size

    @property
    def abstract_mesh(self) -> Any:
        """The axes, without the devices."""
        return _abstract.abstract(self)

    @property
    def empty(self) -> bool:
        """Whether there are no devices."""
        return self.size == 0

    @cached_property
    def flat(self) -> tuple[Device, ...]:
        """The devices, the last axis' fastest."""
        return tuple(self.devices.flat)

    @property
    def device_ids(self) -> np.ndarray:
        """The devices' numbers, in the mesh's shape."""
        return np.array([d.id for d in self.flat], int).reshape(self.axis_sizes)

    @property
    def local_devices(self) -> list[Device]:
        """The devices of this process."""
        return [d for d in self.flat if is_local(d)]

    @property
    def is_multi_process(self) -> bool:
        """Whether there are devices of other processes."""
        return len(self.local_devices) < self.size

    @property
    def local_mesh(self) -> "Mesh":
        """The part of the mesh of this process, whose devices must be a block of it."""
        mine = np.array([is_local(d) for d in self.flat], bool).reshape(self.axis_sizes)
        block = tuple([slice(min(k), max(k) + 1) for k in np.nonzero(mine) if k.size])
        if not mine.any() or not mine[block].all():
            raise ValueError(
                "Mesh.local_mesh: the devices of a process must be a block of the mesh, got"
                f" {self.local_devices} in {self.device_ids.tolist()}"
            )
        return Mesh(self.devices[block], self.axis_names, self.axis_types)

    @cached_property
    def _key(self) -> tuple[Any, ...]:
        return self.flat, self.devices.shape, self.axis_names, self.axis_types

    @cached_property
    def _hash(self) -> int:
        return hash(self._key)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Mesh) and self._key == other._key)

    def __str__(self) -> str:
        sizes = ", ".join([f"{n!r}: {size}" for n, size in self.shape_tuple])
        return f"Mesh({sizes}, axis_types={self._types_text()})"

    def __repr__(self) -> str:
        return (
            f"Mesh(axis_sizes={self.axis_sizes}, axis_names={self.axis_names!r},"
            f" axis_types={self._types_text()})"
        )

    def _types_text(self) -> str:
        return f"({', '.join(map(repr, self.axis_types))}{',' * (len(self.axis_types) == 1)})"


def is_local(device: Device) -> bool:
    """Whether a device belongs to this process."""
    return not isinstance(device, Remote) or device.is_local


def _sequence(names: Any) -> Sequence[AxisName]:
    return cast("Sequence[AxisName]", names) if isinstance(names, (tuple, list)) else (names,)


def _check_distinct(grid: np.ndarray, names: tuple[AxisName, ...]) -> None:
    for what, values in (("axis name", names), ("device", tuple(grid.flat))):
        twice = [v for v in dict.fromkeys(values) if values.count(v) > 1]
        if twice:
            raise ValueError(f"Mesh: the {what} {twice[0]!r} is there twice, in {values}")
    for device in grid.flat:
        if not isinstance(device, Device):
            raise TypeError(f"Mesh: wants an array of devices, got {device!r} in it")
    platforms = {d.platform for d in grid.flat}
    if len(platforms) > 1:
        raise ValueError(f"Mesh: wants devices of one platform, got {sorted(platforms)}")


def axis_types_of(names: tuple[AxisName, ...], given: Any) -> tuple[AxisType, ...]:
    if given is None:
        return (AxisType.Auto,) * len(names)
    types = cast("tuple[AxisType, ...]", given if isinstance(given, tuple) else (given,))
    if len(types) != len(names) or any(type(t) is not AxisType for t in types):
        raise ValueError(f"Mesh: axis_types must be an AxisType for each of {names}, got {given!r}")
    return types
