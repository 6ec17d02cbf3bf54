"""The bodies of loops that are derived from a loop: its jvp, its linear part, its transpose."""

from collections.abc import Sequence
from typing import Any

from ..core.ir import Jaxpr
from ..core.memo import weak_memo
from ..core.primitive import Linear, Zero
from ..primitives.arithmetic import add_any
from ..transforms.program import Linearized, Mask, pick, spread, stage_pure
from ..transforms.transpose import materialize, transpose_jaxpr


def split_at(values: Sequence[Any], *counts: int) -> list[list[Any]]:
    """The values cut into groups of these sizes, and the rest."""
    groups: list[list[Any]] = []
    start = 0
    for n in counts:
        groups.append(list(values[start : start + n]))
        start += n
    return [*groups, list(values[start:])]


def fixpoint(step: Any, start: Mask) -> Mask:
    """The smallest mask that contains `start` and what `step` makes of it."""
    while True:
        grown = tuple(a or b for a, b in zip(start, step(start), strict=True))
        if grown == start:
            return start
        start = grown


def interleave(program: Jaxpr, jaxpr: Jaxpr, mask: Mask, found: Mask, nc: int, nk: int) -> Jaxpr:
    """A jvp program with each group's tangents right behind its primals."""
    n, m = len(jaxpr.invars), len(jaxpr.outvars)
    consts, init, xs = split_at(program.invars[:n], nc, nk)
    consts_t, init_t, xs_t = split_at(program.invars[n:], sum(mask[:nc]), sum(mask[nc : nc + nk]))
    carry, ys = split_at(program.outvars[:m], nk)
    carry_t, ys_t = split_at(program.outvars[m:], sum(found[:nk]))
    return program.replace(
        invars=[*consts, *consts_t, *init, *init_t, *xs, *xs_t],
        outvars=[*carry, *carry_t, *ys, *ys_t],
    )


def with_saved(
    split: Linearized, fixed: Sequence[bool], nc: int, nk: int
) -> tuple[Jaxpr, list[bool]]:
    """The body that also stacks the residuals, and which residuals are stacked.

    A residual that is `fixed` or a slice of xs is not: the loop has it already.
    """
    primal = split.primal
    new = sum(s is None for s in split.sources)
    outs, fresh = (
        primal.outvars[: len(primal.outvars) - new],
        iter(primal.outvars[len(primal.outvars) - new :]),
    )
    stacked = [
        s is None or (s < nc + nk and not f) for s, f in zip(split.sources, fixed, strict=True)
    ]
    saved = [
        next(fresh) if s is None else primal.invars[s]
        for s, k in zip(split.sources, stacked, strict=True)
        if k
    ]
    return primal.replace(outvars=[*outs, *saved]), stacked


def linear_loop(split: Linearized, mask: Mask, fixed: Sequence[bool], nc: int, nk: int) -> Jaxpr:
    """The linear body in a loop's order: (fixed residuals, constants, carry, residuals, xs)."""
    linear = split.linear
    count = len(split.sources)
    residuals, tangents = linear.invars[:count], linear.invars[count:]
    consts, carry, xs = split_at(tangents, sum(mask[:nc]), sum(mask[nc : nc + nk]))
    order = [
        *pick(residuals, fixed),
        *consts,
        *carry,
        *pick(residuals, [not f for f in fixed]),
        *xs,
    ]
    return linear.replace(invars=order)


@weak_memo
def transposed_loop(jaxpr: Jaxpr, linear: Mask, nonzero_ys: Mask, nc: int, nk: int) -> Jaxpr:
    """The body of the backward loop.

    (known constants, sums of the constants' cotangents, cotangents of the carry, those of ys,
    known slices) -> (sums, cotangents of the carry, those of the linear slices).
    """
    consts_m, _, xs_m = split_at(linear, nc, nk)
    consts, carry, xs = split_at(jaxpr.in_avals, nc, nk)
    known_c, known_x = [not m for m in consts_m], [not m for m in xs_m]
    ys = jaxpr.out_avals[nk:]
    groups = [
        pick(consts, known_c),
        pick(consts, consts_m),
        carry,
        pick(ys, nonzero_ys),
        pick(xs, known_x),
    ]

    def fun(*args: Any) -> list[Any]:
        fixed, sums, ct_carry, ct_ys, slices, _ = split_at(args, *map(len, groups))
        fixed_i, slices_i = iter(fixed), iter(slices)
        operands = [
            *[Linear(a) if m else next(fixed_i) for a, m in zip(consts, consts_m, strict=True)],
            *map(Linear, carry),
            *[Linear(a) if m else next(slices_i) for a, m in zip(xs, xs_m, strict=True)],
        ]
        cts = [*ct_carry, *spread(ct_ys, nonzero_ys, ys)]
        found = split_at(transpose_jaxpr(jaxpr, operands, cts), nc, nk)
        added = [
            s if type(c) is Zero else add_any(s, c)
            for s, c in zip(sums, pick(found[0], consts_m), strict=True)
        ]
        back = [materialize(c, a) for c, a in zip(found[1], carry, strict=True)]
        each = [
            materialize(c, a) for c, a in zip(pick(found[2], xs_m), pick(xs, xs_m), strict=True)
        ]
        return [*added, *back, *each]

    return stage_pure(fun, [a for g in groups for a in g], "vjp")
