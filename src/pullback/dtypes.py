"""Dtypes, JAX's promotion lattice and weak types."""

from functools import cache
from typing import Any

import ml_dtypes
import numpy as np
from ml_dtypes import bfloat16

from . import _native, config

# What users need; the rest is for the library.
__all__ = [
    "TypePromotionError",
    "bfloat16",
    "canonicalize_dtype",
    "extended",
    "finfo",
    "float0",
    "iinfo",
    "issubdtype",
    "itemsize_bits",
    "prng_key",
    "promote_types",
    "result_type",
    "scalar_type_of",
]

DType = np.dtype[Any]

bool_ = np.dtype(np.bool_)
int32, int64 = np.dtype(np.int32), np.dtype(np.int64)
uint32, uint64 = np.dtype(np.uint32), np.dtype(np.uint64)
float32, float64 = np.dtype(np.float32), np.dtype(np.float64)
complex64, complex128 = np.dtype(np.complex64), np.dtype(np.complex128)
BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
float16 = np.dtype(np.float16)

# The tangent type of values that have no derivative. Its arrays hold no information.
float0 = np.dtype([("float0", np.void, 0)])


class extended(np.generic):
    """Abstract scalar type of the dtypes that NumPy does not know.

    >>> pb.dtypes.issubdtype(pb.random.key(0).dtype, pb.dtypes.extended)
    True
    """


class prng_key(np.void, extended):
    """Scalar type of random keys, one opaque element each: `issubdtype(key.dtype, prng_key)`.

    >>> pb.dtypes.issubdtype(pb.random.key(0).dtype, pb.dtypes.prng_key)
    True
    """


# A random key is one opaque element of its words, so every shape operation moves keys unchanged.
key_fry, key_rbg, key_urbg = (
    np.dtype((prng_key, [(name, np.uint32, (words,))]))
    for name, words in (("fry", 2), ("rbg", 4), ("urbg", 4))
)
KEY_DTYPES = {key_fry: "fry", key_rbg: "rbg", key_urbg: "urbg"}

for _dtype in (float0, *KEY_DTYPES):
    _native.add_opaque_dtype(_dtype)

FLOAT8 = tuple(
    np.dtype(getattr(ml_dtypes, name))
    for name in (
        "float8_e3m4 float8_e4m3 float8_e8m0fnu float8_e4m3b11fnuz float8_e4m3fn "
        "float8_e4m3fnuz float8_e5m2 float8_e5m2fnuz float4_e2m1fn"
    ).split()
)
INT_SMALL = tuple(np.dtype(getattr(ml_dtypes, name)) for name in ("int2", "int4"))
UINT_SMALL = tuple(np.dtype(getattr(ml_dtypes, name)) for name in ("uint2", "uint4"))
SMALL = frozenset((*INT_SMALL, *UINT_SMALL))

SIGNED = (*INT_SMALL, *(np.dtype(f"int{n}") for n in (8, 16, 32, 64)))
UNSIGNED = (*UINT_SMALL, *(np.dtype(f"uint{n}") for n in (8, 16, 32, 64)))
FLOATS = (*FLOAT8, BFLOAT16, float16, float32, float64)
COMPLEX = (complex64, complex128)
KINDS: dict[DType, str] = {
    bool_: "bool",
    **dict.fromkeys(SIGNED, "signed"),
    **dict.fromkeys(UNSIGNED, "unsigned"),
    **dict.fromkeys(FLOATS, "float"),
    **dict.fromkeys(COMPLEX, "complex"),
    **dict.fromkeys(KEY_DTYPES, "key"),
    float0: "float0",
}
ABSTRACT = {
    np.generic: ("bool", "signed", "unsigned", "float", "complex"),
    np.number: ("signed", "unsigned", "float", "complex"),
    np.integer: ("signed", "unsigned"),
    np.signedinteger: ("signed",),
    np.unsignedinteger: ("unsigned",),
    np.inexact: ("float", "complex"),
    np.floating: ("float",),
    np.complexfloating: ("complex",),
}
SHORT = {
    bool_: "bool",
    float0: "float0",
    BFLOAT16: "bf16",
    **{k: f"key<{v}>" for k, v in KEY_DTYPES.items()},
}
WIDE = {bool: bool_, int: int64, float: float64, complex: complex128}
NARROW: dict[DType, DType] = {int64: int32, uint64: uint32, float64: float32, complex128: complex64}


def kind(dtype: DType) -> str:
    """The family of a dtype: bool, signed, unsigned, float, complex, key or float0."""
    return KINDS[dtype]


def is_float(dtype: DType) -> bool:
    """Whether the dtype has derivatives: real or complex floating point."""
    return KINDS[dtype] in ("float", "complex")


def is_integer(dtype: DType) -> bool:
    """Whether the dtype is a signed or unsigned integer."""
    return KINDS[dtype] in ("signed", "unsigned")


