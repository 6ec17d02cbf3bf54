"""Jaxpr to text, in JAX's form; `parse` reads the exact form back.

It is the `repr` of `Jaxpr` and `ClosedJaxpr`, loaded when one is first printed.
"""

import re
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from itertools import count
from typing import Any, cast

import numpy as np

from ..dtypes import DType, long_name
from .aval import ShapedArray
from .ir import Atom, ClosedJaxpr, Jaxpr, JaxprEqn, Literal, Var, subjaxprs
from .layout import Break, Doc, Group, Nest, join, layout
from .primitive import registry

# Programs of more equations than this are printed once, before the rest.
LONG = 10
# Words that the parser reads as something else than a variable.
RESERVED = frozenset({"in", "let", "inf", "nan"})


def show(program: Jaxpr | ClosedJaxpr, *, exact: bool = False, width: int = 80) -> str:
    """The text of a program, as JAX prints it.

    JAX leaves out weak types and parameters that the result's type implies. With `exact` nothing
    is left out (`~f32[]` is a weak type), and `parse` gives back an equal program.

    >>> show(Jaxpr([], [x := Var(ShapedArray((3,), "float32"))], [x], []))
    '{ lambda ; a:f32[3]. let  in (a,) }'
    """
    jaxpr = program.jaxpr if isinstance(program, ClosedJaxpr) else program
    return layout(_Printer(jaxpr, exact).toplevel(), width)


def show_eqn(eqn: JaxprEqn) -> str:
    """The text of one equation alone, for messages."""
    printer = _Printer(Jaxpr([], [], eqn.outvars, [eqn]), True)
    for v in eqn.invars:
        printer.var(v)
    return layout(printer.eqn(eqn))


def show_aval(aval: ShapedArray) -> str:
    """The exact text of a type: f32[3], and ~f32[3] where it is weak."""
    return "~" * aval.weak_type + aval.str_short()


def variable_name(n: int) -> str:
    """a, b, .. z, ba, bb, ..: the number in base 26."""
    name = ""
    while not name or n:
        n, digit = divmod(n, 26)
        name = chr(97 + digit) + name
    return name


class _Printer:
    """The names in use while one program is printed. They are unique across nested programs."""

    def __init__(self, jaxpr: Jaxpr, exact: bool) -> None:
        self.jaxpr = jaxpr
        self.exact = exact
        self.shared = _shared_names(jaxpr, exact)
        self.names = dict.fromkeys(_unused(jaxpr), "_")
        taken = set(self.shared.values()) | (RESERVED | registry.keys() if exact else set[str]())
        self.fresh = (n for n in map(variable_name, count()) if n not in taken)

    def toplevel(self) -> Doc:
        """The shared programs, then the program."""
        lets = [
            (f"let {name} = ", self.skeleton(j), " in", Break()) for j, name in self.shared.items()
        ]
        return (*lets, self.program(self.jaxpr))

    def program(self, jaxpr: Jaxpr) -> Doc:
        """A program, or its name."""
        return self.shared.get(jaxpr) or self.skeleton(jaxpr)

    def skeleton(self, jaxpr: Jaxpr) -> Doc:
        """`{ lambda consts; args. let equations in (results) }`."""
        head = ("{ lambda ", self.binders(jaxpr.constvars), "; ", self.binders(jaxpr.invars))
        eqns = join(Break("; "), [self.eqn(e) for e in jaxpr.eqns])
        outs = self.atoms(jaxpr.outvars, ",")
        end = ",)" if len(jaxpr.outvars) == 1 else ")"
        body = (*head, ". let", Nest(2, (Break(), eqns)), Break(), "in (", outs, end)
        return Group((Nest(2, body), " }"))

    def eqn(self, eqn: JaxprEqn) -> Doc:
        """`results = primitive[parameters] inputs`."""
        params = self.shown_params(eqn)
        left = (self.binders(eqn.outvars), " = ") if eqn.outvars else ()
        return (left, eqn.primitive.name, self.params(params), " ", self.atoms(eqn.invars))

    def shown_params(self, eqn: JaxprEqn) -> dict[str, Any]:
        """The parameters in order of printing."""
        if self.exact or eqn.primitive.show is None:
            return dict(sorted(eqn.params.items()))
        params, body = eqn.primitive.show(eqn.params)
        if body is not None and body not in self.shared:
            self.same_names(body.invars, eqn.invars)
            self.same_names(body.outvars, eqn.outvars)
        return params

    def same_names(self, targets: Sequence[Atom], sources: Sequence[Atom]) -> None:
        """Name a called program's variables as the caller's, where they correspond one to one."""
        seen: set[Var] = set()
        # A program that is not well formed must print too: lengths may differ.
        for target, source in zip(targets, sources, strict=False):
            if not (isinstance(target, Var) and isinstance(source, Var)):
                continue
            if source not in seen and target not in self.names:
                seen.add(source)
                self.names[target] = self.var(source)

    def var(self, atom: Atom) -> str:
        """The name of a variable, the text of a literal."""
        if isinstance(atom, Literal):
            return f"{self.literal(atom.val)}:{self.aval(atom.aval)}"
        name = self.names.get(atom)
        if name is None:
            name = self.names[atom] = next(self.fresh)
        return name

    def literal(self, value: Any) -> str:
        """The text of a scalar. The sign of a NaN matters only to those who compare bits."""
        number = np.asarray(value).item()
        if self.exact and isinstance(number, float) and number != number and np.signbit(value):
            return "-nan"
        return str(number)

    def aval(self, aval: ShapedArray) -> str:
        """The text of a type."""
        return show_aval(aval) if self.exact else aval.str_short()

    def binders(self, variables: Sequence[Var]) -> Doc:
        """Variables with their types."""
        docs = [f"{self.var(v)}:{self.aval(v.aval)}" for v in variables]
        return Nest(2, Group(join(Group(Break()), docs)))

    def atoms(self, atoms: Sequence[Atom], separator: str = "") -> Doc:
        """Variables and literals that are used."""
        return Nest(2, Group(join((separator, Group(Break())), [self.var(v) for v in atoms])))

    def params(self, params: dict[str, Any]) -> Doc:
        """`[k=v k=v]`, or a line for each where they are long."""
        if not params:
            return ""
        pairs = [(f"{k}=", self.param(v)) for k, v in params.items()]
        return Group((Nest(2, ("[", Break(""), join(Break(), pairs))), Break(""), "]"))

    def param(self, value: Any) -> Doc:
        """The text of a parameter."""
        if isinstance(value, Jaxpr):
            return self.program(value)
        if isinstance(value, ClosedJaxpr):
            return self.program(value.jaxpr)
        if type(value) is tuple and all(isinstance(v, Jaxpr) for v in cast(Any, value)):
            return self.programs(cast(tuple[Jaxpr, ...], value))
        return self.exact_value(value) if self.exact else plain_value(value)

    def programs(self, programs: tuple[Jaxpr, ...]) -> Doc:
        """A tuple of programs, one a line where they are long."""
        docs = join(Break(), [self.program(j) for j in programs])
        return Group((Nest(2, ("(", Break(""), docs)), Break(""), ")"))

    def exact_value(self, value: Any) -> Doc:
        """A parameter's text that can be read back."""
        if isinstance(value, Jaxpr):
            return self.program(value)
        if isinstance(value, np.dtype):
            return long_name(cast(DType, value))
        if isinstance(value, Enum):
            return f"{type(value).__name__}.{value.name}"
        if is_dataclass(value) and not isinstance(value, type):
            return self.exact_fields(value, [f.name for f in fields(value)])
        if type(value) in (tuple, list):
            return self.exact_sequence(cast(Sequence[Any], value))
        if isinstance(value, tuple):
            return self.exact_fields(value, list(cast(Any, value)._fields))
        if isinstance(value, np.generic):
            return repr(cast(Any, value).item())
        return repr(value)

    def exact_sequence(self, value: Sequence[Any]) -> Doc:
        """A tuple or list."""
        items = join(", ", [self.exact_value(v) for v in value])
        if isinstance(value, list):
            return ("[", items, "]")
        return ("(", items, ",)" if len(value) == 1 else ")")

    def exact_fields(self, value: Any, names: Sequence[str]) -> Doc:
        """A dataclass or named tuple."""
        items = [(f"{name}=", self.exact_value(getattr(value, name))) for name in names]
        return (type(value).__name__, "(", join(", ", items), ")")


