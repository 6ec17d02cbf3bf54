"""The loop IR as text."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from . import expr
from .expr import Node
from .index import Atom, Index
from .loops import (
    Block,
    Branch,
    Buffer,
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
    kernel_nodes,
    kernel_roots,
)

MONOID_SIGNS = {"add": "+=", "mul": "*=", "max": "max=", "min": "min="}


class Printer:
    """Names axes in the order in which they appear, and buffers by a table or their own names."""

    def __init__(self, buffers: dict[str, str] | None = None) -> None:
        self.names: dict[Atom, str] = {}
        self.buffers = buffers or {}
        self.temps: dict[Node, str] = {}

    def axis(self, atom: Atom) -> str:
        """The name of an axis."""
        name = self.names.get(atom)
        if name is None:
            name = self.names[atom] = f"i{len(self.names)}"
        return name

    def buffer(self, name: str) -> str:
        """The name of a buffer."""
        return self.buffers.get(name, name)

    def index(self, index: Index) -> str:
        """3*i0 + i1 + 2."""
        parts = []
        for atom, k in index[1]:
            parts.append(self.atom(atom) if k == 1 else f"{k}*{self.atom(atom)}")
        if index[0] or not parts:
            parts.append(str(index[0]))
        return " + ".join(parts)

    def atom(self, atom: Atom) -> str:
        """An axis, (x)//n, (x)%n or {value}."""
        if atom.kind == "axis":
            return self.axis(atom)
        if atom.kind == "dyn":
            return f"{{{self.node(atom.of)} in {atom.lo}..{atom.hi}}}"
        return f"({self.index(atom.of)}){'//' if atom.kind == 'div' else '%'}{atom.by}"

    def node(self, node: Node) -> str:
        """The expression of a node."""
        found = self.temps.get(node)
        if found is not None:
            return found
        if node.op == "load":
            buffer, offset = node.data
            return f"{self.buffer(buffer)}[{self.index(offset)}]"
        if node.op == "const":
            return f"{node.dtype}:{expr.number(node)!s}"
        if node.op == "iota":
            return f"{node.dtype}({self.index(node.data)})"
        args = [self.node(a) for a in node.args]
        if node.op == "guard":
            tests = " and ".join([f"{lo} <= {self.index(i)} < {hi}" for i, lo, hi in node.data])
            return f"({args[0]} if {tests} else {args[1]})"
        params = [f"{k}={_param(v)}" for k, v in node.data or ()]
        return f"{node.op}:{node.dtype}({', '.join([*args, *params])})"

    def shared(self, kernel: Kernel) -> list[str]:
        """Lines that name the values used more than once."""
        order = kernel_nodes(kernel)
        uses = Counter(kernel_roots(kernel))
        for node in order:
            for child in expr.children(node) if node.op in expr.INDEXED else node.args:
                uses[child] += 1
        lines = []
        for node in order:
            if uses[node] > 1 and node.op not in ("const", "iota", "load"):
                text = self.node(node)
                name = f"v{len(self.temps)}"
                lines.append(f"{name} = {text}")
                self.temps[node] = name
        return lines

    # Statements

    def kernel(self, kernel: Kernel) -> list[str]:
        """for ...: and what stands inside."""
        head = [f"{self.axis(a)}:{a.extent}" for a in kernel.axes]
        over = [f"{self.axis(a)}:{a.extent}" for a in kernel.reduce]
        self.temps = {}
        words = ["for", *head, *(["over", *over] if over else [])]
        first = " ".join([*words, *(["in order"] if kernel.ordered else [])])
        lines = [f"  {t}" for t in self.shared(kernel)]
        for s in kernel.stores:
            sign = MONOID_SIGNS.get(s.combine, f"{s.combine}=") if s.combine else "="
            where = f" where {self.node(s.mask)}" if s.mask is not None else ""
            lines.append(f"  {self.place(s.buffer, s.offset)} {sign} {self.node(s.value)}{where}")
        for r in kernel.reductions:
            kind = "running " if r.prefix else ""
            lines.append(
                f"  {self.place(r.buffer, r.offset)} = {kind}{r.op}:{r.dtype} {self.node(r.value)}"
            )
        return [first, *lines]

    def place(self, buffer: str, offset: Index) -> str:
        """An element of a buffer."""
        return f"{self.buffer(buffer)}[{self.index(offset)}]"

    def nest(self, nest: Nest) -> list[str]:
        """The kernels, inside the common loops if there are any."""
        lines: list[str] = []
        if nest.axes:
            lines.append("nest " + " ".join([f"{self.axis(a)}:{a.extent}" for a in nest.axes]))
        for kernel in nest.kernels:
            lines.extend(_indented(self.kernel(kernel)) if nest.axes else self.kernel(kernel))
        return lines

    def operand(self, o: Operand) -> str:
        """buffer[offset] shape/strides."""
        shape = ",".join([f"{n}:{s}" for n, s in zip(o.shape, o.strides, strict=True)])
        return f"{self.place(o.buffer, o.offset)}<{shape}>"

    def statement(self, stmt: Stmt) -> list[str]:
        """The lines of a statement."""
        if isinstance(stmt, Nest):
            return self.nest(stmt)
        if isinstance(stmt, Gemm):
            a, b, out = self.operand(stmt.a), self.operand(stmt.b), self.operand(stmt.out)
            return [f"{out} = gemm:{stmt.dtype} {a} {b}"]
        if isinstance(stmt, Contraction):
            a, b, out = self.operand(stmt.a), self.operand(stmt.b), self.operand(stmt.out)
            counts = ".".join(map(str, stmt.counts))
            return [f"{out} = contraction:{stmt.dtype}:{counts} {a} {b}"]
        if isinstance(stmt, Callback | Call):
            outs = ", ".join([self.operand(o) for o in stmt.outs])
            args = ", ".join([self.operand(o) for o in stmt.args])
            plan = "" if isinstance(stmt, Callback) else ":" + ".".join(map(str, stmt.plan))
            what = "callback" if isinstance(stmt, Callback) else "call"
            return [f"{outs} = " * bool(outs) + f"{what} {stmt.name}{plan}({args})"]
        if isinstance(stmt, For):
            return [f"loop {self.axis(stmt.axis)}:{stmt.axis.extent}", *self.block(stmt.body)]
        if isinstance(stmt, While):
            return [
                "while",
                *self.block(stmt.cond),
                f"  test {self.buffer(stmt.test)}",
                "do",
                *self.block(stmt.body),
            ]
        assert isinstance(stmt, Branch)
        lines = [f"switch {self.buffer(stmt.index)}"]
        for k, block in enumerate(stmt.branches):
            lines += [f"case {k}", *self.block(block)]
        return lines

    def block(self, block: Block) -> list[str]:
        """The lines of a block, indented."""
        return _indented([line for s in block for line in self.statement(s)])


