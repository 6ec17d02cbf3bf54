"""vmap: a function of single elements as one of whole batches."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, ParamSpec, TypeVar, cast

from .. import tree
from ..core.aval import type_name
from ..core.trace import get_aval
from .batch import to_dim, vmap_flat
from .cells import Loans, borrow
from .flat import Flat, arguments, check_function, paths_of_call, prefix_axes
from .named import function_name, wraps
from .vmappable import Wholes, any_vmappable

Axes = Any
P = ParamSpec("P")
R = TypeVar("R")


def vmap(
    fun: Callable[P, R],
    in_axes: Axes = 0,
    out_axes: Axes = 0,
    axis_name: Hashable | None = None,
    axis_size: int | None = None,
    spmd_axis_name: Hashable | None = None,
) -> Callable[P, R]:
    """Vectorizing map: `fun` applied along an axis of its arguments, without a loop.

    Args:
      fun: function of arrays or pytrees of arrays.
      in_axes: the axis of each argument to map over: an integer, None (not mapped), or a tuple
        with one entry an argument, each a pytree prefix of that argument.
      out_axes: where the mapped axis stands in the results: an integer or a pytree prefix.
      axis_name: a name for the axis, for collectives such as `lax.psum`.
      axis_size: the size of the axis, needed only if no argument is mapped.
      spmd_axis_name: accepted for compatibility; has no effect on one device.

    Returns:
      A function of batches. Keyword arguments are mapped over their axis 0.

    Raises:
      ValueError: sizes differ, or in_axes or out_axes do not fit.

    >>> import pullback as pb
    >>> from pullback import numpy as pnp
    >>> pb.vmap(pnp.dot)(pnp.ones((2, 3)), pnp.ones((2, 3)))
    Array([3., 3.], dtype=float32)
    """
    check_function(fun, "vmap")
    if isinstance(in_axes, list):
        in_axes = tuple(cast(list[Any], in_axes))
    if isinstance(in_axes, bool) or not (in_axes is None or isinstance(in_axes, (int, tuple))):
        raise TypeError(
            "vmap: in_axes must be an int, None, or a tuple with one entry an argument, got"
            f" {type(in_axes).__name__}"
        )

    def call(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return fun(*args, **kwargs)

    call.__name__ = function_name(fun)

    @wraps(fun)
    def vmap_f(*args: P.args, **kwargs: P.kwargs) -> R:
        given, loans = borrow((args, kwargs), "vmap")
        dims = _in_dims(fun, in_axes, *given)
        flat, in_tree = arguments(given, "vmap", [d is not None for d in dims], paths_of_call)
        size = _batch_size(fun, flat, dims, given, axis_size)
        dims = [_canonical(x, d, fun) for x, d in zip(flat, dims, strict=True)]
        wholes = Wholes(fun, given, dims, out_axes, size) if any_vmappable() else None
        f = Flat(wholes or call, in_tree, name="vmap")
        outs, out_dims = _mapped(f, loans, flat, dims, axis_name, size)
        wanted = wholes.axes if wholes else _out_dims(out_axes, f.out_tree, outs)
        moved = [_place(o, d, w, size, fun) for o, d, w in zip(outs, out_dims, wanted, strict=True)]
        result = f.out_tree.unflatten(moved)
        return wholes.restore(result) if wholes else result

    return vmap_f


def _mapped(
    f: Flat, loans: Loans, flat: list[Any], dims: list[int | None], axis_name: Any, size: int
) -> tuple[list[Any], list[int | None]]:
    """Results and their batch axes. Mutable arrays that are mapped hold what each element wrote."""
    fun = loans.lent(f, [i for i in loans.cells if dims[i] is not None]) if loans.cells else f
    outs, out_dims = vmap_flat(fun, flat, dims, axis_name, size)
    n = len(outs) - len(loans.written)
    held = zip(outs[n:], out_dims[n:], loans.written, strict=True)
    loans.settle([to_dim(x, d, dims[i], size) for x, d, i in held])
    return outs[:n], out_dims[:n]


def _in_dims(
    fun: Callable[..., Any], in_axes: Axes, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> list[int | None]:
    entries = len(cast(tuple[Any, ...], in_axes)) if isinstance(in_axes, tuple) else len(args)
    if entries != len(args):
        raise ValueError(
            f"vmap: in_axes has {entries} entries but {function_name(fun)} was called with"
            f" {len(args)} positional arguments; give one entry an argument"
        )
    if isinstance(in_axes, tuple):
        each = zip(cast(tuple[Any, ...], in_axes), args, strict=True)
        dims = [d for axes, x in each for d in prefix_axes(axes, x, "in_axes")]
    else:
        dims = prefix_axes(in_axes, args, "in_axes")
    return [*dims, *([0] * len(tree.leaves(kwargs)))]


def _batch_size(
    fun: Callable[..., Any],
    flat: list[Any],
    dims: Sequence[int | None],
    whole: Any,
    axis_size: int | None,
) -> int:
    sizes: dict[int, list[int]] = {}
    for i, (x, d) in enumerate(zip(flat, dims, strict=True)):
        if d is None:
            continue
        shape = get_aval(x).shape
        if not -len(shape) <= d < len(shape):
            raise ValueError(
                f"vmap: in_axes asks for axis {d} of an argument of {function_name(fun)} of type"
                f" {type_name(get_aval(x))}, which has {len(shape)} axes"
            )
        sizes.setdefault(shape[d], []).append(i)
    if axis_size is not None:
        sizes.setdefault(axis_size, [])
    if not sizes:
        raise ValueError(
            f"vmap: no argument of {function_name(fun)} is mapped: give one an integer in in_axes,"
            " or pass axis_size"
        )
    if len(sizes) > 1:
        raise ValueError(_sizes_differ(fun, flat, dims, whole, axis_size))
    return next(iter(sizes))


def _sizes_differ(
    fun: Callable[..., Any],
    flat: list[Any],
    dims: Sequence[int | None],
    whole: Any,
    axis_size: int | None,
) -> str:
    lines = [f"vmap: the mapped axes of the arguments of {function_name(fun)} differ in size:"]
    for path, x, d in zip(tree.paths(whole), flat, dims, strict=True):
        if d is not None:
            aval = get_aval(x)
            lines.append(
                f"  argument {_argument(path)} of type {type_name(aval)}:"
                f" axis {d} has size {aval.shape[d]}"
            )
    if axis_size is not None:
        lines.append(f"  axis_size={axis_size}")
    return "\n".join(lines)


def _argument(path: str) -> str:
    """A path into (args, kwargs) as a user sees it: `0['a']` by position, `y` by keyword."""
    end = path.index("]", 3)
    return path[4:end].strip("'") + path[end + 1 :]


def _canonical(x: Any, d: int | None, fun: Callable[..., Any]) -> int | None:
    return None if d is None else d % len(get_aval(x).shape)


def _out_dims(out_axes: Axes, out_tree: Any, outs: list[Any]) -> list[int | None]:
    return prefix_axes(out_axes, out_tree.unflatten(outs), "out_axes")


def _place(x: Any, dim: int | None, wanted: int | None, size: int, fun: Callable[..., Any]) -> Any:
    """A result with its mapped axis where out_axes wants it."""
    if wanted is None:
        if dim is not None:
            raise ValueError(
                f"vmap: out_axes is None for a result of {function_name(fun)} that depends on the"
                " mapped axis; give it an integer"
            )
        return x
    aval = get_aval(x)
    ndim = len(aval.shape) + (dim is None)
    if not -ndim <= wanted < ndim:
        raise ValueError(
            f"vmap: out_axes={wanted} is out of bounds for a result of {function_name(fun)} with"
            f" {ndim} axes"
        )
    return to_dim(x, dim, wanted % ndim, size)
