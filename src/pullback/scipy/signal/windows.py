"""Windows of segments, and segments of signals."""

import math
import warnings
from typing import Any

import numpy as np

from ... import numpy as pnp
from ...lazy import LazyModule
from ...numpy.values import describe

scipy_signal = LazyModule("scipy.signal")


def named_window(window: Any, size: int) -> np.ndarray:
    """A window by name, or by a tuple of name and parameters."""
    if window == "hann":
        return np.sin(np.pi * np.arange(size) / size) ** 2 if size > 1 else np.ones(1)
    return scipy_signal.get_window(window, size)


def window_of(window: Any, size: int | None, length: int, dtype: Any) -> tuple[Any, int]:
    """The window for a signal of a length, and its size."""
    if isinstance(window, str | tuple):
        size = length if size is None else size
        if size > length:
            warnings.warn(
                f"nperseg={size} is greater than the length {length}, using nperseg={length}",
                stacklevel=4,
            )
            size = length
        return pnp.asarray(named_window(window, size), dtype), size
    win = pnp.asarray(window, dtype)
    if win.ndim != 1:
        raise ValueError(f"window must be 1-D, got {describe(win)}")
    if win.shape[0] > length:
        raise ValueError(f"window is longer than input signal: {win.shape[0]} > {length}")
    if size not in (None, win.shape[0]):
        raise ValueError(
            f"nperseg is different from length of window: {size} and {win.shape[0]}: leave it out"
        )
    return win, win.shape[0]


def places(length: int, size: int, step: int) -> np.ndarray:
    """The indices of a signal's segments, one row each."""
    return np.arange(0, length - size + 1, step)[:, None] + np.arange(size)


def overlap_add(segments: Any, step: int) -> Any:
    """The sum of segments (..., count, size), each a step after the one before."""
    *lead, count, size = segments.shape
    pieces = math.ceil(size / step)
    widths = [(0, 0)] * (segments.ndim - 1) + [(0, pieces * step - size)]
    blocks = pnp.pad(segments, widths).reshape(*lead, count, pieces, step)
    out = pnp.zeros((*lead, count + pieces - 1, step), segments.dtype)
    for k in range(pieces):
        out = out.at[..., k : k + count, :].add(blocks[..., k, :])
    return out.reshape(*lead, -1)[..., : step * (count - 1) + size]
