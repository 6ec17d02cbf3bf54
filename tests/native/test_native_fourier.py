"""Fourier transforms of the native core against NumPy's in extended precision, and their laws."""

from collections.abc import Sequence
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pullback import _native
from pullback.primitives.fft import FftType, fft_p

FFT, IFFT, RFFT, IRFFT = FftType
KINDS = tuple(FftType)
ORACLES = {FFT: np.fft.fftn, IFFT: np.fft.ifftn, RFFT: np.fft.rfftn, IRFFT: np.fft.irfftn}
PARTS = ("float32", "float64")
# Passes of every radix, matrices, large primes, and lines long enough to be shared.
LENGTHS = (
    *range(1, 68), *[71, 100, 127, 128, 131, 144, 169, 199, 210, 243, 256, 343, 509, 512, 625],
    *[1000, 1009, 1024, 1331, 2021, 2048, 2310, 4096, 5000],
)  # fmt: skip
LONG = (10007, 20014, 65536, 3 * 2**15, 65537, 2**18, 100_000, 2 * 3 * 5 * 7 * 11 * 13)


def transformed(x: np.ndarray, kind: FftType, lengths: Sequence[int]) -> np.ndarray:
    return fft_p.value(x, fft_type=kind, fft_lengths=tuple(lengths))


def sample(shape: Sequence[int], kind: FftType, part: str, seed: int = 0) -> np.ndarray:
    """An operand for the transform of arrays of a shape; that of IRFFT stands as it is given."""
    rng = np.random.default_rng(seed)
    if kind == IRFFT:
        shape = (*shape[:-1], shape[-1] // 2 + 1)
    x = rng.standard_normal(shape)
    if kind == RFFT:
        return x.astype(part)
    return (x + 1j * rng.standard_normal(shape)).astype(np.result_type(part, np.complex64))


def exact(x: np.ndarray, kind: FftType, lengths: Sequence[int]) -> np.ndarray:
    wide = x.astype(np.clongdouble if x.dtype.kind == "c" else np.longdouble)
    return ORACLES[kind](wide, lengths, range(-len(lengths), 0))


def near(found: np.ndarray, wanted: np.ndarray, ulps: float = 4) -> None:
    """Their distance is a few roundings of the whole, and no element is far off."""
    assert found.shape == wanted.shape
    off, size = np.abs(found - wanted), np.sqrt(np.mean(np.abs(wanted) ** 2))
    eps = np.finfo(found.dtype).eps
    assert np.sqrt(np.mean(off**2)) <= ulps * eps * size
    assert off.max() <= 6 * ulps * eps * size


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rows", [1, 5, 37])
def test_lengths(kind: FftType, part: str, rows: int) -> None:
    for n in LENGTHS:
        if n * rows > 100_000:
            continue
        x = sample((rows, n), kind, part, n)
        wanted = exact(x, kind, (n,))
        near(transformed(x, kind, (n,)), wanted)
        across = np.ascontiguousarray(x.T).T
        near(transformed(across, kind, (n,)), wanted)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", LONG)
def test_long_lines(kind: FftType, part: str, n: int) -> None:
    x = sample((n,), kind, part)
    near(transformed(x, kind, (n,)), exact(x, kind, (n,)))


def test_sines_of_a_whole_line() -> None:
    # One number of the spectrum each: wrong turns would show in the others.
    for n in (64, 1000, 4096, 10007):
        for k in (1, n // 3, n - 1):
            x = np.exp(2j * np.pi * (np.arange(n) * k % n) / n)
            wanted = np.zeros(n, complex)
            wanted[k] = n
            off = np.abs(transformed(x, FFT, (n,)) - wanted)
            assert off.max() <= 4 * n * np.finfo(float).eps


SHAPES = [(3, 4, 5), (8, 8, 8), (2, 3, 16, 20), (64, 48), (1, 7, 33), (40, 40), (2, 1, 5), (300, 3)]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES)
def test_axes_and_strides(shape: tuple[int, ...], kind: FftType, part: str) -> None:
    for count in range(1, len(shape) + 1):
        x = sample(shape, kind, part)
        lengths = shape[-count:]
        wanted = exact(x, kind, lengths)
        near(transformed(x, kind, lengths), wanted)
        order = np.roll(np.arange(x.ndim), 1)
        moved = np.ascontiguousarray(x.transpose(order)).transpose(np.argsort(order))
        found = transformed(moved, kind, lengths)
        near(found, wanted)
        # The result's axes lie as the operand's do.
        assert found.transpose(order).flags.c_contiguous
        spread = np.zeros([2 * n for n in x.shape], x.dtype)
        every = tuple([slice(None, None, 2)] * x.ndim)
        spread[every] = x
        near(transformed(spread[every], kind, lengths), wanted)
        near(transformed(np.flip(np.flip(x).copy()), kind, lengths), wanted)


@pytest.mark.parametrize("kind", KINDS)
def test_one_line_broadcast(kind: FftType) -> None:
    x = sample((40,), kind, "float64")
    many = np.broadcast_to(x, (5, *x.shape))
    near(transformed(many, kind, (40,)), np.stack([exact(x, kind, (40,))] * 5))


@pytest.mark.parametrize("kind", KINDS)
def test_unaligned(kind: FftType) -> None:
    x = sample((3, 24), kind, "float32")
    packed = np.zeros(x.shape, [("tag", "i1"), ("x", x.dtype)])
    packed["x"] = x
    near(transformed(packed["x"], kind, (24,)), exact(x, kind, (24,)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(0, 4), (3, 0), (0,)])
def test_nothing(kind: FftType, shape: tuple[int, ...]) -> None:
    found = transformed(sample(shape, kind, "float32"), kind, shape[-1:])
    wanted = (*shape[:-1], shape[-1] // 2 + 1) if kind == RFFT else shape
    assert found.shape == wanted and not found.any()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=3),
    st.integers(1, 700),
    st.sampled_from(PARTS),
    st.integers(0, 2**32 - 1),
)
def test_laws(lead: list[int], n: int, part: str, seed: int) -> None:
    """Inverses, linearity, Parseval, and lines that do not know of one another."""
    while prod(lead) * n > 20_000:
        lead = lead[1:]
    x, y = (sample((*lead, n), FFT, part, seed + k) for k in (0, 1))
    fx, fy = (transformed(z, FFT, (n,)) for z in (x, y))
    near(transformed(fx, IFFT, (n,)), x, 10)
    near(transformed(x + 2j * y, FFT, (n,)).astype(fx.dtype), fx + 2j * fy, 10)
    energies = [np.sum(np.abs(z.astype(complex)) ** 2) for z in (x, fx / np.sqrt(n))]
    np.testing.assert_allclose(*energies, rtol=20 * np.finfo(part).eps)
    real = x.real.copy()
    spectrum = transformed(real, RFFT, (n,))
    near(spectrum, transformed(real.astype(x.dtype), FFT, (n,))[..., : n // 2 + 1], 10)
    near(transformed(spectrum, IRFFT, (n,)), real, 10)
    if lead:
        near(fx[-1], transformed(x[-1], FFT, (n,)), 10)


@pytest.fixture
def threads():
    before = _native.get_num_threads()
    yield _native.set_num_threads
    _native.set_num_threads(before)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(2**17,), (100_003,), (300, 96), (5000, 9), (70, 60, 31)])
