"""How a BCOO's elements are stored: in order, once a place, and which axes are of which kind."""

import warnings
from collections.abc import Sequence
from math import prod
from typing import Any

from ... import numpy as pnp
from .bcoo import BCOO, grouped
from .form import (
    SparseEfficiencyError,
    SparseEfficiencyWarning,
    beside,
    bounds,
    inside,
    lift,
    static,
)


def bcoo_sort_indices(mat: BCOO) -> BCOO:
    """The array with its stored elements in the order of their places.

    >>> from pullback.experimental import sparse
    >>> m = sparse.BCOO((pnp.array([1, 2]), pnp.array([[1], [0]])), shape=(3,))
    >>> sparse.bcoo_sort_indices(m).data
    Array([2, 1], dtype=int32)
    """

    def one(data: Any, indices: Any) -> Any:
        order, _, places = grouped(indices)
        return data[order], places

    parts = lift(one, mat.n_batch)(mat.data, mat.indices)
    return BCOO(parts, shape=mat.shape, indices_sorted=True, unique_indices=mat.unique_indices)


def bcoo_sum_duplicates(mat: BCOO, nse: int | None = None) -> BCOO:
    """The array with its places in order, each once.

    Args:
      mat: sparse array.
      nse: how many elements to store; by default as many as are needed, for which the indices must
        be known, so inside `jit` it has to be given. Too few leave out the last ones.

    >>> from pullback.experimental import sparse
    >>> m = sparse.BCOO((pnp.array([1, 2]), pnp.array([[1], [1]])), shape=(3,))
    >>> sparse.bcoo_sum_duplicates(m).data
    Array([3], dtype=int32)
    """
    shape = mat._sparse_shape
    count = _needed(mat) if nse is None else static(nse, "bcoo_sum_duplicates")

    def one(data: Any, indices: Any) -> Any:
        indices = pnp.where(inside(indices, shape)[:, None], indices, bounds(shape, indices))
        order, new, places = grouped(indices)
        group = pnp.cumsum(new) - 1
        outside = pnp.broadcast_to(bounds(shape, indices), (count, len(shape)))
        summed = pnp.zeros((count, *data.shape[1:]), data.dtype)
        return (
            summed.at[group].add(data[order], mode="drop"),
            outside.at[group].set(places, mode="drop"),
        )

    parts = lift(one, mat.n_batch)(mat.data, mat.indices)
    return BCOO(parts, shape=mat.shape, indices_sorted=True, unique_indices=True)


def _needed(mat: BCOO) -> int:
    """How many places within the array occur, in the batch where they are most."""
    if not mat.n_sparse:
        return 1
    if not mat.nse:
        return 0

    def one(indices: Any) -> Any:
        _, new, places = grouped(indices)
        return (new & inside(places, mat._sparse_shape)).sum()

    return static(lift(one, mat.n_batch)(mat.indices).max(), "bcoo_sum_duplicates")


def bcoo_eliminate_zeros(mat: BCOO, nse: int | None = None) -> BCOO:
    """As `bcoo_sum_duplicates`, and without stored zeros. It has no derivative in those."""
    n = mat.n_batch
    zero = (mat.data == 0).all(tuple(range(n + 1, mat.data.ndim)))
    shared = tuple(k for k in range(n) if mat.indices.shape[k] == 1)
    zero = zero.all(shared, keepdims=True)
    indices = pnp.where(zero[..., None], bounds(mat._sparse_shape, mat.indices), mat.indices)
    return bcoo_sum_duplicates(BCOO((mat.data, indices), shape=mat.shape), nse=nse)


def with_nse(mat: BCOO, nse: int) -> BCOO:
    """The array with room for more elements."""
    assert nse >= mat.nse
    more, n = nse - mat.nse, mat.n_batch
    data, indices = mat.data, mat.indices
    empty = pnp.zeros((*data.shape[:n], more, *data.shape[n + 1 :]), data.dtype)
    outside = pnp.broadcast_to(
        bounds(mat._sparse_shape, indices), (*indices.shape[:n], more, mat.n_sparse)
    )
    parts = pnp.concatenate([data, empty], n), pnp.concatenate([indices, outside], n)
    return BCOO(parts, **mat._info._asdict())


