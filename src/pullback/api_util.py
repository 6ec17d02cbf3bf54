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
    """A note of what a function is traced for.

    >>> from pullback.api_util import debug_info
    >>> debug_info("jit", abs, (1,), {})
    DebugInfo(traced_for='jit', func_name='abs')
    """
    return DebugInfo(traced_for, function_name(fun))


@transformation_with_aux2
def flatten_fun(f: Callable[..., Any], store: Store, in_tree: Any, *args_flat: Any) -> list[Any]:
    """A function of `(args, kwargs)` as one of leaves; and what gives its result's structure.

    >>> from pullback.api_util import flatten_fun
    >>> from pullback.extend import linear_util as lu
    >>> leaves, structure = pb.tree.flatten(((1, 2), {"z": 3}))
    >>> flat, out_tree = flatten_fun(lu.wrap_init(lambda x, y, z: (x, [y, z])), structure)
    >>> flat.call_wrapped(*leaves)
    [1, 2, 3]
    """
    args, kwargs = in_tree.unflatten(args_flat)
    out, out_tree = tree.flatten(f(*args, **kwargs))
    store.store(out_tree)
    return out


@transformation_with_aux2
def flatten_fun_nokwargs(
    f: Callable[..., Any], store: Store, in_tree: Any, *args_flat: Any
) -> list[Any]:
    """As `flatten_fun`, of a function of positional arguments alone.

    >>> from pullback.api_util import flatten_fun_nokwargs
    >>> from pullback.extend import linear_util as lu
    >>> leaves, structure = pb.tree.flatten((1, (2, 3)))
    >>> flat, out_tree = flatten_fun_nokwargs(lu.wrap_init(lambda x, y: (y, x)), structure)
    >>> flat.call_wrapped(*leaves)
    [2, 3, 1]
    """
    out, out_tree = tree.flatten(f(*in_tree.unflatten(args_flat)))
    store.store(out_tree)
    return out


def safe_map(f: Callable[..., Any], *args: Iterable[Any]) -> list[Any]:
    """`map` as a list, over arguments of one length.

    >>> from pullback.api_util import safe_map
    >>> safe_map(lambda x, y: x * y, [1, 2], [3, 4])
    [3, 8]
    """
    columns: Sequence[list[Any]] = [list(a) for a in args]
    return [f(*row) for row in zip(*columns, strict=True)]


def shaped_abstractify(x: Any) -> ShapedArray:
    """The type of a value.

    >>> from pullback.api_util import shaped_abstractify
    >>> shaped_abstractify(np.zeros((2, 3), np.float32))
    ShapedArray(float32[2,3])
    """
    return get_aval(argument(x, "shaped_abstractify"))
