"""Shardings as XLA knows them: Shardy's text in programs, tile assignments of buffers, and back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...core.aval import ShapedArray
from ...core.device import Device
from ...core.mesh import Mesh
from ...core.sharding import NamedSharding, PartitionSpec
from .hlo import tensor

# A tile assignment: how many tiles along each dimension, the devices' places in the order of
# the tiles (of each tile all copies, one after the other), and the number of copies.
Tiles = tuple[tuple[int, ...], tuple[int, ...], int]


@dataclass(frozen=True)
class Division:
    """How a program is divided among devices: in their order, and how each argument is (None: all
    have it)."""

    devices: tuple[Device, ...]
    shardings: tuple[NamedSharding | None, ...]

    def of(self, kept: Sequence[int]) -> "Division":
        """The division of a program of some of the arguments."""
        return Division(self.devices, tuple([self.shardings[i] for i in kept]))

    def names(
        self, divided: Sequence[Any], avals: Sequence[ShapedArray], meshes: Iterable[Mesh]
    ) -> tuple[NamedSharding, ...]:
        """Results' shardings by the axes of the program's meshes, from what XLA says."""
        made: list[NamedSharding] = []
        for found, aval in zip(divided, avals, strict=True):
            held = tiles_of(found, len(tensor(aval).shape), len(self.devices))
            made.append(named(held, meshes, self.devices))
        return tuple(made)


def mesh_text(mesh: Mesh, name: str, devices: Sequence[Device]) -> str:
    """The declaration of a mesh for programs that run on these devices, in their order."""
    axes = ", ".join([f"{axis_text(n)}={size}" for n, size in mesh.shape_tuple])
    order = positions(mesh, devices).ravel().tolist()
    listed = "" if order == sorted(order) else f", device_ids={order}"
    return f"  sdy.mesh @{name} = <[{axes}]{listed}>"


def axis_text(name: Any) -> str:
    """The name of an axis in quotes."""
    return '"' + str(name).replace("\\", "\\\\").replace('"', '\\"') + '"'


def positions(mesh: Mesh, devices: Sequence[Device]) -> np.ndarray:
    """Where each of the mesh's devices stands among those of a program."""
    place = {d: k for k, d in enumerate(devices)}
    return np.array([place[d] for d in mesh.flat]).reshape(mesh.axis_sizes)


def sharding_text(mesh: str, spec: PartitionSpec, ndim: int, loose: bool = False) -> str:
    """A sharding: <@mesh, [{"x"}, {}]>.

    loose: whether XLA may divide further, along axes that the spec does not name.
    """
    return f"<@{mesh}, [{', '.join([_dimension(spec, d, loose) for d in range(ndim)])}]>"


def _dimension(spec: PartitionSpec, d: int, loose: bool) -> str:
    names = [axis_text(n) for n in spec.names(d)]
    return "{" + ", ".join([*names, *["?"] * (loose or spec.is_open(d))]) + "}"


def tiles(sharding: NamedSharding, ndim: int, devices: Sequence[Device]) -> Tiles:
    """The tile assignment of arrays of `ndim` axes; devices by their place in the list."""
    sizes = sharding.tiles(ndim)
    copies = sharding.mesh.size // int(np.prod(sizes, dtype=int))
    order = np.zeros((*sizes, copies), int)
    where = positions(sharding.mesh, devices).ravel().tolist()
    parts = zip(sharding.coordinates(ndim), sharding.copies(ndim), where, strict=True)
    for part, copy, at in parts:
        order[(*part, copy)] = at
    return sizes, tuple(order.ravel().tolist()), copies


def tiles_text(given: Tiles) -> str:
    """A tile assignment in the form that XLA reads."""
    sizes, order, copies = given
    if len(order) == copies:
        return "{replicated}"
    dims = ",".join(map(str, [*sizes, *[copies] * (copies > 1)]))
    last = " last_tile_dim_replicate" if copies > 1 else ""
    return f"{{devices=[{dims}]{','.join(map(str, order))}{last}}}"


def tiles_of(found: Any, ndim: int, count: int) -> Tiles:
    """The tile assignment of a sharding of XLA's, for arrays of `ndim` axes on `count` devices."""
    if found.is_replicated():
        return (1,) * ndim, tuple(range(count)), count
    dims = tuple(found.tile_assignment_dimensions())
    return dims[:ndim], tuple(found.tile_assignment_devices()), int(np.prod(dims[ndim:], dtype=int))


def named(given: Tiles, meshes: Iterable[Mesh], devices: Sequence[Device]) -> NamedSharding:
    """The sharding of a tile assignment: along the axes of a mesh if one of them says it."""
    sizes, order, copies = given
    place = np.empty((len(devices), len(sizes)), int)
    for k, at in enumerate(order):
        place[at] = np.unravel_index(k // copies, sizes) if sizes else ()
    for mesh in meshes:
        spec = _spec(mesh, place[positions(mesh, devices).ravel()])
        if spec is not None:
            return NamedSharding(mesh, spec)
    grid = np.array([devices[k] for k in order], dtype=object).reshape(*sizes, copies)
    names = tuple([f"_{d}" for d in range(len(sizes) + 1)])
    return NamedSharding(Mesh(grid, names), PartitionSpec(*names[:-1]))


def _spec(mesh: Mesh, parts: np.ndarray) -> PartitionSpec | None:
    """What divides the dimensions, given each device's part; None if no axes of the mesh do."""
    ndim = parts.shape[1]
    grid = parts.reshape(*mesh.axis_sizes, ndim)
    origin = (0,) * len(mesh.axis_sizes)
    found: list[list[tuple[int, Any]]] = [[] for _ in range(ndim)]
    for k, (name, size) in enumerate(mesh.shape_tuple):
        if size == 1:
            continue
        step = grid[(*origin[:k], 1, *origin[k + 1 :])] - grid[origin]
        for d in np.flatnonzero(step):
            found[d].append((int(step[d]), name))
    entries = [tuple([n for _, n in sorted(f, key=lambda pair: -pair[0])]) for f in found]
    while entries and not entries[-1]:
        entries.pop()
    names = [n for e in entries for n in e]
    if len(set(names)) < len(names):
        return None
    spec = PartitionSpec(*entries)
    right = NamedSharding(mesh, spec).coordinates(ndim) == list(map(tuple, parts.tolist()))
    return spec if right else None
