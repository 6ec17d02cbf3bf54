"""batched_cond_p: for each element of a batch, one of several programs, chosen by its own index."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..core.aval import ShapedArray, type_name
from ..core.ir import Jaxpr
from ..core.primitive import Linear, Primitive, Zero
from ..core.rewrite import programs
from ..core.stage import eval_jaxpr
from ..core.trace import get_aval
from ..primitives.batching import broadcast_batch
from ..primitives.shape import reshape
from ..transforms.batch import to_dim
from ..transforms.program import (
    Mask,
    batched_jaxpr,
    linearize_jaxpr,
    pick,
    spread,
    transposed_jaxpr,
)
from .branches import Branches, jvp_branches, linearize_branches, selected
from .call import check_operands, interpret

# Branches whose operations make fewer elements than this are computed for all: as much is done
# at once in a register.
FEW = 16

# batched_cond -- y[i] = branches[index[i]](x[i], ...); an operand that is not `batched` is whole.
# The meaning everywhere is `selected`; the compiler for the CPU may run the one branch instead.
batched_cond_p = Primitive("batched_cond", multiple_results=True, higher=True)


def choose_each(
    index: Any, ops: Sequence[Any], batched: Mask, axis: tuple[Any, int], branches: Branches
) -> list[Any]:
    """Each element's own branch on its part of the operands, whose batch is their first axis."""
    if all(map(_is_alone, branches)) and any(map(_is_wide, branches)):
        return batched_cond_p.bind(index, *ops, branches=branches, batched=batched)
    return eval_jaxpr(selected(branches, batched, axis), (), index, *ops)


def _is_alone(jaxpr: Jaxpr) -> bool:
    """Whether a branch tells nothing, and does not look at other elements of the batch."""
    inner = all(_is_alone(p) for e in jaxpr.eqns for p in _programs(e))
    return inner and not any(e.primitive.effect or e.primitive.collective for e in jaxpr.eqns)


def _is_wide(jaxpr: Jaxpr) -> bool:
    inner = any(_is_wide(p) for e in jaxpr.eqns for p in _programs(e))
    return inner or any(v.aval.size >= FEW for e in jaxpr.eqns for v in e.outvars)


def _programs(eqn: Any) -> Iterable[Jaxpr]:
    return programs(eqn.params) if eqn.primitive.higher else ()


def _size(index: Any) -> int:
    return get_aval(index).shape[0]


@batched_cond_p.def_type
def _(
    index: ShapedArray, *ops: ShapedArray, branches: Branches, batched: Mask
) -> list[ShapedArray]:
    if index.ndim != 1 or index.dtype != dtypes.int32:
        raise TypeError(f"batched_cond: the indices must be int32[n], got {type_name(index)}")
    n = index.shape[0]
    pairs = zip(branches[0].in_avals, batched, strict=True)
    wanted = [a.update(shape=(n, *a.shape)) if m else a for a, m in pairs]
    check_operands("batched_cond", wanted, ops)
    return [a.update(shape=(n, *a.shape)) for a in branches[0].out_avals]


@batched_cond_p.def_value
def _(index: np.ndarray, *ops: np.ndarray, branches: Branches, batched: Mask) -> list[np.ndarray]:
    return interpret(selected(branches, batched, (None, index.shape[0])), index, *ops)


@batched_cond_p.def_jvp
def _(primals: Sequence[Any], tangents: Sequence[Any], *, branches: Branches, batched: Mask) -> Any:
    nonzero = tuple(type(t) is not Zero for t in tangents[1:])
    moved, found = jvp_branches(branches, nonzero)
    operands = [*primals, *pick(tangents[1:], nonzero)]
    mask = (*batched, *pick(batched, nonzero))
    outs = batched_cond_p.bind(*operands, branches=moved, batched=mask)
    n = len(branches[0].outvars)
    return outs[:n], spread(outs[n:], found, [get_aval(o) for o in outs[:n]])