@cache
def short_name(dtype: DType) -> str:
    """The name in printed programs: f32, i64, u8, bool, key<fry>."""
    if dtype in SHORT:
        return SHORT[dtype]
    name = dtype.name
    for long, short in (("float", "f"), ("uint", "u"), ("int", "i"), ("complex", "c")):
        if name.startswith(long):
            return short + name[len(long) :]
    return name


@cache
def long_name(dtype: DType) -> str:
    """The name in messages: float32, key<fry>."""
    return SHORT[dtype] if dtype in KEY_DTYPES or dtype == float0 else dtype.name


def canonicalize_dtype(dtype: Any, allow_extended_dtype: bool = False) -> DType:
    """The dtype that is used for a requested one: 64 bits become 32 unless 64 bits are enabled.

    Dtypes of random keys are their own; `allow_extended_dtype` is accepted.

    >>> pb.dtypes.canonicalize_dtype("float64")
    dtype('float32')
    """
    if dtype is int:
        dtype = np.int64
    elif dtype is float:
        dtype = np.float64
    elif dtype is complex:
        dtype = np.complex128
    wide: DType = np.dtype(dtype)
    return wide if config.current().enable_x64 else NARROW.get(wide, wide)


def default_dtype(python_type: type) -> DType:
    """The dtype of a Python scalar that stands alone."""
    wide = WIDE[python_type]
    return wide if wide is bool_ or config.current().enable_x64 else NARROW[wide]


# The promotion lattice. Weak types (those of Python scalars) are the nodes written as Python types.
Node = DType | type


def _edges() -> dict[Node, list[Node]]:
    i1, i2, i4, i8 = (np.dtype(f"int{n}") for n in (8, 16, 32, 64))
    u1, u2, u4, u8 = (np.dtype(f"uint{n}") for n in (8, 16, 32, 64))
    return {
        bool_: [int],
        int: [*INT_SMALL, *UINT_SMALL, u1, i1],
        u1: [i2, u2],
        u2: [i4, u4],
        u4: [i8, u8],
        i1: [i2],
        i2: [i4],
        i4: [i8],
        i8: [float],
        u8: [float],
        **{key: [] for key in (*INT_SMALL, *UINT_SMALL)},
        float: [*FLOAT8, BFLOAT16, float16, complex],
        **{key: [] for key in FLOAT8},
        BFLOAT16: [float32],
        float16: [float32],
        float32: [float64, complex64],
        float64: [complex128],
        complex: [complex64],
        complex64: [complex128],
        complex128: [],
    }


def _upper_bounds() -> dict[Node, frozenset[Node]]:
    edges = _edges()
    bounds: dict[Node, frozenset[Node]] = {}

    def visit(node: Node) -> frozenset[Node]:
        if node not in bounds:
            bounds[node] = frozenset([node]).union(*(visit(up) for up in edges[node]))
        return bounds[node]

    for node in edges:
        visit(node)
    return bounds


UPPER_BOUNDS = _upper_bounds()
WEAK = {"signed": int, "unsigned": int, "float": float, "complex": complex}


class TypePromotionError(ValueError):
    """Two dtypes have no common one that holds both without surprise.

    >>> with pb.numpy_dtype_promotion("strict"):
    ...     pnp.ones(2, "int32") + pnp.ones(2, "float32")
    Traceback (most recent call last):
        ...
    pullback.dtypes.TypePromotionError: add: input dtypes ('float32', 'int32') do not mix ...
    """


@cache
def _least_upper_bound(nodes: frozenset[Node]) -> Node:
    strange = [short_name(n) for n in nodes if isinstance(n, np.dtype) and n not in UPPER_BOUNDS]
    if strange:
        raise TypeError(f"values of dtype {' and '.join(strange)} do not take part in operations")
    common = frozenset.intersection(*(UPPER_BOUNDS[n] for n in nodes))
    least = [n for n in common if common <= UPPER_BOUNDS[n]]
    if len(least) == 1:
        return least[0]
    names = sorted(n.__name__ if isinstance(n, type) else n.name for n in nodes)
    raise TypePromotionError(
        f"Input dtypes {tuple(names)} have no available implicit dtype promotion path: "
        "convert one of them with x.astype(...)"
    )


@cache
def promote(types: tuple[tuple[DType, bool], ...]) -> tuple[DType, bool]:
    """The dtype and weakness of an operation on values of these (dtype, weak) types, as in JAX.

    64-bit results of mixed weak scalars are canonicalized by the caller.
    """
    found = {d for d, _ in types}
    all_weak = all(w for _, w in types)
    if len(found) == 1:
        dtype = types[0][0]
        return dtype, all_weak and dtype != bool_
    if found <= set(KEY_DTYPES):
        raise TypePromotionError("random keys of different implementations do not mix")
    nodes = frozenset(WEAK[kind(d)] if w and not all_weak and d != bool_ else d for d, w in types)
    node = _least_upper_bound(nodes)
    if isinstance(node, type):
        return {int: int64, float: float64, complex: complex128}[node], True
    return node, all_weak and node != bool_


