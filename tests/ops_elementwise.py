"""Rows of the table: operations on elements."""

from collections.abc import Callable
from typing import Any

import numpy as np
from jax import lax
from op import BOOL, COMPLEX, DERIVED, FLOATS, INTS, NUMBERS, SIGNED, WIDE, Arg, Op

from pullback.primitives import elementwise as ew

INF, NAN = np.inf, np.nan
SPECIAL = (INF, -INF, NAN, 0.0, -0.0)
INEXACT = (*FLOATS, *COMPLEX)
REALS = (*FLOATS, *INTS)


def unary(name: str, *args: Arg, dtypes: Any = FLOATS, f: Any = None, **more: Any) -> Op:
    """A row of one argument; the samples are one array each."""
    samples = tuple((a,) for a in args or (Arg(),))
    return Op(name, f or getattr(ew, name), getattr(lax, name), samples, dtypes, **more)


def binary(name: str, *args: Any, dtypes: Any = FLOATS, **more: Any) -> Op:
    """A row of two arguments."""
    pairs = args or ((Arg(), Arg()),)
    return Op(name, getattr(ew, name), getattr(lax, name), tuple(pairs), dtypes, **more)


def at(name: str, *values: float, of: Callable[..., Any] = unary, **more: Any) -> Op:
    """A row at special values, where the derivatives are not compared."""
    arg = Arg((len(values),), values=values)
    row = of(name, arg, dtypes=more.pop("dtypes", FLOATS), derivative=False, **more)
    return Op(f"{name} at special values", row.f, row.jax, row.args, row.dtypes, row.tol, False)


def at_pairs(name: str, xs: Any, ys: Any, dtypes: Any) -> Op:
    """A row at all pairs of special values."""
    x, y = (a.reshape(-1) for a in np.meshgrid(np.asarray(xs), np.asarray(ys)))
    pair = tuple(Arg((x.size,), values=tuple(v.tolist())) for v in (x, y))
    f, g = getattr(ew, name), getattr(lax, name)
    return Op(f"{name} at special values", f, g, (pair,), dtypes, derivative=False)


POSITIVE = Arg(low=0.3, high=3.0)
BETWEEN = Arg(low=-0.9, high=0.9)
AWAY = Arg(low=0.3, high=2.0)
WHOLE = Arg((3, 4), -100, 100)

