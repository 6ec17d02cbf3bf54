"""The native core's Threefry against JAX's, bit for bit."""

import jax
import jax.extend.random
import numpy as np
import pytest

from pullback import _native


@pytest.mark.parametrize("n", [2, 10, 4096, 100_000])
@pytest.mark.parametrize("seed", [0, 1, 2**31 - 1])
def test_bits_are_those_of_jax(seed, n):
    key = np.asarray(jax.random.key_data(jax.random.key(seed)))
    counters = np.random.default_rng(seed).integers(0, 2**32, (2, n // 2), dtype=np.uint32)
    expected = jax.extend.random.threefry_2x32(key, counters.ravel())
    actual = _native.threefry2x32(key[0], key[1], *counters)
    np.testing.assert_array_equal(np.concatenate(actual), np.asarray(expected))
