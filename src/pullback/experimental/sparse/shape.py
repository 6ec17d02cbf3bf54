"""BCOO arrays of other shapes: broadcast, reshaped, cut, reversed, joined; and their sums."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ... import lax
from ... import numpy as pnp
from ...transforms.vmap import vmap
from .bcoo import BCOO
from .form import Axes, beside, bounds, columns, inside, split
from .layout import bcoo_sum_duplicates, bcoo_update_layout, whole_batch, with_nse


def _kinds(mat: BCOO, axes: Sequence[Any]) -> tuple[list[Any], list[Any], list[Any]]:
    """What is said of all axes, by their kinds."""
    return split(axes, mat.n_batch, mat.n_sparse)


def bcoo_broadcast_in_dim(
    mat: BCOO, *, shape: Sequence[int], broadcast_dimensions: Axes, sharding: Any = None
) -> BCOO:
    """`lax.broadcast_in_dim` of a sparse array.

    New axes before the sparse ones are batch axes, those after them dense ones. Among the sparse
    axes new ones, and those that grow, must have size one: others would store more elements.

    >>> from pullback.experimental import sparse
    >>> sparse.bcoo_broadcast_in_dim(sparse.eye(2), shape=(3, 2, 2), broadcast_dimensions=(1, 2))
    BCOO(float32[3, 2, 2], nse=2, n_batch=1)
    """
    assert sharding is None
    dims = [int(d) for d in broadcast_dimensions]
    if len(dims) != mat.ndim or sorted(set(dims)) != dims:
        raise ValueError(f"bcoo_broadcast_in_dim: {dims} are no places for {mat.ndim} axes")
    batch, sparse, dense = _kinds(mat, dims)
    n_batch = min(sparse + dense, default=len(shape))
    first_dense = min(dense, default=len(shape))
    wanted = tuple(shape[n_batch:first_dense])
    if prod(wanted) != prod(mat._sparse_shape):
        raise NotImplementedError(
            f"bcoo_broadcast_in_dim: of sparse axes {mat._sparse_shape} to {wanted} stores more"
            " elements; make new axes batch axes, before the others"
        )
    tail = shape[first_dense:]
    data = lax.broadcast_in_dim(
        mat.data,
        (*_sizes(mat.data, batch, shape, n_batch), mat.nse, *tail),
        [*batch, n_batch, *(d - first_dense + n_batch + 1 for d in dense)],
    )
    head = _sizes(mat.indices, batch, shape, n_batch)
    indices = lax.broadcast_in_dim(
        mat.indices, (*head, mat.nse, mat.n_sparse), [*batch, n_batch, n_batch + 1]
    )
    at = {d - n_batch: k for k, d in enumerate(sparse)}
    zero = pnp.zeros((*head, mat.nse), indices.dtype)
    places = [indices[..., at[k]] if k in at else zero for k in range(len(wanted))]
    indices = pnp.stack(places, axis=-1) if places else indices
    return BCOO((data, indices), shape=shape)


def _sizes(part: Any, batch: Axes, shape: Sequence[int], n_batch: int) -> list[int]:
    """The batch axes of a part in the result: new ones have size one, shared by all."""
    sizes = [1] * n_batch
    for k, d in enumerate(batch):
        sizes[d] = part.shape[k]
    return sizes


def bcoo_concatenate(operands: Sequence[BCOO], *, dimension: int) -> BCOO:
    """`lax.concatenate` of sparse arrays with equally many axes of each kind, not along dense ones.

    >>> from pullback.experimental import sparse
    >>> sparse.bcoo_concatenate([sparse.eye(2), sparse.eye(2)], dimension=0)
    BCOO(float32[4, 2], nse=4)
    """
    mats = list(operands)
    if not mats or not all(isinstance(m, BCOO) for m in mats):
        raise ValueError(f"bcoo_concatenate: wants one BCOO or more, got {operands}")
    d, first = int(dimension), mats[0]
    others = {m.shape[:d] + m.shape[d + 1 :] for m in mats}
    if len(others) > 1 or not 0 <= d < first.ndim:
        shapes = [m.shape for m in mats]
        raise TypeError(f"bcoo_concatenate: shapes {shapes} do not fit along axis {d}")
    if len({m.n_dense for m in mats}) > 1:
        raise ValueError("bcoo_concatenate: the operands differ in the number of dense axes")
    n = min(m.n_batch for m in mats)
    mats = [bcoo_update_layout(m, n_batch=n) for m in mats]
    if d >= n + mats[0].n_sparse:
        raise NotImplementedError("bcoo_concatenate: along a dense axis; see bcoo_update_layout")
    total = sum(m.shape[d] for m in mats)
    shape = (*first.shape[:d], total, *first.shape[d + 1 :])
    parts = [(whole_batch(m.data, m.shape[:n]), whole_batch(m.indices, m.shape[:n])) for m in mats]
    if d < n:
        count = max(m.nse for m in mats)
        full = [BCOO(p, shape=m.shape) for p, m in zip(parts, mats, strict=True)]
        full = [with_nse(m, count) for m in full]
        data = pnp.concatenate([m.data for m in full], d)
        return BCOO((data, pnp.concatenate([m.indices for m in full], d)), shape=shape)
    starts = np.cumsum([0, *[m.shape[d] for m in mats]])
    moved = [
        _moved(i, m, d - n, int(start), bounds(shape[n : n + m.n_sparse], i))
        for (_, i), m, start in zip(parts, mats, starts[:-1], strict=True)
    ]
    data = pnp.concatenate([p for p, _ in parts], n)
    return BCOO((data, pnp.concatenate(moved, n)), shape=shape)


def _moved(indices: Any, mat: BCOO, axis: int, start: int, outside: Any) -> Any:
    """Places that begin later along an axis; those outside stay so."""
    shift = np.zeros(mat.n_sparse, indices.dtype)
    shift[axis] = start
    valid = inside(indices, mat._sparse_shape)[..., None]
    return pnp.where(valid, indices + shift, outside)


def bcoo_reshape(
    mat: BCOO,
    *,
    new_sizes: Sequence[int],
    dimensions: Axes | None = None,
    sharding: Any = None,
) -> BCOO:
    """`lax.reshape` of a sparse array, where batch, sparse and dense axes do not mix.

    >>> from pullback.experimental import sparse
    >>> sparse.bcoo_reshape(sparse.eye(2), new_sizes=(4,)).indices.tolist()
    [[0], [3]]
    """
    assert sharding is None
    if dimensions is not None:
        mat = mat.transpose(dimensions)
    sizes = [int(s) for s in new_sizes]
    if prod(sizes) != mat.size:
        raise TypeError(f"bcoo_reshape: {mat.shape} and {tuple(sizes)} differ in size")
    old = _kinds(mat, mat.shape)
    cuts = _cuts(sizes, prod(old[0]), prod(old[1]), mat.n_batch, mat.n_dense)
    if cuts is None:
        raise ValueError(
            f"bcoo_reshape: of {mat} to {tuple(sizes)} mixes batch, sparse and dense axes, of"
            f" which there are {mat.n_batch}, {mat.n_sparse} and {mat.n_dense}"
        )
    batch, sparse, dense = sizes[: cuts[0]], sizes[cuts[0] : cuts[1]], sizes[cuts[1] :]
    data, indices = mat.data, mat.indices
    if old[0] != batch:
        data, indices = (whole_batch(p, old[0]) for p in (data, indices))
        indices = indices.reshape((*batch, *indices.shape[mat.n_batch :]))
        data = data.reshape((*batch, *data.shape[mat.n_batch :]))
    data = data.reshape((*data.shape[: len(batch) + 1], *dense))
    if old[1] != sparse:
        indices = _replaced(indices, old[1], sparse)
    return BCOO((data, indices), shape=sizes)


def _cuts(
    sizes: Sequence[int], batch: int, sparse: int, n_batch: int, n_dense: int
) -> tuple[int, int] | None:
    """Where the sparse and the dense axes begin among new sizes, or None.

    Sizes of one belong to the sparse axes, but where there are batch or dense axes to hold them.
    """
    ends = np.cumprod([1, *sizes])
    starts = [k for k in range(len(sizes) + 1) if ends[k] == batch]
    if not starts:
        return None
    first = starts[-1] if n_batch else starts[0]
    stops = [k for k in range(first, len(sizes) + 1) if ends[k] == batch * sparse]
    if not stops:
        return None
    return first, stops[0] if n_dense else len(sizes)


def _replaced(indices: Any, old: Sequence[int], new: Sequence[int]) -> Any:
    """Places of elements counted in order as they are in another shape."""
    valid = inside(indices, old)[..., None]
    flat = pnp.zeros(indices.shape[:-1], indices.dtype)
    for size, column in zip(old, columns(indices), strict=True):
        flat = flat * size + column
    places: list[Any] = []
    for size in reversed(new):
        places.insert(0, flat % max(size, 1))
        flat = flat // max(size, 1)
    if not places:
        return pnp.zeros((*indices.shape[:-1], 0), indices.dtype)
    return pnp.where(valid, pnp.stack(places, axis=-1), bounds(new, indices))


def bcoo_rev(operand: BCOO, dimensions: Axes) -> BCOO:
    """`lax.rev` of a sparse array.

    >>> from pullback.experimental import sparse
    >>> sparse.bcoo_rev(sparse.eye(2), dimensions=(0,)).todense().tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    flip = {int(d) for d in dimensions}
    if not all(0 <= d < operand.ndim for d in flip):
        raise TypeError(f"bcoo_rev: {tuple(dimensions)} are no axes of {operand}")
    mat = operand
    batch, sparse, dense = _kinds(mat, range(mat.ndim))
    data = lax.rev(
        mat.data,
        [*(d for d in batch if d in flip), *(d - mat.n_sparse + 1 for d in dense if d in flip)],
    )
    indices = lax.rev(mat.indices, [d for d in batch if d in flip])
    shape = bounds(mat._sparse_shape, indices)
    turned = np.array([d in flip for d in sparse], bool)
    valid = inside(indices, mat._sparse_shape)[..., None]
    indices = pnp.where(valid & turned, shape - 1 - indices, indices)
    return BCOO((data, indices), shape=mat.shape)