UNARY = [
    unary("neg", Arg(), Arg((4,), -9, 9), dtypes=NUMBERS),
    unary("abs", Arg(), Arg((4,), -9, 9), dtypes=(*FLOATS, *COMPLEX, *SIGNED)),
    unary("sign", Arg(), Arg((4,), -9, 9), dtypes=NUMBERS, derivative=False),
    at("abs", *SPECIAL),
    at("sign", *SPECIAL),
    unary("floor", derivative=False),
    unary("ceil", derivative=False),
    at("floor", *SPECIAL, 0.5, -0.5, 1e9),
    at("round", *SPECIAL, 0.5, -0.5, 1.5, 2.5, -2.5, 0.49999997, 8388609.0),
    Op(
        "round to even",
        lambda x: ew.round(x, ew.RoundingMethod.TO_NEAREST_EVEN),
        lambda x: lax.round(x, lax.RoundingMethod.TO_NEAREST_EVEN),
        ((Arg((6,), values=(0.5, -0.5, 1.5, 2.5, -2.5, 0.49999997)),),),
        FLOATS,
        derivative=False,
    ),
    at("is_finite", *SPECIAL, 1.0),
    unary("exp", dtypes=INEXACT),
    unary("exp2", dtypes=INEXACT, tol=16),
    unary("expm1", Arg(), Arg(low=-1e-3, high=1e-3), dtypes=INEXACT),
    unary("log", POSITIVE, dtypes=INEXACT),
    unary("log1p", Arg(low=-0.9, high=2), Arg(low=-1e-3, high=1e-3), dtypes=INEXACT),
    unary("logistic", dtypes=INEXACT),
    at("exp", *SPECIAL, 90, -90, -110),
    at("log", *SPECIAL, -1),
    at("log1p", *SPECIAL, -1, -2),
    at("expm1", *SPECIAL, 90, -90),
    at("logistic", *SPECIAL, 30, -30, 100, -100),
    unary("sin", dtypes=INEXACT),
    unary("cos", dtypes=INEXACT),
    unary("tan", Arg(low=-1, high=1), dtypes=INEXACT),
    unary("asin", BETWEEN, dtypes=INEXACT),
    unary("acos", BETWEEN, dtypes=INEXACT),
    unary("atan", dtypes=INEXACT),
    unary("sinh", dtypes=INEXACT),
    unary("cosh", dtypes=INEXACT),
    unary("tanh", dtypes=INEXACT),
    unary("asinh", dtypes=INEXACT),
    unary("acosh", Arg(low=1.2, high=3), dtypes=INEXACT),
    unary("atanh", BETWEEN, dtypes=INEXACT, tol=80),
    *(at(f, *SPECIAL, 2.0, -2.0) for f in ("sin", "asin", "acos", "atan", "tanh", "acosh")),
    unary("sqrt", POSITIVE, dtypes=INEXACT),
    unary("rsqrt", POSITIVE, dtypes=INEXACT),
    unary("cbrt", POSITIVE),
    unary("square", dtypes=NUMBERS),
    *(at(f, *SPECIAL, -1.0) for f in ("sqrt", "rsqrt", "cbrt")),
    unary("erf"),
    unary("erfc"),
    unary("erf_inv", BETWEEN, tol=16),
    unary("lgamma", Arg(low=0.2, high=5), tol=32),
    unary("digamma", Arg(low=0.2, high=5), tol=64),
    at("erf", *SPECIAL, 5.0),
    at("erf_inv", 1, -1, 0, -0.0, 0.999, 1.5, NAN, dtypes=WIDE),
    at("lgamma", *SPECIAL, 1, 2, -1, -0.5, tol=32),
    unary("real", dtypes=COMPLEX),
    unary("imag", dtypes=COMPLEX),
    unary("conj", dtypes=(*WIDE, *COMPLEX)),
    unary("bitwise_not", WHOLE, dtypes=(*INTS, *BOOL), derivative=False),
    unary("population_count", WHOLE, dtypes=INTS, derivative=False),
    unary("clz", WHOLE, Arg((3,), values=(0, 1, 2)), dtypes=INTS, derivative=False),
]

SCALAR = (Arg(()), Arg())
DIVISORS = ((WHOLE, Arg((3, 4), 1, 9)), (WHOLE, Arg((3, 4), -9, -1)))
SHIFTS = ((WHOLE, Arg((3, 4), 0, 40)),)