def bcoo_update_layout(
    mat: BCOO,
    *,
    n_batch: int | None = None,
    n_dense: int | None = None,
    on_inefficient: str | None = "error",
) -> BCOO:
    """The array with other numbers of batch and dense axes.

    Args:
      mat: sparse array.
      n_batch, n_dense: the numbers wanted; by default as they are.
      on_inefficient: what to do where sparse axes longer than one become batch or dense axes, which
        stores many zeros: "error", "warn" or None.

    >>> from pullback.experimental import sparse
    >>> sparse.bcoo_update_layout(sparse.eye(3, n_batch=1), n_batch=0)
    BCOO(float32[3, 3], nse=3)
    """
    batch = mat.n_batch if n_batch is None else int(n_batch)
    dense = mat.n_dense if n_dense is None else int(n_dense)
    if on_inefficient not in ("error", "warn", None):
        raise ValueError(
            f"bcoo_update_layout: on_inefficient must be 'error', 'warn' or None, got"
            f" {on_inefficient!r}"
        )
    if batch < 0 or dense < 0 or batch + dense > mat.ndim:
        raise ValueError(
            f"bcoo_update_layout: n_batch={batch}, n_dense={dense} do not fit {mat.ndim} axes"
        )
    if (batch, dense) == (mat.n_batch, mat.n_dense):
        return mat
    grown = (*mat.shape[mat.n_batch : batch], *mat.shape[mat.ndim - dense : mat.ndim - mat.n_dense])
    if any(s > 1 for s in grown):
        _inefficient(mat, batch, dense, on_inefficient)
    data, indices = mat.data, mat.indices
    for k in range(mat.n_batch, batch, -1):
        data, indices = _batch_to_sparse(data, indices, mat.shape[:k])
    for _ in range(mat.n_dense - dense):
        data, indices = _dense_to_sparse(data, indices, min(batch, mat.n_batch))
    for k in range(mat.n_batch, batch):
        data, indices = _sparse_to_batch(data, indices, k, mat.shape[k])
    for k in range(mat.n_dense, dense):
        data, indices = _sparse_to_dense(data, indices, mat.shape[mat.ndim - 1 - k])
    return BCOO((data, indices), shape=mat.shape)


def _inefficient(mat: BCOO, batch: int, dense: int, action: str | None) -> None:
    said = (
        f"bcoo_update_layout: of {mat} with {mat.n_batch} batch and {mat.n_dense} dense axes, an"
        f" array with {batch} and {dense} stores many zeros; pass on_inefficient=None if it may"
    )
    if action == "error":
        raise SparseEfficiencyError(said)
    if action == "warn":
        warnings.warn(said, SparseEfficiencyWarning, stacklevel=3)


def whole_batch(part: Any, shape: Sequence[int], start: int = 0) -> Any:
    """Batch axes from `start` on in full, where they were of size one."""
    n = len(shape)
    wanted = (*part.shape[:start], *shape[start:], *part.shape[n:])
    return part if part.shape == wanted else pnp.broadcast_to(part, wanted)


def _batch_to_sparse(data: Any, indices: Any, batch: Sequence[int]) -> tuple[Any, Any]:
    """The last batch axis becomes the first sparse one."""
    last = len(batch) - 1
    data, indices = whole_batch(data, batch, last), whole_batch(indices, batch, last)
    place = pnp.arange(batch[last], dtype=indices.dtype)[:, None, None]
    place = pnp.broadcast_to(place, (*indices.shape[:-1], 1))
    indices = pnp.concatenate([place, indices], axis=-1)
    return _merged(data, last), _merged(indices, last)


def _merged(x: Any, axis: int) -> Any:
    """An axis and the next one as one."""
    shape = x.shape
    return x.reshape((*shape[:axis], prod(shape[axis : axis + 2]), *shape[axis + 2 :]))


def _dense_to_sparse(data: Any, indices: Any, n: int) -> tuple[Any, Any]:
    """The first dense axis becomes the last sparse one."""
    size, nse = data.shape[n + 1], data.shape[n]
    wanted = (*indices.shape[:n], nse, size)
    place = pnp.broadcast_to(pnp.arange(size, dtype=indices.dtype)[:, None], (*wanted, 1))
    old = pnp.broadcast_to(indices[..., None, :], (*wanted, indices.shape[-1]))
    return _merged(data, n), _merged(pnp.concatenate([old, place], axis=-1), n)


def _sparse_to_batch(data: Any, indices: Any, n: int, size: int) -> tuple[Any, Any]:
    """The first sparse axis becomes the last batch one: elements of other batches are zero."""
    mine = indices[..., None, :, 0] == pnp.arange(size, dtype=indices.dtype)[:, None]
    spread = data.reshape((*data.shape[:n], 1, *data.shape[n:]))
    here = mine.reshape(mine.shape + (1,) * (spread.ndim - mine.ndim))
    rest = pnp.broadcast_to(indices[..., None, :, 1:], (*mine.shape, indices.shape[-1] - 1))
    return pnp.where(here, spread, 0), rest


def _sparse_to_dense(data: Any, indices: Any, size: int) -> tuple[Any, Any]:
    """The last sparse axis becomes the first dense one: other elements of it are zero."""
    mine = indices[..., -1:] == pnp.arange(size, dtype=indices.dtype)
    n = indices.ndim - 2
    spread = data.reshape((*data.shape[: n + 1], 1, *data.shape[n + 1 :]))
    return pnp.where(beside(mine, spread), spread, 0), indices[..., :-1]
