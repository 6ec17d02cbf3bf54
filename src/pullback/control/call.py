"""jit_p: a call of a program, which is compiled as one piece."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.aval import ShapedArray, same_type, type_name
from ..core.ir import Jaxpr, JaxprEqn, Var
from ..core.memo import weak_memo
from ..core.primitive import Linear, Zero
from ..core.stage import eval_jaxpr
from ..core.trace import as_array
from ..primitives.convert import convert_element_type_p
from ..transforms.batch import to_dim
from ..transforms.program import (
    batched_jaxpr,
    jvp_jaxpr,
    linearize_jaxpr,
    pick,
    spread,
    transposed_jaxpr,
)
from .holding import HoldingPrimitive

jit_p = HoldingPrimitive("jit")


@jit_p.def_type
def _(*avals: ShapedArray, name: str, jaxpr: Jaxpr) -> list[ShapedArray]:
    check_operands(f"jit of {name}", jaxpr.in_avals, avals)
    return jaxpr.out_avals


def check_operands(what: str, wanted: Sequence[ShapedArray], got: Sequence[ShapedArray]) -> None:
    """Raise unless a program's operands have its argument types."""
    if len(wanted) != len(got):
        raise TypeError(f"{what}: the program takes {len(wanted)} operands, got {len(got)}")
    for i, (w, g) in enumerate(zip(wanted, got, strict=True)):
        if not same_type(w, g):
            raise TypeError(f"{what}: operand {i} must be {type_name(w)}, got {type_name(g)}")


@jit_p.def_value
def _(*args: np.ndarray, name: str, jaxpr: Jaxpr) -> list[np.ndarray]:
    return interpret(jaxpr, *args)


def interpret(jaxpr: Jaxpr, *args: np.ndarray) -> list[np.ndarray]:
    """Run a program on NumPy arrays, operation by operation."""
    return [as_array(o)._npy for o in eval_jaxpr(jaxpr, (), *args)]


@jit_p.def_jvp
def _(primals: Sequence[Any], tangents: Sequence[Any], *, name: str, jaxpr: Jaxpr) -> Any:
    nonzero = tuple(type(t) is not Zero for t in tangents)
    program, found = jvp_jaxpr(jaxpr, nonzero, (False,) * len(jaxpr.outvars))
    outs = jit_p.bind(*primals, *pick(tangents, nonzero), name=name, jaxpr=program)
    n = len(jaxpr.outvars)
    return outs[:n], spread(outs[n:], found, jaxpr.out_avals)


@jit_p.def_linearize
def _(primals: Sequence[Any], nonzero: Sequence[bool], *, name: str, jaxpr: Jaxpr) -> Any:
    split = linearize_jaxpr(jaxpr, tuple(nonzero), (False,) * len(jaxpr.outvars))
    outs = jit_p.bind(*primals, name=name, jaxpr=split.primal)
    n = len(jaxpr.outvars)
    carried = split.residuals(primals, outs[n:])

    def linear(*tangents: Any) -> list[Any]:
        return jit_p.bind(*carried, *tangents, name=name, jaxpr=split.linear)

    return outs[:n], split.nonzero_outs, linear


@jit_p.def_transpose
def _(cts: Sequence[Any], *args: Any, name: str, jaxpr: Jaxpr) -> list[Any]:
    linear = tuple(type(a) is Linear for a in args)
    nonzero = tuple(type(c) is not Zero for c in cts)
    program = transposed_jaxpr(jaxpr, linear, nonzero)
    known = [a for a in args if type(a) is not Linear]
    found = iter(jit_p.bind(*known, *pick(cts, nonzero), name=name, jaxpr=program))
    return [next(found) if m else None for m in linear]


@jit_p.def_batch
def _(args: Sequence[Any], dims: Sequence[Any], *, axis: Any, name: str, jaxpr: Jaxpr) -> Any:
    batched = tuple(d is not None for d in dims)
    program, found = batched_jaxpr(jaxpr, batched, (False,) * len(jaxpr.outvars), axis)
    front = to_front(args, dims, axis)
    return jit_p.bind(*front, name=name, jaxpr=program), out_dims(found)


def to_front(args: Sequence[Any], dims: Sequence[Any], axis: Any) -> list[Any]:
    """The operands with their batch at axis 0."""
    return [a if d is None else to_dim(a, d, 0, axis[1]) for a, d in zip(args, dims, strict=True)]


def out_dims(batched: Sequence[bool]) -> list[int | None]:
    """Axis 0 for the batched results."""
    return [0 if b else None for b in batched]


def body_of(eqn: JaxprEqn, jaxpr: Jaxpr) -> Jaxpr:
    """The program that a call stands for, on operands that may differ from its own in weakness."""
    avals = tuple([v.aval for v in eqn.invars])
    return jaxpr if list(avals) == jaxpr.in_avals else _at_types(jaxpr, avals)


@weak_memo
def _at_types(jaxpr: Jaxpr, avals: tuple[ShapedArray, ...]) -> Jaxpr:
    invars: list[Var] = []
    eqns: list[JaxprEqn] = []
    for v, aval in zip(jaxpr.invars, avals, strict=True):
        x = v if v.aval == aval else Var(aval)
        invars.append(x)
        if x is not v:
            params = {"new_dtype": v.aval.dtype, "weak_type": v.aval.weak_type}
            eqns.append(JaxprEqn(convert_element_type_p, [x], [v], params))
    return jaxpr.replace(invars=invars, eqns=[*eqns, *jaxpr.eqns])


@jit_p.def_show
def _(params: dict[str, Any]) -> Any:
    """The name first; the program's variables are called what the caller calls them."""
    return {"name": params["name"], "jaxpr": params["jaxpr"]}, params["jaxpr"]


@jit_p.def_inline
def _(eqn: JaxprEqn) -> Jaxpr:
    return body_of(eqn, eqn.params["jaxpr"])
