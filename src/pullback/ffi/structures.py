"""The structures of XLA's foreign function interface, as its header `c_api.h` (0.3) lays them out.

Every structure that may grow begins with its size, and with a list of extensions.
"""

import ctypes
from collections.abc import Sequence
from ctypes import POINTER, c_char_p, c_int, c_int32, c_int64, c_size_t, c_uint32, c_void_p
from functools import cache
from typing import Any

import numpy as np

VERSION = (0, 3)
INSTANTIATE, PREPARE, INITIALIZE, EXECUTE = range(4)
BUFFER = 1
ARRAY, DICTIONARY, SCALAR, STRING = range(1, 5)
# The numbers of dtypes, by NumPy's names.
DTYPES = {
    "bool": 1, "int8": 2, "int16": 3, "int32": 4, "int64": 5,
    "uint8": 6, "uint16": 7, "uint32": 8, "uint64": 9,
    "float16": 10, "float32": 11, "float64": 12, "bfloat16": 16,
    "complex64": 15, "complex128": 18,
    "float8_e5m2": 19, "float8_e3m4": 29, "float8_e4m3": 28, "float8_e4m3fn": 20,
    "float8_e4m3b11fnuz": 23, "float8_e5m2fnuz": 24, "float8_e4m3fnuz": 25, "float8_e8m0fnu": 33,
}  # fmt: skip
CODES: Sequence[str] = (
    "OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS"
    " PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED"
    " INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED"
).split()


@cache
def dtype_number(dtype: np.dtype) -> int | None:
    """How the interface counts a dtype; None for those it does not know."""
    return DTYPES.get(dtype.name)


class Sized(ctypes.Structure):
    """A structure that says how large it is."""

    _fields_ = (("struct_size", c_size_t), ("extension_start", c_void_p))

    def __init__(self, **values: Any) -> None:
        super().__init__(ctypes.sizeof(type(self)), None, **values)


def structure(name: str, /, **fields: Any) -> type[Any]:
    """A sized structure of these fields."""
    return type(name, (Sized,), {"_fields_": tuple(fields.items())})


class ByteSpan(ctypes.Structure):
    """Bytes and how many."""

    _fields_ = (("ptr", c_char_p), ("len", c_size_t))


class Scalar(ctypes.Structure):
    """A number."""

    _fields_ = (("dtype", c_int), ("value", c_void_p))


class Array(ctypes.Structure):
    """Numbers along one axis."""

    _fields_ = (("dtype", c_int), ("size", c_size_t), ("data", c_void_p))


class TypeId(ctypes.Structure):
    """The number of a type of states."""

    _fields_ = (("type_id", c_int64),)


class ExtensionBase(ctypes.Structure):
    """What an extension begins with."""

    _fields_ = (("struct_size", c_size_t), ("type", c_int), ("next", c_void_p))


TypeInfo = structure("TypeInfo", deleter=c_void_p)
ApiVersion = structure("ApiVersion", major_version=c_int, minor_version=c_int)
Buffer = structure("Buffer", dtype=c_int, data=c_void_p, rank=c_int64, dims=POINTER(c_int64))
Args = structure("Args", size=c_int64, types=POINTER(c_int), args=POINTER(c_void_p))
Rets = structure("Rets", size=c_int64, types=POINTER(c_int), rets=POINTER(c_void_p))
Attrs = structure(
    "Attrs",
    size=c_int64,
    types=POINTER(c_int),
    names=POINTER(POINTER(ByteSpan)),
    attrs=POINTER(c_void_p),
)


class CallFrame(Sized):
    """All that a handler is given. What it may set, the future, counts as no part of its size."""

    _fields_ = (
        ("api", c_void_p),
        ("ctx", c_void_p),
        ("stage", c_int),
        ("args", Args),
        ("rets", Rets),
        ("attrs", Attrs),
        ("future", c_void_p),
    )

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.struct_size = type(self).future.offset


class Metadata(ctypes.Structure):
    """What a handler says of itself."""

    _fields_ = (
        ("struct_size", c_size_t),
        ("api_version", ApiVersion),
        ("traits", c_uint32),
        ("state_type_id", TypeId),
    )


class MetadataExtension(ctypes.Structure):
    """An extension that asks a handler what it is."""

    _fields_ = (("extension_base", ExtensionBase), ("metadata", POINTER(Metadata)))


# What handlers ask of us: the structures of arguments, by function.
ErrorCreate = structure("ErrorCreate", message=c_char_p, errc=c_int)
ErrorGetMessage = structure("ErrorGetMessage", error=c_void_p, message=c_char_p)
ErrorDestroy = structure("ErrorDestroy", error=c_void_p)
HandlerRegister = structure("HandlerRegister")
StreamGet = structure("StreamGet", ctx=c_void_p, stream=c_void_p)
TypeRegister = structure(
    "TypeRegister", name=ByteSpan, type_id=POINTER(TypeId), type_info=POINTER(TypeInfo)
)
ContextGet = structure("ContextGet", ctx=c_void_p, type_id=POINTER(TypeId), data=c_void_p)
State = structure(
    "State", ctx=c_void_p, stage=c_int, type_id=POINTER(TypeId), state=c_void_p
)  # fmt: skip
Allocate = structure("Allocate", ctx=c_void_p, size=c_size_t, alignment=c_size_t, data=c_void_p)
Free = structure("Free", ctx=c_void_p, size=c_size_t, data=c_void_p)
Schedule = structure("Schedule", ctx=c_void_p, task=c_void_p, data=c_void_p)
NumThreads = structure("NumThreads", ctx=c_void_p, num_threads=POINTER(c_int64))
FutureCreate = structure("FutureCreate", future=c_void_p)
FutureSetAvailable = structure("FutureSetAvailable", future=c_void_p)
FutureSetError = structure("FutureSetError", future=c_void_p, error=c_void_p)
RunId = structure("RunId", ctx=c_void_p, run_id=c_int64)
DeviceOrdinal = structure("DeviceOrdinal", ctx=c_void_p, device_ordinal=c_int32)

# The table that handlers are given, in order.
FUNCTIONS = {
    "error_create": ErrorCreate,
    "error_get_message": ErrorGetMessage,
    "error_destroy": ErrorDestroy,
    "handler_register": HandlerRegister,
    "stream_get": StreamGet,
    "type_register": TypeRegister,
    "context_get": ContextGet,
    "state_set": State,
    "state_get": State,
    "memory_allocate": Allocate,
    "memory_free": Free,
    "schedule": Schedule,
    "num_threads": NumThreads,
    "future_create": FutureCreate,
    "future_set_available": FutureSetAvailable,
    "future_set_error": FutureSetError,
    "run_id": RunId,
    "device_ordinal": DeviceOrdinal,
}
Api = structure(
    "Api",
    api_version=ApiVersion,
    internal_api=c_void_p,
    **dict.fromkeys(FUNCTIONS, c_void_p),
)
