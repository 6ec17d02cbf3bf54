"""Signals: convolutions, trends, spectra."""

from .convolutions import convolve, convolve2d, correlate, correlate2d, fftconvolve
from .inverse import istft
from .spectra import csd, stft, welch
from .trends import detrend

__all__ = [
    "convolve", "convolve2d", "correlate", "correlate2d", "csd", "detrend", "fftconvolve", "istft",
    "stft", "welch",
]  # fmt: skip
