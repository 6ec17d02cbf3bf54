"""Which axis of a kernel is vectorized, how wide, and which kernels are unrolled altogether."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import inf, prod

from ...core.memo import weak_memo
from . import expr, plan, prefix
from .expr import Node
from .index import Atom, Index, coefficient
from .loops import (
    Block,
    Call,
    Contraction,
    For,
    Gemm,
    Kernel,
    Nest,
    While,
    blocks,
    kernel_nodes,
    kernel_reads,
    kernel_writes,
)
from .text import WIDTHS

# Nests of at most this many scalar operations become straight-line code: in loops, outside of them,
# and where a program has much of it already.
UNROLL_WORK = 600
UNROLL_OUTSIDE = 64
UNROLL_LATE = 60
UNROLL_TOTAL = 6000
# Straight-line code of a thousand lines takes LLVM's schedulers quadratic time; what runs once a
# call is called, not unrolled, after so many.
UNROLL_ENTRY = 600
UNROLL_POINTS = 160
# Bodies of more work than this are written once, with a mask for the remainder in every pass.
HEAVY = 14.0
# Transposed accesses take strips of this many elements, in arrays of more than so many.
STRIP = 64
IN_CACHE = 8192
# The bytes of a line of the cache.
LINE = 64
# The bytes that memory gives in a nanosecond.
MEMORY_RATE = 16.0
# The bytes of a vector, where the machine's own do not matter.
USUAL_VECTOR = 32
# The work of a statement that may take any time: a loop without a count, a call-back.
UNKNOWN = 5000.0
# The work of the runtime's functions for each element they are given.
CALL_WORK = 16.0
# Kernels of this many passes are worth longer code, where the longest chain of operations in a pass
# is so long and the axis has so many vectors.
MANY = 1 << 15
LONG_PATH = 40.0
FULL = 32
# The lines of text of a call, or of a loop around some statements.
CALL_LINES = 12
# The nanoseconds of an addition alone.
ADDITION_TIME = 0.25


@dataclass(frozen=True, slots=True)
class Plan:
    """How a kernel runs: the vectorized axis, its lanes, how many vectors a pass takes, the length
    of strips of the axis that stand outermost, or 0, and whether elements may be computed twice."""

    axis: Atom | None
    lanes: int
    unroll: int
    heavy: bool
    strip: int
    again: bool = False


def points(kernel: Kernel) -> int:
    """How often the innermost body runs."""
    return prod([a.extent for a in kernel.axes + kernel.reduce])


def body_nodes(kernel: Kernel) -> list[Node]:
    """What a pass computes."""
    return [n for n in kernel_nodes(kernel) if n.op not in ("const", "iota")]


def work(kernel: Kernel) -> float:
    """The estimated work of a pass in additions."""
    return sum([node_work(n) for n in body_nodes(kernel)]) + len(kernel.stores) + 1


@cache
def _op_work(op: str) -> float:
    return float(plan.COSTS.get(op, 1))


@cache
def _op_lines(op: str) -> int:
    """About how many instructions one operation becomes."""
    cost = plan.COSTS.get(op, 1)
    return 60 if cost >= 16 else 4 if cost >= 4 else 1


def node_work(node: Node) -> float:
    """The work of one node."""
    return _op_work(node.op) * (2 if node.dtype == "float64" else 1)


@weak_memo
def nest_work(nest: Nest) -> float:
    """The estimated work of a whole nest."""
    outer = prod([a.extent for a in nest.axes])
    return outer * sum([points(k) * work(k) for k in nest.kernels])


def block_work(block: Block) -> float:
    """The estimated work of statements in additions."""
    total = 0.0
    for stmt in block:
        if isinstance(stmt, Nest):
            total += nest_work(stmt)
        elif isinstance(stmt, Gemm):
            batch, m, k = stmt.a.shape
            total += batch * m * k * stmt.b.shape[2] / 8
        elif isinstance(stmt, Contraction):
            total += prod(stmt.out.shape) * prod(stmt.a.shape[1 + stmt.counts[0] :]) / 8
        elif isinstance(stmt, Call):
            total += CALL_WORK * sum([prod(o.shape) for o in stmt.args])
        elif isinstance(stmt, For):
            total += stmt.axis.extent * block_work(stmt.body)
        else:
            total += UNKNOWN + sum([block_work(b) for b in blocks(stmt)])
    return total


def block_time(block: Block) -> float:
    """The estimated nanoseconds of statements on one thread; a loop without a count is one step."""
    total = 0.0
    for stmt in block:
        if isinstance(stmt, Nest) and not is_small(stmt):
            total += nest_time(stmt)
        elif isinstance(stmt, For):
            total += stmt.axis.extent * block_time(stmt.body)
        elif blocks(stmt):
            total += sum([block_time(b) for b in blocks(stmt)])
        else:
            total += ADDITION_TIME * block_work([stmt])
    return total


def code_time(block: Block) -> float:
    """The estimated nanoseconds, on one thread, of the loops that are generated for statements:
    without the runtime's functions. A loop without a count may take any time."""
    total = 0.0
    for stmt in block:
        if isinstance(stmt, Nest):
            total += ADDITION_TIME * nest_work(stmt) if is_small(stmt) else nest_time(stmt)
        elif isinstance(stmt, While):
            return inf
        else:
            runs = stmt.axis.extent if isinstance(stmt, For) else 1
            total += runs * sum([code_time(inner) for inner in blocks(stmt)])
    return total


