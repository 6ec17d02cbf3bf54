"""What a function reads besides its arguments, found without running it; whether it is the same.

Names are taken from its code and from that of the functions it reads, and are looked up in globals,
closures, defaults, modules, classes and objects. Values are told apart by identity, those in
tuples, lists and dictionaries one by one. What is found is kept as paths from the function, and
weakly where that can be, so that it keeps nobody alive.
"""

import builtins
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from types import CodeType, FunctionType, MemberDescriptorType, MethodType, ModuleType
from typing import Any, NamedTuple
from weakref import ref

# More values than this are not looked at: telling them apart would take longer than it saves.
MOST = 1000
# Packages in which nobody replaces a name.
FIXED = frozenset({__name__.partition(".")[0], "numpy", "scipy", "builtins"})
_ABSENT: Any = object()
_ANY: Any = object()
# What further functions and values are parts of.
_PARTS: dict[Any, tuple[str, ...]] = {
    MethodType: ("__self__", "__func__"),
    partial: ("func", "args", "keywords"),
    property: ("fget",),
    cached_property: ("func",),
    staticmethod: ("__func__",),
    classmethod: ("__func__",),
}
# What makes annotations, from Python 3.14 on.
_ASIDE = frozenset({"__annotate__", "__annotate_func__"})
# Without types, since what is looked at has none.
_CONTAINER: Any = (tuple, list, dict, set)
_KEYED: Any = (dict, set)
_SET: Any = set
_CLASS: Any = type
_PLAIN = frozenset({int, float, complex, bool, str, bytes, type(None), type(...), CodeType})


class Read(NamedTuple):
    """One value: how it is found, from which of the values found before, and what it was."""

    parent: int
    find: Callable[[Any, Any], Any]
    key: Any
    was: Any


def _global(f: Any, name: str) -> Any:
    return f.__globals__.get(name, _ABSENT)


def _cell(f: Any, index: int) -> Any:
    try:
        return f.__closure__[index].cell_contents
    except ValueError:  # nothing was assigned so far
        return _ABSENT


def _own(x: Any, name: str) -> Any:
    return x.__dict__.get(name, _ABSENT)


def _get(x: Any, name: str) -> Any:
    return getattr(x, name, _ABSENT)


def _base(x: Any, index: int) -> Any:
    return x.__mro__[index]


def _item(x: Any, key: Any) -> Any:
    return x[key]


def _is_like(x: Any, like: tuple[type, int]) -> bool:
    return type(x) is like[0] and len(x) == like[1]


def _has_keys(x: Any, like: tuple[type, Any]) -> bool:
    return type(x) is like[0] and tuple(x) == like[1]


def unchanged(f: Any, reads: Sequence[Read]) -> bool:
    """Whether a function reads what one of the same code did when it was looked at."""
    values = [f]
    for parent, find, key, was in reads:
        value = find(values[parent], key)
        if value is was or was is _ANY:
            pass
        elif type(was) is not ref or value is None or was() is not value:
            return False
        values.append(value)
    return True


def reads(f: Any) -> Sequence[Read] | None:
    """What a function reads now; None if that is too much."""
    walk = _Walk(f)
    return walk.found if walk.is_done() else None


