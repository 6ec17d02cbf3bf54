"""scan_p: a loop of known length with a carry, slices of inputs and stacked outputs.

The operands are constants, the initial carry and `xs`; the body takes (constants, carry, slices
of xs) and returns (carry, slices of ys); the results are the last carry and ys.
"""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from ..core.aval import ShapedArray, make_aval, same_type, type_name
from ..core.ir import Jaxpr
from ..core.primitive import Linear, Zero
from ..core.stage import eval_jaxpr
from ..core.trace import get_aval
from ..lazy import LazyModule
from ..primitives.shape import zeros
from ..transforms.batch import to_dim
from ..transforms.program import (
    Linearized,
    Mask,
    batched_jaxpr,
    depends,
    jvp_jaxpr,
    linearize_jaxpr,
    pick,
    spread,
)
from ..transforms.transpose import materialize
from .call import check_operands, interpret
from .holding import HoldingPrimitive
from .scan_body import fixpoint, interleave, linear_loop, split_at, transposed_loop, with_saved

# Loaded when a loop is differentiated.
invariant: Any = LazyModule(f"{__package__}.invariant")

scan_p = HoldingPrimitive("scan")


@scan_p.def_type
def _(
    *avals: ShapedArray,
    jaxpr: Jaxpr,
    length: int,
    num_consts: int,
    num_carry: int,
    reverse: bool,
    unroll: int,
) -> list[ShapedArray]:
    consts, init, xs = split_at(avals, num_consts, num_carry)
    if any(x.shape[:1] != (length,) for x in xs):
        raise TypeError(f"scan: every xs must have length {length}, got {list(map(type_name, xs))}")
    slices = [make_aval(x.dtype, x.shape[1:], x.weak_type) for x in xs]
    check_operands("scan", jaxpr.in_avals, [*consts, *init, *slices])
    carry, ys = split_at(jaxpr.out_avals, num_carry)
    assert all(same_type(a, b) for a, b in zip(carry, init, strict=True))
    return [*carry, *[make_aval(y.dtype, (length, *y.shape), y.weak_type) for y in ys]]


@scan_p.def_value
def _(
    *args: np.ndarray,
    jaxpr: Jaxpr,
    length: int,
    num_consts: int,
    num_carry: int,
    reverse: bool,
    unroll: int,
) -> list[np.ndarray]:
    consts, carry, xs = split_at(args, num_consts, num_carry)
    stacks = [np.empty((length, *y.shape), y.dtype) for y in jaxpr.out_avals[num_carry:]]
    for i in reversed(range(length)) if reverse else range(length):
        carry, ys = split_at(interpret(jaxpr, *consts, *carry, *[x[i] for x in xs]), num_carry)
        for stack, y in zip(stacks, ys, strict=True):
            stack[i] = y
    return [*[np.array(c) for c in carry], *stacks]


@scan_p.def_jvp
def _(primals: Sequence[Any], tangents: Sequence[Any], **params: Any) -> Any:
    jaxpr, nc, nk = params["jaxpr"], params["num_consts"], params["num_carry"]
    consts_nz, init_nz, xs_nz = split_at([type(t) is not Zero for t in tangents], nc, nk)
    ys_free = (False,) * (len(jaxpr.outvars) - nk)

    def step(carry: Mask) -> Mask:
        mask = (*consts_nz, *carry, *xs_nz)
        return jvp_jaxpr(jaxpr, mask, (*carry, *ys_free))[1][:nk]

    carry_nz = fixpoint(step, tuple(init_nz))
    mask = (*consts_nz, *carry_nz, *xs_nz)
    program, found = jvp_jaxpr(jaxpr, mask, (*carry_nz, *ys_free))
    consts, init, xs = split_at(primals, nc, nk)
    tangents = [
        materialize(t, t.aval) if m and type(t) is Zero else t
        for t, m in zip(tangents, mask, strict=True)
    ]
    consts_t, init_t, xs_t = split_at(tangents, nc, nk)
    body = interleave(program, jaxpr, mask, found, nc, nk)
    outs = scan_p.bind(
        *consts, *pick(consts_t, consts_nz), *init, *pick(init_t, carry_nz),
        *xs, *pick(xs_t, xs_nz),
        **{**params, "jaxpr": body, "num_consts": nc + sum(consts_nz),
           "num_carry": nk + sum(carry_nz)},
    )  # fmt: skip
    carry, carry_t, ys, ys_t = split_at(outs, nk, sum(carry_nz), len(ys_free))
    return [*carry, *ys], [
        *spread(carry_t, carry_nz, jaxpr.out_avals[:nk]),
        *spread(ys_t, found[nk:], scan_p.type(*map(get_aval, primals), **params)[nk:]),
    ]


@scan_p.def_linearize
def _(primals: Sequence[Any], nonzero: Sequence[bool], **params: Any) -> Any:
    jaxpr, nc, nk = params["jaxpr"], params["num_consts"], params["num_carry"]
    consts_nz, init_nz, xs_nz = split_at(nonzero, nc, nk)
    ys_free = (False,) * (len(jaxpr.outvars) - nk)

    def step(carry: Mask) -> Mask:
        mask = (*consts_nz, *carry, *xs_nz)
        return linearize_jaxpr(jaxpr, mask, (*carry, *ys_free)).nonzero_outs[:nk]

    carry_nz = fixpoint(step, tuple(init_nz))
    mask = (*consts_nz, *carry_nz, *xs_nz)
    split = linearize_jaxpr(jaxpr, mask, (*carry_nz, *ys_free))
    same = [primals[i] for i in invariant.unchanged(split.primal, nc, nk)]
    before, split = invariant.lift(split, nc, nk)
    unchanging = eval_jaxpr(before, (), *same)
    none = [False] * len(unchanging)
    return _split_loop(
        split,
        [*primals[:nc], *unchanging, *primals[nc:]],
        [*nonzero[:nc], *none, *nonzero[nc:]],
        (*consts_nz, *none, *carry_nz, *xs_nz),
        {**params, "num_consts": nc + len(none)},
    )


