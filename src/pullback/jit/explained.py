"""Why a jitted function is traced again: what differs from the call before that is most like it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any

from .. import tree
from ..core.aval import type_name
from ..core.trace import show_line, user_line
from ..lazy import LazyModule

PACKAGE = __name__.partition(".")[0]
logging: Any = LazyModule("logging")


def tell(name: str, key: tuple[Any, ...], known: Mapping[tuple[Any, ...], Any]) -> None:
    """Log why a function of this name has no program for a key, among those it has programs for."""
    lines = ["  it is called for the first time"]
    if known:
        lines = min((list(_differences(key, old)) for old in known), key=len)
        lines = lines or ["  values that it captured are of a transformation that has ended"]
    place = show_line(user_line())
    logging.getLogger(PACKAGE).warning(
        "Tracing %s for jit, at %s, because\n%s", name, place, "\n".join(lines)
    )


def _differences(new: tuple[Any, ...], old: tuple[Any, ...]) -> Iterator[str]:
    """A line for each difference of two keys."""
    in_tree, avals, static, types, lent, switches, axes = new
    old_tree, old_avals, old_static, old_types, old_lent, old_switches, old_axes = old
    if in_tree != old_tree:
        yield f"  the structure of the arguments is {in_tree}, was {old_tree}"
    else:
        paths = tree.paths(in_tree.unflatten(range(in_tree.num_leaves)))
        for path, a, b in zip(paths, avals, old_avals, strict=True):
            if a != b:
                yield f"  {_place(path)} is {_type(a)}, was {_type(b)}"
    yield from _static(static, types, old_static, old_types)
    if lent != old_lent:
        yield "  other arguments are mutable arrays"
    yield from _switches(switches, old_switches)
    if axes != old_axes:
        yield f"  the mapped axes in scope are {axes}, were {old_axes}"


def _type(aval: Any) -> str:
    return f"{type_name(aval)}, weakly typed" if aval.weak_type else type_name(aval)


def _place(path: str) -> str:
    """An argument as a message calls it: args[0]['a'] by position, kwargs['y'] by keyword."""
    return f"args{path[3:]}" if path.startswith("[0]") else f"kwargs{path[3:]}"


def _static(static: Any, types: Any, old: Any, old_types: Any) -> Iterator[str]:
    values, before = ({n: v for part in s for n, v in part} for s in (static, old))
    same = types == old_types
    for name in dict.fromkeys([*values, *before]):
        a, b = values.get(name, "not given"), before.get(name, "not given")
        if a != b or not same:
            yield f"  the static argument {name!r} is {a!r}, was {b!r}"


def _switches(new: Any, old: Any) -> Iterable[str]:
    for field in fields(new):
        a, b = getattr(new, field.name), getattr(old, field.name)
        if a != b:
            yield f"  the switch {field.name} is {a!r}, was {b!r}"
