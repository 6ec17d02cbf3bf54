"""Powers, numbers as mantissa and exponent, and common divisors of integers."""

import operator
from typing import Any

import numpy as np

from .. import _native, dtypes
from .._native import ArrayImpl
from ..control.loop import while_loop
from ..primitives import elementwise as ew
from ..primitives import shape as sh
from ..primitives.nary import is_large
from ..primitives.reduce import reduce_or
from .elementwise import as_inexact, convert, pick, strong
from .values import (
    as_array,
    as_value,
    broadcast,
    broadcast_elementwise,
    check_standard,
    describe,
    numeric_dtype,
    promote_arrays,
    promote_inexact,
    result_type_of,
)
from .worth import compiled_when_repeated, compiled_where_worth

_eager: Any = _native.binary


def power(x1: Any, x2: Any, /) -> Any:
    """x1 ** x2. A Python integer as exponent is exact and has a derivative everywhere.

    >>> pnp.pow(pnp.array([2, 3]), 2)
    Array([4, 9], dtype=int32)
    """
    if type(x2) is int or _is_known_integer(x2):
        x = as_array("power", x1)
        x = convert(x, numeric_dtype(x.dtype), x.weak_type)
        return static_power(x, operator.index(x2))
    out = _eager(np.power, x1, x2) if _floats(x1) and not is_large(x1) else NotImplemented
    if out is not NotImplemented:
        return out
    return _general_power(x1, x2)


def _is_known_integer(x: Any) -> bool:
    """Whether this is a bool, or an integer of NumPy's or in an array without axes."""
    if type(x) is ArrayImpl or type(x) is np.ndarray:
        return not x.shape and dtypes.is_integer(x.dtype)
    return isinstance(x, (bool, np.integer))


def static_power(x: Any, n: int) -> Any:
    """x to a power that is known while tracing."""
    if n < 0 and dtypes.is_integer(x.dtype):
        raise TypeError(
            f"power: integers cannot be raised to negative powers, got {x.dtype.name} ** {n}:"
            " write a float base"
        )
    return ew.integer_pow(x, n)


def _floats(x: Any) -> bool:
    return type(x) is ArrayImpl and x.dtype.kind == "f"


def _general_power(x1: Any, x2: Any) -> Any:
    values = [as_value("power", x1, 0), as_value("power", x2, 1)]
    check_standard("power", values)
    dtype, _ = result_type_of(values)
    if dtypes.is_float(dtype):
        return ew.pow(*broadcast_elementwise("power", promote_inexact("power", *values)))
    dtype = numeric_dtype(dtype)
    x, y = broadcast("power", [convert(as_array("power", v), dtype) for v in values])
    return _whole_power(x, y)


def _whole_power(x: Any, y: Any) -> Any:
    """Integers by repeated squaring; a negative power of any but 1 and -1 is 0."""
    out, factor, rest = sh.full_like(x, 1), x, y
    for _ in range(8 * y.dtype.itemsize):
        odd = ew.ne(ew.bitwise_and(rest, y.dtype.type(1)), 0)
        out = pick(odd, ew.mul(out, factor), out)
        factor = ew.mul(factor, factor)
        rest = ew.shift_right_logical(rest, y.dtype.type(1))
    if dtypes.kind(y.dtype) != "signed":
        return out
    inverse = pick(ew.eq(x, 1), x, sh.full_like(x, 0))
    if dtypes.kind(x.dtype) == "signed":
        inverse = pick(ew.eq(x, -1), out, inverse)
    return pick(ew.lt(y, 0), inverse, out)


pow = power


def float_power(x1: Any, x2: Any, /) -> Any:
    """x1 ** x2 in floating point.

    >>> pnp.float_power(pnp.array([2, 3]), 2)
    Array([4., 9.], dtype=float32)
    """
    return power(*promote_inexact("float_power", as_array("float_power", x1), x2))


@compiled_when_repeated()
def ldexp(x1: Any, x2: Any, /) -> Any:
    """x1 * 2 ** x2.

    >>> pnp.ldexp(pnp.array([1.0, 3.0]), pnp.array([4, 1]))
    Array([16.,  6.], dtype=float32)
    """
    x, n = as_inexact("ldexp", x1), as_array("ldexp", x2)
    if not dtypes.is_integer(n.dtype) and n.dtype != dtypes.bool_:
        raise ValueError(f"ldexp: x2 must be an integer, got {n.dtype.name}")
    if dtypes.kind(x.dtype) == "complex":
        raise ValueError(f"ldexp: x1 must be real, got {describe(x)}")
    x, n = broadcast("ldexp", [strong(x), n])
    return _scaled(x, n)


