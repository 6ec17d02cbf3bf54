"""cond_p: one of several programs on the same operands, chosen by an index."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import dtypes, tree
from ..core.aval import ShapedArray, same_type, type_name
from ..core.primitive import Linear, Zero
from ..core.rewrite import prune
from ..core.trace import get_aval
from ..primitives.convert import convert_element_type
from ..primitives.select import clamp
from ..transforms.flat import argument, arguments
from ..transforms.named import function_name
from ..transforms.program import Mask, batched_jaxpr, pick, spread, transposed_jaxpr
from . import plain
from .batched_cond import choose_each
from .branches import Branches, jvp_branches, linearize_branches, passed, union
from .call import check_operands, interpret, out_dims, to_front
from .effects import refuse_io
from .holding import HoldingPrimitive
from .region import (
    Region,
    hoisted_together,
    stage_touching_region,
    write_all,
    written_in,
)

_ABSENT: Any = object()
USE_WHERE = "call back for every element, and tell the function the predicate"

cond_p = HoldingPrimitive("cond")


@cond_p.def_type
def _(index: ShapedArray, *ops: ShapedArray, branches: Branches) -> list[ShapedArray]:
    if index.shape != () or index.dtype != dtypes.int32:
        raise TypeError(f"cond: the branch index must be int32[], got {type_name(index)}")
    check_operands("cond", branches[0].in_avals, ops)
    return branches[0].out_avals


@cond_p.def_value
def _(index: np.ndarray, *ops: np.ndarray, branches: Branches) -> list[np.ndarray]:
    return interpret(branches[min(max(int(index), 0), len(branches) - 1)], *ops)


@cond_p.def_jvp
def _(primals: Sequence[Any], tangents: Sequence[Any], *, branches: Branches) -> Any:
    nonzero = tuple(type(t) is not Zero for t in tangents[1:])
    programs, found = jvp_branches(branches, nonzero)
    outs = cond_p.bind(*primals, *pick(tangents[1:], nonzero), branches=programs)
    n = len(branches[0].outvars)
    return outs[:n], spread(outs[n:], found, branches[0].out_avals)


@cond_p.def_linearize
def _(primals: Sequence[Any], nonzero: Sequence[bool], *, branches: Branches) -> Any:
    split = linearize_branches(branches, tuple(nonzero[1:]))
    n = len(branches[0].outvars)
    outs = cond_p.bind(*primals, branches=split.primal)

    def linear(*tangents: Any) -> list[Any]:
        return cond_p.bind(*primals, *outs[n:], *tangents, branches=split.linear)

    return outs[:n], split.nonzero_outs, linear


@cond_p.def_transpose
def _(cts: Sequence[Any], index: Any, *args: Any, branches: Branches) -> list[Any]:
    linear = tuple(type(a) is Linear for a in args)
    nonzero = tuple(type(c) is not Zero for c in cts)
    programs = tuple(transposed_jaxpr(b, linear, nonzero) for b in branches)
    known = [a for a in args if type(a) is not Linear]
    found = iter(cond_p.bind(index, *known, *pick(cts, nonzero), branches=programs))
    return [None, *[next(found) if m else None for m in linear]]


@cond_p.def_batch
def _(args: Sequence[Any], dims: Sequence[Any], *, axis: Any, branches: Branches) -> Any:
    index, *ops = to_front(args, dims, axis)
    batched = tuple(d is not None for d in dims[1:])
    if dims[0] is not None:
        refuse_io("vmap of cond with a batched predicate runs every branch", branches, USE_WHERE)
        return _each_own(index, ops, batched, axis, branches)
    none = (False,) * len(branches[0].outvars)
    found = union([batched_jaxpr(b, batched, none, axis)[1] for b in branches])
    programs = tuple(batched_jaxpr(b, batched, found, axis)[0] for b in branches)
    return cond_p.bind(index, *ops, branches=programs), out_dims(found)


def _each_own(
    index: Any, ops: Sequence[Any], batched: Mask, axis: Any, branches: Branches
) -> tuple[list[Any], list[int | None]]:
    """Each element's own branch. What all branches pass on is no choice, nor batched by it."""
    sources = passed(branches)
    chosen = tuple(i is None for i in sources)
    programs = branches if all(chosen) else tuple([prune(b, chosen)[0] for b in branches])
    outs = iter(choose_each(index, ops, batched, axis, programs))
    dims = [0 if i is None or batched[i] else None for i in sources]
    return [next(outs) if i is None else ops[i] for i in sources], dims


