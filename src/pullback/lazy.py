"""Modules that load at first use: the one place of late imports, for what is heavy and rare."""

import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any


class LazyModule:
    """A module that is imported at the first use of a name of it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(import_module(self._name), attribute)
        setattr(self, attribute, value)
        return value


def later(
    package: str, modules: Iterable[str], names: Mapping[str, str] | None = None
) -> Callable[[str], Any]:
    """A package's `__getattr__` that imports when asked: submodules, and names found in them.

    `names` gives, for a submodule, the names (parted by blanks) that the package has from it.
    """
    home = {name: m for m, text in (names or {}).items() for name in text.split()}
    known = frozenset(modules)

    def __getattr__(name: str) -> Any:
        if name in known:
            return import_module(f"{package}.{name}")
        if name not in home:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(f"{package}.{home[name]}"), name)
        setattr(sys.modules[package], name, value)
        return value

    return __getattr__
