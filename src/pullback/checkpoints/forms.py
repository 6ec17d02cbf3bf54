"""How arrays of each dtype are held in files, and in which pieces."""

from collections.abc import Iterable
from math import ceil, prod
from typing import NamedTuple

import numpy as np

from .. import dtypes

Shape = tuple[int, ...]

# About the bytes that a reader gets at once, whatever small part of them it wants.
PIECE = 4 << 20
# The dtypes that files hold as they are, which every reader of Zarr knows.
PLAIN = frozenset(
    [np.dtype(name) for name in "bool float16 float32 float64 complex64 complex128".split()]
    + [np.dtype(f"{sign}int{bits}") for sign in ("", "u") for bits in (8, 16, 32, 64)]
)


class Form(NamedTuple):
    """The dtype in the file, and the axes there that an element has beyond those of the array."""

    dtype: np.dtype
    inner: Shape


def form(dtype: np.dtype) -> Form:
    """How a dtype is held: as it is, keys as their words, others as the bits of a number."""
    if dtype in dtypes.KEY_DTYPES:
        return Form(dtypes.uint32, (dtype.itemsize // 4,))
    if dtype == dtypes.float0:
        return Form(dtypes.bool_, ())
    return Form(dtype if dtype in PLAIN else np.dtype(f"uint{8 * dtype.itemsize}"), ())


def held(x: np.ndarray) -> np.ndarray:
    """An array as files hold it."""
    if x.dtype == dtypes.float0:
        return np.zeros(x.shape, bool)
    wanted = form(x.dtype)
    if wanted.dtype == x.dtype:
        return x
    flat = np.ascontiguousarray(x).reshape(-1).view(wanted.dtype)
    return flat.reshape(x.shape + wanted.inner)


def unheld(x: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """The array of a dtype from what a file holds."""
    if dtype == dtypes.float0:
        return np.zeros(x.shape, dtype)
    wanted = form(dtype)
    if wanted.dtype == dtype:
        return x
    shape = x.shape[: x.ndim - len(wanted.inner)]
    return np.ascontiguousarray(x).reshape(-1).view(dtype).reshape(shape)


def pieces(part: Iterable[int], itemsize: int) -> Shape:
    """The shape of equal pieces of about `PIECE` bytes of an array, the first axes being cut."""
    shape = [max(1, n) for n in part]
    for d, n in enumerate(shape):
        wanted = ceil(prod(shape) * itemsize / PIECE)
        shape[d] = n // max(k for k in range(1, min(n, wanted) + 1) if n % k == 0)
    return tuple(shape)