def bcoo_squeeze(arr: BCOO, *, dimensions: Axes) -> BCOO:
    """`lax.squeeze` of a sparse array.

    >>> from pullback.experimental import sparse
    >>> sparse.bcoo_squeeze(sparse.empty((1, 3)), dimensions=(0,))
    BCOO(float32[3], nse=0)
    """
    gone = {int(d) % arr.ndim for d in dimensions}
    if any(arr.shape[d] != 1 for d in gone):
        raise ValueError(f"bcoo_squeeze: axes {tuple(dimensions)} of {arr} are not all of size one")
    batch, sparse, dense = _kinds(arr, range(arr.ndim))
    less = [d for d in batch if d in gone]
    valid = inside(arr.indices, arr._sparse_shape)
    data = pnp.where(beside(valid, arr.data), arr.data, 0)
    data = lax.squeeze(data, [*less, *(d - arr.n_sparse + 1 for d in dense if d in gone)])
    kept = np.array([k for k, d in enumerate(sparse) if d not in gone], int)
    indices = lax.squeeze(arr.indices[..., kept], less)
    shape = [s for d, s in enumerate(arr.shape) if d not in gone]
    return BCOO(
        (data, indices),
        shape=shape,
        indices_sorted=arr.indices_sorted,
        unique_indices=arr.unique_indices,
    )


