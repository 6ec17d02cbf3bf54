"""Linear functions on a tape, which are trees: their leaves are the values that the tape holds.

So a compiled function may return what `vjp` and `linearize` give, and a loop may carry it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .. import tree
from ..core.aval import ShapedArray
from ..core.ir import Atom, Jaxpr, Literal, Var
from ..core.primitive import Zero
from ..core.stage import literal_value
from ..core.structure import structure
from ..tree import PyTreeDef
from .border import cotangent, float0, tangent
from .jvp import instantiate_zeros
from .linearize import Tape, TapeEntry, residuals, run_tape, tape_program
from .transpose import backward


@dataclass(frozen=True)
class Signature:
    """The arguments' types, which of them have tangents, the results' types, and both trees."""

    avals: tuple[ShapedArray, ...]
    active: tuple[bool, ...]
    out_avals: tuple[ShapedArray, ...]
    in_tree: PyTreeDef
    out_tree: PyTreeDef


class TapeFunction:
    """A tape, and the types of the function that it is the linear part of.

    One that was made as a tree has the tape's program and its values instead, until it is called.
    """

    __slots__ = ("_tape", "parts", "signature")

    def __init__(
        self, tape: Tape | None, signature: Signature, parts: "tuple[Any, _Program] | None" = None
    ) -> None:
        self._tape = tape
        self.signature = signature
        self.parts = parts

    @property
    def tape(self) -> Tape:
        """The tape."""
        if self._tape is None:
            assert self.parts is not None
            self._tape = _tape(*self.parts)
        return self._tape

    def flatten(self) -> "tuple[Any, _Program]":
        """The values on the tape, and what the tape does with them."""
        if self.parts is None:
            tape = self.tape
            carried = residuals(tape)
            zeros = [None if type(o) is Var else o.aval for o in tape.outputs]
            program = _Program(tape_program(tape, carried), zeros, self.signature)
            self.parts = carried, program
        return self.parts


class Linearized(TapeFunction):
    """From tangents of the arguments to the tangent of the result."""

    __slots__ = ()

    def __call__(self, *tangents: Any) -> Any:
        s = self.signature
        flat, got_tree = tree.flatten(tangents)
        if got_tree != s.in_tree:
            raise TypeError(
                f"linearized function: tangents must have the structure {s.in_tree}, got {got_tree}"
            )
        pairs = zip(s.avals, flat, strict=True)
        checked = [tangent(a, t, "linearized function", "tangent") for a, t in pairs]
        given = [t for t, n in zip(checked, s.active, strict=True) if n]
        return s.out_tree.unflatten(instantiate_zeros(run_tape(self.tape, given)))


class PulledBack(TapeFunction):
    """From a cotangent of the result to those of the arguments."""

    __slots__ = ()

    def __call__(self, ct: Any) -> Any:
        s = self.signature
        cts, ct_tree = tree.flatten(ct)
        if ct_tree != s.out_tree:
            raise TypeError(
                f"vjp: the cotangent must have the result's structure {s.out_tree}, got {ct_tree}"
            )
        given = [tangent(a, c, "vjp", "cotangent") for a, c in zip(s.out_avals, cts, strict=True)]
        return s.in_tree.unflatten(pull(self.tape, s.avals, s.active, given))


def pull(
    tape: Tape, avals: Sequence[ShapedArray], active: Sequence[bool], cts: Sequence[Any]
) -> list[Any]:
    """Cotangents of all arguments: float0 for those that have no tangents."""
    found = iter(backward(tape, cts))
    return [
        cotangent(next(found), a) if n else float0(a) for a, n in zip(avals, active, strict=True)
    ]


class _Program:
    """A tape without its values: a program of values and tangents, and the results that are zero.

    Equal for tapes of the same operations.
    """

    __slots__ = ("jaxpr", "signature", "zeros")

    def __init__(self, jaxpr: Jaxpr, zeros: Sequence[Any], signature: Signature) -> None:
        self.jaxpr, self.zeros, self.signature = jaxpr, tuple(zeros), signature

    def key(self) -> tuple[Any, ...]:
        """What two programs are compared by."""
        return structure(self.jaxpr), self.zeros, self.signature

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Program) and self.key() == other.key()

    def __hash__(self) -> int:
        return hash(self.key())


def _tape(values: Sequence[Any], program: _Program) -> Tape:
    """The tape of a program with these values."""
    jaxpr, signature = program.jaxpr, program.signature
    known = dict(zip(jaxpr.invars, values, strict=False))
    tangents = iter(jaxpr.invars[len(values) :])
    outs = iter(jaxpr.outvars)

    def operand(atom: Atom) -> Any:
        return literal_value(atom) if isinstance(atom, Literal) else known.get(atom, atom)

    entries = [
        TapeEntry(e.primitive, [operand(a) for a in e.invars], e.params, e.outvars)
        for e in jaxpr.eqns
    ]
    inputs = [next(tangents) if n else None for n in signature.active]
    outputs = [next(outs) if zero is None else Zero(zero) for zero in program.zeros]
    return Tape(entries, inputs, outputs)


for _kind in (Linearized, PulledBack):
    tree.register_node(
        _kind,
        TapeFunction.flatten,
        lambda program, values, kind=_kind: kind(None, program.signature, (tuple(values), program)),
    )
