"""`scipy.signal` against JAX's and SciPy's."""

import itertools
import warnings
from typing import Any

import jax
import jax.scipy.signal as theirs
import numpy as np
import pytest
import scipy.signal

import pullback as pb
from pullback.scipy import signal as ours

RNG = np.random.default_rng(0)


def f(*shape: int) -> np.ndarray:
    """Random numbers."""
    return RNG.standard_normal(shape).astype(np.float32)


def close(got: Any, wanted: Any, tol: float = 1e-5) -> None:
    """Equal dtypes, and values up to a part of the largest."""
    wanted = np.asarray(wanted)
    assert got.dtype == wanted.dtype
    np.testing.assert_allclose(got, wanted, rtol=tol, atol=tol * max(np.abs(wanted).max(), 1))


Z = (f(4, 5) + 1j * f(4, 5)).astype(np.complex64)
PAIRS = {
    "vectors": (f(7), f(4)),
    "short first": (f(3), f(8)),
    "matrices": (f(5, 6), f(3, 2)),
    "cubes": (f(3, 4, 3), f(2, 2, 3)),
    "complex": (Z, Z[:3, :2]),
    "small first": (Z[:2, :3], Z),
    "integers": (np.arange(5), np.arange(3)),
}


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("name", ["convolve", "correlate", "fftconvolve"])
def test_convolutions(name, pair, mode):
    x, y = PAIRS[pair]
    close(getattr(ours, name)(x, y, mode), getattr(theirs, name)(x, y, mode))
    if name != "fftconvolve":
        close(getattr(ours, name)(x, y, mode, "fft"), getattr(theirs, name)(x, y, mode, "fft"))
    if x.ndim == 2 and name != "fftconvolve":
        close(getattr(ours, name + "2d")(x, y, mode), getattr(theirs, name + "2d")(x, y, mode))


def test_fftconvolve_along_axes():
    x, y = f(3, 6, 2), f(3, 4, 2)
    for mode in ("full", "same", "valid"):
        close(ours.fftconvolve(x, y, mode, axes=1), scipy.signal.fftconvolve(x, y, mode, axes=1))
    with pytest.raises(ValueError, match="mapped axes"):
        ours.fftconvolve(x, y, axes=0)


def test_convolution_errors():
    with pytest.raises(ValueError, match="mode"):
        ours.convolve(f(3), f(2), "half")
    with pytest.raises(ValueError, match="dimensions"):
        ours.convolve(f(3), f(2, 2))
    with pytest.raises(ValueError, match="smaller"):
        ours.convolve(f(2, 3), f(3, 2))
    with pytest.raises(NotImplementedError, match="fill"):
        ours.convolve2d(f(3, 3), f(2, 2), boundary="wrap")


@pytest.mark.parametrize(
    "kwargs", [{}, {"type": "constant"}, {"bp": [3, 7]}, {"bp": [2, 3]}, {"axis": 0}]
)
def test_detrend(kwargs):
    x = f(6, 11) + np.arange(11, dtype=np.float32)
    close(ours.detrend(x, **kwargs), theirs.detrend(x, **kwargs), 5e-5)
    close(ours.detrend(x, **kwargs), scipy.signal.detrend(x, **kwargs).astype(np.float32), 5e-5)


SIGNALS = {"one": (f(100), -1), "many": (f(2, 64), -1), "first axis": (f(60, 3), 0)}
OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "overlap": {"nperseg": 12, "noverlap": 5, "nfft": 16},
    "odd": {"nperseg": 11, "fs": 3.0},
    "hamming": {"nperseg": 16, "window": "hamming"},
    "tuple": {"nperseg": 16, "window": ("tukey", 0.3)},
    "window": {"window": np.hanning(14).astype(np.float32)},
    "twosided": {"nperseg": 12, "return_onesided": False},
}
SPECTRAL = {"detrend": "linear", "scaling": "spectrum", "average": "median"}


CASES = [*itertools.product(["one"], OPTIONS), ("many", "overlap"), ("first axis", "odd")]


@pytest.mark.parametrize(("which", "how"), CASES)
def test_spectra(which, how):
    (x, axis), options = SIGNALS[which], {"nperseg": 20, **OPTIONS[how]}
    if how == "window":
        del options["nperseg"]
    other = np.roll(x, 3, axis) + x
    for extra in ({}, SPECTRAL):
        for name, args in (("welch", (x,)), ("csd", (x, other))):
            got = getattr(ours, name)(*args, axis=axis, **options, **extra)
            wanted = getattr(theirs, name)(*args, axis=axis, **options, **extra)
            for g, w in zip(got, wanted, strict=True):
                close(g, w, 3e-5)
    options.setdefault("nperseg", 14)
    for extra in ({}, {"boundary": "odd" if axis else None, "padded": False}):
        got = ours.stft(x, axis=axis, **options, **extra)
        for g, w in zip(got, theirs.stft(x, axis=axis, **options, **extra), strict=True):
            close(g, w, 3e-5)


@pytest.mark.parametrize("how", [h for h in OPTIONS if h != "window"])
def test_istft(how):
    options, x = {"nperseg": 20, **OPTIONS[how]}, f(100)
    z = ours.stft(x, **options)[2]
    onesided = options.pop("return_onesided", True)
    times, again = ours.istft(z, input_onesided=onesided, **options)
    np.testing.assert_allclose(again[: x.size], x, rtol=1e-4, atol=1e-4)
    wanted = scipy.signal.istft(np.asarray(z), input_onesided=onesided, **options)
    np.testing.assert_allclose(times, wanted[0], rtol=1e-5)
    np.testing.assert_allclose(again, wanted[1], rtol=1e-4, atol=1e-4)


def test_istft_axes():
    z = ours.stft(f(2, 64), nperseg=16)[2]
    close(ours.istft(z, nperseg=16)[1], theirs.istft(np.asarray(z), nperseg=16)[1])
    turned = np.moveaxis(np.asarray(z), (1, 2), (2, 0))
    got = ours.istft(turned, nperseg=16, time_axis=0, freq_axis=2)[1]
    close(got, theirs.istft(turned, nperseg=16, time_axis=0, freq_axis=2)[1])


def test_spectra_differentiate_and_batch():
    x = f(3, 64)

    def loss(module):
        return lambda x: (module.welch(x, nperseg=16)[1] ** 2).sum()

    close(pb.jit(pb.grad(loss(ours)))(x), jax.grad(loss(theirs))(x), 1e-4)
    one = pb.vmap(lambda v: ours.stft(v, nperseg=16)[2])(x)
    close(one, ours.stft(x, nperseg=16)[2])
    y = f(5)
    g = pb.grad(lambda y: (ours.convolve(x[0], y) ** 2).sum())(y)
    close(g, jax.grad(lambda y: (theirs.convolve(x[0], y) ** 2).sum())(y), 1e-4)


def test_spectra_say_what_is_wrong():
    with pytest.raises(ValueError, match="noverlap"):
        ours.welch(f(40), nperseg=10, noverlap=10)
    with pytest.raises(ValueError, match="scaling"):
        ours.welch(f(40), scaling="power")
    with pytest.raises(ValueError, match="boundary"):
        ours.stft(f(40), boundary="open", nperseg=8)
    with warnings.catch_warnings(), pytest.raises(UserWarning, match="nperseg"):
        warnings.simplefilter("error")
        ours.welch(f(10), nperseg=20)
