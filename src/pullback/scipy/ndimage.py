"""Images at places between their elements."""

from collections.abc import Callable, Sequence
from functools import partial, reduce
from itertools import product
from operator import and_, mul
from typing import Any

from .. import dtypes
from .. import numpy as pnp
from ..jit import jit
from ..numpy.values import as_array, convert


def _mirror(index: Any, size: int) -> Any:
    """Back and forth between the centers of the first and the last element."""
    last = size - 1
    return pnp.abs((index + last) % max(2 * last, 1) - last)


def _reflect(index: Any, size: int) -> Any:
    """Back and forth between the outer edges of the first and the last element."""
    return pnp.floor_divide(_mirror(2 * index + 1, 2 * size + 1) - 1, 2)


# Where an index that lies outside leads, by mode.
INDEX: dict[str, Callable[[Any, int], Any]] = {
    "constant": lambda index, size: index,
    "nearest": lambda index, size: pnp.clip(index, 0, size - 1),
    "wrap": lambda index, size: index % size,
    "mirror": _mirror,
    "reflect": _reflect,
}


def _whole(x: Any) -> Any:
    """The nearest integer, away from zero in the middle."""
    if not dtypes.is_float(x.dtype):
        return x
    return pnp.where(pnp.abs(x % 1) == 0.5, x + pnp.sign(x) * 0.5, pnp.round(x))


def _nearest(c: Any) -> list[tuple[Any, Any]]:
    return [(_whole(c).astype("int32"), c.dtype.type(1))]


def _linear(c: Any) -> list[tuple[Any, Any]]:
    below = pnp.floor(c)
    index, part = below.astype("int32"), c - below
    return [(index, 1 - part), (index + 1, part)]


# The neighbors of a coordinate and their weights, by order.
NEIGHBORS = {0: _nearest, 1: _linear}


@partial(jit, static_argnames=("order", "mode"))
def _map(image: Any, coordinates: list[Any], cval: Any, order: int, mode: str) -> Any:
    axes = [
        [(INDEX[mode](i, size), (i >= 0) & (i < size), w) for i, w in NEIGHBORS[order](c)]
        for c, size in zip(coordinates, image.shape, strict=True)
    ]
    parts = []
    for corner in product(*axes):
        indices, inside, weights = zip(*corner, strict=True)
        values = image.at[indices].get(mode="clip")
        if mode == "constant":
            values = pnp.where(reduce(and_, inside), values, cval)
        parts.append(reduce(mul, weights) * values)
    out = sum(parts[1:], parts[0])
    whole = not dtypes.is_float(image.dtype)
    return convert(_whole(out) if whole else out, image.dtype)


def map_coordinates(
    input: Any, coordinates: Sequence[Any], order: int, mode: str = "constant", cval: Any = 0.0
) -> Any:
    """The values of an array at coordinates, one array for each of its axes.

    `order` 0 takes the nearest element, 1 interpolates linearly. `mode` tells what lies outside:
    "constant" (`cval`), "nearest", "wrap", "mirror" (about centers), "reflect" (about edges).

    >>> import pullback as pb
    >>> image = pb.numpy.array([0.0, 2.0])
    >>> float(pb.scipy.ndimage.map_coordinates(image, [pb.numpy.array(0.5)], 1))
    1.0
    """
    image = as_array("map_coordinates", input)
    places = [as_array("map_coordinates", c) for c in coordinates]
    if len(places) != image.ndim:
        raise ValueError(
            "map_coordinates: coordinates must be a sequence of length input.ndim, but"
            f" {len(places)} != {image.ndim}"
        )
    if mode not in INDEX:
        raise NotImplementedError(
            f"map_coordinates does not support mode {mode}: give one of {list(INDEX)}"
        )
    if order not in NEIGHBORS:
        raise NotImplementedError(f"map_coordinates requires order 0 or 1, got {order}")
    return _map(image, places, pnp.asarray(cval, image.dtype), order=order, mode=mode)


__all__ = ["map_coordinates"]
