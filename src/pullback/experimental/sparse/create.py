"""Sparse arrays from nothing: empty ones, identities, and random ones."""

from collections.abc import Callable, Sequence
from math import ceil, prod
from typing import Any

from ... import numpy as pnp
from ... import random
from ...transforms.vmap import vmap
from .bcoo import BCOO
from .bcsr import BCSR
from .form import split
from .layout import bcoo_sort_indices
from .matrices import COO, CSC, CSR

FORMATS: dict[str, Any] = {"bcsr": BCSR, "bcoo": BCOO, "coo": COO, "csr": CSR, "csc": CSC}


def _format(name: str) -> Any:
    if name not in FORMATS:
        raise ValueError(f"sparse: sparse_format must be one of {list(FORMATS)}, got {name!r}")
    return FORMATS[name]


def empty(
    shape: Sequence[int],
    dtype: Any = None,
    index_dtype: Any = "int32",
    sparse_format: str = "bcoo",
    **kwds: Any,
) -> Any:
    """A sparse array of zeros, that stores nothing.

    Args:
      shape: its shape.
      dtype, index_dtype: the dtypes of its elements and its indices.
      sparse_format: "bcoo", "bcsr", "coo", "csr" or "csc".
      kwds: for the class: `n_batch`, `n_dense`, `nse`.

    >>> from pullback.experimental import sparse
    >>> sparse.empty((2, 3))
    BCOO(float32[2, 3], nse=0)
    """
    return _format(sparse_format)._empty(shape, dtype=dtype, index_dtype=index_dtype, **kwds)


def eye(
    N: int,
    M: int | None = None,
    k: int = 0,
    dtype: Any = None,
    index_dtype: Any = "int32",
    sparse_format: str = "bcoo",
    **kwds: Any,
) -> Any:
    """A matrix with ones on a diagonal.

    Args:
      N, M: the numbers of rows and columns (by default N).
      k: the diagonal: 0 the main one, positive above it, negative below.
      dtype, index_dtype: the dtypes of its elements and its indices.
      sparse_format: "bcoo", "coo", "csr" or "csc".
      kwds: for the class: `n_batch`, `n_dense`.

    >>> from pullback.experimental import sparse
    >>> sparse.eye(2, 3, k=1).todense().tolist()
    [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    kind = _format(sparse_format)
    columns = N if M is None else M
    return kind._eye(int(N), int(columns), int(k), dtype=dtype, index_dtype=index_dtype, **kwds)


def random_bcoo(
    key: Any,
    shape: Sequence[int],
    *,
    dtype: Any = pnp.float_,
    indices_dtype: Any = None,
    nse: float | int = 0.2,
    n_batch: int = 0,
    n_dense: int = 0,
    unique_indices: bool = True,
    sorted_indices: bool = False,
    generator: Callable[..., Any] = random.uniform,
    **kwds: Any,
) -> BCOO:
    """A sparse array of random elements at random places.

    Args:
      key: random key.
      shape: its shape.
      dtype, indices_dtype: the dtypes of its elements and its indices (by default of integers).
      nse: how many elements to store in each batch, or below 1 which part of all.
      n_batch, n_dense: how many axes are batch axes and dense axes.
      unique_indices: whether each place occurs once at most.
      sorted_indices: whether the places are in order.
      generator: makes the elements from a key, a shape and a dtype.
      kwds: further arguments of `generator`.

    >>> import pullback as pb
    >>> from pullback.experimental import sparse
    >>> sparse.random_bcoo(pb.random.key(0), (10, 10), nse=0.1)
    BCOO(float32[10, 10], nse=10)
    """
    shape = tuple(int(s) for s in shape)
    n_sparse = len(shape) - n_batch - n_dense
    if min(n_batch, n_dense, n_sparse) < 0:
        raise ValueError(f"random_bcoo: {n_batch=}, {n_dense=} do not fit a shape {shape}")
    batch, sparse, dense = split(shape, n_batch, n_sparse)
    places = prod(sparse)
    if not 0 <= nse < places:
        raise ValueError(f"random_bcoo: nse={nse} must be from 0 to below {places}")
    count = ceil(nse * places) if 0 < nse < 1 else int(nse)
    kind = pnp.asarray(0).dtype if indices_dtype is None else pnp.dtype(indices_dtype)
    if places > pnp.iinfo(kind).max:
        raise ValueError(f"random_bcoo: indices of dtype {kind} cannot tell {places} places apart")

    def one(key: Any) -> Any:
        if not sparse:
            return pnp.zeros((count, 0), kind)
        flat = random.choice(key, places, shape=(count,), replace=not unique_indices)
        return pnp.stack(pnp.unravel_index(flat.astype(kind), sparse), axis=-1)

    keys = random.split(key, prod(batch) + 1)
    data = generator(keys[0], shape=(*batch, count, *dense), dtype=dtype, **kwds)
    indices = vmap(one)(keys[1:]).reshape((*batch, count, n_sparse))
    made = BCOO((data, indices), shape=shape)
    return bcoo_sort_indices(made) if sorted_indices else made
