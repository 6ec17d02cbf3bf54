"""Questions about arrays: equality within tolerances, types, the dtype of an operation."""

from typing import Any

import numpy as np

from .. import dtypes
from .._native import ArrayImpl, DeviceArray
from ..core.trace import Tracer
from ..primitives import elementwise as ew
from . import binary, elementwise, reductions
from .creation import asarray
from .elementwise import pick
from .scalars import ScalarType
from .values import (
    SCALARS,
    as_array,
    as_value,
    broadcast,
    convert,
    is_array,
    promote_arrays,
    unwrapped,
)
from .worth import compiled_when_repeated, compiled_where_worth


@compiled_when_repeated("equal_nan")
def isclose(a: Any, b: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: bool = False) -> Any:
    """Whether |a - b| <= atol + rtol * |b|; equal infinities are close.

    >>> pnp.isclose(pnp.array([1.0, 2.0]), pnp.array([1.0 + 1e-6, 2.1]))
    Array([ True, False], dtype=bool)
    """
    x, y = broadcast("isclose", promote_arrays("isclose", a, b))
    if not dtypes.is_float(x.dtype):
        if not dtypes.is_integer(x.dtype):
            return ew.eq(x, y)
        x, y = (convert(v, dtypes.default_dtype(float)) for v in (x, y))
    near = binary.less_equal(
        elementwise.abs(x - y),
        binary.add(atol, binary.multiply(rtol, elementwise.abs(y))),
    )
    finite = ew.bitwise_and(elementwise.isfinite(x), elementwise.isfinite(y))
    out = pick(finite, near, ew.eq(x, y))
    if equal_nan:
        out = ew.bitwise_or(out, ew.bitwise_and(ew.ne(x, x), ew.ne(y, y)))
    return out


@compiled_where_worth("equal_nan", exact=True)
def allclose(a: Any, b: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: bool = False) -> Any:
    """Whether all elements are close.

    >>> pnp.allclose(pnp.array([1.0, 2.0]), pnp.array([1.0, 2.0 + 1e-6]))
    Array(True, dtype=bool)
    """
    return reductions.all(isclose(a, b, rtol, atol, equal_nan))


def array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> Any:
    """Whether shapes and elements are equal.

    >>> pnp.array_equal(pnp.array([1, 2]), pnp.array([1, 2]))
    Array(True, dtype=bool)
    """
    x, y = promote_arrays("array_equal", *[asarray(a) for a in (a1, a2)])
    if x.shape != y.shape:
        return as_array("array_equal", False)
    same = ew.eq(x, y)
    if equal_nan:
        same = ew.bitwise_or(same, ew.bitwise_and(ew.ne(x, x), ew.ne(y, y)))
    return reductions.all(same)


def array_equiv(a1: Any, a2: Any) -> Any:
    """Whether elements are equal once broadcast.

    >>> pnp.array_equiv(pnp.array([1, 1]), pnp.array([1]))
    Array(True, dtype=bool)
    """
    x, y = promote_arrays("array_equiv", *[asarray(a) for a in (a1, a2)])
    try:
        x, y = broadcast("array_equiv", [x, y])
    except ValueError:
        return as_array("array_equiv", False)
    return reductions.all(ew.eq(x, y))


def iscomplexobj(x: Any) -> bool:
    """Whether the dtype is complex.

    >>> pnp.iscomplexobj(pnp.array([1.0])), pnp.iscomplexobj(1j)
    (False, True)
    """
    if isinstance(x, np.dtype):
        return x.kind == "c"
    return _dtype(unwrapped(x)).kind == "c"


def isrealobj(x: Any) -> bool:
    """Whether the dtype is not complex.

    >>> pnp.isrealobj(pnp.array([1.0])), pnp.isrealobj(1j)
    (True, False)
    """
    return not iscomplexobj(x)


def _dtype(x: Any) -> np.dtype[Any]:
    return x.dtype if hasattr(x, "dtype") else np.asarray(x).dtype


def isscalar(element: Any) -> bool:
    """Whether this is a number or an array of rank 0.

    >>> pnp.isscalar(2.0), pnp.isscalar(pnp.array([2.0]))
    (True, False)
    """
    element = unwrapped(element)
    if is_array(element):
        return element.ndim == 0
    return bool(np.isscalar(element)) or (hasattr(element, "ndim") and element.ndim == 0)


def iterable(y: Any) -> bool:
    """Whether this can be iterated over.

    >>> pnp.iterable(pnp.array([1, 2])), pnp.iterable(3)
    (True, False)
    """
    try:
        iter(y)
    except TypeError:
        return False
    return True


def result_type(*args: Any) -> np.dtype[Any]:
    """The dtype of an operation on these arrays, numbers and dtypes; None is the default float.

    >>> pnp.result_type("int8", "float16"), pnp.result_type(pnp.ones(2, "float16"), 1.0)
    (dtype('float16'), dtype('float16'))
    """
    if not args:
        raise ValueError("at least one array or dtype is required")
    types = []
    for a in args:
        if isinstance(a, ScalarType):
            types.append((dtypes.canonicalize_dtype(a.dtype), False))
        elif a is None:
            types.append((dtypes.default_dtype(float), False))
        elif a in (int, float, complex) if isinstance(a, type) else False:
            types.append((dtypes.default_dtype(a), True))
        elif isinstance(a, (str, type, np.dtype)):
            types.append((dtypes.canonicalize_dtype(a), False))
        elif isinstance(a, (ArrayImpl, DeviceArray, Tracer)):
            types.append((a.dtype, a.weak_type))
        elif hasattr(a, "dtype"):
            types.append((dtypes.canonicalize_dtype(a.dtype), getattr(a, "weak_type", False)))
        elif isinstance(a, SCALARS):
            types.append((dtypes.default_dtype(type(a)), type(a) is not bool))
        else:
            v = as_value("result_type", a)
            types.append((v.dtype, v.weak_type))
    return dtypes.canonicalize_dtype(dtypes.promote(tuple(types))[0])


def array_repr(
    arr: Any, max_line_width: Any = None, precision: Any = None, suppress_small: Any = None
) -> str:
    """The `repr` of an array.

    >>> pnp.array_repr(pnp.array([1, 2]))
    'Array([1, 2], dtype=int32)'
    """
    return repr(arr)


def array_str(
    a: Any, max_line_width: Any = None, precision: Any = None, suppress_small: Any = None
) -> str:
    """The text of an array's values.

    >>> pnp.array_str(pnp.array([1, 2]))
    '[1 2]'
    """
    return np.array_str(np.asarray(a), max_line_width, precision, suppress_small)
