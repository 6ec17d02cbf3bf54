"""What calls, branches and loops still compute when some of their results are not used."""

from typing import Any

from ..core.ir import Atom, Jaxpr, JaxprEqn, Var
from ..core.primitive import Primitive
from ..core.rewrite import keep_arguments, prune
from ..transforms.program import Mask, pick
from .batched_cond import batched_cond_p
from .branches import union
from .call import jit_p
from .cond import cond_p
from .remat import checkpoint_p
from .scan import scan_p
from .scan_body import fixpoint, split_at
from .while_loop import while_p


def part(eqn: JaxprEqn, ins: Mask, outs: Mask, params: dict[str, Any]) -> JaxprEqn:
    """The equation of some of its inputs and results."""
    invars: list[Atom] = pick(eqn.invars, ins)
    outvars: list[Var] = pick(eqn.outvars, outs)
    return eqn.replace(invars=invars, outvars=outvars, params={**eqn.params, **params})


def _call(primitive: Primitive) -> None:
    @primitive.def_dce
    def _(eqn: JaxprEqn, used: list[bool]) -> JaxprEqn:
        outs = tuple(used)
        program, needed = prune(eqn.params["jaxpr"], outs)
        return part(eqn, needed, outs, {"jaxpr": keep_arguments(program, needed)})


_call(jit_p)
_call(checkpoint_p)


def _choice(eqn: JaxprEqn, used: list[bool]) -> JaxprEqn:
    outs = tuple(used)
    pruned = [prune(b, outs) for b in eqn.params["branches"]]
    needed = union([n for _, n in pruned])
    params: dict[str, Any] = {
        "branches": tuple([keep_arguments(program, needed) for program, _ in pruned])
    }
    if "batched" in eqn.params:
        params["batched"] = tuple(pick(eqn.params["batched"], needed))
    return part(eqn, (True, *needed), outs, params)


cond_p.def_dce(_choice)
batched_cond_p.def_dce(_choice)


@scan_p.def_dce
def _(eqn: JaxprEqn, used: list[bool]) -> JaxprEqn:
    jaxpr, nc, nk = (eqn.params[k] for k in ("jaxpr", "num_consts", "num_carry"))
    ys = tuple(used[nk:])

    def step(carry: Mask) -> Mask:
        return prune(jaxpr, (*carry, *ys))[1][nc : nc + nk]

    carry = fixpoint(step, tuple(used[:nk]))
    program, needed = prune(jaxpr, (*carry, *ys))
    ins = (*needed[:nc], *carry, *needed[nc + nk :])
    body = keep_arguments(program, ins)
    counts = {"num_consts": sum(needed[:nc]), "num_carry": sum(carry)}
    return part(eqn, ins, (*carry, *ys), {"jaxpr": body, **counts})


@while_p.def_dce
def _(eqn: JaxprEqn, used: list[bool]) -> JaxprEqn:
    cond: Jaxpr = eqn.params["cond_jaxpr"]
    body: Jaxpr = eqn.params["body_jaxpr"]
    n_cond, n_body = eqn.params["cond_nconsts"], eqn.params["body_nconsts"]
    condition, cond_needs = prune(cond, (True,))
    cond_consts, cond_carry = split_at(cond_needs, n_cond)

    def step(carry: Mask) -> Mask:
        return union([cond_carry, prune(body, carry)[1][n_body:]])

    carry = fixpoint(step, tuple(used))
    program, needed = prune(body, carry)
    params = {
        "cond_jaxpr": keep_arguments(condition, (*cond_consts, *carry)),
        "cond_nconsts": sum(cond_consts),
        "body_jaxpr": keep_arguments(program, (*needed[:n_body], *carry)),
        "body_nconsts": sum(needed[:n_body]),
    }
    return part(eqn, (*cond_consts, *needed[:n_body], *carry), carry, params)
