"""Looking at functions without running them: make_jaxpr, eval_shape, ShapeDtypeStruct."""

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from math import prod
from typing import Any

import numpy as np

from .. import dtypes, tree
from ..core.aval import ShapedArray, make_aval
from ..core.ir import ClosedJaxpr
from ..core.stage import stage_touching
from ..core.trace import current_trace, get_aval
from .cells import borrow
from .flat import Flat, argument, is_value
from .named import function_name, wraps


@dataclass(frozen=True, repr=False)
class ShapeDtypeStruct:
    """The type of an array: what `eval_shape` returns and takes in place of arrays.

    Args:
      shape: the sizes of the axes.
      dtype: anything that names a dtype.
      sharding: where the array will lie, or None; what is compiled ahead of time for such arguments
        takes them as they lie there.
      weak_type: whether the dtype yields to others.

    >>> import pullback as pb
    >>> pb.ShapeDtypeStruct((2, 3), "int32").update(shape=(4,))
    ShapeDtypeStruct(shape=(4,), dtype=int32)
    """

    shape: tuple[int, ...]
    dtype: Any
    _: KW_ONLY
    sharding: Any = None
    weak_type: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", tuple(self.shape))
        if self.dtype is None:
            raise ValueError("ShapeDtypeStruct: a dtype is wanted, got None")
        extended = dtypes.issubdtype(self.dtype, dtypes.extended)
        object.__setattr__(self, "dtype", self.dtype if extended else np.dtype(self.dtype))

    @classmethod
    def like(cls, x: Any) -> "ShapeDtypeStruct":
        """The type of an array or number."""
        aval = abstract(x, "ShapeDtypeStruct.like")
        return cls(aval.shape, aval.dtype, weak_type=aval.weak_type)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return prod(self.shape)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def update(self, **changes: Any) -> "ShapeDtypeStruct":
        """A copy with some of shape, dtype, sharding and weak_type changed."""
        return replace(self, **changes)

    def __repr__(self) -> str:
        where = "" if self.sharding is None else f", sharding={self.sharding}"
        weak = ", weak_type=True" if self.weak_type else ""
        name = f"{type(self).__name__}(shape={self.shape}, dtype={dtypes.long_name(self.dtype)}"
        return f"{name}{where}{weak})"


def abstract(leaf: Any, what: str) -> ShapedArray:
    """The type of an argument: an array, a type, or what has a shape and a dtype."""
    if isinstance(leaf, ShapedArray):
        return leaf
    if is_value(leaf) or not (hasattr(leaf, "shape") and hasattr(leaf, "dtype")):
        return get_aval(argument(leaf, what))
    dtype = dtypes.canonicalize_dtype(leaf.dtype, allow_extended_dtype=True)
    return make_aval(dtype, tuple(leaf.shape), bool(getattr(leaf, "weak_type", False)))


def make_jaxpr(
    fun: Callable[..., Any],
    static_argnums: int | Sequence[int] = (),
    axis_env: Any = None,
    return_shape: bool = False,
) -> Callable[..., Any]:
    """Function that returns the program of `fun` for given arguments.

    Args:
      fun: function of arrays or pytrees of arrays.
      static_argnums: positions of arguments that are not arrays.
      axis_env: not supported.
      return_shape: whether to return also the result's tree of `ShapeDtypeStruct`.

    Returns:
      A function of the same arguments, or `ShapeDtypeStruct`s, that returns a `ClosedJaxpr`.

    >>> import pullback as pb
    >>> pb.make_jaxpr(lambda x: pb.numpy.sin(x))(1.0)
    { lambda ; a:f32[]. let b:f32[] = sin a in (b,) }
    """
    if axis_env is not None:
        raise NotImplementedError("make_jaxpr: axis_env is not supported; use vmap(axis_name=...)")
    static = (static_argnums,) if isinstance(static_argnums, int) else tuple(static_argnums)

    @wraps(fun)
    def jaxpr_of(*args: Any, **kwargs: Any) -> Any:
        closed, out_tree = _staged(fun, static, args, kwargs, "make_jaxpr")
        return (closed, _shapes(closed, out_tree)) if return_shape else closed

    jaxpr_of.__name__ = f"make_jaxpr({function_name(fun)})"
    jaxpr_of.__qualname__ = f"make_jaxpr({getattr(fun, '__qualname__', function_name(fun))})"
    return jaxpr_of


def eval_shape(fun: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """The types of `fun`'s results, without computing them.

    Args:
      fun: function of arrays or pytrees of arrays.
      args, kwargs: arrays, `ShapeDtypeStruct`s, or other objects with a shape and a dtype.

    Returns:
      The result's tree of `ShapeDtypeStruct`.

    >>> import pullback as pb
    >>> pb.eval_shape(pb.numpy.sin, 1.0)
    ShapeDtypeStruct(shape=(), dtype=float32, weak_type=True)
    """

    def values(*args: Any, **kwargs: Any) -> Any:
        return tree.map(_unknown, fun(*args, **kwargs))

    wrapped = wraps(fun)(values) if callable(fun) else fun
    closed, out_tree = _staged(wrapped, (), args, kwargs, "eval_shape")
    return _shapes(closed, out_tree)


def _unknown(leaf: Any) -> Any:
    """A value of the type that a function returned in place of one."""
    if not isinstance(leaf, (ShapeDtypeStruct, ShapedArray)):
        return leaf
    return current_trace().argument(abstract(leaf, "eval_shape"))


def _staged(
    fun: Callable[..., Any],
    static: Sequence[int],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    what: str,
) -> tuple[ClosedJaxpr, Any]:
    fixed = {i % len(args) for i in static}
    dynamic = [i for i in range(len(args)) if i not in fixed]

    def partial(values: Any, named: Any) -> Any:
        full = list(args)
        for i, value in zip(dynamic, values, strict=True):
            full[i] = value
        return fun(*full, **named)

    given, loans = borrow((tuple(args[i] for i in dynamic), kwargs), what)
    flat, in_tree = tree.flatten(given)
    f = Flat(partial, in_tree, name=what)
    closed, _ = stage_touching(loans.lent(f), [abstract(x, what) for x in flat], what)
    return closed, f.out_tree


def _shapes(closed: ClosedJaxpr, out_tree: Any) -> Any:
    avals = closed.out_avals[: out_tree.num_leaves]
    return out_tree.unflatten(
        [ShapeDtypeStruct(a.shape, a.dtype, weak_type=a.weak_type) for a in avals]
    )
