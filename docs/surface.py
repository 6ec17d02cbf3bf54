"""The public names: which modules have them, found by walking the package."""

import functools
import types
from collections.abc import Iterator
from typing import Any

import pullback

# What packages have for the library itself: `design.md` describes it.
INSIDE = {
    "pullback.core",
    "pullback.operators",
    "pullback.experimental.checkify.ruled",
    "pullback.experimental.jet.programs",
    "pullback.experimental.jet.rules",
}


def names(module: types.ModuleType) -> list[str]:
    """The public names of a module; without `__all__`, those of what it defines."""
    listed = getattr(module, "__all__", None)
    if listed is not None:
        return sorted(listed)
    known = [n for n in dir(module) if n[0] != "_"]
    return [n for n in known if getattr(getattr(module, n), "__module__", "") == module.__name__]


def modules(module: types.ModuleType = pullback) -> Iterator[types.ModuleType]:
    """A module and, in order, the public modules below it."""
    yield module
    for name in names(module):
        found = getattr(module, name)
        full = f"{module.__name__}.{name}"
        if isinstance(found, types.ModuleType) and found.__name__ == full and full not in INSIDE:
            yield from modules(found)


def members(module: types.ModuleType) -> Iterator[tuple[str, Any]]:
    """The public names of a module that are not modules, with what they name."""
    for name in names(module):
        found = getattr(module, name)
        if not isinstance(found, types.ModuleType):
            yield name, found


def attributes(cls: type) -> Iterator[tuple[str, Any]]:
    """The public methods and properties that a class of the package defines; of `Array`, all."""
    own = vars(pullback.numpy.zeros(0).__class__ if cls is pullback.Array else cls)
    for name in sorted(n for n in own if n[0] != "_"):
        found = own[name]
        found = getattr(found, "__func__", found)
        if callable(found) or isinstance(found, (property, types.GetSetDescriptorType)):
            yield name, found


def doc(thing: Any) -> str:
    """What a thing says of itself; nothing where only its class does, as for numbers."""
    if isinstance(thing, functools.partial) and "__doc__" not in vars(thing):
        return doc(thing.func)
    own = getattr(thing, "__doc__", None)
    if not isinstance(own, str):
        return ""
    # An alias, as tuple[int, ...], has the text of its class.
    if own == getattr(getattr(thing, "__origin__", None), "__doc__", None):
        return ""
    a_value = not isinstance(thing, type) and not callable(thing)
    return "" if a_value and own == type(thing).__doc__ else _dedented(own)


def _dedented(text: str) -> str:
    first, _, rest = text.expandtabs().strip().partition("\n")
    lines = rest.splitlines()
    margin = min((len(x) - len(x.lstrip()) for x in lines if x.strip()), default=0)
    return "\n".join([first, *(x[margin:].rstrip() for x in lines)]).strip()
