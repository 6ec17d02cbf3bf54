"""Kernels as loops of LLVM instructions: vectorized along one axis, or unrolled altogether."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import product

from . import expr, monoid, prefix
from .carried import CarriedStates, States, in_bytes
from .emit_value import Emitter, Frame, Mask, Operand
from .expr import Node
from .index import Atom
from .loops import Kernel, Nest, Reduction, Store, kernel_nodes, kernel_roots, kernel_writes
from .monoid import State
from .scalar import FLOATS, lower
from .schedule import Plan
from .text import WIDTHS, constant, ir_type, mangle, vector

# Reduced axes of so few elements have no loop.
SHORT = 4


def emit_nest(
    frame: Frame, nest: Nest, dtypes: dict[str, str], plan: Callable[[Kernel], Plan]
) -> None:
    """The kernels of a nest inside its outer loops."""
    written = {b for k in nest.kernels for b, _ in kernel_writes(k)}
    with ExitStack() as loops:
        for axis in nest.axes:
            frame.axes[axis] = loops.enter_context(frame.f.loop(*frame.span(axis)))
        for kernel in nest.kernels:
            KernelEmitter(frame, kernel, plan(kernel), dtypes).run()
            frame.forget(list(written))


def emit_unrolled(frame: Frame, nest: Nest, dtypes: dict[str, str]) -> None:
    """The same with every axis a number: straight-line code."""
    for outer in product(*[range(a.extent) for a in nest.axes]):
        frame.axes.update(zip(nest.axes, outer, strict=True))
        for kernel in nest.kernels:
            writer = KernelEmitter(frame, kernel, Plan(None, 1, 1, False, 0), dtypes)
            for point in product(*[range(a.extent) for a in kernel.axes]):
                frame.axes.update(zip(kernel.axes, point, strict=True))
                writer.point()


class KernelEmitter:
    """Writes one kernel."""

    def __init__(self, frame: Frame, kernel: Kernel, plan: Plan, dtypes: dict[str, str]) -> None:
        self.frame = frame
        self.f = frame.f
        self.kernel = kernel = in_bytes(kernel) if plan.axis is not None else kernel
        self.plan = plan
        self.dtypes = dtypes
        self.roots = kernel_roots(kernel)
        self.unsafe = self._unsafe()
        # The dtype of positions.
        near = all(a.extent < 1 << 31 for a in kernel.reduce)
        wide = any(WIDTHS[r.dtype] == 64 for r in kernel.reductions)
        self.place = "int32" if near and not wide else "int64"

    def _unsafe(self) -> set[Node]:
        """Nodes that read what the kernel writes: not to be moved out of its loops."""
        written = {b for b, _ in kernel_writes(self.kernel)}
        unsafe: set[Node] = set()
        for node in kernel_nodes(self.kernel):
            if node.op == "load" and node.data[0] in written:
                unsafe.add(node)
            elif any(c in unsafe for c in expr.children(node)):
                unsafe.add(node)
        return unsafe

    # Straight-line code

    def point(self) -> None:
        """One point of the kept axes with constant axes, the reduced ones unrolled."""
        states = [self.before(r) for r in self.kernel.reductions]
        em = Emitter(self.frame)
        for at in product(*[range(a.extent) for a in self.kernel.reduce]):
            self.frame.axes.update(zip(self.kernel.reduce, at, strict=True))
            em = Emitter(self.frame)
            for k, (r, old) in enumerate(zip(self.kernel.reductions, states, strict=True)):
                states[k] = self.element(em, r) if old is None else self.absorbed(em, r, old, 1)
            self.store_all(em)
            for r, state in zip(self.kernel.reductions, states, strict=True):
                if r.prefix:
                    self.finish(em, r, state)
        for r, state in zip(self.kernel.reductions, states, strict=True):
            if not r.prefix:
                self.finish(em, r, state or monoid.start(r.op, r.dtype, self.place, 1))

    def before(self, r: Reduction) -> State | None:
        """The state before the first element where that is not the first element: 0 + -0 is 0."""
        sums = r.op == "add" and r.dtype in FLOATS and not r.prefix
        return monoid.start(r.op, r.dtype, self.place, 1) if sums else None

    # Loops

    def run(self) -> None:
        """The kernel's loops, the vectorized axis innermost among those of its kind."""
        plan, kernel = self.plan, self.kernel
        free = [a for a in kernel.axes if a is not plan.axis]
        inner_first = plan.axis in kernel.axes
        em = Emitter(self.frame)
        with ExitStack() as loops:
            if plan.strip and plan.axis is not None:
                loops.enter_context(self.strips(plan.axis, plan.strip))
            todo = [*free, *([plan.axis] if inner_first and plan.axis else []), *kernel.reduce]
            for k, axis in enumerate(free):
                em = self.hoisted(em, todo[k:])
                self.frame.axes[axis] = loops.enter_context(self.f.loop(*self.frame.span(axis)))
                em = em.inner()
            em = self.hoisted(em, todo[len(free) :])
            if inner_first and plan.axis is not None:
                self.vector_loop(em, plan.axis, self.column)
            elif plan.axis is not None and kernel.reductions and kernel.reductions[0].prefix:
                self.prefix_vector(em, plan.axis)
            elif plan.axis is not None:
                self.reduce_vector(em, plan.axis)
            else:
                self.column(em)

    @contextmanager
    def strips(self, axis: Atom, length: int) -> Iterator[None]:
        """An outer loop over strips of the vectorized axis: what other axes read side by side is
        still in cache when they come to it."""
        begin, end = self.frame.span(axis)
        outer = self.frame.spans.get(axis)
        with self.f.loop(begin, end, length) as i:
            following = self.f.line(f"add nsw i64 {i}, {length}")
            stop = self.f.line(f"call i64 @llvm.smin.i64(i64 {following}, i64 {end})")
            self.frame.spans[axis] = (i, stop)
            yield
        if outer is None:
            del self.frame.spans[axis]
        else:
            self.frame.spans[axis] = outer

    def hoisted(self, em: Emitter, inside: list[Atom]) -> Emitter:
        """Compute what does not depend on the axes inside."""
        axes = frozenset(inside)
        seen: set[Node] = set()
        stack = list(self.roots)
        while stack:
            node = stack.pop()
            if node in seen or node.op == "const":
                continue
            seen.add(node)
            if node.deps.isdisjoint(axes) and node not in self.unsafe:
                em.value(node)
            elif node.op != "guard":
                stack.extend(expr.children(node))
        return em

    def vector_loop(self, em: Emitter, axis: Atom, body: Callable[[Emitter], None]) -> None:
        """The axis in steps of the lanes; what remains under a mask, or with some lanes again."""
        lanes, n = self.plan.lanes, axis.extent
        rest = n % lanes
        whole = n - rest
        begin, end = self.frame.span(axis)
        if self.plan.heavy and rest and whole:
            again = self.plan.again and axis not in self.frame.spans
            with self.f.loop(begin, end, lanes) as i:
                if again:
                    # The last vector begins earlier, and ends with the axis. Where threads share
                    # the axis they would write the same elements.
                    i = self.f.line(f"call i64 @llvm.smin.i64(i64 {i}, i64 {n - lanes})")
                self.at(em, axis, i, None if again else self.lanes_below(i, n), body)
            return
        if isinstance(end, str):
            self.part(em, axis, begin, end, body)
            return
        if whole == lanes:
            self.at(em, axis, 0, None, body)
        elif whole:
            with self.f.loop(0, whole, lanes) as i:
                self.at(em, axis, i, None, body)
        if rest:
            self.at(em, axis, whole, self.first_lanes(rest), body)

    def part(
        self, em: Emitter, axis: Atom, begin: Operand, end: str, body: Callable[[Emitter], None]
    ) -> None:
        """A part of the axis that begins at a multiple of the lanes, and ends at one or with it."""
        lanes, n = self.plan.lanes, axis.extent
        rest = n % lanes
        stop = end
        if rest:
            last = self.f.line(f"icmp eq i64 {end}, {n}")
            stop = self.f.line(f"select i1 {last}, i64 {n - rest}, i64 {end}")
        with self.frame.perhaps(), self.f.loop(begin, stop, lanes) as i:
            self.at(em, axis, i, None, body)
        if rest:
            with self.frame.perhaps(), self.f.if_(last):
                self.at(em, axis, n - rest, self.first_lanes(rest), body)

    def at(
        self, em: Emitter, axis: Atom, i: Operand, mask: str | None, body: Callable[[Emitter], None]
    ) -> None:
        """The body for the lanes from i on."""
        self.frame.axes[axis] = i
        body(em.inner(axis, self.plan.lanes, Mask(em.mask.scalar, mask)))

    def first_lanes(self, n: int) -> str:
        """A mask of the first n lanes."""
        bits = ", ".join(f"i1 {'true' if k < n else 'false'}" for k in range(self.plan.lanes))
        return f"<{bits}>"

    def lanes_below(self, i: str, n: int) -> str:
        """A mask of the lanes from i on that are below n."""
        lanes = self.plan.lanes
        steps = ", ".join(f"i32 {k}" for k in range(lanes))
        left = self.f.line(f"sub i64 {n}, {i}")
        if n >= 1 << 31:
            left = self.f.line(f"call i64 @llvm.smin.i64(i64 {left}, i64 {lanes})")
        wide = Emitter(self.frame, None, lanes).splat(
            self.f.line(f"trunc i64 {left} to i32"), "i32"
        )
        return self.f.line(f"icmp sgt {vector('i32', lanes)} {wide}, <{steps}>")

    def column(self, em: Emitter) -> None:
        """The reduced axes in scalar loops, each state as wide as the emitter."""
        kernel = self.kernel
        if not kernel.reduce:
            values = [self.element(em, r) for r in kernel.reductions]
            self.store_all(em)
            for r, v in zip(kernel.reductions, values, strict=True):
                self.finish(em, r, v)
            return
        widths = [self.width(em, r) for r in kernel.reductions]
        first = [
            monoid.start(r.op, r.dtype, self.place, w)
            for r, w in zip(kernel.reductions, widths, strict=True)
        ]

        def body(inner: Emitter, states: States) -> States:
            new = [
                self.absorbed(inner, r, s, w)
                for r, s, w in zip(kernel.reductions, states, widths, strict=True)
            ]
            self.store_all(inner)
            for r, s in zip(kernel.reductions, new, strict=True):
                if r.prefix:
                    self.finish(inner, r, s)
            return new

        states = self.nested(em, list(kernel.reduce), first, widths, body)
        for r, s in zip(kernel.reductions, states, strict=True):
            if not r.prefix:
                self.finish(em, r, s)

    def nested(
        self,
        em: Emitter,
        axes: list[Atom],
        states: States,
        widths: list[int],
        body: Callable[[Emitter, States], States],
    ) -> States:
        """Loops over axes that carry states."""
        if not axes:
            return body(em, states)
        # The vectorized axis, where it is reduced, is the innermost loop.
        em = self.hoisted(em, [*axes, *(a for a in self.kernel.reduce if a is self.plan.axis)])
        if axes[0].extent <= SHORT:
            for k in range(axes[0].extent):
                self.frame.axes[axes[0]] = k
                states = self.nested(em.inner(em.axis, em.lanes), axes[1:], states, widths, body)
            return states
        with self.carried(0, axes[0].extent, 1, states, widths) as loop:
            self.frame.axes[axes[0]] = loop.index
            inner = em.inner(em.axis, em.lanes)
            loop.states = self.nested(inner, axes[1:], loop.states, widths, body)
        return loop.results

    def carried(
        self, begin: Operand, end: Operand, step: int, states: States, widths: list[int]
    ) -> CarriedStates:
        """A loop that carries states."""
        reductions = self.kernel.reductions
        return CarriedStates(self.f, reductions, self.place, begin, end, step, states, widths)

    def reduce_vector(self, em: Emitter, axis: Atom) -> None:
        """The vectorized axis is a reduced one: states side by side, combined at the end."""
        lanes, unroll = self.plan.lanes, self.plan.unroll
        reductions = self.kernel.reductions
        widths = [lanes] * len(reductions) * unroll
        first = [
            monoid.start(r.op, r.dtype, self.place, lanes)
            for _ in range(unroll)
            for r in reductions
        ]
        outer = [a for a in self.kernel.reduce if a is not axis]

        def body(inner: Emitter, states: States) -> States:
            return self.chunks(inner, axis, states)

        states = self.nested(em, outer, first, widths, body)
        for k, r in enumerate(reductions):
            mine = states[k :: len(reductions)]
            while len(mine) > 1:
                mine = [
                    self.combine(r, mine[j], mine[j + 1], lanes) if j + 1 < len(mine) else mine[j]
                    for j in range(0, len(mine), 2)
                ]
            self.finish(em, r, monoid.across(self.f, r.op, r.dtype, self.place, mine[0], lanes))

    def prefix_vector(self, em: Emitter, axis: Atom) -> None:
        """Partial results along the vectorized axis: states hold the last one in every lane."""
        lanes, reductions = self.plan.lanes, self.kernel.reductions
        states = [monoid.start(r.op, r.dtype, self.place, lanes) for r in reductions]
        em = self.hoisted(em, [axis])
        rest = axis.extent % lanes
        if main := axis.extent - rest:
            with self.carried(0, main, lanes, states, [lanes] * len(states)) as loop:
                loop.states = self.partial(em, axis, loop.index, None, loop.states)
            states = loop.results
        if rest:
            self.partial(em, axis, main, self.first_lanes(rest), states)

    def partial(
        self, em: Emitter, axis: Atom, i: Operand, mask: str | None, states: States
    ) -> States:
        """Store the results of the lanes from i on; the states after them."""
        lanes = self.plan.lanes
        self.frame.axes[axis] = i
        inner, new = em.inner(axis, lanes, Mask(em.mask.scalar, mask)), []
        for r, before in zip(self.kernel.reductions, states, strict=True):
            found = self.element(inner, r)
            found = found if mask is None else self.masked(r, found, mask)
            found = (prefix.within(self.f, r.op, r.dtype, found[0], lanes),)
            found = self.combine(r, before, found, lanes)
            self.finish(inner, r, found)
            new.append((prefix.last(self.f, r.dtype, found[0], lanes),))
        return new

    def chunks(self, em: Emitter, axis: Atom, states: States) -> States:
        """One sweep over the vectorized reduced axis."""
        lanes, unroll, n = self.plan.lanes, self.plan.unroll, axis.extent
        count = len(self.kernel.reductions)
        widths = [lanes] * len(states)
        em = self.hoisted(em, [axis])
        step = lanes * unroll
        main = n - n % step
        if self.plan.heavy and n % lanes and n > lanes:
            main = 0
        if main:
            with self.carried(0, main, step, states, widths) as loop:
                new: States = []
                for u in range(unroll):
                    i = self.f.line(f"add i64 {loop.index}, {u * lanes}") if u else loop.index
                    mine = loop.states[u * count : (u + 1) * count]
                    new.extend(self.absorb(em, axis, i, None, mine))
                loop.states = new
            states = loop.results
        last = n % lanes
        whole = n if self.plan.heavy else n - last
        if whole - main >= lanes:
            states = self.singles(em, axis, main, whole, states)
            main = whole
        if main < n:
            mask = self.first_lanes(n - main) if n - main < lanes else None
            states = [*self.absorb(em, axis, main, mask, states[:count]), *states[count:]]
        return states

    def singles(self, em: Emitter, axis: Atom, begin: int, end: int, states: States) -> States:
        """A part of the vectorized reduced axis by one vector at a time, into the first states."""
        lanes, count = self.plan.lanes, len(self.kernel.reductions)
        with self.carried(begin, end, lanes, states[:count], [lanes] * count) as loop:
            mask = self.lanes_below(loop.index, end) if end % lanes else None
            loop.states = self.absorb(em, axis, loop.index, mask, loop.states)
        return [*loop.results, *states[count:]]

    def absorb(
        self, em: Emitter, axis: Atom, i: Operand, mask: str | None, states: States
    ) -> States:
        """The states after the lanes from i on."""
        lanes = self.plan.lanes
        self.frame.axes[axis] = i
        inner = em.inner(axis, lanes, Mask(em.mask.scalar, mask))
        pairs = list(zip(self.kernel.reductions, states, strict=True))
        if mask is None:
            new = [self.absorbed(inner, r, s, lanes) for r, s in pairs]
        else:
            new = [
                self.later(r, s, self.masked(r, self.element(inner, r), mask), lanes)
                for r, s in pairs
            ]
        self.store_all(inner)
        return new

    def absorbed(self, em: Emitter, r: Reduction, state: State, lanes: int) -> State:
        """The state after one more element; a product is added without rounding it first."""
        if r.op != "add" or r.value.op != "mul" or r.dtype not in ("float32", "float64"):
            return self.later(r, state, self.element(em, r), lanes)
        a, b = [em.lanes_of(x) for x in r.value.args]
        type_ = ir_type(r.dtype, lanes)
        suffix = mangle(ir_type(r.dtype), lanes)
        return (self.f.intrinsic(f"fma.{suffix}", type_, a, b, state[0]),)

    def masked(self, r: Reduction, state: State, mask: str) -> State:
        """The neutral state in lanes that the mask leaves out."""
        lanes = self.plan.lanes
        start = monoid.start(r.op, r.dtype, self.place, lanes)
        types = monoid.types(r.op, r.dtype, self.place, lanes)
        return tuple(
            [
                self.f.line(f"select {vector('i1', lanes)} {mask}, {t} {x}, {t} {n}")
                for t, x, n in zip(types, state, start, strict=True)
            ]
        )

    # Elements

    def width(self, em: Emitter, r: Reduction) -> int:
        """The lanes of a reduction's state under an emitter."""
        return em.lanes if em.axis is not None else 1

    def element(self, em: Emitter, r: Reduction) -> State:
        """The state of one element, as wide as the emitter."""
        value = em.lanes_of(r.value)
        if not r.op.startswith("arg"):
            return (value,)
        if not self.kernel.reduce:
            return (value, constant(self.place, 0, em.lanes))
        (axis,) = self.kernel.reduce
        wide = em.axis is axis
        at = em.index_lanes(axis.index) if wide else str(em.index(axis.index))
        lanes = em.lanes if wide else 1
        at = lower(self.f, "convert_element_type", [at], ["int64"], self.place, lanes, {})
        return (value, at if wide or em.lanes == 1 else em.splat(at, ir_type(self.place)))

    def combine(self, r: Reduction, a: State, b: State, lanes: int) -> State:
        return monoid.combine(self.f, r.op, r.dtype, self.place, a, b, lanes)

    def later(self, r: Reduction, a: State, b: State, lanes: int) -> State:
        """`combine` for elements in their order. Of partial results each one is a result."""
        if r.prefix:
            return self.combine(r, a, b, lanes)
        return monoid.absorb(self.f, r.op, r.dtype, self.place, a, b, lanes)

    def finish(self, em: Emitter, r: Reduction, state: State | None) -> None:
        """Store a state as an element of the result."""
        assert state is not None
        wide = r.prefix or em.axis not in self.kernel.reduce
        lanes = em.lanes if em.axis is not None and wide else 1
        dtype = self.dtypes[r.buffer]
        value, source = state[-1], self.place if r.op.startswith("arg") else r.dtype
        value = lower(self.f, "convert_element_type", [value], [source], dtype, lanes, {})
        em.store(r.buffer, r.offset, dtype, value, lanes > 1)

    def store_all(self, em: Emitter) -> None:
        """The kernel's stores: all values first, so that they read what stood there before."""
        stores = self.kernel.stores
        values = [em.value(s.value) for s in stores]
        whole = em.axis is not None and em.lanes_mask() is None
        done = em.store_records(stores, values) if whole else set()
        for k, (s, value) in enumerate(zip(stores, values, strict=True)):
            if k in done:
                continue
            if s.combine is None and s.mask is None:
                em.store(s.buffer, s.offset, s.value.dtype, value, em.varies(s.value))
            else:
                self.update(em, s)

    def update(self, em: Emitter, s: Store) -> None:
        """A store under a condition, or one that combines with what is there."""
        wide = em.axis is not None and em.axis in expr.index_deps(s.offset)
        if s.mask is not None and not em.varies(s.mask):
            with self.f.if_(em.value(s.mask)):
                known = self.frame.known
                self.frame.known = {}
                self._update(em.inner(em.axis, em.lanes), s, wide)
                known.pop(s.buffer, None)
                self.frame.known = known
            return
        if s.mask is not None:
            test = em.value(s.mask)
            lanes = em._both(em.mask.lanes, test, em.lanes)
            inner = em.inner(em.axis, em.lanes, Mask(em.mask.scalar, lanes))
            self._update(inner, s, wide)
            return
        self._update(em, s, wide)

    def _update(self, em: Emitter, s: Store, wide: bool) -> None:
        dtype = s.value.dtype
        value = em.lanes_of(s.value) if wide else em.value(s.value)
        if s.combine is not None:
            old = Emitter(self.frame, em.axis, em.lanes, em.mask)
            old.memo, old.indices = em.memo, em.indices
            node = Node("load", dtype, (), (s.buffer, s.offset), expr.index_deps(s.offset))
            before = old.lanes_of(node) if wide else old.value(node)
            em.memo.pop(node, None)
            lanes = em.lanes if wide else 1
            value = lower(self.f, s.combine, [before, value], [dtype, dtype], dtype, lanes, {})
        em.store(s.buffer, s.offset, dtype, value, wide)
