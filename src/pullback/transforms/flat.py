"""Between users' functions of pytrees and the flat functions that transformations take."""

from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np

from .. import _native, config, dtypes, tree
from .._native import ArrayImpl, DeviceArray
from ..core.aval import type_name
from ..core.cell import Cell
from ..core.trace import Tracer, as_array, check_alive, get_aval
from ..tree import PyTreeDef
from .cells import keep
from .named import function_name


class Flat:
    """A function of pytrees as one of leaves; remembers the structure of its last result.

    With `has_aux` the function returns a pair whose second part is kept aside in `aux`.
    """

    __slots__ = ("aux", "aux_tree", "f", "has_aux", "in_tree", "kwargs", "name", "out_tree")

    def __init__(
        self,
        f: Callable[..., Any],
        in_tree: PyTreeDef,
        kwargs: dict[str, Any] | None = None,
        has_aux: bool = False,
        name: str = "grad",
    ) -> None:
        self.f = f
        self.in_tree = in_tree
        self.kwargs = kwargs or {}
        self.has_aux = has_aux
        self.name = name
        self.aux: list[Any] = []
        self.aux_tree: Any = None
        self.out_tree: Any = None

    def __call__(self, *leaves: Any) -> list[Any]:
        out = self.f(*self.in_tree.unflatten(leaves), **self.kwargs)
        if self.has_aux:
            out = self._split_aux(out)
        flat, self.out_tree = tree.flatten(out)
        for i, leaf in enumerate(flat):
            check_result(leaf, self.name, self.f, i, out)
            if isinstance(leaf, (np.ndarray, np.generic)):
                flat[i] = in_use(cast(Any, leaf), self.name)
        return flat

    def _split_aux(self, out: Any) -> Any:
        if not (isinstance(out, tuple) and len(cast(Any, out)) == 2):
            raise TypeError(
                f"{self.name}: with has_aux=True, {function_name(self.f)} must return a pair"
                f" (result, aux); it returned {result_text(out)}"
            )
        result, aux = cast(Any, out)
        self.aux, self.aux_tree = tree.flatten(aux)
        return result


def result_text(out: Any) -> str:
    """How messages call what a function returned: float32[3], or a tuple."""
    known = isinstance(out, (ArrayImpl, DeviceArray, Tracer, np.ndarray, np.generic))
    return type_name(get_aval(out)) if known else f"a {type(out).__name__}"


def check_function(f: Any, what: str) -> None:
    """Raise unless a transformation was given a function."""
    if not callable(f):
        raise TypeError(f"{what}: the first argument must be a function, got {f!r}")


def positions(argnums: Any, what: str) -> tuple[int, ...]:
    """Argument positions as a tuple."""
    several = isinstance(argnums, (tuple, list))
    found = tuple(cast(Sequence[Any], argnums)) if several else (argnums,)
    if not all(isinstance(i, (int, np.integer)) for i in found):
        raise TypeError(
            f"{what}: argnums must be an integer or a tuple of integers, got {argnums!r}"
        )
    return tuple(int(i) for i in found)


def is_value(x: Any) -> bool:
    """Whether a leaf is an array, a tracer, a NumPy array or a number."""
    if isinstance(x, (ArrayImpl, DeviceArray, Tracer, bool, int, float, complex)):
        return True
    return isinstance(x, (np.ndarray, np.generic)) and cast(Any, x).dtype in dtypes.KINDS


def check_result(leaf: Any, what: str, f: Callable[..., Any], index: int, out: Any) -> None:
    """Raise unless a function's result is made of arrays and numbers."""
    if isinstance(leaf, Cell):
        raise ValueError(
            f"{what}: {function_name(f)} returned {leaf.describe()}, at"
            f" output{tree.paths(out)[index]}: mutable arrays cannot be returned. Return what it"
            " holds, ref[...]"
        )
    if not is_value(leaf):
        raise TypeError(
            f"{what}: {function_name(f)} returned {leaf!r} of type {type(leaf).__name__} at"
            f" output{tree.paths(out)[index]}, which is not an array or a number"
        )