def _is_python(t: Any) -> bool:
    """Whether it is Python's own type, to which NumPy's dtypes compare equal."""
    return isinstance(t, type) and t in (int, float, complex)


def promote_types(a: Any, b: Any) -> DType:
    """The dtype that holds the values of both, of 64 bits where one has those or they are on.

    Raises:
      ValueError: one is no dtype of arrays, or they do not mix.

    >>> pb.dtypes.promote_types("int32", "float16")
    dtype('float16')
    """
    types = tuple((np.dtype(t), _is_python(t)) for t in (a, b))
    for dtype, _ in types:
        if dtype not in UPPER_BOUNDS and dtype not in KEY_DTYPES:
            raise ValueError(f"promote_types: no array holds values of dtype {short_name(dtype)}")
    found = promote(types)[0]
    narrow = all(canonicalize_dtype(dtype) == dtype for dtype, _ in types)
    return canonicalize_dtype(found) if narrow else found


def issubdtype(a: Any, b: Any) -> bool:
    """Whether dtype `a` is of the type or abstract class `b`, extended dtypes included.

    >>> pb.dtypes.issubdtype(np.float32, np.floating)
    True
    """
    if a is prng_key or (isinstance(a, np.dtype) and a in KEY_DTYPES):
        return b in (prng_key, extended, np.generic) or (isinstance(b, np.dtype) and a == b)
    if a is extended:
        return b in (extended, np.generic)
    if b in (prng_key, extended):
        return False
    if isinstance(b, type) and b in ABSTRACT and not (isinstance(a, type) and a in ABSTRACT):
        return KINDS.get(np.dtype(a)) in ABSTRACT[b] or b is np.generic
    if isinstance(a, type) and a in ABSTRACT:
        return isinstance(b, type) and issubclass(a, b)
    return np.dtype(a) == np.dtype(b)


@cache
def info(dtype: DType) -> Any:
    """Limits of a float or integer dtype (`finfo` or `iinfo`)."""
    if kind(dtype) in ("float", "complex"):
        return ml_dtypes.finfo(dtype)
    return ml_dtypes.iinfo(dtype)


def finfo(dtype: Any) -> Any:
    """Limits of a float or complex dtype.

    >>> float(pb.dtypes.finfo("bfloat16").eps)
    0.0078125
    """
    return ml_dtypes.finfo(np.dtype(dtype))


def iinfo(int_type: Any) -> Any:
    """Limits of an integer dtype.

    >>> pb.dtypes.iinfo("int8").max
    127
    """
    return ml_dtypes.iinfo(np.dtype(int_type))


def itemsize_bits(dtype: Any) -> int:
    """How many bits an element has; a bool has 8.

    >>> pb.dtypes.itemsize_bits(pnp.int4), pb.dtypes.itemsize_bits("float32")
    (4, 32)
    """
    found = np.dtype(dtype)
    if found == bool_:
        return 8
    if is_float(found) or is_integer(found):
        return info(found).bits * (2 if kind(found) == "complex" else 1)
    raise ValueError(f"itemsize_bits: a dtype of numbers is wanted, got {found}")


def scalar_type_of(x: Any) -> type:
    """The Python type of the elements of an array or number: bool, int, float or complex.

    >>> pb.dtypes.scalar_type_of(np.float32(1))
    <class 'float'>
    """
    found = kind(_dtype_and_weakness(x)[0])
    scalars = {"bool": bool, "signed": int, "unsigned": int, "float": float, "complex": complex}
    if found not in scalars:
        raise TypeError(f"scalar_type_of: numbers are wanted, got {x!r}")
    return scalars[found]


def result_type(*args: Any, return_weak_type_flag: bool = False) -> Any:
    """The dtype of an operation on these arrays, numbers and dtypes; None is the default float.

    With the flag, also whether it is weak.

    >>> import pullback as pb
    >>> pb.dtypes.result_type("int8", 1.5)
    dtype('float32')
    """
    if not args:
        raise ValueError("result_type: at least one array, number or dtype is wanted")
    dtype, weak = promote(tuple(map(_dtype_and_weakness, args)))
    dtype = canonicalize_dtype(dtype)
    return (dtype, weak) if return_weak_type_flag else dtype


def _dtype_and_weakness(x: Any) -> tuple[DType, bool]:
    """Of an array, a number or a dtype."""
    if x is None:
        return default_dtype(float), False
    if isinstance(x, type) and x in (int, float, complex):
        return default_dtype(x), True
    if type(x) in (int, float, complex):
        return default_dtype(type(x)), True
    if isinstance(x, (str, type, np.dtype)):
        return canonicalize_dtype(x), False
    found = x.dtype if hasattr(x, "dtype") else np.asarray(x).dtype
    return canonicalize_dtype(found), getattr(x, "weak_type", False)
