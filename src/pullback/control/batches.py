"""A function applied to slices, several at a time: what `lax.map` does with a batch size."""

import operator
from collections.abc import Callable
from typing import Any

from .. import tree
from ..core.trace import get_aval
from ..primitives.pieces import concatenate, slice
from ..primitives.shape import reshape
from ..transforms.flat import arguments
from ..transforms.vmap import vmap

Loop = Callable[[Callable[[Any], Any], Any], Any]


def in_batches(loop: Loop, f: Callable[[Any], Any], xs: Any, batch_size: int) -> Any:
    """`f` on batches of `batch_size` slices, looped over by `loop`, and on what remains."""
    size = operator.index(batch_size)
    if size <= 0:
        raise ValueError(f"map: batch_size must be positive, got {batch_size}")
    leaves, treedef = arguments(xs, "map")
    n = get_aval(leaves[0]).shape[0] if leaves else 0
    whole = n // size * size
    each = vmap(f)
    rest = treedef.unflatten([_rows(x, whole, n) for x in leaves])
    if whole == 0:
        return each(rest)
    batches = treedef.unflatten([_cut(x, whole, size) for x in leaves])
    done = tree.map(_joined, loop(each, batches))
    return done if whole == n else tree.map(_after, done, each(rest))


def _rows(x: Any, start: int, stop: int) -> Any:
    shape = get_aval(x).shape
    return slice(x, (start, *[0] * (len(shape) - 1)), (stop, *shape[1:]))


def _cut(x: Any, whole: int, size: int) -> Any:
    return reshape(_rows(x, 0, whole), (whole // size, size, *get_aval(x).shape[1:]))


def _joined(y: Any) -> Any:
    shape = get_aval(y).shape
    return reshape(y, (shape[0] * shape[1], *shape[2:]))


def _after(first: Any, rest: Any) -> Any:
    return concatenate([first, rest], 0)
