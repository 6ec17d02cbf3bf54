"""Is a loop program well formed? Names what is wrong; the tests run it after every pass."""

from . import expr, loops
from .expr import Node
from .index import Atom, Index, bounds
from .loops import (
    Block,
    Branch,
    Call,
    Callback,
    Contraction,
    For,
    Gemm,
    Kernel,
    Nest,
    Operand,
    Program,
    Stmt,
    While,
)


def check(program: Program) -> None:
    """AssertionError unless buffers exist, axes are bound and affine accesses are inside."""
    _Checker(program).block(program.body, frozenset())


class _Checker:
    def __init__(self, program: Program) -> None:
        self.program = program

    def block(self, block: Block, bound: frozenset[Atom]) -> None:
        for stmt in block:
            self.statement(stmt, bound)

    def statement(self, stmt: Stmt, bound: frozenset[Atom]) -> None:
        if isinstance(stmt, Nest):
            assert stmt.kernels, "a nest without kernels"
            for kernel in stmt.kernels:
                self.kernel(kernel, self.bind(bound, stmt.axes))
        elif isinstance(stmt, Gemm):
            for o in (stmt.a, stmt.b, stmt.out):
                assert len(o.shape) == 3, "gemm takes a batch of matrices"
                self.operand(o, bound)
        elif isinstance(stmt, Contraction):
            m, n, k = stmt.counts
            for o, own in ((stmt.a, m + k), (stmt.b, k + n), (stmt.out, m + n)):
                assert len(o.shape) == 1 + own, "an operand's axes are those that are counted"
                self.operand(o, bound)
        elif isinstance(stmt, Callback | Call):
            for o in (*stmt.args, *stmt.outs):
                self.operand(o, bound)
        else:
            self.region(stmt, bound)

    def region(self, stmt: For | While | Branch, bound: frozenset[Atom]) -> None:
        if isinstance(stmt, For):
            bound = self.bind(bound, (stmt.axis,))
        for name in loops.reads(loops.with_blocks(stmt, [[] for _ in loops.blocks(stmt)])):
            assert name in self.program.buffers, f"no buffer {name}"
        for block in loops.blocks(stmt):
            self.block(block, bound)

    def bind(self, bound: frozenset[Atom], axes: tuple[Atom, ...]) -> frozenset[Atom]:
        for a in axes:
            assert a not in bound, f"the axis {a} is bound twice"
        assert len(set(axes)) == len(axes), "one axis twice in a loop"
        return bound | set(axes)

    def kernel(self, kernel: Kernel, bound: frozenset[Atom]) -> None:
        outer = self.bind(bound, kernel.axes)
        inner = self.bind(outer, kernel.reduce)
        assert kernel.stores or kernel.reductions, "a kernel that does nothing"
        for s in kernel.stores:
            self.access(s.buffer, s.offset, s.value.dtype, inner, outer_too=True)
            assert s.mask is None or s.mask.dtype == "bool", "a mask is not a boolean"
        for r in kernel.reductions:
            self.access(r.buffer, r.offset, None, inner if r.prefix else outer, outer_too=True)
        for node in loops.kernel_nodes(kernel):
            self.node(node, inner)

    def node(self, node: Node, bound: frozenset[Atom]) -> None:
        assert node.deps <= bound, f"{node.op} uses an axis that no loop binds"
        if node.op == "load":
            self.access(node.data[0], node.data[1], node.dtype, bound, outer_too=False)

    def access(
        self,
        name: str,
        offset: Index,
        dtype: str | None,
        bound: frozenset[Atom],
        outer_too: bool,
    ) -> None:
        assert name in self.program.buffers, f"no buffer {name}"
        buffer = self.program.buffers[name]
        assert dtype in (None, buffer.dtype), f"{name} holds {buffer.dtype}, not {dtype}"
        assert expr.index_deps(offset) <= bound, f"{name} is accessed along an unbound axis"
        # Reads under a guard may reach out; writes never.
        if outer_too:
            lo, hi = bounds(offset)
            assert lo >= 0 and hi < max(buffer.size, 1), f"{name}[{lo}..{hi}] of {buffer.size}"

    def operand(self, o: Operand, bound: frozenset[Atom]) -> None:
        assert o.buffer in self.program.buffers, f"no buffer {o.buffer}"
        assert expr.index_deps(o.offset) <= bound, f"{o.buffer} is accessed along an unbound axis"
        last = bounds(o.offset)[1]
        for n, s in zip(o.shape, o.strides, strict=True):
            last += max(n - 1, 0) * s
        size = self.program.buffers[o.buffer].size
        assert 0 in o.shape or last < max(size, 1), f"{o.buffer} up to {last} of {size}"
