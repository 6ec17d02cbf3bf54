"""Residuals that are the same in every step of a loop: computed once, before the loop."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ..core.ir import Atom, Jaxpr, JaxprEqn, Var
from ..core.memo import weak_memo
from ..core.rewrite import has_effect
from ..transforms.program import Linearized


def unchanged(body: Jaxpr, num_consts: int, num_carry: int) -> list[int]:
    """The operands that are the same in every step: constants, and what is carried as it is."""
    carry = range(num_consts, num_consts + num_carry)
    same = [i for i in carry if body.outvars[i - num_consts] is body.invars[i]]
    return [*range(num_consts), *same]


class Lifted(NamedTuple):
    """`before`: unchanged operands -> values that no step changes; those are constants of `body`.

    `places` are the residuals that the body no longer computes, numbered as it returned them.
    """

    before: Jaxpr
    body: Jaxpr
    places: tuple[int, ...]


def lift(split: Linearized, num_consts: int, num_carry: int) -> tuple[Jaxpr, Linearized]:
    """What is computed before the loop, and the split body that takes it as further constants."""
    new = [i for i, s in enumerate(split.sources) if s is None]
    results = len(split.primal.outvars) - len(new)
    lifted = _lifted(split.primal, results, num_consts, num_carry)
    extra = len(lifted.places)
    sources = [s if s is None or s < num_consts else s + extra for s in split.sources]
    for i, place in enumerate(lifted.places):
        sources[new[place]] = num_consts + i
    return lifted.before, split._replace(primal=lifted.body, sources=tuple(sources))


@weak_memo
def _lifted(primal: Jaxpr, results: int, num_consts: int, num_carry: int) -> Lifted:
    """`results` is how many of the body's results are not residuals."""
    same = [primal.invars[i] for i in unchanged(primal, num_consts, num_carry)]
    fixed, moving = parted(primal.eqns, same)
    computed = {v for eqn in fixed for v in eqn.outvars}
    new = primal.outvars[results:]
    places = tuple([i for i, v in enumerate(new) if type(v) is Var and v in computed])
    values = [v for v in new if type(v) is Var and v in computed]
    names: dict[Atom, Var] = {v: Var(v.aval) for v in values}

    def renamed(atoms: Sequence[Atom]) -> list[Atom]:
        return [names.get(a, a) for a in atoms]

    kept = [e.replace(invars=renamed(e.invars)) for e in moving]
    outvars = renamed([*primal.outvars[:results], *[v for v in new if v not in computed]])
    inside = _needed([e.replace(invars=renamed(e.invars)) for e in fixed], kept, outvars)
    consts, rest = primal.invars[:num_consts], primal.invars[num_consts:]
    body = primal.replace(
        invars=[*consts, *[names[v] for v in values], *rest],
        eqns=[*inside, *kept],
        outvars=outvars,
    )
    return Lifted(Jaxpr([], same, values, _needed(fixed, [], values)), body, places)


def parted(
    eqns: Sequence[JaxprEqn],
    consts: Sequence[Var],
    leaves: Callable[[JaxprEqn], bool] = lambda eqn: True,
) -> tuple[list[JaxprEqn], list[JaxprEqn]]:
    """The equations that depend on these alone and may leave the loop, and the others."""
    known = set(consts)
    fixed: list[JaxprEqn] = []
    moving: list[JaxprEqn] = []
    for eqn in eqns:
        same = all(v in known for v in eqn.invars if type(v) is Var)
        same = same and leaves(eqn) and not has_effect(eqn)
        (fixed if same else moving).append(eqn)
        if same:
            known.update(eqn.outvars)
    return fixed, moving


def _needed(
    eqns: Sequence[JaxprEqn], users: Sequence[JaxprEqn], outvars: Sequence[Atom]
) -> list[JaxprEqn]:
    """The equations that others, or results, depend on."""
    live = {*outvars, *[v for eqn in users for v in eqn.invars]}
    kept: list[JaxprEqn] = []
    for eqn in reversed(eqns):
        if not live.isdisjoint(eqn.outvars):
            kept.append(eqn)
            live.update(eqn.invars)
    return kept[::-1]
