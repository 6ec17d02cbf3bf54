"""Spectra of a signal's segments, and their means (Welch's method).

Source: Welch, IEEE Trans. Audio Electroacoust. 15 (1967).
"""

import operator
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ... import dtypes
from ... import numpy as pnp
from ...core.aval import canonical_axis
from ...numpy.values import describe, promote_arrays_inexact
from .trends import detrend as _detrend
from .windows import places, window_of

# How a signal goes on beyond its ends, as modes of `numpy.pad`.
BOUNDARIES: dict[str, dict[str, Any]] = {
    "even": {"mode": "reflect"},
    "odd": {"mode": "reflect", "reflect_type": "odd"},
    "constant": {"mode": "edge"},
    "zeros": {"mode": "constant"},
}
SCALES: dict[str, Callable[[Any, Any], Any]] = {
    "density": lambda win, fs: 1 / (fs * pnp.sum(win * win)),
    "spectrum": lambda win, fs: 1 / pnp.sum(win) ** 2,
}


class Segments(NamedTuple):
    """How a signal is cut and transformed."""

    window: Any
    size: int
    step: int
    nfft: int
    onesided: bool
    trend: Any

    def spectra(self, x: Any) -> Any:
        """The spectra of the segments: (..., segments, frequencies)."""
        cut = x[..., places(x.shape[-1], self.size, self.step)]
        cut = self.window * _without_trend(cut, self.trend)
        if self.onesided:
            return pnp.fft.rfft(pnp.real(cut), self.nfft)
        return pnp.fft.fft(cut, self.nfft)

    def frequencies(self, fs: Any, dtype: Any) -> Any:
        """The frequencies of the spectra."""
        which = pnp.fft.rfftfreq if self.onesided else pnp.fft.fftfreq
        return which(self.nfft, 1 / fs, dtype=dtype)


def _without_trend(x: Any, trend: Any) -> Any:
    if isinstance(trend, str):
        return _detrend(x, type=trend)
    if callable(trend):
        return trend(x)
    if trend:
        raise ValueError(f"Unsupported detrend type: {trend}: give a name, a function or False")
    return x


def _operands(name: str, x: Any, y: Any, axis: int) -> tuple[list[Any], int]:
    """The signals with time last and of one length, and where time was."""
    arrays = promote_arrays_inexact(name, x) if y is None else promote_arrays_inexact(name, x, y)
    if len({a.ndim for a in arrays}) > 1:
        raise ValueError(
            f"{name}: x and y must have the same rank, got {' and '.join(map(describe, arrays))}"
        )
    place = canonical_axis(operator.index(axis), arrays[0].ndim, name)
    arrays = [pnp.moveaxis(a, place, -1) for a in arrays]
    length = max(a.shape[-1] for a in arrays)
    return [_filled(a, length - a.shape[-1]) for a in arrays], place


def _filled(x: Any, count: int) -> Any:
    return pnp.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, count)]) if count else x


def _extended(x: Any, boundary: str | None, count: int) -> Any:
    if boundary is None:
        return x
    return pnp.pad(x, [(0, 0)] * (x.ndim - 1) + [(count, count)], **BOUNDARIES[boundary])


def _segments(
    arrays: list[Any],
    window: Any,
    nperseg: Any,
    noverlap: Any,
    nfft: Any,
    onesided: bool,
    trend: Any,
) -> Segments:
    if nperseg is not None and operator.index(nperseg) < 1:
        raise ValueError(f"nperseg must be a positive integer, got {nperseg}")
    x = arrays[0]
    win, size = window_of(window, nperseg, x.shape[-1], x.dtype)
    overlap = size // 2 if noverlap is None else operator.index(noverlap)
    length = size if nfft is None else operator.index(nfft)
    if length < size:
        raise ValueError(f"nfft must be greater than or equal to nperseg, got {length} < {size}")
    if overlap >= size:
        raise ValueError(f"noverlap must be less than nperseg, got {overlap} >= {size}")
    if onesided and any(dtypes.kind(a.dtype) == "complex" for a in arrays):
        warnings.warn("Input data is complex, switching to return_onesided=False", stacklevel=4)
        onesided = False
    return Segments(win, size, size - overlap, length, onesided, trend)


