"""Split a function into its value and its linear part, written on a tape.

A jvp rule computes with primals and, linearly, with tangents. Here the tangents are variables of
a tape: an operation that touches none is computed at once, one that touches a tangent is linear
in it by construction and is written down. The tape can be run forward (`linearize`), transposed
(`vjp`) or turned into a program.
"""

# `_trace` is hidden from users, whose arrays have a method `trace`; interpreters read it.
# pyright: reportPrivateUsage=false

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import _native
from .._native import ArrayImpl, DeviceArray
from ..core import trace as tracing
from ..core.aval import ShapedArray
from ..core.ir import Jaxpr, JaxprEqn, Literal, Var
from ..core.primitive import Primitive, Zero
from ..core.rewrite import effects_of
from ..core.trace import Trace, Tracer, get_aval, use
from .jvp import JVPTrace, JVPTracer, escape_check, zero_array


class TapeTracer(Tracer):
    """A tangent: a variable of the tape."""

    __slots__ = ("node",)

    def __init__(self, trace: Trace, var: Var) -> None:
        self._trace = trace
        self.aval = var.aval
        self.node = var
        self.line = None


class TapeEntry:
    """A linear operation; `args` holds tape variables for tangents and values for residuals."""

    __slots__ = ("args", "out", "params", "primitive")

    def __init__(
        self, primitive: Primitive, args: list[Any], params: dict[str, Any], out: list[Var]
    ) -> None:
        self.primitive = primitive
        self.args = args
        self.params = params
        self.out = out


