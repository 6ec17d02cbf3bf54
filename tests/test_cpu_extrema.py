"""Extrema over axes in compiled code: NaN wherever it stands, infinities, of many sizes."""

import numpy as np
import pytest

import pullback as pb
from pullback import numpy as pnp

RNG = np.random.default_rng(0)


def strewn(shape: tuple[int, ...], share: float) -> np.ndarray:
    """Numbers, infinities and, in this share of the places, NaN of both signs."""
    x = RNG.normal(size=shape).astype(np.float32)
    ends = np.where(RNG.random(shape) < 0.5, np.inf, -np.inf)
    x = np.where(RNG.random(shape) < 0.05, ends, x)
    nans = np.where(RNG.random(shape) < 0.5, np.nan, -np.nan)
    return np.where(RNG.random(shape) < share, nans, x).astype(np.float32)


@pytest.mark.parametrize("name", ["max", "min"])
@pytest.mark.parametrize("axis", [None, 0, -1])
@pytest.mark.parametrize("shape", [(3, 5), (17, 33), (200, 1037), (5, 4, 70)])
def test_extrema_with_nan(shape: tuple[int, ...], axis: int | None, name: str) -> None:
    run = pb.jit(lambda x: getattr(pnp, name)(x, axis=axis))
    for share in (0.0, 1e-3, 0.02, 0.5):
        x = strewn(shape, share)
        np.testing.assert_array_equal(run(x), getattr(np, name)(x, axis=axis))
