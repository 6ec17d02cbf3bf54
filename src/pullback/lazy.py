"""Modules that load at first use: the one place of late imports, for what is heavy and rare."""

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
