"""A small language: primitives that need no other layer, for tests of what handles programs."""

from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from pullback import dtypes
from pullback.core.aval import ShapedArray
from pullback.core.ir import Atom, Jaxpr, JaxprEqn, Literal, Var, subjaxprs
from pullback.core.parameters import parameter_type
from pullback.core.primitive import Effect, Primitive
from pullback.core.rewrite import keep_arguments, prune


@parameter_type
class Color(Enum):
    """An enumeration as a parameter."""

    RED = 0
    BLUE = 1


@parameter_type
@dataclass(frozen=True)
class Window:
    """A frozen dataclass as a parameter."""

    sizes: tuple[int, ...]
    color: Color = Color.RED


@parameter_type
class Span(NamedTuple):
    """A named tuple as a parameter."""

    start: int
    stop: int


sin = Primitive("toy_sin")
add = Primitive("toy_add")
note = Primitive("toy-note")
pair = Primitive("toy_pair", multiple_results=True)
call = Primitive("toy_call", multiple_results=True, higher=True)
choose = Primitive("toy_choose", multiple_results=True, higher=True)
log = Primitive("toy_log", multiple_results=True, effect=Effect.IO)


@sin.def_type
def _(x: ShapedArray) -> ShapedArray:
    return x


sin.def_value(lambda x: np.sin(x).astype(x.dtype))
add.def_value(np.add)


@add.def_type
def _(x: ShapedArray, y: ShapedArray) -> ShapedArray:
    if x.shape != y.shape or x.dtype != y.dtype:
        raise TypeError(f"toy_add: the types differ, {x} and {y}")
    return x.update(weak_type=x.weak_type and y.weak_type)


@note.def_type
def _(x: ShapedArray, **params: Any) -> ShapedArray:
    return x


@note.def_value
def _(x: Any, **params: Any) -> Any:
    return x


@note.def_simplify
def _(eqn: JaxprEqn, definition: Any) -> Any:
    """A note on a note is the outer one; a blank note is nothing; a `loop` never ends."""
    inner = definition(eqn.invars[0])
    if eqn.params.get("loop"):
        return eqn
    if inner is not None and inner.primitive is note:
        return eqn.replace(invars=inner.invars)
    return None if eqn.params else eqn.invars[0]


@pair.def_type
def _(x: ShapedArray) -> list[ShapedArray]:
    return [x, x]


@pair.def_value
def _(x: Any) -> list[Any]:
    return [x, np.logical_not(x).astype(x.dtype)]


@call.def_type
def _(*args: ShapedArray, name: str, jaxpr: Jaxpr) -> list[ShapedArray]:
    assert [a.shape for a in args] == [a.shape for a in jaxpr.in_avals]
    return jaxpr.out_avals


@call.def_show
def _(params: dict[str, Any]) -> Any:
    return params, params["jaxpr"]


@call.def_inline
def _(eqn: JaxprEqn) -> Jaxpr:
    return eqn.params["jaxpr"]


@call.def_dce
def _(eqn: JaxprEqn, used: list[bool]) -> JaxprEqn | None:
    jaxpr, needed = prune(eqn.params["jaxpr"], tuple(used))
    program = keep_arguments(jaxpr, needed)
    if not program.eqns and not any(used):
        return None
    return eqn.replace(
        invars=[v for v, n in zip(eqn.invars, needed, strict=True) if n],
        outvars=[v for v, u in zip(eqn.outvars, used, strict=True) if u],
        params={**eqn.params, "jaxpr": program},
    )


@choose.def_type
def _(*args: ShapedArray, branches: tuple[Jaxpr, ...]) -> list[ShapedArray]:
    return branches[0].out_avals


@log.def_type
def _(x: ShapedArray, **params: Any) -> list[ShapedArray]:
    return []


@log.def_value
def _(x: Any, **params: Any) -> list[Any]:
    return []


