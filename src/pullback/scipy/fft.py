"""Cosine transforms of type 2 and their inverses, by the Fourier transform of the same length.

Source: Makhoul, A fast cosine transform in one and two dimensions, IEEE Trans. ASSP 28 (1980).
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import dtypes
from .. import numpy as pnp
from ..core.aval import canonical_axis
from ..numpy.elementwise import as_inexact
from ..primitives import pieces as pc
from ..primitives.rules import const

Transform = Callable[[Any, str | None], Any]


def _checked(name: str, x: Any, type: int, norm: str | None) -> Any:
    if type != 2:
        raise NotImplementedError(f"{name}: Only DCT type 2 is implemented, got type={type}.")
    if norm not in (None, "backward", "ortho"):
        raise ValueError(
            f"{name}: norm={norm!r} is not implemented: give None, 'backward' or 'ortho'"
        )
    return as_inexact(name, x)


def _resized(x: Any, sizes: dict[int, int]) -> Any:
    """The array cut or filled with zeros at the end of axes."""
    config = [(0, sizes.get(a, n) - n, 0) for a, n in enumerate(x.shape)]
    return pc.pad(x, const(x, 0), config) if any(c[1] for c in config) else x


def _along(transform: Transform, x: Any, axis: int, norm: str | None) -> Any:
    """The transform of real numbers, or of the parts of complex ones, along an axis."""
    x = pnp.moveaxis(x, axis, -1)
    if dtypes.kind(x.dtype) == "complex":
        out = pnp.stack([transform(x.real, norm), transform(x.imag, norm)])
        return pnp.moveaxis(out[0] + out[1] * x.dtype.type(1j), -1, axis)
    return pnp.moveaxis(transform(x, norm), -1, axis)


def _turns(n: int, x: Any, sign: int) -> np.ndarray:
    """exp(sign i pi k / 2n) for k < n."""
    turns = np.exp(sign * 0.5j * np.pi * np.arange(n) / n)
    return turns.astype(np.complex128 if x.dtype == np.float64 else np.complex64)


def _scales(n: int, x: Any) -> np.ndarray:
    """What makes the transform orthogonal."""
    return np.sqrt(np.where(np.arange(n) == 0, 0.25, 0.5) / n).astype(x.dtype)


def _forward(x: Any, norm: str | None) -> Any:
    """2 sum x[j] cos(pi k (2j + 1) / 2n): even elements, then odd ones backward, transformed."""
    n = x.shape[-1]
    mixed = pnp.concatenate([x[..., ::2], pnp.flip(x[..., 1::2], -1)], axis=-1)
    spectrum = pnp.fft.fft(mixed, axis=-1)
    out = 2 * pnp.real(spectrum * _turns(n, spectrum.real, -1))
    return out * _scales(n, out) if norm == "ortho" else out


def _backward(y: Any, norm: str | None) -> Any:
    n = y.shape[-1]
    if norm == "ortho":
        y = y / _scales(n, y)
    halves = np.where(np.arange(n) == 0, 0.5, 1.0).astype(y.dtype)
    mixed = pnp.real(pnp.fft.ifft(y * halves * _turns(n, y, 1), axis=-1))
    places = np.empty(n, int)
    places[::2], places[1::2] = np.arange((n + 1) // 2), np.arange(n)[: (n - 1) // 2 : -1]
    return pnp.take(mixed, places, axis=-1)


def _one(name: str, f: Transform, x: Any, type: int, n: int | None, axis: int, norm: Any) -> Any:
    x = _checked(name, x, type, norm)
    axis = canonical_axis(axis, x.ndim, name)
    return _along(f, x if n is None else _resized(x, {axis: n}), axis, norm)


def _many(name: str, f: Transform, x: Any, type: int, s: Any, axes: Any, norm: Any) -> Any:
    x = _checked(name, x, type, norm)
    sizes = None if s is None else [s] if isinstance(s, int) else list(s)
    if sizes is not None and len(sizes) > x.ndim:
        raise ValueError(
            f"{name}: s must have at most x.ndim ({x.ndim}) elements, got {len(sizes)}"
        )
    count = x.ndim if sizes is None else len(sizes)
    given = range(x.ndim - count, x.ndim) if axes is None else axes
    places = [canonical_axis(a, x.ndim, name) for a in given]
    if sizes is not None:
        x = _resized(x, dict(zip(places, sizes, strict=False)))
    for axis in places:
        x = _along(f, x, axis, norm)
    return x


def dct(
    x: Any, type: int = 2, n: int | None = None, axis: int = -1, norm: str | None = None
) -> Any:
    """The cosine transform 2 sum_j x[j] cos(pi k (2j + 1) / 2n) along an axis.

    The axis is cut or filled to `n`; "ortho" scales to an orthogonal matrix.

    >>> import pullback as pb
    >>> pb.scipy.fft.dct(pb.numpy.ones(2)).round(3)
    Array([4., 0.], dtype=float32)
    """
    return _one("dct", _forward, x, type, n, axis, norm)


def idct(
    x: Any, type: int = 2, n: int | None = None, axis: int = -1, norm: str | None = None
) -> Any:
    """The inverse of `dct`.

    >>> x = pnp.array([1.0, 2.0, 3.0])
    >>> pb.scipy.fft.idct(pb.scipy.fft.dct(x)).round(3)
    Array([1., 2., 3.], dtype=float32)
    """
    return _one("idct", _backward, x, type, n, axis, norm)


def dctn(
    x: Any,
    type: int = 2,
    s: Sequence[int] | None = None,
    axes: Sequence[int] | None = None,
    norm: str | None = None,
) -> Any:
    """`dct` along several axes, all by default, of sizes `s`.

    >>> pb.scipy.fft.dctn(pnp.ones((2, 2)))
    Array([[16.,  0.],
           [ 0.,  0.]], dtype=float32)
    """
    return _many("dctn", _forward, x, type, s, axes, norm)


def idctn(
    x: Any,
    type: int = 2,
    s: Sequence[int] | None = None,
    axes: Sequence[int] | None = None,
    norm: str | None = None,
) -> Any:
    """The inverse of `dctn`.

    >>> x = pnp.array([[1.0, 2.0], [3.0, 4.0]])
    >>> pb.scipy.fft.idctn(pb.scipy.fft.dctn(x)).round(3)
    Array([[1., 2.],
           [3., 4.]], dtype=float32)
    """
    return _many("idctn", _backward, x, type, s, axes, norm)


__all__ = ["dct", "dctn", "idct", "idctn"]