def code_lines(block: Block) -> int:
    """About how many lines of text statements become, if no nest is like another."""
    total = 0
    for stmt in block:
        if isinstance(stmt, Nest):
            small = is_small(stmt)
            total += unrolled_work(stmt) if small else sum([_lines(k) for k in stmt.kernels])
        else:
            total += CALL_LINES + sum([code_lines(inner) for inner in blocks(stmt)])
    return total


def _lines(kernel: Kernel) -> int:
    return CALL_LINES + 2 * sum([_op_lines(n.op) for n in body_nodes(kernel)])


def kernel_time(kernel: Kernel) -> float:
    """The estimated nanoseconds of a kernel: arithmetic in vectors, and traffic to memory."""
    nodes = body_nodes(kernel)
    arithmetic = sum([node_work(n) for n in nodes if n.op != "load"]) / 50.0
    return points(kernel) * arithmetic + traffic(kernel) / MEMORY_RATE


def traffic(kernel: Kernel) -> int:
    """The bytes that a kernel loads and stores."""
    return points(kernel) * sum([WIDTHS[d] // 8 for _, d, _ in accesses(kernel)])


@weak_memo
def nest_time(nest: Nest) -> float:
    """The estimated nanoseconds of a nest."""
    return prod([a.extent for a in nest.axes]) * sum([kernel_time(k) for k in nest.kernels])


@weak_memo
def unrolled_work(nest: Nest) -> int:
    """How many operations a nest becomes where it is unrolled, up to a bit above the limit."""
    outer = prod([a.extent for a in nest.axes])
    total = 0
    for k in nest.kernels:
        n = outer * points(k)
        total += n * (1 + sum([_op_lines(node.op) for node in body_nodes(k)]))
        if n > UNROLL_POINTS or total > UNROLL_WORK:
            return UNROLL_WORK + 1
    return total


def is_small(nest: Nest) -> bool:
    """Whether the nest may be unrolled."""
    return unrolled_work(nest) <= UNROLL_WORK


def accesses(kernel: Kernel) -> list[tuple[Index, str, bool]]:
    """(offset, dtype, whether it is a store) of what a pass touches."""
    found = [(n.data[1], n.dtype, False) for n in kernel_nodes(kernel) if n.op == "load"]
    found.extend([(s.offset, s.value.dtype, True) for s in kernel.stores])
    found.extend([(r.offset, r.value.dtype, True) for r in kernel.reductions])
    return found


def choose(kernel: Kernel, vector_bytes: int) -> Plan:
    """The plan of the least estimated time."""
    return planned(kernel, vector_bytes)[0]


def planned(kernel: Kernel, vector_bytes: int) -> tuple[Plan, float]:
    """The plan of the least estimated time, and that time for a pass."""
    nodes = body_nodes(kernel)
    cost = sum([node_work(n) for n in nodes]) + 1
    heavy = cost > HEAVY
    width = _bytes(kernel)
    natural = max(1, vector_bytes // max(width, 2))
    best = Plan(None, 1, 1, heavy, 0)
    best_time = cost * 1.5
    for axis in _candidates(kernel):
        registers = _width(kernel, axis, cost, natural, vector_bytes)
        lanes = min(natural * registers, _power_above(axis.extent))
        if lanes < 2 or (kernel.ordered and axis.extent < lanes):
            continue
        filled = axis.extent / (-(-axis.extent // lanes) * lanes)
        scale = max(1.0, lanes * width / vector_bytes)
        memory = sum([_access_cost(o, axis, lanes) for o, _, _ in _inner(kernel, axis)])
        time = (cost * scale + memory) / (lanes * filled)
        if axis in kernel.reduce:
            time *= 1.1
            if kernel.reductions[0].prefix:
                time += 2 * lanes.bit_length() / lanes
        if time < best_time:
            unroll = _unroll(kernel, axis, lanes, cost)
            best = Plan(axis, lanes, unroll, heavy, _strip(kernel, axis, lanes))
            best_time = time
    return best, best_time


def narrow(plan: Plan, kernel: Kernel, vector_bytes: int) -> Plan:
    """The plan with a register at a time where that gives the same: quickly compiled, slower."""
    if plan.axis is None or plan.axis not in kernel.axes:
        return plan
    natural = max(1, vector_bytes // max(_bytes(kernel), 2))
    return replace(plan, lanes=min(plan.lanes, natural))


def halved(plan: Plan, kernel: Kernel) -> Plan:
    """The plan for a processor that does vectors of a whole line of the cache in halves: where most
    of a pass is access to runs that begin inside a line, each would be two accesses to whole ones,
    and of vectors of half the size only every second one is."""
    lanes, size = plan.lanes, _bytes(kernel)
    if plan.axis not in kernel.axes or kernel.reduce or lanes * size != LINE:
        return plan
    # Of guarded reads few take place, and masks cost as much for few lanes as for many.
    if any(n.op == "guard" for n in body_nodes(kernel)):
        return plan
    found = [o for o, _, _ in accesses(kernel) if abs(coefficient(o, plan.axis)) == 1]
    inside = [o for o in found if _begins_inside(o, plan.axis, lanes)]
    busy = 2 * (len(found) + len(inside)) > work(kernel)
    return replace(plan, lanes=lanes // 2) if busy and 2 * len(inside) > len(found) else plan


def _begins_inside(offset: Index, axis: Atom, lanes: int) -> bool:
    """Whether a run along an axis begins inside a line, if its array begins with one."""
    return any(k % lanes for k in (offset[0], *[k for t, k in offset[1] if t is not axis]))


def is_repeatable(kernel: Kernel, aliases: Sequence[tuple[str, str]]) -> bool:
    """Whether elements may be computed twice: nothing is read that is written here, be it under
    another name."""
    if kernel.ordered or any(s.combine is not None for s in kernel.stores):
        return False
    reads, writes = ({b for b, _ in f(kernel)} for f in (kernel_reads, kernel_writes))
    return reads.isdisjoint(writes) and not any(a in reads and o in writes for a, o in aliases)


def _bytes(kernel: Kernel) -> int:
    """The size of the widest elements that a kernel computes with."""
    return max([WIDTHS[n.dtype] // 8 for n in body_nodes(kernel) if n.dtype != "bool"] or [1])


def vectorized(kernel: Kernel) -> Atom | None:
    """The axis along which a kernel by itself would be vectorized."""
    return choose(kernel, USUAL_VECTOR).axis


def _candidates(kernel: Kernel) -> list[Atom]:
    """Axes whose iterations may run side by side."""
    axes = [*kernel.axes, *kernel.reduce]
    if any(r.prefix for r in kernel.reductions):
        axes = [*kernel.axes, *prefix.axis_of(kernel)]
    if kernel.ordered:
        axes = [a for a in axes if not any(_in_dyn(s.offset, a) for s in kernel.stores)]
        axes = [a for a in axes if all(_moves(s.offset, a) for s in kernel.stores)]
    return axes


def _moves(offset: Index, axis: Atom) -> bool:
    return any(t is axis for t, _ in offset[1])


def _in_dyn(offset: Index, axis: Atom) -> bool:
    return any(t.kind != "axis" and axis in expr.index_deps(t.index) for t, _ in offset[1])


def _inner(kernel: Kernel, axis: Atom) -> list[tuple[Index, str, bool]]:
    found = accesses(kernel)
    if axis in kernel.reduce:
        results = {id(r.offset) for r in kernel.reductions if not r.prefix}
        return [a for a in found if not (a[2] and id(a[0]) in results)]
    return found


def _access_cost(offset: Index, axis: Atom, lanes: int) -> float:
    """The work of touching the lanes of one access."""
    for atom, k in offset[1]:
        if atom is axis:
            if abs(k) == 1:
                return 1.0
            if 1 < k <= 4:
                return 1.5 * k
            return 2.0 * lanes
        if atom.kind != "axis" and axis in expr.index_deps(atom.index):
            return 2.5 * lanes
    return 0.2


def _width(kernel: Kernel, axis: Atom, cost: float, natural: int, vector_bytes: int) -> int:
    """How many registers stand side by side along a kept axis, while others are reduced: as many as
    there are for states, since long runs of memory are read faster, but several blocks of them."""
    if not kernel.reduce and axis.extent >= FULL * natural:
        return _chains(kernel)
    if not kernel.reduce or axis not in kernel.axes:
        return 1
    if cost >= HEAVY:
        # A second vector uses more of each page that a pass comes to.
        return 2 if points(kernel) >= MANY and axis.extent >= FULL * natural else 1
    width = 16 if vector_bytes == 64 else 8
    while width > 4 and 3 * width * natural > axis.extent:
        width //= 2
    return width


def _chains(kernel: Kernel) -> int:
    """How many registers stand side by side where each operation waits for the one before: a
    processor looks ahead some, not to the next pass of a long body."""
    if points(kernel) < MANY:
        return 1
    paths: dict[Node, float] = {}
    for node in kernel_nodes(kernel):
        before = max([paths[c] for c in expr.children(node)], default=0.0)
        paths[node] = before + (node_work(node) if node.op not in ("const", "iota") else 0.0)
    path = max(paths.values())
    beside = sum([node_work(n) for n in body_nodes(kernel)]) / max(path, 1.0)
    return 1 if path < LONG_PATH or beside >= 2 else 4 if beside < 1.5 else 2


def _unroll(kernel: Kernel, axis: Atom, lanes: int, cost: float) -> int:
    """How many vectors a pass takes, so that chains of additions do not wait for one another."""
    if axis not in kernel.reduce:
        return 1
    chunks = axis.extent // lanes
    # The state of an argmax takes twice as many registers.
    few = cost < 6 and not any(r.op.startswith("arg") for r in kernel.reductions)
    limit = 8 if few else 4 if cost < HEAVY else 1
    return max(1, min(limit, chunks))


def _strip(kernel: Kernel, axis: Atom, lanes: int) -> int:
    """Strips where elements along the axis stand apart and their lines would leave the cache."""
    if kernel.reduce or len(kernel.axes) < 2 or axis.extent <= STRIP or points(kernel) < IN_CACHE:
        return 0
    apart = any(abs(coefficient(o, axis)) > 1 for o, _, _ in accesses(kernel))
    return max(STRIP, lanes) if apart else 0


def _power_above(n: int) -> int:
    power = 1
    while power < n:
        power *= 2
    return power
