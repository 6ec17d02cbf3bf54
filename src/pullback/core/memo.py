"""What is remembered: by the identity of an object for as long as it lives, or in bounded tables.

`forget` empties all of it.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from weakref import WeakKeyDictionary, WeakValueDictionary

T = TypeVar("T")
K = TypeVar("K")

# How many entries a table holds.
MOST = 4096
_tables: "WeakValueDictionary[int, Memory[Any, Any]]" = WeakValueDictionary()
_weak: list[WeakKeyDictionary[Any, Any]] = []


class Memory(dict[K, T]):
    """A table of results that can be computed again: it starts anew when it is full."""

    __slots__ = ("__weakref__",)

    def __init__(self) -> None:
        super().__init__()
        _tables[id(self)] = self

    def __setitem__(self, key: K, value: T) -> None:
        if len(self) >= MOST:
            self.clear()
        super().__setitem__(key, value)


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