class _Walk:
    """The values found so far. Those whose attributes are read wait for the names of all code."""

    def __init__(self, f: Any) -> None:
        self.values: list[Any] = [f]
        self.found: list[Read] = []
        self.names: set[str] = set()
        self.owners: dict[int, set[str]] = {}
        self.seen: set[int] = set()

    def is_done(self) -> bool:
        """Look at everything there is; False where it is too much."""
        at = 0
        while True:
            while at < len(self.values):
                if at > MOST:
                    return False
                self.look(at)
                at += 1
            for index in list(self.owners):
                self.attributes(index)
            if at == len(self.values):
                return True

    def add(self, parent: int, find: Callable[[Any, Any], Any], key: Any) -> None:
        """One more value."""
        value = find(self.values[parent], key)
        self.values.append(value)
        self.found.append(Read(parent, find, key, _kept(value)))

    def look(self, at: int) -> None:
        """What one value is made of."""
        x = self.values[at]
        kind = _CLASS(x)
        if kind in _PLAIN or id(x) in self.seen:
            return
        if _kept(x) is not _ANY:
            self.seen.add(id(x))
        if kind is FunctionType:
            self.function(at, x)
        elif isinstance(x, _CONTAINER):
            self.container(at, x)
        elif kind in _PARTS:
            for name in _PARTS[kind]:
                self.add(at, _get, name)
        elif kind is ModuleType or isinstance(x, _CLASS):
            self.module(at, x)
        else:
            self.instance(at, x)

    def function(self, at: int, f: FunctionType) -> None:
        """Code, defaults, what is enclosed, and globals."""
        if "__wrapped__" in f.__dict__:
            self.add(at, _own, "__wrapped__")
        if _is_fixed(f) or (f.__closure__ is None and _is_standard(f)):
            return
        for name in ("__code__", "__defaults__", "__kwdefaults__"):
            self.add(at, _get, name)
        for i in range(len(f.__closure__ or ())):
            self.add(at, _cell, i)
        names = set(_names(f.__code__))
        self.names |= names
        hidden = names & vars(builtins).keys()
        for name in sorted((names & f.__globals__.keys()) | hidden):
            self.add(at, _global, name)
        if f.__dict__:
            self.owners[at] = set()

    def container(self, at: int, x: Any) -> None:
        """The values in it, and its class where that is somebody's own."""
        keys: Any = tuple(x) if isinstance(x, _KEYED) else None
        if keys is None:
            self.add_fact(at, _is_like, (type(x), len(x)))
        else:
            self.add_fact(at, _has_keys, (type(x), keys))
        if len(x) > MOST:
            self.values += [None] * MOST
        elif not isinstance(x, _SET):
            for key in range(len(x)) if keys is None else keys:
                self.add(at, _item, key)
        if not _is_fixed(type(x)):
            self.add(at, _get, "__class__")

    def add_fact(self, parent: int, find: Callable[[Any, Any], Any], key: Any) -> None:
        """Something that must hold for a value."""
        self.values.append(True)
        self.found.append(Read(parent, find, key, True))

    def module(self, at: int, x: Any) -> None:
        """A module or a class: its names, those of its bases, and methods that no name calls."""
        if _is_fixed(x) or _is_standard(x):
            return
        self.owners[at] = set()
        for i in range(1, len(getattr(x, "__mro__", ()))):
            self.add(at, _base, i)
        namespace: Any = x.__dict__
        for name, value in list(namespace.items()):
            if name.startswith("__") and name not in _ASIDE and type(value) is FunctionType:
                self.add(at, _own, name)

    def instance(self, at: int, x: Any) -> None:
        """An object: its attributes, and its class; of one of this library, what it calls."""
        if not _is_fixed(type(x)):
            self.add(at, _get, "__class__")
            self.owners[at] = set()
        for name, value in list(getattr(x, "__dict__", {}).items()):
            if name == "__wrapped__" or (at not in self.owners and callable(value)):
                self.add(at, _own, name)

    def attributes(self, at: int) -> None:
        """What an owner has of the names that are read; that it lacks those its classes have."""
        x, done = self.values[at], self.owners[at]
        new = self.names - done
        if not new:
            return
        done |= new
        is_class = isinstance(x, _CLASS)
        classes = (x if is_class else _CLASS(x)).__mro__[:-1]
        places: list[Any] = [] if type(x) is ModuleType else [c.__dict__ for c in classes]
        shared = {name: p[name] for p in places for name in new & p.keys()}
        slots = {n for n, v in shared.items() if type(v) is MemberDescriptorType and not is_class}
        for name in sorted(slots):
            self.add(at, _get, name)
        own = getattr(x, "__dict__", None)
        if own is not None:
            for name in sorted((new & own.keys() | shared.keys()) - slots):
                self.add(at, _own, name)


def _kept(value: Any) -> Any:
    """What a value is compared with: itself, weakly where others may hold it."""
    kind = _CLASS(value)
    if kind in _PLAIN:
        return value
    if isinstance(value, _CONTAINER) or kind is MethodType:
        return _ANY
    return ref(value) if kind.__weakrefoffset__ else value


def _package(x: Any) -> Any:
    module = x.__name__ if type(x) is ModuleType else x.__module__
    return module.partition(".")[0] if isinstance(module, str) else None


def _is_fixed(x: Any) -> bool:
    return _package(x) in FIXED


def _is_standard(x: Any) -> bool:
    """Of Python's library: its names are not replaced either, but its objects are anybody's."""
    return _package(x) in sys.stdlib_module_names


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if type(constant) is CodeType:
            yield from _names(constant)
