"""Function to program and back: staging of a flat function, and evaluation of a program."""

# `_trace` is hidden from users, whose arrays have a method `trace`; interpreters read it.
# pyright: reportPrivateUsage=false

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import _native, config, dtypes
from .._native import ArrayImpl, DeviceArray
from ..lazy import LazyModule
from . import trace as tracing
from .aval import ShapedArray
from .cell import Cell, Held, Touched
from .ir import Atom, ClosedJaxpr, Jaxpr, JaxprEqn, Literal, Var
from .leaks import check_leaks
from .memo import weak_memo
from .primitive import Primitive
from .structure import structure
from .trace import Trace, Tracer, as_array, check_alive, use, user_line

# Loaded where programs are checked.
_checks: Any = LazyModule(f"{__package__}.check")
FlatFunction = Callable[..., Sequence[Any]]


class StageTracer(Tracer):
    """A value that a program will compute.

    >>> pb.jit(lambda x: print(type(x).__name__) or x)(1.0)
    StageTracer
    Array(1., dtype=float32, weak_type=True)
    """

    __slots__ = ("node",)

    def __init__(self, trace: Trace, var: Var) -> None:
        self._trace = trace
        self.aval = var.aval
        self.node = var
        self.line = None

    def __repr__(self) -> str:
        return f"JitTracer({self.aval})"

    def describe(self) -> str:
        """Which value this is; arguments have no line that made them."""
        made = f", made at {tracing.show_line(self.line)}" if self.line else ", an argument"
        return f"a value of type {tracing.type_name(self.aval)} traced by {self._trace.what}{made}"


