"""What is remembered: by the identity of an object for as long as it lives, or in bounded tables.

`forget` empties all of it.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary, WeakValueDictionary, ref

T = TypeVar("T")
K = TypeVar("K")

# How many entries a table holds.
MOST = 4096
_tables: "WeakValueDictionary[int, Memory[Any, Any]]" = WeakValueDictionary()
_weak: "list[WeakKeyDictionary[Any, Any] | Owned[Any, Any]]" = []


class Bounded(dict[K, T]):
    """A table that starts anew when it is full."""

    __slots__ = ("__weakref__",)

    def __setitem__(self, key: K, value: T) -> None:
        if len(self) >= MOST:
            self.clear()
        super().__setitem__(key, value)


class Memory(Bounded[K, T]):
    """A table of results that can be computed again."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__()
        _tables[id(self)] = self


class Owned(Generic[K, T]):
    """A table for each object, by its identity alone, for as long as it lives."""

    def __init__(self) -> None:
        self._tables: dict[int, tuple[Any, Bounded[K, T]]] = {}
        _weak.append(self)

    def of(self, owner: Any) -> Bounded[K, T] | None:
        """The table of an object; None where nobody can tell when it ends."""
        number = id(owner)
        known = self._tables.get(number)
        if known is not None:
            return known[1]
        if not type(owner).__weakrefoffset__:
            return None
        tables = self._tables
        table: Bounded[K, T] = Bounded()
        tables[number] = (ref(owner, lambda _: tables.pop(number, None)), table)
        return table

    def clear(self) -> None:
        """Forget all."""
        self._tables.clear()


def weak_memo(f: Callable[..., T]) -> Callable[..., T]:
    """Remember `f(owner, *rest)` by the identity of `owner`; `rest` must be hashable."""
    tables: WeakKeyDictionary[Any, dict[Any, T]] = WeakKeyDictionary()
    _weak.append(tables)

    @wraps(f)
    def remembered(owner: Any, *rest: Any) -> T:
        table = tables.get(owner)
        if table is None:
            table = tables[owner] = {}
        if rest not in table:
            table[rest] = f(owner, *rest)
        return table[rest]

    return remembered


def forget() -> None:
    """Empty every table."""
    for table in list(_tables.values()):
        table.clear()
    for tables in _weak:
        tables.clear()
