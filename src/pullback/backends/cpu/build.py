"""Jaxpr to loop IR. Operations without loops of their own become functions of index tuples; a nest
is made for each variable that is kept in memory, with all it is computed from inside."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import prod
from typing import Any

from ...core.ir import Atom, Jaxpr, JaxprEqn, Literal, Var
from . import expr, plan
from . import index as ix
from .expr import Graph, Node
from .index import Index
from .loops import Block, Buffer, Kernel, Nest, Operand, Program, Store
from .values import Value, View, in_buffer, is_movable, row_major, storage

Rule = Callable[["Builder", JaxprEqn, list[Value]], list[Value]]


class Builder:
    """Builds the statements of one program."""

    def __init__(self, rules: "Rules") -> None:
        self.graph = Graph()
        self.program = Program({}, [], self.graph)
        self.block: Block = self.program.body
        self.rules = rules
        self.dests: dict[Var, View] = {}
        # Values that were copied into memory, in this block or one around it.
        self.firmed: dict[Value, Value] = {}

    # Buffers

    def buffer(self, dtype: str, size: int, kind: str = "temp", number: int = -1) -> str:
        """A new buffer."""
        name = f"{kind[0]}{number if number >= 0 else len(self.program.buffers)}"
        self.program.buffers[name] = Buffer(name, dtype, size, kind, number)
        return name

    def destination(self, var: Var) -> View:
        """Where a result goes: the place that was chosen for it, or a new buffer."""
        view = self.dests.pop(var, None)
        if view is None:
            aval = var.aval
            view = row_major(self.buffer(storage(aval), aval.size), aval.shape)
        return view

    def result(self, var: Var, value: Value) -> Value:
        """A value as the result of an operation that makes no statements for it: written only where
        a place was chosen."""
        return self.write(value, self.dests.pop(var)) if var in self.dests else value

    def standing(self, view: View, aval: Any) -> Value:
        """The value of a variable that is in memory."""
        return in_buffer(self.graph, view, aval.shape, storage(aval))

    def write(self, value: Value, view: View) -> Value:
        """Fill a view with a value's elements by a nest."""
        if 0 not in value.shape and not value.anything:
            axes, idx = self.graph.atoms.axes(value.shape)
            store = Store(view.buffer, at_view(view, idx), value.at(idx))
            self.block.append(Nest((), (Kernel(tuple(axes), (), (store,)),)))
        return in_buffer(self.graph, view, value.shape, value.dtype)

    def firm(self, value: Value) -> Value:
        """The value in memory, copied there if it is not."""
        if value.view is not None:
            return value
        view = find_view(self.graph, value)
        if view is not None:
            return in_buffer(self.graph, view, value.shape, value.dtype)
        found = self.firmed.get(value)
        if found is None:
            found = self.firmed[value] = self.copied(value)
        return found

    def settled(self, value: Value) -> Value:
        """The value, in memory unless it is made of no memory."""
        if value.view is not None or 0 in value.shape:
            return value
        idx = self.graph.atoms.axes(value.shape)[1]
        return self.firm(value) if expr.loads([value.at(idx)]) else value

    def copied(self, value: Value) -> Value:
        """The value in a new row-major buffer."""
        size = prod(value.shape)
        return self.write(value, row_major(self.buffer(value.dtype, size), value.shape))

    def operand(self, value: Value) -> Operand:
        """The value as an operand of a library call."""
        view = self.firm(value).view
        assert view is not None
        return Operand(view.buffer, view.offset, value.shape, view.strides)

    # Programs

    @contextmanager
    def inside(self, block: Block) -> Iterator[Block]:
        """Append to another block."""
        outer, firmed = self.block, self.firmed
        self.block, self.firmed = block, dict(firmed)
        try:
            yield block
        finally:
            self.block, self.firmed = outer, firmed

    def run(self, jaxpr: Jaxpr, args: Sequence[Value], dests: Sequence[View | None]) -> list[Value]:
        """Append a program's statements. A result with a destination ends up there."""
        env: dict[Var, Value] = dict(zip(jaxpr.invars, args, strict=True))
        keep = plan.kept(jaxpr, self.rules.is_lazy)
        made = {v for eqn in jaxpr.eqns for v in eqn.outvars}
        mine: dict[Var, View] = {}
        for v, view in zip(jaxpr.outvars, dests, strict=True):
            if view is not None and isinstance(v, Var) and v in made and v not in mine:
                mine[v] = view
        self.dests.update(mine)
        for eqn in jaxpr.eqns:
            self.equation(env, eqn, keep)
        outs = [self.read(env, v) for v in jaxpr.outvars]
        for k, (v, view) in enumerate(zip(jaxpr.outvars, dests, strict=True)):
            if view is not None and (isinstance(v, Literal) or mine.get(v) is not view):
                outs[k] = self.write(outs[k], view)
        return outs

    def equation(self, env: dict[Var, Value], eqn: JaxprEqn, keep: set[Var]) -> None:
        """Append what one operation does, or note how its result is computed."""
        ins = [self.read(env, v) for v in eqn.invars]
        rule = self.rules.lazy_rule(eqn)
        if rule is None:
            outs = self.rules.rule(eqn)(self, eqn, ins)
            env.update(zip(eqn.outvars, outs, strict=True))
            return
        (var,) = eqn.outvars
        value = rule(self, eqn, ins)
        env[var] = self.write(value, self.destination(var)) if var in keep else value

    def read(self, env: dict[Var, Value], atom: Atom) -> Value:
        """The value of a variable or literal."""
        if isinstance(atom, Literal):
            return self.scalar(atom.val, storage(atom.aval))
        return env[atom]

    def scalar(self, value: Any, dtype: str) -> Value:
        """A constant of no dimensions."""
        node = self.graph.const(value, dtype)
        return Value((), dtype, lambda idx: node)

    def op(self, name: str, dtype: str, *args: Node, data: Any = None) -> Node:
        """A scalar operation."""
        return self.graph.node(name, dtype, args, data)


