"""Copies that need not be: where a temporary is copied into another buffer and nobody looks at that
buffer between, the temporary is made there. Updates and the state of loops become in place."""

from math import prod

from . import loops
from .expr import Rewriter
from .fuse import rebuilt, row_strides
from .loops import (
    Block,
    Branch,
    Call,
    Callback,
    Contraction,
    Gemm,
    Kernel,
    Nest,
    Operand,
    Program,
    Stmt,
    Store,
    While,
)


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
        block = [
            loops.with_blocks(s, [self.block(b) for b in loops.blocks(s)]) if loops.blocks(s) else s
            for s in block
        ]
        at = len(block) - 1
        while at >= 0:
            pair = copied(self.program, block[at])
            if pair is not None:
                block = self.without_copy(block, at, *pair) or block
            at -= 1
        return [s for s in block if not self.is_nothing(s)]

    def is_nothing(self, stmt: Stmt) -> bool:
        """Whether a statement copies a buffer to itself."""
        pair = copied(self.program, stmt)
        return pair is not None and pair[0] == pair[1]

    def without_copy(self, block: Block, at: int, source: str, target: str) -> Block | None:
        """The block with the source made in the target, or None where that is wrong."""
        if source == target or not self.movable(source, target):
            return None
        around = [
            k for k, s in enumerate(block) if source in self.touches(s)[0] | self.touches(s)[1]
        ]
        if around[-1] != at or self.count(block, source) != self.users[source]:
            return None
        first = around[0]
        if first == at or source in self.touches(block[first])[0]:
            return None
        if not self.reads_as_it_writes(block[first], source, target):
            return None
        for k in range(first, at):
            reads, writes = self.touches(block[k])
            if target in writes or (k > first and target in reads):
                return None
        to = {source: target}
        self.users[target] = self.users.get(target, 0) + self.users.pop(source)
        return [renamed(self.program, s, to) if k in around else s for k, s in enumerate(block)]

    def movable(self, source: str, target: str) -> bool:
        """Whether the kinds of the buffers allow it."""
        a, b = self.program.buffers[source], self.program.buffers[target]
        return a.kind == "temp" and b.kind in ("temp", "out") and a.dtype == b.dtype

    def count(self, block: Block, buffer: str) -> int:
        """How many simple statements of a block touch a buffer."""
        simple = [s for s in loops.statements(block) if not loops.blocks(s)]
        return sum([buffer in self.touches(s)[0] | self.touches(s)[1] for s in simple])

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


def renamed(program: Program, stmt: Stmt, to: dict[str, str]) -> Stmt:
    """The statement with other buffers."""
    graph = program.graph

    def load(buffer, offset, node):
        return graph.load(to[buffer], offset, node.dtype) if buffer in to else None

    writer = Rewriter(graph, {}, load)

    def operand(o: Operand) -> Operand:
        return Operand(to.get(o.buffer, o.buffer), writer.index(o.offset), o.shape, o.strides)

    if isinstance(stmt, Nest):
        return Nest(stmt.axes, tuple([_kernel(k, writer, to) for k in stmt.kernels]))
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
    inner = [[renamed(program, s, to) for s in b] for b in loops.blocks(stmt)]
    new = loops.with_blocks(stmt, inner)
    if isinstance(new, While):
        return While(new.cond, to.get(new.test, new.test), new.body)
    if isinstance(new, Branch):
        return Branch(to.get(new.index, new.index), new.branches)
    return new


def _kernel(kernel: Kernel, writer: Rewriter, to: dict[str, str]) -> Kernel:
    new = rebuilt(kernel, writer, {})
    stores = [
        Store(to.get(s.buffer, s.buffer), s.offset, s.value, s.combine, s.mask) for s in new.stores
    ]
    reductions = [
        loops.Reduction(r.op, to.get(r.buffer, r.buffer), r.offset, r.value, r.dtype, r.prefix)
        for r in new.reductions
    ]
    return Kernel(new.axes, new.reduce, tuple(stores), tuple(reductions), new.ordered)