def _scaled(x: Any, n: Any) -> Any:
    # In two steps, so that neither factor overflows where the product does not.
    half = ew.shift_right_arithmetic(convert(n, dtypes.int32), np.int32(1))
    rest = ew.sub(convert(n, dtypes.int32), half)
    out = ew.mul(ew.mul(x, ew.exp2(convert(half, x.dtype))), ew.exp2(convert(rest, x.dtype)))
    still = ew.bitwise_or(ew.eq(x, 0), ew.bitwise_not(ew.is_finite(x)))
    return pick(still, x, out)


@compiled_where_worth(exact=True)
def frexp(x: Any, /) -> tuple[Any, Any]:
    """Mantissas in [0.5, 1) and exponents: x = mantissa * 2 ** exponent.

    >>> pnp.frexp(pnp.array([8.0, 0.1]))
    (Array([0.5, 0.8], dtype=float32), Array([ 4, -3], dtype=int32))
    """
    x = strong(as_inexact("frexp", x))
    if dtypes.kind(x.dtype) == "complex":
        raise TypeError(f"frexp: complex numbers have no exponent, got {describe(x)}")
    usual = ew.bitwise_and(ew.is_finite(x), ew.ne(x, 0))
    raw = _exponent(x)
    exponent = pick(usual, raw, sh.full_like(raw, 0))
    return _scaled(x, ew.neg(exponent)), exponent


def _exponent(x: Any) -> Any:
    """The exponents of finite numbers, read from their bits."""
    wide = x if x.dtype.itemsize >= 4 else convert(x, dtypes.float32)
    info, bits = np.finfo(wide.dtype), np.dtype(f"int{8 * wide.dtype.itemsize}")
    tiny = ew.lt(ew.abs(wide), info.tiny)
    wide = pick(tiny, ew.mul(wide, 2.0**info.nmant), wide)
    shifted = ew.shift_right_logical(ew.bitcast_convert_type(wide, bits), bits.type(info.nmant))
    biased = ew.bitwise_and(shifted, bits.type((1 << info.iexp) - 1))
    exponent = ew.sub(biased, bits.type(info.maxexp - 2))
    exponent = pick(tiny, ew.sub(exponent, bits.type(info.nmant)), exponent)
    return convert(exponent, dtypes.int32)


def gcd(x1: Any, x2: Any) -> Any:
    """The greatest common divisor of integers.

    >>> pnp.gcd(pnp.array([12, 18]), 8)
    Array([4, 2], dtype=int32)
    """
    x, y = _whole_pair("gcd", x1, x2)
    known = _eager(np.gcd, x, y)
    if known is not NotImplemented:
        return known
    weak = x.weak_type and y.weak_type
    x, y = _magnitude(x), _magnitude(y)

    def step(state: Any) -> Any:
        x, y = state
        zero = ew.eq(y, 0)
        safe = pick(zero, sh.full_like(y, 1), y)
        return pick(zero, x, y), pick(zero, y, ew.rem(x, safe))

    def is_left(state: Any) -> Any:
        return reduce_or(ew.ne(state[1], 0), tuple(range(state[1].ndim)))

    x, _ = while_loop(is_left, step, (x, y))
    return convert(x, x.dtype, weak)


def lcm(x1: Any, x2: Any) -> Any:
    """The least common multiple of integers.

    >>> pnp.lcm(pnp.array([4, 6]), 10)
    Array([20, 30], dtype=int32)
    """
    x, y = _whole_pair("lcm", x1, x2)
    known = _eager(np.lcm, x, y)
    if known is not NotImplemented:
        return known
    x, y = _magnitude(x), _magnitude(y)
    common = gcd(x, y)
    zero = ew.eq(common, 0)
    safe = pick(zero, sh.full_like(common, 1), common)
    out = pick(zero, common, ew.mul(x, ew.div(y, safe)))
    return convert(out, out.dtype, x.weak_type and y.weak_type)


def _magnitude(x: Any) -> Any:
    return ew.abs(x) if dtypes.kind(x.dtype) == "signed" else x


def _whole_pair(name: str, x1: Any, x2: Any) -> list[Any]:
    pair = promote_arrays(name, x1, x2)
    if not dtypes.is_integer(pair[0].dtype):
        raise ValueError(f"{name}: arguments must be integers, got {pair[0].dtype.name}")
    return broadcast(name, pair)
