"""Rules of calls in programs, where what the function captured has become leading operands."""

from collections.abc import Callable, Sequence
from typing import Any

from ..core.primitive import Zero
from ..core.stage import eval_jaxpr, stage
from ..core.trace import Tracer, get_aval
from ..transforms.program import spread
from .custom_call import Rule


def flat_jvp(
    jvp: Any, tangents: Sequence[Any]
) -> tuple[Callable[..., list[Any]], list[Any], list[bool]]:
    """A derivative rule as a function of (primals, nonzero tangents), those tangents, and a list.

    Its results are followed by their nonzero tangents; once it has run, the list says of each
    result whether it has one. Zeros stay Zero, in and out: rules may look for them.
    """
    n = len(tangents)
    moves: list[bool] = []

    def fun(*values: Any) -> list[Any]:
        rest = iter(values[n:])
        given = [
            Zero(get_aval(x).tangent()) if type(t) is Zero else next(rest)
            for x, t in zip(values[:n], tangents, strict=True)
        ]
        outs, out_tangents = jvp(values[:n], given)
        moves[:] = [type(t) is not Zero for t in out_tangents]
        return [*outs, *[t for t in out_tangents if type(t) is not Zero]]

    return fun, [t for t in tangents if type(t) is not Zero], moves


def with_zeros(outs: Sequence[Any], moves: Sequence[bool]) -> tuple[Sequence[Any], list[Any]]:
    """Results and their tangents, of results that are followed by the nonzero tangents."""
    n = len(moves)
    return outs[:n], spread(outs[n:], moves, [get_aval(o) for o in outs[:n]])


def flat_forward(fwd: Any, perturbed: Sequence[bool]) -> tuple[Callable[..., list[Any]], list[Any]]:
    """A forward rule as a function to (results, residuals), and a list that it fills.

    The list holds the number of results and the backward rule once the function has run.
    """
    kept: list[Any] = []

    def fun(*values: Any) -> list[Any]:
        outs, residuals, backward = fwd(perturbed, *values)
        kept[:] = len(outs), backward
        return [*outs, *residuals]

    return fun, kept


class _Captured(Rule):
    """A rule that takes no notice of its first operands, which are what the function captured.

    Where that was traced, what the rule itself captures is among them, and they take its place.
    """

    __slots__ = ("captured", "rule", "traced")

    def __init__(self, rule: Any, captured: Sequence[Any]) -> None:
        self.traced = any(isinstance(c, Tracer) for c in captured)
        super().__init__(rule, *map(id, captured) if self.traced else (len(captured),))
        self.rule, self.captured = rule, captured

    def run(
        self, fun: Callable[..., list[Any]], values: Sequence[Any], operands: Sequence[Any]
    ) -> list[Any]:
        """Results of a flat function in which values take the places of what was captured."""
        closed = stage(fun, [get_aval(x) for x in operands], "the rule of a custom function")
        known = {id(c): v for c, v in zip(self.captured, values, strict=True)}
        consts = [known.get(id(c), c) for c in closed.consts]
        return eval_jaxpr(closed.jaxpr, consts, *operands)


class CapturedJvp(_Captured):
    """A derivative rule of (captured values and primals, tangents)."""

    __slots__ = ()

    def __call__(self, primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
        k = len(self.captured)
        if not self.traced:
            return self.rule(primals[k:], tangents[k:])
        fun, moving, moves = flat_jvp(self.rule, tangents[k:])
        return with_zeros(self.run(fun, primals[:k], [*primals[k:], *moving]), moves)


class CapturedForward(_Captured):
    """A forward rule of (captured values and arguments)."""

    __slots__ = ()

    def __call__(self, perturbed: Sequence[bool], *values: Any) -> tuple[list[Any], list[Any], Any]:
        k = len(self.captured)
        none = tuple([get_aval(v).tangent() for v in values[:k]])
        if not self.traced:
            outs, residuals, backward = self.rule(perturbed[k:], *values[k:])
            return outs, residuals, _CapturedBackward(backward, none)
        fun, kept = flat_forward(self.rule, perturbed[k:])
        found = self.run(fun, values[:k], values[k:])
        n, backward = kept
        return found[:n], found[n:], _CapturedBackward(backward, none)


class _CapturedBackward(Rule):
    """A backward rule that gives captured values, of types `none`, no cotangent."""

    __slots__ = ("backward", "none")

    def __init__(self, backward: Any, none: Sequence[Any]) -> None:
        super().__init__(backward, none)
        self.backward, self.none = backward, none

    def __call__(self, residuals: Sequence[Any], cts: Sequence[Any]) -> list[Any]:
        return [*map(Zero, self.none), *self.backward(residuals, cts)]
