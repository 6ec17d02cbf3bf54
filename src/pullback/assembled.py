"""Arrays over several devices, made of their parts."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import dtypes, tree
from ._native import ArrayImpl
from .core.aval import Shape, ShapedArray, type_name
from .core.sharding import Index, NamedSharding, Sharding, given, place_of, sharding_of
from .core.trace import as_array, get_aval
from .transforms.flat import argument


def make_array_from_callback(
    shape: Sequence[int],
    sharding: Sharding,
    data_callback: Callable[[Index], Any],
    dtype: Any = None,
) -> Any:
    """An array each part of which a function gives, for the devices of this process.

    Args:
      shape: of the whole array.
      sharding: how it is divided.
      data_callback: function of a tuple of slices of the whole array, that returns the part.
      dtype: of the array; by default that of the parts.

    Raises:
      ValueError: the shape cannot be divided so, or a part has another shape or dtype.

    >>> import numpy as np
    >>> import pullback as pb
    >>> mesh = pb.make_mesh((1,), ("x",), devices=pb.devices("xla"))
    >>> whole = np.arange(4)
    >>> parted = pb.NamedSharding(mesh, pb.P("x"))
    >>> pb.make_array_from_callback((4,), parted, lambda index: whole[index])
    Array([0, 1, 2, 3], dtype=int32)
    """
    what = "make_array_from_callback"
    wanted, size = _sharding(sharding, what), tuple(int(n) for n in shape)
    _check_divided(wanted, size, what)
    indices = list(wanted.addressable_devices_indices_map(size).values())
    if indices and wanted.is_fully_replicated:
        indices = [(slice(None),) * len(size)] * len(indices)
        parts = [data_callback(indices[0])] * len(indices)
    else:
        parts = [data_callback(index) for index in indices]
    return _assembled(size, wanted, parts, dtype, what)


def make_array_from_single_device_arrays(
    shape: Sequence[int], sharding: Sharding, arrays: Sequence[Any], *, dtype: Any = None
) -> Any:
    """The array of parts that lie on the devices of this process already.

    Args:
      shape: of the whole array.
      sharding: how it is divided.
      arrays: the parts, each on its device, in any order.
      dtype: of the array where there are no parts here.

    Raises:
      ValueError: a part lies on no device of the sharding, one is missing, or a part has another
        shape or dtype.

    >>> import pullback as pb
    >>> (device,) = pb.devices("xla")
    >>> mesh = pb.make_mesh((1,), ("x",), devices=[device])
    >>> part = pb.device_put(pb.numpy.array([1.0, 2.0]), device)
    >>> parted = pb.NamedSharding(mesh, pb.P("x"))
    >>> pb.make_array_from_single_device_arrays((2,), parted, [part])
    Array([1., 2.], dtype=float32)
    """
    what = "make_array_from_single_device_arrays"
    wanted, size = _sharding(sharding, what), tuple(int(n) for n in shape)
    _check_divided(wanted, size, what)
    by_device = {next(iter(a.devices())): a for a in arrays if len(a.devices()) == 1}
    local = list(wanted.addressable_devices_indices_map(size))
    if len(by_device) != len(arrays) or {*by_device} != {*local}:
        raise ValueError(
            f"{what}: wants one array on each of {local}, got arrays on"
            f" {[a.devices() for a in arrays]}"
        )
    return _assembled(size, wanted, [by_device[d] for d in local], dtype, what)


def make_array_from_process_local_data(
    sharding: Any, local_data: Any, global_shape: Any = None
) -> Any:
    """The array of which each process gives the parts of its own devices, as one array.

    Args:
      sharding: how the whole array is divided; a pytree of shardings for a pytree of data.
      local_data: pytree of arrays, the parts of this process side by side. A dimension that is as
        long as that of the whole array is the same in all processes.
      global_shape: of the whole array; by default what the parts of all processes make up.

    Raises:
      ValueError: the data do not make up an array of this shape.

    >>> import pullback as pb
    >>> mesh = pb.make_mesh((1,), ("x",), devices=pb.devices("xla"))
    >>> parted = pb.NamedSharding(mesh, pb.P("x"))
    >>> pb.make_array_from_process_local_data(parted, pb.numpy.ones(2))
    Array([1., 1.], dtype=float32)
    """
    leaves, structure = tree.flatten(local_data)
    wanted = tree.broadcast_prefix(sharding, local_data)
    shapes = [global_shape] * len(leaves)
    if not tree.treedef_is_leaf(structure) and global_shape is not None:
        shapes = tree.broadcast_prefix(global_shape, local_data, lambda s: isinstance(s, tuple))
    made = [_from_local(d, s, n) for d, s, n in zip(leaves, wanted, shapes, strict=True)]
    return structure.unflatten(made)


def _from_local(data: Any, sharding: Any, shape: Any) -> Any:
    what = "make_array_from_process_local_data"
    wanted = _sharding(sharding, what)
    here = argument(data, what)
    local = get_aval(here).shape
    size = _global_shape(wanted, local) if shape is None else tuple(int(n) for n in shape)
    _check_divided(wanted, size, what)
    indices = wanted.addressable_devices_indices_map(size).values()
    starts = [_starts([index[d] for index in indices], n) for d, n in enumerate(size)]
    parts = wanted.shard_shape(size)
    for d, (n, m) in enumerate(zip(local, size, strict=True)):
        if n not in (m, len(starts[d]) * parts[d]):
            raise ValueError(
                f"{what}: axis {d} of this process' data must be of size"
                f" {len(starts[d]) * parts[d]}, its devices' parts of an array of shape {size}, or"
                f" {m}, got shape {local}"
            )
    values = np.asarray(here)

    def part(index: Index) -> np.ndarray:
        return values[tuple([_mine(index, d, starts[d], parts[d], local, size) for d in dims])]

    dims = range(len(size))
    return _assembled(size, wanted, [part(index) for index in indices], None, what)


def _starts(slices: Sequence[slice], size: int) -> list[int]:
    """Where the parts begin that this process has, along one axis."""
    return sorted({s.indices(size)[0] for s in slices})


def _mine(index: Index, d: int, starts: list[int], length: int, local: Shape, size: Shape) -> slice:
    """A slice of the whole array as one of this process' data."""
    if local[d] == size[d]:
        return index[d]
    at = starts.index(index[d].indices(size[d])[0]) * length
    return slice(at, at + length)


