"""Many small records that a loop works on again and again, the states of chains that run side by
side, keep their fields together: element m * i + c moves to n * c + i, and vectors go across the
records, whole ones, instead of along each by itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from . import index as ix
from . import loops
from .components import SHORT
from .expr import Node, children, index_nodes, loads
from .index import Atom, Index
from .layout import statements
from .loops import Block, Buffer, Kernel, Nest, Program, Store
from .relocate import relocated
from .schedule import USUAL_VECTOR, planned, points

# Records have at most so many fields, and are at least so many.
FIELDS = 64
MANY = 16
# Copies at the ends of a loop are worth it from so many turns on.
OFTEN = 8
# The work of beginning a run of vectors, and of adding up the lanes of one.
RUN = 8.0
FOLD = 16.0
# What is moved must take so much of the time before.
PART = 0.8
# Expressions of more ways to a node than this are left alone.
WAYS = 4000

# A test of a guard: an index and its range.
Tests = tuple[tuple[Index, int, int], ...]
Access = tuple[str, Index]


class _Records(NamedTuple):
    """How many fields the records of a buffer have, and where its accesses are in the end."""

    fields: int
    places: dict[Access, Index]


@dataclass(slots=True)
class _Group:
    """Buffers that are moved together, and the kernels that touch them with how often each runs."""

    buffers: set[str] = field(default_factory=set)
    kernels: dict[Kernel, int] = field(default_factory=dict)


def across(program: Program) -> None:
    """Move the fields of records together where loops get faster by it."""
    found = _movable(program)
    moved: dict[Access, Index] = {}
    names: set[str] = set()
    for group in _groups(found, program):
        places = {k: v for name in group.buffers for k, v in found[name].places.items()}
        if _pays(program, group, places):
            moved |= places
            names |= group.buffers
    if moved:
        results = {b: _in_memory(program, b) for b in sorted(names) if _is_result(program, b)}
        program.body = _moved(program, program.body, moved, results)
        program.body.extend([_copied(program, o, t, found[o].fields) for o, t in results.items()])


def _is_result(program: Program, name: str) -> bool:
    return program.buffers[name].kind == "out"


# What may move


def _movable(program: Program) -> dict[str, _Records]:
    """For each buffer that may be moved, its fields, and where its accesses are then."""
    kernels: dict[str, list[tuple[Kernel, int]]] = {}
    others: set[str] = set()
    for stmt, times in statements(program.body, 1):
        touched = loops.reads(stmt) | loops.writes(stmt)
        if isinstance(stmt, Nest) and not stmt.axes:
            for name in touched:
                kernels.setdefault(name, []).extend([(k, times) for k in stmt.kernels])
            for kernel in stmt.kernels:
                others |= _pointers(kernel)
        else:
            others |= touched
    found = {}
    for name, uses in kernels.items():
        buffer = program.buffers[name]
        if name in others or buffer.kind not in ("temp", "out") or buffer.step:
            continue
        if max([times for _, times in uses]) >= OFTEN:
            places = _places(buffer, [k for k, _ in uses])
            if places:
                found[name] = places
    return found


def _pointers(kernel: Kernel) -> set[str]:
    """The buffers that say where elements of others are: their own are part of those's indices."""
    accesses = (*loops.kernel_reads(kernel), *loops.kernel_writes(kernel))
    return {name for _, offset in accesses for name, _ in loads(index_nodes(offset))}


