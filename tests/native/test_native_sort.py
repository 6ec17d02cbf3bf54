"""Sorting in lanes, by digits and after a choice, against NumPy's stable sorts."""

from collections.abc import Sequence

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pullback import _native
from pullback.primitives import order

INTEGERS = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64")
FLOATS = ("float16", "bfloat16", "float32", "float64")
DTYPES = ("bool", *INTEGERS, *FLOATS)
# Lanes that are full and not, rows by insertion, by narrow and by wide digits, and shared ones.
SHAPES = (
    *[(1,), (2,), (7,), (16,), (33,), (256,), (300,), (5000,), (150_000,)],
    *[(40, 1), (17, 5), (8, 33), (33, 100), (4, 700), (20, 1100), (3, 3000)],
    *[(5, 16, 3), (2, 9, 40), (3, 40, 17), (2, 1500, 9), (0, 3), (3, 0)],
)
SPECIAL = (np.nan, -np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0)


def sample(shape: tuple[int, ...], dtype: str, seed: int = 0, spread: float = 30.0) -> np.ndarray:
    """Numbers with many ties, extremes and, among floats, all that is special."""
    rng = np.random.default_rng(seed)
    d = np.dtype(getattr(ml_dtypes, dtype, dtype))
    if dtype == "bool":
        return rng.integers(0, 2, shape).astype(d)
    if dtype in INTEGERS:
        info = np.iinfo(d)
        x = rng.integers(info.min, info.max, shape, d, endpoint=True)
        few = rng.choice(np.array([info.min, info.max, 0, 1], d), shape)
        return np.where(rng.random(shape) < 0.3, few, x)
    x = rng.standard_normal(shape) * spread
    return np.where(rng.random(shape) < 0.3, rng.choice(SPECIAL, shape), x).astype(d)


def comparable(x: np.ndarray) -> np.ndarray:
    """Numbers that NumPy sorts stably: the floats that ml_dtypes adds have no such sort."""
    return x.astype(np.float32) if x.dtype.kind == "V" or x.dtype.name == "bfloat16" else x


def stable(keys: Sequence[np.ndarray], axis: int) -> np.ndarray:
    return np.lexsort([comparable(k) for k in reversed(keys)], axis=axis)


def same(x: np.ndarray, y: np.ndarray) -> None:
    """Equal to the bit, but for what a NaN looks like."""
    assert x.dtype == y.dtype and x.shape == y.shape
    numbers = comparable(y)
    if numbers.dtype.kind != "f":
        return np.testing.assert_array_equal(x, y)
    np.testing.assert_array_equal(comparable(x), numbers)
    held = ~np.isnan(numbers)
    x, y = (np.signbit(z[held]) for z in (comparable(x), numbers))
    return np.testing.assert_array_equal(x, y)


def keys_of(arrays: Sequence[np.ndarray]) -> list[tuple[int, ...]]:
    return [key for k, x in enumerate(arrays) for key in order.parts(k, x.dtype) or ()]


def greatest(x: np.ndarray, axis: int, k: int) -> list[np.ndarray]:
    keys = order.greatest(0, x.dtype)
    assert keys is not None
    return order.run([x], axis, k, keys, [(0, x.dtype), (order.PLACES, np.dtype("int32"))])


def sort(arrays: Sequence[np.ndarray], axis: int, num_keys: int) -> list[np.ndarray]:
    results = [(k, x.dtype) for k, x in enumerate(arrays)]
    keys = keys_of(arrays[:num_keys])
    return order.run(arrays, axis, arrays[0].shape[axis], keys, results)


