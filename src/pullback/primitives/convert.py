"""Conversions between dtypes: of values, of precision, of bits."""

from functools import cache
from typing import Any

import numpy as np

from .. import dtypes, errors
from .._native import ArrayImpl
from ..core.aval import ShapedArray
from ..core.primitive import Primitive, Zero
from ..core.trace import as_array, eager_device, get_aval
from .batching import elementwise_batch, move_axis
from .quiet import lowest_bits, quiet
from .rules import FLOATS, check_kind, fail, zero_like

# convert_element_type -- y = x in another dtype; floats saturate to integers and NaN becomes 0
convert_element_type_p = Primitive("convert_element_type", linear=True)
elementwise_batch(convert_element_type_p)


def convert_element_type(x: Any, new_dtype: Any, weak_type: bool = False) -> Any:
    """x in another dtype; x itself where nothing changes."""
    new_dtype = np.dtype(new_dtype)
    aval = get_aval(x)
    if aval.dtype == new_dtype and aval.weak_type == weak_type:
        return x
    return convert_element_type_p.bind(x, new_dtype=new_dtype, weak_type=weak_type)


@convert_element_type_p.def_type
def _(x: ShapedArray, *, new_dtype: dtypes.DType, weak_type: bool) -> ShapedArray:
    _check_keys(x.dtype, new_dtype)
    return ShapedArray(x.shape, new_dtype, weak_type)


def _check_keys(dtype: dtypes.DType, new_dtype: dtypes.DType) -> None:
    """Random keys are no numbers, nor are numbers keys."""
    if (dtype in dtypes.KEY_DTYPES or new_dtype in dtypes.KEY_DTYPES) and dtype != new_dtype:
        raise errors.OperandError(
            f"{dtypes.long_name(dtype)} does not convert to {dtypes.long_name(new_dtype)}: random"
            " keys are not numbers; random.key_data gives their words"
        )


def _convert(x: np.ndarray, *, new_dtype: dtypes.DType, weak_type: bool) -> Any:
    _check_keys(x.dtype, new_dtype)
    kind, new_kind = dtypes.kind(x.dtype), dtypes.kind(new_dtype)
    if kind == "complex" and new_kind not in ("complex", "bool"):
        x, kind = np.real(x), "float"
    if kind == "float" and new_kind in ("signed", "unsigned"):
        return _saturated(x, new_dtype)
    if new_kind == "bool":
        return x != x.dtype.type(0)
    if x.dtype in dtypes.SMALL or new_dtype in dtypes.SMALL:
        return _through_bytes(x, new_dtype)
    try:
        return x.astype(new_dtype)
    except TypeError:  # There is no cast between some eight-bit floats.
        return x.astype(np.float32).astype(new_dtype)


def _through_bytes(x: np.ndarray, new_dtype: dtypes.DType) -> np.ndarray:
    """Integers below a byte have casts from and to few dtypes."""
    if x.dtype in dtypes.SMALL:
        x = x.astype(np.int8 if dtypes.kind(x.dtype) == "signed" else np.uint8)
        if dtypes.kind(new_dtype) == "float":
            x = x.astype(np.float32)
    return lowest_bits(x, new_dtype) if new_dtype in dtypes.SMALL else x.astype(new_dtype)


convert_element_type_p.def_value(quiet(_convert))


def _convert_eagerly(args: Any, params: Any) -> ArrayImpl:
    """The parameters, not the operand, say whether the result is weak."""
    device = eager_device(args)
    if device is not None:
        return device.process(convert_element_type_p, args, params)
    out = convert_element_type_p.value(as_array(args[0])._npy, **params)
    return ArrayImpl(out, params["weak_type"])


convert_element_type_p.eager = _convert_eagerly


def _saturated(x: np.ndarray, new_dtype: dtypes.DType) -> np.ndarray:
    """Integers of floats, the nearest where there is none."""
    x = x.astype(np.float32) if x.dtype.itemsize <= 2 else x
    low, above = _limits(x.dtype, new_dtype)
    inside = np.greater_equal(x, low) & np.less(x, above)
    if inside.all():
        return x.astype(new_dtype)
    info = dtypes.info(new_dtype)
    out = np.where(inside, x, 0).astype(new_dtype)
    out = np.where(x >= above, np.asarray(info.max, new_dtype), out)
    return np.where(x < low, np.asarray(info.min, new_dtype), out)


@cache
def _limits(dtype: dtypes.DType, new_dtype: dtypes.DType) -> tuple[np.ndarray, np.ndarray]:
    """The least integer of a dtype and one above the largest: powers of two, exact as floats."""
    info = dtypes.info(new_dtype)
    above = 2.0 ** int(info.max).bit_length()
    return np.asarray(info.min, dtype), np.asarray(above, dtype)


