"""Windows of an array at computed places: their description, and how NumPy reaches them."""

import enum
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from ..core.aval import Shape
from ..core.parameters import parameter_type

Axes = tuple[int, ...]


@parameter_type
class GatherDimensionNumbers(NamedTuple):
    """How gather reads windows. The last axis of the indices holds the start of one window.

    offset_dims: the result's axes that run within windows.
    collapsed_slice_dims: the operand's axes where windows have size 1 and no axis in the result.
    start_index_map: the operand's axis that each column of the indices moves along.
    operand_batching_dims, start_indices_batching_dims: axes of both that run together.

    >>> axes = pb.lax.GatherDimensionNumbers(
    ...     offset_dims=(), collapsed_slice_dims=(0,), start_index_map=(0,)
    ... )
    >>> pb.lax.gather(pnp.array([5, 6, 7]), pnp.array([[2], [0]]), axes, slice_sizes=(1,))
    Array([7, 5], dtype=int32)
    """

    offset_dims: Axes
    collapsed_slice_dims: Axes
    start_index_map: Axes
    operand_batching_dims: Axes = ()
    start_indices_batching_dims: Axes = ()

    def of_scatter(self) -> "ScatterDimensionNumbers":
        """The numbers of the scatter that writes what this gather reads."""
        return ScatterDimensionNumbers(
            self.offset_dims,
            self.collapsed_slice_dims,
            self.start_index_map,
            self.operand_batching_dims,
            self.start_indices_batching_dims,
        )


@parameter_type
class ScatterDimensionNumbers(NamedTuple):
    """How scatter writes windows: the mirror of GatherDimensionNumbers, field by field.

    >>> axes = pb.lax.ScatterDimensionNumbers(
    ...     update_window_dims=(), inserted_window_dims=(0,), scatter_dims_to_operand_dims=(0,)
    ... )
    >>> pb.lax.scatter(pnp.zeros(3), pnp.array([[2]]), pnp.array([5.0]), axes)
    Array([0., 0., 5.], dtype=float32)
    """

    update_window_dims: Axes
    inserted_window_dims: Axes
    scatter_dims_to_operand_dims: Axes
    operand_batching_dims: Axes = ()
    scatter_indices_batching_dims: Axes = ()

    def of_gather(self) -> GatherDimensionNumbers:
        """The numbers of the gather that reads what this scatter writes."""
        return GatherDimensionNumbers(
            self.update_window_dims,
            self.inserted_window_dims,
            self.scatter_dims_to_operand_dims,
            self.operand_batching_dims,
            self.scatter_indices_batching_dims,
        )


@parameter_type
class GatherScatterMode(enum.Enum):
    """What happens to windows that do not lie within the array.

    CLIP moves them inside. FILL_OR_DROP reads a fill value and drops writes. PROMISE_IN_BOUNDS
    says that there are none.

    >>> pnp.zeros(2).at[5].set(1.0, mode=pb.lax.GatherScatterMode.FILL_OR_DROP)
    Array([0., 0.], dtype=float32)
    >>> pb.lax.GatherScatterMode.from_any("clip").name
    'CLIP'
    """

    CLIP = enum.auto()
    FILL_OR_DROP = enum.auto()
    PROMISE_IN_BOUNDS = enum.auto()

    @staticmethod
    def from_any(s: "str | GatherScatterMode | None") -> "GatherScatterMode":
        """The mode of a name: clip, fill, drop, promise_in_bounds; None means the default."""
        if isinstance(s, GatherScatterMode):
            return s
        if s not in _MODES:
            raise ValueError(
                f'Unknown gather mode "{s}": give one of {", ".join(m for m in _MODES if m)}'
            )
        return _MODES[s]

    def __str__(self) -> str:
        return f"GatherScatterMode.{self.name}"


_MODES: dict[str | None, GatherScatterMode] = {
    "clip": GatherScatterMode.CLIP,
    "fill": GatherScatterMode.FILL_OR_DROP,
    "drop": GatherScatterMode.FILL_OR_DROP,
    "promise_in_bounds": GatherScatterMode.PROMISE_IN_BOUNDS,
    None: GatherScatterMode.FILL_OR_DROP,
}


@dataclass(frozen=True, eq=False)
class Windows:
    """Windows of given sizes over an array of given shape. An axis that is indexed is `advanced`.

    In NumPy, x.transpose(perm)[index] then has the axes: batch axes of the indices, `advanced`
    axes that windows keep, and the other axes; `window_axes` are the latter two as axes of x.
    """

    shape: Shape
    sizes: Shape
    offset_dims: Axes
    mapped: Axes
    advanced: Axes
    columns: tuple[int | None, ...]
    batch_axes: tuple[int | None, ...]
    kept: tuple[bool, ...]
    perm: Axes
    rest: tuple[slice, ...]
    window_axes: Axes
    take_axis: int | None


