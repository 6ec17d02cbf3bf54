"""Discrete Fourier transforms under NumPy's names."""

import operator
from collections.abc import Sequence
from math import prod, sqrt
from typing import Any

import numpy as np

from .. import dtypes
from ..core.aval import canonical_axis
from ..primitives import elementwise as ew
from ..primitives import fft as pf
from ..primitives import pieces as pc
from ..primitives.complex import WHOLE, whole_dtype
from ..primitives.fft import FftType
from ..primitives.rules import const
from .creation import arange, requested_dtype
from .places import on
from .shapes import moveaxis, roll
from .values import as_array, convert, describe, inexact_dtype

__all__ = [
    "fft", "fft2", "fftfreq", "fftn", "fftshift", "hfft", "ifft", "ifft2", "ifftn", "ifftshift",
    "ihfft", "irfft", "irfft2", "irfftn", "rfft", "rfft2", "rfftfreq", "rfftn",
]  # fmt: skip

Sizes = Sequence[int] | None
NORMS = ("backward", "ortho", "forward")


def transform(name: str, x: Any, kind: FftType, lengths: Sequence[int]) -> Any:
    """The transform over the last axes of an array made complex, or floating for RFFT."""
    dtype = inexact_dtype(x.dtype)
    if kind == FftType.RFFT:
        if dtypes.kind(dtype) == "complex":
            raise ValueError(f"{name}: only real valued inputs are supported, got {describe(x)}")
    else:
        dtype = whole_dtype(dtype if dtype in WHOLE or dtype in WHOLE.values() else dtypes.float32)
    x = convert(x, dtype, x.weak_type)
    return pf.fft(x, kind, lengths) if len(lengths) else x


