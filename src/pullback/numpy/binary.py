"""Functions of two arrays: each row is a name, an operation, how operands are promoted."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import _native, dtypes
from .._native import ArrayImpl
from ..control.custom_jvp import custom_jvp
from ..primitives import elementwise as ew
from ..primitives import shape as sh
from ..primitives.nary import is_large
from .elementwise import convert, named, pick, truth
from .values import (
    as_array,
    as_value,
    broadcast,
    broadcast_elementwise,
    check_rank,
    check_standard,
    is_array,
    joint_shape,
    numeric_dtype,
    promote,
    promote_arrays,
    promote_inexact,
    result_type_of,
    same_kind,
    to_dtype,
)
from .worth import compiled_at_once, compiled_when_repeated

Function = Callable[..., Any]
_eager: Any = _native.binary


def function(
    name: str,
    op: Function,
    doc: str,
    ufunc: Any = None,
    promoted: Callable[..., list[Any]] = promote,
    safe: Callable[[Any, Any], bool] | None = None,
) -> Function:
    """A function of two operands in their common dtype and shape.

    Where `ufunc` means the same (for operands that are `safe`), eager arrays go straight to it.
    """

    def general(x1: Any, x2: Any, /) -> Any:
        x1, x2 = broadcast(name, promoted(name, x1, x2))
        return as_weak_as((x1, x2), op(x1, x2))

    def fast(x1: Any, x2: Any, /) -> Any:
        try:
            out = _eager(ufunc, x1, x2)
        except TypeError:
            return general(x1, x2)
        if out is not NotImplemented:
            return out
        out = _eager_broadcast(name, ufunc, x1, x2)
        if out is not NotImplemented:
            return out
        x1, x2 = broadcast_elementwise(name, promoted(name, x1, x2))
        return op(x1, x2)

    def guarded(x1: Any, x2: Any, /) -> Any:
        assert safe is not None
        out = _eager(ufunc, x1, x2) if safe(x1, x2) else NotImplemented
        return general(x1, x2) if out is NotImplemented else out

    chosen = general if ufunc is None else fast if safe is None else guarded
    return named(chosen, name, f"{doc}\n\nArgs:\n  x1, x2: {OPERANDS[promoted]}.\n")


def _eager_broadcast(name: str, ufunc: Any, x1: Any, x2: Any) -> Any:
    """Two arrays of one float dtype and different shapes, at once; or NotImplemented."""
    if not (type(x1) is type(x2) is ArrayImpl and _native.is_eager()):
        return NotImplemented
    if x1.dtype is not x2.dtype or x1.dtype not in PLAIN:
        return NotImplemented
    check_rank(name, (x1, x2))
    joint_shape(name, (x1, x2))
    out = _native.call_quiet(ufunc, x1._npy, x2._npy)
    weak = x1.weak_type and x2.weak_type and out.dtype == x1.dtype
    return ArrayImpl(out, weak)


PLAIN = frozenset((dtypes.float32, dtypes.float64))
WORDS = {dtypes.float32: np.int32, dtypes.float64: np.int64}


def _are_few(x1: Any, x2: Any) -> bool:
    return not (is_large(x1) or is_large(x2))


def _float_or_nonzero(x1: Any, x2: Any) -> bool:
    """Operands that NumPy divides as we do: floats, or integers by a number that is not 0."""
    if type(x1) is not ArrayImpl:
        return type(x2) is ArrayImpl and x2.dtype in PLAIN
    return x1.dtype in PLAIN or (type(x2) is int and x2 != 0)


def as_weak_as(operands: Sequence[Any], out: Any) -> Any:
    """The result, weakly typed where all operands are."""
    if out.weak_type or out.dtype == dtypes.bool_:
        return out
    weak = all(v.weak_type if is_array(v) else not isinstance(v, np.generic) for v in operands)
    return convert(out, out.dtype, True) if weak else out


def promote_no_bool(name: str, *args: Any) -> list[Any]:
    """The common dtype, int32 in place of bool."""
    values = [as_value(name, a, i) for i, a in enumerate(args)]
    dtype, weak = result_type_of(values)
    return to_dtype(name, values, numeric_dtype(dtype), weak)


def promote_beside_masks(name: str, *args: Any) -> list[Any]:
    """The common dtype; boolean arrays stay masks beside floats."""
    if same_kind(args):
        return list(args)
    values = [as_value(name, a, i) for i, a in enumerate(args)]
    dtype, weak = result_type_of(values)
    masks = [is_array(v) and v.dtype == dtypes.bool_ for v in values]
    if not (any(masks) and dtypes.is_float(dtype)):
        return to_dtype(name, values, dtype, weak)
    check_standard(name, values)
    return [
        v if mask else to_dtype(name, [v], dtype, weak)[0]
        for v, mask in zip(values, masks, strict=True)
    ]


def is_bool(x: Any) -> bool:
    """Whether this operand, promoted, is boolean."""
    return isinstance(x, (bool, np.bool_)) or (is_array(x) and x.dtype == dtypes.bool_)


def is_whole(x: Any) -> bool:
    """Whether this operand, promoted, is an integer."""
    return is_array(x) and dtypes.is_integer(x.dtype)


def _dtype(x: Any, y: Any) -> dtypes.DType:
    return x.dtype if is_array(x) else y.dtype


# Arithmetic.


def _add(x: Any, y: Any) -> Any:
    return ew.bitwise_or(x, y) if is_bool(x) else ew.add(x, y)


def _multiply(x: Any, y: Any) -> Any:
    if is_bool(x):
        return ew.bitwise_and(x, y) if is_bool(y) else _masked(x, y)
    return _masked(y, x) if is_bool(y) else ew.mul(x, y)


def _masked(mask: Any, x: Any) -> Any:
    """x where the mask holds and 0 elsewhere, whatever stands there."""
    if _native.is_eager() and type(mask) is type(x) is ArrayImpl and x.dtype in PLAIN:
        return ArrayImpl(_kept_bits(mask._npy, x._npy), x.weak_type)
    mask, x = broadcast("multiply", [mask, x])
    return as_weak_as((x,), pick(mask, x, sh.full_like(x, 0)))


def _kept_bits(mask: Any, x: Any) -> Any:
    word = WORDS[x.dtype]
    out = np.negative(mask.view(np.int8), dtype=word) & x.view(word)
    return np.asarray(out).view(x.dtype)


def _subtract(x: Any, y: Any) -> Any:
    if is_bool(x):
        raise TypeError("subtract does not accept dtype bool: write x ^ y or logical_xor(x, y)")
    return ew.sub(x, y)


def _floor_divide(x: Any, y: Any) -> Any:
    kind = dtypes.kind(_dtype(x, y))
    if kind == "unsigned":
        return ew.div(x, y)
    if kind == "signed":
        q, r = ew.div(x, y), ew.rem(x, y)
        x, y = _arr(x, q), _arr(y, q)
        down = ew.bitwise_and(ew.ne(r, 0), ew.ne(ew.sign(x), ew.sign(y)))
        return pick(down, ew.sub(q, 1), q)
    if kind == "complex":
        raise TypeError("floor_divide does not support complex numbers")
    return _float_divmod(x, y)[0]


def _float_divmod(x: Any, y: Any) -> tuple[Any, Any]:
    r = ew.rem(x, y)
    x, y = _arr(x, r), _arr(y, r)
    q = ew.div(pick(ew.eq(y, 0), x, ew.sub(x, r)), y)
    off = ew.bitwise_and(ew.ne(r, 0), ew.ne(ew.sign(y), ew.sign(r)))
    r = pick(off, ew.add(r, y), r)
    q = pick(off, ew.sub(q, 1), q)
    return ew.round(q, ew.RoundingMethod.AWAY_FROM_ZERO), r


def _arr(x: Any, like: Any) -> Any:
    """A number or an array of rank 0 as an array of the other's shape."""
    if not is_array(x):
        return sh.full_like(like, x)
    return x if x.shape == like.shape else sh.broadcast_in_dim(x, like.shape, ())