def _global_shape(sharding: Sharding, local: Shape) -> Shape:
    """The whole shape, where each process has its own parts along every axis that is divided."""
    ndim = len(local)
    one = sharding.tiles(ndim) if isinstance(sharding, NamedSharding) else (1,) * ndim
    indices = sharding.addressable_devices_indices_map(one).values()
    counts = [len(_starts([index[d] for index in indices], n)) for d, n in enumerate(one)]
    return tuple([n * t // c for n, t, c in zip(local, one, counts, strict=True)])


def _sharding(value: Any, what: str) -> Sharding:
    found = given(value, what)
    if found is None:
        raise TypeError(f"{what}: wants a sharding, got {value!r}")
    return found


def _check_divided(sharding: Sharding, shape: Shape, what: str) -> None:
    place = place_of(sharding)
    if place.sharding is not None:
        place.sharding.check(shape, what)


def _assembled(
    shape: Shape, sharding: Sharding, parts: Sequence[Any], dtype: Any, what: str
) -> Any:
    arrays = [argument(p, what) for p in parts]
    if dtype is not None:
        arrays = [_as(a, dtypes.canonicalize_dtype(dtype)) for a in arrays]
    place: Any = place_of(sharding)
    if not arrays:
        return place.assemble([], ShapedArray(shape, _named(dtype, sharding, what)))
    found = get_aval(arrays[0])
    part = sharding.shard_shape(shape)
    for a in arrays:
        aval = get_aval(a)
        if aval.shape != part or aval.dtype != found.dtype:
            raise ValueError(
                f"{what}: each part must be of shape {part} and dtype {found.dtype}, got"
                f" {type_name(aval)}"
            )
    if sharding_of(place).num_devices == 1:
        return place.put(arrays[0], True)
    return place.assemble(arrays, ShapedArray(shape, found.dtype))


def _named(dtype: Any, sharding: Sharding, what: str) -> Any:
    """The dtype of an array of which this process has no part."""
    if dtype is None:
        raise ValueError(f"{what}: no part of {sharding} is in this process, so it needs a dtype")
    return dtypes.canonicalize_dtype(dtype)


def _as(x: Any, dtype: Any) -> Any:
    if x.dtype == dtype:
        return x
    return ArrayImpl(as_array(x)._npy.astype(dtype), False)