def _transform_axes(name: str, kind: FftType, a: Any, s: Sizes, axes: Any, norm: Any) -> Any:
    """The transform over some axes, cut or filled with zeros to sizes, and scaled."""
    x = as_array(name, a)
    if norm is not None and norm not in NORMS:
        raise ValueError(f'Invalid norm value {norm}; should be "backward","ortho" or "forward".')
    sizes = None if s is None else tuple(operator.index(n) for n in s)
    if sizes is not None and any(n <= 0 for n in sizes):
        raise ValueError(f"{name}: Shape should be positive, got {sizes}.")
    if sizes is not None and axes is not None and len(sizes) != len(axes):
        raise ValueError(f"{name}: Shape and axes have different lengths: {sizes} and {axes}.")
    chosen = sizes if axes is None else axes
    count = x.ndim if chosen is None else len(chosen)
    last = tuple(range(x.ndim - count, x.ndim))
    places = last if axes is None else tuple(canonical_axis(a, x.ndim, name) for a in axes)
    if len(set(places)) != len(places):
        raise ValueError(f"{name} does not support repeated axes. Got axes {axes}.")
    moved = places != last
    x = moveaxis(x, places, last) if moved else x
    lengths = _lengths(x.shape[x.ndim - count :], kind) if sizes is None else sizes
    if sizes is not None:
        half = (*sizes[:-1], sizes[-1] // 2 + 1) if kind == FftType.IRFFT and sizes else sizes
        x = _fitted(x, x.shape[: x.ndim - count] + half)
    out = transform(name, x, kind, lengths)
    factor = _factor(name, norm, prod(lengths))
    out = out if factor == 1 else ew.mul(out, factor)
    return moveaxis(out, last, places) if moved else out


def _lengths(shape: tuple[int, ...], kind: FftType) -> tuple[int, ...]:
    if kind != FftType.IRFFT or not shape:
        return shape
    return (*shape[:-1], max(0, 2 * (shape[-1] - 1)))


def _fitted(x: Any, shape: tuple[int, ...]) -> Any:
    """The array cut, or filled with zeros at the ends, to a shape."""
    if x.shape == shape:
        return x
    config = [(0, n - m, 0) for m, n in zip(x.shape, shape, strict=True)]
    return pc.pad(x, const(x, 0), config)


def _factor(name: str, norm: str | None, size: int) -> float:
    """What a transform is multiplied with; inverses carry 1/size by themselves."""
    if norm in (None, "backward"):
        return 1.0
    scale = sqrt(size or 1) if norm == "ortho" else float(size or 1)
    return scale if name.startswith("i") else 1 / scale


def _one_axis(name: str, kind: FftType, a: Any, n: Any, axis: Any, norm: Any) -> Any:
    if isinstance(axis, (list, tuple)):
        raise ValueError(
            f"{name} does not support multiple axes. Please use {name}n. Got axis = {axis!r}."
        )
    sizes = None if n is None else [n]
    return _transform_axes(name, kind, a, sizes, None if axis is None else [axis], norm)


def _two_axes(name: str, kind: FftType, a: Any, s: Sizes, axes: Any, norm: Any) -> Any:
    if len(axes) != 2:
        raise ValueError(f"{name} only supports 2 axes. Got axes = {axes!r}.")
    return _transform_axes(name, kind, a, s, axes, norm)


def fft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """The transform y[k] = sum over j of a[j] exp(-2 pi i j k / n) along an axis.

    Args:
      a: array, real or complex.
      n: how many elements are transformed: the rest is cut off, what is missing is 0. All if None.
      axis: integer.
      norm: where to divide: by n in the inverse ("backward" or None), by n here ("forward"), or by
        sqrt(n) in both ("ortho").

    Returns:
      Array of complex64 (complex128 of 64-bit arrays) with n elements along the axis.

    >>> pnp.fft.fft(pnp.array([1.0, 0.0, -1.0, 0.0]))
    Array([0.+0.j, 2.+0.j, 0.+0.j, 2.+0.j], dtype=complex64)
    """
    return _one_axis("fft", FftType.FFT, a, n, axis, norm)


def ifft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """The inverse of fft.

    Arguments are those of `fft`.

    >>> pnp.fft.ifft(pnp.array([0.0, 2.0, 0.0, 2.0]))
    Array([ 1.+0.j,  0.+0.j, -1.+0.j,  0.+0.j], dtype=complex64)
    """
    return _one_axis("ifft", FftType.IFFT, a, n, axis, norm)


def rfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """The first half, which decides the other, of the transform of real numbers.

    Arguments are those of `fft`; of n elements there are n // 2 + 1 results.

    >>> pnp.fft.rfft(pnp.array([1.0, 0.0, -1.0, 0.0]))
    Array([0.+0.j, 2.-0.j, 0.+0.j], dtype=complex64)
    """
    return _one_axis("rfft", FftType.RFFT, a, n, axis, norm)


def irfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """The inverse of rfft.

    n is the number of results; 2 (m - 1) of m elements if None.

    >>> pnp.fft.irfft(pnp.array([0.0, 2.0, 0.0]))
    Array([ 1.,  0., -1.,  0.], dtype=float32)
    """
    return _one_axis("irfft", FftType.IRFFT, a, n, axis, norm)


def hfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """The transform, which is real, of numbers given by their first half: a[-j] = conj(a[j]).

    >>> pnp.fft.hfft(pnp.array([1.0, 2.0, 1.0]))
    Array([ 6.,  0., -2.,  0.], dtype=float32)
    """
    x = as_array("hfft", a)
    x = ew.conj(x) if x.dtype.kind == "c" else x
    out = _one_axis("hfft", FftType.IRFFT, x, n, axis, norm)
    return ew.mul(out, 2 * (x.shape[axis] - 1) if n is None else n)


def ihfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """The inverse of hfft.

    >>> pnp.fft.ihfft(pnp.array([6.0, 0.0, -2.0, 0.0]))
    Array([1.+0.j, 2.+0.j, 1.+0.j], dtype=complex64)
    """
    x = as_array("ihfft", a)
    out = _one_axis("ihfft", FftType.RFFT, x, n, axis, norm)
    return ew.mul(ew.conj(out), 1 / (x.shape[axis] if n is None else n))


def fft2(a: Any, s: Sizes = None, axes: Sequence[int] = (-2, -1), norm: str | None = None) -> Any:
    """The transform over two axes.

    >>> pnp.fft.fft2(pnp.ones((2, 2)))
    Array([[4.+0.j, 0.+0.j],
           [0.+0.j, 0.+0.j]], dtype=complex64)
    """
    return _two_axes("fft2", FftType.FFT, a, s, axes, norm)


def ifft2(a: Any, s: Sizes = None, axes: Sequence[int] = (-2, -1), norm: str | None = None) -> Any:
    """The inverse of fft2.

    >>> x = pnp.array([[1.0, 2.0], [3.0, 4.0]])
    >>> pnp.fft.ifft2(pnp.fft.fft2(x)).real
    Array([[1., 2.],
           [3., 4.]], dtype=float32)
    """
    return _two_axes("ifft2", FftType.IFFT, a, s, axes, norm)


def rfft2(a: Any, s: Sizes = None, axes: Sequence[int] = (-2, -1), norm: str | None = None) -> Any:
    """The transform of real numbers over two axes, halved along the last.

    >>> pnp.fft.rfft2(pnp.array([[1.0, 2.0], [3.0, 4.0]])).real
    Array([[10., -2.],
           [-4.,  0.]], dtype=float32)
    """
    return _two_axes("rfft2", FftType.RFFT, a, s, axes, norm)


def irfft2(a: Any, s: Sizes = None, axes: Sequence[int] = (-2, -1), norm: str | None = None) -> Any:
    """The inverse of rfft2.

    >>> x = pnp.array([[1.0, 2.0], [3.0, 4.0]])
    >>> pnp.fft.irfft2(pnp.fft.rfft2(x))
    Array([[1., 2.],
           [3., 4.]], dtype=float32)
    """
    return _two_axes("irfft2", FftType.IRFFT, a, s, axes, norm)


def fftn(a: Any, s: Sizes = None, axes: Sizes = None, norm: str | None = None) -> Any:
    """The transform over several axes, all unless told otherwise.

    >>> pnp.fft.fftn(pnp.ones((2, 3, 4))).shape
    (2, 3, 4)
    """
    return _transform_axes("fftn", FftType.FFT, a, s, axes, norm)


def ifftn(a: Any, s: Sizes = None, axes: Sizes = None, norm: str | None = None) -> Any:
    """The inverse of fftn.

    >>> pnp.fft.ifftn(pnp.array([[4.0, 0.0], [0.0, 0.0]])).real
    Array([[1., 1.],
           [1., 1.]], dtype=float32)
    """
    return _transform_axes("ifftn", FftType.IFFT, a, s, axes, norm)


def rfftn(a: Any, s: Sizes = None, axes: Sizes = None, norm: str | None = None) -> Any:
    """The transform of real numbers over several axes, halved along the last.

    >>> pnp.fft.rfftn(pnp.ones((2, 3, 4))).shape
    (2, 3, 3)
    """
    return _transform_axes("rfftn", FftType.RFFT, a, s, axes, norm)


def irfftn(a: Any, s: Sizes = None, axes: Sizes = None, norm: str | None = None) -> Any:
    """The inverse of rfftn.

    >>> x = pnp.array([[1.0, 2.0], [3.0, 4.0]])
    >>> pnp.fft.irfftn(pnp.fft.rfftn(x), s=(2, 2))
    Array([[1., 2.],
           [3., 4.]], dtype=float32)
    """
    return _transform_axes("irfftn", FftType.IRFFT, a, s, axes, norm)


def _check_numbers(name: str, n: Any, d: Any) -> None:
    if isinstance(n, (list, tuple)):
        raise ValueError(f"The n argument of {name} only takes an int. Got n = {list(n)}.")
    if isinstance(d, (list, tuple)):
        raise ValueError(f"The d argument of {name} only takes a single value. Got d = {list(d)}.")


def fftfreq(n: int, d: Any = 1.0, *, dtype: Any = None, device: None = None) -> Any:
    """The frequencies of fft's results in cycles a unit, the negative ones last.

    >>> pnp.fft.fftfreq(4, d=0.5)
    Array([ 0. ,  0.5, -1. , -0.5], dtype=float32)
    """
    _check_numbers("fftfreq", n, d)
    wanted = dtypes.default_dtype(float) if dtype is None else requested_dtype("fftfreq", dtype)
    places = np.arange(n)
    k = arange(n, dtype=inexact_dtype(wanted)) - (places > (n - 1) // 2) * n
    return on(device, convert(convert(k, inexact_dtype(wanted)) / (d * n), wanted))


def rfftfreq(n: int, d: Any = 1.0, *, dtype: Any = None, device: None = None) -> Any:
    """The frequencies of rfft's results in cycles a unit.

    >>> pnp.fft.rfftfreq(4, d=0.5)
    Array([0. , 0.5, 1. ], dtype=float32)
    """
    _check_numbers("rfftfreq", n, d)
    wanted = dtypes.default_dtype(float) if dtype is None else requested_dtype("rfftfreq", dtype)
    return on(device, arange(n // 2 + 1, dtype=wanted) / (d * n))


def _shift(name: str, x: Any, axes: Any, sign: int) -> Any:
    x = as_array(name, x)
    if axes is None:
        axes = tuple(range(x.ndim))
    axes = (axes,) if isinstance(axes, int) else tuple(axes)
    shifts = tuple(x.shape[a] // 2 for a in axes)
    return roll(x, shifts if sign > 0 else tuple(-s for s in shifts), axes)


def fftshift(x: Any, axes: Any = None) -> Any:
    """Frequency zero moved to the middle.

    >>> pnp.fft.fftshift(pnp.fft.fftfreq(4))
    Array([-0.5 , -0.25,  0.  ,  0.25], dtype=float32)
    """
    return _shift("fftshift", x, axes, 1)


def ifftshift(x: Any, axes: Any = None) -> Any:
    """The inverse of fftshift.

    >>> pnp.fft.ifftshift(pnp.array([-2, -1, 0, 1]))
    Array([ 0,  1, -2, -1], dtype=int32)
    """
    return _shift("ifftshift", x, axes, -1)
