"""Programs prepared to run on NumPy arrays: the operations' value rules, one after the other."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from .ir import Jaxpr, Literal, Var

Rule = Callable[..., Any]


def on_values(jaxpr: Jaxpr) -> Callable[..., list[Any]]:
    """The program as a function of ndarrays, without traces between its operations."""
    assert not jaxpr.constvars
    slots: dict[Var, int] = {v: i for i, v in enumerate(jaxpr.invars)}
    start: list[Any] = [None] * len(slots)

    def slot(atom: Var | Literal) -> int:
        if isinstance(atom, Var):
            return slots[atom]
        start.append(np.asarray(atom.val))
        return len(start) - 1

    steps: list[tuple[Rule, Sequence[int], Sequence[int], bool]] = []
    for eqn in jaxpr.eqns:
        ins = [slot(a) for a in eqn.invars]
        for v in eqn.outvars:
            slots[v] = len(start)
            start.append(None)
        rule = partial(eqn.primitive.value, **eqn.params) if eqn.params else eqn.primitive.value
        outs = [slots[v] for v in eqn.outvars]
        steps.append((rule, ins, outs, eqn.primitive.multiple_results))
    results = [slot(a) for a in jaxpr.outvars]

    def run(*args: Any) -> list[Any]:
        env = [*args, *start[len(args) :]]
        for rule, ins, outs, many in steps:
            found = rule(*[env[i] for i in ins])
            for i, value in zip(outs, found if many else (found,), strict=True):
                # NumPy makes scalars of what has no axes; rules take arrays.
                env[i] = value if type(value) is np.ndarray else np.asarray(value)
        return [env[i] for i in results]

    return run
