"""From a program that fails to a small one: fewer results, layers and operations."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from program_nests import Case
from programs import Program

from pullback import config
from pullback.core.ir import Jaxpr, JaxprEqn, Var
from pullback.core.stage import eval_jaxpr

Fails = Callable[[Case], bool]


def shrink(case: Case, fails: Fails) -> Case:
    """A case that still fails, of which no part can be taken away."""
    smaller: Case | None = case
    while smaller is not None:
        case = smaller
        smaller = next((c for c in candidates(case) if fails(c)), None)
    return case


def candidates(case: Case) -> Iterator[Case]:
    """The same case with something taken away, the largest part first."""
    jaxpr, args, nest = case.program.jaxpr, case.program.args, case.nest
    for k in range(len(nest)):
        yield Case(case.program, (*nest[:k], *nest[k + 1 :]))
    if len(jaxpr.outvars) > 1:
        for out in jaxpr.outvars:
            yield Case(without_unused(jaxpr.replace(outvars=[out]), args), nest)
    for k in reversed(range(len(jaxpr.eqns))):
        yield Case(cut(jaxpr, args, k), nest)
    for k, eqn in enumerate(jaxpr.eqns):
        if eqn.primitive.inline is not None:
            yield Case(inlined(jaxpr, args, k), nest)
        elif eqn.primitive.higher:
            yield from (Case(Program(p, args), nest) for p in with_less_inside(jaxpr, k))
    for k, eqn in enumerate(jaxpr.eqns):
        if len(eqn.outvars) == 1:
            yield from (
                Case(without_unused(substituted(jaxpr, k, v), args), nest)
                for v in eqn.invars
                if v.aval == eqn.outvars[0].aval
            )


def without_unused(jaxpr: Jaxpr, args: Sequence[Any]) -> Program:
    """Without the operations and arguments that no result needs."""
    needed = {v for v in jaxpr.outvars if isinstance(v, Var)}
    eqns: list[JaxprEqn] = []
    for eqn in reversed(jaxpr.eqns):
        if any(v in needed for v in eqn.outvars):
            eqns.insert(0, eqn)
            needed.update(v for v in eqn.invars if isinstance(v, Var))
    kept = [v in needed for v in jaxpr.invars]
    invars = [v for v, k in zip(jaxpr.invars, kept, strict=True) if k]
    values = tuple(x for x, k in zip(args, kept, strict=True) if k)
    return Program(jaxpr.replace(invars=invars, eqns=eqns), values)


def cut(jaxpr: Jaxpr, args: Sequence[Any], k: int) -> Program:
    """The results of an operation become arguments."""
    before = jaxpr.replace(eqns=jaxpr.eqns[:k], outvars=list(jaxpr.eqns[k].invars))
    with config.override(enable_x64=True, disable_jit=True):
        ins = eval_jaxpr(before, (), *args)
        outs = jaxpr.eqns[k].primitive.bind(*ins, **jaxpr.eqns[k].params)
    outs = outs if jaxpr.eqns[k].primitive.multiple_results else [outs]
    after = jaxpr.replace(
        invars=[*jaxpr.invars, *jaxpr.eqns[k].outvars],
        eqns=[*jaxpr.eqns[:k], *jaxpr.eqns[k + 1 :]],
    )
    return without_unused(after, [*args, *map(np.asarray, outs)])


def substituted(jaxpr: Jaxpr, k: int, by: Any) -> Jaxpr:
    """Without an operation: one of its operands stands for the result."""
    (old,) = jaxpr.eqns[k].outvars
    return renamed(jaxpr, [*jaxpr.eqns[:k], *jaxpr.eqns[k + 1 :]], {old: by})


def renamed(jaxpr: Jaxpr, eqns: Sequence[JaxprEqn], names: dict[Any, Any]) -> Jaxpr:
    """These equations with other variables for some."""
    return jaxpr.replace(
        eqns=[e.replace(invars=[names.get(v, v) for v in e.invars]) for e in eqns],
        outvars=[names.get(v, v) for v in jaxpr.outvars],
    )


def inlined(jaxpr: Jaxpr, args: Sequence[Any], k: int) -> Program:
    """A call's body in its place."""
    from_eqn = jaxpr.eqns[k]
    assert from_eqn.primitive.inline is not None
    body = from_eqn.primitive.inline(from_eqn)
    names: dict[Any, Any] = dict(zip(body.invars, from_eqn.invars, strict=True))
    inside = []
    for e in body.eqns:
        outs = [Var(v.aval) for v in e.outvars]
        inside.append(e.replace(invars=[names.get(v, v) for v in e.invars], outvars=outs))
        names.update(zip(e.outvars, outs, strict=True))
    results = [names.get(v, v) for v in body.outvars]
    rest = renamed(jaxpr, jaxpr.eqns, dict(zip(from_eqn.outvars, results, strict=True)))
    return without_unused(rest.replace(eqns=[*rest.eqns[:k], *inside, *rest.eqns[k + 1 :]]), args)


def with_less_inside(jaxpr: Jaxpr, k: int) -> Iterator[Jaxpr]:
    """The program with one operation less in the body of one of its own."""
    eqn = jaxpr.eqns[k]
    for name, value in eqn.params.items():
        bodies = value if isinstance(value, tuple) else (value,)
        for i, body in enumerate(bodies):
            if not isinstance(body, Jaxpr):
                continue
            for j in range(len(body.eqns)):
                for less in simpler(body, j):
                    changed = (*bodies[:i], less, *bodies[i + 1 :])
                    params = {**eqn.params, name: changed if value is bodies else less}
                    eqns = [*jaxpr.eqns[:k], eqn.replace(params=params), *jaxpr.eqns[k + 1 :]]
                    yield jaxpr.replace(eqns=eqns)


def simpler(body: Jaxpr, j: int) -> Iterator[Jaxpr]:
    """A body without one of its operations, whose result is another value of the type."""
    outs = body.eqns[j].outvars
    known = [*body.invars, *[v for e in body.eqns[:j] for v in e.outvars]]
    others = [[v for v in known if v.aval == out.aval][-2:] for out in outs]
    used = {v for e in body.eqns for v in e.invars} | set(body.outvars)
    if any(out in used and not found for out, found in zip(outs, others, strict=True)):
        return
    for take in (0, -1):
        names = {out: found[take] for out, found in zip(outs, others, strict=True) if found}
        yield renamed(body, [*body.eqns[:j], *body.eqns[j + 1 :]], names)
