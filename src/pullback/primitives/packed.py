"""Bits read as another dtype where elements have fewer than eight: the first is the lowest."""

from typing import Any

import numpy as np

from .. import dtypes
from ..core.trace import get_aval
from ..dtypes import DType, itemsize_bits
from .bitwise import bitwise_and, shift_left, shift_right_logical
from .convert import bitcast_convert_type, convert_element_type
from .rules import fail, scalar
from .shape import broadcast_in_dim, iota, reduce_sum, reshape

BYTE = np.dtype(np.uint8)
NARROW = {itemsize_bits(d): d for d in dtypes.UINT_SMALL}


def bitcast(x: Any, dtype: DType) -> Any:
    """The bits of x as another dtype; of another width they make, or use up, a last axis."""
    aval = get_aval(x)
    old, new = itemsize_bits(aval.dtype), itemsize_bits(dtype)
    if old == new or min(old, new) >= 8:
        return bitcast_convert_type(x, dtype)
    if old > new:
        return _of_codes(_divided(_codes(x), min(old, 8), new, aval.shape, old // new), dtype)
    count = new // old
    if not aval.shape or aval.shape[-1] != count:
        fail(
            "bitcast_convert_type",
            f"the last axis must have {count} elements for {dtypes.short_name(dtype)}",
            aval,
        )
    return _of_codes(_joined(_codes(x), old, min(new, 8)), dtype)


def _codes(x: Any) -> Any:
    """The bits in bytes: one for each narrow element, along a last axis those of a wide one."""
    bits = itemsize_bits(get_aval(x).dtype)
    if bits >= 8:
        return bitcast_convert_type(x, BYTE)
    return convert_element_type(bitcast_convert_type(x, NARROW[bits]), BYTE)


def _of_codes(codes: Any, dtype: DType) -> Any:
    bits = itemsize_bits(dtype)
    if bits >= 8:
        shape = get_aval(codes).shape
        single = reshape(codes, shape[:-1]) if bits == 8 else codes
        return bitcast_convert_type(single, dtype)
    return bitcast_convert_type(convert_element_type(codes, NARROW[bits]), dtype)


def _divided(codes: Any, old: int, new: int, shape: tuple[int, ...], count: int) -> Any:
    """Codes of `old` bits as `count` of `new` bits along a last axis, for each element."""
    each = old // new
    known = get_aval(codes).shape
    wide = broadcast_in_dim(codes, (*known, each), tuple(range(len(known))))
    shifted = shift_right_logical(wide, _places((*known, each), new))
    return reshape(bitwise_and(shifted, scalar(2**new - 1, BYTE)), (*shape, count))


def _joined(codes: Any, old: int, new: int) -> Any:
    """Codes of `old` bits along the last axis as codes of `new` bits; bytes keep that axis."""
    *rest, count = get_aval(codes).shape
    each = new // old
    groups = reshape(codes, (*rest, count // each, each))
    joined = reduce_sum(shift_left(groups, _places(get_aval(groups).shape, old)), (len(rest) + 1,))
    return joined if new == 8 else reshape(joined, tuple(rest))


def _places(shape: tuple[int, ...], bits: int) -> Any:
    """Where the code at each place of the last axis begins."""
    shift = scalar(bits.bit_length() - 1, BYTE)
    return shift_left(iota(BYTE, shape, len(shape) - 1), shift)
