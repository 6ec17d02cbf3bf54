"""Operations without native code as programs of those that have it, before loops are built."""

from collections.abc import Callable
from math import prod
from typing import Any

from ... import dtypes
from ...control.blocks import in_blocks
from ...control.call import jit_p
from ...core.aval import ShapedArray
from ...core.ir import Jaxpr, JaxprEqn
from ...core.memo import Memory, weak_memo
from ...core.rewrite import each, inside, programs
from ...core.stage import stage
from ...core.structure import params_key
from ...primitives.convert import convert_element_type
from ...primitives.shape import reshape, spread
from ..programs import choices, elementwise, powers, running

Function = Callable[..., Any]
# Elements that are worked on together where a loop goes on until all of them are done.
TOGETHER = 256

ELEMENTWISE = {**elementwise.FUNCTIONS, **elementwise.BASIC}
RULES: dict[str, Function] = {
    "cumlogsumexp": running.cumlogsumexp,
    "select_and_gather_add": choices.gather,
    "select_and_scatter_add": choices.scatter,
}
_known: Memory[Any, Jaxpr] = Memory()


@weak_memo
def expanded(jaxpr: Jaxpr) -> Jaxpr:
    """The program with calls of programs for operations that are in the tables."""
    return each(jaxpr, lambda e: _expanded(inside(e, expanded)))


def _expanded(eqn: JaxprEqn) -> JaxprEqn:
    name = eqn.primitive.name
    power = powers.by_roots(eqn)
    if power is not None:
        return _power(eqn, power)
    if name not in ELEMENTWISE and name not in RULES:
        return eqn
    avals = tuple([v.aval for v in eqn.invars])
    key = (name, params_key(eqn), avals)
    if key not in _known:
        _known[key] = expanded(_program(eqn, avals))
    return eqn.replace(primitive=jit_p, params={"name": name, "jaxpr": _known[key]})


def _power(eqn: JaxprEqn, power: Function) -> JaxprEqn:
    x = eqn.invars[0]
    key = ("pow", power, x.aval)
    if key not in _known:
        _known[key] = _staged(power, (x.aval,), eqn.outvars[0].aval)
    params = {"name": "pow", "jaxpr": _known[key]}
    return eqn.replace(primitive=jit_p, invars=(x,), params=params)


def _program(eqn: JaxprEqn, avals: tuple[ShapedArray, ...]) -> Jaxpr:
    name, out = eqn.primitive.name, eqn.outvars[0].aval
    if name in RULES:
        return _staged(lambda *args: RULES[name](*args, **eqn.params), avals, out)
    f = _on_wide_floats(ELEMENTWISE[name], out)
    jaxpr = _staged(f, avals, out)
    if prod(out.shape) > TOGETHER and _loops(jaxpr):
        return _staged(_by_blocks(f, out), avals, out)
    return jaxpr


def _staged(f: Function, avals: tuple[ShapedArray, ...], out: ShapedArray) -> Jaxpr:
    def typed(*args: Any) -> list[Any]:
        return [convert_element_type(f(*args), out.dtype, out.weak_type)]

    closed = stage(typed, avals)
    assert not closed.consts
    return closed.jaxpr


def _on_wide_floats(f: Function, out: ShapedArray) -> Function:
    """The function on arrays of one shape, in float32 where floats are narrower."""
    wide = out.dtype if out.dtype.itemsize >= 4 else dtypes.float32

    def apply(*args: Any) -> Any:
        shape = max([a.shape for a in args], key=len)
        return f(*[spread(convert_element_type(a, wide), shape) for a in args])

    return apply


def _by_blocks(f: Function, out: ShapedArray) -> Function:
    """The same, some elements at a time."""

    def apply(*args: Any) -> Any:
        flat = [reshape(spread(a, out.shape), (prod(out.shape),)) for a in args]
        return reshape(in_blocks(f, *flat, size=TOGETHER), out.shape)

    return apply


def _loops(jaxpr: Jaxpr) -> bool:
    """Whether the program runs until something holds of its elements."""
    inner = any(_loops(p) for e in jaxpr.eqns for p in programs(e.params))
    return inner or any(e.primitive.name == "while" for e in jaxpr.eqns)
