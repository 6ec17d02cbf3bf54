"""The loop IR: buffers, and statements that fill them. Plain data; `show.py` has its text form."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ...core.memo import weak_memo
from . import expr
from .expr import Node
from .index import Atom, Index


@dataclass(slots=True)
class Buffer:
    """Memory for `size` elements of a storage dtype.

    kind: arg and out (with their position `number`), temp (in the arena at byte `place`),
    stack, or alias of argument `number` that a donated result takes over. With a `step`, it is
    another argument or result in each of the `turns` of a loop: in turn t that of position number +
    step * t.
    """

    name: str
    dtype: str
    size: int
    kind: str
    number: int = -1
    place: int = -1
    step: int = 0
    turns: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Store:
    """buffer[offset] = value, or combine(buffer[offset], value), where mask holds."""

    buffer: str
    offset: Index
    value: Node
    combine: str | None = None
    mask: Node | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Reduction:
    """buffer[offset] = value combined over the kernel's reduced axes, from `op`'s neutral element.

    `dtype` is that of the accumulator. With `prefix`, every partial result is stored too: the
    offset then depends on the one reduced axis. argmax and argmin store the position.
    """

    op: str
    buffer: str
    offset: Index
    value: Node
    dtype: str
    prefix: bool = False


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Kernel:
    """Loops over `axes`, inside them over `reduce`; the stores stand in the innermost loop.

    With `ordered`, iterations of `reduce` run one after the other (stores that combine).
    """

    axes: tuple[Atom, ...]
    reduce: tuple[Atom, ...] = ()
    stores: tuple[Store, ...] = ()
    reductions: tuple[Reduction, ...] = ()
    ordered: bool = False


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Nest:
    """Kernels one after the other under common outer loops."""

    axes: tuple[Atom, ...]
    kernels: tuple[Kernel, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Operand:
    """A strided array in a buffer, as library calls take it."""

    buffer: str
    offset: Index
    shape: tuple[int, ...]
    strides: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Gemm:
    """out[b, m, n] = sum over k of a[b, m, k] * b[b, k, n]. `out` is row-major."""

    dtype: str
    a: Operand
    b: Operand
    out: Operand


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Contraction:
    """out[g, m.., n..] = sum over k.. of a[g, m.., k..] * b[g, k.., n..], with any strides.

    `counts` says how many axes m.., n.. and k.. are.
    """

    dtype: str
    a: Operand
    b: Operand
    out: Operand
    counts: tuple[int, int, int]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Callback:
    """Buffers `outs` = the value rule of an equation on buffers `args`, through Python."""

    name: str
    function: Any
    args: tuple[Operand, ...]
    outs: tuple[Operand, ...]
    specs: Any


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Call:
    """Buffers `outs` = the runtime's `pb_<name>` on buffers `args`; `plan` tells it what to do."""

    name: str
    plan: tuple[int, ...]
    args: tuple[Operand, ...]
    outs: tuple[Operand, ...]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class For:
    """The body for each value of the axis, in order."""

    axis: Atom
    body: "Block"


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class While:
    """Run `cond`, stop where the boolean in `test` is false, run `body`, again."""

    cond: "Block"
    test: str
    body: "Block"


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Branch:
    """Run the branch whose number is in `index`, an int32."""

    index: str
    branches: tuple["Block", ...]


Stmt = Nest | Gemm | Contraction | Callback | Call | For | While | Branch
Block = list[Stmt]


@dataclass(slots=True)
class Program:
    """One native function: its buffers, and what it does."""

    buffers: dict[str, Buffer]
    body: Block
    graph: expr.Graph
    # Arguments and results that may be one memory.
    aliases: list[tuple[str, str]] = field(default_factory=list)


def blocks(stmt: Stmt) -> tuple[Block, ...]:
    """The blocks that a statement holds."""
    if type(stmt) is Nest:
        return ()
    if type(stmt) is For:
        return (stmt.body,)
    if type(stmt) is While:
        return (stmt.cond, stmt.body)
    return stmt.branches if type(stmt) is Branch else ()


