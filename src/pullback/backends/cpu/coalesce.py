"""Copies that need not be: a temporary is made in the buffer into which it is copied, where nobody
has to look at that buffer between. Updates and the state of loops become in place."""

from collections.abc import Mapping, Sequence
from math import prod

from . import loops
from .expr import Rewriter
from .fuse import row_strides
from .index import Atom, Index
from .loops import (
    Block,
    Branch,
    Call,
    Callback,
    Contraction,
    Gemm,
    Nest,
    Operand,
    Program,
    Stmt,
    While,
)
from .relocate import EMPTY, loader, relocated


def coalesce(program: Program) -> None:
    """Make temporaries where their copies go."""
    program.body = _Coalescer(program).block(program.body)


def copied(program: Program, stmt: Stmt) -> tuple[str, str] | None:
    """(source, target) of a statement that copies all of one buffer to another."""
    if not isinstance(stmt, Nest) or stmt.axes or len(stmt.kernels) != 1:
        return None
    (kernel,) = stmt.kernels
    if kernel.reductions or len(kernel.stores) != 1:
        return None
    (store,) = kernel.stores
    if store.combine or store.mask is not None or store.value.op != "load":
        return None
    source, offset = store.value.data
    if offset != store.offset or offset[0]:
        return None
    size = prod([a.extent for a in kernel.axes])
    sizes = {program.buffers[source].size, program.buffers[store.buffer].size}
    if sizes != {size} or (kernel.axes and row_strides(kernel.axes, offset) is None):
        return None
    return source, store.buffer


class _Coalescer:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.users: dict[str, int] = {}
        # By identity; the statement is kept so that its identity stays its own.
        self.touched: dict[int, tuple[Stmt, set[str], set[str]]] = {}
        for stmt in loops.statements(program.body):
            if not loops.blocks(stmt):
                for b in loops.reads(stmt) | loops.writes(stmt):
                    self.users[b] = self.users.get(b, 0) + 1

    def touches(self, stmt: Stmt) -> tuple[set[str], set[str]]:
        """What a statement reads and writes."""
        found = self.touched.get(id(stmt))
        if found is None:
            found = self.touched[id(stmt)] = (stmt, loops.reads(stmt), loops.writes(stmt))
        return found[1:]

    def block(self, block: Block) -> Block:
        block = [loops.inside(s, self.block) for s in block]
        where = self.places(block)
        for at in range(len(block) - 1, -1, -1):
            pair = copied(self.program, block[at])
            if pair is not None:
                self.without_copy(block, where, at, *pair)
        return [s for s in block if not self.dropped(s)]

    def places(self, block: Block) -> dict[str, list[int]]:
        """Where in a block each buffer is touched."""
        where: dict[str, list[int]] = {}
        for k, stmt in enumerate(block):
            for b in self.touches(stmt)[0] | self.touches(stmt)[1]:
                where.setdefault(b, []).append(k)
        return where

    def dropped(self, stmt: Stmt) -> bool:
        """Whether a statement copies a buffer to itself; it is no longer a user then."""
        pair = copied(self.program, stmt)
        if pair is None or pair[0] != pair[1]:
            return False
        self.users[pair[0]] -= 1
        return True

    def without_copy(
        self, block: Block, where: dict[str, list[int]], at: int, source: str, target: str
    ) -> None:
        """Make the source in the target, if that is right: the block and `where` change."""
        if source == target or not self.movable(source, target):
            return
        mine = where[source]
        if mine[-1] > at or self.count(block, mine, source) != self.users[source]:
            return
        ready = self.ready(block[mine[0] : at], source, target)
        if ready is None:
            return
        both = self.count(block, mine, source, target)
        self.users[target] = self.users[target] + self.users.pop(source) - both
        stays = all(old is new for old, new in zip(block[mine[0] + 1 : at], ready[1:], strict=True))
        block[mine[0] : at] = ready
        if not stays:
            where |= self.places(block)
        for k in where[source]:
            block[k] = self.made_in(block[k], source, target)
        where[target] = sorted({*where[target], *where.pop(source)})

    def ready(self, block: Block, source: str, target: str) -> Block | None:
        """The block in an order in which nobody looks at the target once the source is begun."""
        uses = (source in self.touches(s)[0] | self.touches(s)[1] for s in block)
        first = next((k for k, used in enumerate(uses) if used), None)
        if first is None:
            return None
        begun = self.begun(block[first], source, target)
        if begun is None:
            return None
        before, after = block[:first], [begun]
        read, written = map(set, self.touches(begun))
        for stmt in block[first + 1 :]:
            reads, writes = self.touches(stmt)
            if target not in reads | writes:
                after.append(stmt)
                read |= reads
                written |= writes
            elif isinstance(stmt, Nest) and not (reads & written or writes & (read | written)):
                before.append(stmt)
            else:
                return None
        return [*before, *after]

    def begun(self, stmt: Stmt, source: str, target: str) -> Stmt | None:
        """The statement that first touches the source, where it may be made in the target."""
        reads, writes = self.touches(stmt)
        if isinstance(stmt, Branch) and stmt.index != target:
            ready = [self.ready(b, source, target) for b in stmt.branches]
            branches = [b for b in ready if b is not None]
            return loops.with_blocks(stmt, branches) if len(branches) == len(ready) else None
        if source in reads or target in writes:
            return None
        return stmt if self.reads_as_it_writes(stmt, source, target) else None

    def made_in(self, stmt: Stmt, source: str, target: str) -> Stmt:
        """The statement on the target instead of the source."""
        return self.swept(renamed(self.program, stmt, {source: target}))

    def swept(self, stmt: Stmt) -> Stmt:
        """The statement without copies inside it of a buffer to itself."""
        return loops.inside(stmt, lambda b: [self.swept(s) for s in b if not self.dropped(s)])

    def movable(self, source: str, target: str) -> bool:
        """Whether the kinds of the buffers allow it."""
        a, b = self.program.buffers[source], self.program.buffers[target]
        return a.kind == "temp" and b.kind in ("temp", "out") and a.dtype == b.dtype

    def count(self, block: Block, where: Sequence[int], *buffers: str) -> int:
        """How many simple statements, at some places of a block, touch each of some buffers."""
        simple = [s for s in loops.statements([block[k] for k in where]) if not loops.blocks(s)]
        return sum([{*buffers} <= self.touches(s)[0] | self.touches(s)[1] for s in simple])

    def reads_as_it_writes(self, stmt: Stmt, source: str, target: str) -> bool:
        """Whether a statement that makes the source reads each element of the target, if any, just
        before it would write it."""
        if target not in self.touches(stmt)[0]:
            return True
        if not isinstance(stmt, Nest) or len(stmt.kernels) != 1:
            return False
        (kernel,) = stmt.kernels
        if kernel.ordered or kernel.reductions:
            return False
        written = {o for b, o in loops.kernel_writes(kernel) if b == source}
        read = {o for b, o in loops.kernel_reads(kernel) if b == target}
        return len(written) == 1 and read == written


