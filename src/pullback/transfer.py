"""Moving pytrees between NumPy, arrays and devices, and waiting for results."""

from copy import copy
from typing import Any

import numpy as np

from . import dtypes, tree
from ._native import ArrayImpl, DeviceArray
from .backends.devices import resolve
from .core.trace import EvalTrace, current_trace, get_aval
from .core.transfers import explicit
from .primitives.device_put import device_put as move
from .transforms.flat import argument


def device_put(
    x: Any,
    device: Any = None,
    *,
    src: Any = None,
    donate: bool = False,
    may_alias: bool | None = None,
) -> Any:
    """The pytree `x` with every leaf an array on a device.

    Args:
      x: pytree of arrays, NumPy arrays and numbers.
      device: one of `devices()`, the name of a platform, a sharding (or, under `set_mesh`, a
        `PartitionSpec`), or a pytree of them that is a prefix of `x`. Arrays put on devices other
        than the host are committed to them: operations on them run there, and other operands
        come to it. None: arrays stay where they are, others go to the default device.
      src, donate: accepted; have no effect.
      may_alias: False: the result has memory of its own.

    Inside jit a sharding divides the value, as `with_sharding_constraint` does; a device changes
    nothing.

    Raises:
      ValueError: a dimension cannot be cut into as many equal parts as the sharding says;
        `may_alias` and `donate` are both asked for.

    >>> import pullback as pb
    >>> pb.device_put([1.0, 2])
    [Array(1., dtype=float32, weak_type=True), Array(2, dtype=int32, weak_type=True)]
    """
    if may_alias and donate:
        raise ValueError("device_put: may_alias and donate exclude each other")
    places = tree.broadcast_prefix(device, x, is_leaf=lambda d: d is None)
    leaves, structure = tree.flatten(x)
    moved = [_put(v, d) for v, d in zip(leaves, places, strict=True)]
    if may_alias is False:
        pairs = zip(leaves, moved, strict=True)
        moved = [copy(m) if m is v and _is_array(m) else m for v, m in pairs]
    return structure.unflatten(moved)


def _put(leaf: Any, device: Any) -> Any:
    value = argument(leaf, "device_put")
    chosen = resolve(device)
    if chosen is not None:
        if chosen.sharding is not None:
            chosen.sharding.check(get_aval(value).shape, "device_put")
        return move(value, chosen)
    trace = current_trace()
    elsewhere = isinstance(trace, EvalTrace) and type(value) is ArrayImpl and trace.device
    if not elsewhere:
        return value
    with explicit():
        return elsewhere.put(value, False)


def device_get(x: Any) -> Any:
    """The pytree `x` with every array a NumPy array. Typed keys stay as they are.

    >>> import pullback as pb
    >>> pb.device_get({"a": pb.numpy.ones(2)})
    {'a': array([1., 1.], dtype=float32)}
    """
    leaves, structure = tree.flatten(x)
    for leaf in leaves:
        if type(leaf) is DeviceArray:
            leaf.copy_to_host_async()
    with explicit():
        found = [np.asarray(leaf) if _has_numbers(leaf) else leaf for leaf in leaves]
    return structure.unflatten(found)


def block_until_ready(x: Any) -> Any:
    """The pytree `x`, once every array in it has been computed.

    >>> pb.block_until_ready({"a": pnp.ones(2)})
    {'a': Array([1., 1.], dtype=float32)}
    """
    for leaf in (x,) if _is_array(x) else tree.leaves(x):
        if _is_array(leaf):
            leaf.block_until_ready()
    return x


def _is_array(leaf: Any) -> bool:
    return type(leaf) in (ArrayImpl, DeviceArray)


def _has_numbers(leaf: Any) -> bool:
    return _is_array(leaf) and leaf.dtype not in dtypes.KEY_DTYPES


def copy_to_host_async(x: Any) -> Any:
    """The pytree `x`; its arrays on other devices start on their way to the host.

    >>> import pullback as pb
    >>> pb.copy_to_host_async([pb.numpy.ones(2)])
    [Array([1., 1.], dtype=float32)]
    """
    for leaf in tree.leaves(x):
        start = getattr(leaf, "copy_to_host_async", None)
        if start is not None:
            start()
    return x
