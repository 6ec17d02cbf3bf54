"""A program run together with its checks."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ...control.checks import Error, Form, check_p, init_error
from ...core.ir import Jaxpr, JaxprEqn, Var
from ...core.memo import weak_memo
from ...core.primitive import Effect
from ...core.rewrite import effects_of
from ...core.stage import eval_jaxpr, read
from ...core.trace import runs_equations
from ...transforms.program import stage_pure
from .looks import Categories, look

Values = Sequence[Any]
Rule = Callable[[JaxprEqn, Values, Categories], tuple[list[Any], Error]]
# The rules of operations that hold programs, by name.
RULES: dict[str, Rule] = {}


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Set the rule of operations."""

    def define(f: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, f))
        return f

    return define


@runs_equations
def run(jaxpr: Jaxpr, consts: Values, args: Values, enabled: Categories) -> tuple[list[Any], Error]:
    """The results of a program, and what went wrong first of what is looked for."""
    env: dict[Var, Any] = dict(zip(jaxpr.constvars, consts, strict=True))
    env.update(zip(jaxpr.invars, args, strict=True))
    error = init_error
    for eqn in jaxpr.eqns:
        outs, found = _step(eqn, [read(env, v) for v in eqn.invars], enabled)
        error = error.then(found)
        env.update(zip(eqn.outvars, outs, strict=True))
    return [read(env, v) for v in jaxpr.outvars], error


def _step(eqn: JaxprEqn, values: Values, enabled: Categories) -> tuple[list[Any], Error]:
    primitive, params = eqn.primitive, eqn.params
    if primitive is check_p:
        return [], _told(params["callback"].form.error(values), enabled)
    if primitive.name in RULES:
        return RULES[primitive.name](eqn, values, enabled)
    if primitive.higher and Effect.CHECK in effects_of(primitive, params):
        return _inlined(eqn, values, enabled)
    out = primitive.bind(*values, **params)
    outs = list(out) if primitive.multiple_results else [out]
    error = init_error
    for found in look(eqn, values, outs, enabled):
        error = error.then(found)
    return outs, error


def _told(error: Error, enabled: Categories) -> Error:
    """What a program's own check says, if such are looked for."""
    sites = tuple([(n, s) for n, s in error.form.sites if s.category in enabled])
    if len(sites) == len(error.form.sites):
        return error
    return error.only(sites)


def _inlined(eqn: JaxprEqn, values: Values, enabled: Categories) -> tuple[list[Any], Error]:
    """The program in place of an operation that has no rule here."""
    body = None if eqn.primitive.inline is None else eqn.primitive.inline(eqn)
    if body is None:
        raise NotImplementedError(
            f"checkify: {eqn.primitive.name} holds a program with checks: checkify the function"
            " that it is given, and return its Error"
        )
    return run(body, (), values, enabled)


class Checked(NamedTuple):
    """A program that also returns its error: (results, the leaves of an error of this form)."""

    program: Jaxpr
    form: Form

    def parts(self, outs: Values) -> tuple[list[Any], Error]:
        """The results, and the error."""
        n = len(outs) - len(self.form.avals)
        return list(outs[:n]), self.form.error(outs[n:])


@weak_memo
def checked(jaxpr: Jaxpr, enabled: Categories) -> Checked:
    """The program with its checks."""
    found: list[Form] = []

    def fun(*args: Any) -> list[Any]:
        outs, error = run(jaxpr, (), args, enabled)
        found[:] = [error.form]
        return [*outs, *error.leaves]

    program = stage_pure(fun, jaxpr.in_avals, "checkify")
    return Checked(program, found[0])


@weak_memo
def padded(program: Jaxpr, own: Form, form: Form) -> Jaxpr:
    """A checked program whose error has room for those of others."""

    def fun(*args: Any) -> list[Any]:
        outs, error = Checked(program, own).parts(eval_jaxpr(program, (), *args))
        return [*outs, *error.padded(form).leaves]

    return stage_pure(fun, program.in_avals, "checkify")
