"""The text form of the loop IR back to a program. Callbacks come back without their functions."""

import ast
import re
from typing import Any

import numpy as np

from . import index as ix
from .expr import Graph, Node, numpy_dtype
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
    Reduction,
    Stmt,
    Store,
    While,
)
from .text import SCALAR_TYPES

TOKEN = re.compile(r"\s*(//|<=|\.\.|[A-Za-z_][\w-]*|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|[^\s\w])")
SIGNS = {"+=": "add", "*=": "mul", "max=": "max", "min=": "min"}
BUFFER = re.compile(
    r"(\w+) (\w+): (\w+)\[(\d+)\](?: (\d+))?(?: by (-?\d+) x (\d+))?(?: at (\d+))?$"
)
ASSIGN = re.compile(r"(.+?\]) (=|\+=|\*=|\w+=) (.*)$")
REDUCTION = re.compile(r"(running )?(add|mul|max|min|and|or|xor|argmax|argmin):(\w+) (.*)$")


def program(text: str) -> Program:
    """The program of a text that `show.program` could have written."""
    lines = [line for line in text.split("\n") if line.strip()]
    parser = Parser()
    while lines and (match := BUFFER.match(lines[0])):
        kind, name, dtype, size, number, step, turns, place = match.groups()
        places = int(number or -1), int(place or -1), int(step or 0), int(turns or 0)
        buffer = Buffer(name, dtype, int(size), kind, *places)
        parser.buffers[name] = buffer
        lines.pop(0)
    body = parser.block(lines, 0)
    assert not lines, lines
    return Program(parser.buffers, body, parser.graph)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


