"""Which results may take over the memory of arguments that the caller gives up."""

from collections.abc import Sequence
from typing import Any

from . import loops
from .loops import Block, Nest, Program, Stmt


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
    found = []
    for leaf in donated:
        match = -1
        if leaf in kept and leaf not in returned:
            match = _match(program, kept.index(leaf), types[leaf], outs, taken)
        if match >= 0:
            taken.add(match)
        found.append((leaf, match))
    return found


def _match(
    program: Program, number: int, aval: Any, outs: Sequence[tuple[Any, ...]], taken: set[int]
) -> int:
    position = -1
    for k, spec in enumerate(outs):
        if spec[0] != "new":
            continue
        position += 1
        if k in taken or (spec[1], tuple(spec[2])) != (aval.dtype, aval.shape):
            continue
        if in_place(program.body, f"a{number}", f"o{position}"):
            return k
    return -1


def in_place(body: Block, arg: str, out: str) -> bool:
    """Whether a result may be written where an argument is: nothing reads the argument after the
    result's first write, but for the same element just before it."""
    started = False
    for stmt in body:
        if started and arg in loops.reads(stmt):
            return False
        if not started and out in loops.writes(stmt):
            started = True
            if arg in loops.reads(stmt) and not _element_by_element(stmt, arg, out):
                return False
    return True


def _element_by_element(stmt: Stmt, arg: str, out: str) -> bool:
    if not isinstance(stmt, Nest) or len(stmt.kernels) != 1:
        return False
    (kernel,) = stmt.kernels
    if kernel.ordered or any(r.buffer == out for r in kernel.reductions):
        return False
    read = {o for b, o in loops.kernel_reads(kernel) if b == arg}
    written = {o for b, o in loops.kernel_writes(kernel) if b == out}
    return len(written) == 1 and read == written
