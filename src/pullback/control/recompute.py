"""The linear part of a checkpoint: it computes again what its forward pass does not keep."""

from typing import Any, NamedTuple

from ..core.ir import Jaxpr
from ..core.memo import weak_memo
from ..core.rewrite import dead_code, keep_arguments, prune
from ..core.stage import eval_jaxpr
from ..transforms.program import Mask, linearize_jaxpr, pick, stage_pure
from . import unused
from .policy import Policy
from .saved import halves

# Loaded with this module: what operations that hold programs need of them.
REWRITES = (unused,)


class Recomputed(NamedTuple):
    """A program's value, and its linear part that computes again what the value does not keep.

    `forward`: arguments -> (results, saved values). `linear`: (values that it needs, nonzero
    tangents) -> nonzero tangents of the results; `sources` are the places of those values in
    (arguments, results, saved values).
    """

    forward: Jaxpr
    linear: Jaxpr
    nonzero_outs: Mask
    sources: tuple[int, ...]


@weak_memo
def recomputed(jaxpr: Jaxpr, nonzero: Mask, policy: Policy | None) -> Recomputed:
    """Linearize a program that keeps its arguments and what the policy says."""
    n, m = len(jaxpr.invars), len(jaxpr.outvars)
    split = linearize_jaxpr(jaxpr, nonzero, (False,) * m)
    primal = split.primal.replace(outvars=split.primal.outvars[:m])
    parts = halves(split.primal, policy)
    count = n + len(parts.saved)

    def fun(*args: Any) -> list[Any]:
        new = eval_jaxpr(parts.again, (), *args[:count])[m:]
        return eval_jaxpr(split.linear, (), *split.residuals(args[:n], new), *args[count:])

    tangents = [a.tangent() for a in pick(jaxpr.in_avals, nonzero)]
    whole = stage_pure(fun, [*parts.again.in_avals, *tangents], "checkpoint")
    program, needed = prune(whole, (True,) * len(whole.outvars))
    linear = keep_arguments(program, (*needed[:count], *[True] * len(tangents)))
    wanted = pick(parts.again.invars, needed[:count])
    known = [*primal.invars, *primal.outvars]
    extra = [v for v in wanted if v not in known]
    values = [*known, *extra]
    forward = dead_code(parts.forward.replace(outvars=[*primal.outvars, *extra]))
    return Recomputed(forward, linear, split.nonzero_outs, tuple(map(values.index, wanted)))
