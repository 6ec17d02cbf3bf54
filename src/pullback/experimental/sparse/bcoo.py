"""BCOO: stored elements beside their places, in batches; to it from dense arrays, and back."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import lax, tree_util
from ... import numpy as pnp
from ...lazy import later
from .form import Axes, Batched, beside, columns, lift, map_in_batches, split, static


@tree_util.register_pytree_node_class
class BCOO(Batched):
    """An array of which only some elements are stored, each beside its place.

    Axes are of three kinds, in this order: batch axes, along which every element has places of its
    own; sparse axes, which places speak of; and dense axes: what is stored at a place is an array.

    Args:
      args: `data` of shape `[*batch, nse, *dense]` and `indices`, integers of shape
        `[*batch, nse, n_sparse]`, where batch axes may have size one. Elements of one place add up;
        those whose place is outside the array stand for nothing.
      shape: the shape of the whole.
      indices_sorted: whether the places are known to be in order.
      unique_indices: whether no place is known to occur twice.

    Raises:
      ValueError: the shapes do not fit.

    >>> from pullback.experimental import sparse
    >>> m = sparse.BCOO.fromdense(pnp.array([[0.0, 2.0, 0.0], [1.0, 0.0, 4.0]]))
    >>> m
    BCOO(float32[2, 3], nse=3)
    >>> m.data, m.indices.tolist()
    (Array([2., 1., 4.], dtype=float32), [[0, 1], [1, 0], [1, 2]])
    >>> m @ pnp.ones(3)
    Array([2., 5.], dtype=float32)
    """

    PARTS = ("data", "indices")

    def __init__(
        self,
        args: tuple[Any, Any],
        *,
        shape: Sequence[int],
        indices_sorted: bool = False,
        unique_indices: bool = False,
    ) -> None:
        self.data, self.indices = map(pnp.asarray, args)
        super().__init__(args, shape=shape)
        self.indices_sorted = indices_sorted
        self.unique_indices = unique_indices
        _check(self.data, self.indices, self.shape)

    @property
    def nse(self) -> int:
        """How many elements are stored in each batch."""
        return self.indices.shape[-2]

    @property
    def n_batch(self) -> int:
        """The number of batch axes."""
        return self.indices.ndim - 2

    @property
    def n_sparse(self) -> int:
        """The number of sparse axes."""
        return self.indices.shape[-1]

    @property
    def n_dense(self) -> int:
        """The number of dense axes."""
        return self.data.ndim - 1 - self.n_batch

    @property
    def _sparse_shape(self) -> tuple[int, ...]:
        return self.shape[self.n_batch : self.n_batch + self.n_sparse]

    @classmethod
    def fromdense(
        cls,
        mat: Any,
        *,
        nse: int | None = None,
        index_dtype: Any = np.int32,
        n_dense: int = 0,
        n_batch: int = 0,
    ) -> "BCOO":
        """The elements of an array that are not zero; see `bcoo_fromdense`."""
        return bcoo_fromdense(
            mat, nse=nse, index_dtype=index_dtype, n_dense=n_dense, n_batch=n_batch
        )

    @classmethod
    def from_scipy_sparse(
        cls, mat: Any, *, index_dtype: Any = None, n_dense: int = 0, n_batch: int = 0
    ) -> "BCOO":
        """A matrix of `scipy.sparse`."""
        if n_dense or n_batch:
            raise NotImplementedError("BCOO.from_scipy_sparse: n_dense and n_batch must be 0")
        mat = mat.tocoo()
        indices = np.stack([mat.row, mat.col], axis=-1).astype(index_dtype or np.int32)
        return cls((pnp.asarray(mat.data), pnp.asarray(indices)), shape=mat.shape)

    @classmethod
    def _empty(
        cls,
        shape: Sequence[int],
        *,
        dtype: Any = None,
        index_dtype: Any = "int32",
        n_dense: int = 0,
        n_batch: int = 0,
        nse: int = 0,
    ) -> "BCOO":
        shape = tuple(shape)
        n_sparse = len(shape) - n_dense - n_batch
        if min(n_sparse, n_dense, n_batch, nse) < 0:
            raise ValueError(f"sparse.empty: {shape=}, {n_dense=}, {n_batch=}, {nse=} do not fit")
        batch, sparse, dense = split(shape, n_batch, n_sparse)
        data = pnp.zeros((*batch, nse, *dense), dtype)
        places = pnp.array(sparse, index_dtype).reshape(n_sparse)
        indices = pnp.broadcast_to(places, (*batch, nse, n_sparse))
        return cls((data, indices), shape=shape, indices_sorted=True, unique_indices=True)

    @classmethod
    def _eye(
        cls,
        N: int,
        M: int,
        k: int,
        *,
        dtype: Any = None,
        index_dtype: Any = "int32",
        n_batch: int = 0,
        n_dense: int = 0,
    ) -> "BCOO":
        if n_batch + n_dense > 2 or min(n_batch, n_dense) < 0:
            raise ValueError(f"sparse.eye: {n_dense=}, {n_batch=} do not fit a matrix")
        if n_batch or n_dense:
            whole = pnp.eye(N, M, k, dtype=dtype)
            return cls.fromdense(whole, n_batch=n_batch, n_dense=n_dense, index_dtype=index_dtype)
        count = min(N, M - k) if k > 0 else min(N + k, M)
        if count <= 0:
            return cls._empty((N, M), dtype=dtype, index_dtype=index_dtype)
        along = np.arange(count)
        indices = pnp.asarray(np.stack([along - min(k, 0), along + max(k, 0)], -1), index_dtype)
        data = pnp.ones(count, dtype=dtype)
        return cls((data, indices), shape=(N, M), indices_sorted=True, unique_indices=True)

    def todense(self) -> Any:
        """The array with all its elements."""
        return bcoo_todense(self)

    def transpose(self, axes: Axes | None = None) -> "BCOO":
        """The array with its axes in another order, each among those of its kind."""
        return bcoo_transpose(self, permutation=axes or range(self.ndim)[::-1])


def _check(data: Any, indices: Any, shape: Sequence[int]) -> None:
    """Raise unless the parts fit the shape."""
    said = f"BCOO: data {data.shape} and indices {indices.shape} of an array of shape {shape}"
    if indices.ndim < 2 or not pnp.issubdtype(indices.dtype, pnp.integer):
        raise ValueError(f"{said}: indices must be integers of shape [*batch, nse, n_sparse]")
    n_batch, (nse, n_sparse) = indices.ndim - 2, indices.shape[-2:]
    if n_batch + n_sparse > len(shape):
        raise ValueError(f"{said}: there are {n_batch} batch axes and {n_sparse} sparse axes")
    for name, part in (("data", data), ("indices", indices)):
        ours = zip(part.shape[:n_batch], shape[:n_batch], strict=True)
        if part.ndim < n_batch or any(a not in (1, b) for a, b in ours):
            raise ValueError(f"{said}: the batch axes of {name} must be {shape[:n_batch]}, or 1")
    wanted = (nse, *shape[n_batch + n_sparse :])
    if data.shape[n_batch:] != wanted:
        raise ValueError(f"{said}: data must be of shape [*batch, {', '.join(map(str, wanted))}]")


# y[b, i, ...] = sum of data[b, e, ...] over the e with indices[b, e] = i
def bcoo_todense(mat: BCOO) -> Any:
    """The array with all its elements.

    >>> from pullback.experimental import sparse
    >>> sparse.bcoo_todense(sparse.eye(2)).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    return scattered(mat.data, mat.indices, mat.shape)


