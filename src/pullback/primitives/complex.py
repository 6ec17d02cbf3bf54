"""Complex numbers and their parts. Transposes are complex-linear: nothing is conjugated."""

from typing import Any

import numpy as np

from .. import dtypes
from ..core.aval import ShapedArray
from ..core.primitive import Linear, Primitive, Zero
from .arithmetic import neg
from .batching import elementwise_batch
from .nary import common_shape, linear_unary
from .rules import COMPLEX, INEXACT, check_kind, check_same_dtype, const, deflinear, zero_like
from .shape import gather_up, spread

PART = {dtypes.complex64: dtypes.float32, dtypes.complex128: dtypes.float64}
WHOLE = {part: whole for whole, part in PART.items()}


def part_dtype(dtype: dtypes.DType) -> dtypes.DType:
    """The dtype of the parts of a complex dtype; a real dtype itself."""
    return PART.get(dtype, dtype)


def whole_dtype(dtype: dtypes.DType) -> dtypes.DType:
    """The complex dtype with parts of this dtype; a complex dtype itself."""
    return WHOLE.get(dtype, dtype)


# complex -- z = x + i y
complex_p = Primitive("complex", linear=True)
elementwise_batch(complex_p)


def complex(x: Any, y: Any) -> Any:
    """The complex number of a real and an imaginary part."""
    return complex_p.bind(x, y)


@complex_p.def_type
def _(x: ShapedArray, y: ShapedArray) -> ShapedArray:
    check_kind("complex", ("float",), x, y)
    check_same_dtype("complex", x, y)
    if x.dtype not in WHOLE:
        raise TypeError(f"complex does not accept dtype {x.dtype.name}: use float32 or float64")
    weak = x.weak_type and y.weak_type
    return ShapedArray(common_shape("complex", x, y), WHOLE[x.dtype], weak)


@complex_p.def_value
def _(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    out = np.empty(x.shape or y.shape, WHOLE[x.dtype])
    out.real = x
    out.imag = y
    return out


@complex_p.def_jvp
def _(primals: Any, tangents: Any) -> Any:
    out = complex(*primals)
    tx, ty = tangents
    if type(tx) is Zero and type(ty) is Zero:
        return out, zero_like(out)
    some = ty if type(tx) is Zero else tx
    tx, ty = (const(some, 0) if type(t) is Zero else t for t in (tx, ty))
    return out, spread(complex(tx, ty), out.shape)


@complex_p.def_transpose
def _(ct: Any, x: Any, y: Any) -> list[Any]:
    ct_x = gather_up(real(ct), x.aval.shape) if type(x) is Linear else None
    # With <a, b> = Re(a b), the adjoint of y -> i y is ct -> -Im(ct).
    return [ct_x, gather_up(imag(neg(ct)), y.aval.shape) if type(y) is Linear else None]


real_p, real = linear_unary(
    "real", np.real, COMPLEX, lambda ct: complex(ct, const(ct, 0)), part_dtype
)
imag_p, imag = linear_unary(
    "imag", np.imag, COMPLEX, lambda ct: complex(const(ct, 0), neg(ct)), part_dtype
)

# conj -- y = real(x) - i imag(x); complex also of a real x
conj_p = Primitive("conj", linear=True)
elementwise_batch(conj_p)
deflinear(conj_p)


def conj(x: Any) -> Any:
    """The complex conjugate."""
    return conj_p.bind(x, input_dtype=x.dtype)


@conj_p.def_type
def _(x: ShapedArray, *, input_dtype: dtypes.DType) -> ShapedArray:
    check_kind("conj", INEXACT, x)
    return x.update(dtype=whole_dtype(x.dtype))


@conj_p.def_value
def _(x: np.ndarray, *, input_dtype: dtypes.DType) -> Any:
    return np.conjugate(x).astype(whole_dtype(x.dtype), copy=False)


@conj_p.def_transpose
def _(ct: Any, x: Any, *, input_dtype: dtypes.DType) -> list[Any]:
    return [conj(ct) if input_dtype in PART else real(ct)]


def is_complex(x: Any) -> bool:
    """Whether the dtype is complex."""
    return x.dtype in PART