class TapeTrace(Trace):
    """Computes what does not depend on tangents; writes the rest on the tape.

    `linear` says that all that is applied to tangents is known to be linear in them, programs too.
    """

    __slots__ = ("entries", "linear")
    what = "linearize"

    def __init__(self, parent: Trace, linear: bool = False) -> None:
        super().__init__(parent)
        self.entries: list[TapeEntry] = []
        self.linear = linear

    def process(self, primitive: Primitive, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """Compute, or write down if a tangent is involved."""
        moving = False
        operands: list[Any] = []
        for a in args:
            if type(a) is TapeTracer and a._trace is self:
                moving = True
                operands.append(a.node)
            else:
                operands.append(a)
        if not moving:
            parent = self.parent
            assert parent is not None
            return parent.process(primitive, args, params)
        if primitive.stage is not None and primitive.eager is not None:
            # A function of tangents: what it does to them is written down, not its own derivative.
            with use(self):
                return primitive.eager(args, params)
        if primitive.linearize is not None and not self.linear:
            return self.split(primitive, args, params)
        return self.record(primitive, args, operands, params)

    def split(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        """An operation whose programs compute with tangents and with other values.

        What is linear in the tangents is its own linear part at any point, so at zero.
        """
        mask = [type(a) is TapeTracer and a._trace is self for a in args]
        assert self.parent is not None and primitive.linearize is not None
        with use(self.parent):
            point = [zero_array(a.aval) if m else a for a, m in zip(args, mask, strict=True)]
            outs, moving, linear = primitive.linearize(point, mask, **params)
        produced = iter(self.write(linear, [a for a, m in zip(args, mask, strict=True) if m]))
        return [next(produced) if m else o for o, m in zip(outs, moving, strict=True)]

    def write(self, linear: Callable[..., Any], tangents: Sequence[Any]) -> Any:
        """The results of a function that is linear in the tangents."""
        before, self.linear = self.linear, True
        try:
            with use(self):
                return linear(*tangents)
        finally:
            self.linear = before

    def record(
        self, primitive: Primitive, args: Sequence[Any], operands: list[Any], params: dict[str, Any]
    ) -> Any:
        """Write one linear operation on the tape."""
        if primitive.transpose is None:
            raise TypeError(
                f"{self.what}: {primitive.name} is applied to a tangent, in which it is not linear:"
                " what a custom_jvp rule computes must be linear in its tangents"
            )
        avals = primitive.infer([get_aval(a) for a in args], params)
        if not primitive.multiple_results:
            var = Var(avals)
            self.entries.append(TapeEntry(primitive, operands, params, [var]))
            return TapeTracer(self, var)
        out = [Var(a) for a in avals]
        self.entries.append(TapeEntry(primitive, operands, params, out))
        return [TapeTracer(self, v) for v in out]

    def variable(self, aval: ShapedArray) -> TapeTracer:
        """A new input tangent."""
        return TapeTracer(self, Var(aval))


class LinearizeTrace(JVPTrace):
    """Forward mode whose tangents go on a tape; its parent is that tape."""

    __slots__ = ()
    what = "grad"

    def process(self, primitive: Primitive, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """Apply the linearize rule of operations that hold programs, the jvp rule of the rest."""
        if primitive.linearize is None:
            return super().process(primitive, args, params)
        primals, tangents, active = self.split(args)
        tape = self.parent
        assert tape is not None
        if not active:
            return tape.process(primitive, tuple(primals), params)
        nonzero = [type(t) is not Zero for t in tangents]
        assert isinstance(tape, TapeTrace) and tape.parent is not None
        with use(tape.parent):
            outs, nonzero_outs, linear = primitive.linearize(primals, nonzero, **params)
        produced = iter(tape.write(linear, [t for t in tangents if type(t) is not Zero]))
        return [
            self.join(o, next(produced)) if n else o
            for o, n in zip(outs, nonzero_outs, strict=True)
        ]


class Tape:
    """The linear part of a function: inputs, operations and outputs (variables, or Zero)."""

    __slots__ = ("entries", "inputs", "outputs")

    def __init__(
        self, entries: list[TapeEntry], inputs: list[Var | None], outputs: list[Any]
    ) -> None:
        self.entries = entries
        self.inputs = inputs
        self.outputs = outputs


def linearize_flat(
    fun: Callable[..., Sequence[Any]], primals: Sequence[Any], nonzero: Sequence[bool]
) -> tuple[list[Any], Tape]:
    """Results of a flat function and its linear part in the arguments marked nonzero."""
    outs, tape = record(fun, primals, nonzero)
    return outs, Tape(prune(tape.entries, tape.outputs), tape.inputs, tape.outputs)


def record(
    fun: Callable[..., Sequence[Any]], primals: Sequence[Any], nonzero: Sequence[bool]
) -> tuple[list[Any], Tape]:
    """As `linearize_flat`; operations that no result depends on stay on the tape."""
    tape_trace = TapeTrace(tracing.current_trace())
    trace = LinearizeTrace(tape_trace)
    inputs: list[Var | None] = []
    args: list[Any] = []
    for p, active in zip(primals, nonzero, strict=True):
        tangent = tape_trace.variable(get_aval(p).tangent()) if active else None
        inputs.append(None if tangent is None else tangent.node)
        args.append(p if tangent is None else JVPTracer(trace, p, tangent))
    previous = _native.swap_trace(trace)
    try:
        outs = [escape_check(o) for o in fun(*args)]
    finally:
        _native.swap_trace(previous)
    values, tangents, _ = trace.split(outs)
    trace.alive = tape_trace.alive = False
    # A tangent that is not on the tape is what a custom rule wrote for zero.
    outputs = [
        t.node if type(t) is TapeTracer else Zero(get_aval(v).tangent())
        for v, t in zip(values, tangents, strict=True)
    ]
    return values, Tape(tape_trace.entries, inputs, outputs)


def prune(entries: list[TapeEntry], outputs: Sequence[Any]) -> list[TapeEntry]:
    """The entries that the outputs depend on, and those with effects."""
    live = {o for o in outputs if type(o) is Var}
    kept: list[TapeEntry] = []
    for entry in reversed(entries):
        if not live.isdisjoint(entry.out) or effects_of(entry.primitive, entry.params):
            kept.append(entry)
            live.update(a for a in entry.args if type(a) is Var)
    kept.reverse()
    return kept


def run_tape(tape: Tape, tangents: Sequence[Any]) -> list[Any]:
    """Push tangents (those of the nonzero inputs) through the tape. Results may be Zero."""
    env = dict(zip([v for v in tape.inputs if v is not None], tangents, strict=True))
    process = tracing.current_trace().process
    for entry in tape.entries:
        args = tuple([env[a] if type(a) is Var else a for a in entry.args])
        out = process(entry.primitive, args, entry.params)
        if entry.primitive.multiple_results:
            env.update(zip(entry.out, out, strict=True))
        else:
            env[entry.out[0]] = out
    return [env[o] if type(o) is Var else o for o in tape.outputs]


def residuals(tape: Tape) -> list[Any]:
    """The values that the tape holds, each once: arrays and tracers of outer traces."""
    seen: dict[int, Any] = {}
    for entry in tape.entries:
        for a in entry.args:
            if type(a) is not Var and is_residual(a):
                seen.setdefault(id(a), a)
    return list(seen.values())


def is_residual(value: Any) -> bool:
    """Whether a value must be carried: everything but Python and NumPy scalars."""
    return isinstance(value, (ArrayImpl, DeviceArray, Tracer)) or (
        isinstance(value, np.ndarray) and value.ndim > 0
    )


def tape_program(tape: Tape, carried: Sequence[Any]) -> Jaxpr:
    """The tape as a program of (residuals, nonzero tangents) to the nonzero outputs."""
    names = {id(r): Var(get_aval(r)) for r in carried}
    eqns = [
        JaxprEqn(e.primitive, [_atom(a, names) for a in e.args], e.out, e.params)
        for e in tape.entries
    ]
    inputs = [v for v in tape.inputs if v is not None]
    outputs = [o for o in tape.outputs if type(o) is Var]
    return Jaxpr([], [*names.values(), *inputs], outputs, eqns)


def _atom(value: Any, names: dict[int, Var]) -> Var | Literal:
    if type(value) is Var:
        return value
    if id(value) in names:
        return names[id(value)]
    array = tracing.as_array(value)
    return Literal(array._npy[()], array.aval)
