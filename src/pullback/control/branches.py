"""Programs of which one is chosen: their transformations, with results of common types."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..core.aval import ShapedArray, make_aval
from ..core.ir import Jaxpr
from ..core.memo import weak_memo
from ..core.stage import eval_jaxpr
from ..core.trace import get_aval
from ..primitives.convert import convert_element_type
from ..primitives.select import clamp, select_n
from ..primitives.shape import broadcast_in_dim, zeros
from ..transforms.program import (
    Mask,
    batched_jaxpr,
    jvp_jaxpr,
    linearize_jaxpr,
    stage_pure,
)

Branches = tuple[Jaxpr, ...]


def union(masks: Sequence[Sequence[bool]]) -> tuple[bool, ...]:
    """Where any of the masks holds."""
    return tuple(any(column) for column in zip(*masks, strict=True))


def passed(branches: Branches) -> list[int | None]:
    """For each result the operand that every branch returns there, if there is one."""
    places = [{id(v): i for i, v in enumerate(b.invars)} for b in branches]
    each = [[at.get(id(v)) for v in b.outvars] for at, b in zip(places, branches, strict=True)]
    return [c[0] if len(set(c)) == 1 else None for c in zip(*each, strict=True)]


def jvp_branches(branches: Branches, nonzero: Mask) -> tuple[Branches, Mask]:
    """Each branch with its tangents, and which tangents of results any of them makes."""
    none = (False,) * len(branches[0].outvars)
    found = union([jvp_jaxpr(b, nonzero, none)[1] for b in branches])
    return tuple(jvp_jaxpr(b, nonzero, found)[0] for b in branches), found


class LinearBranches(NamedTuple):
    """Branches split in two.

    `primal`: operands -> (results, residuals). `linear`: (operands, residuals, nonzero tangents) ->
    nonzero tangents of the results.
    """

    primal: Branches
    linear: Branches
    nonzero_outs: Mask


def linearize_branches(branches: Branches, mask: Mask) -> LinearBranches:
    """Split each branch into its value and its linear part; residuals share places."""
    n = len(branches[0].outvars)
    found = union([linearize_jaxpr(b, mask, (False,) * n).nonzero_outs for b in branches])
    splits = [linearize_jaxpr(b, mask, found) for b in branches]
    slots = shared_slots([s.primal.out_avals[n:] for s in splits])
    primal = tuple(with_slots(s.primal, n, i, slots) for i, s in enumerate(splits))
    linear = tuple(
        _from_slots(s.linear, s.sources, i, slots, branches[0]) for i, s in enumerate(splits)
    )
    return LinearBranches(primal, linear, found)


class Slots(NamedTuple):
    """Places for what the branches compute besides their results, and which of them each uses."""

    avals: list[ShapedArray]
    places: list[list[int]]


def shared_slots(wanted: Sequence[Sequence[ShapedArray]]) -> Slots:
    """As few places as hold the values of any one branch, which are of these types."""
    avals: list[ShapedArray] = []
    places: list[list[int]] = []
    for types in wanted:
        own: list[int] = []
        for aval in types:
            free = [i for i, a in enumerate(avals) if a == aval and i not in own]
            own.append(free[0] if free else len(avals))
            if not free:
                avals.append(aval)
        places.append(own)
    return Slots(avals, places)


def with_slots(primal: Jaxpr, n: int, i: int, slots: Slots) -> Jaxpr:
    """A branch that also fills the places of the other branches, with zeros."""

    def fun(*args: Any) -> list[Any]:
        outs = eval_jaxpr(primal, (), *args)
        own = dict(zip(slots.places[i], outs[n:], strict=True))
        return [*outs[:n], *[own[j] if j in own else zeros(a) for j, a in enumerate(slots.avals)]]

    return stage_pure(fun, primal.in_avals, "cond")


def _from_slots(
    linear: Jaxpr, sources: Sequence[int | None], i: int, slots: Slots, branch: Jaxpr
) -> Jaxpr:
    """A linear branch on (operands, all residuals, tangents)."""
    ops = branch.in_avals
    start, end = len(ops), len(ops) + len(slots.avals)
    tangent_avals = linear.in_avals[len(sources) :]

    def fun(*args: Any) -> list[Any]:
        own = iter(slots.places[i])
        carried = [args[start + next(own)] if s is None else args[s] for s in sources]
        return eval_jaxpr(linear, (), *carried, *args[end:])

    return stage_pure(fun, [*ops, *slots.avals, *tangent_avals], "cond")


@weak_memo
def _selected(first: Jaxpr, others: Branches, batched: Mask, axis: tuple[Any, int]) -> Jaxpr:
    n = len(first.outvars)
    whole = [batched_jaxpr(b, batched, (True,) * n, axis)[0] for b in (first, *others)]

    def fun(index: Any, *ops: Any) -> list[Any]:
        which = clamp(np.int32(0), index, np.int32(len(others)))
        results = [eval_jaxpr(b, (), *ops) for b in whole]
        return [_choose(which, cases) for cases in zip(*results, strict=True)]

    index = make_aval(np.dtype("int32"), (axis[1],), False)
    return stage_pure(fun, [index, *whole[0].in_avals], "cond")


def selected(branches: Branches, batched: Mask, axis: tuple[Any, int]) -> Jaxpr:
    """The program that runs all branches on the whole batch and takes each element's own result."""
    return _selected(branches[0], branches[1:], batched, axis)


def _choose(which: Any, cases: Sequence[Any]) -> Any:
    shape = get_aval(cases[0]).shape
    wide = broadcast_in_dim(which, shape, (0,)) if len(shape) > 1 else which
    if len(cases) == 2:
        wide = convert_element_type(wide, np.dtype(bool))
    return cases[0] if len(cases) == 1 else select_n(wide, *cases)