BINARY = [
    binary("add", (Arg(), Arg()), SCALAR, SCALAR[::-1], dtypes=NUMBERS),
    binary("sub", (Arg(), Arg()), SCALAR, SCALAR[::-1], dtypes=NUMBERS),
    binary("mul", (Arg(), Arg()), SCALAR, SCALAR[::-1], dtypes=NUMBERS),
    binary("div", (Arg(), AWAY), (Arg(()), AWAY), (Arg(), Arg((), 0.3, 2)), dtypes=INEXACT),
    Op("div of integers", ew.div, lax.div, DIVISORS, INTS, derivative=False),
    at_pairs("div", (-(2**31), -7, -1, 0, 1, 7, 2**31 - 1), (-3, -1, 0, 1, 3), ("int32",)),
    binary("rem", (Arg(low=-9, high=9), AWAY), (Arg(low=-9, high=9), Arg(low=-2, high=-0.3))),
    Op("rem of integers", ew.rem, lax.rem, DIVISORS, INTS, derivative=False),
    at_pairs("rem", (-(2**31), -7, -1, 0, 1, 7, 2**31 - 1), (-3, -1, 0, 1, 3), ("int32",)),
    binary("max", (Arg(), Arg()), SCALAR, dtypes=(*FLOATS, *INTS, *BOOL)),
    binary("min", (Arg(), Arg()), SCALAR, dtypes=(*FLOATS, *INTS, *BOOL)),
    at_pairs("max", (INF, -INF, NAN, 0.0, 1.0), (INF, -INF, NAN, 0.0, 1.0), FLOATS),
    at_pairs("min", (INF, -INF, NAN, 0.0, 1.0), (INF, -INF, NAN, 0.0, 1.0), FLOATS),
    binary("pow", (POSITIVE, Arg()), (Arg((), 0.5, 2), Arg()), dtypes=INEXACT, tol=16),
    Op("pow of integers", ew.pow, lax.pow, ((AWAY, Arg((2, 3), -3, 4, "int32")),), FLOATS, tol=16),
    at_pairs("pow", (INF, -INF, NAN, 0.0, 1.0, -1.0), (INF, -INF, NAN, 0.0, 2.0, 0.5), WIDE),
    binary("atan2", (Arg(), Arg()), SCALAR),
    at_pairs("atan2", (INF, -INF, NAN, 0.0, -0.0, 1.0), (INF, -INF, 0.0, -0.0, -1.0), FLOATS),
    binary("nextafter", (Arg(), Arg()), derivative=False),
    binary("complex", (Arg(), Arg()), SCALAR, dtypes=WIDE),
    binary("bitwise_and", (WHOLE, WHOLE), dtypes=(*INTS, *BOOL), derivative=False),
    binary("bitwise_or", (WHOLE, WHOLE), dtypes=(*INTS, *BOOL), derivative=False),
    binary("bitwise_xor", (WHOLE, WHOLE), dtypes=(*INTS, *BOOL), derivative=False),
    binary("shift_left", *SHIFTS, dtypes=INTS, derivative=False),
    binary("shift_right_logical", *SHIFTS, dtypes=INTS, derivative=False),
    binary("shift_right_arithmetic", *SHIFTS, dtypes=INTS, derivative=False),
]

COMPARED = ((Arg(values=(1.0,)), Arg(values=(1.0,))), SCALAR)
COMPARE = [
    *(binary(name, *COMPARED, dtypes=(*NUMBERS, *BOOL), derivative=False) for name in ("eq", "ne")),
    *(
        binary(name, *COMPARED, dtypes=(*FLOATS, *INTS, *BOOL), derivative=False)
        for name in ("lt", "le", "gt", "ge")
    ),
    *(
        at_pairs(name, (INF, NAN, 0.0, -0.0), (INF, NAN, 0.0, -0.0), FLOATS)
        for name in ("eq", "ne", "lt", "le", "gt", "ge")
    ),
]


def _pow(y: int, dtypes: Any) -> Op:
    def f(x: Any) -> Any:
        return ew.integer_pow(x, y)

    def g(x: Any) -> Any:
        return lax.integer_pow(x, y)

    return Op(f"integer_pow {y}", f, g, ((AWAY,),), dtypes, tol=16)


def _convert(new: str, dtypes: Any, *args: Arg) -> Op:
    def f(x: Any) -> Any:
        return ew.convert_element_type(x, np.dtype(new))

    def g(x: Any) -> Any:
        # JAX warns where it drops imaginary parts.
        drop = x.dtype.kind == "c" and new in FLOATS
        return lax.convert_element_type(lax.real(x) if drop else x, np.dtype(new))

    samples = tuple((a,) for a in args)
    return Op(f"convert_element_type to {new}", f, g, samples, dtypes, smooth=new in DERIVED)


def _bitcast(new: str, dtypes: Any, shape: tuple[int, ...]) -> Op:
    def f(x: Any) -> Any:
        return ew.bitcast_convert_type(x, np.dtype(new))

    def g(x: Any) -> Any:
        return lax.bitcast_convert_type(x, np.dtype(new))

    name = f"bitcast_convert_type {dtypes[0]} to {new}"
    return Op(name, f, g, ((Arg(shape),),), dtypes, derivative=False)


def _precision(exponent_bits: int, mantissa_bits: int) -> Op:
    def f(x: Any) -> Any:
        return ew.reduce_precision(x, exponent_bits, mantissa_bits)

    def g(x: Any) -> Any:
        return lax.reduce_precision(x, exponent_bits, mantissa_bits)

    values = (INF, -INF, NAN, 65519.0, 65520.0, -1e5, 6e-5, 6.2e-5, 1e-8, 0.0)
    args = ((Arg((40,), -4, 4),), (Arg((len(values),), values=values),))
    name = f"reduce_precision {exponent_bits} {mantissa_bits}"
    return Op(name, f, g, args, FLOATS, derivative=False)


