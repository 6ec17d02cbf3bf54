"""Compiled remainders of floats against the C library's, bit for bit."""

import numpy as np
import pytest

import pullback as pb

BITS = {"float32": "uint32", "float64": "uint64"}
EDGES = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 3.5, -2.0, 1e-45, 3e38]


def _pairs(dtype):
    rng = np.random.default_rng(3)
    limits, one = np.finfo(dtype), np.dtype(dtype).type
    edges = np.array([*EDGES, limits.smallest_subnormal, limits.tiny, limits.max], dtype)
    x, y = np.meshgrid(edges, edges)
    yield x.ravel().copy(), y.ravel().copy()
    made = [
        rng.integers(0, np.iinfo(BITS[dtype]).max, 4000, dtype=BITS[dtype]).view(dtype),
        rng.normal(size=4000).astype(dtype) * 1000,
        np.round(rng.normal(size=4000) * 50).astype(dtype),
        # Quotients next to whole numbers.
        np.nextafter(np.arange(4000, dtype=dtype) * one(0.7), one(0)),
    ]
    for x in made:
        for y in (*made, np.full(4000, 0.7, dtype), np.full(4000, 2, dtype)):
            yield x, y


@pytest.mark.parametrize("dtype", BITS)
def test_bits(dtype):
    with pb.enable_x64():
        f = pb.jit(pb.lax.rem)
        for x, y in _pairs(dtype):
            with np.errstate(all="ignore"):
                wanted = np.fmod(x, y)
            got = np.asarray(f(x, y))
            same = got.view(BITS[dtype]) == wanted.view(BITS[dtype])
            assert (same | (np.isnan(got) & np.isnan(wanted))).all()