@pytest.fixture(params=[1, 3], autouse=True)
def threads(request: pytest.FixtureRequest) -> object:
    before = _native.get_num_threads()
    _native.set_num_threads(request.param)
    yield
    _native.set_num_threads(before)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_values_places_and_passengers(shape: tuple[int, ...], dtype: str) -> None:
    axis = len(shape) // 2
    x = sample(shape, dtype)
    wanted = stable([x], axis)
    same(sort([x], axis, 1)[0], np.take_along_axis(x, wanted, axis))
    other = np.arange(x.size, dtype=np.complex128).reshape(shape)
    results = [(0, x.dtype), (order.PLACES, np.dtype("int32")), (1, other.dtype)]
    y, places, moved = order.run([x, other], axis, shape[axis], keys_of([x]), results)
    same(y, np.take_along_axis(x, wanted, axis))
    np.testing.assert_array_equal(places, wanted)
    np.testing.assert_array_equal(moved, np.take_along_axis(other, wanted, axis))


@pytest.mark.parametrize("shape", [(1000,), (70_000,), (12, 30), (3, 20, 5)])
@pytest.mark.parametrize(
    "dtypes",
    [("int8", "float32"), ("bool", "float64", "uint16"), ("float32", "int32", "uint16")],
)
def test_several_keys_decide_one_after_the_other(
    shape: tuple[int, ...], dtypes: Sequence[str]
) -> None:
    axis = len(shape) // 2
    arrays = [sample(shape, d, k, spread=2) for k, d in enumerate(dtypes)]
    arrays[-1] = np.round(arrays[-1])
    wanted = stable(arrays, axis)
    for y, x in zip(sort(arrays, axis, len(arrays)), arrays, strict=True):
        same(y, np.take_along_axis(x, wanted, axis))


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_complex_numbers_go_by_real_then_imaginary_part(dtype: str) -> None:
    rng = np.random.default_rng(0)
    x = (rng.integers(-2, 3, (9, 50)) + 1j * rng.standard_normal((9, 50))).astype(dtype)
    np.testing.assert_array_equal(sort([x], 1, 1)[0], np.sort(x, axis=1))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("shape", "k"), [((9,), 9), ((50, 20), 3), ((4, 3000), 1), ((3, 5000, 2), 40), ((2, 900), 300)]
)
def test_the_greatest_and_their_places(shape: tuple[int, ...], k: int, dtype: str) -> None:
    x = sample(shape, dtype)
    axis = min(len(shape) - 1, 1)
    y, places = greatest(x, axis, k)
    if dtype in FLOATS:
        bits = x.view(f"i{x.itemsize}")
        key = np.where(bits < 0, bits ^ np.iinfo(bits.dtype).max, bits)
    else:
        key = x.astype(np.uint8) if dtype == "bool" else x
    first = np.argsort(~key, axis=axis, kind="stable")
    wanted = first[:k] if axis == 0 else first[:, :k]
    np.testing.assert_array_equal(places, wanted)
    same(y, np.take_along_axis(x, wanted, axis))


def test_rising_numbers_are_the_worst_case_of_a_choice() -> None:
    x = np.arange(100_000, dtype=np.float32)
    y, places = greatest(x, 0, 10)
    np.testing.assert_array_equal(y, x[:-11:-1])
    np.testing.assert_array_equal(places, x[:-11:-1].astype(int))


@given(
    st.lists(st.sampled_from([0, 1, 2, 255, 2**31, 2**63, 2**64 - 1]), min_size=1, max_size=60),
    st.integers(1, 20),
    st.sampled_from(["uint64", "int64", "float64", "uint32", "float32"]),
)
@settings(max_examples=60, deadline=None)
def test_few_different_keys(values: list[int], rows: int, dtype: str) -> None:
    # All bits are looked at as the dtype's.
    bits = np.array(values, np.uint64)
    x = (bits >> np.uint64(32)).astype(np.uint32) if dtype in ("uint32", "float32") else bits
    x = np.tile(x.view(dtype), (rows, 1))
    results = [(order.PLACES, np.dtype("int64"))]
    (places,) = order.run([x], 1, x.shape[1], keys_of([x]), results)
    np.testing.assert_array_equal(places, stable([x], 1))
    same(sort([x], 1, 1)[0], np.take_along_axis(x, places, 1))
