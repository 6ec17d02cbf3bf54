"""Discrete Fourier transforms over the last axes, complex and real."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

from .. import _native
from ..core.aval import ShapedArray
from ..core.memo import Memory
from ..core.primitive import Primitive
from .arithmetic import div, mul
from .batching import move_axis
from .complex import conj, part_dtype, whole_dtype
from .rules import COMPLEX, check_kind, deflinear, fail
from .shape import broadcast_in_dim


class FftType(enum.IntEnum):
    """Which transform: complex, its inverse, of real numbers, and the inverse of that.

    >>> pb.lax.fft(pnp.ones(4), pb.lax.FftType.RFFT, (4,)).real
    Array([4., 0., 0.], dtype=float32)
    """

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


def plan(
    x: ShapedArray,
    fft_type: FftType,
    fft_lengths: tuple[int, ...],
    strides: Sequence[int],
    out_strides: Sequence[int],
) -> tuple[int, ...]:
    """The transform as plain numbers, as the native core takes it: native/fourier.h."""
    shape = (*x.shape[: x.ndim - len(fft_lengths)], *fft_lengths)
    part = part_dtype(x.dtype) if x.dtype.kind == "c" else x.dtype
    axes = zip(shape, strides, out_strides, strict=True)
    head = (int(fft_type), part.itemsize, x.ndim, len(fft_lengths))
    return (*head, *[n for axis in axes for n in axis])


@dataclass(frozen=True)
class Job:
    """A plan for arrays of certain strides; the result's axes lie in memory as the operand's do."""

    out: ShapedArray
    # The shape in memory, and where each axis of the result is in it.
    dense: tuple[int, ...]
    places: tuple[int, ...]
    plan: tuple[int, ...] = ()

    def empty(self) -> np.ndarray:
        made = np.empty(self.dense, self.out.dtype)
        return made if self.dense is self.out.shape else made.transpose(self.places)


_jobs: Memory[Any, Job] = Memory()


def _job(x: np.ndarray, params: dict[str, Any]) -> Job:
    key = (x.shape, x.strides, x.dtype, *params.values())
    found = _jobs.get(key)
    if found is None:
        aval = ShapedArray(x.shape, x.dtype)
        out = fft_p.infer([aval], params)
        order = sorted(range(x.ndim), key=lambda a: -abs(x.strides[a]))
        plain = order == list(range(x.ndim))
        dense = out.shape if plain else tuple([out.shape[a] for a in order])
        found = Job(out, dense, tuple([order.index(a) for a in range(x.ndim)]))
        if x.size and out.size:
            strides = [[s // z.itemsize for s in z.strides] for z in (x, found.empty())]
            full = plan(aval, **params, strides=strides[0], out_strides=strides[1])
            found = replace(found, plan=full)
        _jobs[key] = found
    return found


@fft_p.def_value
def _(x: np.ndarray, *, fft_type: FftType, fft_lengths: tuple[int, ...]) -> np.ndarray:
    if not x.flags.aligned or any(s % x.itemsize for s in x.strides):
        x = x.copy()
    job = _job(x, {"fft_type": fft_type, "fft_lengths": fft_lengths})
    if not job.plan:
        return np.zeros(job.out.shape, job.out.dtype)
    out = job.empty()
    _native.fourier(x, out, job.plan)
    return out


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
