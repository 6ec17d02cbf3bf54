"""Scalar expressions as LLVM instructions, on one element or on the lanes of a vectorized axis."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from . import index as ix
from . import memory
from .expr import Node, number
from .index import Atom, Index
from .loops import Store
from .scalar import UNSIGNED, lower
from .text import Function, constant, ir_type, memory_type, vector

Operand = str | int
# Strides up to this are read whole.
CLOSE = 4


@dataclass(slots=True)
class Frame:
    """A function being written: where its buffers are and what its axes are worth.

    `known` holds elements of buffers that are in registers, by buffer and constant offset.
    """

    f: Function
    pointers: dict[str, str]
    axes: dict[Atom, Operand] = field(default_factory=dict)
    known: dict[str, dict[int, str]] = field(default_factory=dict)
    # The part of an axis that the function runs over, where it is not all.
    spans: dict[Atom, tuple[str, str]] = field(default_factory=dict)

    def span(self, axis: Atom) -> tuple[Operand, Operand]:
        """Where a loop over an axis begins and ends."""
        return self.spans.get(axis, (0, axis.extent))

    @contextmanager
    def perhaps(self) -> Iterator[None]:
        """Around code that may not run: what is known after was known before, and still is."""
        before = {b: dict(v) for b, v in self.known.items()}
        yield
        for b, elements in before.items():
            now = self.known.get(b, {})
            before[b] = {k: v for k, v in elements.items() if now.get(k) == v}
        self.known = before

    def forget(self, buffers: Sequence[str]) -> None:
        """Elements of these buffers may have changed."""
        for b in buffers:
            self.known.pop(b, None)


@dataclass(slots=True)
class Mask:
    """Where elements may be touched: a condition on everything and one on each lane."""

    scalar: str | None = None
    lanes: str | None = None


def integer(operand: Operand) -> str:
    """An i64 operand as text."""
    return operand if isinstance(operand, str) else str(operand)


def _alone(index: Index) -> Node | None:
    """The number that an index is, where it is one known at run time."""
    if index[0] or len(index[1]) != 1 or index[1][0][1] != 1:
        return None
    atom = index[1][0][0]
    return atom.of if atom.kind == "dyn" and atom.of.dtype != "bool" else None


class Emitter:
    """Writes nodes where the function stands now. With a vector axis, nodes that depend on it have
    `lanes` values, at the axis' values from `frame.axes[axis]` on."""

    def __init__(
        self, frame: Frame, axis: Atom | None = None, lanes: int = 1, mask: Mask | None = None
    ) -> None:
        self.frame = frame
        self.f = frame.f
        self.axis = axis
        self.lanes = lanes
        self.mask = mask or Mask()
        self.memo: dict[Node, str] = {}
        self.splats: dict[Node, str] = {}
        self.indices: dict[Index, Operand] = {}

    def inner(
        self, axis: Atom | None = None, lanes: int = 1, mask: Mask | None = None
    ) -> "Emitter":
        """An emitter for a place that this one's values reach."""
        other = Emitter(self.frame, axis, lanes, mask or self.mask)
        if axis is self.axis:
            other.memo, other.splats = dict(self.memo), dict(self.splats)
        else:
            other.memo = {k: v for k, v in self.memo.items() if not other.varies(k)}
        other.indices = dict(self.indices)
        return other

    def varies(self, node: Node) -> bool:
        """Whether lanes of a node differ."""
        return self.axis is not None and self.axis in node.deps

    # Nodes

    def lanes_of(self, node: Node) -> str:
        """The node's value in every lane."""
        value = self.value(node)
        if self.lanes == 1 or self.varies(node):
            return value
        found = self.splats.get(node)
        if found is None:
            found = self.splats[node] = self.splat(value, ir_type(node.dtype), node)
        return found

    def splat(self, value: str, type_: str, node: Node | None = None) -> str:
        """A scalar in every lane."""
        if node is not None and node.op == "const":
            return self._const(node, self.lanes)
        wide = vector(type_, self.lanes)
        one = self.f.line(f"insertelement {wide} poison, {type_} {value}, i64 0")
        return self.f.line(
            f"shufflevector {wide} {one}, {wide} poison, <{self.lanes} x i32> zeroinitializer"
        )

    def value(self, node: Node) -> str:
        """The operand of a node: a vector if it varies, else a scalar."""
        found = self.memo.get(node)
        if found is None:
            found = self.memo[node] = self._emit(node)
        return found

    def _emit(self, node: Node) -> str:
        if node.op == "const":
            return self._const(node, 1)
        if node.op == "load":
            return self._load(node)
        if node.op == "iota":
            return self._iota(node)
        if node.op == "guard":
            return self._guard(node)
        varies = self.varies(node)
        args = [self.lanes_of(a) if varies else self.value(a) for a in node.args]
        dtypes = [a.dtype for a in node.args]
        lanes = self.lanes if varies else 1
        return lower(self.f, node.op, args, dtypes, node.dtype, lanes, dict(node.data or ()))

    def _const(self, node: Node, lanes: int) -> str:
        return constant(node.dtype, number(node), lanes)

    def _iota(self, node: Node) -> str:
        varies = self.varies(node)
        lanes = self.lanes if varies else 1
        value = self.index_lanes(node.data) if varies else integer(self.index(node.data))
        return lower(self.f, "convert_element_type", [value], ["int64"], node.dtype, lanes, {})

    def _guard(self, node: Node) -> str:
        inside, outside = node.args
        test = self._tests(node.data)
        if isinstance(test, bool):
            return (
                self.lanes_of(inside if test else outside)
                if self.varies(node)
                else self.value(inside if test else outside)
            )
        scalar, lanes = test
        first = self._under(inside, scalar, lanes, node)
        negated_scalar = scalar if lanes is not None else self._not(scalar, 1)
        if lanes is not None and scalar is not None:
            # Outside runs where either fails; only the lanes' condition may be narrowed.
            both = self.f.line(f"and {ir_type('bool', self.lanes)} {self._wide(scalar)}, {lanes}")
            second = self._under(outside, None, self._not(both, self.lanes), node)
            return self._select(node, both, first, second, self.lanes)
        if lanes is not None:
            second = self._under(outside, None, self._not(lanes, self.lanes), node)
            return self._select(node, lanes, first, second, self.lanes)
        second = self._under(outside, negated_scalar, None, node)
        if self.varies(node):
            return self._select(node, self._wide(scalar), first, second, self.lanes)
        return self._select(node, scalar, first, second, 1)

    def _wide(self, scalar: str | None) -> str:
        assert scalar is not None
        return self.splat(scalar, "i1")

    def _select(self, node: Node, test: str | None, a: str, b: str, lanes: int) -> str:
        t = ir_type(node.dtype, lanes)
        return self.f.line(f"select {ir_type('bool', lanes)} {test}, {t} {a}, {t} {b}")

    def _not(self, test: str | None, lanes: int) -> str:
        ones = "true" if lanes == 1 else "splat (i1 true)"
        return self.f.line(f"xor {ir_type('bool', lanes)} {test}, {ones}")

    def _under(self, node: Node, scalar: str | None, lanes: str | None, guard: Node) -> str:
        """A node under a narrower mask, as wide as the guard."""
        mask = Mask(
            self._both(self.mask.scalar, scalar, 1), self._both(self.mask.lanes, lanes, self.lanes)
        )
        inner = Emitter(self.frame, self.axis, self.lanes, mask)
        inner.memo = dict(self.memo)
        inner.splats = dict(self.splats)
        inner.indices = self.indices
        return inner.lanes_of(node) if self.varies(guard) else inner.value(node)

    def _both(self, a: str | None, b: str | None, lanes: int) -> str | None:
        if a is None or b is None:
            return a if b is None else b
        return self.f.line(f"and {ir_type('bool', lanes)} {a}, {b}")

    def _tests(
        self, tests: Sequence[tuple[Index, int, int]]
    ) -> bool | tuple[str | None, str | None]:
        """All tests together: their value if it is known, else conditions (scalar, lanes)."""
        scalar = lanes = None
        for index, lo, hi in tests:
            bounds, varies = ix.bounds(index), self.axis is not None and self._index_varies(index)
            dtype, at = self._place(index, lo, varies)
            if isinstance(at, int):
                if not lo <= at < hi:
                    return False
            elif varies:
                test = self._range(dtype, at, bounds, lo, hi, self.lanes)
                lanes = self._both(lanes, test, self.lanes)
            else:
                scalar = self._both(scalar, self._range(dtype, at, bounds, lo, hi, 1), 1)
        return True if scalar is None and lanes is None else (scalar, lanes)

    def _place(self, index: Index, lo: int, varies: bool) -> tuple[str, Operand]:
        """The dtype and the value of an index. A number alone is compared with 0 as it is."""
        if lo == 0 and (of := _alone(index)) is not None:
            return of.dtype, self.lanes_of(of) if varies else self.value(of)
        return "int64", self.index_lanes(index) if varies else self.index(index)

    def _range(
        self, dtype: str, value: str, bounds: tuple[int, int], lo: int, hi: int, lanes: int
    ) -> str | None:
        """Whether a value is in [lo, hi), as far as its bounds leave that open."""
        (least, most), type_ = bounds, ir_type(dtype, lanes)
        if least < lo and most >= hi:
            # Below lo is above everything without a sign.
            above = (
                self.f.line(f"sub {type_} {value}, {constant(dtype, lo, lanes)}") if lo else value
            )
            return self.f.line(f"icmp ult {type_} {above}, {constant(dtype, hi - lo, lanes)}")
        if least < lo:
            return self.f.line(f"icmp sge {type_} {value}, {constant(dtype, lo, lanes)}")
        if most >= hi:
            sign = "u" if dtype in UNSIGNED else "s"
            return self.f.line(f"icmp {sign}lt {type_} {value}, {constant(dtype, hi, lanes)}")
        return None

    # Indices

    def _index_varies(self, index: Index) -> bool:
        return any(self._atom_varies(t) for t, _ in index[1])

    def _atom_varies(self, atom: Atom) -> bool:
        if atom.kind == "axis":
            return atom is self.axis
        if atom.kind == "dyn":
            return self.varies(atom.of)
        return self._index_varies(atom.of)

    def index(self, index: Index) -> Operand:
        """The value of an index that does not vary; an int where it is known."""
        found = self.indices.get(index)
        if found is None:
            found = self.indices[index] = self._index(index)
        return found

    def _index(self, index: Index) -> Operand:
        const = index[0]
        total: str | None = None
        for atom, k in index[1]:
            value = self._atom(atom)
            if isinstance(value, int):
                const += value * k
                continue
            term = value if k == 1 else self.f.line(f"mul nsw i64 {value}, {k}")
            total = term if total is None else self.f.line(f"add nsw i64 {total}, {term}")
        if total is None:
            return const
        return self.f.line(f"add nsw i64 {total}, {const}") if const else total

    def _atom(self, atom: Atom) -> Operand:
        if atom.kind == "axis":
            return self.frame.axes[atom]
        if atom.kind == "dyn":
            return lower(
                self.f,
                "convert_element_type",
                [self.value(atom.of)],
                [atom.of.dtype],
                "int64",
                1,
                {},
            )
        of = self.index(atom.of)
        if isinstance(of, int):
            return of // atom.by if atom.kind == "div" else of % atom.by
        return self._divided(of, atom, 1)

    def _divided(self, value: str, atom: Atom, lanes: int) -> str:
        by = constant("int64", atom.by, lanes)
        type_ = vector("i64", lanes)
        if ix.bounds(atom.of)[0] >= 0:
            return self.f.line(f"{'udiv' if atom.kind == 'div' else 'urem'} {type_} {value}, {by}")
        # Round down: with b > 0, floor(a / b) = (a - mod) / b with mod in 0..b-1.
        rest = self.f.line(f"srem {type_} {value}, {by}")
        negative = self.f.line(f"icmp slt {type_} {rest}, {constant('int64', 0, lanes)}")
        lifted = self.f.line(f"add {type_} {rest}, {by}")
        mod = self.f.line(
            f"select {vector('i1', lanes)} {negative}, {type_} {lifted}, {type_} {rest}"
        )
        if atom.kind == "mod":
            return mod
        return self.f.line(f"sdiv {type_} {self.f.line(f'sub {type_} {value}, {mod}')}, {by}")

    def index_lanes(self, index: Index) -> str:
        """The value of an index in every lane."""
        fixed = (index[0], tuple([t for t in index[1] if not self._atom_varies(t[0])]))
        total = self.splat(integer(self.index(fixed)), "i64")
        type_ = vector("i64", self.lanes)
        for atom, k in index[1]:
            if not self._atom_varies(atom):
                continue
            value = self._atom_lanes(atom)
            if k != 1:
                value = self.f.line(f"mul {type_} {value}, {constant('int64', k, self.lanes)}")
            total = self.f.line(f"add {type_} {total}, {value}")
        return total

    def _atom_lanes(self, atom: Atom) -> str:
        if atom.kind == "axis":
            steps = ", ".join(f"i64 {k}" for k in range(self.lanes))
            base = self.splat(integer(self.frame.axes[atom]), "i64")
            return self.f.line(f"add {vector('i64', self.lanes)} {base}, <{steps}>")
        if atom.kind == "dyn":
            args = [self.lanes_of(atom.of)]
            return lower(
                self.f, "convert_element_type", args, [atom.of.dtype], "int64", self.lanes, {}
            )
        return self._divided(self.index_lanes(atom.of), atom, self.lanes)

    # Memory

    def stride(self, offset: Index) -> int | None:
        """By how much an offset grows from lane to lane; None where that is not fixed."""
        stride = 0
        for atom, k in offset[1]:
            if atom is self.axis:
                stride = k
            elif self._atom_varies(atom):
                return None
        return stride

    def address(self, buffer: str, offset: Operand, dtype: str) -> str:
        """The address of an element."""
        pointer = self.frame.pointers[buffer]
        return pointer if offset == 0 else self.f.gep(memory_type(dtype), pointer, integer(offset))

    def _load(self, node: Node) -> str:
        buffer, offset = node.data
        f, dtype, lanes = self.f, node.dtype, self.lanes
        if not self.varies(node):
            return self._load_scalar(buffer, offset, dtype)
        stride, mask = self.stride(offset), self.lanes_mask()
        if stride == 1:
            return memory.load_run(f, dtype, self.at(buffer, offset, dtype), lanes, mask)
        if stride == -1:
            last = ix.shift(offset, 1 - lanes)
            return memory.load_reversed(f, dtype, self.at(buffer, last, dtype), lanes, mask)
        if stride is not None and 1 < stride <= CLOSE and mask is None:
            pointer = self.at(buffer, offset, dtype)
            return memory.load_strided(f, dtype, pointer, lanes, stride)
        base = self.frame.pointers[buffer]
        return memory.gather(f, dtype, base, self.index_lanes(offset), lanes, mask)

    def at(self, buffer: str, offset: Index, dtype: str) -> str:
        """The address of the element of lane 0."""
        return self.address(buffer, self.index(offset), dtype)

    def _load_scalar(self, buffer: str, offset: Index, dtype: str) -> str:
        at = self.index(offset)
        known = self.frame.known.get(buffer)
        if known is not None and isinstance(at, int) and at in known:
            return known[at]
        if self.mask.scalar is not None and not isinstance(at, int):
            at = self.f.line(f"select i1 {self.mask.scalar}, i64 {at}, i64 0")
        value = self.f.load(dtype, self.address(buffer, at, dtype))
        if isinstance(at, int) and self.mask.scalar is None:
            self.frame.known.setdefault(buffer, {})[at] = value
        return value

    def lanes_mask(self) -> str | None:
        """Which lanes may be touched, or None for all."""
        if self.mask.scalar is None:
            return self.mask.lanes
        return self._both(self._wide(self.mask.scalar), self.mask.lanes, self.lanes)

    # Stores

    def store(self, buffer: str, offset: Index, dtype: str, value: str, varies: bool) -> None:
        """Write an element, or the lanes of a varying offset."""
        if self.axis is None or not self._index_varies(offset):
            self._store_scalar(buffer, offset, dtype, value)
            return
        if not varies:
            value = self.splat(value, ir_type(dtype))
        f, lanes, mask, stride = self.f, self.lanes, self.lanes_mask(), self.stride(offset)
        if stride == 1:
            memory.store_run(f, dtype, value, self.at(buffer, offset, dtype), lanes, mask)
        elif stride == -1:
            last = ix.shift(offset, 1 - lanes)
            memory.store_reversed(f, dtype, value, self.at(buffer, last, dtype), lanes, mask)
        else:
            base = self.frame.pointers[buffer]
            memory.scatter(f, dtype, value, base, self.index_lanes(offset), lanes, mask)

    def store_records(self, stores: Sequence[Store], values: Sequence[str]) -> set[int]:
        """Write what fills records, their fields side by side in memory; the positions of these."""
        records: dict[tuple[str, Index, int], dict[int, int]] = {}
        for k, s in enumerate(stores):
            m = self.stride(s.offset) if s.combine is None and s.mask is None else None
            if m is not None and 1 < m <= CLOSE:
                record = ix.shift(s.offset, -(s.offset[0] % m))
                records.setdefault((s.buffer, record, m), {})[s.offset[0] % m] = k
        done: set[int] = set()
        for (buffer, record, m), fields in records.items():
            if len(fields) == m:
                dtype = stores[fields[0]].value.dtype
                mine = [self.spread(stores[fields[c]].value, values[fields[c]]) for c in range(m)]
                pointer = self.at(buffer, record, dtype)
                memory.store_side_by_side(self.f, dtype, mine, pointer, self.lanes)
                done |= {*fields.values()}
        return done

    def spread(self, node: Node, value: str) -> str:
        """A node's value in every lane."""
        return value if self.varies(node) else self.splat(value, ir_type(node.dtype))

    def _store_scalar(self, buffer: str, offset: Index, dtype: str, value: str) -> None:
        at = self.index(offset)
        self.f.store(dtype, value, self.address(buffer, at, dtype))
        if isinstance(at, int):
            self.frame.known.setdefault(buffer, {})[at] = value
        else:
            self.frame.forget([buffer])
