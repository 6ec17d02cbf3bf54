"""What depends on where a program runs, and what other compilers would do differently."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..core.aval import canonical_axis, type_name
from ..core.trace import get_aval
from ..numpy.values import as_array
from ..primitives import elementwise as ew
from ..primitives import sort


def platform_dependent(
    *args: Any, default: Callable[..., Any] | None = None, **per_platform: Callable[..., Any]
) -> Any:
    """The function given for this platform, or the default one, of the arguments.

    >>> import pullback as pb
    >>> pb.lax.platform_dependent(2, cpu=lambda x: x + 1, default=lambda x: x - 1)
    3
    """
    functions = {**per_platform, "default": default or per_platform.get("cpu")}
    wrong = [name for name, f in functions.items() if f is not None and not callable(f)]
    if wrong:
        raise TypeError(f"platform_dependent: functions are wanted, got something else for {wrong}")
    if "gpu" in per_platform:
        raise ValueError('platform_dependent: write "cuda" or "rocm", not "gpu"')
    chosen = per_platform.get("cpu", default)
    if chosen is None:
        raise NotImplementedError(
            f"platform_dependent: give cpu= or default=, got only {sorted(per_platform)}"
        )
    return chosen(*args)


def composite(decomposition: Callable[..., Any], name: str, version: int = 0) -> Callable[..., Any]:
    """A function that compilers may know by its name; this one runs its decomposition.

    >>> double = pb.lax.composite(lambda x: 2 * x, name="lib.double")
    >>> double(pnp.array([1, 2]))
    Array([2, 4], dtype=int32)
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        return decomposition(*args, **{k: v for k, v in kwargs.items() if v is not None})

    call.__name__ = call.__qualname__ = name
    return call


def approx_max_k(
    operand: Any,
    k: int,
    reduction_dimension: int = -1,
    recall_target: float = 0.95,
    reduction_input_size_override: int = -1,
    aggregate_to_topk: bool = True,
) -> tuple[Any, Any]:
    """The k greatest elements along an axis and their places. Here they are exact.

    Args:
      operand: array of floats.
      k: how many.
      reduction_dimension: axis.
      recall_target, reduction_input_size_override: accepted; all are found.
      aggregate_to_topk: must be True.

    Returns:
      Values in descending order, and int32 indices.

    >>> pb.lax.approx_max_k(pnp.array([1.0, 5.0, 3.0]), 2)
    (Array([5., 3.], dtype=float32), Array([1, 2], dtype=int32))
    """
    return _exact("approx_max_k", operand, k, reduction_dimension, aggregate_to_topk, False)


def approx_min_k(
    operand: Any,
    k: int,
    reduction_dimension: int = -1,
    recall_target: float = 0.95,
    reduction_input_size_override: int = -1,
    aggregate_to_topk: bool = True,
) -> tuple[Any, Any]:
    """The k least elements along an axis and their places, as `approx_max_k`.

    >>> pb.lax.approx_min_k(pnp.array([3.0, 1.0, 2.0]), 2)
    (Array([1., 2.], dtype=float32), Array([1, 2], dtype=int32))
    """
    return _exact("approx_min_k", operand, k, reduction_dimension, aggregate_to_topk, True)


def _exact(name: str, x: Any, k: int, axis: int, aggregate: bool, least: bool) -> tuple[Any, Any]:
    x = as_array(name, x)
    if dtypes.kind(x.dtype) != "float":
        raise ValueError(f"{name}: an array of floats is wanted, got {type_name(get_aval(x))}")
    if not aggregate:
        raise NotImplementedError(
            f"{name}: with aggregate_to_topk=True there are exactly k results"
        )
    axis = canonical_axis(axis, x.ndim, name)
    if not 0 <= k <= x.shape[axis]:
        raise ValueError(
            f"{name}: k={k} must be between 0 and the size of axis {axis} of {x.shape}"
        )
    values, places = sort.top_k(ew.neg(x) if least else x, k, axis=axis)
    return (ew.neg(values) if least else values), places


def dtype(x: Any) -> dtypes.DType:
    """The dtype of an array, or of the array that a number becomes; a dtype itself.

    >>> pb.lax.dtype(pnp.array([1.0])), pb.lax.dtype(3)
    (dtype('float32'), dtype('int32'))
    """
    if isinstance(x, (type, str, np.dtype)):
        return dtypes.canonicalize_dtype(x)
    return get_aval(as_array("dtype", x)).dtype


def stage(x: Any, /) -> Any:
    """The value as an array.

    >>> pb.lax.stage(3)
    Array(3, dtype=int32, weak_type=True)
    """
    return as_array("stage", x)
