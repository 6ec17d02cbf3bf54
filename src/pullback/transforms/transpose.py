"""Reverse mode: a tape of linear operations, run backward from cotangents."""

# `_trace` is hidden from users, whose arrays have a method `trace`; interpreters read it.
# pyright: reportPrivateUsage=false

from collections.abc import Callable, Sequence
from typing import Any

from ..core import trace as tracing
from ..core.aval import ShapedArray
from ..core.ir import Jaxpr, Var
from ..core.primitive import Linear, Zero
from ..core.stage import eval_jaxpr
from ..core.trace import use
from ..primitives.arithmetic import add_any
from .jvp import zero_array
from .linearize import Tape, TapeEntry, TapeTrace, TapeTracer, prune


def backward(tape: Tape, cts: Sequence[Any]) -> list[Any]:
    """Cotangents of the tape's nonzero inputs, each maybe Zero, from those of its outputs."""
    found: dict[Var, Any] = {}
    for var, ct in zip(tape.outputs, cts, strict=True):
        if type(var) is Var and type(ct) is not Zero:
            found[var] = add_any(found[var], ct) if var in found else ct
    for entry in reversed(tape.entries):
        step(entry, found)
    return [found.get(v, Zero(v.aval)) for v in tape.inputs if v is not None]


def step(entry: TapeEntry, found: dict[Var, Any]) -> None:
    """Pull the cotangents of one operation's results back to its linear arguments."""
    if entry.primitive.multiple_results:
        if not any(v in found for v in entry.out):
            return
        ct = [found.pop(v) if v in found else Zero(v.aval) for v in entry.out]
    else:
        ct = found.pop(entry.out[0], None)
        if ct is None:
            return
    rule = entry.primitive.transpose
    assert rule is not None
    args = [Linear(a.aval) if type(a) is Var else a for a in entry.args]
    results = rule(ct, *args, **entry.params)
    for var, ct in zip(entry.args, results, strict=True):
        if type(var) is Var and ct is not None and type(ct) is not Zero:
            known = found.get(var)
            found[var] = ct if known is None else add_any(known, ct)


def transpose_jaxpr(jaxpr: Jaxpr, args: Sequence[Any], cts: Sequence[Any]) -> list[Any]:
    """Cotangents of the arguments given as Linear (None for the rest) of a partly linear program.

    Operations that no linear argument reaches are computed; the others are transposed.
    """
    trace = TapeTrace(tracing.current_trace(), linear=True)
    tracers = [trace.variable(a.aval) if type(a) is Linear else a for a in args]
    with use(trace):
        outs = eval_jaxpr(jaxpr, (), *tracers)
    trace.alive = False
    inputs = [t.node if type(a) is Linear else None for t, a in zip(tracers, args, strict=True)]
    outputs = [
        getattr(o, "node", Zero(v.aval)) if _on(trace, o) else Zero(v.aval)
        for o, v in zip(outs, jaxpr.outvars, strict=True)
    ]
    found = iter(backward(Tape(prune(trace.entries, outputs), inputs, outputs), cts))
    return [next(found) if type(a) is Linear else None for a in args]


def transpose_function(
    fun: Callable[..., Sequence[Any]], avals: Sequence[ShapedArray], cts: Sequence[Any]
) -> list[Any]:
    """Cotangents, each maybe Zero, of the arguments of a flat linear function."""
    trace = TapeTrace(tracing.current_trace())
    tracers = [trace.variable(a) for a in avals]
    with use(trace):
        outs = fun(*tracers)
    trace.alive = False
    outputs = [o.node if isinstance(o, TapeTracer) else None for o in outs]
    return backward(Tape(trace.entries, [t.node for t in tracers], outputs), cts)


def _on(trace: TapeTrace, x: Any) -> bool:
    return isinstance(x, tracing.Tracer) and x._trace is trace


def materialize(ct: Any, aval: ShapedArray) -> Any:
    """An array for a cotangent that may be Zero or None."""
    return zero_array(aval) if ct is None or type(ct) is Zero else ct
