"""Reductions over named axes: psum, pmax, pmin, pmean."""

from collections.abc import Callable
from typing import Any

from .. import dtypes, tree
from ..core.primitive import Primitive
from ..core.trace import get_aval
from ..primitives.arithmetic import div
from ..primitives.convert import convert_element_type
from ..primitives.reduce import reduce_max, reduce_min
from ..primitives.shape import reduce_sum
from ..transforms.flat import arguments
from .axis import axis_size, names_of, pmax_p, pmin_p, psum_p
from .crowd import crowd


def _over(
    primitive: Primitive, reduce: Callable[..., Any], x: Any, axis_name: Any, groups: Any, what: str
) -> Any:
    axes = names_of(axis_name)
    axis_size(axes)
    leaves, treedef = arguments(x, what)
    if groups is None:
        return treedef.unflatten([primitive.bind(leaf, axes=axes) for leaf in leaves])
    members = crowd(axis_name, groups, what)
    fill = primitive is psum_p
    return treedef.unflatten([reduce(members.values(leaf, fill), (0,)) for leaf in leaves])


def psum(x: Any, axis_name: Any, *, axis_index_groups: Any = None) -> Any:
    """The sum of each leaf of `x` over the mapped axis (or axes) of that name.

    Args:
      x: pytree of arrays.
      axis_name: name, or tuple of names, of axes that `vmap` maps.
      axis_index_groups: positions along the axis by group; each group has a sum of its own.

    Raises:
      NameError: no such axis is mapped.
      ValueError: the groups do not hold every position once.

    >>> import pullback as pb
    >>> from pullback import numpy as pnp
    >>> pb.vmap(lambda x: x / pb.lax.psum(x, "i"), axis_name="i")(pnp.array([1.0, 3.0]))
    Array([0.25, 0.75], dtype=float32)
    """
    return _over(psum_p, reduce_sum, x, axis_name, axis_index_groups, "psum")


def pmax(x: Any, axis_name: Any, *, axis_index_groups: Any = None) -> Any:
    """The maximum of each leaf of `x` over the mapped axis of that name.

    >>> pb.vmap(lambda x: pb.lax.pmax(x, "i"), axis_name="i")(pnp.array([1.0, 3.0]))
    Array([3., 3.], dtype=float32)
    """
    return _over(pmax_p, reduce_max, x, axis_name, axis_index_groups, "pmax")


def pmin(x: Any, axis_name: Any, *, axis_index_groups: Any = None) -> Any:
    """The minimum of each leaf of `x` over the mapped axis of that name.

    >>> pb.vmap(lambda x: pb.lax.pmin(x, "i"), axis_name="i")(pnp.array([1.0, 3.0]))
    Array([1., 1.], dtype=float32)
    """
    return _over(pmin_p, reduce_min, x, axis_name, axis_index_groups, "pmin")


def pmean(x: Any, axis_name: Any, *, axis_index_groups: Any = None) -> Any:
    """The mean of each leaf of `x` over the mapped axis (or axes) of that name.

    >>> pb.vmap(lambda x: x - pb.lax.pmean(x, "i"), axis_name="i")(pnp.array([1.0, 3.0]))
    Array([-1.,  1.], dtype=float32)
    """
    count = crowd(axis_name, axis_index_groups, "pmean").count()
    total = psum(x, axis_name, axis_index_groups=axis_index_groups)
    return tree.map(lambda t: _divided(t, count), total)


def _divided(x: Any, count: Any) -> Any:
    floating = _floating(x)
    if isinstance(count, int):
        return div(floating, count)
    return div(floating, convert_element_type(count, get_aval(floating).dtype))


def _floating(x: Any) -> Any:
    """The array in a dtype that has fractions."""
    aval = get_aval(x)
    if dtypes.is_float(aval.dtype):
        return x
    return convert_element_type(x, dtypes.default_dtype(float), aval.weak_type)
