"""Attributes of foreign calls: frozen, so that equal calls are known, and laid out for handlers."""

import ctypes
from collections.abc import Mapping
from ctypes import addressof, c_int, c_void_p
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from . import structures as s


@dataclass(frozen=True)
class Frozen:
    """Attributes, in the order of their names: of each its kind, its dtype and its bytes.

    Of a dictionary the bytes are attributes in turn; of text there is no dtype.
    """

    items: tuple[tuple[str, int, str, Any], ...]


def frozen(attributes: Mapping[str, Any], name: str) -> Frozen:
    """Attributes as they are kept with a call. TypeError for what cannot be one."""
    return Frozen(tuple([(k, *_value(attributes[k], f"{name}: {k}")) for k in sorted(attributes)]))


def _value(value: Any, what: str) -> tuple[int, str, Any]:
    if isinstance(value, str):
        return s.STRING, "", value.encode()
    if isinstance(value, Mapping):
        return s.DICTIONARY, "", frozen(value, what)
    if not isinstance(value, (bool, int, float, complex, np.generic, np.ndarray)):
        raise TypeError(
            f"ffi_call {what} must be a number, text, a NumPy array or a dictionary of these, got"
            f" {value!r}"
        )
    array = np.asarray(value)
    if s.dtype_number(array.dtype) is None:
        raise TypeError(f"ffi_call {what} is of the dtype {array.dtype}, which targets do not know")
    return s.SCALAR if array.ndim == 0 else s.ARRAY, array.dtype.name, array.tobytes()


@lru_cache(maxsize=1024)
def laid_out(attributes: Frozen) -> tuple[Any, list[Any]]:
    """Attributes as handlers read them, and what must stay in memory for it."""
    n = len(attributes.items)
    names = [s.ByteSpan(name.encode(), len(name.encode())) for name, *_ in attributes.items]
    parts = [_part(kind, dtype, value) for _, kind, dtype, value in attributes.items]
    types = (c_int * n)(*[kind for _, kind, *_ in attributes.items])
    spans = (ctypes.POINTER(s.ByteSpan) * n)(*[ctypes.pointer(x) for x in names])
    places = (c_void_p * n)(*[addressof(part) for part, _ in parts])
    return s.Attrs(size=n, types=types, names=spans, attrs=places), [names, parts, types, places]


def _part(kind: int, dtype: str, value: Any) -> tuple[Any, Any]:
    if kind == s.DICTIONARY:
        return laid_out(value)
    if kind == s.STRING:
        return s.ByteSpan(value, len(value)), value
    memory = ctypes.create_string_buffer(value, max(len(value), 1))
    number, where = s.DTYPES[dtype], addressof(memory)
    if kind == s.SCALAR:
        return s.Scalar(number, where), memory
    return s.Array(number, len(value) // np.dtype(dtype).itemsize, where), memory