def with_blocks(stmt: Stmt, new: list[Block]) -> Stmt:
    """The statement with other blocks."""
    if isinstance(stmt, For):
        return For(stmt.axis, new[0])
    if isinstance(stmt, While):
        return While(new[0], stmt.test, new[1])
    if isinstance(stmt, Branch):
        return Branch(stmt.index, tuple(new))
    return stmt


def inside(stmt: Stmt, change: Callable[[Block], Block]) -> Stmt:
    """The statement with a change made to each block that it holds."""
    held = blocks(stmt)
    return with_blocks(stmt, [change(b) for b in held]) if held else stmt


def kernel_roots(kernel: Kernel) -> list[Node]:
    """The values that a kernel computes."""
    roots = [r.value for r in kernel.reductions]
    for s in kernel.stores:
        roots.append(s.value)
        if s.mask is not None:
            roots.append(s.mask)
        roots.extend(expr.index_nodes(s.offset))
    for r in kernel.reductions:
        roots.extend(expr.index_nodes(r.offset))
    return roots


@weak_memo
def kernel_nodes(kernel: Kernel) -> list[Node]:
    """Every node of a kernel, each once, arguments before users. Not to be changed."""
    return expr.walk(kernel_roots(kernel))


@weak_memo
def kernel_reads(kernel: Kernel) -> list[tuple[str, Index]]:
    """Every (buffer, offset) that a kernel reads. Not to be changed."""
    found = [n.data for n in kernel_nodes(kernel) if n.op == "load"]
    found.extend([(s.buffer, s.offset) for s in kernel.stores if s.combine])
    return found


def kernel_writes(kernel: Kernel) -> list[tuple[str, Index]]:
    """Every (buffer, offset) that a kernel writes."""
    found = [(s.buffer, s.offset) for s in kernel.stores]
    found.extend([(r.buffer, r.offset) for r in kernel.reductions])
    return found


def reads(stmt: Stmt) -> set[str]:
    """The buffers that a statement reads. Not to be changed."""
    if isinstance(stmt, For | While | Branch):
        return {b for block in blocks(stmt) for s in block for b in reads(s)} | own_reads(stmt)
    return own_reads(stmt)


@weak_memo
def own_reads(stmt: Stmt) -> set[str]:
    """The buffers that a statement reads, but for what it holds. Not to be changed."""
    if isinstance(stmt, Nest):
        return {b for k in stmt.kernels for b, _ in kernel_reads(k)}
    if isinstance(stmt, (Gemm, Contraction)):
        return {stmt.a.buffer, stmt.b.buffer, *_operand_reads(stmt.a, stmt.b, stmt.out)}
    if isinstance(stmt, Callback | Call):
        return {a.buffer for a in stmt.args} | {*_operand_reads(*stmt.args, *stmt.outs)}
    if isinstance(stmt, While):
        return {stmt.test}
    return {stmt.index} if isinstance(stmt, Branch) else set()


def _operand_reads(*operands: Operand) -> Iterator[str]:
    for o in operands:
        if o.offset[1]:
            yield from [b for b, _ in expr.loads(expr.index_nodes(o.offset))]


def writes(stmt: Stmt) -> set[str]:
    """The buffers that a statement writes. Not to be changed."""
    if isinstance(stmt, For | While | Branch):
        return {b for block in blocks(stmt) for s in block for b in writes(s)}
    return _own_writes(stmt)


@weak_memo
def _own_writes(stmt: Nest | Gemm | Contraction | Callback | Call) -> set[str]:
    if isinstance(stmt, Nest):
        return {b for k in stmt.kernels for b, _ in kernel_writes(k)}
    if isinstance(stmt, (Gemm, Contraction)):
        return {stmt.out.buffer}
    return {o.buffer for o in stmt.outs}


def statements(block: Block) -> Iterator[Stmt]:
    """Every statement of a block and of the blocks inside."""
    for stmt in block:
        yield stmt
        for inner in blocks(stmt):
            yield from statements(inner)
