"""Values that are power series, and what operations do with them.

An operation has a rule in `RULES`, or is linear, or has a derivative rule of first order, from
which all orders follow: the series of y(x(t)) is the integral of that of its derivative.
"""

# `_trace` is hidden from users, whose arrays have a method `trace`; interpreters read it.
# pyright: reportPrivateUsage=false

from collections.abc import Callable, Sequence
from typing import Any

from ...core import trace as tracing
from ...core.primitive import Primitive, Zero
from ...core.trace import Trace, Tracer, get_aval, use
from ...primitives.shape import zeros
from ...transforms.jvp import escape_check
from .series import Series, scale

Rule = Callable[..., Any]
# rule(order, *series, **params) -> series, or a list of them where there are several results.
RULES: dict[str, Rule] = {}
# Operations that are linear in some of their operands, whatever the others are.
LINEAR_IN: dict[str, Callable[[int], range]] = {
    "dynamic_slice": lambda n: range(1),
    "dynamic_update_slice": lambda n: range(2),
    "scatter-add": lambda n: range(0, 3, 2),
    "scatter-sub": lambda n: range(0, 3, 2),
    "select_n": lambda n: range(1, n),
}


# Calls whose own rule is for reverse mode only: the function itself is followed.
CALLS = frozenset({"custom_vjp_call"})


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Set the rule of the operations of these names."""

    def define(f: Rule) -> Rule:
        for name in names:
            assert name not in RULES, name
            RULES[name] = f
        return f

    return define


class JetTracer(Tracer):
    """A power series that is no constant."""

    __slots__ = ("series",)

    def __init__(self, trace: Trace, series: Series) -> None:
        self._trace = trace
        self.aval = get_aval(series[0])
        self.series = series
        self.line = None

    def concrete(self) -> Any:
        """The value, where it is known."""
        first = self.series[0]
        return first.concrete() if isinstance(first, Tracer) else first


class JetTrace(Trace):
    """Takes series to series; what is constant is computed by the parent alone."""

    __slots__ = ("order",)
    what = "jet"

    def __init__(self, parent: Trace, order: int) -> None:
        super().__init__(parent)
        self.order = order

    def series(self, x: Any) -> Series:
        """The coefficients of a value."""
        return x.series if type(x) is JetTracer and x._trace is self else [x]

    def join(self, series: Series) -> Any:
        """A tracer, or the value itself if it is constant."""
        return series[0] if len(series) == 1 else JetTracer(self, series)

    def process(self, primitive: Primitive, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """Apply an operation to series."""
        if primitive.name in CALLS:
            with use(self):
                return params["call"](*args)
        series = [self.series(x) for x in args]
        assert self.parent is not None
        if all(len(s) == 1 for s in series):
            return self.parent.process(primitive, args, params)
        with use(self.parent):
            out = apply(primitive, self.order, series, params)
        return [self.join(s) for s in out] if primitive.multiple_results else self.join(out)


def jet_flat(fun: Callable[..., Sequence[Any]], order: int, args: Sequence[Series]) -> list[Series]:
    """The series of a flat function's results."""
    trace = JetTrace(tracing.current_trace(), order)
    with use(trace):
        outs = fun(*[trace.join(s) for s in args])
    found = [trace.series(escape_check(o)) for o in outs]
    trace.alive = False
    return found


def compose(fun: Callable[..., Any], order: int, *args: Series) -> Series:
    """The series of a function of one result."""
    return jet_flat(lambda *a: [fun(*a)], order, args)[0]


def apply(primitive: Primitive, order: int, args: list[Series], params: dict[str, Any]) -> Any:
    """What an operation makes of series, at least one of which is no constant."""
    name = primitive.name
    if name in RULES:
        return RULES[name](order, *args, **params)
    if primitive.linear:
        return _linearly(primitive, order, args, range(len(args)), params)
    if name in LINEAR_IN:
        return _linearly(primitive, order, args, LINEAR_IN[name](len(args)), params)
    return derived(primitive, order, args, params)


def _linearly(
    primitive: Primitive, order: int, args: list[Series], linear: range, params: dict[str, Any]
) -> Any:
    """The operation on each coefficient; other operands stay as they are."""
    if any(len(s) > 1 and i not in linear for i, s in enumerate(args)):
        return derived(primitive, order, args, params)
    outs = [
        primitive.bind(
            *[_coefficient(s, k) if i in linear else s[0] for i, s in enumerate(args)], **params
        )
        for k in range(order + 1)
    ]
    if primitive.multiple_results:
        return [list(column) for column in zip(*outs, strict=True)]
    return outs


def _coefficient(s: Series, k: int) -> Any:
    return s[k] if k < len(s) else zeros(get_aval(s[0]))


def derived(primitive: Primitive, order: int, args: list[Series], params: dict[str, Any]) -> Any:
    """By the rule for first derivatives.

    If z(t) is the tangent of y along x'(t), then y' = z: y_k = z_(k-1) / k, of which the rule, run
    on series of one order less, tells z.
    """
    if primitive.jvp is None:
        assert not primitive.differentiable, f"{primitive.name} has no derivative rule"
        out = primitive.bind(*[s[0] for s in args], **params)
        return [[o] for o in out] if primitive.multiple_results else [out]
    moving = [len(s) > 1 for s in args]
    velocities = [_velocity(s) for s, m in zip(args, moving, strict=True) if m]
    pairs = jet_flat(
        _first_order(primitive, moving, params), order - 1,
        [*[s[:order] for s in args], *velocities],
    )  # fmt: skip
    half = len(pairs) // 2
    outs = [_integral(y, z, order) for y, z in zip(pairs[:half], pairs[half:], strict=True)]
    return outs if primitive.multiple_results else outs[0]


def _velocity(s: Series) -> Series:
    return [scale(c, k) for k, c in enumerate(s[1:], 1)]


def _first_order(
    primitive: Primitive, moving: Sequence[bool], params: dict[str, Any]
) -> Callable[..., list[Any]]:
    """The function (operands, tangents of the moving ones) -> (results, their tangents)."""
    n = len(moving)

    def fun(*values: Any) -> list[Any]:
        given = iter(values[n:])
        tangents = [
            next(given) if m else Zero(get_aval(x).tangent())
            for x, m in zip(values[:n], moving, strict=True)
        ]
        assert primitive.jvp is not None
        out, tangent = primitive.jvp(list(values[:n]), tangents, **params)
        if not primitive.multiple_results:
            out, tangent = [out], [tangent]
        return [*out, *[None if type(t) is Zero else t for t in tangent]]

    return fun


def _integral(y: Series, z: Series, order: int) -> Series:
    if z[0] is None:
        return y[:1]
    rest = [scale(c, 1 / k) for k, c in enumerate(z, 1)]
    return [y[0], *rest, *[zeros(get_aval(z[0])) for _ in range(order - len(rest))]]
