"""Split a program by a policy: what is kept of its values, what is computed again from those."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..core.aval import ShapedArray, make_aval
from ..core.ir import Atom, Jaxpr, JaxprEqn, Var
from ..core.memo import weak_memo
from ..core.primitive import Effect, Primitive
from ..core.rewrite import effects_of
from ..core.stage import eval_jaxpr
from ..transforms.program import pick, stage_pure
from .branches import shared_slots, with_slots
from .call import jit_p
from .cond import cond_p
from .policy import Policy, is_saved
from .remat import checkpoint_p
from .scan import scan_p


class Halves(NamedTuple):
    """`forward` computes the results and, on the way, the variables `saved`.

    `again` computes the results from (arguments, saved values).
    """

    forward: Jaxpr
    again: Jaxpr
    saved: tuple[Var, ...]

    def keeping(self, saved: Sequence[Var]) -> Jaxpr:
        """The program arguments -> (results, some of the saved values)."""
        return self.forward.replace(outvars=[*self.forward.outvars, *saved])


class Split(NamedTuple):
    """One operation split in two, and the variables that the first part leaves for the second."""

    forward: JaxprEqn
    again: JaxprEqn
    saved: Sequence[Var]


Rule = Callable[[JaxprEqn, Policy | None], Split]


@weak_memo
def halves(jaxpr: Jaxpr, policy: Policy | None) -> Halves:
    """The program split by the policy. What acts on the world outside is not done again."""
    forward: list[JaxprEqn] = []
    again: list[JaxprEqn] = []
    saved: dict[Var, None] = {}
    for eqn in jaxpr.eqns:
        rule = HOLDERS.get(eqn.primitive)
        if rule is None and (_acts(eqn) or is_saved(policy, eqn)):
            forward.append(eqn)
            saved.update(dict.fromkeys(eqn.outvars))
            continue
        split = Split(eqn, eqn, ()) if rule is None else rule(eqn, policy)
        forward.append(split.forward)
        again.append(split.again)
        saved.update(dict.fromkeys(split.saved))
    second = jaxpr.replace(eqns=again, invars=[*jaxpr.invars, *saved])
    return Halves(jaxpr.replace(eqns=forward), second, tuple(saved))


def _acts(eqn: JaxprEqn) -> bool:
    return Effect.IO in effects_of(eqn.primitive, eqn.params)


def _two(
    eqn: JaxprEqn,
    parts: Halves,
    results: Sequence[Atom],
    outvars: Sequence[Var],
    outside: Callable[[ShapedArray], ShapedArray],
) -> Split:
    """An operation that holds one program, twice.

    A saved value that is one of the program's results has its variable outside already.
    """
    known = dict(zip(results, outvars, strict=True))
    held = [known.get(v) or Var(outside(v.aval)) for v in parts.saved]
    fresh = [v not in known for v in parts.saved]
    extra = [h for h, f in zip(held, fresh, strict=True) if f]
    program = parts.keeping([v for v, f in zip(parts.saved, fresh, strict=True) if f])
    recomputed = [Var(v.aval) if v in held else v for v in eqn.outvars]
    return Split(
        eqn.replace(outvars=[*eqn.outvars, *extra], params={**eqn.params, "jaxpr": program}),
        eqn.replace(
            invars=[*eqn.invars, *held],
            outvars=recomputed,
            params={**eqn.params, "jaxpr": parts.again},
        ),
        held,
    )


def _call(eqn: JaxprEqn, policy: Policy | None) -> Split:
    """A call: two calls."""
    jaxpr = eqn.params["jaxpr"]
    return _two(eqn, halves(jaxpr, policy), jaxpr.outvars, eqn.outvars, lambda a: a)


def _scan(eqn: JaxprEqn, policy: Policy | None) -> Split:
    """A loop: two loops; the first stacks the saved values, the second reads their slices."""
    jaxpr, length, nk = (eqn.params[k] for k in ("jaxpr", "length", "num_carry"))

    def stacked(aval: ShapedArray) -> ShapedArray:
        return make_aval(aval.dtype, (length, *aval.shape), aval.weak_type)

    return _two(eqn, halves(jaxpr, policy), jaxpr.outvars[nk:], eqn.outvars[nk:], stacked)


def _cond(eqn: JaxprEqn, policy: Policy | None) -> Split:
    """A choice: two choices.

    A result that every branch keeps is kept; other saved values of the branches share places.
    """
    parts = [halves(b, policy) for b in eqn.params["branches"]]
    kept = [all(p.forward.outvars[j] in p.saved for p in parts) for j in range(len(eqn.outvars))]
    results = [pick(p.forward.outvars, kept) for p in parts]
    rest = [[v for v in p.saved if v not in r] for p, r in zip(parts, results, strict=True)]
    slots = shared_slots([[v.aval for v in vs] for vs in rest])
    n, held = len(eqn.outvars), [Var(a) for a in slots.avals]
    first = [with_slots(p.keeping(rest[i]), n, i, slots) for i, p in enumerate(parts)]
    common = pick(eqn.outvars, kept)
    saved = [*common, *held]
    second = [
        _reading(p, [*r, *v], [*common, *[held[j] for j in own]], saved)
        for p, r, v, own in zip(parts, results, rest, slots.places, strict=True)
    ]
    recomputed = [Var(v.aval) if k else v for v, k in zip(eqn.outvars, kept, strict=True)]
    return Split(
        eqn.replace(outvars=[*eqn.outvars, *held], params={**eqn.params, "branches": tuple(first)}),
        eqn.replace(
            invars=[*eqn.invars, *saved],
            outvars=recomputed,
            params={**eqn.params, "branches": tuple(second)},
        ),
        saved,
    )


def _reading(
    parts: Halves, inside: Sequence[Atom], outside: Sequence[Var], saved: Sequence[Var]
) -> Jaxpr:
    """The second part of a branch, of (operands, what any branch keeps)."""
    n = len(parts.forward.invars)
    names = dict(zip(inside, outside, strict=True))
    places = [n + saved.index(names[v]) for v in parts.saved]

    def fun(*args: Any) -> list[Any]:
        return eval_jaxpr(parts.again, (), *args[:n], *[args[i] for i in places])

    return stage_pure(fun, [*parts.again.in_avals[:n], *[v.aval for v in saved]], "cond")


# Operations that hold programs: the policy is asked about what those do.
HOLDERS: dict[Primitive, Rule] = {jit_p: _call, scan_p: _scan, cond_p: _cond, checkpoint_p: _call}
