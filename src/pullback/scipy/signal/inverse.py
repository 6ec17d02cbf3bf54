"""Signals from the spectra of their segments.

Source: Griffin and Lim, IEEE Trans. ASSP 32 (1984).
"""

import operator
from typing import Any

import numpy as np

from ... import dtypes
from ... import numpy as pnp
from ...core.aval import canonical_axis
from ...numpy.values import as_array, describe
from .windows import named_window, overlap_add


def _axes(x: Any, freq_axis: int, time_axis: int) -> tuple[int, int]:
    if x.ndim < 2:
        raise ValueError(f"istft: Input stft must be at least 2d, got {describe(x)}")
    freq, time = (canonical_axis(a, x.ndim, "istft") for a in (freq_axis, time_axis))
    if freq == time:
        raise ValueError(f"istft: time and frequency axes must differ, got {freq} twice")
    return freq, time


def _lengths(bins: int, onesided: bool, nperseg: Any, noverlap: Any, nfft: Any) -> list[int]:
    """The segments' size, their step, and the transform's length."""
    usual = 2 * (bins - 1) if onesided else bins
    size = usual if nperseg is None else operator.index(nperseg)
    if size < 1:
        raise ValueError(f"istft: nperseg must be a positive integer, got {size}")
    odd = onesided and size == usual + 1
    length = usual + odd if nfft is None else operator.index(nfft)
    if length < size:
        raise ValueError(f"istft: nfft ({length}) must not be less than nperseg ({size}).")
    overlap = size // 2 if noverlap is None else operator.index(noverlap)
    if overlap >= size:
        raise ValueError(f"istft: noverlap ({overlap}) must be less than nperseg ({size}).")
    return [size, size - overlap, length]


def _window(window: Any, size: int, dtype: Any) -> Any:
    given = named_window(window, size) if isinstance(window, str | tuple) else window
    win = pnp.asarray(given, dtype)
    if win.shape != (size,):
        raise ValueError(f"istft: window must have shape ({size},), got {describe(win)}")
    return win


def istft(
    Zxx: Any,
    fs: Any = 1.0,
    window: Any = "hann",
    nperseg: int | None = None,
    noverlap: int | None = None,
    nfft: int | None = None,
    input_onesided: bool = True,
    boundary: bool = True,
    time_axis: int = -1,
    freq_axis: int = -2,
) -> tuple[Any, Any]:
    """Times, and the signal whose `stft` with the same arguments is nearest to `Zxx`.

    >>> from pullback import numpy as pnp
    >>> from pullback.scipy.signal import istft, stft
    >>> istft(stft(pnp.arange(16.0), nperseg=8)[2], nperseg=8)[1][1:4].round(3)
    Array([1., 2., 3.], dtype=float32)
    """
    z = as_array("istft", Zxx)
    freq, time = _axes(z, freq_axis, time_axis)
    z = pnp.moveaxis(
        z.astype(dtypes.promote_types(z.dtype, dtypes.complex64)), (time, freq), (-2, -1)
    )
    size, step, length = _lengths(z.shape[-1], input_onesided, nperseg, noverlap, nfft)
    ifft = pnp.fft.irfft if input_onesided else pnp.fft.ifft
    segments = ifft(z, length)[..., :size]
    win = _window(window, size, segments.dtype)
    x = overlap_add(segments * win * pnp.sum(win), step)
    weight = overlap_add(pnp.broadcast_to(win * win, segments.shape[-2:]), step)
    if boundary:
        inner = slice(size // 2, x.shape[-1] - size // 2)
        x, weight = x[..., inner], weight[inner]
    x = x / pnp.where(pnp.abs(weight) > 1e-10, weight, 1)
    if x.ndim > 1:
        x = pnp.moveaxis(x, -1, time - (freq < time))
    times = np.arange(x.shape[0]).astype(np.finfo(x.dtype).dtype)
    return pnp.asarray(times) / fs, x