@convert_element_type_p.def_jvp
def _(primals: Any, tangents: Any, *, new_dtype: dtypes.DType, weak_type: bool) -> Any:
    (x,), (t,) = primals, tangents
    out = convert_element_type_p.bind(x, new_dtype=new_dtype, weak_type=weak_type)
    if type(t) is Zero or not dtypes.is_float(new_dtype):
        return out, zero_like(out)
    return out, convert_element_type(t, new_dtype)


@convert_element_type_p.def_transpose
def _(ct: Any, x: Any, *, new_dtype: dtypes.DType, weak_type: bool) -> list[Any]:
    return [convert_element_type(ct, x.aval.dtype)]


# reduce_precision -- the nearest value with fewer bits of exponent and mantissa
reduce_precision_p = Primitive("reduce_precision", linear=True)
elementwise_batch(reduce_precision_p)


def reduce_precision(x: Any, exponent_bits: int, mantissa_bits: int) -> Any:
    """x rounded to a float format with these bits; subnormals of that format become 0."""
    return reduce_precision_p.bind(x, exponent_bits=exponent_bits, mantissa_bits=mantissa_bits)


@reduce_precision_p.def_type
def _(x: ShapedArray, *, exponent_bits: int, mantissa_bits: int) -> ShapedArray:
    check_kind("reduce_precision", FLOATS, x)
    return x


def _reduce_precision(x: np.ndarray, *, exponent_bits: int, mantissa_bits: int) -> np.ndarray:
    info = dtypes.info(x.dtype)
    bits = x.view(f"u{x.dtype.itemsize}")
    drop = info.nmant - mantissa_bits
    if drop > 0:
        # Round half to even on the bits: the carry runs into the exponent where it must.
        half = bits.dtype.type((1 << (drop - 1)) - 1)
        last = (bits >> bits.dtype.type(drop)) & bits.dtype.type(1)
        rounded = (bits + half + last) & ~bits.dtype.type((1 << drop) - 1)
        bits = np.where(np.isnan(x), bits, rounded)
    out = np.asarray(bits).view(x.dtype)
    if exponent_bits >= info.bits - 1 - info.nmant:
        return out
    bias = (1 << (exponent_bits - 1)) - 1
    size = np.abs(out)
    out = np.where(size >= _power(x, bias + 1), np.copysign(_power(x, np.inf), x), out)
    out = np.where(size < _power(x, 1 - bias), np.copysign(np.zeros_like(x), x), out)
    return np.where(np.isnan(x), x, out)


def _power(x: np.ndarray, exponent: float) -> np.ndarray:
    """A power of two in the dtype of x."""
    return np.asarray(2.0**exponent).astype(x.dtype)


reduce_precision_p.def_value(quiet(_reduce_precision))


@reduce_precision_p.def_jvp
def _(primals: Any, tangents: Any, **params: Any) -> Any:
    out = reduce_precision(*primals, **params)
    (t,) = tangents
    return out, (t if type(t) is Zero else reduce_precision(t, **params))


@reduce_precision_p.def_transpose
def _(ct: Any, x: Any, **params: Any) -> list[Any]:
    return [reduce_precision(ct, **params)]


# bitcast_convert_type -- the same bits as another dtype; sizes that differ make or take a last axis
bitcast_convert_type_p = Primitive("bitcast_convert_type", differentiable=False)


def bitcast_convert_type(x: Any, new_dtype: Any) -> Any:
    """The bits of x as another dtype."""
    return bitcast_convert_type_p.bind(x, new_dtype=np.dtype(new_dtype))


@bitcast_convert_type_p.def_type
def _(x: ShapedArray, *, new_dtype: dtypes.DType) -> ShapedArray:
    old, new = x.dtype.itemsize, new_dtype.itemsize
    if old == new:
        return ShapedArray(x.shape, new_dtype)
    if old > new:
        return ShapedArray((*x.shape, old // new), new_dtype)
    if not x.shape or x.shape[-1] * old != new:
        fail(
            "bitcast_convert_type",
            f"the last axis must have {new // old} elements for {new_dtype.name}",
            x,
        )
    return ShapedArray(x.shape[:-1], new_dtype)


@bitcast_convert_type_p.def_value
def _(x: np.ndarray, *, new_dtype: dtypes.DType) -> np.ndarray:
    old, new = x.dtype.itemsize, new_dtype.itemsize
    if old == new:
        return x.view(new_dtype)
    packed = np.ascontiguousarray(x)
    if old > new:
        return packed.reshape(*x.shape, 1).view(new_dtype)
    return packed.view(new_dtype).reshape(x.shape[:-1])


@bitcast_convert_type_p.def_batch
def _(args: Any, dims: Any, *, new_dtype: dtypes.DType) -> Any:
    (x,), (dim,) = args, dims
    return bitcast_convert_type(move_axis(x, dim, 0), new_dtype), 0
