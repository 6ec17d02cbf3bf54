"""Programs prepared to run on NumPy arrays: the operations' value rules, one after the other."""

from collections.abc import Callable, Sequence
from functools import partial
from operator import itemgetter
from typing import Any

import numpy as np

from .ir import Jaxpr, Literal, Var

Rule = Callable[..., Any]


def on_values(jaxpr: Jaxpr) -> Callable[..., list[Any]]:
    """The program as a function of ndarrays, without traces between its operations.

    NumPy makes scalars of what has no axes; rules take arrays.
    """
    assert not jaxpr.constvars
    slots: dict[Var, int] = {v: i for i, v in enumerate(jaxpr.invars)}
    start: list[Any] = [None] * len(slots)

    def slot(atom: Var | Literal) -> int:
        if isinstance(atom, Var):
            return slots[atom]
        start.append(np.asarray(atom.val))
        return len(start) - 1

    steps: list[tuple[Rule, Rule, int, Sequence[int]]] = []
    for eqn in jaxpr.eqns:
        ins = _picked([slot(a) for a in eqn.invars])
        for v in eqn.outvars:
            slots[v] = len(start)
            start.append(None)
        rule = partial(eqn.primitive.value, **eqn.params) if eqn.params else eqn.primitive.value
        outs = [slots[v] for v in eqn.outvars]
        one = -1 if eqn.primitive.multiple_results else outs[0]
        steps.append((rule, ins, one, outs))
    results = [slot(a) for a in jaxpr.outvars]

    def run(*args: Any) -> list[Any]:
        env = [*args, *start[len(args) :]]
        for rule, ins, one, outs in steps:
            found = rule(*ins(env))
            if one >= 0:
                env[one] = found if type(found) is np.ndarray else np.asarray(found)
            else:
                for i, value in zip(outs, found, strict=True):
                    env[i] = np.asarray(value)
        return [env[i] for i in results]

    return run


def _picked(places: Sequence[int]) -> Rule:
    """The function that takes these items of a list."""

    def few(env: Sequence[Any]) -> list[Any]:
        return [env[i] for i in places]

    return itemgetter(*places) if len(places) > 1 else few
