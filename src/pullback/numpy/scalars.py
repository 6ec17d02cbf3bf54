"""Scalar types as dtypes and constructors: `numpy.float32(x)` is an array of that dtype."""

import builtins
from typing import Any

import ml_dtypes
import numpy as np

from .. import dtypes
from .creation import asarray


class ScalarType(type):
    """A dtype's name. Called, it converts; as `dtype=` it stands for the dtype.

    It is a class, as NumPy's are, so that users' classes may inherit from it.

    >>> pnp.int8(3), pnp.zeros(2, pnp.int8).dtype
    (Array(3, dtype=int8), dtype('int8'))
    """

    dtype: np.dtype[Any]

    def __call__(self, x: Any = 0) -> Any:
        """The value as an array of this dtype."""
        return asarray(x, self.dtype)

    def __eq__(self, other: object) -> builtins.bool:
        if isinstance(other, ScalarType):
            return self.dtype == other.dtype
        return other is self.dtype.type or (isinstance(other, np.dtype) and self.dtype == other)

    def __hash__(self) -> int:
        return hash(self.dtype.type)

    def __repr__(self) -> str:
        return f"pullback.numpy.{self.__name__}"


def _type(name: str) -> ScalarType:
    dtype = np.dtype(getattr(ml_dtypes, name, name))
    text = f"""The dtype {dtype.name}. Called, it converts; as `dtype=` it stands for the dtype.

    >>> pnp.ones(2, pnp.{dtype.name}).astype(float)
    Array([1., 1.], dtype=float32)
    """
    return ScalarType(dtype.name, (), {"dtype": dtype, "__doc__": text})


bool_ = _type("bool")
int2, int4, int8, int16, int32, int64 = map(_type, "int2 int4 int8 int16 int32 int64".split())
uint2, uint4, uint8, uint16, uint32, uint64 = map(
    _type, "uint2 uint4 uint8 uint16 uint32 uint64".split()
)
bfloat16, float16, float32, float64 = map(_type, "bfloat16 float16 float32 float64".split())
complex64, complex128 = map(_type, "complex64 complex128".split())
float8_e3m4, float8_e4m3, float8_e8m0fnu = map(
    _type, "float8_e3m4 float8_e4m3 float8_e8m0fnu".split()
)
float8_e4m3b11fnuz, float8_e4m3fn, float8_e4m3fnuz = map(
    _type, "float8_e4m3b11fnuz float8_e4m3fn float8_e4m3fnuz".split()
)
float8_e5m2, float8_e5m2fnuz, float4_e2m1fn = map(
    _type, "float8_e5m2 float8_e5m2fnuz float4_e2m1fn".split()
)
bool = bool_
int_, uint, float_, complex_ = int64, uint64, float64, complex128
half, single, double, csingle, cdouble = float16, float32, float64, complex64, complex128
# NumPy's names after C's types, on every platform that NumPy 2 runs on.
byte, short, intc, longlong, intp = int8, int16, int32, int64, int64
ubyte, ushort, uintc, ulonglong, uintp = uint8, uint16, uint32, uint64, uint64

generic, number, integer = np.generic, np.number, np.integer
signedinteger, unsignedinteger = np.signedinteger, np.unsignedinteger
inexact, floating, complexfloating = np.inexact, np.floating, np.complexfloating
flexible, character, object_ = np.flexible, np.character, np.object_
dtype = np.dtype

pi, e, euler_gamma = float(np.pi), float(np.e), float(np.euler_gamma)
inf, nan = float("inf"), float("nan")
newaxis = None


def issubdtype(arg1: Any, arg2: Any) -> Any:
    """Whether one dtype is of another or of an abstract kind.

    >>> pnp.issubdtype("float32", pnp.floating)
    True
    """
    return dtypes.issubdtype(_plain(arg1), _plain(arg2))


def _plain(x: Any) -> Any:
    return x.dtype if isinstance(x, ScalarType) else x


KINDS = {
    "bool": ("bool",),
    "signed integer": ("signed",),
    "unsigned integer": ("unsigned",),
    "integral": ("signed", "unsigned"),
    "real floating": ("float",),
    "complex floating": ("complex",),
    "numeric": ("signed", "unsigned", "float", "complex"),
}


def isdtype(dtype: Any, kind: Any) -> Any:
    """Whether a dtype is of a kind by its name in the array API, or of one of several.

    >>> pnp.isdtype("float32", "real floating")
    True
    """
    wanted = np.dtype(_plain(dtype))
    kinds = kind if isinstance(kind, tuple) else (kind,)
    for k in kinds:
        if isinstance(k, str) and k not in KINDS:
            raise ValueError(f"Unrecognized kind {k!r}: the kinds are {', '.join(KINDS)}")
    return any(
        dtypes.kind(wanted) in KINDS[k] if isinstance(k, str) else np.dtype(_plain(k)) == wanted
        for k in kinds
    )


def finfo(dtype: Any) -> Any:
    """Limits of a floating dtype.

    >>> float(pnp.finfo("float32").eps)
    1.1920928955078125e-07
    """
    return ml_dtypes.finfo(np.dtype(_plain(dtype)))


def iinfo(int_type: Any) -> Any:
    """Limits of an integer dtype.

    >>> int(pnp.iinfo("int8").max)
    127
    """
    return ml_dtypes.iinfo(np.dtype(_plain(int_type)))


def promote_types(a: Any, b: Any) -> Any:
    """The dtype of an operation on two arrays of these dtypes.

    >>> pnp.promote_types("int8", "float16")
    dtype('float16')
    """
    return dtypes.promote_types(_plain(a), _plain(b))


def can_cast(from_: Any, to: Any, casting: Any = "safe") -> Any:
    """Whether a cast between dtypes is allowed under NumPy's rule.

    >>> pnp.can_cast("int8", "float32"), pnp.can_cast("float32", "int8")
    (True, False)
    """
    return np.can_cast(_plain(from_), _plain(to), casting)
