"""The greater and the lesser of two numbers: NaN wins, and -0 < +0."""

import numpy as np

from .context import FLOATS, HALVES, SIGNED, Context
from .convert import convert


def greatest(c: Context, x: str, y: str) -> str:
    """max"""
    return _extremum(c, x, y, "max")


def least(c: Context, x: str, y: str) -> str:
    """min"""
    return _extremum(c, x, y, "min")


def _extremum(c: Context, x: str, y: str, name: str) -> str:
    if c.dtype == "bool":
        return c.op("or" if name == "max" else "and", x, y)
    if c.dtype in HALVES:
        x, y = (convert(c.f, a, c.dtype, "float32", c.lanes) for a in (x, y))
        inner = Context(c.f, ("float32",) * 2, "float32", c.lanes)
        return convert(c.f, _extremum(inner, x, y, name), "float32", c.dtype, c.lanes)
    if c.dtype not in FLOATS:
        return c.call(f"{'s' if c.dtype in SIGNED else 'u'}{name}", x, y)
    known = not (x.startswith("%") and y.startswith("%"))
    # Where LLVM knows one operand it does better by itself.
    return c.call(f"{name}imum", x, y) if known else _of_both_orders(c, x, y, name)


def _of_both_orders(c: Context, x: str, y: str, name: str) -> str:
    """The processor's own gives the second of two zeros, and of what has NaN in it. So the bits of
    min(x, y) | min(y, x) have the sign of the least zero, and NaN | y is NaN; those of
    max(x, y) & max(y, x) have the sign of the greatest."""
    k = Context(c.f, (f"int{c.bits}",) * 2, f"int{c.bits}", c.lanes)
    further = "fcmp olt" if name == "min" else "fcmp ogt"
    bits: list[str] = []
    for a, b in ((x, y), (y, x)):
        found = c.select(c.op(further, a, b), a, b)
        bits.append(c.f.line(f"bitcast {c.type} {found} to {k.type}"))
    both = k.op("or" if name == "min" else "and", *bits)
    value = c.f.line(f"bitcast {k.type} {both} to {c.type}")
    return value if name == "min" else c.select(c.op("fcmp uno", x, y), c.c(np.nan), value)
