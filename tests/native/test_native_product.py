"""Packing and sharing of matrix products, with a micro-kernel written in Python."""

import ctypes

import numpy as np
import pytest

from pullback import _native

ROWS, COLUMNS = 3, 4
KERNEL = ctypes.CFUNCTYPE(
    None,
    *[ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p],
    *[ctypes.c_int64, ctypes.c_int64],
)


def view(address: int, shape: tuple[int, ...], dtype: np.dtype, row: int = 0) -> np.ndarray:
    """Memory as an array."""
    strides = (row or shape[1] * dtype.itemsize, dtype.itemsize)
    size = strides[0] * (shape[0] - 1) + shape[1] * dtype.itemsize
    memory = np.ctypeslib.as_array((ctypes.c_char * size).from_address(address)).view(np.uint8)
    return np.lib.stride_tricks.as_strided(memory.view(dtype), shape, strides)


def multiply(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    dtype, (m, k), n = a.dtype, a.shape, b.shape[1]
    c = np.full((m, n + 2), -1, dtype)

    @KERNEL
    def kernel(depth: int, at: int, bt: int, ct: int, row: int, add: int) -> None:
        left, right = view(at, (depth, ROWS), dtype), view(bt, (depth, COLUMNS), dtype)
        out = view(ct, (ROWS, COLUMNS), dtype, row)
        out[...] = left.T @ right + (out if add else 0)

    item = dtype.itemsize
    strides = [[s // item for s in x.strides] for x in (a, b)]
    table = [
        *[ctypes.cast(kernel, ctypes.c_void_p).value, ROWS, COLUMNS, item, m, n, k],
        *[a.ctypes.data, *strides[0], b.ctypes.data, *strides[1], c.ctypes.data, n + 2],
    ]
    function = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(_native.symbols()["pb_multiply"])
    function((ctypes.c_int64 * len(table))(*table))
    assert (c[:, n:] == -1).all()
    return c[:, :n]


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [(1, 1, 1), (7, 5, 9), (100, 3, 30), (20, 800, 6), (5, 2, 4200)])
def test_products_of_integers_are_exact(
    size: tuple[int, int, int], dtype: str, threads: int
) -> None:
    m, k, n = size
    rng = np.random.default_rng(0)
    before = _native.get_num_threads()
    _native.set_num_threads(threads)
    try:
        a, b = (rng.integers(-9, 9, s).astype(dtype) for s in ((m, k), (k, n)))
        np.testing.assert_array_equal(multiply(a, b), a @ b)
        a, b = (rng.integers(-9, 9, s).astype(dtype).T for s in ((k, m), (n, k)))
        np.testing.assert_array_equal(multiply(a, b), a @ b)
    finally:
        _native.set_num_threads(before)