def test_threads_change_nothing(threads, kind: FftType, shape: tuple[int, ...]) -> None:
    count = min(len(shape), 2)
    x = sample(shape, kind, "float32")
    found = []
    for number in (1, 3):
        threads(number)
        found.append(transformed(x, kind, shape[-count:]))
    assert found[0].tobytes() == found[1].tobytes()


def test_many_lengths_are_forgotten() -> None:
    # More plans than are kept.
    for n in range(300, 900):
        x = sample((n,), FFT, "float32")
        near(transformed(transformed(x, FFT, (n,)), IFFT, (n,)), x, 10)


def test_what_is_no_number_stays_in_its_line() -> None:
    x = sample((40, 24), FFT, "float32")
    x[3, 5] = np.nan
    bad = np.isnan(transformed(x, FFT, (24,))).any(1)
    assert bad[3] and bad.sum() == 1


def test_the_ends_of_a_spectrum_count_by_their_real_parts() -> None:
    for n in (8, 9, 1000):
        x = sample((3, n), IRFFT, "float64")
        near(transformed(x, IRFFT, (n,)), exact(x, IRFFT, (n,)))
        other = x.copy()
        other[:, 0] += 1j
        near(transformed(other, IRFFT, (n,)), exact(x, IRFFT, (n,)))
