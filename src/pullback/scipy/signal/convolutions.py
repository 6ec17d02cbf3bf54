"""Convolutions and correlations of any number of axes, directly or by Fourier transforms."""

from collections.abc import Sequence
from typing import Any

from ... import dtypes, lax
from ... import numpy as pnp
from ...core.aval import canonical_axis
from ...numpy.values import as_array, describe, promote_arrays_inexact

MODES = ("full", "same", "valid")


def _checked(name: str, in1: Any, in2: Any, mode: str) -> list[Any]:
    if mode not in MODES:
        raise ValueError(f"{name}: mode must be one of {list(MODES)}, got {mode!r}")
    x, y = promote_arrays_inexact(name, in1, in2)
    if x.ndim != y.ndim:
        raise ValueError(
            f"{name}: in1 and in2 must have the same number of dimensions, got"
            f" {describe(x)} and {describe(y)}"
        )
    return [x, y]


def _larger_first(name: str, x: Any, y: Any) -> tuple[Any, Any]:
    """The operands, the one that covers the other first."""
    sizes = list(zip(x.shape, y.shape, strict=True))
    if all(m >= n for m, n in sizes):
        return x, y
    if all(m <= n for m, n in sizes):
        return y, x
    raise ValueError(
        f"{name}: One input must be smaller than the other in every dimension, got"
        f" {describe(x)} and {describe(y)}"
    )


