"""Text to Jaxpr: reads what `show(..., exact=True)` writes, and JAX's form where nothing is hidden.

The grammar, for a reader of programs in tests:

    text     = { "let" name "=" program "in" } program
    program  = "{ lambda" binders ";" binders ". let" equations "in (" atoms ")" "}"
    equation = [ binders "=" ] primitive [ "[" { name "=" value } "]" ] atoms
    binder   = name ":" type                type = ["~"] "f32" "[" sizes "]"
"""

import ast
import re
from collections.abc import Callable
from enum import Enum
from typing import Any, NoReturn

import numpy as np

from ..dtypes import KINDS, long_name, short_name
from .aval import ShapedArray, make_aval
from .ir import Atom, Jaxpr, JaxprEqn, Literal, Var
from .parameters import types
from .primitive import registry

UNSIGNED = r"(?:(?:nan|inf)(?![\w-])|\d+(?:\.\d+)?(?:e[-+]?\d+)?)"
REAL = "-?" + UNSIGNED
TOKENS = re.compile(
    rf"""
    (?P<space>\s+)
  | (?P<number>\({REAL}[-+]{UNSIGNED}j\)|{REAL}j?(?!\w))
  | (?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
  | (?P<type>:~?[a-z]\w*(?:<\w+>)?\[[\d,]*\])
  | (?P<name>[A-Za-z_](?:[\w-]*\w)?(?:<\w+>)?(?:\.[A-Za-z_]\w*)?|<\w+>)
  | (?P<mark>[{{}}()\[\],;.=:])
    """,
    re.VERBOSE,
)
SHORT_NAMES = {short_name(d): d for d in KINDS}
LONG_NAMES = {long_name(d): d for d in KINDS}
CONSTANTS = {"None": None, "True": True, "False": False}


def parse(text: str) -> Jaxpr:
    """The program of a text. Every variable is new; primitives are looked up by name.

    >>> parse("{ lambda ; a:f32[3]. let  in (a, 2.0:f32[]) }")
    { lambda ; a:f32[3]. let  in (a, 2.0:f32[]) }
    """
    parser = _Parser(text)
    while parser.accept("let"):
        name = parser.take("name")
        parser.expect("=")
        parser.programs[name] = parser.program()
        parser.expect("in")
    jaxpr = parser.program()
    if parser.i != len(parser.tokens):
        parser.fail("the end")
    return jaxpr


def _tokens(text: str) -> list[tuple[str, str, int]]:
    tokens: list[tuple[str, str, int]] = []
    end = 0
    while end < len(text):
        match = TOKENS.match(text, end)
        if match is None:
            raise ValueError(f"parse: cannot read {text[end : end + 40]!r} in a program")
        kind = match.lastgroup
        assert kind is not None
        if kind != "space":
            tokens.append((kind, match[0], end))
        end = match.end()
    return tokens


def _type(text: str) -> ShapedArray:
    weak = text.startswith(":~")
    name, _, sizes = text[1 + weak : -1].partition("[")
    shape = tuple(int(n) for n in sizes.split(",") if n)
    if name not in SHORT_NAMES:
        raise ValueError(f"parse: no dtype is named {name!r}")
    return make_aval(SHORT_NAMES[name], shape, weak)


def _number(text: str) -> int | float | complex:
    if text.endswith(("j", "j)")):
        return complex(text)
    return int(text) if re.fullmatch(r"-?\d+", text) else float(text)