@batched_cond_p.def_linearize
def _(primals: Sequence[Any], nonzero: Sequence[bool], *, branches: Branches, batched: Mask) -> Any:
    if not all(pick(batched, nonzero[1:])):
        return _linearize_whole(
            primals, nonzero, selected(branches, batched, (None, _size(primals[0])))
        )
    split = linearize_branches(branches, tuple(nonzero[1:]))
    n = len(branches[0].outvars)
    outs = batched_cond_p.bind(*primals, branches=split.primal, batched=batched)
    mask = (*batched, *[True for _ in outs[n:]], *pick(batched, nonzero[1:]))

    def linear(*tangents: Any) -> list[Any]:
        operands = [*primals, *outs[n:], *tangents]
        return batched_cond_p.bind(*operands, branches=split.linear, batched=mask)

    return outs[:n], split.nonzero_outs, linear


def _linearize_whole(primals: Sequence[Any], nonzero: Sequence[bool], whole: Jaxpr) -> Any:
    """A tangent that all elements share: its cotangent is a sum over the batch, often a product.

    The sum takes what every branch makes of every element, so each branch keeps its own residuals.
    """
    n = len(whole.outvars)
    split = linearize_jaxpr(whole, tuple(nonzero), (False,) * n)
    outs = eval_jaxpr(split.primal, (), *primals)
    carried = split.residuals(primals, outs[n:])

    def linear(*tangents: Any) -> list[Any]:
        return eval_jaxpr(split.linear, (), *carried, *tangents)

    return outs[:n], split.nonzero_outs, linear


@batched_cond_p.def_transpose
def _(cts: Sequence[Any], index: Any, *args: Any, branches: Branches, batched: Mask) -> list[Any]:
    linear = tuple(type(a) is Linear for a in args)
    nonzero = tuple(type(c) is not Zero for c in cts)
    given = [index, *[a for a in args if type(a) is not Linear], *pick(cts, nonzero)]
    if all(pick(batched, linear)):
        known = pick(batched, [not m for m in linear])
        back = tuple(transposed_jaxpr(b, linear, nonzero) for b in branches)
        mask = (*known, *[True for _ in pick(cts, nonzero)])
        found = iter(batched_cond_p.bind(*given, branches=back, batched=mask))
    else:
        whole = selected(branches, batched, (None, _size(index)))
        found = iter(eval_jaxpr(transposed_jaxpr(whole, (False, *linear), nonzero), (), *given))
    return [None, *[next(found) if m else None for m in linear]]


@batched_cond_p.def_batch
def _(
    args: Sequence[Any], dims: Sequence[Any], *, axis: Any, branches: Branches, batched: Mask
) -> Any:
    n, mask = len(branches[0].outvars), tuple(d is not None for d in dims)
    if mask[0]:
        return _joined(args, dims, axis[1], branches, batched), [0] * n
    places = [
        a if d is None else to_dim(a, d, int(m), axis[1])
        for a, d, m in zip(args[1:], dims[1:], batched, strict=True)
    ]
    inner = tuple(batched_jaxpr(b, mask[1:], (True,) * n, axis)[0] for b in branches)
    return batched_cond_p.bind(args[0], *places, branches=inner, batched=batched), [1] * n


def _joined(
    args: Sequence[Any], dims: Sequence[Any], size: int, branches: Branches, batched: Mask
) -> list[Any]:
    """Two batches, each with indices of its own, as one batch of all pairs."""
    index = to_dim(args[0], dims[0], 0, size)
    pair = get_aval(index).shape

    def flat(x: Any, dim: int | None, inside: bool) -> Any:
        if dim is None and not inside:
            return x
        x = to_dim(x, dim, 0, size)
        x = x if inside else broadcast_batch(x, pair[1], 1)
        return reshape(x, (pair[0] * pair[1], *get_aval(x).shape[2:]))

    ops = [flat(x, d, m) for x, d, m in zip(args[1:], dims[1:], batched, strict=True)]
    mask = tuple(m or d is not None for m, d in zip(batched, dims[1:], strict=True))
    outs = batched_cond_p.bind(flat(index, 0, True), *ops, branches=branches, batched=mask)
    return [reshape(o, (*pair, *get_aval(o).shape[1:])) for o in outs]