def both_arrays(x: Any, y: Any) -> tuple[Any, Any]:
    """Operands as arrays of one shape, where one may be a number or of rank 0."""
    if not is_array(y) or (is_array(x) and x.shape):
        return x, _arr(y, x)
    return _arr(x, y), y


def _remainder(x: Any, y: Any) -> Any:
    x, y = both_arrays(x, y)
    r = _fmod(x, y)
    off = ew.bitwise_and(ew.ne(ew.lt(r, 0), ew.lt(y, 0)), ew.ne(r, 0))
    return pick(off, ew.add(r, y), r)


def _fmod(x: Any, y: Any) -> Any:
    x, y = both_arrays(x, y)
    if not dtypes.is_integer(x.dtype):
        return ew.rem(x, y)
    # Nothing remains of a division by zero.
    return ew.rem(x, pick(ew.eq(y, 0), sh.full_like(y, 1), y))


@compiled_when_repeated()
def _hypot(x: Any, y: Any) -> Any:
    _refuse_complex("hypot", x, y, ValueError)
    x, y = both_arrays(x, y)
    x, y = ew.abs(x), ew.abs(y)
    big, small = ew.max(x, y), ew.min(x, y)
    infinite = ew.bitwise_or(ew.eq(x, np.inf), ew.eq(y, np.inf))
    still = ew.bitwise_or(ew.eq(big, 0), infinite)
    safe = pick(still, sh.full_like(big, 1), big)
    length = ew.mul(big, ew.sqrt(ew.add(ew.square(ew.div(small, safe)), 1)))
    return pick(infinite, sh.full_like(big, np.inf), pick(ew.eq(big, 0), big, length))


