"""Windows that slide over arrays: their count, their padding, and NumPy views of them."""

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ..core.aval import Shape
from .pieces import PaddingConfig, pad_p

Padding = tuple[tuple[int, int], ...]


def dilated(size: int, dilation: int) -> int:
    """The size of an axis whose elements stand `dilation` apart."""
    return 0 if size == 0 else (size - 1) * dilation + 1


def window_count(size: int, window: int, stride: int) -> int:
    """How many windows fit."""
    return max(0, (size - window) // stride + 1) if size >= window else 0


def window_counts(
    shape: Shape,
    windows: Shape,
    strides: Shape,
    padding: Padding,
    base_dilation: Shape,
    window_dilation: Shape,
) -> Shape:
    """How many windows fit on each axis."""
    axes = zip(shape, windows, strides, padding, base_dilation, window_dilation, strict=True)
    return tuple(
        window_count(dilated(n, base) + low + high, dilated(k, wide), stride)
        for n, k, stride, (low, high), base, wide in axes
    )


def padding_config(padding: Padding, base_dilation: Shape) -> PaddingConfig:
    """Padding and dilation as parameters of `pad`."""
    pairs = zip(padding, base_dilation, strict=True)
    return tuple((low, high, base - 1) for (low, high), base in pairs)


def padded(x: np.ndarray, fill: Any, config: PaddingConfig) -> np.ndarray:
    """The NumPy value of `pad`; x itself where nothing is to do."""
    if not any(map(any, config)):
        return x
    return pad_p.value(x, np.asarray(fill, x.dtype), padding_config=config)


def windows_of(
    x: np.ndarray, axes: Sequence[int], windows: Shape, strides: Shape, dilation: Shape
) -> np.ndarray:
    """A view: the axes become counts of windows, and the windows' own axes come last."""
    counts, steps = list(x.shape), list(x.strides)
    for axis, k, stride, wide in zip(axes, windows, strides, dilation, strict=True):
        counts[axis] = window_count(x.shape[axis], dilated(k, wide), stride)
        steps[axis] = x.strides[axis] * stride
    inner = [x.strides[axis] * wide for axis, wide in zip(axes, dilation, strict=True)]
    if not prod(counts) * prod(windows):
        return np.zeros((*counts, *windows), x.dtype)
    return as_strided(x, (*counts, *windows), (*steps, *inner), writeable=False)


def pads_of(
    name: str, shape: Sequence[int], windows: Sequence[int], strides: Sequence[int], padding: Any
) -> Padding:
    """Padding on each axis from "SAME", "SAME_LOWER", "VALID" or pairs."""
    if not isinstance(padding, str):
        pairs = tuple((int(low), int(high)) for low, high in padding)
        if len(pairs) != len(windows):
            raise ValueError(
                f"{name}: padding must have one pair for each of {len(windows)} axes, got {padding}"
            )
        return pairs
    kind = padding.upper()
    if kind == "VALID":
        return ((0, 0),) * len(windows)
    if kind not in ("SAME", "SAME_LOWER"):
        raise ValueError(
            f'{name}: padding must be "SAME", "SAME_LOWER", "VALID" or pairs, got {padding!r}'
        )
    axes = zip(shape, windows, strides, strict=True)
    totals = [max(0, (-(-n // s) - 1) * s + k - n) for n, k, s in axes]
    lower = kind == "SAME_LOWER"
    return tuple((t - t // 2, t // 2) if lower else (t // 2, t - t // 2) for t in totals)


def adjoint_pads(
    sizes: Shape,
    windows: Shape,
    counts: Shape,
    strides: Shape,
    padding: Padding,
    base_dilation: Shape,
    window_dilation: Shape,
) -> Padding:
    """How to pad cotangents, put a stride apart, so that windows over them go back over x."""
    pads = []
    for n, k, m, stride, (low, _), base, wide in zip(
        sizes, windows, counts, strides, padding, base_dilation, window_dilation, strict=True
    ):
        reach = dilated(k, wide) - 1
        before = reach - low
        pads.append((before, dilated(n, base) + reach - before - dilated(m, stride)))
    return tuple(pads)


def tap_slices(
    counts: Shape, windows: Shape, strides: Shape, dilation: Shape
) -> Iterator[tuple[slice, ...]]:
    """For each place in a window, in row-major order, the elements at it of all windows."""
    for tap in np.ndindex(*windows):
        axes = zip(tap, counts, strides, dilation, strict=True)
        yield tuple(slice(k * w, k * w + dilated(m, s), s) for k, m, s, w in axes)
