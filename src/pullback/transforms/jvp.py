"""Forward mode: each operation computes its result and its derivative along a tangent."""

# `_trace` is hidden from users, whose arrays have a method `trace`; interpreters read it.
# pyright: reportPrivateUsage=false

from collections.abc import Callable, Sequence
from typing import Any

from .. import _native
from .._native import ArrayImpl
from ..core import trace as tracing
from ..core.aval import ShapedArray
from ..core.primitive import Primitive, Zero
from ..core.trace import Trace, Tracer, check_alive, get_aval, use
from ..primitives.convert import convert_element_type
from ..primitives.shape import zeros


class JVPTracer(Tracer):
    """A primal and its tangent, which is not Zero.

    >>> pb.jvp(lambda x: print(type(x).__name__) or 2 * x, (1.0,), (1.0,))
    JVPTracer
    (Array(2., dtype=float32, weak_type=True), Array(2., dtype=float32, weak_type=True))
    """

    __slots__ = ("primal", "tangent")

    def __init__(self, trace: Trace, primal: Any, tangent: Any) -> None:
        assert type(tangent) is not Zero
        self._trace = trace
        self.aval = primal.aval if type(primal) is ArrayImpl else get_aval(primal)
        self.primal = primal
        self.tangent = tangent
        self.line = None

    def __repr__(self) -> str:
        tangent = get_aval(self.tangent).str_short()
        return f"GradTracer(primal={self.primal}, typeof(tangent)={tangent})"

    def concrete(self) -> Any:
        """The primal, where it is known."""
        return self.primal.concrete() if isinstance(self.primal, Tracer) else self.primal


class JVPTrace(Trace):
    """Applies jvp rules; what has no tangent is computed by the parent alone.

    >>> seen = []
    >>> _ = pb.jvp(lambda x: seen.append(type(x).__name__) or x, (1.0,), (1.0,))
    >>> seen
    ['JVPTracer']
    """

    __slots__ = ()
    what = "jvp"

    def process(self, primitive: Primitive, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """Apply the primitive's jvp rule, or the primitive itself where no tangent is involved."""
        primals, tangents, active = self.split(args)
        parent = self.parent
        assert parent is not None
        rule = primitive.jvp
        if rule is None and active:
            assert not primitive.differentiable, f"{primitive.name} has no jvp rule"
        if rule is None or not active:
            return parent.process(primitive, tuple(primals), params)
        previous = _native.swap_trace(parent)
        try:
            out, tangent = rule(primals, tangents, **params)
        finally:
            _native.swap_trace(previous)
        if primitive.multiple_results:
            return [self.join(o, t) for o, t in zip(out, tangent, strict=True)]
        return out if type(tangent) is Zero else JVPTracer(self, out, tangent)

    def split(self, args: Sequence[Any]) -> tuple[list[Any], list[Any], bool]:
        """Primals, tangents, and whether any tangent is nonzero."""
        primals: list[Any] = []
        tangents: list[Any] = []
        active = False
        for x in args:
            if type(x) is JVPTracer and x._trace is self:
                primals.append(x.primal)
                tangents.append(x.tangent)
                active = True
            else:
                primals.append(x)
                tangents.append(Zero(get_aval(x).tangent()))
        return primals, tangents, active

    def join(self, primal: Any, tangent: Any) -> Any:
        """A tracer, or the primal itself if its tangent is zero."""
        return primal if type(tangent) is Zero else JVPTracer(self, primal, tangent)


def jvp_flat(
    fun: Callable[..., Sequence[Any]], primals: Sequence[Any], tangents: Sequence[Any]
) -> tuple[list[Any], list[Any]]:
    """Results and tangents (each may be Zero) of a flat function."""
    trace = JVPTrace(tracing.current_trace())
    with use(trace):
        args = [trace.join(p, t) for p, t in zip(primals, tangents, strict=True)]
        outs = fun(*args)
    primals_out, tangents_out, _ = trace.split([escape_check(o) for o in outs])
    trace.alive = False
    return primals_out, tangents_out


def escape_check(out: Any) -> Any:
    """A result, which must not be a tracer of an ended transformation."""
    if isinstance(out, Tracer):
        check_alive(out)
    return out


def instantiate_zeros(tangents: Sequence[Any]) -> list[Any]:
    """Arrays in place of Zero."""
    return [zero_array(t.aval) if type(t) is Zero else t for t in tangents]


def zero_array(aval: ShapedArray) -> Any:
    """Zeros of a type, weak where it is.

    >>> from pullback.interpreters import ad
    >>> ad.zeros_like_aval(pb.typeof(np.ones(2, np.float32)))
    Array([0., 0.], dtype=float32)
    """
    array = zeros(aval)
    return convert_element_type(array, aval.dtype, True) if aval.weak_type else array