def _split_loop(
    split: Linearized,
    primals: Sequence[Any],
    nonzero: Sequence[bool],
    mask: Mask,
    params: dict[str, Any],
) -> Any:
    """The loop of a split body: results, which have tangents, and the linear loop.

    `mask` are the operands with a tangent in some step; `nonzero` those with one from outside.
    """
    nc, nk = params["num_consts"], params["num_carry"]
    consts_m, carry_m, _ = split_at(mask, nc, nk)
    same = invariant.unchanged(split.primal, nc, nk)
    fixed = [s in same for s in split.sources]
    body, stacked = with_saved(split, fixed, nc, nk)
    outs = scan_p.bind(*primals, **{**params, "jaxpr": body})
    n = len(params["jaxpr"].outvars)
    saved = iter(outs[n:])
    residuals = [
        next(saved) if s else primals[cast(int, i)]
        for i, s in zip(split.sources, stacked, strict=True)
    ]
    linear_body = linear_loop(split, mask, fixed, nc, nk)

    def linear(*tangents: Any) -> list[Any]:
        given = spread(tangents, nonzero, [get_aval(p) for p in primals])
        full = [
            materialize(t, t.aval) if m and type(t) is Zero else t
            for t, m in zip(given, mask, strict=True)
        ]
        consts_t, init_t, xs_t = split_at(full, nc, nk)
        operands = [
            *pick(residuals, fixed), *pick(consts_t, consts_m), *pick(init_t, carry_m),
            *pick(residuals, [not f for f in fixed]), *pick(xs_t, mask[nc + nk :]),
        ]  # fmt: skip
        counts = {"num_consts": sum(fixed) + sum(consts_m), "num_carry": sum(carry_m)}
        return scan_p.bind(*operands, **{**params, "jaxpr": linear_body, **counts})

    return outs[:n], split.nonzero_outs, linear


@scan_p.def_transpose
def _(cts: Sequence[Any], *args: Any, **params: Any) -> list[Any]:
    jaxpr, nc, nk = params["jaxpr"], params["num_consts"], params["num_carry"]
    given = tuple(type(a) is Linear for a in args)
    linear = _with_carry(jaxpr, given, nc, nk)
    nonzero_ys = tuple(type(c) is not Zero for c in cts[nk:])
    consts, _init, xs = split_at(args, nc, nk)
    consts_m, _, xs_m = split_at(linear, nc, nk)
    body = transposed_loop(jaxpr, linear, nonzero_ys, nc, nk)
    sums = [zeros(a.aval) for a in pick(consts, consts_m)]
    carry = [materialize(c, a) for c, a in zip(cts[:nk], jaxpr.out_avals[:nk], strict=True)]
    known = [not m for m in consts_m]
    outs = scan_p.bind(
        *pick(consts, known), *sums, *carry, *pick(cts[nk:], nonzero_ys),
        *pick(xs, [not m for m in xs_m]),
        **{**params, "jaxpr": body, "reverse": not params["reverse"], "num_consts": sum(known),
           "num_carry": len(sums) + nk},
    )  # fmt: skip
    found = iter(outs)
    cts_in = [next(found) if m else None for m in linear]
    return [ct if g else None for ct, g in zip(cts_in, given, strict=True)]


def _with_carry(jaxpr: Jaxpr, linear: Mask, nc: int, nk: int) -> Mask:
    """The linear operands with every carry: one may start as a known zero."""
    consts, xs = linear[:nc], linear[nc + nk :]

    def step(carry: Mask) -> Mask:
        return depends(jaxpr, (*consts, *carry, *xs))[:nk]

    carry = fixpoint(step, linear[nc : nc + nk])
    assert all(carry), "a loop to be transposed must be linear in all that it carries"
    return (*consts, *carry, *xs)


@scan_p.def_batch
def _(args: Sequence[Any], dims: Sequence[Any], *, axis: Any, **params: Any) -> Any:
    jaxpr, nc, nk = params["jaxpr"], params["num_consts"], params["num_carry"]
    consts_b, init_b, xs_b = split_at([d is not None for d in dims], nc, nk)
    ys_free = (False,) * (len(jaxpr.outvars) - nk)

    def step(carry: Mask) -> Mask:
        mask = (*consts_b, *carry, *xs_b)
        return batched_jaxpr(jaxpr, mask, (*carry, *ys_free), axis)[1][:nk]

    carry_b = fixpoint(step, tuple(init_b))
    mask = (*consts_b, *carry_b, *xs_b)
    body, found = batched_jaxpr(jaxpr, mask, (*carry_b, *ys_free), axis)
    places = [0] * (nc + nk) + [1] * len(xs_b)
    moved = [
        to_dim(a, d, p, axis[1]) if m else a
        for a, d, p, m in zip(args, dims, places, mask, strict=True)
    ]
    outs = scan_p.bind(*moved, **{**params, "jaxpr": body})
    return outs, [
        *[0 if b else None for b in found[:nk]],
        *[1 if b else None for b in found[nk:]],
    ]