def _indented(lines: list[str]) -> list[str]:
    return ["  " + line for line in lines]


def _param(value: Any) -> str:
    return getattr(value, "name", None) or str(value)


def program(p: Program) -> str:
    """The text of a program: buffers, then statements. `parse.program` reads it."""
    lines = []
    for b in p.buffers.values():
        place = f" at {b.place}" if b.kind == "temp" and b.place >= 0 else ""
        number = f" {b.number}" if b.number >= 0 else ""
        number += f" by {b.step} x {b.turns}" if b.step else ""
        lines.append(f"{b.kind} {b.name}: {b.dtype}[{b.size}]{number}{place}")
    printer = Printer()
    for stmt in p.body:
        lines.extend(printer.statement(stmt))
    return "\n".join(lines) + "\n"


def nest_key(
    nest: Nest,
    buffers: Sequence[str],
    axes: Sequence[Atom],
    dtypes: dict[str, str],
    rows: Sequence[Buffer],
) -> str:
    """What two nests that may share a function have in common."""
    names = {b: f"b{k}" for k, b in enumerate(buffers)}
    names.update({b.name: f"r{k}:{b.dtype}[{b.size}]" for k, b in enumerate(rows)})
    printer = Printer(names)
    for a in axes:
        printer.axis(a)
    types = " ".join([dtypes[b] for b in buffers])
    return "\n".join([types, str(len(axes)), *printer.nest(nest)])
