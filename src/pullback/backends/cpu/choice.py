"""Whether each element of a batch runs its own branch, or all elements run all branches."""

from math import prod
from typing import NamedTuple

from ...core.ir import Jaxpr, JaxprEqn
from ...core.rewrite import programs
from . import contract, convolution, fourier, linalg, plan, reduction, sorting
from .build import Rules
from .parallel import WORTH_SHARING

# Operations of one example on fewer elements than this do not fill registers; those of a batch do.
FEW = 16
# Measured, in nanoseconds: an addition, in registers and alone; a jump to a branch; a step of a
# loop, which waits for the one before; a reduction whose result is waited for.
TOGETHER = 0.05
ALONE = 0.4
JUMP = 3.0
STEP = 20.0
WAIT = 80.0
CALLS = frozenset((*convolution.EAGER, *fourier.EAGER, *linalg.EAGER, *sorting.EAGER))


class Time(NamedTuple):
    """Estimates for one example, in nanoseconds: by itself, as part of a batch, and the most that
    one block of the latter takes."""

    alone: float
    batched: float
    block: float


def pays(branches: tuple[Jaxpr, ...], n: int, rules: Rules) -> bool:
    """Whether a loop over a batch of n with a branch inside is the faster way.

    What threads would share is left to them.
    """
    if n < 2 or any(_calls(b, rules) for b in branches):
        return False
    times = [_time(b, False) for b in branches]
    if n * max(t.block for t in times) > WORTH_SHARING:
        return False
    results = len(times) * sum(v.aval.size for v in branches[0].outvars) * TOGETHER
    return JUMP + sum(t.alone for t in times) / len(times) < sum(t.batched for t in times) + results


def _calls(jaxpr: Jaxpr, rules: Rules) -> bool:
    """Whether an operation is a call of the runtime or of Python: one does for a batch."""
    inner = any(_calls(p, rules) for e in jaxpr.eqns for p in _inside(e))
    return inner or any(e.primitive.name in CALLS or rules.is_called_back(e) for e in jaxpr.eqns)


def _inside(eqn: JaxprEqn) -> list[Jaxpr]:
    return list(programs(eqn.params)) if eqn.primitive.higher else []


def _time(jaxpr: Jaxpr, in_loop: bool) -> Time:
    alone = batched = own = block = 0.0
    for eqn in jaxpr.eqns:
        steps = float(eqn.params.get("length", 1))
        loops = eqn.primitive.name in ("scan", "while")
        inner = [_time(p, in_loop or loops) for p in _inside(eqn)]
        alone += steps * (sum(t.alone for t in inner) + STEP * loops)
        batched += steps * sum(t.batched for t in inner)
        block = max([block, *[t.block for t in inner]])
        if not inner:
            n = _elements(eqn)
            together = n * plan.work(eqn) * TOGETHER
            waits = WAIT * _is_waited_for(eqn, in_loop)
            alone += waits + (together if n >= FEW else together / TOGETHER * ALONE)
            own += together
    return Time(alone, batched + own, max(own, block))


def _is_waited_for(eqn: JaxprEqn, in_loop: bool) -> bool:
    name = eqn.primitive.name
    few = all(v.aval.size < FEW for v in eqn.outvars)
    return (name in reduction.EAGER or name in contract.EAGER) and (few or in_loop)


def _elements(eqn: JaxprEqn) -> int:
    """The elements that an operation computes with."""
    if eqn.primitive.name != "dot_general":
        return max([v.aval.size for v in (*eqn.invars, *eqn.outvars)], default=0)
    (contracted, _), _ = eqn.params["dimension_numbers"]
    return eqn.outvars[0].aval.size * prod([eqn.invars[0].aval.shape[d] for d in contracted])
