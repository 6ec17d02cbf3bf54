"""Fourier transforms over the last axes."""

from collections.abc import Sequence
from typing import Any

from ..numpy.fft import transform
from ..numpy.values import as_array
from ..primitives.fft import FftType


def fft(x: Any, fft_type: FftType | str, fft_lengths: Sequence[int]) -> Any:
    """The transform of a kind over as many last axes as there are lengths.

    Args:
      x: array; made complex, or floating for RFFT.
      fft_type: FftType, or its name: "fft", "ifft", "rfft", "irfft".
      fft_lengths: the sizes of these axes; for IRFFT those of the result.

    >>> pb.lax.fft(pnp.ones(4, dtype=complex), "fft", (4,)).real
    Array([4., 0., 0., 0.], dtype=float32)
    """
    if isinstance(fft_type, str):
        if fft_type.upper() not in FftType.__members__:
            raise ValueError(f"Unknown FFT type '{fft_type}': give fft, ifft, rfft or irfft")
        fft_type = FftType[fft_type.upper()]
    elif not isinstance(fft_type, FftType):
        raise TypeError(f"Unknown FFT type value '{fft_type}': give an FftType")
    return transform("fft", as_array("fft", x), fft_type, tuple(fft_lengths))