def _refuse_complex(name: str, x: Any, y: Any, error: type[Exception] = TypeError) -> None:
    if dtypes.kind(_dtype(x, y)) == "complex":
        raise error(f"{name}: wants real numbers, got complex ones")


@compiled_when_repeated()
def _copysign(x: Any, y: Any) -> Any:
    _refuse_complex("copysign", x, y)
    x, y = both_arrays(x, y)
    return pick(ew.ne(_sign_of(x), _sign_of(y)), ew.neg(x), x)


def _sign_of(x: Any) -> Any:
    bits = np.dtype(f"int{8 * x.dtype.itemsize}")
    return ew.lt(ew.bitcast_convert_type(x, bits), 0)


@custom_jvp
def _logaddexp_of_arrays(x: Any, y: Any) -> Any:
    if dtypes.kind(x.dtype) == "complex":
        return _logaddexp_of_complex(x, y)
    top, gap = ew.max(x, y), ew.sub(x, y)
    # Equal infinities have no difference; their sum is the answer.
    undefined = ew.ne(gap, gap)
    gap = pick(undefined, sh.full_like(gap, 0), gap)
    out = ew.add(top, ew.log1p(ew.exp(ew.neg(ew.abs(gap)))))
    return pick(undefined, ew.add(x, y), out)


def _logaddexp_of_complex(x: Any, y: Any) -> Any:
    first = ew.ge(ew.real(x), ew.real(y))
    top, low = pick(first, x, y), pick(first, y, x)
    out = ew.add(top, ew.log1p(ew.exp(ew.sub(low, top))))
    # The principal logarithm: its imaginary part is an angle.
    angle = ew.imag(out)
    turns = ew.round(ew.div(angle, 2 * np.pi), ew.RoundingMethod.TO_NEAREST_EVEN)
    return ew.complex(ew.real(out), ew.sub(angle, ew.mul(turns, 2 * np.pi)))


@_logaddexp_of_arrays.defjvp
def _(primals: tuple[Any, Any], tangents: tuple[Any, Any]) -> Any:
    # d log(e^x + e^y) = e^(x - out) dx + e^(y - out) dy
    out = _logaddexp_of_arrays(*primals)
    base = _zero_for_inf(out)
    parts = [
        ew.mul(t, ew.exp(ew.sub(_zero_for_inf(x), base)))
        for x, t in zip(primals, tangents, strict=True)
    ]
    return out, ew.add_any(*parts)


def _zero_for_inf(x: Any) -> Any:
    return pick(ew.eq(x, np.inf), sh.full_like(x, 0), x)


