"""Values that are to be divided among devices in the same way."""

from typing import Any

from .. import tree
from ..core.aval import type_name
from ..core.trace import get_aval
from ..transforms.flat import argument

__all__ = ["shard_alike"]


def shard_alike(x: Any, y: Any) -> tuple[Any, Any]:
    """The pytrees `x` and `y`, a wish that they be divided alike.

    The partitioner decides; `with_sharding_constraint` says how a value is divided.

    Args:
      x, y: pytrees of the same structure, of arrays of the same shapes.

    Raises:
      ValueError: the structures or the shapes differ.

    >>> from pullback.experimental.shard_alike import shard_alike
    >>> shard_alike(pnp.zeros(2), pnp.ones(2))
    (Array([0., 0.], dtype=float32), Array([1., 1.], dtype=float32))
    """
    (xs, structure), (ys, other) = tree.flatten(x), tree.flatten(y)
    if structure != other:
        raise ValueError(f"shard_alike: x and y have different structures: {structure}, {other}")
    xs, ys = ([argument(leaf, "shard_alike") for leaf in leaves] for leaves in (xs, ys))
    for a, b in zip(map(get_aval, xs), map(get_aval, ys), strict=True):
        if a.shape != b.shape:
            raise ValueError(
                "shard_alike: the shapes of x and y must agree, got"
                f" {type_name(a)} and {type_name(b)}"
            )
    return structure.unflatten(xs), structure.unflatten(ys)
