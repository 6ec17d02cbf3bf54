"""Temporaries of records, whose fields are read and written each by itself, keep fields together:
element m * i + c moves to n * c + i, so that neighbours in i are neighbours in memory.

Who steps through records and fields as through one axis divides by m there; `digits.py` makes it
two axes again."""

from collections.abc import Iterator
from math import prod

from . import index as ix
from . import loops
from .components import SHORT
from .index import Index
from .loops import Block, Nest, Program
from .relocate import relocated
from .schedule import points

# How often the body of a loop of unknown length is thought to run.
OFTEN = 10


def layout(program: Program) -> None:
    """Move the fields of records together."""
    fields = {
        name: m for name, uses in _uses(program).items() if (m := _fields(program, name, uses))
    }
    if fields:
        program.body = _moved(program, program.body, fields)


def _uses(program: Program) -> dict[str, list[tuple[Index, int]]]:
    """The offsets at which nests alone touch each temporary, and how many elements."""
    found: dict[str, list[tuple[Index, int]]] = {
        b.name: [] for b in program.buffers.values() if b.kind == "temp"
    }
    for stmt, times in statements(program.body, 1):
        if not isinstance(stmt, Nest):
            for name in loops.reads(stmt) | loops.writes(stmt):
                found.pop(name, None)
            continue
        outer = times * prod([a.extent for a in stmt.axes])
        for kernel in stmt.kernels:
            often = outer * points(kernel)
            for name, offset in (*loops.kernel_reads(kernel), *loops.kernel_writes(kernel)):
                if name in found:
                    found[name].append((offset, often))
    return found


def statements(block: Block, times: int) -> Iterator[tuple[loops.Stmt, int]]:
    """Every statement, without the blocks it holds, and how often it runs."""
    for stmt in block:
        yield loops.inside(stmt, lambda _: []), times
        often = stmt.axis.extent if isinstance(stmt, loops.For) else OFTEN
        for inner in loops.blocks(stmt):
            yield from statements(inner, times * often)


def _fields(program: Program, name: str, uses: list[tuple[Index, int]]) -> int:
    """How many fields the records of a buffer have; 0 where it has none, or is better as it is."""
    for m in range(2, SHORT + 1):
        if program.buffers[name].size % m:
            continue
        if not all(_is_known(offset, m) for offset, _ in uses):
            continue
        atoms = program.graph.atoms
        apart = [_stands_apart(atoms.div(o, m), atoms.mod(o, m)) for o, _ in uses]
        gain = sum([t if a else -t for (_, t), a in zip(uses, apart, strict=True)])
        if gain > 0:
            return m
    return 0


def _is_known(offset: Index, m: int) -> bool:
    """Whether the field is in 0..m-1 by itself, or an axis goes through whole records."""
    start, terms = offset[0] % m, [(atom, k) for atom, k in offset[1] if k % m]
    lo, hi = ix.bounds((start, tuple(terms)))
    if 0 <= lo and hi < m:
        return True
    whole = len(terms) == 1 and terms[0][1] == 1 and terms[0][0].kind == "axis"
    return whole and start == 0 and terms[0][0].extent % m == 0


def _stands_apart(record: Index, field: Index) -> bool:
    """Whether neighbouring records are read or written at one field, be it at one after another."""
    one = all(atom.kind == "axis" for atom, _ in field[1])
    return one and any(atom.kind != "dyn" and k == 1 for atom, k in record[1])


def _moved(program: Program, block: Block, fields: dict[str, int]) -> Block:
    out: Block = []
    atoms = program.graph.atoms

    def place(buffer: str, offset: Index) -> tuple[str, Index] | None:
        if buffer not in fields:
            return None
        m = fields[buffer]
        record, field = atoms.div(offset, m), atoms.mod(offset, m)
        return buffer, ix.weighted([(record, 1), (field, program.buffers[buffer].size // m)])

    for stmt in block:
        if isinstance(stmt, Nest):
            kernels = [relocated(program.graph, k, place) for k in stmt.kernels]
            out.append(Nest(stmt.axes, tuple(kernels)))
        else:
            out.append(loops.inside(stmt, lambda b: _moved(program, b, fields)))
    return out
