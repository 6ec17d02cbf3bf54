"""Reads what `array` is given: numbers, texts that spell them, nested lists, others' arrays."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .. import _native, dtypes
from .._native import ArrayImpl
from ..dtypes import DType
from ..lazy import LazyModule
from ..primitives import pieces as pc
from ..primitives import shape as sh
from .values import (
    SCALARS,
    as_array,
    convert,
    describe,
    from_numpy,
    is_array,
    narrow,
    result_type_of,
)

exchange: Any = LazyModule(f"{__package__}.exchange")


def read(x: Any, dtype: DType | None) -> Any:
    """An array of what is given, in a dtype or in its own."""
    if dtype is None:
        return _as_array(_concrete(x), None)
    if isinstance(x, (list, tuple)):
        _check_parts(x, dtype)
    return _as_array(_concrete(_spelled(x, dtype)), dtype)


def _leaves(x: Any) -> Iterator[Any]:
    if isinstance(x, (list, tuple)):
        for item in x:
            yield from _leaves(item)
    else:
        yield x


def _ragged(x: Any) -> ValueError:
    return ValueError(
        f"array: the nested lists have unequal lengths, got {describe(x)}: pad them to one shape"
    )


def _no_element(x: Any, wish: str) -> Exception:
    error = ValueError if x is None else TypeError
    return error(f"array: {wish} {describe(x)}")


def _from_sequence(x: Sequence[Any]) -> Any:
    leaves = list(_leaves(x))
    if any(is_array(v) for v in leaves):
        return _stack_nested(x)
    for v in leaves:
        if not isinstance(v, (*SCALARS, np.ndarray, np.generic)):
            if hasattr(v, "__jax_array__") or hasattr(v, "__array__"):
                return _stack_nested(x)
            raise _no_element(v, "wants numbers as elements, got")
    try:
        value = np.array(x)
    except ValueError:
        raise _ragged(x) from None
    except OverflowError:
        raise OverflowError(f"array: an integer does not fit 64 bits in {describe(x)}") from None
    if value.dtype.kind == "O" or (value.dtype.kind == "f" and set(map(type, leaves)) == {int}):
        raise OverflowError(f"array: an integer does not fit 64 bits in {describe(x)}")
    if leaves and any(isinstance(v, (np.ndarray, np.generic)) for v in leaves):
        kinds = [v if type(v) in SCALARS else from_numpy("array", v) for v in leaves]
        return narrow("array", value, result_type_of(kinds)[0])
    if not leaves:
        value = value.astype(np.float64)
    return value


def _stack_nested(x: Sequence[Any]) -> Any:
    rows = [read(v, None) for v in x]
    if any(r.shape != rows[0].shape for r in rows):
        raise _ragged(x)
    dtype, _ = result_type_of(rows)
    rows = [sh.expand_dims(convert(r, dtype), (0,)) for r in rows]
    return pc.concatenate(rows, 0)


def _concrete(x: Any) -> Any:
    """The value as one of our arrays, as a NumPy array or as a Python number."""
    if is_array(x) or isinstance(x, (np.ndarray, np.generic, *SCALARS)):
        return x
    if isinstance(x, (list, tuple, range)):
        return _from_sequence(list(x) if isinstance(x, range) else x)
    if hasattr(x, "__jax_array__"):
        return _concrete(x.__jax_array__())
    if hasattr(x, "__array__"):
        return np.asarray(x)
    if hasattr(x, "__dlpack__"):
        return exchange.from_dlpack(x)
    if _has_buffer(x):
        return np.asarray(memoryview(x))
    raise _no_element(x, "wants numbers, nested lists of numbers or an array, got")


def _spelled(x: Any, dtype: DType) -> Any:
    """Texts as the numbers that they spell; anything else as it is."""
    first = next(_leaves(x), None) if isinstance(x, (list, tuple)) else x
    is_text = isinstance(first, (str, bytes, np.ndarray)) and np.asarray(first).dtype.kind in "SU"
    return np.array(x, dtype) if is_text else x


def _has_buffer(x: Any) -> bool:
    """Whether a value lends its memory, as arrays of Python's own do; strings of bytes do not."""
    try:
        return not isinstance(x, bytes) and memoryview(x) is not None
    except TypeError:
        return False


def _as_array(given: Any, dtype: DType | None) -> Any:
    if is_array(given):
        return given if dtype is None else convert(given, dtype)
    if isinstance(given, (np.ndarray, np.generic)):
        if dtype is None:
            return from_numpy("array", given)
        return ArrayImpl(_cast("array", given, dtype))
    return as_array("array", given) if dtype is None else _number("array", given, dtype)


def _cast(name: str, x: np.ndarray | np.generic, dtype: DType) -> np.ndarray:
    value = np.asarray(x)
    if value.dtype.kind in "OSUMm":
        raise TypeError(f"{name}: arrays hold bools and numbers, got dtype {value.dtype}")
    if value.dtype.kind == "c" and dtypes.kind(dtype) != "complex":
        value = value.real
    return narrow(name, value, dtype) if value.dtype != dtype else value.copy()


def _check_parts(x: Sequence[Any], dtype: DType) -> None:
    """TypeError where Python numbers lose an imaginary part."""
    if dtypes.kind(dtype) not in ("complex", "bool"):
        lost = next((v for v in _leaves(x) if isinstance(v, complex)), None)
        if lost is not None:
            raise TypeError(f"array: the complex number {lost} does not fit {dtype.name}")


def _number(name: str, x: Any, dtype: DType) -> Any:
    if dtypes.is_integer(dtype) and isinstance(x, int):
        limits = dtypes.info(dtype)
        if not limits.min <= x <= limits.max:
            raise OverflowError(f"{name}: Python integer {x} does not fit {dtype.name}")
    if isinstance(x, complex) and dtypes.kind(dtype) not in ("complex", "bool"):
        raise TypeError(f"{name}: the complex number {x} does not fit {dtype.name}")
    if _native.is_eager():
        with np.errstate(all="ignore"):
            return ArrayImpl(np.asarray(x).astype(dtype))
    return sh.full((), x, dtype)
