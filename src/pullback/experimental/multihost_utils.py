"""Exchanges of the processes of a run as wholes, each of which calls them: see `distributed`."""

import zlib
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from .. import tree
from .._native import ArrayImpl
from ..assembled import (
    make_array_from_process_local_data,
    make_array_from_single_device_arrays,
)
from ..backends.devices import default_backend, devices, process_count, process_index
from ..core.mesh import Mesh
from ..core.sharding import NamedSharding, PartitionSpec
from ..core.trace import as_array, get_aval
from ..dtypes import KEY_DTYPES
from ..jit import jit
from ..lazy import LazyModule
from ..transfer import device_put
from ..transforms.flat import argument

client: Any = LazyModule(f"{__name__.partition('.')[0]}.backends.xla.client")

P = PartitionSpec


def broadcast_one_to_all(in_tree: Any, is_source: bool | None = None) -> Any:
    """What one process has, for all.

    Args:
      in_tree: pytree of arrays, of the same structure, shapes and dtypes in every process.
      is_source: whether this process is the one; by default process 0 is.

    Returns:
      The pytree of the source, of NumPy arrays, equal to the last bit.

    Raises:
      ValueError: structures, shapes or dtypes differ, or there is not one source.

    >>> from pullback.experimental import multihost_utils
    >>> multihost_utils.broadcast_one_to_all({"seed": 3})
    {'seed': array(3, dtype=int32)}
    """
    what = "broadcast_one_to_all"
    arrays, structure = _local(in_tree, what)
    source = process_index() == 0 if is_source is None else bool(is_source)
    if process_count() > 1:
        _check_alike(arrays, structure, what)
        sources = np.flatnonzero(_gathered(np.array([source], np.uint32)))
        if len(sources) != 1:
            raise ValueError(f"{what}: one process must be the source, these are: {[*sources]}")
        arrays = _unpacked(_sent(_packed(arrays), source), arrays)
    return structure.unflatten([_result(x) for x in arrays])


def process_allgather(in_tree: Any, tiled: bool = False) -> Any:
    """What every process has, for all.

    Args:
      in_tree: pytree of arrays, of the same structure, shapes and dtypes in every process; or of
        arrays that are divided among the processes, which are put together.
      tiled: whether the arrays of the processes are joined along their first axis, rather than
        stacked along a new one. Numbers are always stacked.

    Returns:
      Pytree of NumPy arrays.

    Raises:
      ValueError: structures, shapes or dtypes differ; or a divided array is to be stacked.

    >>> import pullback as pb
    >>> from pullback.experimental import multihost_utils
    >>> multihost_utils.process_allgather(pb.numpy.arange(3))
    array([[0, 1, 2]], dtype=int32)
    """
    what = "process_allgather"
    leaves, structure = tree.flatten(in_tree)
    values = [argument(leaf, what) for leaf in leaves]
    if not tiled and not all(x.is_fully_addressable for x in values):
        raise ValueError(f"{what}: arrays that are divided among processes need tiled=True")
    here = [as_array(x)._npy for x in values if x.is_fully_addressable]
    stacked = iter(_stacked(here, structure, what))
    found = [
        _joined(next(stacked), tiled) if x.is_fully_addressable else as_array(_whole(x))._npy
        for x in values
    ]
    return structure.unflatten([_result(x) for x in found])


def _stacked(arrays: list[np.ndarray], structure: Any, what: str) -> list[np.ndarray]:
    """Each array of all processes, along a new first axis."""
    if process_count() == 1 or not arrays:
        return [x[None] for x in arrays]
    _check_alike(arrays, structure, what)
    each = [_unpacked(words, arrays) for words in _gathered(_packed(arrays))]
    return [np.stack(parts) for parts in zip(*each, strict=True)]


def _joined(stacked: np.ndarray, tiled: bool) -> np.ndarray:
    """The first two axes as one, where there are two and that is wanted."""
    if not tiled or stacked.ndim == 1:
        return stacked
    return stacked.reshape(-1, *stacked.shape[2:])


def _whole(x: Any) -> Any:
    """A divided array, whole on each device."""
    return device_put(x, NamedSharding(_mesh_of(x), P()))


def _mesh_of(x: Any) -> Mesh:
    sharding = x.sharding
    return sharding.mesh if isinstance(sharding, NamedSharding) else Mesh(sharding.devices, "_")


def sync_global_devices(name: str) -> None:
    """Return when all processes have called it.

    Raises:
      AssertionError: they called it with different names.

    >>> from pullback.experimental import multihost_utils
    >>> multihost_utils.sync_global_devices("ready")
    """
    assert_equal(np.uint32(zlib.crc32(name.encode())), f"sync_global_devices: not all at {name!r}")


