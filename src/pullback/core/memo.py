"""Results remembered for as long as the object they were computed from lives."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")


def weak_memo(f: Callable[..., T]) -> Callable[..., T]:
    """Remember `f(owner, *rest)` by the identity of `owner`; `rest` must be hashable."""
    tables: WeakKeyDictionary[Any, dict[Any, T]] = WeakKeyDictionary()

    @wraps(f)
    def remembered(owner: Any, *rest: Any) -> T:
        table = tables.get(owner)
        if table is None:
            table = tables[owner] = {}
        if rest not in table:
            table[rest] = f(owner, *rest)
        return table[rest]

    return remembered