def stft(
    x: Any,
    fs: Any = 1.0,
    window: Any = "hann",
    nperseg: int = 256,
    noverlap: int | None = None,
    nfft: int | None = None,
    detrend: Any = False,
    return_onesided: bool = True,
    boundary: str | None = "zeros",
    padded: bool = True,
    axis: int = -1,
) -> tuple[Any, Any, Any]:
    """Frequencies, times, and the spectra of a signal's overlapping segments, times last.

    x has the sampling rate `fs`. Segments of `nperseg` values overlap in `noverlap` (half) and are
    transformed with the length `nfft`. The signal is extended by half a segment at its ends
    ("zeros", "even", "odd", "constant" or None), and to whole segments if `padded`.

    >>> from pullback import numpy as pnp
    >>> from pullback.scipy.signal import stft
    >>> f, t, z = stft(pnp.ones(16), nperseg=8)
    >>> z.shape
    (5, 5)
    """
    arrays, place = _operands("stft", x, None, axis)
    if boundary is not None and boundary not in BOUNDARIES:
        raise ValueError(
            f"Unknown boundary option '{boundary}', must be one of: {[*BOUNDARIES, None]}"
        )
    (signal,) = arrays
    dtype = dtypes.promote_types(signal.dtype, dtypes.complex64)
    real = np.finfo(dtype).dtype
    if not signal.size:
        nothing = pnp.zeros(pnp.shape(x), real)
        return nothing, nothing, pnp.zeros(pnp.shape(x), dtype)
    how = _segments(arrays, window, nperseg, noverlap, nfft, return_onesided, detrend)
    signal = _extended(signal, boundary, how.size // 2)
    if padded:
        signal = _filled(signal, -(signal.shape[-1] - how.size) % how.step % how.size)
    out = how.spectra(signal) * pnp.sqrt(SCALES["spectrum"](how.window, fs))
    centers = np.arange(how.size / 2, signal.shape[-1] - how.size / 2 + 1, how.step)
    centers = centers if boundary is None else centers - how.size / 2
    times = pnp.asarray(centers, real) / fs
    return how.frequencies(fs, real), times, pnp.moveaxis(out.astype(dtype), -1, place)


def csd(
    x: Any,
    y: Any,
    fs: Any = 1.0,
    window: Any = "hann",
    nperseg: int | None = None,
    noverlap: int | None = None,
    nfft: int | None = None,
    detrend: Any = "constant",
    return_onesided: bool = True,
    scaling: str = "density",
    axis: int = -1,
    average: str = "mean",
) -> tuple[Any, Any]:
    """Frequencies, and the cross spectrum of two signals: the mean of conj(X) Y over segments.

    The arguments are those of `stft`; the segments lose their mean ("constant") or line ("linear"),
    `scaling` is to a "density" or a "spectrum", `average` the "mean" or the "median". Without y it
    is x's own spectrum.

    >>> f, power = pb.scipy.signal.csd(pnp.ones(16), pnp.arange(16.0), nperseg=8)
    >>> f.shape, power.shape
    ((5,), (5,))
    """
    if scaling not in SCALES:
        raise ValueError(f"Unknown scaling: {scaling}: give 'density' or 'spectrum'")
    if average not in ("mean", "median"):
        raise ValueError(f'average must be "median" or "mean", got {average}')
    arrays, place = _operands("csd", x, y, axis)
    dtype = dtypes.promote_types(arrays[0].dtype, dtypes.complex64)
    real = np.finfo(dtype).dtype
    if not all(a.size for a in arrays):
        lead = pnp.broadcast_shapes(*[a.shape[:-1] for a in arrays])
        empty = pnp.moveaxis(pnp.zeros((*lead, min(a.shape[-1] for a in arrays)), real), -1, place)
        return empty, empty if y is None else empty.astype(dtype)
    how = _segments(arrays, window, nperseg, noverlap, nfft, return_onesided, detrend)
    spectra = [how.spectra(a) for a in arrays]
    power = pnp.conj(spectra[0]) * spectra[-1] * SCALES[scaling](how.window, fs)
    if how.onesided:
        twice = np.full(power.shape[-1], 2.0)
        twice[0] = 1
        if how.nfft % 2 == 0:
            twice[-1] = 1
        power = power * twice.astype(real)
    power = pnp.real(power) if y is None else power.astype(dtype)
    power = _averaged(power, average)
    return how.frequencies(fs, real), pnp.moveaxis(power, -1, place)


def _averaged(power: Any, average: str) -> Any:
    """The mean or the unbiased median over segments, the last but one axis."""
    count = power.shape[-2]
    if average == "mean" or count == 1:
        return pnp.mean(power, -2)
    k = np.arange(2.0, count, 2)
    bias = 1 + np.sum(1 / (k + 1) - 1 / k)
    middle = pnp.median(pnp.real(power), -2)
    if dtypes.kind(power.dtype) == "complex":
        middle = middle + power.dtype.type(1j) * pnp.median(pnp.imag(power), -2)
    return middle / middle.dtype.type(bias)


def welch(
    x: Any,
    fs: Any = 1.0,
    window: Any = "hann",
    nperseg: int | None = None,
    noverlap: int | None = None,
    nfft: int | None = None,
    detrend: Any = "constant",
    return_onesided: bool = True,
    scaling: str = "density",
    axis: int = -1,
    average: str = "mean",
) -> tuple[Any, Any]:
    """Frequencies, and the power spectrum of a signal; the arguments are those of `csd`.

    >>> wave = pnp.sin(2 * np.pi * 0.25 * pnp.arange(64))
    >>> f, power = pb.scipy.signal.welch(wave, nperseg=16)
    >>> f[pnp.argmax(power)]
    Array(0.25, dtype=float32)
    """
    return csd(
        x,
        None,
        fs=fs,
        window=window,
        nperseg=nperseg,
        noverlap=noverlap,
        nfft=nfft,
        detrend=detrend,
        return_onesided=return_onesided,
        scaling=scaling,
        axis=axis,
        average=average,
    )