def scattered(data: Any, indices: Any, shape: Sequence[int]) -> Any:
    """Stored elements as an array of that shape."""
    n_batch = indices.ndim - 2
    batch, rest = tuple(shape[:n_batch]), tuple(shape[n_batch:])

    def one(data: Any, indices: Any) -> Any:
        if not indices.shape[-1]:
            return data.sum(0, dtype=data.dtype)
        return pnp.zeros(rest, data.dtype).at[columns(indices)].add(data, mode="drop")

    made = lift(one, n_batch)(data, indices)
    return pnp.broadcast_to(made, batch + rest)


def extracted(indices: Any, dense: Any) -> Any:
    """The elements of an array that stand at the places; zero for those outside."""

    def one(indices: Any, dense: Any) -> Any:
        if not indices.shape[-1]:
            return pnp.broadcast_to(dense, (indices.shape[0], *dense.shape))
        return dense.at[columns(indices)].get(mode="fill", fill_value=0)

    return lift(one, indices.ndim - 2)(indices, dense)


def bcoo_fromdense(
    mat: Any,
    *,
    nse: int | None = None,
    n_batch: int = 0,
    n_dense: int = 0,
    index_dtype: Any = np.int32,
) -> BCOO:
    """The elements of an array that are not zero.

    Args:
      mat: array of the axes batch, sparse, dense.
      nse: how many elements to store in each batch; by default as many as are needed, for which the
        values must be known, so inside `jit` it has to be given. Too few leave out the last ones.
      n_batch, n_dense: how many axes are batch axes and dense axes.
      index_dtype: dtype of the indices.

    >>> from pullback.experimental import sparse
    >>> sparse.bcoo_fromdense(pnp.array([0.0, 3.0, 0.0])).indices.tolist()
    [[1]]
    """
    mat = pnp.asarray(mat)
    n_sparse = mat.ndim - n_batch - n_dense
    if min(n_batch, n_dense, n_sparse) < 0:
        raise ValueError(f"bcoo_fromdense: {n_batch=}, {n_dense=} do not fit a shape {mat.shape}")
    there = (mat != 0).any(tuple(range(n_batch + n_sparse, mat.ndim)))
    if nse is None:
        nse = there.sum(tuple(range(n_batch, there.ndim))).max() if there.size else 0
    count = static(nse, "bcoo_fromdense")

    def one(mask: Any) -> Any:
        if not mask.ndim:
            return pnp.zeros((count, 0), index_dtype)
        found = pnp.nonzero(mask, size=count, fill_value=mask.shape)
        return pnp.stack([f.astype(index_dtype) for f in found], axis=-1)

    indices = lift(one, n_batch)(there)
    data = extracted(indices, mat)
    if not n_sparse:  # a single place, of which one element may be stored
        first = (pnp.arange(count) == 0) & there[..., None]
        data = pnp.where(beside(first, data), data, 0)
    made = BCOO((data, indices), shape=mat.shape, indices_sorted=True, unique_indices=True)
    return made


