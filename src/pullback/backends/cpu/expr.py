"""Scalar expressions of loop nests: a graph of nodes in which equal nodes are one.

op load: an element of a buffer, data = (buffer, offset); const: data = the value's bytes;
iota: data = the index whose value it is; guard: args = (inside, outside), data = tests, each an
index and its range [lo, hi); every other op is a primitive's name with data = its parameters.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from . import index as ix
from .index import Atom, Index

DTYPES = {n: np.dtype(n) for n in (
    "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64"
).split()}  # fmt: skip


class Node:
    """One value of one dtype. `deps` are the axes on which it depends, `cost` its work alone."""

    __slots__ = ("args", "data", "deps", "depth", "dtype", "op")

    def __init__(
        self, op: str, dtype: str, args: tuple["Node", ...], data: Any, deps: frozenset[Atom]
    ) -> None:
        self.op = op
        self.dtype = dtype
        self.args = args
        self.data = data
        self.deps = deps
        self.depth = 1 + max([a.depth for a in args], default=0)


NONE: frozenset[Atom] = frozenset()


def index_deps(index: Index) -> frozenset[Atom]:
    """The axes that an index depends on."""
    deps = NONE
    for atom, _ in index[1]:
        if atom.kind == "axis":
            deps |= {atom}
        elif atom.kind == "dyn":
            deps |= atom.of.deps
        else:
            deps |= index_deps(atom.of)
    return deps


class Graph:
    """Makes nodes and atoms of one compilation."""

    def __init__(self) -> None:
        self.atoms = ix.Atoms()
        self.nodes: dict[Any, Node] = {}

    def node(self, op: str, dtype: str, args: tuple[Node, ...], data: Any = None) -> Node:
        """The one node of these contents; a cotangent of zero adds nothing."""
        if op == "add_any":
            for zero, other in (args, args[::-1]):
                if zero.op == "const" and not any(zero.data):
                    return other
        key = (op, dtype, args, data)
        found = self.nodes.get(key)
        if found is None:
            deps = NONE
            for a in args:
                if a.deps:
                    deps = deps | a.deps if deps else a.deps
            if op == "load":
                deps = index_deps(data[1])
            elif op == "iota":
                deps = index_deps(data)
            elif op == "guard":
                for index, _, _ in data:
                    deps = deps | index_deps(index)
            found = self.nodes[key] = Node(op, dtype, args, data, deps)
        return found

    def load(self, buffer: str, offset: Index, dtype: str) -> Node:
        """An element of a buffer."""
        return self.node("load", dtype, (), (buffer, offset))

    def const(self, value: Any, dtype: str) -> Node:
        """A number; `value` is a scalar array of the dtype, or a Python number."""
        if isinstance(value, (bool, int, float)):
            value = value_of(value, dtype)
        return self.node("const", dtype, (), value.tobytes())

    def iota(self, index: Index, dtype: str) -> Node:
        """The value of an index."""
        if not index[1] and dtype in DTYPES:
            return self.const(np.asarray(index[0]).astype(DTYPES[dtype]), dtype)
        if len(index[1]) == 1 and index[0] == 0 and index[1][0][1] == 1:
            atom = index[1][0][0]
            if atom.kind == "dyn" and atom.of.dtype == dtype:
                return atom.of
        return self.node("iota", dtype, (), index)

    def guard(
        self, tests: Iterable[tuple[Index, int, int]], inside: Callable[[], Node], outside: Node
    ) -> Node:
        """`inside()` where every index is in its range [lo, hi), else `outside`."""
        open_tests = []
        for index, lo, hi in tests:
            least, most = ix.bounds(index)
            if most < lo or least >= hi:
                return outside
            if least < lo or most >= hi:
                open_tests.append((index, lo, hi))
        node = inside()
        if not open_tests or node is outside:
            return node
        return self.node("guard", node.dtype, (node, outside), tuple(open_tests))

    def dyn(self, value: Node, lo: int, hi: int) -> Index:
        """The index that is the value of an integer node, known to be in lo..hi."""
        if lo == hi:
            return ix.constant(lo)
        if value.op == "const":
            return ix.constant(min(max(int(number(value)), lo), hi))
        if value.op == "iota":
            least, most = ix.bounds(value.data)
            if lo <= least and most <= hi:
                return value.data
        return self.atoms.dyn(value, lo, hi)


def number(node: Node) -> Any:
    """The value of a constant node as a Python or NumPy number."""
    if node.dtype == "int128":
        return int.from_bytes(node.data, "little")
    return np.frombuffer(node.data, numpy_dtype(node.dtype))[0]


def value_of(value: bool | int | float, dtype: str) -> Any:
    """A Python number as a NumPy scalar of a storage dtype."""
    return np.asarray(value, numpy_dtype(dtype))


def numpy_dtype(dtype: str) -> Any:
    """The NumPy dtype of a storage dtype's name."""
    return DTYPES.get(dtype) or np.dtype(dtype)


