"""Reads and changes at indices, made of gather and scatter: index_take, scatter_apply."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..control.loop import while_loop
from ..core.trace import get_aval
from ..numpy.values import as_array
from ..primitives import elementwise as ew
from ..primitives import gather as _gather
from ..primitives import pieces, reduce, scatter, shape
from ..primitives.index import GatherDimensionNumbers, GatherScatterMode, ScatterDimensionNumbers
from ..transforms.vmap import vmap


def index_take(src: Any, idxs: Sequence[Any], axes: Sequence[int]) -> Any:
    """The elements of some axes at vectors of indices; negative ones count from the end.

    >>> import pullback as pb
    >>> x = pb.numpy.arange(6).reshape(2, 3)
    >>> pb.lax.index_take(x, (pb.numpy.array([0, 1]), pb.numpy.array([2, -1])), (0, 1))
    Array([2, 5], dtype=int32)
    """
    x = as_array("index_take", src)
    columns = [as_array("index_take", i) for i in idxs]
    wrapped = [_wrapped(i, x.shape[a]) for i, a in zip(columns, axes, strict=True)]
    indices = pieces.concatenate([shape.expand_dims(i, (1,)) for i in wrapped], 1)
    numbers = GatherDimensionNumbers(
        offset_dims=tuple(range(1, x.ndim - len(axes) + 1)),
        collapsed_slice_dims=tuple(axes),
        start_index_map=tuple(axes),
    )
    sizes = tuple(1 if a in axes else n for a, n in enumerate(x.shape))
    return _gather.gather(x, indices, numbers, sizes)


def _wrapped(indices: Any, size: int) -> Any:
    remainder = ew.rem(indices, size)
    return ew.select(ew.lt(remainder, 0), ew.add(remainder, size), remainder)


def scatter_apply(
    operand: Any,
    scatter_indices: Any,
    func: Callable[[Any], Any],
    dimension_numbers: ScatterDimensionNumbers,
    *,
    update_shape: Sequence[int] = (),
    indices_are_sorted: bool = False,
    unique_indices: bool = False,
    mode: str | GatherScatterMode | None = None,
) -> Any:
    """The array with a function of scalars applied to windows; twice where two windows meet.

    Args:
      operand, scatter_indices, dimension_numbers, indices_are_sorted, unique_indices, mode: as in
        `scatter`.
      func: function of a scalar.
      update_shape: the shape that updates of these windows would have.

    >>> axes = pb.lax.ScatterDimensionNumbers((), (0,), (0,))
    >>> at = pnp.array([[3]])
    >>> pb.lax.scatter_apply(pnp.arange(4.0), at, pnp.square, axes, update_shape=(1,))
    Array([0., 1., 2., 9.], dtype=float32)
    """
    x = as_array("scatter_apply", operand)
    hits = scatter.scatter_add(
        shape.full(x.shape, 0, np.int32),
        as_array("scatter_apply", scatter_indices),
        shape.full(tuple(update_shape), 1, np.int32),
        dimension_numbers,
        indices_are_sorted=indices_are_sorted,
        unique_indices=unique_indices,
        mode=mode,
    )
    if unique_indices:
        return _applied(func, x, hits, np.int32(0))
    most = reduce.reduce_max(hits, tuple(range(x.ndim)))

    def step(state: Any) -> Any:
        done, y = state
        return ew.add(done, 1), _applied(func, y, hits, done)

    return while_loop(lambda state: ew.lt(state[0], most), step, (np.int32(0), x))[1]


def _applied(func: Callable[[Any], Any], x: Any, hits: Any, done: Any) -> Any:
    """The function of each element that is hit more than `done` times."""
    if not get_aval(x).size:
        return x
    flat = vmap(func)(shape.reshape(x, (get_aval(x).size,)))
    return ew.select(ew.gt(hits, done), shape.reshape(flat, x.shape), x)
