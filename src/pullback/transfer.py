"""Moving pytrees between NumPy and arrays, and waiting for results."""

from typing import Any

import numpy as np

from . import tree
from ._native import ArrayImpl
from .transforms.flat import argument


def device_put(x: Any, device: Any = None, *, donate: bool = False, may_alias: Any = None) -> Any:
    """The pytree `x` with every leaf an array on the CPU.

    Args:
      x: pytree of arrays, NumPy arrays and numbers.
      device: must be None: the CPU is the only device.
      donate, may_alias: accepted; have no effect.

    >>> import pullback as pb
    >>> pb.device_put([1.0, 2])
    [Array(1., dtype=float32, weak_type=True), Array(2, dtype=int32, weak_type=True)]
    """
    if device is not None:
        raise NotImplementedError(f"device_put: the CPU is the only device, got {device!r}")
    return tree.map(lambda leaf: argument(leaf, "device_put"), x)


def device_get(x: Any) -> Any:
    """The pytree `x` with every array a NumPy array.

    >>> import pullback as pb
    >>> pb.device_get({"a": pb.numpy.ones(2)})
    {'a': array([1., 1.], dtype=float32)}
    """
    return tree.map(lambda leaf: np.asarray(leaf) if isinstance(leaf, ArrayImpl) else leaf, x)


def block_until_ready(x: Any) -> Any:
    """The pytree `x`, once every array in it has been computed."""
    for leaf in tree.leaves(x):
        if isinstance(leaf, ArrayImpl):
            leaf.block_until_ready()
    return x
