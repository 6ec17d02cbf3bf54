"""Operations that hold programs: these return their errors, loops carry them."""

from typing import Any

from ...control.checks import Error, Form
from ...control.scan_body import split_at
from ...core.ir import Jaxpr, JaxprEqn
from ...core.memo import weak_memo
from ...core.stage import eval_jaxpr
from ...transforms.program import stage_pure
from .interpreter import Categories, Checked, Values, checked, padded, rule

Result = tuple[list[Any], Error]


@rule("jit", "checkpoint")
def _(eqn: JaxprEqn, values: Values, enabled: Categories) -> Result:
    c = checked(eqn.params["jaxpr"], enabled)
    return c.parts(eqn.primitive.bind(*values, **{**eqn.params, "jaxpr": c.program}))


@rule("cond")
def _(eqn: JaxprEqn, values: Values, enabled: Categories) -> Result:
    """The branches' errors get one form."""
    branches = [checked(b, enabled) for b in eqn.params["branches"]]
    form = Form()
    for c in branches:
        form = form.join(c.form)
    programs = tuple([padded(c.program, c.form, form) for c in branches])
    outs = eqn.primitive.bind(*values, **{**eqn.params, "branches": programs})
    return Checked(programs[0], form).parts(outs)


@rule("scan")
def _(eqn: JaxprEqn, values: Values, enabled: Categories) -> Result:
    params, nc = eqn.params, eqn.params["num_consts"]
    c = checked(params["jaxpr"], enabled)
    k = len(c.form.avals)
    changed = {"jaxpr": _step(c.program, c.form, nc, params["num_carry"])}
    changed["num_carry"] = params["num_carry"] + k
    operands = [*values[:nc], *c.form.none().leaves, *values[nc:]]
    outs = eqn.primitive.bind(*operands, **{**params, **changed})
    return outs[k:], c.form.error(outs[:k])


@weak_memo
def _step(program: Jaxpr, form: Form, n_consts: int, n_carry: int) -> Jaxpr:
    """The body of a loop with the first error as leading carry."""
    k, avals = len(form.avals), program.in_avals

    def fun(*args: Any) -> list[Any]:
        consts, before, rest = split_at(args, n_consts, k)
        outs, found = Checked(program, form).parts(eval_jaxpr(program, (), *consts, *rest))
        return [*form.error(before).then(found).leaves, *outs]

    return stage_pure(fun, [*avals[:n_consts], *form.avals, *avals[n_consts:]], "checkify")


@rule("while")
def _(eqn: JaxprEqn, values: Values, enabled: Categories) -> Result:
    """A body is followed by the condition on what it gave, for the sake of its checks."""
    params, n_cond, n_body = eqn.params, eqn.params["cond_nconsts"], eqn.params["body_nconsts"]
    condition, body = checked(params["cond_jaxpr"], enabled), checked(params["body_jaxpr"], enabled)
    cond_consts, consts, carry = split_at(values, n_cond, n_body)
    _, first = condition.parts(eval_jaxpr(condition.program, (), *cond_consts, *carry))
    form = condition.form.join(body.form)
    outs = eqn.primitive.bind(
        *cond_consts, *cond_consts, *consts, *first.padded(form).leaves, *carry,
        cond_jaxpr=_test(condition.program, form, n_cond), cond_nconsts=n_cond,
        body_jaxpr=_turn(body.program, body.form, condition, n_cond, n_body),
        body_nconsts=n_cond + n_body,
    )  # fmt: skip
    k = len(form.avals)
    return outs[k:], form.error(outs[:k])


@weak_memo
def _test(condition: Jaxpr, form: Form, n_consts: int) -> Jaxpr:
    """The condition of a loop that carries errors, without its own."""
    k, avals = len(form.avals), condition.in_avals

    def fun(*args: Any) -> list[Any]:
        consts, _, carry = split_at(args, n_consts, k)
        return eval_jaxpr(condition, (), *consts, *carry)[:1]

    return stage_pure(fun, [*avals[:n_consts], *form.avals, *avals[n_consts:]], "checkify")


@weak_memo
def _turn(program: Jaxpr, own: Form, condition: Checked, n_cond: int, n_body: int) -> Jaxpr:
    """(constants of both, error, carry) -> the first error and the next carry."""
    form = condition.form.join(own)
    k, avals, test = len(form.avals), program.in_avals, condition.program

    def fun(*args: Any) -> list[Any]:
        cond_consts, consts, before, carry = split_at(args, n_cond, n_body, k)
        outs, found = Checked(program, own).parts(eval_jaxpr(program, (), *consts, *carry))
        _, after = condition.parts(eval_jaxpr(test, (), *cond_consts, *outs))
        error = form.error(before).then(found).then(after).padded(form)
        return [*error.leaves, *outs]

    types = [*test.in_avals[:n_cond], *avals[:n_body], *form.avals, *avals[n_body:]]
    return stage_pure(fun, types, "checkify")
