"""Packing and sharing of contractions, with a micro-kernel written in Python."""

import ctypes

import numpy as np
import pytest

from pullback import _native

ROWS, COLUMNS = 3, 4
NUMBER, ADDRESS = ctypes.c_int64, ctypes.c_void_p
KERNEL = ctypes.CFUNCTYPE(
    None,
    *[NUMBER, ADDRESS, NUMBER, ADDRESS, ADDRESS, ADDRESS],
    *[ADDRESS, NUMBER, NUMBER],
)


def view(address: int, shape: tuple[int, ...], dtype: np.dtype, row: int = 0) -> np.ndarray:
    """Memory as an array."""
    strides = (row or shape[-1] * dtype.itemsize, dtype.itemsize)[-len(shape) :]
    size = sum((n - 1) * s for n, s in zip(shape, strides, strict=True)) + dtype.itemsize
    memory = np.ctypeslib.as_array((ctypes.c_char * size).from_address(address)).view(np.uint8)
    return np.lib.stride_tricks.as_strided(memory.view(dtype), shape, strides)


def terms(address: int, along: int, depth: int, step: int, count: int, dtype: np.dtype):
    """The elements of `count` vectors `step` apart, at the places that `along` lists."""
    places = view(along, (depth,), np.dtype(np.int64))[:, None] + step * np.arange(count)
    lowest, item = places.min(), dtype.itemsize
    flat = view(address + int(lowest) * item, (int(places.max() - lowest) + 1,), dtype)
    return flat[places - lowest]


def multiply(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    dtype, (m, k), n = a.dtype, a.shape, b.shape[1]
    c = np.full((m, n + 2), -1, dtype)

    @KERNEL
    def kernel(
        depth: int, at: int, step: int, along_a: int, bt: int, along_b: int, ct: int, row: int,
        add: int,
    ) -> None:  # fmt: skip
        left = terms(at, along_a, depth, step, ROWS, dtype)
        right = terms(bt, along_b, depth, 1, COLUMNS, dtype)
        out = view(ct, (ROWS, COLUMNS), dtype, row)
        out[...] = left.T @ right + (out if add else 0)

    (am, ak), (bk, bn) = ([s // dtype.itemsize for s in x.strides] for x in (a, b))
    axes = (NUMBER * 9)(m, am, n + 2, n, bn, 1, k, ak, bk)
    table = [
        *[ctypes.cast(kernel, ADDRESS).value, ROWS, COLUMNS, dtype.itemsize],
        *[a.ctypes.data, b.ctypes.data, c.ctypes.data],
        *[1, 0, 0, 0],
        *[1, 1, 1, ctypes.addressof(axes)],
    ]
    function = ctypes.CFUNCTYPE(None, ADDRESS)(_native.symbols()["pb_contract"])
    function((NUMBER * len(table))(*table))
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
