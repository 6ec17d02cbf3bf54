"""A program of the loop IR as one LLVM module: the entry, and a function for each big nest.

Equal nests, whatever their buffers, share one function.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from . import expr, loops, parts, show, steps
from .coalesce import copied
from .compiled import ENTRY
from .emit_kernel import emit_nest, emit_unrolled
from .emit_value import Emitter, Frame
from .index import Atom
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
)
from .parallel import Sharing, share, share_steps, shared
from .products import Products
from .schedule import (
    UNROLL_ENTRY,
    UNROLL_LATE,
    UNROLL_OUTSIDE,
    UNROLL_TOTAL,
    UNROLL_WORK,
    Plan,
    block_work,
    choose,
    halved,
    is_repeatable,
    narrow,
    nest_work,
    unrolled_work,
)
from .steps import Steps
from .text import Function, Module, memory_type

PARAMS = "args", "outs", "scratch", "externals"
# A nest of less work that is all of a program needs no function of its own, in additions.
WORTH_A_FUNCTION = 1e5
# Loops of more work than this, in additions, can be interrupted: they ask after so much of it.
LONG_WORK = 1e8
ASK_WORK = 1 << 20


class ProgramEmitter:
    """Writes one program."""

    def __init__(
        self,
        program: Program,
        vector_bytes: int,
        library: Mapping[str, str] | None = None,
        narrow: bool = False,
        halves: bool = False,
    ) -> None:
        self.program = program
        self.vector_bytes = vector_bytes
        self.halves = halves
        self.narrow = narrow
        self.module = Module(library)
        self.dtypes = {b.name: b.dtype for b in program.buffers.values()}
        self.shared: dict[str, str] = {}
        # How threads share the functions of nests.
        self.sharings: dict[str, Sharing | None] = {}
        self.products = Products(program.body, vector_bytes)
        self.callbacks: list[Callback] = []
        self.plans: dict[tuple[int, ...], str] = {}
        self.depth = 0
        self.unrolled = 0

    def run(self) -> Module:
        """The module."""
        first, *others = parts.cut(self.program.body)
        if not others:
            self.function(ENTRY, first)
            return self.module
        names = [self.function(f"part{k}", b, "internal") for k, b in enumerate([first, *others])]
        self.begin(ENTRY)
        for name in names:
            self.f.check(self.f.call("i32", name, *[("ptr", f"%{p}") for p in PARAMS]))
        self.end()
        return self.module

    def function(self, name: str, block: Block, linkage: str = "") -> str:
        """A function of some of the program's statements."""
        self.begin(name, linkage)
        for stmt in block:
            self.point(stmt)
            self.statement(stmt)
        self.end()
        return name

    def begin(self, name: str, linkage: str = "") -> None:
        """A new function; what others have in registers is not known to it."""
        params = [("ptr", p) for p in PARAMS]
        self.f = Function(self.module, name, params, "i32", linkage=linkage)
        self.frame = Frame(self.f, {})
        self.ticks = ""

    def end(self) -> None:
        self.f.ret("i32", "0")
        self.module.add(self.f)

    def point(self, stmt: Stmt) -> None:
        """Find the buffers of a statement, late: registers that live long are dear to allocate."""
        for name in sorted(loops.reads(stmt) | loops.writes(stmt)):
            buffer = self.program.buffers[name]
            if buffer.kind != "row" and name not in self.frame.pointers:
                self.frame.pointers[name] = self.pointer(buffer)

    def pointer(self, buffer: Buffer) -> str:
        """Where a buffer is."""
        if buffer.kind in ("stack", "row"):
            return self.f.alloca(memory_type(buffer.dtype), max(buffer.size, 1))
        if buffer.kind == "temp":
            return self.f.gep("i8", "%scratch", buffer.place)
        table = "%args" if buffer.kind == "arg" else "%outs"
        slot = self.f.gep("ptr", table, buffer.number)
        return slot if buffer.step else self.f.line(f"load ptr, ptr {slot}")

    def block(self, block: Block) -> None:
        """The statements in order."""
        for stmt in block:
            self.statement(stmt)

    def statement(self, stmt: Stmt) -> None:
        """One statement."""
        if isinstance(stmt, Nest):
            self.nest(stmt)
        elif isinstance(stmt, (Gemm, Contraction)):
            self.products.write(self.frame, stmt)
        elif isinstance(stmt, Callback):
            self.callback(stmt)
        elif isinstance(stmt, Call):
            self.call(stmt)
        elif isinstance(stmt, For):
            self.for_(stmt)
        elif isinstance(stmt, While):
            self.while_(stmt)
        else:
            self.branch(stmt)

    # Nests

    def unrolls(self, nest: Nest) -> bool:
        """Whether a nest becomes straight-line code here."""
        work = unrolled_work(nest)
        limit = UNROLL_WORK if self.depth else UNROLL_OUTSIDE
        if self.unrolled > (UNROLL_TOTAL if self.depth else UNROLL_ENTRY):
            limit = UNROLL_LATE if self.depth else 0
        if work > limit:
            return False
        self.unrolled += work
        return True

    def nest(self, nest: Nest) -> None:
        """Straight-line code for a small nest, a call for a big one."""
        rows = [self.program.buffers[b] for b in sorted(loops.writes(nest))]
        rows = [b for b in rows if b.kind == "row"]
        if self.unrolls(nest):
            self.frame.pointers.update({b.name: self.pointer(b) for b in rows})
            emit_unrolled(self.frame, nest, self.dtypes)
            return
        if self.program.body == [nest] and nest_work(nest) < WORTH_A_FUNCTION:
            self.frame.pointers.update({b.name: self.pointer(b) for b in rows})
            self.loops(self.frame, nest)
            return
        buffers, axes = outside(nest)
        private = {b.name for b in rows}
        buffers = [b for b in buffers if b not in private]
        key = show.nest_key(nest, buffers, axes, self.dtypes, rows)
        key += str([b in pair for pair in self.program.aliases for b in buffers])
        name = self.shared.get(key)
        if name is None:
            name = self.shared[key] = f"nest{len(self.shared)}"
            self.nest_function(name, nest, buffers, axes, rows)
        args = [("ptr", self.frame.pointers[b]) for b in buffers]
        args += [("i64", str(self.frame.axes[a])) for a in axes]
        pair = copied(self.program, nest) if self.program.aliases else None
        if pair is not None and pair in self.program.aliases:
            source, target = (self.frame.pointers[b] for b in pair)
            with self.f.if_(self.f.line(f"icmp ne ptr {source}, {target}")):
                self.call_nest(name, args)
        else:
            self.call_nest(name, args)
        self.frame.forget(list(loops.writes(nest)))

    def loops(self, frame: Frame, nest: Nest) -> None:
        """The loops of a nest."""
        emit_nest(frame, nest, self.dtypes, self.plan)

    def plan(self, kernel: Kernel) -> Plan:
        """How a kernel runs."""
        plan = choose(kernel, self.vector_bytes)
        plan = halved(plan, kernel) if self.halves else plan
        plan = narrow(plan, kernel, self.vector_bytes) if self.narrow else plan
        return replace(plan, again=plan.heavy and is_repeatable(kernel, self.program.aliases))

    def call_nest(self, name: str, args: Sequence[tuple[str, str]]) -> None:
        """A call, by one thread or by several."""
        sharing = self.sharings[name]
        if sharing is None:
            self.f.call("void", name, *args)
        else:
            self.share(name, sharing, args)

    def share(self, name: str, sharing: Sharing, args: Sequence[tuple[str, str]]) -> None:
        """A call whose outermost loop threads share; the arguments travel in a table."""
        f = self.f
        types = [t for t, _ in args]
        self.module.require(f"{name}.block", _block_function(name, types))
        table = f.alloca("i64", len(args))
        for k, (type_, value) in enumerate(args):
            f.effect(f"store {type_} {value}, ptr {f.gep('i64', table, k)}")
        share(f, f"{name}.block", table, sharing.axis.extent, sharing.block)

    def nest_function(
        self,
        name: str,
        nest: Nest,
        buffers: Sequence[str],
        axes: Sequence[Atom],
        rows: Sequence[Buffer],
    ) -> None:
        """The function of a nest on the buffers and the axes of loops around it."""
        params = [*self.pointers(buffers), *[("i64", f"a{k}") for k in range(len(axes))]]
        sharing = self.sharings[name] = shared(nest, self.vector_bytes)
        if sharing is not None:
            params += [("i64", "begin"), ("i64", "end")]
        f = Function(self.module, name, params, linkage="internal")
        frame = Frame(f, {b: f"%b{k}" for k, b in enumerate(buffers)})
        if sharing is not None:
            frame.spans[sharing.axis] = ("%begin", "%end")
        frame.axes.update({a: f"%a{k}" for k, a in enumerate(axes)})
        for b in rows:
            frame.pointers[b.name] = f.alloca(memory_type(b.dtype), b.size)
        self.loops(frame, nest)
        f.ret()
        self.module.add(f)

    # Calls

    def callback(self, stmt: Callback) -> None:
        """A call of a Python function through the runtime."""
        f = self.f
        number = len(self.callbacks)
        self.callbacks.append(stmt)
        self.module.declare("pb_callback", "i32", "ptr", "ptr", "ptr")
        tables = [self.addresses(operands) for operands in (stmt.args, stmt.outs)]
        slot = f.line(f"load ptr, ptr {f.gep('ptr', '%externals', number)}")
        args = [("ptr", slot), ("ptr", tables[0]), ("ptr", tables[1])]
        f.check(f.call("i32", "pb_callback", *args))
        self.frame.forget([o.buffer for o in stmt.outs])

    def addresses(self, operands: Sequence[Operand]) -> str:
        """A table of where operands are."""
        f, em = self.f, Emitter(self.frame)
        table = f.alloca("ptr", max(len(operands), 1))
        for k, o in enumerate(operands):
            address = em.address(o.buffer, em.index(o.offset), self.dtypes[o.buffer])
            f.effect(f"store ptr {address}, ptr {f.gep('ptr', table, k)}")
        return table

    def call(self, stmt: Call) -> None:
        """A call of the runtime: operands, results, and a constant table of what to do."""
        f, name = self.f, f"pb_{stmt.name}"
        self.module.declare(name, "i32", "ptr", "ptr", "ptr")
        plan = self.plans.setdefault(stmt.plan, f"plan{len(self.plans)}")
        values = ", ".join([f"i64 {n}" for n in stmt.plan])
        type_ = f"[{len(stmt.plan)} x i64]"
        self.module.require(plan, f"@{plan} = internal constant {type_} [{values}]")
        tables = [("ptr", self.addresses(operands)) for operands in (stmt.args, stmt.outs)]
        f.check(f.call("i32", name, *tables, ("ptr", f"@{plan}")))
        self.frame.forget([o.buffer for o in stmt.outs])

    # Regions

    def for_(self, stmt: For) -> None:
        """A counted loop, by one thread or by several."""
        changed = [b for s in stmt.body for b in loops.writes(s)]
        self.frame.forget(changed)
        by_threads = None if self.depth else steps.apart(self.program, stmt, self.vector_bytes)
        if by_threads is None:
            self.run_steps(stmt, 0, stmt.axis.extent)
        else:
            self.share_steps(stmt, by_threads)
        self.frame.forget(changed)

    def run_steps(self, stmt: For, begin: str | int, end: str | int) -> None:
        """Steps of a counted loop one after the other."""
        with self.f.loop(begin, end) as i:
            self.frame.axes[stmt.axis] = i
            work = block_work(stmt.body)
            if stmt.axis.extent * work > LONG_WORK:
                self.tick(work)
            with self.turn(stmt, i):
                self.inner(stmt.body)

    @contextmanager
    def turn(self, stmt: For, i: str) -> Iterator[None]:
        """Find the arguments and results of a turn, in the tables of all."""
        touched = sorted(loops.reads(stmt) | loops.writes(stmt)) if not self.depth else []
        tables = {b: self.frame.pointers[b] for b in touched if self.program.buffers[b].step}
        for name, table in tables.items():
            at = self.f.line(f"mul i64 {i}, {self.program.buffers[name].step}")
            self.frame.pointers[name] = self.f.line(f"load ptr, ptr {self.f.gep('ptr', table, at)}")
        yield
        self.frame.pointers.update(tables)

    def share_steps(self, stmt: For, by_threads: Steps) -> None:
        """A counted loop whose steps threads share; where buffers are travels in a table."""
        f, name = self.f, f"steps{len(self.shared)}"
        self.shared[name] = name
        touched = sorted(loops.reads(stmt) | loops.writes(stmt))
        buffers = [b for b in touched if b in self.frame.pointers and b not in by_threads.private]
        self.steps_function(name, stmt, buffers, by_threads.private)
        self.module.require(f"{name}.block", _block_function(name, ["ptr"] * len(buffers), "i32"))
        table = f.alloca("i64", max(len(buffers), 1))
        for k, b in enumerate(buffers):
            f.effect(f"store ptr {self.frame.pointers[b]}, ptr {f.gep('i64', table, k)}")
        share_steps(f, f"{name}.block", table, stmt.axis.extent, by_threads.block)

    def steps_function(
        self, name: str, stmt: For, buffers: Sequence[str], private: frozenset[str]
    ) -> None:
        """The function of some steps on buffers; it gives a status."""
        outer = self.f, self.frame, self.ticks
        params = [*self.pointers(buffers), ("i64", "begin"), ("i64", "end")]
        self.f = Function(self.module, name, params, "i32", linkage="internal")
        self.frame = Frame(self.f, {b: f"%b{k}" for k, b in enumerate(buffers)})
        self.ticks = ""
        for b in sorted(private):
            buffer = self.program.buffers[b]
            self.frame.pointers[b] = self.f.alloca(memory_type(buffer.dtype), max(buffer.size, 1))
        self.run_steps(stmt, "%begin", "%end")
        self.end()
        self.f, self.frame, self.ticks = outer

    def pointers(self, buffers: Sequence[str]) -> list[tuple[str, str]]:
        """Parameters that point to buffers: apart, unless a result takes over an argument."""
        one = {b for pair in self.program.aliases if set(pair) <= set(buffers) for b in pair}
        return [("ptr" if b in one else "ptr noalias", f"b{k}") for k, b in enumerate(buffers)]

    def inner(self, block: Block) -> None:
        """A block whose registers do not reach what follows."""
        known = {b: dict(v) for b, v in self.frame.known.items()}
        self.depth += 1
        self.block(block)
        self.depth -= 1
        self.frame.known = known

    def tick(self, work: float) -> None:
        """Ask now and then, after so much work each time, whether the user wants it to stop."""
        f = self.f
        if not self.ticks:
            self.ticks = f.alloca("i64")
            f.allocas.append(f"  store i64 0, ptr {self.ticks}")
        self.module.declare("pb_check_interrupt", "i32")
        count = f.line(f"add i64 {f.line(f'load i64, ptr {self.ticks}')}, {max(1, int(work))}")
        f.effect(f"store i64 {count}, ptr {self.ticks}")
        with f.if_(f.line(f"icmp ugt i64 {count}, {ASK_WORK}"), self.module.unlikely()):
            f.effect(f"store i64 0, ptr {self.ticks}")
            f.check(f.call("i32", "pb_check_interrupt"))

    def while_(self, stmt: While) -> None:
        """Test at the top."""
        f = self.f
        changed = [b for s in (*stmt.cond, *stmt.body) for b in loops.writes(s)]
        self.frame.forget(changed)
        head, body, after = f.label("while"), f.label("body"), f.label("after")
        f.jump(head)
        f.place(head)
        known = {b: dict(v) for b, v in self.frame.known.items()}
        self.tick(block_work([*stmt.cond, *stmt.body]))
        self.depth += 1
        self.block(stmt.cond)
        test = Emitter(self.frame).value(self.program.graph.load(stmt.test, (0, ()), "bool"))
        f.branch(test, body, after)
        f.place(body)
        self.block(stmt.body)
        self.depth -= 1
        f.jump(head)
        f.place(after)
        self.frame.known = known
        self.frame.forget(changed)

    def branch(self, stmt: Branch) -> None:
        """A switch; the last branch is the default."""
        f = self.f
        changed = [b for block in stmt.branches for s in block for b in loops.writes(s)]
        index = Emitter(self.frame).value(self.program.graph.load(stmt.index, (0, ()), "int32"))
        labels = [f.label("case") for _ in stmt.branches]
        after = f.label("after")
        cases = " ".join([f"i32 {k}, label %{b}" for k, b in enumerate(labels[:-1])])
        f.effect(f"switch i32 {index}, label %{labels[-1]} [ {cases} ]")
        for label, block in zip(labels, stmt.branches, strict=True):
            f.place(label)
            self.inner(block)
            f.jump(after)
        f.place(after)
        self.frame.forget(changed)


