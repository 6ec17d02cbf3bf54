"""Partial results along an axis, compiled a vector at a time: NumPy's, to the last bit."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pullback as pb
from pullback import _native, lax

OPERATIONS: dict[str, tuple[Callable[..., Any], np.ufunc]] = {
    "cummax": (lax.cummax, np.maximum),
    "cummin": (lax.cummin, np.minimum),
    "cumsum": (lax.cumsum, np.add),
    "cumprod": (lax.cumprod, np.multiply),
}
DTYPES = ("float32", "float64", "float16", "int8", "uint16", "int32", "uint32", "int64")
SIZES = (2, 15, 16, 17, 64, 333, 5000)


def numbers(dtype: str, *shape: int) -> np.ndarray:
    """Numbers with infinities, both zeros and, late, NaN."""
    rng = np.random.default_rng(shape)
    x = rng.normal(scale=20, size=shape).astype(dtype)
    if x.dtype.kind == "f":
        flat = x.reshape(-1)
        flat[::7], flat[3::11], flat[len(flat) // 2 :: 97] = -0.0, 0.0, -np.inf
        flat[len(flat) * 3 // 4 :: 50] = np.nan
    return x


def accumulated(ufunc: np.ufunc, x: np.ndarray, axis: int, reverse: bool) -> np.ndarray:
    x = np.flip(x, axis) if reverse else x
    with np.errstate(all="ignore"):
        found = ufunc.accumulate(x, axis=axis, dtype=x.dtype)
    return np.flip(found, axis) if reverse else found


CASES = [
    (name, dtype)
    for name in OPERATIONS
    for dtype in DTYPES
    if name in ("cummax", "cummin") or not dtype.startswith("float")
]


@pytest.mark.parametrize(("name", "dtype"), CASES)
@pytest.mark.parametrize("reverse", [False, True])
def test_along_a_vector(name: str, dtype: str, reverse: bool) -> None:
    f, ufunc = OPERATIONS[name]
    run = pb.jit(lambda x: f(x, reverse=reverse))
    with pb.enable_x64(True):
        for n in SIZES:
            x = numbers(dtype, n)
            got = np.asarray(run(x))
            np.testing.assert_array_equal(got, accumulated(ufunc, x, 0, reverse))
            assert got.dtype == x.dtype


@pytest.mark.parametrize("shape", [(3, 1000), (40, 333), (5, 7, 130)])
@pytest.mark.parametrize("axis", [0, -1])
def test_along_an_axis_of_several(shape: tuple[int, ...], axis: int) -> None:
    x = numbers("float32", *shape)
    run = pb.jit(lambda x: lax.cummax(-x * 2, axis=axis % x.ndim))
    np.testing.assert_array_equal(run(x), accumulated(np.maximum, -x * 2, axis, False))


def test_of_booleans() -> None:
    x = np.random.default_rng(0).random(777) > 0.9
    np.testing.assert_array_equal(pb.jit(lax.cummax)(x), np.logical_or.accumulate(x))
    np.testing.assert_array_equal(pb.jit(lax.cummin)(~x), np.logical_and.accumulate(~x))


def test_signs_of_zeros_are_those_of_one_after_the_other() -> None:
    x = np.where(np.random.default_rng(1).random(500) > 0.5, 0.0, -0.0).astype("float32")
    signs = np.signbit(np.asarray(pb.jit(lax.cummax)(x)))
    np.testing.assert_array_equal(signs, np.logical_and.accumulate(np.signbit(x)))


def test_the_same_memory_read_and_written() -> None:
    x = numbers("int32", 1000)
    run = pb.jit(lambda x: lax.fori_loop(0, 3, lambda i, x: lax.cumsum(x) - i, x), donate_argnums=0)
    wanted = x
    for i in range(3):
        wanted = np.cumsum(wanted, dtype="int32") - np.int32(i)
    np.testing.assert_array_equal(run(pb.numpy.array(x)), wanted)


@pytest.mark.parametrize(("name", "dtype"), [*CASES, ("cumsum", "float32"), ("cumprod", "float64")])
@pytest.mark.parametrize("n", [130_000, 200_001, 1_000_003])
def test_of_many_numbers_by_blocks(name: str, dtype: str, n: int) -> None:
    f, ufunc = OPERATIONS[name]
    exact = (name, dtype) in CASES
    x = numbers(dtype, n) if exact else 1 + numbers("int8", n).astype(dtype) / 2**14
    with pb.enable_x64(True):
        for reverse in (False, True):
            run = pb.jit(lambda x, reverse=reverse: f(x, reverse=reverse))
            got = np.asarray(run(x))
            wanted = accumulated(ufunc, x if exact else x.astype(np.float64), 0, reverse)
            if exact:
                np.testing.assert_array_equal(got, wanted)
            else:
                np.testing.assert_allclose(got, wanted, rtol=2e-5 if dtype == "float32" else 1e-12)


def test_of_many_numbers_the_same_on_any_number_of_threads() -> None:
    x = np.random.default_rng(2).normal(size=600_000).astype("float32")
    run = pb.jit(lambda x: lax.cumsum(pb.numpy.sin(x)))
    threads = _native.get_num_threads()
    found = []
    try:
        for n in (1, 2, 3):
            _native.set_num_threads(n)
            found.append(np.asarray(run(x)))
    finally:
        _native.set_num_threads(threads)
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])
    np.testing.assert_allclose(found[0], np.cumsum(np.sin(x.astype(np.float64))), atol=2e-2)


def test_of_many_signs_and_booleans_by_blocks() -> None:
    rng = np.random.default_rng(1)
    x = np.where(rng.random(300_001) > 0.5, 0.0, -0.0).astype("float32")
    signs = np.signbit(np.asarray(pb.jit(lax.cummax)(x)))
    np.testing.assert_array_equal(signs, np.logical_and.accumulate(np.signbit(x)))
    flags = rng.random(900_000) > 0.9999
    np.testing.assert_array_equal(pb.jit(lax.cummax)(flags), np.logical_or.accumulate(flags))