@lru_cache(maxsize=4096)
def windows(numbers: GatherDimensionNumbers, shape: Shape, sizes: Shape) -> Windows:
    """The plan for windows of these sizes over an array of this shape."""
    mapped, batching = numbers.start_index_map, numbers.operand_batching_dims
    dropped = {*numbers.collapsed_slice_dims, *batching}
    advanced = tuple(
        d for d in range(len(shape)) if d in dropped or (d in mapped and sizes[d] != shape[d])
    )
    rest = tuple(d for d in range(len(shape)) if d not in advanced)
    kept = tuple(d not in dropped for d in advanced)
    return Windows(
        shape=shape,
        sizes=sizes,
        offset_dims=numbers.offset_dims,
        mapped=mapped,
        advanced=advanced,
        columns=tuple(mapped.index(d) if d in mapped else None for d in advanced),
        batch_axes=tuple(
            numbers.start_indices_batching_dims[batching.index(d)] if d in batching else None
            for d in advanced
        ),
        kept=kept,
        perm=advanced + rest,
        rest=tuple(slice(0, sizes[d]) for d in rest),
        window_axes=tuple(d for d, k in zip(advanced, kept, strict=True) if k) + rest,
        take_axis=_take_axis(numbers, shape, sizes),
    )


def _take_axis(numbers: GatherDimensionNumbers, shape: Shape, sizes: Shape) -> int | None:
    """The one indexed axis, where windows are whole slices of size 1 along it."""
    axes = numbers.start_index_map
    if len(axes) != 1 or numbers.collapsed_slice_dims != axes or numbers.operand_batching_dims:
        return None
    (axis,) = axes
    whole = all(d == axis or sizes[d] == shape[d] for d in range(len(shape)))
    return axis if whole and shape[axis] else None


@lru_cache(maxsize=4096)
def limits(w: Windows) -> np.ndarray:
    """The greatest start within the array along each mapped axis."""
    return np.array([w.shape[d] - w.sizes[d] for d in w.mapped], np.intp)


def clipped(indices: np.ndarray, w: Windows) -> np.ndarray:
    """Indices of windows moved within the array."""
    return np.minimum(np.maximum(indices, 0), limits(w))


def inside(indices: np.ndarray, w: Windows) -> np.ndarray:
    """Whether each index lies where its window is within the array."""
    return (indices >= 0) & (indices <= limits(w))


def as_signed(indices: np.ndarray) -> np.ndarray:
    """Indices as NumPy's index type; unsigned 64-bit ones beyond it are out of bounds anyway."""
    if indices.dtype == np.uint64:
        indices = np.minimum(indices, np.uint64(np.iinfo(np.intp).max))
    return indices.astype(np.intp)


def starts(indices: np.ndarray, w: Windows) -> list[np.ndarray]:
    """Where windows start along each advanced axis: one array over the batch axes for each."""
    batch = indices.shape[:-1]
    found = []
    for column, batch_axis in zip(w.columns, w.batch_axes, strict=True):
        if column is not None:
            found.append(indices[..., column])
        elif batch_axis is not None:
            along = (slice(None),) + (None,) * (len(batch) - 1 - batch_axis)
            found.append(np.broadcast_to(np.arange(batch[batch_axis])[along], batch))
        else:
            found.append(np.zeros(batch, np.intp))
    return found or [np.zeros(batch, np.intp)]


def index_of(found: list[np.ndarray], w: Windows) -> tuple[np.ndarray, ...]:
    """The index arrays of whole windows, from where they start."""
    kept = sum(w.kept)
    if not kept:
        return tuple(found)
    index, seen = [], 0
    for start, axis, is_kept in zip(found, w.advanced, w.kept, strict=True):
        start = start.reshape(start.shape + (1,) * kept)
        if is_kept:
            seen += 1
            start = start + np.arange(w.sizes[axis]).reshape((-1,) + (1,) * (kept - seen))
        index.append(start)
    return tuple(index)


def view(x: np.ndarray, w: Windows) -> np.ndarray:
    """x with its advanced axes in front and the others cut to the windows' sizes."""
    x = x.transpose(w.perm)
    if not w.advanced:
        return x[(None, *w.rest)]
    return x[(slice(None),) * len(w.advanced) + w.rest]


@lru_cache(maxsize=4096)
def result_perm(w: Windows, batch_ndim: int) -> Axes | None:
    """The permutation from NumPy's order of result axes to the one of offset_dims."""
    windows_in_order = iter(sorted(w.window_axes))
    batch = iter(range(batch_ndim))
    perm = tuple(
        batch_ndim + w.window_axes.index(next(windows_in_order))
        if axis in w.offset_dims
        else next(batch)
        for axis in range(batch_ndim + len(w.window_axes))
    )
    return None if perm == tuple(range(len(perm))) else perm


@lru_cache(maxsize=4096)
def taken_perm(w: Windows, batch_ndim: int) -> Axes | None:
    """The permutation from the axes of x.take(rows, axis) to those of offset_dims."""
    axis = w.take_axis
    assert axis is not None
    batch = iter(range(axis, axis + batch_ndim))
    inside = iter([*range(axis), *range(axis + batch_ndim, batch_ndim + len(w.shape) - 1)])
    ndim = batch_ndim + len(w.shape) - 1
    perm = tuple(next(inside) if d in w.offset_dims else next(batch) for d in range(ndim))
    return None if perm == tuple(range(ndim)) else perm


@lru_cache(maxsize=4096)
def updates_perm(w: Windows, batch_ndim: int) -> Axes | None:
    """The inverse of `result_perm`: from updates to NumPy's order of axes."""
    perm = result_perm(w, batch_ndim)
    return perm and tuple(int(axis) for axis in np.argsort(perm))


def shifted(axes: Any, front: Axes = ()) -> Axes:
    """The same axes after an axis is put in front of an array; `front` are added to them."""
    return (*front, *(axis + 1 for axis in axes))
