"""Users' functions that were staged before: their programs, as long as the functions live.

A program is found by the function itself, what it was asked for, and all that its tracing depends
on; it is used where what the function reads besides its arguments is what it was.
"""

from collections.abc import Callable
from types import MethodType
from typing import Any, TypeVar

from .. import _native
from ..core.memo import Owned
from ..core.trace import manual_axes, mapped_axes
from ..lazy import LazyModule

# Loaded with the first function that is remembered.
_reads: Any = LazyModule(f"{__name__.partition('.')[0]}.core.reads")

T = TypeVar("T")


# What a function read, and the result; None: it read so much that there is nothing to remember.
_known: Owned[Any, tuple[Any, Any] | None] = Owned()


def remembered(
    f: Callable[..., Any], asked: Any, make: Callable[[], T], may_last: Callable[[T], bool]
) -> T:
    """What `make` finds out of a function `f` and what it was asked for.

    It is kept only if it `may_last`, and not where what was asked for cannot be compared.
    """
    method = type(f) is MethodType
    table = _known.of(f.__self__ if method else f)
    if table is None:
        return make()
    place = (*_native.get_context(), mapped_axes(), manual_axes())
    key = (f.__func__ if method else None, asked, place)
    try:
        known = table.get(key, ())
    except (TypeError, ValueError):
        return make()
    if known and _reads.unchanged(f, known[0]):
        return known[1]
    result = make()
    if known is not None and may_last(result):
        found = _reads.reads(f)
        table[key] = None if found is None else (found, result)
    return result
