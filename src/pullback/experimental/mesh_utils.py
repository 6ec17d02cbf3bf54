"""Arrays of devices for meshes: in the order in which they are connected."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ..backends.devices import devices as all_devices


def create_device_mesh(
    mesh_shape: Sequence[int],
    devices: Sequence[Any] | None = None,
    *,
    contiguous_submeshes: bool = False,
    allow_split_physical_axes: bool = False,
) -> np.ndarray:
    """All devices as an array of this shape, for `sharding.Mesh`.

    Args:
      mesh_shape: the sizes of the axes; along the last are neighbours.
      devices: those to take, all of them; by default those of the default platform.
      contiguous_submeshes, allow_split_physical_axes: for tori of TPUs.

    Raises:
      ValueError: there are more devices than places, or fewer.
      NotImplementedError: the devices are more than one TPU, which are connected as a torus.

    >>> import pullback as pb
    >>> mesh_utils = pb.experimental.mesh_utils
    >>> mesh_utils.create_device_mesh((1, 1), pb.devices("xla")[:1]).shape
    (1, 1)
    """
    found = list(all_devices() if devices is None else devices)
    sizes = tuple(int(n) for n in mesh_shape)
    if prod(sizes) != len(found):
        raise ValueError(
            f"create_device_mesh: a mesh of shape {sizes} has {prod(sizes)} places, and there are"
            f" {len(found)} devices"
        )
    platform = found[-1].platform
    if platform == "tpu" and len(found) > 1:
        raise NotImplementedError(
            "create_device_mesh: the torus of TPUs is not known here; give Mesh the devices in the"
            " order that is wanted"
        )
    if platform in ("cuda", "gpu"):
        found.sort(key=lambda d: d.id)
    return _array(found).reshape(sizes)


def create_hybrid_device_mesh(
    mesh_shape: Sequence[int],
    dcn_mesh_shape: Sequence[int],
    devices: Sequence[Any] | None = None,
    *,
    process_is_granule: bool = False,
    should_sort_granules_by_key: bool = True,
    allow_split_physical_axes: bool = False,
) -> np.ndarray:
    """Devices of several groups, which are near one another, as an array for `sharding.Mesh`.

    Args:
      mesh_shape: the sizes of the axes within a group.
      dcn_mesh_shape: the numbers of groups along each axis.
      devices: those to take, all of them; by default those of the default platform.
      process_is_granule: whether the devices of a process are a group; otherwise those of one
        `slice_index`.
      should_sort_granules_by_key: whether groups are taken in the order of their numbers;
        otherwise in that of their first devices.
      allow_split_physical_axes: for tori of TPUs.

    Returns:
      An array whose sizes are the products of both shapes.

    Raises:
      ValueError: devices are of no group, or groups or devices are too many or too few.

    >>> import pullback as pb
    >>> one = pb.devices("xla")[:1]
    >>> create = pb.experimental.mesh_utils.create_hybrid_device_mesh
    >>> create((1, 1), (1, 1), one, process_is_granule=True).shape
    (1, 1)
    """
    found = list(all_devices() if devices is None else devices)
    outer, inner = tuple(map(int, dcn_mesh_shape)), tuple(map(int, mesh_shape))
    groups = _groups(found, "process_index" if process_is_granule else "slice_index")
    keys = sorted(groups) if should_sort_granules_by_key else list(groups)
    if prod(outer) != len(keys) or len(outer) != len(inner):
        raise ValueError(
            f"create_hybrid_device_mesh: dcn_mesh_shape {outer} must have a size for each of"
            f" mesh_shape {inner}, and places for {len(keys)} groups of devices"
        )
    meshes = [create_device_mesh(inner, groups[key]) for key in keys]
    n = len(inner)
    whole = _array([d for mesh in meshes for d in mesh.flat]).reshape(*outer, *inner)
    pairs = [axis for k in range(n) for axis in (k, n + k)]
    sizes = [a * b for a, b in zip(outer, inner, strict=True)]
    return whole.transpose(pairs).reshape(sizes)


def _groups(devices: Sequence[Any], attribute: str) -> dict[int, list[Any]]:
    groups: dict[int, list[Any]] = {}
    for device in devices:
        key = getattr(device, attribute, None)
        if key is None:
            raise ValueError(
                f"create_hybrid_device_mesh: {device!r} has no {attribute}; with"
                " process_is_granule=True the devices of a process are a group"
            )
        groups.setdefault(key, []).append(device)
    return groups


def _array(devices: Sequence[Any]) -> np.ndarray:
    out = np.empty(len(devices), dtype=object)
    out[:] = devices
    return out
