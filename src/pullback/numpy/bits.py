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
from .worth import compiled_where_worth

UINT8, UINT32 = np.dtype(np.uint8), np.dtype(np.uint32)
# A product with it moves the lowest bits of a word's four bytes next to each other, above 24 bits.
GATHERING = {"big": np.uint32(0x08040201), "little": np.uint32(0x01020408)}


def _check_order(bitorder: str, name: str) -> None:
    if bitorder not in ("big", "little"):
        raise ValueError(f"{name}: 'order' must be either 'little' or 'big', got {bitorder!r}")


def _shifts(bitorder: str, name: str) -> np.ndarray:
    _check_order(bitorder, name)
    return np.arange(8, dtype=np.uint8)[:: -1 if bitorder == "big" else 1]


def _to_last(name: str, a: Any, axis: int | None) -> tuple[Any, int]:
    x = as_array(name, a)
    if axis is None:
        return ravel(x), 0
    axis = canonical_axis(axis, x.ndim, name)
    return moveaxis(x, axis, -1), axis


@compiled_where_worth("axis", "bitorder", exact=True)
def packbits(a: Any, axis: int | None = None, bitorder: str = "big") -> Any:
    """Eight bools or integers in each byte.

    >>> pnp.packbits(pnp.array([1, 0, 0, 0, 0, 0, 1, 1]))
    Array([131], dtype=uint8)
    """
    _check_order(bitorder, "packbits")
    x, axis = _to_last("packbits", a, axis)
    if not (dtypes.is_integer(x.dtype) or x.dtype == dtypes.bool_):
        raise TypeError(f"packbits: expected an array of integers or bools, got {describe(x)}")
    bits = convert(truth(x), UINT8)
    n = bits.shape[-1]
    missing = -n % 8
    bits = pc.pad(bits, np.uint8(0), [(0, 0, 0)] * (bits.ndim - 1) + [(0, missing, 0)])
    bits = sh.reshape(bits, (*bits.shape[:-1], (n + missing) // 8, 2, 4))
    words = ew.bitcast_convert_type(bits, UINT32)
    fours = ew.shift_right_logical(ew.mul(words, GATHERING[bitorder]), np.uint32(24))
    first, second = fours[..., 0], fours[..., 1]
    out = first << 4 | second if bitorder == "big" else first | second << 4
    return moveaxis(convert(out, UINT8), -1, axis)


def _line(values: np.ndarray, shape: tuple[int, ...]) -> Any:
    line = as_array("packbits", values.copy())
    return sh.broadcast_in_dim(line, shape, (len(shape) - 1,))


@compiled_where_worth("axis", "count", "bitorder", exact=True)
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