def _direct(name: str, in1: Any, in2: Any, mode: str, precision: Any) -> Any:
    """The convolution as one operation; "same" keeps the middle, of the first operand's shape."""
    first, second = _checked(name, in1, in2, mode)
    if not first.size or not second.size:
        raise ValueError(
            f"{name}: zero-size arrays not supported in convolutions, got"
            f" {describe(first)} and {describe(second)}"
        )
    x, y = _larger_first(name, first, second)
    shapes = zip(y.shape, second.shape, strict=True)
    padding = {
        "valid": [(0, 0)] * x.ndim,
        "full": [(n - 1, n - 1) for n in y.shape],
        "same": [(n - 1 - (m - 1) // 2, n - m + (m - 1) // 2) for n, m in shapes],
    }[mode]
    strides = (1,) * x.ndim
    kernel = pnp.flip(y)[None, None]
    return lax.conv_general_dilated(x[None, None], kernel, strides, padding, precision=precision)[
        0, 0
    ]


def fftconvolve(in1: Any, in2: Any, mode: str = "full", axes: Sequence[int] | None = None) -> Any:
    """The convolution along axes, all by default, by Fourier transforms.

    >>> from pullback import numpy as pnp
    >>> from pullback.scipy.signal import fftconvolve
    >>> fftconvolve(pnp.array([1.0, 2.0]), pnp.array([1.0, 1.0, 1.0])).round(3)
    Array([1., 3., 3., 2.], dtype=float32)
    """
    x, y = _checked("fftconvolve", in1, in2, mode)
    given = range(x.ndim) if axes is None else [axes] if isinstance(axes, int) else axes
    along = sorted({canonical_axis(a, x.ndim, "fftconvolve") for a in given})
    if any(x.shape[a] != y.shape[a] for a in range(x.ndim) if a not in along):
        raise ValueError(
            "fftconvolve: mapped axes must have same shape; got"
            f" {describe(x)} and {describe(y)} with axes {along}"
        )
    if mode == "valid":
        x, y = _larger_first("fftconvolve", x, y)
    full = [x.shape[a] + y.shape[a] - 1 for a in along]
    if all(1 in (x.shape[a], y.shape[a]) for a in along):
        out = x * y
    else:
        whole = dtypes.kind(x.dtype) == "complex"
        forth, back = ("fftn", "ifftn") if whole else ("rfftn", "irfftn")
        fft, ifft = getattr(pnp.fft, forth), getattr(pnp.fft, back)
        out = ifft(fft(x, full, along) * fft(y, full, along), full, along)
    kept = {
        "full": full,
        "same": [x.shape[a] for a in along],
        "valid": [x.shape[a] - y.shape[a] + 1 for a in along],
    }[mode]
    for axis, size, n in zip(along, full, kept, strict=True):
        out = lax.slice_in_dim(out, (size - n) // 2, (size - n) // 2 + n, axis=axis)
    return out


def convolve(
    in1: Any, in2: Any, mode: str = "full", method: str = "auto", precision: Any = None
) -> Any:
    """The convolution of two arrays of equally many axes.

    `mode` keeps all of it ("full"), the middle of in1's shape ("same"), or what depends on no
    padding ("valid"). `method` is "direct", which is "auto" too, or "fft".

    >>> from pullback import numpy as pnp
    >>> from pullback.scipy.signal import convolve
    >>> convolve(pnp.array([1.0, 2.0]), pnp.array([1.0, 1.0, 1.0]))
    Array([1., 3., 3., 2.], dtype=float32)
    """
    if method == "fft":
        return fftconvolve(in1, in2, mode=mode)
    if method not in ("direct", "auto"):
        raise ValueError(f"convolve: got method={method!r}; expected 'auto', 'fft', or 'direct'.")
    return _direct("convolve", in1, in2, mode, precision)


def correlate(
    in1: Any, in2: Any, mode: str = "full", method: str = "auto", precision: Any = None
) -> Any:
    """The convolution of in1 with in2 conjugated and reversed.

    >>> pb.scipy.signal.correlate(pnp.array([1.0, 2.0, 3.0]), pnp.array([0.0, 1.0]))
    Array([1., 2., 3., 0.], dtype=float32)
    """
    reversed2 = pnp.flip(pnp.conj(as_array("correlate", in2)))
    return convolve(in1, reversed2, mode, method, precision)


def _planes(name: str, in1: Any, in2: Any, boundary: str, fillvalue: Any) -> list[Any]:
    if boundary != "fill" or fillvalue != 0:
        raise NotImplementedError(
            f"{name}() only supports boundary='fill', fillvalue=0: use numpy.pad for others"
        )
    x, y = as_array(name, in1), as_array(name, in2)
    if x.ndim != 2 or y.ndim != 2:
        raise ValueError(
            f"{name}() only supports 2-dimensional inputs, got {describe(x)} and {describe(y)}"
        )
    return [x, y]


def convolve2d(
    in1: Any,
    in2: Any,
    mode: str = "full",
    boundary: str = "fill",
    fillvalue: float = 0,
    precision: Any = None,
) -> Any:
    """The convolution of two matrices, zeros outside of them.

    >>> pb.scipy.signal.convolve2d(pnp.array([[1.0, 2.0], [3.0, 4.0]]), pnp.array([[1.0, 1.0]]))
    Array([[1., 3., 2.],
           [3., 7., 4.]], dtype=float32)
    """
    x, y = _planes("convolve2d", in1, in2, boundary, fillvalue)
    return _direct("convolve2d", x, y, mode, precision)


def correlate2d(
    in1: Any,
    in2: Any,
    mode: str = "full",
    boundary: str = "fill",
    fillvalue: float = 0,
    precision: Any = None,
) -> Any:
    """The correlation of two matrices, zeros outside of them.

    Where "valid" is asked of a smaller first matrix the result is conjugated, as in SciPy.

    >>> pb.scipy.signal.correlate2d(pnp.array([[1.0, 2.0]]), pnp.array([[1.0, 0.0]]))
    Array([[0., 1., 2.]], dtype=float32)
    """
    x, y = _planes("correlate2d", in1, in2, boundary, fillvalue)
    if mode == "same":
        return pnp.flip(_direct("correlate2d", pnp.flip(x), pnp.conj(y), mode, precision))
    out = _direct("correlate2d", x, pnp.flip(pnp.conj(y)), mode, precision)
    inside = x.shape != y.shape and all(m <= n for m, n in zip(x.shape, y.shape, strict=True))
    return pnp.conj(out) if mode == "valid" and inside else out