def plain_value(value: Any) -> str:
    """A parameter's text for reading; addresses are blotted out."""
    if isinstance(value, np.dtype):
        return long_name(cast(DType, value))
    if isinstance(value, frozenset):
        return f"frozenset({{{', '.join(map(repr, sorted(cast(Any, value))))}}})"
    return re.sub(r" at 0x([0-9a-fA-F]+)", lambda m: " at 0x" + "X" * len(m[1]), str(value))


def _unused(jaxpr: Jaxpr) -> Iterator[Var]:
    used = {v for v in jaxpr.outvars if isinstance(v, Var)}
    used.update(v for e in jaxpr.eqns for v in e.invars if isinstance(v, Var))
    return (v for e in jaxpr.eqns for v in e.outvars if v not in used)


def _shared_names(jaxpr: Jaxpr, exact: bool) -> dict[Jaxpr, str]:
    """Names for the programs that are held more than once, or are long."""
    uses, names = _nested_programs(jaxpr)
    shared: dict[Jaxpr, str] = {}
    taken: Counter[str] = Counter()
    for program, n in uses.items():
        if n == 1:
            continue
        base = name = "jaxpr" if exact else names.get(program, "jaxpr")
        if taken[base]:
            name = f"{base}{taken[base]}"
            taken[name] += 1
        taken[base] += 1
        shared[program] = name
    return shared


def _nested_programs(jaxpr: Jaxpr) -> tuple[Counter[Jaxpr], dict[Jaxpr, str]]:
    """How often each program is held, in order of discovery, and the name of its first holder."""
    uses: Counter[Jaxpr] = Counter()
    visits: Counter[Jaxpr] = Counter()
    names: dict[Jaxpr, str] = {}
    queue = deque([jaxpr])
    while queue:
        program = queue.popleft()
        visits[program] += 1
        uses[program] += 2 if program is not jaxpr and len(program.eqns) > LONG else 1
        if visits[program] > 2:
            # A second visit told that the programs inside are shared too; a third tells nothing.
            continue
        for eqn in program.eqns:
            held = list(subjaxprs(eqn))
            queue.extend(held)
            if "name" in eqn.params:
                names.update((j, eqn.params["name"].strip("<>")) for j in held if j not in names)
    return uses, names
