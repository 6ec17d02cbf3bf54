"""What no step of a loop changes is computed before the loop, where that takes little memory.

A value that is cheap and larger than what it is made of stays: to load it would take longer.
"""

from collections.abc import Sequence
from typing import NamedTuple

from ...control.call import jit_p
from ...control.invariant import parted, unchanged
from ...control.scan import scan_p
from ...control.while_loop import while_p
from ...core.ir import Atom, Jaxpr, JaxprEqn, Var
from ...core.memo import weak_memo
from ...core.rewrite import inline, inside
from .plan import work
from .rules import RULES

# Work of an element, in additions, that is worth more memory than the operands take: so many bytes.
WORTH = 16.0
HELD = 2**18


@weak_memo
def hoisted(jaxpr: Jaxpr) -> Jaxpr:
    """The program with loops that compute less: the inner ones first, which may fill outer ones."""
    eqns: list[JaxprEqn] = []
    for old in jaxpr.eqns:
        eqn = inside(old, hoisted)
        if eqn.primitive is scan_p:
            eqns.extend(_of_scan(eqn))
        elif eqn.primitive is while_p:
            eqns.extend(_of_while(eqn))
        else:
            eqns.append(eqn)
    same = len(eqns) == len(jaxpr.eqns) and all(
        new is old for new, old in zip(eqns, jaxpr.eqns, strict=True)
    )
    return jaxpr if same else inline(jaxpr.replace(eqns=eqns))


def _of_scan(eqn: JaxprEqn) -> list[JaxprEqn]:
    """A scan after what leaves its body."""
    body, consts, carry = (eqn.params[k] for k in ("jaxpr", "num_consts", "num_carry"))
    if not eqn.params["length"]:
        return [eqn]
    found = _lifted(body, tuple(unchanged(body, consts, carry)), consts, runs=True)
    if found is None:
        return [eqn]
    call, values = _call(found, eqn.invars, eqn)
    invars = [*eqn.invars[:consts], *values, *eqn.invars[consts:]]
    params = {**eqn.params, "jaxpr": found.body, "num_consts": consts + len(values)}
    return [call, eqn.replace(invars=invars, params=params)]


def _of_while(eqn: JaxprEqn) -> list[JaxprEqn]:
    """A while loop after what leaves its condition and its body."""
    conds, consts = eqn.params["cond_nconsts"], eqn.params["body_nconsts"]
    body = eqn.params["body_jaxpr"]
    same = unchanged(body, consts, len(body.outvars))
    calls: list[JaxprEqn] = []
    found = _lifted(body, tuple(same), consts, runs=False)
    if found is not None:
        call, values = _call(found, eqn.invars[conds:], eqn)
        at = conds + consts
        invars = [*eqn.invars[:at], *values, *eqn.invars[at:]]
        counts = {"body_jaxpr": found.body, "body_nconsts": consts + len(values)}
        eqn = eqn.replace(invars=invars, params={**eqn.params, **counts})
        calls.append(call)
    carried = [i - consts + conds for i in same if i >= consts]
    test = _lifted(eqn.params["cond_jaxpr"], (*range(conds), *carried), conds, runs=False)
    if test is not None:
        after = conds + eqn.params["body_nconsts"]
        call, values = _call(test, [*eqn.invars[:conds], *eqn.invars[after:]], eqn)
        invars = [*eqn.invars[:conds], *values, *eqn.invars[conds:]]
        counts = {"cond_jaxpr": test.body, "cond_nconsts": conds + len(values)}
        eqn = eqn.replace(invars=invars, params={**eqn.params, **counts})
        calls.append(call)
    return [*calls, eqn]


class Lifted(NamedTuple):
    """`before`: operands of the body -> values, which are its last constants.

    `same` are the numbers of those operands.
    """

    before: Jaxpr
    same: tuple[int, ...]
    body: Jaxpr


def _call(lifted: Lifted, operands: Sequence[Atom], loop: JaxprEqn) -> tuple[JaxprEqn, list[Var]]:
    """The call that computes what left a loop, and its results."""
    values = [Var(v.aval) for v in lifted.before.outvars]
    params = {"name": "before", "jaxpr": lifted.before}
    call = JaxprEqn(jit_p, [operands[i] for i in lifted.same], values, params, loop.line)
    return call, values


def _lifted(body: Jaxpr, same: tuple[int, ...], num_consts: int, runs: bool) -> Lifted | None:
    """What may leave a body, which `runs` at least once, where something does."""
    operands = [body.invars[i] for i in same]
    fixed, moving = parted(body.eqns, operands, lambda e: runs or _ends(e))
    if not fixed:
        return None
    crossing, staying = _frontier(body, fixed, moving)
    if not crossing:
        return None
    names: dict[Atom, Var] = {v: Var(v.aval) for v in crossing}
    eqns = [
        e.replace(invars=[names.get(v, v) for v in e.invars]) for e in body.eqns if e in staying
    ]
    inside_body = body.replace(
        invars=[*body.invars[:num_consts], *names.values(), *body.invars[num_consts:]],
        outvars=[names.get(v, v) for v in body.outvars],
        eqns=eqns,
    )
    return Lifted(Jaxpr([], operands, list(crossing), fixed), same, inside_body)


def _ends(eqn: JaxprEqn) -> bool:
    """Whether an equation takes about as long whenever it is computed, and calls nobody."""
    return not eqn.primitive.higher and not RULES.is_called_back(eqn)


def _frontier(
    body: Jaxpr, fixed: Sequence[JaxprEqn], moving: Sequence[JaxprEqn]
) -> tuple[list[Var], set[JaxprEqn]]:
    """The values that are handed to the loop, and the equations that stay in it."""
    made = {v: e for e in fixed for v in e.outvars}
    worth = _worth_keeping(fixed)
    crossing: dict[Var, None] = {}
    staying = set(moving)
    needed = [*body.outvars, *[v for e in moving for v in e.invars]]
    while needed:
        v = needed.pop()
        eqn = made.get(v) if isinstance(v, Var) else None
        if eqn is None or not isinstance(v, Var):
            continue
        if v in worth:
            crossing[v] = None
        elif eqn not in staying:
            staying.add(eqn)
            needed.extend(eqn.invars)
    return list(crossing), staying


def _worth_keeping(fixed: Sequence[JaxprEqn]) -> set[Var]:
    """The values that take longer to compute than to load, and little memory."""
    worth: set[Var] = set()
    chain: dict[Var, float] = {}
    # The largest array that a value is made of.
    sizes: dict[Var, int] = {}
    for eqn in fixed:
        if not RULES.is_lazy(eqn):
            worth.update(eqn.outvars)
            sizes.update([(v, v.aval.size) for v in eqn.outvars])
            continue
        (out,) = eqn.outvars
        inputs = [v for v in eqn.invars if isinstance(v, Var)]
        cost = chain[out] = work(eqn) + sum([chain.get(v, 0.0) for v in inputs])
        size = sizes[out] = max([sizes.get(v, v.aval.size) for v in inputs], default=0)
        bytes_ = out.aval.size * out.aval.dtype.itemsize
        if cost and (out.aval.size <= size or (cost >= WORTH and bytes_ <= HELD)):
            worth.add(out)
    return worth
