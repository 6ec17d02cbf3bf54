"""The devices that programs are compiled for: those there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from ..backends import devices
from ..core.device import Device
from ..core.mesh import Mesh
from . import mesh_utils

__all__ = ["TopologyDescription", "get_attached_topology", "get_topology_desc", "make_mesh"]


@dataclass
class TopologyDescription:
    """Devices, as a list.

    >>> from pullback.experimental import topologies
    >>> topologies.get_attached_topology().devices
    [CpuDevice(id=0)]
    """

    devices: list[Device]


def get_attached_topology(platform: str | None = None) -> TopologyDescription:
    """The devices of a platform; None: of the default one.

    >>> from pullback.experimental import topologies
    >>> len(topologies.get_attached_topology("cpu").devices)
    1
    """
    return TopologyDescription(devices.devices(platform))


def get_topology_desc(
    topology_name: str = "", platform: str | None = None, **kwargs: Any
) -> NoReturn:
    """Devices that are not there: programs are compiled for those that are.

    Raises:
      NotImplementedError: always.

    >>> from pullback.experimental import topologies
    >>> topologies.get_topology_desc(platform="tpu")
    Traceback (most recent call last):
    NotImplementedError: get_topology_desc: programs are compiled for devices that are there, ...
    """
    raise NotImplementedError(
        f"get_topology_desc: programs are compiled for devices that are there, not for"
        f" {topology_name or platform!r}; use get_attached_topology"
    )


def make_mesh(
    topo: TopologyDescription,
    mesh_shape: Sequence[int],
    axis_names: tuple[str, ...],
    *,
    contiguous_submeshes: bool = False,
) -> Mesh:
    """A mesh of the devices, in an order that suits collectives.

    >>> from pullback.experimental import topologies
    >>> topologies.make_mesh(topologies.get_attached_topology(), (1,), ("x",)).axis_names
    ('x',)
    """
    found = mesh_utils.create_device_mesh(
        mesh_shape, list(topo.devices), contiguous_submeshes=contiguous_submeshes
    )
    return Mesh(found, axis_names)