def argument(x: Any, what: str, where: str = "") -> Any:
    """A leaf of a transformation's arguments as an array of a dtype that is in use."""
    if type(x) is ArrayImpl or type(x) is DeviceArray:
        return x
    if isinstance(x, Tracer):
        check_alive(x)
        return x
    if not is_value(x):
        raise TypeError(
            f"{what}: argument{where} is {x!r} of type {type(x).__name__}; give arrays or numbers,"
            " or close over other values (functools.partial, lambda, or static_argnums in jit)"
        )
    if isinstance(x, (np.ndarray, np.generic)):
        if isinstance(x, np.ma.MaskedArray):
            raise ValueError(f"{what}: argument{where} is a masked array: give x.filled(value)")
        return in_use(cast(Any, x), what)
    return as_array(x)


def in_use(x: np.ndarray | np.generic, what: str) -> Any:
    """The array of a NumPy array in a dtype that is in use."""
    value = canonical(np.asarray(x), what)
    # While a program is written a NumPy scalar stays one, and becomes a literal of it.
    return ArrayImpl(value, False) if value.ndim or not _native.is_traced() else value[()]


def canonical(x: np.ndarray, what: str) -> np.ndarray:
    """A private copy of a NumPy array in a dtype in use; no integer loses its value."""
    narrow = None if config.current().enable_x64 else dtypes.NARROW.get(x.dtype)
    if narrow is None:
        return x.copy(order="C")
    out = x.astype(narrow, order="C")
    if dtypes.is_integer(narrow) and not np.array_equal(out, x):
        raise OverflowError(
            f"{what}: {x.dtype.name} values do not fit {narrow.name}:"
            " use enable_x64() to keep 64 bits"
        )
    return out


def arguments(
    args: Any,
    what: str,
    used: Sequence[bool] | None = None,
    paths: Callable[[Any], list[str]] = tree.paths,
) -> tuple[list[Any], PyTreeDef]:
    """Leaves of arguments as arrays, and their structure. Those not `used` stay as they are.

    Mutable arrays are part of the structure. Messages name an argument by its path.
    """
    leaves, treedef = tree.flatten(args)
    for i, leaf in enumerate(leaves):
        if isinstance(leaf, Cell):
            return arguments(keep(args, what), what, paths=paths)
        if type(leaf) is not ArrayImpl and (used is None or used[i]):
            where = "" if is_value(leaf) else paths(args)[i]
            leaves[i] = argument(leaf, what, where)
    return leaves, treedef


def paths_of_call(args: Any) -> list[str]:
    """Paths into (args, kwargs) as the call has them: `[0]` by position, `['x']` by keyword."""
    return [path[3:] for path in tree.paths(args)]


def select_argnums(
    f: Callable[..., Any], argnums: Sequence[int], args: tuple[Any, ...], what: str
) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """The function of the chosen positional arguments alone, and those arguments."""
    for i in argnums:
        if not -len(args) <= i < len(args):
            raise TypeError(
                f"{what}: argnums={i} names no positional argument of {function_name(f)}: it was"
                f" called with {len(args)}; pass the argument by position"
            )
    chosen = [i % len(args) for i in argnums]

    def partial(*dynamic: Any, **kwargs: Any) -> Any:
        full = list(args)
        for i, value in zip(chosen, dynamic, strict=True):
            full[i] = value
        return f(*full, **kwargs)

    partial.__name__ = function_name(f)
    return partial, tuple(args[i] for i in chosen)


def _is_none(x: Any) -> bool:
    return x is None


def prefix_axes(
    axes: Any, whole: Any, what: str, is_leaf: Callable[[Any], bool] | None = None
) -> list[int | None]:
    """One axis for each leaf of `whole` from a pytree prefix of axes."""
    if axes is None or type(axes) is int:
        return [axes] * len(tree.leaves(whole, is_leaf))
    found: list[Any] = []

    def visit(axis: Any, subtree: Any) -> None:
        found.extend([axis] * len(tree.leaves(subtree, is_leaf)))

    try:
        tree.map(visit, axes, whole, is_leaf=_is_none)
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"vmap: {what} must be a pytree prefix of what it describes: got {axes} for a value of"
            f" structure {tree.structure(whole)}"
        ) from error
    for axis in found:
        if not (axis is None or (isinstance(axis, int) and not isinstance(axis, bool))):
            raise TypeError(f"vmap: {what} must hold integers and None, got {axis!r}")
    return found