LIMITS = Arg((9,), values=(INF, -INF, NAN, 300.7, -300.7, 3e9, -3e9, 0.5, -1.5))
ANYTHING = (*NUMBERS, *BOOL)

CONVERT = [
    *(_convert(new, REALS, Arg(), LIMITS) for new in (*INTS, *BOOL)),
    *(_convert(new, ANYTHING, Arg()) for new in (*FLOATS, *COMPLEX)),
    _bitcast("int32", ("float32",), (2, 3)),
    _bitcast("float32", ("int32",), (2, 3)),
    _bitcast("uint8", ("float32",), (2, 3)),
    _bitcast("float64", ("uint32",), (3, 2)),
    _precision(5, 10),
    _precision(8, 7),
    _precision(4, 3),
]


def _choose(*cases: Any) -> Any:
    which = np.array([[0, 1, 2], [2, 0, 1]], np.int32)
    return (which, *cases)


def _clamp(low: Any, x: Any, high: Any) -> Any:
    """JAX's clamp, which has derivatives only for limits of the operand's shape."""
    low, high = (lax.broadcast(v, x.shape) for v in (low, high))
    return lax.clamp(low, x, high)


MASK = Arg(dtype="bool")
SELECT = [
    Op("select_n", ew.select_n, lax.select_n, ((MASK, Arg(), Arg()),), (*NUMBERS, *BOOL)),
    Op("select_n scalar", ew.select_n, lax.select_n, ((Arg((), dtype="bool"), Arg(), Arg()),)),
    Op("select_n of three", ew.select_n, lax.select_n, (_choose(Arg(), Arg(), Arg()),), NUMBERS),
    Op("clamp", ew.clamp, lax.clamp, ((Arg(low=-2, high=0), Arg(), AWAY),), (*FLOATS, "int32")),
    Op("clamp to scalars", ew.clamp, _clamp, ((Arg((), -1, -0.5), Arg((3, 4)), Arg((), 0.5, 1)),)),
]

POWERS = [
    _pow(3, NUMBERS),
    _pow(0, NUMBERS),
    _pow(1, NUMBERS),
    _pow(2, WIDE),
    _pow(-2, INEXACT),
    _pow(7, WIDE),
]


def kink(name: str, *args: Arg) -> Op:
    """A row where derivatives are a convention: JAX's."""
    f, g = getattr(ew, name), getattr(lax, name)
    return Op(f"{name} at kinks", f, g, (args,), ("float64",), smooth=False)


EDGE = Arg((3,), values=(0.0, 1.0, -1.0))
KINKS = [
    kink("abs", EDGE),
    kink("max", EDGE, Arg((3,), values=(0.0, 1.0, 2.0))),
    kink("min", EDGE, Arg((3,), values=(0.0, 1.0, 2.0))),
    kink("clamp", Arg((3,), values=(0.0, 0.0, -1.0)), EDGE, Arg((3,), values=(1.0, 1.0, -1.0))),
    kink("pow", Arg((3,), values=(0.0, 0.0, 0.0)), Arg((3,), values=(2.0, 1.0, 3.0))),
    Op(
        "pow of integers at kinks",
        ew.pow,
        lax.pow,
        ((Arg((3,), values=(0.0, 2.0, 0.0)), Arg((3,), 0, 3, "int32", (0, 0, 2))),),
        ("float64",),
        smooth=False,
    ),
    kink("rem", Arg((3,), values=(5.5, -5.5, 0.0)), Arg((3,), values=(2.0, 2.0, 2.0))),
    kink("sqrt", Arg((2,), values=(0.0, 4.0))),
    kink("tanh", Arg((4,), values=(20.0, -20.0, 5.0, 0.0))),
    kink("logistic", Arg((4,), values=(40.0, -40.0, 5.0, 0.0))),
]

ELEMENTWISE = [*UNARY, *BINARY, *COMPARE, *CONVERT, *SELECT, *POWERS, *KINKS]