@compiled_at_once()
def _logaddexp(x: Any, y: Any) -> Any:
    return _logaddexp_of_arrays(*both_arrays(x, y))


@compiled_at_once()
def _logaddexp2(x: Any, y: Any) -> Any:
    x, y = both_arrays(x, y)
    scale = x.dtype.type(np.log(2))
    return ew.div(_logaddexp(ew.mul(x, scale), ew.mul(y, scale)), scale)


@compiled_when_repeated()
def _heaviside(x: Any, y: Any) -> Any:
    _refuse_complex("heaviside", x, y)
    x, y = both_arrays(x, y)
    at_zero = pick(ew.gt(x, 0), sh.full_like(x, 1), y)
    return pick(ew.ne(x, x), x, pick(ew.lt(x, 0), sh.full_like(x, 0), at_zero))


def _xor(x: Any, y: Any) -> Any:
    return ew.bitwise_xor(x, y)


def _right_shift(x: Any, y: Any) -> Any:
    arithmetic = dtypes.kind(_dtype(x, y)) == "signed"
    return ew.shift_right_arithmetic(x, y) if arithmetic else ew.shift_right_logical(x, y)


def promote_bits(name: str, *args: Any) -> list[Any]:
    """The common dtype, which must be an integer or bool."""
    out = promote(name, *args)
    _check_whole(name, out, ("bool", "signed", "unsigned"))
    return out


def promote_shift(name: str, *args: Any) -> list[Any]:
    """The common integer dtype."""
    out = promote_no_bool(name, *args)
    _check_whole(name, out, ("signed", "unsigned"))
    return out


def _check_whole(name: str, values: list[Any], kinds: tuple[str, ...]) -> None:
    dtype = next(v.dtype for v in values if is_array(v))
    if dtypes.kind(dtype) not in kinds:
        raise TypeError(
            f"{name} does not accept dtype {dtype.name}: wanted integers; convert by x.astype(int)"
        )


def promote_truth(name: str, *args: Any) -> list[Any]:
    """Operands as bools: whether they differ from zero."""
    arrays = [as_array(name, a, i) for i, a in enumerate(args)]
    check_standard(name, arrays)
    return [truth(x) for x in arrays]


def _lexicographic(op: Function) -> Function:
    """Complex numbers are compared by their real parts, then by their imaginary ones."""

    def compare(x: Any, y: Any) -> Any:
        if dtypes.kind(_dtype(x, y)) != "complex":
            return op(x, y)
        x, y = both_arrays(*broadcast("comparison", [x, y]))
        rx, ry = ew.real(x), ew.real(y)
        return pick(ew.eq(rx, ry), op(ew.imag(x), ew.imag(y)), op(rx, ry))

    return compare


# Operands as docstrings tell of them, by how they are promoted.
OPERANDS = {
    promote: "arrays that broadcast; the dtype is the one they promote to",
    promote_beside_masks: "arrays that broadcast; a boolean array keeps or zeroes floats",
    promote_inexact: "arrays that broadcast; integers and bools become floats first",
    promote_no_bool: "arrays that broadcast; bools become integers first",
    promote_bits: "arrays of integers or bools that broadcast",
    promote_shift: "arrays of integers that broadcast",
    promote_truth: "arrays that broadcast; what is not zero is true",
}

