"""What users' functions are called, and functions that are called like them."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

# What a transformed function takes from the function.
ASSIGNED = ("__module__", "__name__", "__qualname__", "__doc__")
_TEXTS = frozenset({"__name__", "__qualname__"})


def function_name(f: Callable[..., Any]) -> str:
    """How messages call a user's function."""
    name = getattr(f, "__name__", None)
    return name if isinstance(name, str) and name else type(f).__name__


def wraps(
    f: Any,
    assigned: Sequence[str] = functools.WRAPPER_ASSIGNMENTS,
    updated: Sequence[str] = functools.WRAPPER_UPDATES,
) -> Callable[[F], F]:
    """`functools.wraps` for whatever is called: an object may keep anything under these names."""
    given = [a for a in assigned if a not in _TEXTS or isinstance(getattr(f, a, None), str)]
    like: Any = functools.wraps(f, given, updated)
    return like