def renamed(
    program: Program, stmt: Stmt, to: dict[str, str], axes: Mapping[Atom, Index] = EMPTY
) -> Stmt:
    """The statement with other buffers, and with outer axes replaced by indices."""
    graph = program.graph

    def place(buffer: str, offset: Index) -> tuple[str, Index] | None:
        return (to[buffer], offset) if buffer in to else None

    writer = Rewriter(graph, axes, loader(graph, place))

    def operand(o: Operand) -> Operand:
        return Operand(to.get(o.buffer, o.buffer), writer.index(o.offset), o.shape, o.strides)

    if isinstance(stmt, Nest):
        return Nest(stmt.axes, tuple([relocated(graph, k, place, axes) for k in stmt.kernels]))
    if isinstance(stmt, Gemm):
        return Gemm(stmt.dtype, operand(stmt.a), operand(stmt.b), operand(stmt.out))
    if isinstance(stmt, Contraction):
        a, b, out = (operand(o) for o in (stmt.a, stmt.b, stmt.out))
        return Contraction(stmt.dtype, a, b, out, stmt.counts)
    if isinstance(stmt, Call):
        args, outs = (tuple([operand(o) for o in group]) for group in (stmt.args, stmt.outs))
        return Call(stmt.name, stmt.plan, args, outs)
    if isinstance(stmt, Callback):
        args, outs = (tuple([operand(o) for o in group]) for group in (stmt.args, stmt.outs))
        return Callback(stmt.name, stmt.function, args, outs, stmt.specs)
    new = loops.inside(stmt, lambda b: [renamed(program, s, to, axes) for s in b])
    if isinstance(new, While):
        return While(new.cond, to.get(new.test, new.test), new.body)
    if isinstance(new, Branch):
        return Branch(to.get(new.index, new.index), new.branches)
    return new
