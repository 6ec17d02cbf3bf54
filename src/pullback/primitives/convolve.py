"""Convolutions in NumPy: all windows side by side, and one matrix product for the rest."""

from math import prod
from typing import Any

import numpy as np

from .. import dtypes
from ..core.aval import Shape
from ..dtypes import DType
from .sliding import Padding, dilated, padded, padding_config, tap_slices, windows_of

# No more than so many elements of windows are laid out at once.
MOST = 1 << 23


def convolve(
    x: np.ndarray,
    w: np.ndarray,
    *,
    dimension_numbers: Any,
    feature_group_count: int,
    batch_group_count: int,
    **params: Any,
) -> np.ndarray:
    """The value of conv_general_dilated."""
    numbers = dimension_numbers
    out = x.dtype if params["preferred_element_type"] is None else params["preferred_element_type"]
    wide = accumulator(x.dtype, w.dtype, out)
    x, w = x.astype(wide, copy=False), w.astype(wide, copy=False)
    groups = max(feature_group_count, batch_group_count)
    x = _split_lhs(x.transpose(numbers.lhs_spec), groups, batch_group_count > 1)
    w = w.transpose(numbers.rhs_spec)
    w = w.reshape(groups, w.shape[0] // groups, *w.shape[1:])
    pads, apart = params["padding"], params["lhs_dilation"]
    if max(params["window_strides"], default=1) == 1 < max(apart, default=1) and x.size and w.size:
        z = _spread(x, w, pads, apart, params["rhs_dilation"])
    else:
        config = ((0, 0, 0),) * 3 + padding_config(pads, apart)
        z = _correlate(padded(x, 0, config), w, params["window_strides"], params["rhs_dilation"])
    # (group, batch, features of a group, space) to (batch, features, space)
    z = np.moveaxis(z, 0, 1)
    z = z.reshape(z.shape[0], z.shape[1] * z.shape[2], *z.shape[3:])
    return z.transpose(np.argsort(numbers.out_spec)).astype(out, copy=False)


def accumulator(*given: DType) -> DType:
    """The dtype in which sums are kept."""
    return np.result_type(*[_widened(d) for d in given])


def _widened(dtype: DType) -> DType:
    if dtypes.kind(dtype) == "float" and dtype.itemsize <= 2:
        return dtypes.float32
    small = dtype in dtypes.INT_SMALL or dtype in dtypes.UINT_SMALL
    return np.dtype(np.int8) if small else dtype


def _split_lhs(x: np.ndarray, groups: int, of_batch: bool) -> np.ndarray:
    """(batch, features, space) to (group, batch, features, space)."""
    n, c, *space = x.shape
    if of_batch:
        return x.reshape(groups, n // groups, c, *space)
    return np.moveaxis(x.reshape(n, groups, c // groups, *space), 1, 0)


def _correlate(x: np.ndarray, w: np.ndarray, strides: Shape, dilation: Shape) -> np.ndarray:
    """(group, batch, in, space), (group, out, in, space) to (group, batch, out, space)."""
    d = w.ndim - 3
    v = windows_of(x, range(3, x.ndim), w.shape[3:], strides, dilation)
    space, taps = v.shape[3 : 3 + d], v.shape[3 + d :]
    if not v.size:
        return np.zeros((*v.shape[:2], w.shape[1], *space), x.dtype)
    parts = -(-v.size // MOST)
    step = max(1, -(-v.shape[1] // parts))
    form = _choose_form(x, space, taps)
    chunks = [form(v[:, k : k + step], w, d) for k in range(0, v.shape[1], step)]
    return chunks[0] if len(chunks) == 1 else np.concatenate(chunks, 1)


def _choose_form(x: np.ndarray, space: Shape, taps: Shape) -> Any:
    """The layout of windows whose copy runs along memory."""
    if x.shape[2] == 1 and x.shape[0] > 1:
        return _by_taps
    if not space or (x.shape[2] > 1 and x.strides[2] < x.strides[-1]):
        return _features_last
    return _taps_last if taps[-1] > space[-1] else _space_last


def _features_last(v: np.ndarray, w: np.ndarray, d: int) -> np.ndarray:
    g, n, i, *rest = v.shape
    space, taps = rest[:d], rest[d:]
    patches = np.moveaxis(v, 2, -1).reshape(g, n * prod(space), prod(taps) * i)
    kernel = np.moveaxis(w, 2, -1).reshape(g, w.shape[1], prod(taps) * i)
    z = np.matmul(patches, kernel.swapaxes(1, 2)).reshape(g, n, *space, w.shape[1])
    return np.moveaxis(z, -1, 2)


def _taps_last(v: np.ndarray, w: np.ndarray, d: int) -> np.ndarray:
    g, n, i, *rest = v.shape
    space, taps = rest[:d], rest[d:]
    patches = np.moveaxis(v, 2, 2 + d).reshape(g, n * prod(space), i * prod(taps))
    kernel = w.reshape(g, w.shape[1], i * prod(taps))
    z = np.matmul(patches, kernel.swapaxes(1, 2)).reshape(g, n, *space, w.shape[1])
    return np.moveaxis(z, -1, 2)


def _space_last(v: np.ndarray, w: np.ndarray, d: int) -> np.ndarray:
    g, n, i, *rest = v.shape
    space, taps = rest[:d], rest[d:]
    order = (0, 1, 2, *range(3 + d, 3 + 2 * d), *range(3, 3 + d))
    patches = v.transpose(order).reshape(g, n, i * prod(taps), prod(space))
    kernel = w.reshape(g, 1, w.shape[1], i * prod(taps))
    return np.matmul(kernel, patches).reshape(g, n, w.shape[1], *space)


def _by_taps(v: np.ndarray, w: np.ndarray, d: int) -> np.ndarray:
    """For groups of one feature: a sum over taps of elementwise products."""
    g, n, _, *rest = v.shape
    out = np.zeros((g, n, w.shape[1], *rest[:d]), v.dtype)
    for tap in np.ndindex(*rest[d:]):
        weights = w[(slice(None), slice(None), 0, *tap)].reshape(g, 1, -1, *(1,) * d)
        out += v[(..., *tap)] * weights
    return out


def _spread(
    x: np.ndarray, w: np.ndarray, padding: Padding, apart: Shape, dilation: Shape
) -> np.ndarray:
    """Where elements of x stand apart: each adds its product with each tap to where that goes.

    Element i and tap t meet at i * apart + (last tap - t) * dilation of the full correlation.
    """
    g, n, i, *space = x.shape
    o, taps = w.shape[1], w.shape[3:]
    reach = [dilated(k, r) - 1 for k, r in zip(taps, dilation, strict=True)]
    sizes = [dilated(m, b) for m, b in zip(space, apart, strict=True)]
    whole = [size + r for size, r in zip(sizes, reach, strict=True)]
    kernel = np.moveaxis(np.flip(w, tuple(range(3, w.ndim))), (1, 2), (-2, -1))
    kernel = kernel.reshape(g, 1, prod(taps) * o, i)
    parts = [(low - r, high - r, 0) for (low, high), r in zip(padding, reach, strict=True)]
    step = max(1, MOST // (prod(taps) * o * prod(space) * g))
    chunks = []
    for k in range(0, n, step):
        z = np.matmul(kernel, x[:, k : k + step].reshape(g, -1, i, prod(space)))
        z = z.reshape(g, z.shape[1], prod(taps), o, *space)
        out = np.zeros((g, z.shape[1], o, *whole), z.dtype)
        for place, tap in enumerate(tap_slices(tuple(space), taps, apart, dilation)):
            out[(..., *tap)] += z[:, :, place]
        chunks.append(padded(out, 0, ((0, 0, 0),) * 3 + tuple(parts)))
    return chunks[0] if len(chunks) == 1 else np.concatenate(chunks, 1)
