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


def compiled_module(package: str, name: str) -> Any:
    """A module in C of a package, without the package's own `__init__`, which may be slow.

    Where the package is there already, it is imported from it. Otherwise no trace of it is left:
    who imports it later finds the same module in its package.
    """
    full = f"{package}.{name}"
    if package in sys.modules:
        return import_module(full)
    util, machinery = (import_module(f"importlib.{m}") for m in ("util", "machinery"))
    places = util.find_spec(package).submodule_search_locations
    spec = machinery.PathFinder.find_spec(full, places)
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules.pop(full, None)
    return module


def later(
    package: str, modules: Iterable[str], names: Mapping[str, str] | None = None
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """A package's `__getattr__` that imports when asked, and the `__dir__` that lists what it has.

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

    def __dir__() -> list[str]:
        return sorted({*vars(sys.modules[package]), *known, *home})

    return __getattr__, __dir__
