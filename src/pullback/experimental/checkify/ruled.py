"""Calls with derivatives of their own: the function is checked, and its rule gives its errors too.

A rule mostly calls the function: what its checks find is found by the function's own. Other checks
in a rule raise, as checks do where nothing returns their errors.
"""

from collections.abc import Callable
from typing import Any

from ...control.checks import raise_error
from ...control.custom_call import Rule
from ...control.custom_capture import flat_forward, flat_jvp, with_zeros
from ...core.ir import JaxprEqn
from ...core.primitive import Zero
from ...core.stage import JaxprFunction, eval_jaxpr, stage
from ...core.trace import get_aval
from .failures import FailedCheckError
from .interpreter import Categories, Checked, Values, checked, rule, run
from .programs import Result


@rule("custom_jvp_call")
def _(eqn: JaxprEqn, values: Values, enabled: Categories) -> Result:
    c = checked(eqn.params["call"].jaxpr, enabled)
    changed = {"call": JaxprFunction(c.program), "jvp": CheckedJvp(eqn.params["jvp"], c)}
    return c.parts(eqn.primitive.bind(*values, **{**eqn.params, **changed}))


@rule("custom_vjp_call")
def _(eqn: JaxprEqn, values: Values, enabled: Categories) -> Result:
    c = checked(eqn.params["call"].jaxpr, enabled)
    changed = {"call": JaxprFunction(c.program), "fwd": CheckedForward(eqn.params["fwd"], c)}
    return c.parts(eqn.primitive.bind(*values, **{**eqn.params, **changed}))


class _CheckedRule(Rule):
    """A rule whose results are followed by what the function finds wrong."""

    __slots__ = ("call", "inner")

    def __init__(self, inner: Any, call: Checked) -> None:
        super().__init__(inner, JaxprFunction(call.program))
        self.inner, self.call = inner, call

    def errors(self, values: Values) -> list[Any]:
        """The error's leaves."""
        return self.call.parts(eval_jaxpr(self.call.program, (), *values))[1].leaves

    def apply(self, fun: Callable[..., list[Any]], values: Values) -> list[Any]:
        """A flat function of the rule. Its tangents are not looked at: it is linear in them."""
        closed = stage(fun, [get_aval(x) for x in values], "the rule of a custom function")
        outs, error = run(closed.jaxpr, closed.consts, values, frozenset({FailedCheckError}))
        known = dict(self.call.form.sites)
        raise_error(error.only(tuple([(n, s) for n, s in error.form.sites if n not in known])))
        return outs


class CheckedJvp(_CheckedRule):
    """A derivative rule; errors have no derivative."""

    __slots__ = ()

    def __call__(self, primals: Values, tangents: Values) -> Any:
        fun, moving, moves = flat_jvp(self.inner, tangents)
        outs, out_tangents = with_zeros(self.apply(fun, [*primals, *moving]), moves)
        leaves = self.errors(primals)
        none = [Zero(get_aval(x).tangent()) for x in leaves]
        return [*outs, *leaves], [*out_tangents, *none]


class CheckedForward(_CheckedRule):
    """A forward rule; the backward rule takes no notice of errors' cotangents."""

    __slots__ = ()

    def __call__(self, perturbed: Any, *values: Any) -> Any:
        fun, kept = flat_forward(self.inner, perturbed)
        found = self.apply(fun, values)
        n, backward = kept
        return [*found[:n], *self.errors(values)], found[n:], CheckedBackward(backward, n)


class CheckedBackward(Rule):
    """A backward rule of the results alone."""

    __slots__ = ("backward", "count")

    def __init__(self, backward: Any, count: int) -> None:
        super().__init__(backward, count)
        self.backward, self.count = backward, count

    def __call__(self, residuals: Values, cts: Values) -> Any:
        return self.backward(residuals, cts[: self.count])