def bcoo_extract(sparr: BCOO, arr: Any, *, assume_unique: bool | None = None) -> BCOO:
    """The elements of an array at the places of a sparse one.

    Args:
      sparr: the places.
      arr: dense array of the same shape.
      assume_unique: whether no place occurs twice (by default what is known of `sparr`); if not,
        the element is stored at the first such place, and zero at the others.

    >>> from pullback.experimental import sparse
    >>> sparse.bcoo_extract(sparse.eye(2), pnp.array([[1.0, 2.0], [3.0, 4.0]])).data
    Array([1., 4.], dtype=float32)
    """
    if not isinstance(sparr, BCOO):
        raise TypeError(f"bcoo_extract: the first argument must be a BCOO, got {type(sparr)}")
    arr = pnp.asarray(arr)
    if arr.shape != sparr.shape:
        raise ValueError(f"bcoo_extract: shapes differ, got {sparr.shape} and {arr.shape}")
    data = extracted(sparr.indices, arr)
    unique = sparr.unique_indices if assume_unique is None else assume_unique
    if not unique:
        first = lift(_is_first, sparr.n_batch)(sparr.indices)
        data = pnp.where(beside(first, data), data, 0)
    return BCOO((data, sparr.indices), **sparr._info._asdict())


def _is_first(indices: Any) -> Any:
    """Which stored elements are the first at their place."""
    order, new, _ = grouped(indices)
    return pnp.zeros(indices.shape[0], bool).at[order].set(new)


def grouped(indices: Any) -> tuple[Any, Any, Any]:
    """The order that sorts the places; where in it a new place begins; and the sorted places."""
    nse, n_sparse = indices.shape
    order = pnp.arange(nse, dtype=indices.dtype)
    if not n_sparse:
        return order, order == 0, indices
    *sorted_columns, order = lax.sort((*columns(indices), order), num_keys=n_sparse, is_stable=True)
    places = pnp.stack(sorted_columns, axis=-1)
    new = pnp.concatenate([pnp.ones(min(nse, 1), bool), (places[1:] != places[:-1]).any(-1)])
    return order, new, places


def bcoo_transpose(mat: BCOO, *, permutation: Axes) -> BCOO:
    """The array with its axes in another order.

    Args:
      mat: sparse array.
      permutation: where each axis of the result comes from; batch, sparse and dense axes change
        places among their kind.

    Raises:
      NotImplementedError: axes of different kinds change places; `bcoo_update_layout` makes them
        of one kind.

    >>> from pullback.experimental import sparse
    >>> m = sparse.BCOO.fromdense(pnp.array([[0, 5, 0]]))
    >>> sparse.bcoo_transpose(m, permutation=(1, 0)).indices.tolist()
    [[1, 0]]
    """
    axes = [int(a) for a in permutation]
    if sorted(axes) != list(range(mat.ndim)):
        raise TypeError(f"bcoo_transpose: {axes} is no permutation of {mat.ndim} axes")
    batch, sparse, dense = split(axes, mat.n_batch, mat.n_sparse)
    kinds = split(range(mat.ndim), mat.n_batch, mat.n_sparse)
    if [sorted(batch), sorted(sparse), sorted(dense)] != list(kinds):
        raise NotImplementedError(
            f"bcoo_transpose: {axes} moves axes among batch, sparse and dense ones, of"
            f" which there are {mat.n_batch}, {mat.n_sparse} and {mat.n_dense}"
        )
    n = mat.n_batch
    data = mat.data.transpose([*batch, n, *(d - mat.n_sparse + 1 for d in dense)])
    indices = mat.indices.transpose([*batch, n, n + 1])
    indices = indices[..., np.array([s - n for s in sparse], int)] if sparse else indices
    shape = [mat.shape[a] for a in axes]
    kept = mat.indices_sorted and sparse == kinds[1]
    return BCOO(
        (data, indices), shape=shape, indices_sorted=kept, unique_indices=mat.unique_indices
    )


map_in_batches(BCOO)


# JAX's module of this name has all that is done with them.
__getattr__, _ = later(
    __name__.rpartition(".")[0],
    (),
    {
        "convolution": "bcoo_conv_general_dilated",
        "form": "SparseEfficiencyError SparseEfficiencyWarning",
        "layout": ("bcoo_eliminate_zeros bcoo_sort_indices bcoo_sum_duplicates bcoo_update_layout"),
        "product": (
            "bcoo_dot_general bcoo_dot_general_sampled bcoo_multiply_dense bcoo_multiply_sparse"
        ),
        "shape": (
            "bcoo_broadcast_in_dim bcoo_concatenate bcoo_dynamic_slice bcoo_gather bcoo_reduce_sum"
            " bcoo_reshape bcoo_rev bcoo_slice bcoo_squeeze"
        ),
    },
)
