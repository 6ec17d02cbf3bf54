"""Which results may take over the memory of arguments that the caller gives up."""

from collections.abc import Sequence
from itertools import product
from typing import Any

from . import loops
from .loops import Block, For, Nest, Program, Stmt

# The buffers that an argument or a result is, by kind and number; and in which turn of its loop, or
# -1 where it is the same in all.
Names = dict[tuple[str, int], list[tuple[str, int]]]


def pairs(
    program: Program,
    donated: Sequence[int],
    kept: Sequence[int],
    types: Sequence[Any],
    outs: Sequence[tuple[Any, ...]],
) -> list[tuple[int, int]]:
    """(argument, result) for every donated argument; result -1 where none may take its memory.

    `types` are those of the arguments; `outs` says which results are new, in the order of their
    buffers.
    """
    returned = {spec[1] for spec in outs if spec[0] == "arg"}
    taken: set[int] = set()
    names = _names(program) if donated else {}
    found = []
    for leaf in donated:
        match = -1
        if leaf in kept and leaf not in returned:
            match = _match(program, names, kept.index(leaf), types[leaf], outs, taken)
        if match >= 0:
            taken.add(match)
        found.append((leaf, match))
    return found


def _match(
    program: Program,
    names: Names,
    number: int,
    aval: Any,
    outs: Sequence[tuple[Any, ...]],
    taken: set[int],
) -> int:
    position = -1
    for k, spec in enumerate(outs):
        if spec[0] != "new":
            continue
        position += 1
        if k in taken or (spec[1], tuple(spec[2])) != (aval.dtype, aval.shape):
            continue
        both = product(names["arg", number], names["out", position])
        if all(in_place(program.body, a, o, i == j >= 0) for (a, i), (o, j) in both):
            return k
    return -1


def aliases(
    program: Program,
    kept: Sequence[int],
    outs: Sequence[tuple[Any, ...]],
    given: Sequence[tuple[int, int]],
) -> list[tuple[str, str]]:
    """The buffers that may be one memory, of (argument, result)s."""
    new = [k for k, o in enumerate(outs) if o[0] == "new"]
    results, arguments = ({k: n for n, k in enumerate(them)} for them in (new, kept))
    names = _names(program) if given else {}
    found: dict[tuple[str, str], None] = {}
    for leaf, k in given:
        if k >= 0:
            both = product(names["arg", arguments[leaf]], names["out", results[k]])
            found.update(dict.fromkeys([(a, o) for (a, _), (o, _) in both]))
    return list(found)


def _names(program: Program) -> Names:
    found: Names = {}
    for b in program.buffers.values():
        if b.step:
            for turn in range(b.turns):
                found.setdefault((b.kind, b.number + turn * b.step), []).append((b.name, turn))
        else:
            found.setdefault((b.kind, b.number), []).append((b.name, -1))
    return found


def in_place(body: Block, arg: str, out: str, together: bool = False) -> bool:
    """Whether a result may be written where an argument is: nothing reads the argument after the
    result's first write, but for the same element just before it. Where both are others in each
    turn of a loop, and meet in the same turn, they are `together`."""
    started = False
    for stmt in body:
        if started and arg in loops.reads(stmt):
            return False
        if not started and out in loops.writes(stmt):
            started = True
            if arg in loops.reads(stmt) and not _as_it_writes(stmt, arg, out, together):
                return False
    return True


def _as_it_writes(stmt: Stmt, arg: str, out: str, together: bool) -> bool:
    if isinstance(stmt, For):
        return together and in_place(stmt.body, arg, out)
    return _element_by_element(stmt, arg, out)


def _element_by_element(stmt: Stmt, arg: str, out: str) -> bool:
    if not isinstance(stmt, Nest) or len(stmt.kernels) != 1:
        return False
    (kernel,) = stmt.kernels
    if kernel.ordered or any(r.buffer == out for r in kernel.reductions):
        return False
    read = {o for b, o in loops.kernel_reads(kernel) if b == arg}
    written = {o for b, o in loops.kernel_writes(kernel) if b == out}
    return len(written) == 1 and read == written