class Rules:
    """How operations are built: as functions of indices, by statements, or by their value rules."""

    def __init__(
        self,
        lazy: dict[str, Callable[[Builder, JaxprEqn, list[Value]], Value]],
        eager: dict[str, Rule],
        native: Callable[[JaxprEqn], bool],
        fallback: Rule,
    ) -> None:
        self.lazy = lazy
        self.eager = eager
        self.native = native
        self.fallback = fallback

    def lazy_rule(self, eqn: JaxprEqn) -> Callable[..., Value] | None:
        """The rule of an operation that needs no loop of its own."""
        rule = self.lazy.get(eqn.primitive.name)
        return rule if rule is not None and self.native(eqn) else None

    def is_lazy(self, eqn: JaxprEqn) -> bool:
        """Whether an operation needs no loop of its own."""
        return self.lazy_rule(eqn) is not None

    def is_called_back(self, eqn: JaxprEqn) -> bool:
        """Whether an operation has no native code."""
        return not self.is_lazy(eqn) and self.rule(eqn) is self.fallback

    def rule(self, eqn: JaxprEqn) -> Rule:
        """The rule of an operation that makes statements."""
        rule = self.eager.get(eqn.primitive.name)
        return rule if rule is not None and self.native(eqn) else self.fallback


def at_view(view: View, idx: Sequence[Index]) -> Index:
    """The offset of an element of a view."""
    return ix.weighted([(view.offset, 1), *zip(idx, view.strides, strict=True)])


def find_view(graph: Graph, value: Value) -> View | None:
    """The view that a value is, if its elements stand in a buffer with fixed strides."""
    idx = graph.atoms.axes(value.shape)[1]
    node = value.at(idx) if 0 not in value.shape else None
    if node is None or node.op != "load":
        return None
    buffer, offset = node.data
    if not ix.is_affine(offset):
        return None
    found = dict(offset[1])
    strides = tuple([found.pop(i[1][0][0], 0) if i[1] else 0 for i in idx])
    return View(buffer, (offset[0], tuple(found.items())), strides)


__all__ = ["Builder", "Rules", "at_view", "find_view", "is_movable"]