def _block_function(name: str, types: Sequence[str], result: str = "void") -> str:
    """What a thread calls: the arguments out of the table, and the loop on its block."""
    lines = [f"define internal {result} @{name}.block(ptr %table, i64 %begin, i64 %end) {{"]
    for k, type_ in enumerate(types):
        lines.append(f"  %p{k} = getelementptr i64, ptr %table, i64 {k}")
        lines.append(f"  %v{k} = load {type_}, ptr %p{k}")
    values = [f"{t} %v{k}" for k, t in enumerate(types)]
    call = f"call {result} @{name}({', '.join([*values, 'i64 %begin', 'i64 %end'])})"
    ends = (
        [f"  {call}", "  ret void"]
        if result == "void"
        else [f"  %r = {call}", f"  ret {result} %r"]
    )
    return "\n".join([*lines, *ends, "}"])


def outside(nest: Nest) -> tuple[list[str], list[Atom]]:
    """The buffers of a nest in the order of their use, and the axes of loops around it."""
    own = {a for k in nest.kernels for a in (*k.axes, *k.reduce)} | set(nest.axes)
    buffers: dict[str, None] = {}
    axes: dict[Atom, None] = {}
    for kernel in nest.kernels:
        for buffer, offset in [*loops.kernel_reads(kernel), *loops.kernel_writes(kernel)]:
            buffers[buffer] = None
            for a in sorted(expr.index_deps(offset), key=lambda a: a.key):
                axes[a] = None
        for root in loops.kernel_roots(kernel):
            for a in sorted(root.deps, key=lambda a: a.key):
                axes[a] = None
    return list(buffers), [a for a in axes if a not in own]
