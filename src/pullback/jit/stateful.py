"""Calls of jitted functions that touch mutable arrays: what these hold goes in, and comes out."""

import sys
from collections.abc import Sequence
from typing import Any

from .._native import ArrayImpl, is_traced
from ..core.cell import Cell
from ..core.trace import Tracer, current_trace
from ..transforms.cells import Loans
from .executable import Traced, flat_executable

# The references to an array that its mutable array and the question itself hold.
OWN = 3


def call(miss: Any, traced: Traced, leaves: list[Any], loans: Loans) -> Any:
    """The result of a call; the mutable arrays hold what the function wrote."""
    _check_apart(traced, loans)
    cells = [*[loans.cells[i] for i in traced.lent], *traced.stored]
    first = len(leaves) + len(traced.consts)
    operands = [*leaves, *traced.consts, *[c.read() for c in traced.touched]]
    foreign = any(isinstance(x, Tracer) for x in operands)
    host = not any(x is not None and not isinstance(x, ArrayImpl) for x in operands)
    if is_traced() or foreign or not host or current_trace().watches or miss.options.device:
        outs = miss.bind(traced, operands)
    else:
        stored = [first + i for i, c in enumerate(traced.touched) if c in traced.stored]
        places = (*traced.lent, *stored)
        leaves.clear()
        outs = _give(traced, operands, places, cells)
    n = traced.out_tree.num_leaves
    for cell, value in zip(cells, outs[n:], strict=True):
        cell.write(value)
    return traced.out_tree.unflatten(outs[:n])


def _give(
    traced: Traced, operands: list[Any], places: Sequence[int], cells: Sequence[Cell]
) -> Sequence[Any]:
    """The results of a call on the host that may take over the memory of what is written."""
    for place, cell in zip(places, cells, strict=True):
        operands[place] = None
        value = cell.read()
        shared = sys.getrefcount(value) > OWN
        operands[place] = ArrayImpl(value._npy, value.weak_type) if shared else value
        del value
    return flat_executable(traced.jaxpr, traced.name, tuple(places))(operands)


def _check_apart(traced: Traced, loans: Loans) -> None:
    """Raise if a mutable array is both captured and passed: it would have two values."""
    for cell in loans.cells.values():
        if cell in traced.touched:
            raise ValueError(
                f"jit of {traced.name}: {cell.describe()} is passed as an argument, and the"
                " function uses it from outside, too: do one or the other"
            )
