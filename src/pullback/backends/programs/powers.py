"""Powers whose exponent is a half of a small odd number, by square roots: within 2 ulp."""

from collections.abc import Callable
from math import inf
from typing import Any

from ...core.ir import JaxprEqn, Literal
from ...primitives.arithmetic import add, div, mul
from ...primitives.compare import eq
from ...primitives.power import sqrt
from ...primitives.rules import const
from ...primitives.select import select


def _root_cubed(x: Any) -> Any:
    return mul(x, sqrt(x))


def _root_to_the_fifth(x: Any) -> Any:
    return mul(mul(x, x), sqrt(x))


def _inverse_root(x: Any) -> Any:
    return div(const(x, 1), sqrt(x))


def _inverse_root_cubed(x: Any) -> Any:
    return div(div(const(x, 1), x), sqrt(x))


def _power(of_numbers: Callable[[Any], Any], y: float) -> Callable[[Any], Any]:
    def power(x: Any) -> Any:
        # -0 counts as 0, and -inf as inf, but for the sign that no such power has.
        result = of_numbers(add(x, const(x, 0)))
        return select(eq(x, const(x, -inf)), const(x, inf if y > 0 else 0), result)

    return power


_POWERS = {
    y: _power(f, y)
    for y, f in {
        0.5: sqrt, 1.5: _root_cubed, 2.5: _root_to_the_fifth,
        -0.5: _inverse_root, -1.5: _inverse_root_cubed,
    }.items()
}  # fmt: skip


def by_roots(eqn: JaxprEqn) -> Callable[[Any], Any] | None:
    """x^y as a function of x, where y stands in the program and roots give it."""
    if eqn.primitive.name != "pow" or not isinstance(eqn.invars[1], Literal):
        return None
    x, y = eqn.invars[0].aval, eqn.invars[1]
    known = x.dtype.kind == "f" and x.dtype.itemsize >= 4 and y.aval.dtype == x.dtype
    return _POWERS.get(float(y.val)) if known else None