def _places(buffer: Buffer, kernels: Sequence[Kernel]) -> _Records | None:
    """Where a buffer's accesses are when its fields stand together; None where it has none."""
    m = _record(buffer, kernels)
    if m is None:
        return None
    places: dict[Access, Index] = {}
    for kernel in kernels:
        ways = _ways(kernel)
        if ways is None:
            return None
        for (name, offset), tests in ways.items():
            if name == buffer.name:
                place = _place(offset, m, buffer.size // m, tests)
                if place is None:
                    return None
                places[name, offset] = place
    return _Records(m, places)


def _record(buffer: Buffer, kernels: Sequence[Kernel]) -> int | None:
    """The fields of a record: what a long axis steps over that goes through all of a buffer, or
    through a part of it at each turn of a loop."""
    for kernel in kernels:
        for name, offset in loops.kernel_writes(kernel):
            if name != buffer.name:
                continue
            for atom, m in offset[1]:
                if atom in kernel.axes and SHORT < m <= FIELDS and atom.extent >= MANY:
                    return m if buffer.size % (m * atom.extent) == 0 else None
    return None


def _place(offset: Index, m: int, n: int, ways: set[Tests]) -> Index | None:
    """Where an element goes; None where it is not known to be in one record."""
    start, terms = offset
    records = tuple([(t, k // m) for t, k in terms if k % m == 0])
    fields = tuple([(t, k) for t, k in terms if k % m])
    for record in (start // m, start // m + 1):
        inner = (start - record * m, fields)
        if all(_is_within(inner, m, tests) for tests in ways):
            return ix.weighted([((record, records), 1), (inner, n)])
    return None


def _is_within(index: Index, m: int, tests: Tests) -> bool:
    """Whether an index is in 0..m-1 where the tests hold."""
    lo = hi = index[0]
    for atom, k in index[1]:
        least, most = _range(atom, tests)
        if least > most:
            return True
        lo, hi = lo + min(k * least, k * most), hi + max(k * least, k * most)
    return 0 <= lo and hi < m


def _range(atom: Atom, tests: Tests) -> tuple[int, int]:
    least, most = atom.lo, atom.hi
    for (start, terms), lo, hi in tests:
        if terms == ((atom, 1),):
            least, most = max(least, lo - start), min(most, hi - 1 - start)
    return least, most


def _ways(kernel: Kernel) -> dict[Access, set[Tests]] | None:
    """Under which tests of guards each element is touched; None where there are too many ways."""
    found: dict[Access, set[Tests]] = {}
    for access in loops.kernel_writes(kernel):
        found.setdefault(access, set()).add(())
    stack: list[tuple[Node, Tests]] = [(n, ()) for n in loops.kernel_roots(kernel)]
    seen = set(stack)
    while stack:
        node, tests = stack.pop()
        if node.op == "load":
            found.setdefault(node.data, set()).add(tests)
        ways = [(c, tests) for c in children(node)]
        if node.op == "guard":
            ways[0] = (node.args[0], tests + node.data)
        new = [way for way in ways if way not in seen]
        seen.update(new)
        stack.extend(new)
        if len(seen) > WAYS:
            return None
    return found


# What is worth it


def _groups(found: dict[str, _Records], program: Program) -> Iterator[_Group]:
    """Buffers that kernels touch together."""
    groups: dict[str, _Group] = {}
    for stmt, times in statements(program.body, 1):
        for kernel in stmt.kernels if isinstance(stmt, Nest) else ():
            touched = [*loops.kernel_reads(kernel), *loops.kernel_writes(kernel)]
            names = {b for b, _ in touched if b in found}
            if names:
                mine = _Group(names, {kernel: times})
                for group in {id(g): g for b in names if (g := groups.get(b))}.values():
                    mine.buffers |= group.buffers
                    mine.kernels |= group.kernels
                groups.update(dict.fromkeys(mine.buffers, mine))
    yield from {id(g): g for g in groups.values()}.values()


def _pays(program: Program, group: _Group, places: dict[Access, Index]) -> bool:
    """Whether the kernels take less time, and copies of results little of what is won."""
    before = after = 0.0
    for kernel, times in group.kernels.items():
        before += times * _time(kernel)
        after += times * _time(_elsewhere(program, kernel, places, {}))
    after += sum([2 * program.buffers[b].size for b in group.buffers if _is_result(program, b)])
    return after < PART * before


def _time(kernel: Kernel) -> float:
    """The estimated work of a kernel: its vectors, and what each run of them takes to begin."""
    plan, each = planned(kernel, USUAL_VECTOR)
    total = points(kernel) * each
    if plan.axis is None:
        return total
    runs = points(kernel) / plan.axis.extent
    folds = len(kernel.reductions) if plan.axis in kernel.reduce else 0
    return total + runs * (RUN + folds * FOLD)


# Moving


def _elsewhere(
    program: Program, kernel: Kernel, places: dict[Access, Index], names: dict[str, str]
) -> Kernel:
    def place(buffer: str, offset: Index) -> Access | None:
        to = places.get((buffer, offset))
        return None if to is None else (names.get(buffer, buffer), to)

    return relocated(program.graph, kernel, place)


def _moved(
    program: Program, block: Block, places: dict[Access, Index], names: dict[str, str]
) -> Block:
    out: Block = []
    for stmt in block:
        if isinstance(stmt, Nest):
            kernels = [_elsewhere(program, k, places, names) for k in stmt.kernels]
            out.append(Nest(stmt.axes, tuple(kernels)))
        else:
            out.append(loops.inside(stmt, lambda b: _moved(program, b, places, names)))
    return out


def _in_memory(program: Program, result: str) -> str:
    """A temporary in place of a result, whose elements may stand elsewhere."""
    old = program.buffers[result]
    name = f"x{len(program.buffers)}"
    program.buffers[name] = Buffer(name, old.dtype, old.size, "temp")
    return name


def _copied(program: Program, result: str, temporary: str, m: int) -> Nest:
    """The elements of a result, each to its place."""
    buffer = program.buffers[result]
    n = buffer.size // m
    (record, inner), (i, c) = program.graph.atoms.axes((n, m))
    value = program.graph.load(temporary, ix.weighted([(i, 1), (c, n)]), buffer.dtype)
    store = Store(result, ix.weighted([(i, m), (c, 1)]), value)
    return Nest((), (Kernel((record, inner), (), (store,)),))