class StageTrace(Trace):
    """Writes down each operation as an equation."""

    __slots__ = ("cells", "consts", "constvars", "eqns", "known", "what")

    def __init__(self, parent: Trace, what: str) -> None:
        super().__init__(parent)
        self.what = what
        self.eqns: list[JaxprEqn] = []
        self.constvars: list[Var] = []
        self.consts: list[Any] = []
        self.known: dict[int, Var] = {}
        self.cells: dict[Cell, Held] = {}

    def process(self, primitive: Primitive, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """Append the operation to the program."""
        if primitive.stage is None:
            return self.emit(primitive, args, params)
        with use(self):
            return primitive.stage(self, args, params)

    def emit(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        """One equation, whatever the primitive's `stage` rule says."""
        atoms = [self.atom(a) for a in args]
        avals = primitive.infer([a.aval for a in atoms], params)
        line = user_line()
        if not primitive.multiple_results:
            out = self.result(avals, line)
            self.eqns.append(JaxprEqn(primitive, atoms, [out.node], params, line))
            return out
        outs = [self.result(a, line) for a in avals]
        self.eqns.append(JaxprEqn(primitive, atoms, [o.node for o in outs], params, line))
        return outs

    def result(self, aval: ShapedArray, line: tracing.Line) -> StageTracer:
        """A new value that an equation computes."""
        tracer = StageTracer(self, Var(aval))
        tracer.line = line
        return tracer

    def argument(self, aval: ShapedArray) -> StageTracer:
        """A new argument of the program."""
        return StageTracer(self, Var(aval))

    def atom(self, x: Any) -> Atom:
        """What stands for a value in the program: its variable, a literal or a captured value."""
        if type(x) is StageTracer and x._trace is self:
            return x.node
        if isinstance(x, Tracer):
            check_alive(x)
            return self.capture(x, x.aval)
        if type(x) is DeviceArray:
            return self.capture(x, x.aval)
        if not isinstance(x, ArrayImpl) and np.ndim(x) == 0:
            value = as_array(x)
            if value.dtype != dtypes.float0:
                return Literal(value._npy[()], value.aval)
        array = as_array(x)
        if array.weak_type and not array.shape:  # a Python number that became an array
            return Literal(array._npy[()], array.aval)
        return self.capture(x, array.aval)

    def capture(self, value: Any, aval: ShapedArray) -> Var:
        """The variable of a value from outside; the same value gets the same variable."""
        var = self.known.get(id(value))
        if var is None:
            var = self.known[id(value)] = Var(aval)
            self.constvars.append(var)
            self.consts.append(value)
        return var


def stage(fun: FlatFunction, avals: Sequence[ShapedArray], what: str = "jit") -> ClosedJaxpr:
    """The program of a flat function at these argument types, with the values it captured.

    A captured value may be a tracer of an outer transformation. What mutable arrays hold is
    captured too; a function that writes to one raises.
    """
    closed, touched = stage_touching(fun, avals, what)
    for cell, _, written in touched:
        if written:
            raise NotImplementedError(
                f"{what}: the function writes to {cell.describe()}, outside of it, which it can do"
                " in jit, scan, fori_loop, while_loop, cond, switch, map and checkpoint only"
            )
    return closed


def stage_touching(
    fun: FlatFunction, avals: Sequence[ShapedArray], what: str
) -> tuple[ClosedJaxpr, list[Touched]]:
    """As `stage`, and the mutable arrays that the function reads or writes.

    What they hold are the last captured values. The program's last results are what those hold
    in the end that are written.
    """
    trace = StageTrace(tracing.current_trace(), what)
    with use(trace):
        args = [trace.argument(a) for a in avals]
        outs = [trace.atom(o) for o in fun(*args)]
    trace.alive = False
    touched = [Touched(c, h.given.node, h.written) for c, h in trace.cells.items()]
    outs += [trace.atom(h.value) for h in trace.cells.values() if h.written]
    constvars = [*trace.constvars, *[t.var for t in touched]]
    jaxpr = Jaxpr(constvars, [a.node for a in args], outs, trace.eqns)
    trace.cells.clear()
    del args
    check_leaks(trace)
    if config.current().guards.enable_checks:
        _checks.check(jaxpr)
    return ClosedJaxpr(jaxpr, [*trace.consts, *[t.cell.read() for t in touched]]), touched


def hoist(jaxpr: Jaxpr) -> Jaxpr:
    """The program with its captured values as leading arguments."""
    return _hoisted(jaxpr) if jaxpr.constvars else jaxpr


@weak_memo
def _hoisted(jaxpr: Jaxpr) -> Jaxpr:
    return Jaxpr([], [*jaxpr.constvars, *jaxpr.invars], jaxpr.outvars, jaxpr.eqns)


def stage_hoisted(
    fun: FlatFunction, avals: Sequence[ShapedArray], what: str = "jit"
) -> tuple[Jaxpr, Sequence[Any]]:
    """A program without captured values, and the values to pass as its leading arguments."""
    closed = stage(fun, avals, what)
    return hoist(closed.jaxpr), closed.consts


@tracing.runs_equations
def eval_jaxpr(jaxpr: Jaxpr, consts: Sequence[Any], *args: Any) -> list[Any]:
    """Run a program under the current trace, operation by operation."""
    env: dict[Var, Any] = dict(zip(jaxpr.constvars, consts, strict=True))
    env.update(zip(jaxpr.invars, args, strict=True))
    process = _native.current_trace().process
    for eqn in jaxpr.eqns:
        values = tuple([read(env, v) for v in eqn.invars])
        out = process(eqn.primitive, values, eqn.params)
        if eqn.primitive.multiple_results:
            env.update(zip(eqn.outvars, out, strict=True))
        else:
            env[eqn.outvars[0]] = out
    return [read(env, v) for v in jaxpr.outvars]


def read(env: dict[Var, Any], atom: Atom) -> Any:
    """The value of a variable or literal. Weak literals are Python scalars again."""
    if isinstance(atom, Var):
        return env[atom]
    return literal_value(atom)


def literal_value(literal: Literal) -> Any:
    """A literal as a value that rules accept; a weak one is a Python number where that says it."""
    if not literal.aval.weak_type:
        return literal.val
    number: object = literal.val.item()
    exact = dtypes.default_dtype(type(number)) == literal.aval.dtype
    return number if exact else ArrayImpl(np.asarray(literal.val), True)


class JaxprFunction:
    """A program as a callable, for primitives whose parameters are functions."""

    __slots__ = ("jaxpr",)

    def __init__(self, jaxpr: Jaxpr) -> None:
        assert not jaxpr.constvars
        self.jaxpr = jaxpr

    def __eq__(self, other: object) -> bool:
        return isinstance(other, JaxprFunction) and structure(self.jaxpr) == structure(other.jaxpr)

    def __hash__(self) -> int:
        return hash(structure(self.jaxpr))

    def __call__(self, *args: Any) -> list[Any]:
        return eval_jaxpr(self.jaxpr, (), *args)