class Rewriter:
    """Rebuilds nodes with axes replaced by indices, and loads by what `load` says."""

    def __init__(
        self,
        graph: Graph,
        axes: Mapping[Atom, Index],
        load: Callable[[str, Index, Node], Node | None] | None = None,
    ) -> None:
        self.graph = graph
        self.axes = axes
        self.on_load = load
        self.memo: dict[Node, Node] = {}

    def index(self, index: Index) -> Index:
        """The index rewritten."""
        terms = index[1]
        for atom, _ in terms:
            if atom.kind != "axis" or atom in self.axes:
                break
        else:
            return index
        parts: list[tuple[Index, int]] = [((index[0], ()), 1)]
        atoms = self.graph.atoms
        for atom, k in terms:
            if atom.kind == "axis":
                parts.append((self.axes.get(atom, atom.index), k))
            elif atom.kind == "div":
                parts.append((atoms.div(self.index(atom.of), atom.by), k))
            elif atom.kind == "mod":
                parts.append((atoms.mod(self.index(atom.of), atom.by), k))
            else:
                parts.append((self.graph.dyn(self.node(atom.of), atom.lo, atom.hi), k))
        return ix.weighted(parts)

    def node(self, node: Node) -> Node:
        """The node rewritten."""
        found = self.memo.get(node)
        if found is None:
            found = self.memo[node] = self._node(node)
        return found

    def _node(self, node: Node) -> Node:
        graph = self.graph
        if node.op == "load":
            buffer, offset = node.data
            offset = self.index(offset)
            if self.on_load is not None:
                other = self.on_load(buffer, offset, node)
                if other is not None:
                    return other
            return graph.load(buffer, offset, node.dtype)
        if node.op == "iota":
            return graph.iota(self.index(node.data), node.dtype)
        if node.op == "const":
            return node
        if node.op == "guard":
            tests = [(self.index(i), lo, hi) for i, lo, hi in node.data]
            outside = self.node(node.args[1])
            return graph.guard(tests, lambda: self.node(node.args[0]), outside)
        args = tuple([self.node(a) for a in node.args])
        return graph.node(node.op, node.dtype, args, node.data)


def index_nodes(index: Index) -> Iterable[Node]:
    """The run-time values inside an index."""
    for atom, _ in index[1]:
        if atom.kind == "dyn":
            yield atom.of
        elif atom.kind != "axis":
            yield from index_nodes(atom.of)


# Operations that need the nodes in their indices too.
INDEXED = frozenset({"load", "iota", "guard"})


def children(node: Node) -> Iterable[Node]:
    """The nodes that a node needs, those inside its indices included."""
    yield from node.args
    if node.op == "load":
        yield from index_nodes(node.data[1])
    elif node.op == "iota":
        yield from index_nodes(node.data)
    elif node.op == "guard":
        for index, _, _ in node.data:
            yield from index_nodes(index)


def walk(roots: Iterable[Node]) -> list[Node]:
    """Every node under the roots, each once, arguments before users."""
    seen: set[Node] = set()
    placed: set[Node] = set()
    out: list[Node] = []
    stack = list(roots)
    while stack:
        node = stack[-1]
        if node in seen:
            stack.pop()
            if node not in placed:
                placed.add(node)
                out.append(node)
            continue
        seen.add(node)
        found = children(node) if node.op in INDEXED else node.args
        stack += [c for c in found if c not in seen]
    return out


def loads(roots: Iterable[Node]) -> list[tuple[str, Index]]:
    """Every (buffer, offset) read under the roots."""
    return [n.data for n in walk(roots) if n.op == "load"]
