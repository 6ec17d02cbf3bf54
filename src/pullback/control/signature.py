"""Arguments of functions with rules of their own: keywords to positions, and those set aside."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from ..transforms.named import function_name


def positional(
    f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], what: str
) -> tuple[Any, ...]:
    """The arguments of a call, all by position, defaults filled in."""
    if not kwargs and not has_defaults(f):
        return args
    try:
        bound = inspect.signature(f).bind(*args, **kwargs)
    except TypeError as error:
        raise TypeError(f"{what}: {function_name(f)}: {error}") from error
    # Before the defaults are in, what follows an argument that was left out is a keyword.
    bound.apply_defaults()
    only = sorted(bound.kwargs.keys() & kwargs.keys())
    if only:
        raise TypeError(
            f"{what}: {function_name(f)} has keyword-only arguments {only}, which a rule cannot"
            " receive: make them positional"
        )
    return bound.args


def has_defaults(f: Callable[..., Any]) -> bool:
    """Whether a call may leave arguments out, as far as can be seen."""
    return getattr(f, "__defaults__", True) is not None


def without_nondiff(
    f: Callable[..., Any], argnums: Sequence[int], argnames: Sequence[str], args: tuple[Any, ...]
) -> tuple[Callable[..., Any], tuple[Any, ...], tuple[Any, ...]]:
    """The function of the remaining arguments, those, and the ones set aside."""
    if not argnums and not argnames:
        return f, args, ()
    aside = _positions(f, argnums, argnames, len(args))
    kept = [i for i in range(len(args)) if i not in aside]

    def fun(*dynamic: Any, **kwargs: Any) -> Any:
        full = list(args)
        for i, value in zip(kept, dynamic, strict=True):
            full[i] = value
        return f(*full, **kwargs)

    fun.__name__ = function_name(f)
    return fun, tuple(args[i] for i in kept), tuple(args[i] for i in aside)


def _positions(
    f: Callable[..., Any], argnums: Sequence[int], argnames: Sequence[str], count: int
) -> list[int]:
    found = [i % count if count else i for i in argnums]
    if argnames:
        names = list(inspect.signature(f).parameters)
        found += [i for i in map(names.index, argnames) if i < count]
    return sorted(set(found))
