"""Modules that load at first use: the one place of late imports, for what is heavy and rare."""

from collections.abc import Callable, Iterable
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


def submodules(package: str, names: Iterable[str]) -> Callable[[str], Any]:
    """A package's `__getattr__` that imports these submodules when they are first asked for."""
    wanted = frozenset(names)

    def __getattr__(name: str) -> Any:
        if name in wanted:
            return import_module(f"{package}.{name}")
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return __getattr__
