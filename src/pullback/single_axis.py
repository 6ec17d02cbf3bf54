"""smap: shard_map along one axis of the mesh, with axes of arrays in place of partition specs."""

from collections.abc import Callable
from typing import Any

from . import tree
from .core.sharding import PartitionSpec
from .parallel import Infer, shard_map

_INFER: Any = Infer()


def smap(
    f: Callable[..., Any] | None = None,
    /,
    *,
    in_axes: int | tuple[Any, ...] | None = _INFER,
    out_axes: Any,
    axis_name: Any,
) -> Callable[..., Any]:
    """`f`, a function of parts of arrays, run by the devices along one axis of the mesh.

    The mesh is that of `set_mesh`. Along its other axes the compiler divides the program.

    Args:
      f: function of arrays or pytrees of arrays, by position.
      in_axes: which axis of each argument is cut, None for none: a number for all, or a pytree
        that is a prefix of the tuple of arguments.
      out_axes: along which axis the parts of each result are put together, None where all devices
        have the same; a pytree that is a prefix of the result.
      axis_name: the axis of the mesh.

    Returns:
      A function of whole arrays. Without `f`, a decorator.

    Raises:
      TypeError: an axis is no number.
      ValueError: an axis is negative, or as for `shard_map`.

    >>> import pullback as pb
    >>> mesh = pb.make_mesh((1,), ("x",), devices=pb.devices("xla"))
    >>> with pb.set_mesh(mesh):
    ...     pb.smap(lambda part: 2 * part, in_axes=0, out_axes=0, axis_name="x")(pb.numpy.ones(2))
    Array([2., 2.], dtype=float32)
    """
    if f is None:
        return lambda g: smap(g, in_axes=in_axes, out_axes=out_axes, axis_name=axis_name)
    if isinstance(axis_name, (list, tuple)):
        raise TypeError(f"smap: axis_name must be the name of one axis, got {axis_name!r}")
    if in_axes is _INFER:
        raise NotImplementedError("smap: give in_axes; types of arrays hold no shardings")
    ins, outs = (
        tree.map(lambda a, what=what: _spec(a, axis_name, what), axes, is_leaf=_is_none)
        for what, axes in (("in_axes", in_axes), ("out_axes", out_axes))
    )
    return shard_map(f, in_specs=ins, out_specs=outs, axis_names=frozenset({axis_name}))


def _is_none(x: Any) -> bool:
    return x is None


def _spec(axis: Any, name: Any, what: str) -> PartitionSpec:
    if axis is None:
        return PartitionSpec()
    if not isinstance(axis, int) or isinstance(axis, bool):
        raise TypeError(f"smap: {what} must be None, numbers or pytrees of them, got {axis!r}")
    if axis < 0:
        raise ValueError(f"smap: {what} counts axes from 0, got {axis}")
    return PartitionSpec(*[None] * axis, name)
