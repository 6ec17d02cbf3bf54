"""Loops and branches in Python, for `disable_jit`: functions see values they may print and test."""

from collections.abc import Callable, Sequence
from typing import Any

from .. import config, errors, tree
from ..core.stage import StageTrace
from ..core.trace import Trace, current_trace, get_aval
from ..primitives.pieces import concatenate, slice_in_dim
from ..primitives.shape import reshape
from .region import convert_like


def is_plain() -> bool:
    """Whether loops and branches run in Python: not in a program that is being written."""
    if not config.current().disable_jit:
        return False
    trace: Trace | None = current_trace()
    while trace is not None and not isinstance(trace, StageTrace):
        trace = trace.parent
    return trace is None


def known(x: Any) -> int | None:
    """A scalar as Python's integer, None where it is traced and not known."""
    try:
        return int(x)
    except errors.ConcretizationTypeError:
        return None


def while_loop(test: Callable[[Any], Any], body: Callable[[Any], Any], carry: Any) -> Any:
    """The carry for which the condition no longer holds."""
    carry = tree.map(_array, carry)
    while test(carry):
        carry = body(carry)
    return carry


def scan(
    f: Callable[[Any, Any], Any],
    carry: Any,
    slices: Sequence[Any],
    xs_tree: Any,
    length: int,
    reverse: bool,
) -> tuple[Any, Any]:
    """The last carry and the stacked ys, of one step at least."""
    carry, ys = tree.map(_array, carry), []
    for i in reversed(range(length)) if reverse else range(length):
        carry, y = f(carry, xs_tree.unflatten([_element(x, i) for x in slices]))
        ys.append(y)
    return carry, tree.map(_stacked, *(ys[::-1] if reverse else ys))


def _array(x: Any) -> Any:
    return convert_like(x, get_aval(x))


def _element(x: Any, i: int) -> Any:
    return reshape(slice_in_dim(x, i, i + 1), get_aval(x).shape[1:])


def _stacked(*parts: Any) -> Any:
    return concatenate([reshape(_array(p), (1, *get_aval(p).shape)) for p in parts], 0)
