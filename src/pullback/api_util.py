"""Functions of pytrees as functions of leaves, under the names of `jax.api_util`."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from . import tree
from .core.aval import ShapedArray
from .core.trace import get_aval
from .extend.linear_util import Store, transformation_with_aux2
from .transforms.flat import argument, function_name

__all__ = [
    "debug_info",
    "flatten_fun",
    "flatten_fun_nokwargs",
    "safe_map",
    "shaped_abstractify",
]


class DebugInfo(NamedTuple):
    """What a function is traced for, and its name."""

    traced_for: str
    func_name: str


def debug_info(traced_for: str, fun: Callable[..., Any], args: Any, kwargs: Any) -> DebugInfo:
    """A note of what a function is traced for."""
    return DebugInfo(traced_for, function_name(fun))


@transformation_with_aux2
def flatten_fun(f: Callable[..., Any], store: Store, in_tree: Any, *args_flat: Any) -> list[Any]:
    """A function of `(args, kwargs)` as one of leaves; and what gives its result's structure."""
    args, kwargs = in_tree.unflatten(args_flat)
    out, out_tree = tree.flatten(f(*args, **kwargs))
    store.store(out_tree)
    return out


@transformation_with_aux2
def flatten_fun_nokwargs(
    f: Callable[..., Any], store: Store, in_tree: Any, *args_flat: Any
) -> list[Any]:
    """As `flatten_fun`, of a function of positional arguments alone."""
    out, out_tree = tree.flatten(f(*in_tree.unflatten(args_flat)))
    store.store(out_tree)
    return out


def safe_map(f: Callable[..., Any], *args: Iterable[Any]) -> list[Any]:
    """`map` as a list, over arguments of one length."""
    columns: Sequence[list[Any]] = [list(a) for a in args]
    return [f(*row) for row in zip(*columns, strict=True)]


def shaped_abstractify(x: Any) -> ShapedArray:
    """The type of a value."""
    return get_aval(argument(x, "shaped_abstractify"))
