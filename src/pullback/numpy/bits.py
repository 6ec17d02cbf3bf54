"""packbits and unpackbits."""

from typing import Any

import numpy as np

from .. import dtypes
from ..core.aval import canonical_axis
from ..primitives import elementwise as ew
from ..primitives import pieces as pc
from ..primitives import shape as sh
from .elementwise import truth
from .shapes import moveaxis, ravel
from .values import as_array, convert, describe

UINT8 = np.dtype(np.uint8)


def _shifts(bitorder: str, name: str) -> np.ndarray:
    if bitorder not in ("big", "little"):
        raise ValueError(f"{name}: 'order' must be either 'little' or 'big', got {bitorder!r}")
    return np.arange(8, dtype=np.uint8)[:: -1 if bitorder == "big" else 1]


def _to_last(name: str, a: Any, axis: int | None) -> tuple[Any, int]:
    x = as_array(name, a)
    if axis is None:
        return ravel(x), 0
    axis = canonical_axis(axis, x.ndim, name)
    return moveaxis(x, axis, -1), axis


def packbits(a: Any, axis: int | None = None, bitorder: str = "big") -> Any:
    """Eight bools or integers in each byte.

    >>> pnp.packbits(pnp.array([1, 0, 0, 0, 0, 0, 1, 1]))
    Array([131], dtype=uint8)
    """
    shifts = _shifts(bitorder, "packbits")
    x, axis = _to_last("packbits", a, axis)
    if not (dtypes.is_integer(x.dtype) or x.dtype == dtypes.bool_):
        raise TypeError(f"packbits: expected an array of integers or bools, got {describe(x)}")
    bits = convert(truth(x), UINT8)
    n = bits.shape[-1]
    missing = -n % 8
    bits = pc.pad(bits, np.uint8(0), [(0, 0, 0)] * (bits.ndim - 1) + [(0, missing, 0)])
    bits = sh.reshape(bits, (*bits.shape[:-1], (n + missing) // 8, 8))
    placed = ew.shift_left(bits, _line(shifts, bits.shape))
    return moveaxis(sh.reduce_sum(placed, (bits.ndim - 1,)), -1, axis)


def _line(values: np.ndarray, shape: tuple[int, ...]) -> Any:
    line = as_array("packbits", values.copy())
    return sh.broadcast_in_dim(line, shape, (len(shape) - 1,))


def unpackbits(
    a: Any, axis: int | None = None, count: int | None = None, bitorder: str = "big"
) -> Any:
    """The bits of each byte as elements that are 0 or 1.

    >>> pnp.unpackbits(pnp.array([131], "uint8"))
    Array([1, 0, 0, 0, 0, 0, 1, 1], dtype=uint8)
    """
    shifts = _shifts(bitorder, "unpackbits")
    x, axis = _to_last("unpackbits", a, axis)
    if x.dtype != UINT8:
        raise TypeError(f"Expected an input array of unsigned byte data type, got {describe(x)}")
    shape = (*x.shape, 8)
    spread = sh.broadcast_in_dim(x, shape, range(x.ndim))
    bits = ew.bitwise_and(ew.shift_right_logical(spread, _line(shifts, shape)), np.uint8(1))
    bits = sh.reshape(bits, (*x.shape[:-1], 8 * x.shape[-1]))
    if count is not None:
        n = bits.shape[-1]
        stop = count if count >= 0 else n + count
        bits = pc.slice_in_dim(bits, 0, min(stop, n), 1, bits.ndim - 1)
        if stop > n:
            bits = pc.pad(bits, np.uint8(0), [(0, 0, 0)] * (bits.ndim - 1) + [(0, stop - n, 0)])
    return moveaxis(bits, -1, axis)