add = function("add", _add, "x1 + x2.", np.add)
subtract = function("subtract", _subtract, "x1 - x2.", np.subtract)
multiply = function("multiply", _multiply, "x1 * x2.", np.multiply, promote_beside_masks)
divide = true_divide = function("divide", ew.div, "x1 / x2.", np.true_divide, promote_inexact)
floor_divide = function(
    "floor_divide",
    _floor_divide,
    "The floor of x1 / x2.",
    np.floor_divide,
    promote_no_bool,
    _float_or_nonzero,
)
remainder = mod = function(
    "remainder",
    _remainder,
    "x1 - x2 * floor(x1 / x2).",
    np.remainder,
    promote_no_bool,
    _float_or_nonzero,
)
fmod = function(
    "fmod", _fmod, "The remainder of x1 / x2, with the sign of x1.", None, promote_no_bool
)
maximum = function("maximum", ew.max, "The greater, NaN if either is.", np.maximum)
minimum = function("minimum", ew.min, "The lesser, NaN if either is.", np.minimum)
arctan2 = atan2 = function(
    "arctan2", ew.atan2, "The angle of the point (x2, x1).", np.arctan2, promote_inexact, _are_few
)
hypot = function("hypot", _hypot, "sqrt(x1**2 + x2**2).", None, promote_inexact)
copysign = function("copysign", _copysign, "|x1| with the sign of x2.", None, promote_inexact)
nextafter = function(
    "nextafter", ew.nextafter, "The number after x1 towards x2.", np.nextafter, promote_inexact
)
logaddexp = function("logaddexp", _logaddexp, "log(exp(x1) + exp(x2)).", None, promote_inexact)
logaddexp2 = function("logaddexp2", _logaddexp2, "log2(2**x1 + 2**x2).", None, promote_inexact)
heaviside = function(
    "heaviside", _heaviside, "0 below zero, x2 at zero, 1 above.", None, promote_inexact
)

equal = function("equal", ew.eq, "x1 == x2.", np.equal)
not_equal = function("not_equal", ew.ne, "x1 != x2.", np.not_equal)
greater = function("greater", _lexicographic(ew.gt), "x1 > x2.", np.greater)
greater_equal = function("greater_equal", _lexicographic(ew.ge), "x1 >= x2.", np.greater_equal)
less = function("less", _lexicographic(ew.lt), "x1 < x2.", np.less)
less_equal = function("less_equal", _lexicographic(ew.le), "x1 <= x2.", np.less_equal)

logical_and = function("logical_and", ew.bitwise_and, "Both are nonzero.", None, promote_truth)
logical_or = function("logical_or", ew.bitwise_or, "Either is nonzero.", None, promote_truth)
logical_xor = function("logical_xor", _xor, "Exactly one is nonzero.", None, promote_truth)

bitwise_and = function("bitwise_and", ew.bitwise_and, "Bits set in both.", None, promote_bits)
bitwise_or = function("bitwise_or", ew.bitwise_or, "Bits set in either.", None, promote_bits)
bitwise_xor = function("bitwise_xor", _xor, "Bits set in one.", None, promote_bits)
left_shift = bitwise_left_shift = function(
    "left_shift", ew.shift_left, "x1 * 2**x2.", None, promote_shift
)
right_shift = bitwise_right_shift = function(
    "right_shift", _right_shift, "x1 / 2**x2, rounded down.", None, promote_shift
)


@compiled_when_repeated()
def fmax(x1: Any, x2: Any) -> Any:
    """The greater of two numbers, the other one where one is NaN.

    >>> pnp.fmax(pnp.array([1.0, np.nan]), 0.5)
    Array([1. , 0.5], dtype=float32)
    """
    return _without_nan("fmax", _lexicographic(ew.gt), x1, x2)


@compiled_when_repeated()
def fmin(x1: Any, x2: Any) -> Any:
    """The lesser of two numbers, the other one where one is NaN.

    >>> pnp.fmin(pnp.array([1.0, np.nan]), 0.5)
    Array([0.5, 0.5], dtype=float32)
    """
    return _without_nan("fmin", _lexicographic(ew.lt), x1, x2)


def _without_nan(name: str, better: Function, x1: Any, x2: Any) -> Any:
    x, y = broadcast(name, promote_arrays(name, x1, x2))
    return pick(ew.bitwise_or(better(x, y), ew.ne(y, y)), x, y)


@compiled_when_repeated()
def divmod(x1: Any, x2: Any, /) -> tuple[Any, Any]:
    """The floor of the quotient, and the remainder.

    >>> pnp.divmod(pnp.array([7, -7]), 3)
    (Array([ 2, -3], dtype=int32), Array([1, 2], dtype=int32))
    """
    operands = broadcast("divmod", promote_no_bool("divmod", x1, x2))
    x, y = both_arrays(*operands)
    whole = dtypes.is_integer(_dtype(x, y))
    q, r = (_floor_divide(x, y), _remainder(x, y)) if whole else _float_divmod(x, y)
    return as_weak_as(operands, q), as_weak_as(operands, r)
