"""Discrete Fourier transforms over the last axes, complex and real."""

import enum
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ..core.aval import ShapedArray
from ..core.primitive import Primitive
from .arithmetic import div, mul
from .batching import move_axis
from .complex import conj, part_dtype, whole_dtype
from .rules import COMPLEX, check_kind, deflinear, fail
from .shape import broadcast_in_dim


class FftType(enum.IntEnum):
    """Which transform: complex, its inverse, of real numbers, and the inverse of that."""

    FFT = 0
    IFFT = 1
    RFFT = 2
    IRFFT = 3


fft_p = Primitive("fft", linear=True)
deflinear(fft_p)


def fft(x: Any, fft_type: FftType, fft_lengths: Sequence[int]) -> Any:
    """The transform over as many last axes as there are lengths."""
    return fft_p.bind(x, fft_type=fft_type, fft_lengths=tuple(fft_lengths))


@fft_p.def_type
def _(x: ShapedArray, *, fft_type: FftType, fft_lengths: tuple[int, ...]) -> ShapedArray:
    name, count = f"fft of type {fft_type.name}", len(fft_lengths)
    if not 0 < count <= x.ndim:
        fail(name, f"an operand with an axis for each of fft_lengths={fft_lengths} is wanted", x)
    lead, sizes = x.shape[: x.ndim - count], x.shape[x.ndim - count :]
    half = (*fft_lengths[:-1], fft_lengths[-1] // 2 + 1)
    if fft_type == FftType.RFFT:
        if x.dtype.char not in "fd":
            raise ValueError(f"{name}: float32 or float64 is wanted, got {x.dtype.name}")
        out, dtype = half, whole_dtype(x.dtype)
    else:
        check_kind(name, COMPLEX, x)
        out, dtype = fft_lengths, x.dtype
    if fft_type == FftType.IRFFT:
        dtype = part_dtype(x.dtype)
    wanted = half if fft_type == FftType.IRFFT else fft_lengths
    if sizes != wanted:
        fail(name, f"the last axes must have the sizes {wanted}", x)
    return ShapedArray(lead + out, dtype, x.weak_type)


TRANSFORMS = {
    FftType.FFT: np.fft.fftn,
    FftType.IFFT: np.fft.ifftn,
    FftType.RFFT: np.fft.rfftn,
    FftType.IRFFT: np.fft.irfftn,
}


@fft_p.def_value
def _(x: np.ndarray, *, fft_type: FftType, fft_lengths: tuple[int, ...]) -> np.ndarray:
    params = {"fft_type": fft_type, "fft_lengths": fft_lengths}
    # NumPy would cut or fill what does not fit.
    out = fft_p.infer([ShapedArray(x.shape, x.dtype)], params)
    if not x.size or not out.size:
        return np.zeros(out.shape, out.dtype)
    return TRANSFORMS[fft_type](x, fft_lengths, range(-len(fft_lengths), 0))


# Complex transforms are symmetric. Of a real one's spectrum only half is kept: what stands for two
# numbers counts twice.
@fft_p.def_transpose
def _(ct: Any, x: Any, *, fft_type: FftType, fft_lengths: tuple[int, ...]) -> list[Any]:
    if fft_type in (FftType.FFT, FftType.IFFT):
        return [fft(ct, fft_type, fft_lengths)]
    size = float(prod(fft_lengths))
    if fft_type == FftType.RFFT:
        halved = div(conj(ct), _times_counted(ct, fft_lengths[-1]))
        return [mul(fft(halved, FftType.IRFFT, fft_lengths), size)]
    spectrum = conj(fft(ct, FftType.RFFT, fft_lengths))
    return [mul(mul(spectrum, _times_counted(spectrum, fft_lengths[-1])), 1 / size)]


def _times_counted(spectrum: Any, length: int) -> Any:
    """How many numbers of the whole spectrum each stands for, as an array of its type."""
    counts = np.full(spectrum.shape[-1], 2, spectrum.dtype)
    counts[0] = 1
    if length % 2 == 0:
        counts[-1] = 1
    return broadcast_in_dim(counts, spectrum.shape, (len(spectrum.shape) - 1,))


@fft_p.def_batch
def _(args: Any, dims: Any, **params: Any) -> Any:
    return fft_p.bind(move_axis(args[0], dims[0], 0), **params), 0
