"""Signals without their mean or their line."""

import itertools
from typing import Any

import numpy as np

from ... import numpy as pnp
from ...numpy.elementwise import as_inexact


def detrend(
    data: Any,
    axis: int = -1,
    type: str = "linear",
    bp: Any = 0,
    overwrite_data: None = None,
) -> Any:
    """The data minus the line, or the mean ("constant"), that fits best along an axis.

    `bp` are places at which one line ends and another starts.

    >>> from pullback import numpy as pnp
    >>> from pullback.scipy.signal import detrend
    >>> detrend(pnp.array([1.0, 2.0, 3.0]))
    Array([0., 0., 0.], dtype=float32)
    """
    if overwrite_data is not None:
        raise NotImplementedError("detrend: overwrite_data is not supported: arrays do not change")
    if type not in ("constant", "linear"):
        raise ValueError(f"detrend: type must be 'linear' or 'constant', got {type!r}")
    x = as_inexact("detrend", data)
    if type == "constant":
        return x - pnp.mean(x, axis, keepdims=True)
    n = x.shape[axis]
    ends = np.unique(np.r_[0, bp, n])
    if ends[0] < 0 or ends[-1] > n:
        raise ValueError(
            f"detrend: Breakpoints must be non-negative and at most {n}, the length, got {bp}"
        )
    x = pnp.moveaxis(x, axis, -1)
    parts = [_without_line(x[..., a:b]) for a, b in itertools.pairwise(ends)]
    return pnp.moveaxis(pnp.concatenate(parts, axis=-1), -1, axis)


def _without_line(x: Any) -> Any:
    """x minus mean + slope t, with the slope of least squares, for times t of mean 0."""
    t = np.arange(x.shape[-1]) - (x.shape[-1] - 1) / 2
    slopes = (t / (t @ t or 1.0)).astype(x.dtype)
    x = x - pnp.mean(x, -1, keepdims=True)
    return x - pnp.dot(x, slopes, precision="highest")[..., None] * t.astype(x.dtype)
