"""debug_callback_p and debug_print_p: what programs tell of their values while they run."""

import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from string import Formatter
from typing import Any

import numpy as np

from .. import tree
from ..core.primitive import Effect, Primitive
from ..transforms.flat import argument, is_value
from .custom_call import Rule
from .host import Host, batched, define

PACKAGE = __name__.partition(".")[0]

debug_callback_p = define("debug_callback", Effect.DEBUG)
debug_print_p = define("debug_print", Effect.DEBUG)


def tells_primals(primitive: Primitive) -> None:
    """The rules of an operation without results: derivatives see the primal values alone."""

    @primitive.def_jvp
    def _(primals: Sequence[Any], tangents: Sequence[Any], **params: Any) -> Any:
        return primitive.bind(*primals, **params), []

    @primitive.def_transpose
    def _(cts: Sequence[Any], *args: Any, **params: Any) -> list[None]:
        return [None] * len(args)


def _tells(primitive: Primitive) -> None:
    """All rules of an operation that tells something of each element."""
    tells_primals(primitive)

    @primitive.def_batch
    def _(args: Sequence[Any], dims: Sequence[int | None], **params: Any) -> Any:
        return primitive.bind(*args, **batched(args, dims, params)), []


_tells(debug_callback_p)
_tells(debug_print_p)


def to_stdout(text: str) -> None:
    """Print a line."""
    sys.stdout.write(text + "\n")


def to_log(text: str) -> None:
    """Log a line at level INFO, in the log of the name "pullback"."""
    logging.getLogger(PACKAGE).info("%s", text)


class Print(Rule):
    """Says its arguments in a format, by the options that NumPy had when it was made."""

    __slots__ = ("__name__", "fmt", "has_fields", "options", "say")

    def __init__(self, fmt: str, say: Callable[[str], None]) -> None:
        self.fmt = self.__name__ = fmt
        self.say = say
        self.has_fields = any(name is not None for _, name, _, _ in Formatter().parse(fmt))
        self.options = np.get_printoptions()
        super().__init__(fmt, say, tuple(self.options.items()))

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        with np.printoptions(**self.options):
            plain = [self.fmt, *map(str, args)]
            text = self.fmt.format(*args, **kwargs) if self.has_fields else " ".join(plain)
        self.say(text)


@debug_print_p.def_show
def _(params: dict[str, Any]) -> Any:
    """The format in place of the function."""
    return {"fmt": repr(params["callback"]), "ordered": params["ordered"]}, None


class _Checker(Formatter):
    """Looks whether arguments fit a format, without formatting them."""

    def format_field(self, value: Any, format_spec: str) -> str:
        return ""

    def check_unused_args(
        self, used_args: Any, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> None:
        unused = [repr(a) for i, a in enumerate(args) if i not in used_args]
        if unused:
            raise ValueError(
                f"debug.print: no field of the format takes the arguments {', '.join(unused)}:"
                " write {} for each"
            )
        names = [k for k in kwargs if k not in used_args]
        if names:
            raise ValueError(
                f"debug.print: no field of the format takes {', '.join(names)}: write the format"
                ' without f in front, as in "x = {x}"'
            )


def debug_print(
    fmt: str | None = None,
    *args: Any,
    ordered: bool = False,
    partitioned: bool = False,
    skip_format_check: bool = False,
    **kwargs: Any,
) -> Any:
    """Print values when the program runs, also under `jit`, `vmap`, `grad` and in loops.

    Batched values print one after the other. In derivatives the primal values are printed;
    `checkpoint` prints again when it computes again.

    Args:
      fmt: a format as of `str.format`, filled in when the program runs: no f-string.
      args, kwargs: values for its fields: arrays, pytrees of arrays, anything.
      ordered: whether the order of prints matters. It is the program's in any case.
      partitioned: accepted; there is one device.
      skip_format_check: leave arguments without a field alone.

    Returns:
      None. Without `fmt`, a function of (fmt, *args, **kwargs) with these options.

    Raises:
      ValueError: an argument has no field.
      IndexError, KeyError: a field has no argument.

    >>> import pullback as pb
    >>> pb.jit(lambda x: pb.debug.print("x + 1 = {y}", y=x + 1))(2)
    x + 1 = 3
    """

    call = _saying(to_stdout, ordered, skip_format_check)
    return _one_or_two_calls("debug.print", call, fmt, args, kwargs)


def debug_log(
    fmt: str | None = None,
    *args: Any,
    ordered: bool = False,
    partitioned: bool = False,
    skip_format_check: bool = False,
    **kwargs: Any,
) -> Any:
    """Log values when the program runs, at level INFO under the name "pullback".

    Args, returns and raises as `debug_print`.

    >>> import pullback as pb
    >>> pb.jit(lambda x: pb.debug.log("x = {}", x))(2)
    """
    call = _saying(to_log, ordered, skip_format_check)
    return _one_or_two_calls("debug.log", call, fmt, args, kwargs)


def _saying(say: Callable[[str], None], ordered: bool, unchecked: bool) -> Callable[..., None]:
    """The function of (format, arguments) with these options."""

    def call(fmt: str, *args: Any, **kwargs: Any) -> None:
        if not isinstance(fmt, str):
            raise TypeError(f"debug.print: the format must be a string, got {fmt!r}")
        if not unchecked:
            _Checker().format(fmt, *args, **kwargs)
        _bind(debug_print_p, Print(fmt, say), args, kwargs, ordered)

    return call


def debug_callback(
    callback: Callable[..., Any] | None = None,
    *args: Any,
    ordered: bool = False,
    partitioned: bool = False,
    **kwargs: Any,
) -> Any:
    """Call a Python function for its side effects when the program runs.

    Under `vmap` it is called for each element. In derivatives it sees the primal values;
    `checkpoint` calls it again when it computes again.

    Args:
      callback: function; what it returns is ignored.
      args, kwargs: its arguments: arrays, pytrees of arrays, anything.
      ordered: whether the order of calls matters. It is the program's in any case.
      partitioned: accepted; there is one device.

    Returns:
      None. Without `callback`, a function of (callback, *args, **kwargs) with these options.

    Raises:
      Exceptions of the function itself.

    >>> import pullback as pb
    >>> seen = []
    >>> pb.jit(lambda x: pb.debug.callback(lambda v: seen.append(float(v)), x))(2.0)
    >>> seen
    [2.0]
    """

    def call(callback: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        if not callable(callback):
            raise TypeError(
                f"debug.callback: the first argument must be a function, got {callback!r}"
            )
        _bind(debug_callback_p, callback, args, kwargs, ordered)

    return _one_or_two_calls("debug.callback", call, callback, args, kwargs)


def _one_or_two_calls(
    what: str, call: Callable[..., None], first: Any, args: Any, kwargs: Any
) -> Any:
    """The call itself, or where its first argument is missing the call to come."""
    if first is not None:
        return call(first, *args, **kwargs)
    if args or kwargs:
        raise TypeError(
            f"{what}: without its first argument it takes options only, got {args} and {kwargs}"
        )
    return call


def _bind(primitive: Primitive, f: Callable[..., Any], args: Any, kwargs: Any, order: bool) -> None:
    """Leaves that are no arrays become part of the function."""
    leaves, in_tree = tree.flatten((args, kwargs))
    static = {i: x for i, x in enumerate(leaves) if not is_value(x)}
    arrays = [argument(x, primitive.name) for i, x in enumerate(leaves) if i not in static]
    host = Host(f, in_tree, static)
    primitive.bind(*arrays, callback=host, result_avals=(), ordered=bool(order))
