"""Mutable arrays: what a cell holds now, in each program that is being written.

A cell is never part of a program. A program that reads or writes one takes what it holds as an
argument and returns what it holds in the end; between, reading and writing are no operations.
"""

# `_trace` is hidden from users, whose arrays have a method `trace`; cells read it.
# pyright: reportPrivateUsage=false

from collections.abc import Iterator
from typing import Any, NamedTuple

from .. import errors
from ..lazy import LazyModule
from .aval import ShapedArray, same_type
from .ir import Var
from .trace import Line, Trace, Tracer, check_alive, current_trace, get_aval, show_line, user_line

# Loaded where somebody asks for the type.
_types: Any = LazyModule(f"{__package__}.abstract_ref")


class Held:
    """What a cell holds in a program that is being written."""

    __slots__ = ("given", "value", "written")

    def __init__(self, given: Any) -> None:
        self.given = given
        self.value = given
        self.written = False


class Touched(NamedTuple):
    """A cell that a program has read or written, and the argument that stands for it."""

    cell: "Cell"
    var: Var
    written: bool


class Cell:
    """A place for arrays of one type. `home` is the trace under which it was made.

    Under a program that is written inside of `home` it holds a value of that program.
    """

    __slots__ = ("__weakref__", "_value", "ended", "home", "inner", "lent", "line", "written")

    def __init__(self, value: Any) -> None:
        self._value = value
        self.inner: ShapedArray = get_aval(value)
        self.home: Trace | None = current_trace()
        self.line: Line = user_line()
        self.written = False
        # Whether it stands for another one, in a function that this was passed to.
        self.lent = False
        self.ended = ""

    @property
    def aval(self) -> Any:
        """The type, an `AbstractRef`."""
        return _types.AbstractRef(self.inner)

    @property
    def is_inner(self) -> bool:
        """Whether it belongs to a function that is being transformed."""
        return self.home is not None and self.home.parent is not None

    def lend(self, value: Any) -> "Cell":
        """What stands for it in a function that it is passed to, where it holds this value."""
        cell = type(self)(value)
        cell.lent, cell.line = True, self.line
        return cell

    def read(self) -> Any:
        """What it holds."""
        held = self._held()
        return self._value if held is None else held.value

    def write(self, value: Any) -> None:
        """Hold another value, of the same type."""
        assert same_type(get_aval(value), self.inner)
        held = self._held()
        self._check_level(value)
        if held is None:
            self._value, self.written = value, True
        else:
            held.value, held.written = value, True

    def end(self, why: str) -> Any:
        """What it holds, for the last time."""
        value = self.read()
        if self.lent or self._program() is not None:
            raise ValueError(
                f"{why}: {self.describe()} was made outside of this function: it can only be"
                " ended where it was made"
            )
        self.ended = why
        return value

    def describe(self) -> str:
        """Its type, and the line that made it."""
        return f"a mutable array of type {self.aval}, made at {show_line(self.line)}"

    def _held(self) -> Held | None:
        """What it holds in the innermost program that is being written; None: its own value."""
        self._check_alive()
        program = self._program()
        if program is None:
            return None
        held = program.cells.get(self)
        if held is None:
            held = program.cells[self] = Held(program.argument(self.inner))
        return held

    def _program(self) -> Any:
        trace: Trace | None = current_trace()
        while trace is not None and trace is not self.home:
            if trace.cells is not None:
                return None if trace in around(self.home) else trace
            trace = trace.parent
        return None

    def _check_alive(self) -> None:
        if self.ended:
            raise ValueError(f"{self.describe()}, was used after {self.ended} had ended it")
        if self.home is not None and not self.home.alive:
            raise errors.UnexpectedTracerError(
                f"A mutable array leaked out of its transformation: {self.describe()} under"
                f" {self.home.what}, used again at {show_line(user_line())}.\nReturn what it holds"
                " (ref[...]) instead of storing it elsewhere."
            )

    def _check_level(self, value: Any) -> None:
        """Raise unless the value means something wherever the cell does."""
        if not isinstance(value, Tracer):
            return
        check_alive(value)
        if not any(t.is_same(value._trace) for t in around(self._program() or self.home)):
            raise ValueError(
                f"{value.describe()} is written to {self.describe()}, outside of the function that"
                f" {value._trace.what} transforms.\nPass the mutable array to that function as an"
                " argument that is mapped, return the value, or write stop_gradient of it."
            )


def around(trace: Trace | None) -> Iterator[Trace]:
    """A trace and those that interpret what it computes."""
    while trace is not None:
        yield trace
        trace = trace.parent