class _Parser:
    """A position in a list of tokens, and the programs that have names."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)
        self.i = 0
        self.programs: dict[str, Jaxpr] = {}

    def peek(self, ahead: int = 0) -> tuple[str, str]:
        """Kind and text of a token that is not yet read."""
        at = self.i + ahead
        return self.tokens[at][:2] if at < len(self.tokens) else ("end", "")

    def fail(self, wanted: str) -> NoReturn:
        """Raise, showing the place."""
        at = self.tokens[self.i][2] if self.i < len(self.tokens) else len(self.text)
        line = self.text.count("\n", 0, at) + 1
        raise ValueError(
            f"parse: expected {wanted} on line {line}, got {self.text[at : at + 40]!r}"
        )

    def accept(self, text: str) -> bool:
        """Read this token if it is the next."""
        found = self.peek()[1] == text
        self.i += found
        return found

    def expect(self, text: str) -> None:
        """Read this token."""
        if not self.accept(text):
            self.fail(repr(text))

    def take(self, kind: str) -> str:
        """Read a token of this kind."""
        found, text = self.peek()
        if found != kind:
            self.fail(f"a {kind}")
        self.i += 1
        return text

    def program(self) -> Jaxpr:
        """`{ lambda consts; args. let equations in (results) }`."""
        env: dict[str, Var] = {}
        self.expect("{")
        self.expect("lambda")
        constvars = self.binders(env)
        self.expect(";")
        invars = self.binders(env)
        self.expect(".")
        self.expect("let")
        eqns: list[JaxprEqn] = []
        while not self.at_results():
            eqns.append(self.eqn(env))
            self.accept(";")
        self.expect("in")
        outs = self.results(env)
        self.expect("}")
        return Jaxpr(constvars, invars, outs, eqns)

    def at_results(self) -> bool:
        """Whether `in (` follows; `in` may also name a variable or a result."""
        return self.peek()[1] == "in" and self.peek(1)[1] == "("

    def binders(self, env: dict[str, Var]) -> list[Var]:
        """New variables with their types."""
        found: list[Var] = []
        while self.peek()[0] in ("name", "number") and self.peek(1)[0] == "type":
            name = self.peek()[1]
            self.i += 1
            var = Var(_type(self.take("type")))
            found.append(var)
            if name != "_":
                env[name] = var
        return found

    def eqn(self, env: dict[str, Var]) -> JaxprEqn:
        """`results = primitive[parameters] inputs`."""
        new: dict[str, Var] = {}
        outvars = self.binders(new)
        if outvars:
            self.expect("=")
        name = self.take("name")
        if name not in registry:
            raise ValueError(f"parse: no primitive is named {name!r}")
        params = self.fields("[", "]") if self.peek()[1] == "[" else {}
        invars: list[Atom] = []
        while self.is_atom(env):
            invars.append(self.atom(env))
        env.update(new)
        return JaxprEqn(registry[name], invars, outvars, params)

    def is_atom(self, env: dict[str, Var]) -> bool:
        """Whether a literal or a known variable follows, and not the next equation's result."""
        kind, text = self.peek()
        typed = self.peek(1)[0] == "type"
        if typed:
            return kind == "number" or text in ("True", "False")
        return text in env and not self.at_results()

    def atom(self, env: dict[str, Var]) -> Atom:
        """A variable or a literal."""
        text = self.peek()[1]
        self.i += 1
        if self.peek()[0] != "type":
            if text not in env:
                raise ValueError(f"parse: the variable {text!r} is used before it is assigned")
            return env[text]
        aval = _type(self.take("type"))
        value = CONSTANTS[text] if text in CONSTANTS else _number(text)
        return Literal(np.asarray(value, aval.dtype)[()], aval)

    def results(self, env: dict[str, Var]) -> list[Atom]:
        """`(a, b)`."""
        return self.items("(", ")", lambda: self.atom(env))

    def items(self, opening: str, closing: str, item: Callable[[], Any]) -> list[Any]:
        """Items with or without commas between."""
        self.expect(opening)
        found: list[Any] = []
        while not self.accept(closing):
            found.append(item())
            self.accept(",")
        return found

    def fields(self, opening: str, closing: str) -> dict[str, Any]:
        """`name=value` pairs."""
        return dict(self.items(opening, closing, self.field))

    def field(self) -> tuple[str, Any]:
        """`name=value`."""
        name = self.take("name")
        self.expect("=")
        return name, self.value()

    def value(self) -> Any:
        """A parameter's value."""
        kind, text = self.peek()
        if kind == "mark":
            return self.compound(text)
        self.i += 1
        if kind == "number":
            return _number(text)
        if kind == "string":
            return ast.literal_eval(text)
        if kind == "name":
            return self.named(text)
        self.i -= 1
        self.fail("a parameter's value")

    def compound(self, opening: str) -> Any:
        """A program, tuple, list or dict."""
        if opening == "{" and self.peek(1)[1] == "lambda":
            return self.program()
        if opening == "{":
            return dict(self.items("{", "}", self.pair))
        if opening == "(":
            return tuple(self.items("(", ")", self.value))
        if opening == "[":
            return self.items("[", "]", self.value)
        self.fail("a parameter's value")

    def pair(self) -> tuple[Any, Any]:
        """`key: value`."""
        key = self.value()
        self.expect(":")
        return key, self.value()

    def named(self, name: str) -> Any:
        """A constant, a named program, a dtype or a value of a declared class; else a bare word."""
        for known in (CONSTANTS, self.programs, LONG_NAMES):
            if name in known:
                return known[name]
        owner, _, member = name.partition(".")
        cls = types.get(owner)
        if cls is not None and issubclass(cls, Enum):
            return cls[member]
        if cls is not None:
            return cls(**self.fields("(", ")"))
        if name == "frozenset":
            return frozenset(self.frozen())
        return name

    def frozen(self) -> list[Any]:
        """The argument of `frozenset({a, b})`."""
        self.expect("(")
        found = self.items("{", "}", self.value) if self.peek()[1] == "{" else []
        self.expect(")")
        return found
