"""Functions some of whose arguments are known: what is computed, and the program of the rest."""

# `_trace` is hidden from users, whose arrays have a method `trace`; interpreters read it.
# pyright: reportPrivateUsage=false

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..core.aval import ShapedArray
from ..core.ir import Atom, Jaxpr, JaxprEqn, Var
from ..core.primitive import Primitive
from ..core.rewrite import keep_arguments, prune
from ..core.stage import StageTrace, StageTracer, eval_jaxpr, stage
from ..core.trace import current_trace, get_aval, use
from ..extend.linear_util import WrappedFun

__all__ = [
    "DynamicJaxprTracer",
    "JaxprTracer",
    "PartialVal",
    "dce_jaxpr",
    "trace_to_jaxpr_dynamic",
    "trace_to_jaxpr_nounits",
]

JaxprTracer = DynamicJaxprTracer = StageTracer


class PartialVal(NamedTuple):
    """A value that is known, `(None, value)`, or of which only the type is, `(type, None)`.

    >>> from pullback.interpreters.partial_eval import PartialVal
    >>> PartialVal.known(1.0).is_known(), PartialVal.unknown(pb.typeof(1.0)).is_known()
    (True, False)
    """

    aval: ShapedArray | None
    const: Any

    @classmethod
    def known(cls, const: Any) -> "PartialVal":
        """A known value."""
        return cls(None, const)

    @classmethod
    def unknown(cls, aval: ShapedArray) -> "PartialVal":
        """An unknown value of a type."""
        return cls(aval, None)

    def is_known(self) -> bool:
        """Whether the value is known."""
        return self.aval is None

    def get_aval(self) -> ShapedArray:
        """The type."""
        return get_aval(self.const) if self.aval is None else self.aval


class PartialTrace(StageTrace):
    """Computes what depends on no unknown value under its parent; writes the rest down."""

    __slots__ = ()

    def process(self, primitive: Primitive, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """Compute or write down."""
        if not any(self.is_unknown(a) for a in args):
            assert self.parent is not None
            return self.parent.process(primitive, args, params)
        body = self._body(primitive, args, params)
        if body is None:
            return super().process(primitive, args, params)
        with use(self):
            return eval_jaxpr(body, (), *args)

    def _body(
        self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]
    ) -> Jaxpr | None:
        """The program of a call, some of whose results may be known."""
        if not primitive.higher or primitive.inline is None or primitive.stage is not None:
            return None
        avals = [get_aval(a) for a in args]
        outs = [Var(a) for a in primitive.type(*avals, **params)]
        return primitive.inline(JaxprEqn(primitive, [Var(a) for a in avals], outs, params))

    def is_unknown(self, x: Any) -> bool:
        """Whether a value is one of this trace."""
        return isinstance(x, StageTracer) and x._trace is self


def trace_to_jaxpr_nounits(
    fun: WrappedFun, pvals: Sequence[PartialVal], instantiate: bool | Sequence[bool] = False
) -> tuple[Jaxpr, list[PartialVal], list[Any]]:
    """Run a flat function of partly known values.

    Returns:
      The program from unknown arguments to unknown results, the results, and the known values
      that the program captures.

    >>> from pullback.extend import linear_util as lu
    >>> from pullback.interpreters import partial_eval as pe
    >>> f = lu.wrap_init(lambda x, y: [pnp.sin(x), y])
    >>> given = [pe.PartialVal.unknown(pb.typeof(1.0)), pe.PartialVal.known(2.0)]
    >>> jaxpr, results, captured = pe.trace_to_jaxpr_nounits(f, given)
    >>> [result.is_known() for result in results]
    [False, True]
    """
    trace = PartialTrace(current_trace(), "trace_to_jaxpr")
    args = [p.const if p.aval is None else trace.argument(p.aval) for p in pvals]
    with use(trace):
        outs = list(fun.call_wrapped(*args))
        wanted = [instantiate] * len(outs) if isinstance(instantiate, bool) else instantiate
        kept = [w or trace.is_unknown(o) for w, o in zip(wanted, outs, strict=True)]
        atoms: list[Atom] = [trace.atom(o) for o, k in zip(outs, kept, strict=True) if k]
    trace.alive = False
    results = [
        PartialVal.unknown(get_aval(o)) if k else PartialVal.known(o)
        for o, k in zip(outs, kept, strict=True)
    ]
    arguments = [a.node for a, p in zip(args, pvals, strict=True) if p.aval is not None]
    jaxpr = Jaxpr(trace.constvars, arguments, atoms, trace.eqns)
    return jaxpr, results, trace.consts


def trace_to_jaxpr_dynamic(
    fun: WrappedFun, in_avals: Sequence[ShapedArray]
) -> tuple[Jaxpr, list[ShapedArray], list[Any]]:
    """The program of a flat function, the types of its results, and the values it captured.

    >>> from pullback.extend import linear_util as lu
    >>> from pullback.interpreters import partial_eval as pe
    >>> jaxpr, types, captured = pe.trace_to_jaxpr_dynamic(
    ...     lu.wrap_init(lambda x: [pnp.sin(x)]), [pb.typeof(1.0)]
    ... )
    >>> jaxpr
    { lambda ; a:f32[]. let b:f32[] = sin a in (b,) }
    """
    closed = stage(fun.call_wrapped, in_avals)
    return closed.jaxpr, closed.out_avals, list(closed.consts)


def dce_jaxpr(
    jaxpr: Jaxpr, used_outputs: Sequence[bool], instantiate: bool | Sequence[bool] = False
) -> tuple[Jaxpr, list[bool]]:
    """The program of some of its results, and which arguments it has kept.

    It keeps those it needs, and those for which `instantiate` holds.

    >>> from pullback.interpreters import partial_eval as pe
    >>> jaxpr = pb.make_jaxpr(lambda x, y: (pnp.sin(x), pnp.cos(y)))(1.0, 2.0).jaxpr
    >>> pe.dce_jaxpr(jaxpr, [False, True])
    ({ lambda ; a:f32[]. let b:f32[] = cos a in (b,) }, [False, True])
    """
    n = len(jaxpr.invars)
    wanted = [instantiate] * n if isinstance(instantiate, bool) else instantiate
    program, needed = prune(jaxpr, tuple(used_outputs))
    kept = [a or b for a, b in zip(needed, wanted, strict=True)]
    return keep_arguments(program, kept), kept
