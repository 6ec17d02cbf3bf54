"""All operations on elements, under one name; each is defined in the file of its family."""

from .arithmetic import add, div, mul, neg, rem, sub, trunc
from .bitwise import (
    bitwise_and,
    bitwise_not,
    bitwise_or,
    bitwise_xor,
    clz,
    population_count,
    shift_left,
    shift_right_arithmetic,
    shift_right_logical,
)
from .compare import eq, eq_to, ge, gt, le, le_to, lt, lt_to, ne
from .complex import complex, conj, imag, real
from .convert import (
    bitcast_convert_type,
    convert_element_type,
    convert_element_type_p,
    reduce_precision,
)
from .exponential import exp, exp2, expm1, log, log1p, logistic
from .magnitude import abs, max, min, sign
from .nary import add_any
from .power import cbrt, integer_pow, pow, rsqrt, sqrt, square
from .rounding import RoundingMethod, ceil, floor, is_finite, nextafter, round
from .select import clamp, select, select_n
from .special import digamma, erf, erf_inv, erfc, lgamma, trigamma
from .trigonometric import (
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    cos,
    cosh,
    sin,
    sinh,
    tan,
    tanh,
)

__all__ = [
    "RoundingMethod", "abs", "acos", "acosh", "add", "add_any", "asin", "asinh", "atan",
    "atan2", "atanh", "bitcast_convert_type", "bitwise_and", "bitwise_not", "bitwise_or",
    "bitwise_xor", "cbrt", "ceil", "clamp", "clz", "complex", "conj", "convert_element_type",
    "convert_element_type_p", "cos", "cosh", "digamma", "div", "eq", "eq_to", "erf", "erf_inv",
    "erfc", "exp", "exp2", "expm1", "floor", "ge", "gt", "imag", "integer_pow", "is_finite",
    "le", "le_to", "lgamma", "log", "log1p", "logistic", "lt", "lt_to", "max", "min", "mul",
    "ne", "neg", "nextafter", "population_count", "pow", "real", "reduce_precision", "rem",
    "round", "rsqrt", "select", "select_n", "shift_left", "shift_right_arithmetic",
    "shift_right_logical", "sign", "sin", "sinh", "sqrt", "square", "sub", "tan", "tanh",
    "trigamma", "trunc",
]  # fmt: skip
