"""Linear functions on a tape, which are trees: their leaves are the values that the tape holds.

So a compiled function may return what `vjp` and `linearize` give, and a loop may carry it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .. import tree
from ..core.aval import ShapedArray, same_type, type_name
from ..core.cell import Cell
from ..core.ir import Atom, Jaxpr, Literal, Var
from ..core.primitive import Zero
from ..core.stage import literal_value
from ..core.structure import structure
from ..primitives.arithmetic import add_any
from ..tree import PyTreeDef
from .border import cotangent, float0, tangent, weak_as
from .jvp import instantiate_zeros
from .linearize import Tape, TapeEntry, residuals, run_tape, tape_program
from .transpose import backward
from .wanted import DidntWant, DontWant, GradRef, GradValue


@dataclass(frozen=True)
class Signature:
    """The arguments' types, which of them have tangents, the results' types, and both trees.

    The leaves `lent` are what mutable arrays hold; the last results are what those hold in the end
    that are `written`.
    """

    avals: tuple[ShapedArray, ...]
    active: tuple[bool, ...]
    out_avals: tuple[ShapedArray, ...]
    in_tree: PyTreeDef
    out_tree: PyTreeDef
    lent: tuple[int, ...] = ()
    written: tuple[int, ...] = ()


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
        if self.signature.lent:
            raise ValueError(
                "vjp: an argument is a mutable array, whose gradient must be accumulated into one:"
                " write f_vjp.with_refs(ref, ...)(ct), with an entry for each argument"
            )
        return self.signature.in_tree.unflatten(self.pull(ct, []))

    def pull(self, ct: Any, ends: Sequence[Any]) -> list[Any]:
        """The cotangents of all leaves; `ends` are those of what mutable arrays hold in the end."""
        s = self.signature
        cts, ct_tree = tree.flatten(ct)
        if ct_tree != s.out_tree:
            raise TypeError(
                f"vjp: the cotangent must have the result's structure {s.out_tree}, got {ct_tree}"
            )
        pairs = zip(s.out_avals, [*cts, *ends], strict=True)
        given = [tangent(a, c, "vjp", "cotangent") for a, c in pairs]
        return pull(self.tape, s.avals, s.active, given)

    def with_refs(self, *wanted: Any) -> Callable[[Any], Any]:
        """The same function, which adds gradients to mutable arrays.

        Args:
          wanted: for each argument, or as pytrees for each leaf, a mutable array, to which the
            gradient is added; `ad.GradValue()`: it is returned; or `ad.DontWant()`. An argument
            that is a mutable array has one: before the call it holds the cotangent of what the
            argument holds in the end.

        Returns:
          A function of the cotangent that returns the gradients, `ad.GradRef()` in the places of
          those that were added, and `ad.DidntWant()` of those that were not wanted.

        >>> import pullback as pb
        >>> y, f_vjp = pb.vjp(pb.numpy.sin, 0.0)
        >>> total = pb.new_ref(1.0)
        >>> f_vjp.with_refs(total)(2.0)
        (GradRef(),)
        >>> float(total[...])
        3.0
        """
        whole = self.signature.in_tree.unflatten(self.signature.avals)
        try:
            entries = tree.broadcast_prefix(wanted, whole)
        except ValueError as error:
            raise ValueError(
                f"with_refs: wants an entry for each of {len(whole)} arguments, or pytrees of them"
            ) from error
        self._check(entries)
        return lambda ct: self._accumulate(entries, ct)

    def _check(self, entries: Sequence[Any]) -> None:
        for i, (x, aval) in enumerate(zip(entries, self.signature.avals, strict=True)):
            if not isinstance(x, (Cell, GradValue, DontWant)):
                raise TypeError(
                    f"with_refs: wants mutable arrays, ad.GradValue() or ad.DontWant(), got {x!r}"
                )
            if i in self.signature.lent and not isinstance(x, Cell):
                raise ValueError(f"with_refs: the gradient of a mutable array wants one, got {x!r}")
            if isinstance(x, Cell) and not same_type(x.inner, aval.tangent()):
                raise ValueError(
                    f"with_refs: the gradient has type {type_name(aval.tangent())}, and"
                    f" {x.describe()} is to hold it"
                )

    def _accumulate(self, entries: Sequence[Any], ct: Any) -> Any:
        s = self.signature
        found = self.pull(ct, [entries[i].read() for i in s.written])
        for i, (entry, value) in enumerate(zip(entries, found, strict=True)):
            if isinstance(entry, Cell):
                new = value if i in s.written else add_any(entry.read(), value)
                entry.write(weak_as(new, entry.inner))
                found[i] = GradRef()
            elif isinstance(entry, DontWant):
                found[i] = DidntWant()
        return s.in_tree.unflatten(found)


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
