"""Elementary functions as polynomials on vectors, each within 2 units in the last place.

`FUNCTIONS` names them; `call` emits a call to the one for a dtype and a number of lanes, whose
definition is built once for each process and added once to each module.
"""

from collections.abc import Callable
from functools import cache

from ..text import WIDTHS, Function, Module, ir_type
from . import arc, erf, exp, hyperbolic, log, power, trig
from .ops import Ops

FUNCTIONS: dict[str, Callable[..., str]] = {
    "exp": exp.exp,
    "exp2": exp.exp2,
    "expm1": exp.expm1,
    "logistic": exp.logistic,
    "log": log.log,
    "log1p": log.log1p,
    "sin": trig.sin,
    "cos": trig.cos,
    "tan": trig.tan,
    "asin": arc.asin,
    "acos": arc.acos,
    "atan": arc.atan,
    "atan2": arc.atan2,
    "sinh": hyperbolic.sinh,
    "cosh": hyperbolic.cosh,
    "tanh": hyperbolic.tanh,
    "asinh": hyperbolic.asinh,
    "acosh": hyperbolic.acosh,
    "atanh": hyperbolic.atanh,
    "pow": power.pow,
    "cbrt": power.cbrt,
    "erf": erf.erf,
    "erfc": erf.erfc,
    "erf_inv": erf.erf_inv,
}
# What calls need not fear.
PURE = "nounwind memory(none)"
ARITY = {"pow": 2, "atan2": 2}


@cache
def definition(name: str, dtype: str, lanes: int) -> Module:
    """A module that defines the function."""
    module = Module()
    type_ = ir_type(dtype, lanes)
    params = [(type_, p) for p in "xy"[: ARITY.get(name, 1)]]
    attributes = f"alwaysinline {PURE}"
    f = Function(module, symbol(name, dtype, lanes), params, type_, attributes, "internal")
    f.ret(type_, FUNCTIONS[name](Ops(f, dtype, lanes), *(f"%{p}" for _, p in params)))
    module.add(f)
    return module


def symbol(name: str, dtype: str, lanes: int) -> str:
    return f"pb.{name}.{dtype}x{lanes}"


def call(f: Function, name: str, dtype: str, lanes: int, *args: str) -> str:
    """Emit `name(*args)` on `lanes` values of float32 or float64."""
    if not f.module.has(symbol(name, dtype, lanes)):
        f.module.include(definition(name, dtype, lanes))
    type_ = ir_type(dtype, lanes)
    return f.call(type_, symbol(name, dtype, lanes), *((type_, a) for a in args))


def add_functions(module: Module, vector_bytes: int) -> None:
    """All functions on one vector, or on half of it, or on fewer lanes."""
    for dtype in ("float32", "float64"):
        most = vector_bytes * 8 // WIDTHS[dtype]
        for lanes in [1 << k for k in range(most.bit_length())]:
            for name in FUNCTIONS:
                module.include(definition(name, dtype, lanes))