def reached_preemption_sync_point(step_id: int) -> bool:
    """Whether a notice to stop has come and this is the step at which all processes save.

    Args:
      step_id: the number of the step, counted alike in all processes.

    Returns:
      False: nobody watches for such notices where a process computes alone.

    Raises:
      NotImplementedError: there are several processes.

    >>> from pullback.experimental import multihost_utils
    >>> multihost_utils.reached_preemption_sync_point(3)
    False
    """
    if process_count() > 1:
        raise NotImplementedError(
            "reached_preemption_sync_point: notices to several processes are not watched for"
        )
    return False


def assert_equal(in_tree: Any, fail_message: str = "") -> None:
    """Raise in every process unless all have the same.

    Args:
      in_tree: pytree of arrays. They are compared bit by bit, those divided among processes by
        their first part in each.
      fail_message: what the error says first.

    Raises:
      AssertionError: structures, shapes, dtypes or values differ; it names the processes that
        have not what process 0 has.

    >>> from pullback.experimental import multihost_utils
    >>> multihost_utils.assert_equal([1, 2.0], "settings differ")
    """
    if process_count() == 1:
        return
    parts = tree.map(_first_part, in_tree)
    arrays, structure = _local(parts, "assert_equal")
    others = _unlike(arrays, structure)
    if not others:
        mine = _packed(arrays)
        first = _sent(mine, process_index() == 0)
        differ = _gathered(np.array([not np.array_equal(mine, first)], np.uint32))
        others = [int(k) for k in np.flatnonzero(differ)]
    if others:
        raise AssertionError(
            f"{fail_message or 'assert_equal'}: processes {others} have not what process 0 has; "
            f" process {process_index()} has {parts}"
        )


def _first_part(x: Any) -> Any:
    shown = getattr(x, "is_fully_addressable", True)
    return x if shown else x.addressable_shards[0].data


def host_local_array_to_global_array(local_inputs: Any, global_mesh: Mesh, pspecs: Any) -> Any:
    """Arrays over a mesh, of which each process gives its part.

    Args:
      local_inputs: pytree of arrays: what the devices of this process are to have, side by side.
        Arrays that span several processes are returned as they are.
      global_mesh: devices of all processes, those of each in a block.
      pspecs: how the whole arrays are divided: a `PartitionSpec`, or a pytree that is a prefix of
        `local_inputs`. Along axes of the mesh that they do not name, all must give the same.

    Raises:
      ValueError: the devices of this process are no block of the mesh, or an array cannot be
        divided so.

    >>> import pullback as pb
    >>> from pullback.experimental import multihost_utils
    >>> mesh = pb.sharding.Mesh(pb.local_devices(backend="xla")[:1], "x")
    >>> multihost_utils.host_local_array_to_global_array(pb.numpy.arange(2), mesh, pb.P("x"))
    Array([0, 1], dtype=int32)
    """
    what = "host_local_array_to_global_array"
    _check_block(global_mesh)

    def whole(x: Any, sharding: NamedSharding) -> Any:
        if not x.is_fully_addressable:
            return x
        return make_array_from_process_local_data(sharding, x)

    return _with_shardings(whole, local_inputs, global_mesh, pspecs, what)


def global_array_to_host_local_array(global_inputs: Any, global_mesh: Mesh, pspecs: Any) -> Any:
    """The parts of this process of arrays over a mesh, each as one array on its devices.

    Args:
      global_inputs: pytree of arrays over `global_mesh`. Others are returned as they are.
      global_mesh: devices of all processes, those of each in a block.
      pspecs: how the arrays are (to be) divided: a `PartitionSpec`, or a pytree that is a prefix
        of `global_inputs`.

    Raises:
      ValueError: the devices of this process are no block of the mesh, or an array cannot be
        divided so.

    >>> import pullback as pb
    >>> from pullback.experimental import multihost_utils
    >>> mesh = pb.sharding.Mesh(pb.local_devices(backend="xla")[:1], "x")
    >>> multihost_utils.global_array_to_host_local_array(pb.numpy.arange(2), mesh, pb.P("x"))
    Array([0, 1], dtype=int32)
    """
    what = "global_array_to_host_local_array"
    here = _check_block(global_mesh)

    def part(x: Any, sharding: NamedSharding) -> Any:
        if x.is_fully_addressable:
            return x
        moved = x if sharding.is_equivalent_to(x.sharding, x.ndim) else device_put(x, sharding)
        own = NamedSharding(here, sharding.spec)
        size = sharding.shard_shape(x.shape)
        shape = [n * t for n, t in zip(size, own.tiles(x.ndim), strict=True)]
        parts = [shard.data for shard in moved.addressable_shards]
        return make_array_from_single_device_arrays(shape, own, parts)

    return _with_shardings(part, global_inputs, global_mesh, pspecs, what)


