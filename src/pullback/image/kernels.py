"""Interpolation kernels: the weight of an input pixel at distance x >= 0 from a sample."""

import math
from typing import Any

from .. import numpy as pnp

# Distances below this count as none.
NEAR = 1e-3


def triangle(x: Any) -> Any:
    """1 - x in [0, 1]: linear interpolation."""
    return pnp.maximum(0, 1 - x)


def lanczos(radius: float, x: Any) -> Any:
    """sinc(x) sinc(x / radius) in [0, radius]."""
    y = radius * pnp.sin(math.pi * x) * pnp.sin(math.pi * x / radius)
    square = pnp.where(x != 0, math.pi**2 * x**2, 1)
    return pnp.where(x > radius, 0.0, pnp.where(x > NEAR, y / square, 1))


def _cubic(a: float, x: Any) -> Any:
    inside = ((a + 2) * x - (a + 3)) * x * x + 1
    outside = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return pnp.where(x >= 2, 0.0, pnp.where(x >= 1, outside, inside))


def keys_cubic(x: Any) -> Any:
    """Keys' cubic with a = -1/2 (R. G. Keys, "Cubic convolution interpolation for digital image
    processing", 1981)."""
    return _cubic(-0.5, x)


def sharp_cubic(x: Any) -> Any:
    """The cubic with a = -3/4, as OpenCV and PyTorch use it without antialiasing."""
    return _cubic(-0.75, x)