def bcoo_slice(
    mat: BCOO,
    *,
    start_indices: Sequence[int],
    limit_indices: Sequence[int],
    strides: Sequence[int] | None = None,
) -> BCOO:
    """`lax.slice` of a sparse array.

    >>> from pullback.experimental import sparse
    >>> sparse.bcoo_slice(sparse.eye(3), start_indices=(1, 0), limit_indices=(3, 2)).todense()
    Array([[0., 1.],
           [0., 0.]], dtype=float32)
    """
    cuts = list(zip(start_indices, limit_indices, strides or [1] * mat.ndim, strict=True))
    if len(cuts) != mat.ndim or any(
        not (0 <= a <= b <= size and step > 0)
        for (a, b, step), size in zip(cuts, mat.shape, strict=False)
    ):
        raise ValueError(
            f"bcoo_slice: starts {tuple(start_indices)}, limits {tuple(limit_indices)} and strides"
            f" {strides} do not fit {mat}"
        )
    taken = [slice(a, b, step) for a, b, step in cuts]
    shape = [len(range(a, b, step)) for a, b, step in cuts]
    batch, sparse, dense = _kinds(mat, taken)
    data = mat.data[(*_shared(mat.data, mat, batch), slice(None), *dense)]
    indices = mat.indices[tuple(_shared(mat.indices, mat, batch))]
    if not mat.n_sparse:
        return BCOO((data, indices), shape=shape)
    starts, limits, steps = (
        np.array([getattr(s, name) for s in sparse], indices.dtype)
        for name in ("start", "stop", "step")
    )
    off = indices - starts
    keep = ((off >= 0) & (indices < limits) & (off % steps == 0)).all(-1)
    return _kept(data, off // steps, keep, shape, mat)


def _shared(part: Any, mat: BCOO, batch: Sequence[slice]) -> list[slice]:
    """Slices of a part's batch axes; what all elements share is left as it is."""
    whole = slice(None)
    return [s if part.shape[k] == mat.shape[k] else whole for k, s in enumerate(batch)]


def _kept(data: Any, places: Any, keep: Any, shape: Sequence[int], mat: BCOO) -> BCOO:
    """The elements that are kept; not more than there are places."""
    n = mat.n_batch
    outside = bounds(shape[n : n + mat.n_sparse], places)
    data = pnp.where(beside(keep, data), data, 0)
    made = BCOO((data, pnp.where(keep[..., None], places, outside)), shape=shape)
    room = prod(made._sparse_shape)
    return bcoo_sum_duplicates(made, nse=room) if made.nse > room else made


def bcoo_dynamic_slice(mat: BCOO, start_indices: Sequence[Any], slice_sizes: Sequence[int]) -> BCOO:
    """`lax.dynamic_slice` of a sparse array: starts may be values of a program.

    >>> from pullback.experimental import sparse
    >>> sparse.bcoo_dynamic_slice(sparse.eye(3), (1, 1), (2, 1)).todense().tolist()
    [[1.0], [0.0]]
    """
    sizes = [int(s) for s in slice_sizes]
    fits = len(start_indices) == len(sizes) == mat.ndim
    if not fits or any(not 0 <= s <= whole for s, whole in zip(sizes, mat.shape, strict=True)):
        raise TypeError(f"bcoo_dynamic_slice: slice_sizes {tuple(sizes)} do not fit {mat}")
    starts = [
        _clamped(a, size, whole)
        for a, size, whole in zip(start_indices, sizes, mat.shape, strict=True)
    ]
    batch, sparse, dense = _kinds(mat, list(zip(starts, sizes, strict=True)))
    every = (0, mat.nse)
    data = _cut(mat.data, [*_batch_cuts(mat.data, mat, batch), every, *dense])
    indices = _cut(mat.indices, [*_batch_cuts(mat.indices, mat, batch), every, (0, mat.n_sparse)])
    if not mat.n_sparse:
        return BCOO((data, indices), shape=sizes)
    off = indices - pnp.stack([pnp.asarray(a, indices.dtype) for a, _ in sparse])
    keep = ((off >= 0) & (off < bounds([s for _, s in sparse], indices))).all(-1)
    return _kept(data, off, keep, sizes, mat)


def _clamped(start: Any, size: int, whole: int) -> Any:
    """A start that the slice fits; from the end if it is negative."""
    return pnp.clip(pnp.where(start < 0, start + whole, start), 0, whole - size)


def _batch_cuts(part: Any, mat: BCOO, batch: Sequence[Any]) -> list[tuple[Any, int]]:
    """Cuts of a part's batch axes; what all elements share is left as it is."""
    return [c if part.shape[k] == mat.shape[k] else (0, 1) for k, c in enumerate(batch)]


def _cut(x: Any, cuts: Sequence[tuple[Any, int]]) -> Any:
    return lax.dynamic_slice(x, [a for a, _ in cuts], [s for _, s in cuts])


def bcoo_reduce_sum(mat: BCOO, *, axes: Axes) -> BCOO:
    """The sum along some axes, as a sparse array.

    >>> from pullback.experimental import sparse
    >>> sparse.bcoo_reduce_sum(sparse.eye(3), axes=(0,)).todense()
    Array([1., 1., 1.], dtype=float32)
    """
    gone = {int(a) for a in axes}
    if not all(0 <= a < mat.ndim for a in gone):
        raise ValueError(f"bcoo_reduce_sum: {tuple(axes)} are no axes of {mat}")
    batch, sparse, dense = _kinds(mat, range(mat.ndim))
    order = [*(d for d in batch if d not in gone), *(d for d in batch if d in gone)]
    moved = mat.transpose([*order, *sparse, *dense])
    moved = bcoo_update_layout(moved, n_batch=sum(d not in gone for d in batch))
    data = moved.data.sum(tuple(d - mat.ndim for d in dense if d in gone))
    data = pnp.where(beside(inside(moved.indices, moved._sparse_shape), data), data, 0)
    new = moved.n_sparse - mat.n_sparse  # batch axes that are summed come first
    kept = np.array([new + k for k, d in enumerate(sparse) if d not in gone], int)
    shape = [s for d, s in enumerate(mat.shape) if d not in gone]
    return BCOO((data, moved.indices[..., kept]), shape=shape)


def bcoo_gather(
    operand: BCOO,
    start_indices: Any,
    dimension_numbers: Any,
    slice_sizes: Sequence[int],
    *,
    unique_indices: bool = False,
    indices_are_sorted: bool = False,
    mode: Any = None,
    fill_value: Any = None,
) -> BCOO:
    """`lax.gather` of a sparse array; starts outside are clamped, so that slices lie within it.

    Args:
      operand: sparse array.
      start_indices, dimension_numbers, slice_sizes: as for `lax.gather`.
      unique_indices, indices_are_sorted, fill_value: have no effect.
      mode: "clip" or "promise_in_bounds"; others are not there.

    >>> from pullback.experimental import sparse
    >>> axes = pb.lax.GatherDimensionNumbers((0,), (), (0,))
    >>> x = sparse.BCOO.fromdense(pnp.array([0.0, 5.0, 0.0]))
    >>> sparse.bcoo_gather(x, pnp.array([1]), axes, (2,)).todense()
    Array([5., 0.], dtype=float32)
    """
    parsed = lax.GatherScatterMode.from_any(mode or "clip")
    known = (lax.GatherScatterMode.CLIP, lax.GatherScatterMode.PROMISE_IN_BOUNDS)
    numbers = dimension_numbers
    if parsed not in known or numbers.operand_batching_dims:
        raise NotImplementedError(
            f"bcoo_gather: mode {parsed} and operand_batching_dims"
            f" {numbers.operand_batching_dims} are not there; take mode='clip'"
        )
    starts = pnp.asarray(start_indices)
    batch = starts.shape[:-1]

    def one(start: Any) -> BCOO:
        first: list[Any] = [0] * operand.ndim
        for k, axis in enumerate(numbers.start_index_map):
            first[axis] = start[k]
        part = bcoo_dynamic_slice(operand, first, slice_sizes)
        return bcoo_squeeze(part, dimensions=numbers.collapsed_slice_dims)

    parts = vmap(one)(starts.reshape((prod(batch), starts.shape[-1])))
    rest = parts.shape[1:]
    parts = bcoo_reshape(parts, new_sizes=(*batch, *rest))
    rank = len(batch) + len(rest)
    order: list[int] = []
    heads, offsets = iter(range(len(batch))), iter(range(len(batch), rank))
    for axis in range(rank):
        order.append(next(offsets if axis in numbers.offset_dims else heads))
    if order != list(range(rank)):
        parts = bcoo_update_layout(parts, n_batch=0)
    return parts.transpose(order)