def _check_block(mesh: Mesh) -> Mesh:
    """The part of a mesh that is of this process."""
    if not isinstance(mesh, Mesh):
        raise TypeError(f"global_mesh must be a Mesh, got {mesh!r}")
    return mesh.local_mesh


def _with_shardings(
    f: Callable[[Any, NamedSharding], Any], inputs: Any, mesh: Mesh, specs: Any, what: str
) -> Any:
    leaves, structure = tree.flatten(inputs)
    found = tree.broadcast_prefix(specs, inputs, is_leaf=lambda s: s is None)
    for spec in found:
        if not isinstance(spec, PartitionSpec):
            raise ValueError(f"{what}: pspecs must be PartitionSpecs, P() for whole, got {spec!r}")
    made = [
        f(argument(x, what), NamedSharding(mesh, s)) for x, s in zip(leaves, found, strict=True)
    ]
    return structure.unflatten(made)


# Arrays of many dtypes travel as 32-bit words, which no device changes.


def _local(values: Any, what: str) -> tuple[list[np.ndarray], Any]:
    """The arrays of a pytree, on the host."""
    leaves, structure = tree.flatten(values)
    return [as_array(argument(leaf, what))._npy for leaf in leaves], structure


def _result(x: np.ndarray) -> Any:
    return ArrayImpl(x) if x.dtype in KEY_DTYPES else x


def _packed(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """Arrays as words, one after the other."""
    parts = [np.frombuffer(x.tobytes() + bytes(-x.nbytes % 4), np.uint32) for x in arrays]
    return np.concatenate([np.zeros(0, np.uint32), *parts])


def _unpacked(words: np.ndarray, like: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Arrays from words, of the shapes and dtypes of others."""
    sizes = [-(-x.nbytes // 4) for x in like]
    parts = np.split(words, np.cumsum(sizes, dtype=int)[:-1]) if sizes else []
    return [
        np.frombuffer(part.tobytes()[: x.nbytes], x.dtype).reshape(x.shape)
        for part, x in zip(parts, like, strict=True)
    ]


def _unlike(arrays: Sequence[np.ndarray], structure: Any) -> list[int]:
    """The processes that gave other structures or types than process 0."""
    types = [(x.shape, str(x.dtype)) for x in arrays]
    sign = zlib.crc32(f"{structure} {types}".encode())
    signs = _gathered(np.array([sign], np.uint32))[:, 0]
    return [int(k) for k in np.flatnonzero(signs != signs[0])]


def _check_alike(arrays: Sequence[np.ndarray], structure: Any, what: str) -> None:
    others = _unlike(arrays, structure)
    if others:
        types = [get_aval(x) for x in arrays]
        raise ValueError(
            f"{what}: all processes must give the same structure, shapes and dtypes; those of"
            f" {others} are not those of process 0; process {process_index()} gave {structure} of"
            f" {types}"
        )


@cache
def _everyone() -> Mesh:
    """The devices of all processes, a row each."""
    platform = default_backend()
    if platform == "cpu":
        platform = next((c.platform for c in client.started()), "xla")
    grid = np.array(devices(platform), dtype=object).reshape(process_count(), -1)
    return Mesh(grid, ("processes", "devices"))


def _over_all(words: np.ndarray) -> Any:
    """An array with a row for each process."""
    rows = NamedSharding(_everyone(), P("processes"))
    return make_array_from_process_local_data(rows, words[None], (process_count(), words.size))


def _gathered(words: np.ndarray) -> np.ndarray:
    """The words of all processes, a row each."""
    return np.asarray(_whole(_over_all(words)))


@cache
def _adder() -> Callable[[Any], Any]:
    whole = NamedSharding(_everyone(), P())
    return jit(lambda x: x.sum(0, dtype=x.dtype), out_shardings=whole)


def _sent(words: np.ndarray, source: bool) -> np.ndarray:
    """The words of the source: the sum of what all have, which is nothing elsewhere."""
    given = words if source else np.zeros_like(words)
    return np.asarray(_adder()(_over_all(given)))


__all__ = [
    "assert_equal",
    "broadcast_one_to_all",
    "global_array_to_host_local_array",
    "host_local_array_to_global_array",
    "process_allgather",
    "reached_preemption_sync_point",
    "sync_global_devices",
]