def cond(
    pred: Any,
    true_fun: Callable[..., Any],
    false_fun: Callable[..., Any],
    *operands: Any,
    operand: Any = _ABSENT,
) -> Any:
    """`true_fun(*operands)` if `pred` else `false_fun(*operands)`; only one is computed.

    Args:
      pred: boolean scalar (or a number, which is compared with zero).
      true_fun, false_fun: functions of the operands whose results have one structure and types.
      operands: arrays or pytrees of arrays.
      operand: a single operand, by keyword.

    The form `cond(pred, true_operand, true_fun, false_operand, false_fun)` is taken too.

    Returns:
      The chosen function's result. Under `vmap` with a batched `pred` both may be computed.

    Raises:
      TypeError: the results' structures or types differ, or `pred` is no scalar.

    >>> import pullback as pb
    >>> int(pb.lax.cond(True, lambda x: x + 1, lambda x: x - 1, 3))
    4
    """
    if not callable(true_fun) and len(operands) == 2 and callable(operands[1]):
        # The form of old: cond(pred, true_operand, true_fun, false_operand, false_fun).
        chosen, other = false_fun, operands[1]
        pair = (true_fun, operands[0])
        return cond(pred, lambda p: chosen(p[0]), lambda p: other(p[1]), pair)
    if not (callable(true_fun) and callable(false_fun)):
        raise TypeError("cond: write cond(pred, true_fun, false_fun, *operands) with two functions")
    if operand is not _ABSENT:
        operands = (*operands, operand)
    aval = get_aval(argument(pred, "cond"))
    if aval.shape != ():
        raise TypeError(f"cond: pred must be a scalar, got {type_name(aval)}")
    if dtypes.kind(aval.dtype) == "complex":
        raise TypeError(f"cond: pred must be a boolean or a real number, got {type_name(aval)}")
    flag = pred if aval.dtype == bool else convert_element_type(pred, np.dtype(bool))
    return _choose_branch(
        "cond", convert_element_type(flag, dtypes.int32), (false_fun, true_fun), operands
    )


def switch(
    index: Any, branches: Sequence[Callable[..., Any]], *operands: Any, operand: Any = _ABSENT
) -> Any:
    """`branches[index](*operands)`, the index clamped to the branches there are.

    Args:
      index: integer scalar.
      branches: functions of the operands whose results have one structure and types.
      operands: arrays or pytrees of arrays.

    Returns:
      The chosen function's result.

    Raises:
      TypeError: the index is no integer scalar, or the results' types differ.
      ValueError: there are no branches.

    >>> import pullback as pb
    >>> int(pb.lax.switch(1, [lambda x: x, lambda x: -x], 3))
    -3
    """
    if operand is not _ABSENT:
        operands = (*operands, operand)
    branches = tuple(branches)
    if not branches:
        raise ValueError("switch: give at least one branch")
    aval = get_aval(argument(index, "switch"))
    if aval.shape != () or not dtypes.is_integer(aval.dtype):
        raise TypeError(f"switch: index must be an integer scalar, got {type_name(aval)}")
    if len(branches) == 1:
        return branches[0](*operands)
    top = np.asarray(len(branches) - 1, aval.dtype)
    which = clamp(np.zeros((), aval.dtype), index, top)
    return _choose_branch("switch", convert_element_type(which, dtypes.int32), branches, operands)


def _choose_branch(
    what: str, index: Any, functions: Sequence[Callable[..., Any]], operands: tuple[Any, ...]
) -> Any:
    if plain.is_plain() and (i := plain.known(index)) is not None:
        return functions[i](*operands)
    leaves, in_tree = arguments(operands, what)
    avals = [get_aval(x) for x in leaves]
    regions = [stage_touching_region(f, in_tree, avals, what, origin=(f,)) for f in functions]
    for f, r in zip(functions[1:], regions[1:], strict=True):
        _check_branch(what, functions[0], regions[0], f, r)
    programs, consts = hoisted_together(regions)
    outs = cond_p.bind(index, *consts, *leaves, branches=tuple(programs))
    out_tree = regions[0].out_tree
    return out_tree.unflatten(write_all(written_in(regions), outs, out_tree.num_leaves))


def _check_branch(
    what: str, first: Callable[..., Any], wanted: Region, f: Callable[..., Any], got: Region
) -> None:
    names = f"{function_name(first)} and {function_name(f)}"
    if wanted.out_tree != got.out_tree:
        raise TypeError(
            f"{what}: the branches {names} must return one structure, got {wanted.out_tree} and"
            f" {got.out_tree}"
        )
    types = wanted.out_avals[: wanted.out_tree.num_leaves]
    paths = tree.paths(wanted.out_tree.unflatten(types))
    wrong = [
        f"  output{path}: {type_name(a)} and {type_name(b)}"
        for path, a, b in zip(paths, types, got.out_avals, strict=False)
        if not same_type(a, b)
    ]
    if wrong:
        raise TypeError(
            "\n".join([f"{what}: the branches {names} must return equal types, got", *wrong])
        )
