"""Functions of pytrees as functions of leaves, under the names of `jax.api_util`."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, NamedTuple

from . import tree
from .core.aval import ShapedArray
from .core.trace import get_aval
from .extend.linear_util import Store, WrappedFun, transformation2, transformation_with_aux2
from .transforms.flat import argument
from .transforms.named import function_name

__all__ = [
    "argnums_partial",
    "debug_info",
    "donation_vector",
    "flatten_axes",
    "flatten_fun",
    "flatten_fun_nokwargs",
    "rebase_donate_argnums",
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


@transformation2
def _with_fixed(
    f: Callable[..., Any], dynamic: Sequence[int], fixed: Sequence[Any], *args: Any, **kwargs: Any
) -> Any:
    """A function of some arguments, the others being fixed, in their order."""
    rest, given = iter(fixed), dict(zip(dynamic, args, strict=True))
    count = len(given) + len(fixed)
    return f(*[given[k] if k in given else next(rest) for k in range(count)], **kwargs)


def argnums_partial(
    f: WrappedFun,
    dyn_argnums: int | Sequence[int],
    args: Sequence[Any],
    require_static_args_hashable: bool = True,
) -> tuple[WrappedFun, tuple[Any, ...]]:
    """A function of the arguments at `dyn_argnums` alone, and those arguments.

    Raises:
      ValueError: a fixed argument cannot be hashed, though it must.

    >>> from pullback.extend import linear_util as lu
    >>> f, given = pb.api_util.argnums_partial(lu.wrap_init(pow), 0, (3, 2))
    >>> given, f.call_wrapped(5)
    ((3,), 25)
    """
    chosen = (dyn_argnums,) if isinstance(dyn_argnums, int) else tuple(dyn_argnums)
    dynamic = tuple(k % len(args) for k in chosen)
    fixed = [a for k, a in enumerate(args) if k not in dynamic]
    if require_static_args_hashable:
        for a in fixed:
            if not isinstance(a, Hashable):
                raise ValueError(
                    f"argnums_partial: a static argument of type {type(a).__name__} cannot be"
                    " hashed"
                )
    return _with_fixed(f, dynamic, fixed), tuple(args[k] for k in dynamic)


def donation_vector(
    donate_argnums: Iterable[int],
    donate_argnames: Iterable[str],
    in_tree: Any,
    kws: bool = True,
) -> tuple[bool, ...]:
    """For each leaf of `(args, kwargs)` whether it is donated.

    >>> tree = pb.tree.structure((([1, 2], 3), {"x": 4}))
    >>> pb.api_util.donation_vector((0,), ("x",), tree)
    (True, True, False, True)
    """
    args, kwargs = in_tree.children() if kws else (in_tree, None)
    found: list[bool] = []
    for k, part in enumerate(args.children()):
        found += [k in donate_argnums] * part.num_leaves
    if kwargs is not None:
        for name, part in zip(kwargs.entries(), kwargs.children(), strict=True):
            found += [name in donate_argnames] * part.num_leaves
    return tuple(found)


def flatten_axes(
    name: str, treedef: Any, axis_tree: Any, *, kws: bool = False, tupled_args: bool = False
) -> list[Any]:
    """The axis of each leaf of a structure, from a prefix of it, where None is a leaf.

    Raises:
      ValueError: it is no prefix; `name` says of what in the message.

    >>> pb.api_util.flatten_axes("in_axes", pb.tree.structure((1, [2, 3])), (0, None))
    [0, None, None]
    """
    assert kws in (True, False)
    leaves = treedef.unflatten(range(treedef.num_leaves))
    try:
        return tree.broadcast_prefix(axis_tree, leaves, is_leaf=lambda x: x is None)
    except ValueError as error:
        hint = "; of a single argument it is a tuple of one" if tupled_args else ""
        raise ValueError(f"{name}: {axis_tree} must be a tree prefix of {treedef}{hint}") from error


def rebase_donate_argnums(
    donate_argnums: Iterable[int], static_argnums: Iterable[int]
) -> tuple[int, ...]:
    """Positions among the arguments that are not static.

    Raises:
      ValueError: an argument is both.

    >>> pb.api_util.rebase_donate_argnums((3, 4), (0, 1))
    (1, 2)
    """
    donated, static = sorted(set(donate_argnums)), sorted(set(static_argnums))
    if set(donated) & set(static):
        raise ValueError(
            f"rebase_donate_argnums: arguments {sorted(set(donated) & set(static))} are both"
            " donated and static"
        )
    return tuple(k - sum(s < k for s in static) for k in donated)
