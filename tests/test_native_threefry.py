"""The native core's Threefry against JAX's, bit for bit."""

import jax
import jax.extend.random
import numpy as np
import pytest
import scipy.special

from pullback import _native


@pytest.mark.parametrize("n", [2, 10, 4096, 100_000])
@pytest.mark.parametrize("seed", [0, 1, 2**31 - 1])
def test_bits_are_those_of_jax(seed, n):
    key = np.asarray(jax.random.key_data(jax.random.key(seed)))
    counters = np.random.default_rng(seed).integers(0, 2**32, (2, n // 2), dtype=np.uint32)
    expected = jax.extend.random.threefry_2x32(key, counters.ravel())
    actual = _native.threefry2x32(key[0], key[1], *counters)
    np.testing.assert_array_equal(np.concatenate(actual), np.asarray(expected))


@pytest.mark.parametrize("shape", [(), (3,), (4, 5), (0, 2), (5000,)])
def test_places_are_counted(shape):
    counters = np.arange(np.prod(shape, dtype=int), dtype=np.uint32).reshape(shape)
    wanted = _native.threefry2x32(np.uint32(7), np.uint32(9), np.zeros_like(counters), counters)
    for got, w in zip(_native.threefry_places(7, 9, shape), wanted, strict=True):
        assert (got.shape, got.dtype) == (shape, np.uint32)
        np.testing.assert_array_equal(got, w)


def test_inverse_error_function():
    """4 ulp of SciPy's in float64, to the last floats before the ends."""
    x = np.linspace(-1, 1, 100_001, dtype=np.float32)[1:-1]
    ends = 1 - np.arange(1, 50, dtype=np.float32) * np.float32(2**-24)
    x = np.concatenate([x, ends, -ends, np.float32([1e-30, 1e-6])])
    wanted = scipy.special.erfinv(x.astype(np.float64))
    ulps = np.abs(_native.erf_inv(x) - wanted) / np.spacing(np.abs(wanted).astype(np.float32))
    assert ulps.max() <= 4
    special = _native.erf_inv(np.float32([1, -1, 0, 2, np.nan]))
    np.testing.assert_array_equal(special, [np.inf, -np.inf, 0, np.nan, np.nan])
    assert _native.erf_inv(np.float32(0.5)).shape == ()
    np.testing.assert_array_equal(_native.erf_inv(x[::2]), _native.erf_inv(x)[::2])