class Parser:
    """Reads lines from the front of a list."""

    def __init__(self) -> None:
        self.graph = Graph()
        self.buffers: dict[str, Buffer] = {}
        self.axes: dict[str, Atom] = {}
        self.temps: dict[str, Node] = {}

    # Statements

    def block(self, lines: list[str], indent: int) -> Block:
        """The statements at an indentation."""
        out: Block = []
        while lines and _indent(lines[0]) == indent:
            if lines[0].strip().split()[0] in ("do", "test", "case"):
                break
            out.append(self.statement(lines, indent))
        return out

    def statement(self, lines: list[str], indent: int) -> Stmt:
        """One statement."""
        word = lines[0].split()[0]
        if word == "nest":
            axes = self.new_axes(lines.pop(0).split()[1:])
            kernels = []
            while lines and _indent(lines[0]) > indent:
                kernels.append(self.kernel(lines, indent + 2))
            return Nest(tuple(axes), tuple(kernels))
        if word == "for":
            return Nest((), (self.kernel(lines, indent),))
        if word == "loop":
            (axis,) = self.new_axes(lines.pop(0).split()[1:])
            return For(axis, self.block(lines, indent + 2))
        if word == "while":
            return self.while_(lines, indent)
        if word == "switch":
            return self.switch(lines, indent)
        return self.call(lines.pop(0).strip())

    def while_(self, lines: list[str], indent: int) -> While:
        """while, test, do."""
        lines.pop(0)
        cond = self.block(lines, indent + 2)
        test = lines.pop(0).split()[1]
        assert lines.pop(0).strip() == "do"
        return While(cond, test, self.block(lines, indent + 2))

    def switch(self, lines: list[str], indent: int) -> Branch:
        """switch and its cases."""
        index = lines.pop(0).split()[1]
        branches = []
        while lines and lines[0].split()[0] == "case" and _indent(lines[0]) == indent:
            lines.pop(0)
            branches.append(self.block(lines, indent + 2))
        return Branch(index, tuple(branches))

    def call(self, line: str) -> Stmt:
        """A product, a call or a call-back."""
        outs, rest = line.split(" = ", 1) if " = " in line else ("", line)
        if rest.startswith("gemm:"):
            head, a, b = rest.split(" ", 2)[0], *_operands(rest.split(" ", 1)[1])
            return Gemm(head[5:], self.operand(a), self.operand(b), self.operand(outs))
        if rest.startswith("contraction:"):
            (_, dtype, counts), (a, b) = rest.split(" ", 1)[0].split(":"), _operands(rest)
            m, n, k = map(int, counts.split("."))
            a, b, out = self.operand(a), self.operand(b), self.operand(outs)
            return Contraction(dtype, a, b, out, (m, n, k))
        word, rest = rest.split(" ", 1)
        name, args = rest.rstrip(")").split("(", 1)
        group = [tuple([self.operand(o) for o in _operands(t)]) for t in (args, outs)]
        if word == "call":
            name, plan = name.split(":")
            return Call(name, tuple(map(int, plan.split("."))), group[0], group[1])
        return Callback(name, None, group[0], group[1], None)

    def operand(self, text: str) -> Operand:
        """buffer[offset]<extent:stride,...>."""
        place, dims = text.rstrip(">").split("<")
        buffer, offset = self.place(place)
        pairs = [d.split(":") for d in dims.split(",") if d]
        return Operand(
            buffer, offset, tuple([int(n) for n, _ in pairs]), tuple([int(s) for _, s in pairs])
        )

    def new_axes(self, texts: list[str]) -> list[Atom]:
        """i0:50 i1:3."""
        out = []
        for text in texts:
            name, extent = text.split(":")
            self.axes[name] = self.graph.atoms.axis(int(extent))
            out.append(self.axes[name])
        return out

    def kernel(self, lines: list[str], indent: int) -> Kernel:
        """for axes over axes, and what stands inside."""
        head = lines.pop(0).strip().removeprefix("for").strip()
        ordered = head.endswith("in order")
        head = head.removesuffix("in order").strip()
        free, _, over = f" {head} ".partition(" over ")
        axes, reduce = self.new_axes(free.split()), self.new_axes(over.split())
        self.temps = {}
        stores: list[Store] = []
        reductions: list[Reduction] = []
        while lines and _indent(lines[0]) > indent:
            self.assignment(lines.pop(0).strip(), stores, reductions)
        return Kernel(tuple(axes), tuple(reduce), tuple(stores), tuple(reductions), ordered)

    def assignment(self, line: str, stores: list[Store], reductions: list[Reduction]) -> None:
        """A shared value, a store or a reduction."""
        name, _, value = line.partition(" = ")
        if name.startswith("v") and "[" not in name:
            self.temps[name] = self.expression(value)
            return
        match = ASSIGN.match(line)
        assert match, line
        place, sign, value = match.groups()
        buffer, offset = self.place(place)
        found = REDUCTION.match(value)
        if found and sign == "=" and not value.startswith(f"{found[2]}:{found[3]}("):
            running, op, dtype, value = found.groups()
            node = self.expression(value)
            reductions.append(Reduction(op, buffer, offset, node, dtype, bool(running)))
            return
        value, _, mask = value.partition(" where ")
        combine = None if sign == "=" else SIGNS.get(sign, sign.rstrip("="))
        where = self.expression(mask) if mask else None
        stores.append(Store(buffer, offset, self.expression(value), combine, where))

    # Expressions

    def place(self, text: str) -> tuple[str, Index]:
        """buffer[index]."""
        buffer, _, rest = text.strip().partition("[")
        tokens = tokenized(rest)
        return buffer, self.index(tokens)

    def expression(self, text: str) -> Node:
        """A whole text as an expression."""
        tokens = tokenized(text)
        node = self.node(tokens)
        assert not tokens, text
        return node

    def index(self, tokens: list[str]) -> Index:
        """A sum of terms."""
        parts = [(self.term(tokens), 1)]
        while tokens and tokens[0] == "+":
            tokens.pop(0)
            parts.append((self.term(tokens), 1))
        return ix.weighted(parts)

    def term(self, tokens: list[str]) -> Index:
        """3*i0, i0, 3, (x)//n, (x)%n or {value in lo..hi}."""
        if re.fullmatch(r"-?\d+", tokens[0]):
            number = int(tokens.pop(0))
            if tokens and tokens[0] == "*":
                tokens.pop(0)
                return ix.scale(self.term(tokens), number)
            return ix.constant(number)
        token = tokens.pop(0)
        if token in self.axes:
            return self.axes[token].index
        if token == "{":
            node = self.node(tokens)
            assert tokens.pop(0) == "in"
            lo = int(tokens.pop(0))
            tokens.pop(0)
            hi = int(tokens.pop(0))
            assert tokens.pop(0) == "}"
            return self.graph.dyn(node, lo, hi)
        assert token == "(", token
        inner = self.index(tokens)
        assert tokens.pop(0) == ")"
        kind, by = tokens.pop(0), int(tokens.pop(0))
        atoms = self.graph.atoms
        return atoms.div(inner, by) if kind == "//" else atoms.mod(inner, by)

    def node(self, tokens: list[str]) -> Node:
        """One expression."""
        token = tokens.pop(0)
        if token == "(":
            return self.guard(tokens)
        if token in self.temps:
            return self.temps[token]
        following = tokens.pop(0)
        if following == "[":
            offset = self.index(tokens)
            assert tokens.pop(0) == "]"
            return self.graph.load(token, offset, self.buffers[token].dtype)
        if following == "(":
            index = self.index(tokens)
            assert tokens.pop(0) == ")"
            return self.graph.iota(index, token)
        assert following == ":", (token, following)
        if token in SCALAR_TYPES:
            return self.constant(token, tokens)
        dtype = tokens.pop(0)
        assert tokens.pop(0) == "("
        return self.operation(token, dtype, tokens)

    def constant(self, dtype: str, tokens: list[str]) -> Node:
        """dtype:number."""
        text = tokens.pop(0)
        if text == "-":
            text += tokens.pop(0)
        value = {"True": True, "False": False}.get(text)
        number = np.asarray(float(text) if value is None and "float" in dtype else value, None)
        if value is None and "float" not in dtype:
            number = np.asarray(int(text))
        return self.graph.const(number.astype(numpy_dtype(dtype)), dtype)

    def operation(self, op: str, dtype: str, tokens: list[str]) -> Node:
        """op:dtype(args, key=value)."""
        args, params = [], []
        while tokens[0] != ")":
            if len(tokens) > 1 and tokens[1] == "=":
                key = tokens.pop(0)
                tokens.pop(0)
                params.append((key, self.parameter(tokens)))
            else:
                args.append(self.node(tokens))
            if tokens[0] == ",":
                tokens.pop(0)
        tokens.pop(0)
        return self.graph.node(op, dtype, tuple(args), tuple(params) or None)

    def parameter(self, tokens: list[str]) -> Any:
        """A number, a tuple, a dtype or a word."""
        text, depth = "", 0
        while depth or tokens[0] not in (",", ")"):
            depth += (tokens[0] in "([") - (tokens[0] in ")]")
            text += tokens.pop(0)
        try:
            return ast.literal_eval(text)
        except ValueError:
            return np.dtype(text) if text in SCALAR_TYPES else text

    def guard(self, tokens: list[str]) -> Node:
        """(a if lo <= index < hi and ... else b)."""
        inside = self.node(tokens)
        assert tokens.pop(0) == "if"
        tests = []
        while not tests or tokens[0] == "and":
            if tests:
                tokens.pop(0)
            lo = int(tokens.pop(0))
            assert tokens.pop(0) == "<="
            index = self.index(tokens)
            assert tokens.pop(0) == "<"
            tests.append((index, lo, int(tokens.pop(0))))
        assert tokens.pop(0) == "else"
        outside = self.node(tokens)
        assert tokens.pop(0) == ")"
        return self.graph.guard(tests, lambda: inside, outside)


def tokenized(text: str) -> list[str]:
    """The words, numbers and signs of a text."""
    return TOKEN.findall(text)


def _operands(text: str) -> list[str]:
    return re.findall(r"\w+\[.*?\]<[^>]*>", text)