@np.errstate(all="ignore")
def run(jaxpr: Jaxpr, *args: Any) -> list[Any]:
    """The results of a toy program, by the value rules."""
    env: dict[Atom, Any] = dict(zip(jaxpr.invars, args, strict=True))

    def read(atom: Atom) -> Any:
        return atom.val if isinstance(atom, Literal) else env[atom]

    for eqn in jaxpr.eqns:
        inputs = [read(v) for v in eqn.invars]
        if eqn.primitive is call:
            outs = run(eqn.params["jaxpr"], *inputs)
        elif eqn.primitive is choose:
            outs = run(eqn.params["branches"][-1], *inputs)
        else:
            found = eqn.primitive.value(*inputs, **eqn.params)
            outs = found if eqn.primitive.multiple_results else [found]
        env.update(zip(eqn.outvars, outs, strict=True))
    return [read(v) for v in jaxpr.outvars]


def count(jaxpr: Jaxpr) -> int:
    """The number of equations, those of programs inside included."""
    return sum(1 + sum(count(j) for j in subjaxprs(e)) for e in jaxpr.eqns)


numbers = (
    st.integers(-(2**40), 2**40) | st.floats() | st.booleans() | st.none() | st.text(max_size=4)
)
extras = st.sampled_from(
    [
        *(np.dtype("float32"), dtypes.BFLOAT16, dtypes.key_fry, dtypes.float0),
        *(Color.BLUE, Window((1, 2)), Window((), Color.BLUE), Span(1, 2), 2 + 3j, {"a": 1}),
        frozenset({1, 2}),
    ]
)
values = st.recursive(numbers | extras, lambda s: st.lists(s, max_size=3) | st.tuples(s, s))
AVALS = [
    *(ShapedArray((), "float32"), ShapedArray((), "float32", True), ShapedArray((3,), "float32")),
    *(ShapedArray((), "int32"), ShapedArray((2, 1), dtypes.BFLOAT16), ShapedArray((), "bool")),
]


def _literal(draw: Any, aval: ShapedArray) -> Literal:
    kind = dtypes.kind(aval.dtype)
    number = {"float": st.floats(width=16), "signed": st.integers(-9, 9), "bool": st.booleans()}
    return Literal(np.asarray(draw(number[kind]), aval.dtype)[()], aval)


@st.composite
def programs(draw: Any, depth: int = 1) -> Jaxpr:
    """Well-formed toy programs with nested ones, shared ones, literals and parameters."""
    known = [Var(a) for a in draw(st.lists(st.sampled_from(AVALS), min_size=1, max_size=3))]
    invars = list(known)
    inner = draw(programs(depth - 1)) if depth else None
    eqns: list[JaxprEqn] = []

    def like(aval: ShapedArray) -> Atom:
        same = [v for v in known if v.aval == aval]
        if not same or (not aval.shape and draw(st.booleans())):
            return _literal(draw, aval)
        return draw(st.sampled_from(same))

    def emit(primitive: Primitive, inputs: list[Atom], **params: Any) -> None:
        avals = primitive.type(*[v.aval for v in inputs], **params)
        outs = [Var(a) for a in (avals if primitive.multiple_results else [avals])]
        eqns.append(JaxprEqn(primitive, inputs, outs, params))
        known.extend(outs)

    for _ in range(draw(st.integers(0, 6))):
        x = draw(st.sampled_from(known))
        kind = draw(st.sampled_from([sin, add, note, pair, log, call, choose]))
        if kind is add:
            emit(add, [x, like(x.aval)])
        elif kind is note or kind is log:
            emit(kind, [x], **draw(st.dictionaries(st.sampled_from("abc"), values, max_size=2)))
        elif kind is sin or kind is pair:
            emit(kind, [x])
        elif inner and all(any(v.aval == a for v in known) or not a.shape for a in inner.in_avals):
            held = {"jaxpr": inner, "name": "f"} if kind is call else {"branches": (inner, inner)}
            emit(kind, [like(a) for a in inner.in_avals], **held)
    outs = draw(st.lists(st.sampled_from(known), max_size=3))
    return Jaxpr([], invars, outs, eqns)
