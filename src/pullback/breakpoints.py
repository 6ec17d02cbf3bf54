"""Stops in programs: a command line on the values that a function's variables have there."""

import cmd
import inspect
import linecache
import sys
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Any, NamedTuple

from . import tree
from ._native import ArrayImpl, DeviceArray
from .control.debugging import debug_callback
from .core.trace import PACKAGE, Tracer, current_trace

# Whose functions are no user's: contexts of this library stand between its callers and it.
INNER = (PACKAGE, "contextlib")


class Place(NamedTuple):
    """A function that was being called: where, and its variables."""

    file: str
    line: int
    name: str
    variables: dict[str, Any]

    def text(self) -> str:
        """The lines around, the current one marked."""
        shown = range(max(self.line - 4, 1), self.line + 5)
        lines = [(i, linecache.getline(self.file, i).rstrip()) for i in shown]
        return "\n".join([f"{'->' if i == self.line else '  '} {i} {t}" for i, t in lines])

    def __str__(self) -> str:
        return f"> {self.file}({self.line})\n{self.name}"


def debug_breakpoint(
    *,
    backend: str | None = None,
    filter_frames: bool = True,
    num_frames: int | None = None,
    ordered: bool = False,
    token: Any = None,
    **kwargs: Any,
) -> None:
    """Stop where the program has come to, also under `jit`, and ask for commands.

    The commands are `p` and `pp` (print an expression), `l` (the lines around), `u` and `d` (to the
    caller and back), `bt` (all callers), `a` (the variables), `c` (go on) and `q` (raise
    SystemExit, as the end of the input does); anything else is an expression to print. The
    variables hold the values of this run; under `vmap` it stops for each element.

    Args:
      backend: accepted; the only one is the command line.
      filter_frames: whether to leave this library's own functions out.
      num_frames: how many of the innermost calls to keep; by default all.
      ordered: whether the order of stops matters. It is the program's in any case.
      token: accepted; has no meaning.
      kwargs: `stdin` and `stdout`, files for the commands and what they print.

    >>> import io, sys
    >>> @pb.jit
    ... def f(x):
    ...     y = x + 1
    ...     pb.debug.breakpoint(stdin=io.StringIO("p y\\nc"), stdout=io.StringIO(), num_frames=1)
    ...     return y
    >>> float(f(1.0))
    2.0
    """
    if backend not in (None, "cli"):
        raise ValueError(f"debug.breakpoint: the only backend is 'cli', got {backend!r}")
    unknown = set(kwargs) - {"stdin", "stdout"}
    if unknown:
        raise TypeError(f"debug.breakpoint: unexpected keywords {sorted(unknown)}")
    frames = list(_callers(inspect.currentframe(), filter_frames))[:num_frames]
    places = [Place(f.f_code.co_filename, f.f_lineno, f.f_code.co_name, {}) for f in frames]
    variables, others = _variables(frames)

    def stop(values: Sequence[dict[str, Any]]) -> None:
        found = [
            p._replace(variables={**o, **v}) for p, o, v in zip(places, others, values, strict=True)
        ]
        _Prompt(found, **kwargs).cmdloop()

    debug_callback(stop, variables, ordered=ordered)


def _callers(frame: FrameType | None, users: bool) -> Iterator[FrameType]:
    """The calls around, the innermost first."""
    frame = frame.f_back if frame is not None else None
    while frame is not None:
        if not users or frame.f_globals.get("__name__", "").partition(".")[0] not in INNER:
            yield frame
        frame = frame.f_back


def _variables(frames: Sequence[FrameType]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Of each call the variables that are trees of arrays, and the others."""
    arrays: list[dict[str, Any]] = []
    others: list[dict[str, Any]] = []
    for frame in frames:
        seen = {**frame.f_globals, **frame.f_locals} if len(arrays) == 0 else frame.f_locals
        mine = {k: v for k, v in frame.f_locals.items() if _holds_arrays(v)}
        arrays.append(mine)
        others.append({k: v for k, v in seen.items() if k not in mine})
    return arrays, others


def _holds_arrays(x: Any) -> bool:
    leaves = tree.leaves(x)
    return any(isinstance(leaf, (ArrayImpl, DeviceArray, Tracer)) for leaf in leaves) and all(
        _means_something(leaf) for leaf in leaves
    )


def _means_something(leaf: Any) -> bool:
    """Whether a leaf, where it is traced, is so by a trace that is in force."""
    if not isinstance(leaf, Tracer):
        return True
    trace: Any = current_trace()
    while trace is not None and not trace.is_same(leaf._trace):
        trace = trace.parent
    return trace is not None


class _Prompt(cmd.Cmd):
    """The command line."""

    prompt = "(pbdb) "

    def __init__(self, places: Sequence[Place], stdin: Any = None, stdout: Any = None) -> None:
        super().__init__(stdin=stdin, stdout=stdout)
        self.use_rawinput = stdin is None
        self.places = places
        self.at = 0
        self.show()

    @property
    def place(self) -> Place:
        """The call that is looked at."""
        return self.places[self.at]

    def say(self, text: str) -> None:
        """Print a line."""
        self.stdout.write(text + "\n")

    def show(self) -> None:
        """Print where it stands, and the lines around."""
        self.say(str(self.place))
        self.say(self.place.text())

    def do_p(self, arg: str) -> None:
        """Print an expression."""
        try:
            self.say(repr(eval(arg, {}, self.place.variables)))
        except Exception as error:
            self.say(f"*** {type(error).__name__}: {error}")

    do_pp = do_p

    def default(self, line: str) -> None:
        """What is no command is an expression."""
        self.do_p(line)

    def do_l(self, arg: str) -> None:
        """The lines around."""
        self.say(self.place.text())

    def do_a(self, arg: str) -> None:
        """The variables that hold arrays."""
        for name, value in self.place.variables.items():
            if _holds_arrays(value):
                self.say(f"{name} = {value!r}")

    def do_u(self, arg: str) -> None:
        """To the caller."""
        self._go(1)

    def do_d(self, arg: str) -> None:
        """Back from the caller."""
        self._go(-1)

    def _go(self, step: int) -> None:
        if not 0 <= self.at + step < len(self.places):
            self.say("At the last call.")
            return
        self.at += step
        self.show()

    def do_bt(self, arg: str) -> None:
        """All calls around, the innermost last."""
        for place in reversed(self.places):
            self.say(str(place))

    def do_c(self, arg: str) -> bool:
        """Go on."""
        return True

    def do_q(self, arg: str) -> bool:
        """Raise SystemExit."""
        sys.exit(0)

    do_list, do_up, do_down, do_where, do_w = do_l, do_u, do_d, do_bt, do_bt
    do_cont, do_continue, do_quit, do_exit, do_EOF = do_c, do_c, do_q, do_q, do_q

    def emptyline(self) -> bool:
        """Do nothing."""
        return False
