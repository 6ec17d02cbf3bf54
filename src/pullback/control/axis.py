"""Operations over named axes: sums and extrema, positions, and the values of all elements."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..core.aval import ShapedArray, make_aval
from ..core.primitive import Primitive
from ..core.trace import axis_size as mapped_size
from ..core.trace import get_aval
from ..primitives.arithmetic import mul
from ..primitives.batching import broadcast_batch, move_axis
from ..primitives.dynamic import dynamic_slice
from ..primitives.reduce import reduce_max, reduce_min
from ..primitives.rules import deflinear
from ..primitives.shape import iota, reduce_sum, reshape
from .manual import are_mesh_axes

psum_p = Primitive("psum", linear=True, collective=True)
pmax_p = Primitive("pmax", collective=True, differentiable=False)
pmin_p = Primitive("pmin", collective=True, differentiable=False)
axis_index_p = Primitive("axis_index", collective=True, differentiable=False)
# Among devices alone; its rules are in `messages.py`.
psum_scatter_p = Primitive("psum_scatter", linear=True, collective=True)
deflinear(psum_p)


def _same_type(x: ShapedArray, *, axes: tuple[Any, ...]) -> ShapedArray:
    return x


def _unmapped(*_args: Any, axes: tuple[Any, ...]) -> Any:
    """Eagerly no axis is mapped: looking the name up raises the error that says so."""
    return mapped_size(axes[0])


def _repeat(x: Any, size: int) -> Any:
    return mul(x, size)


def define(primitive: Primitive, reduce: Callable[..., Any], unbatched: Callable[..., Any]) -> None:
    """The rules of a reduction over named axes."""
    primitive.def_type(_same_type)
    primitive.def_value(_unmapped)

    @primitive.def_batch
    def _(
        args: Sequence[Any], dims: Sequence[Any], *, axes: tuple[Any, ...], mapped: Any = None
    ) -> Any:
        (x,), (dim,) = args, dims
        if mapped is None:
            return primitive.bind(x, axes=axes), dim
        name, size = mapped
        out = unbatched(x, size) if dim is None else reduce(x, (dim,))
        rest = tuple(a for a in axes if a != name)
        return (primitive.bind(out, axes=rest) if rest else out), None


define(psum_p, reduce_sum, _repeat)
define(pmax_p, reduce_max, lambda x, size: x)
define(pmin_p, reduce_min, lambda x, size: x)


@psum_p.def_transpose
def _(ct: Any, x: Any, *, axes: tuple[Any, ...]) -> list[Any]:
    return [psum_p.bind(ct, axes=axes)]


@axis_index_p.def_type
def _(*, axes: tuple[Any, ...]) -> ShapedArray:
    return make_aval(dtypes.int32, (), False)


axis_index_p.def_value(_unmapped)


@axis_index_p.def_batch
def _(
    args: Sequence[Any], dims: Sequence[Any], *, axes: tuple[Any, ...], mapped: Any = None
) -> Any:
    assert mapped is not None
    return iota(dtypes.int32, (mapped[1],), 0), 0


def names_of(axis_name: Any) -> tuple[Any, ...]:
    """The names of one axis or of several."""
    return tuple(axis_name) if isinstance(axis_name, (tuple, list)) else (axis_name,)


def axis_size(axis_name: Any) -> int:
    """The size of the mapped axis of that name, or the product of several, a Python integer.

    >>> pb.vmap(lambda x: x / pb.lax.axis_size("i"), axis_name="i")(pnp.ones(4))
    Array([0.25, 0.25, 0.25, 0.25], dtype=float32)
    """
    size = 1
    for name in names_of(axis_name):
        size *= mapped_size(name)
    return size


def axis_index(axis_name: Any) -> Any:
    """The position along the mapped axis of that name, int32[].

    >>> pb.vmap(lambda x: x + pb.lax.axis_index("i"), axis_name="i")(pnp.zeros(3, int))
    Array([0, 1, 2], dtype=int32)
    """
    index: Any = None
    for name in names_of(axis_name):
        mapped_size(name)
        here = axis_index_p.bind(axes=(name,))
        index = here if index is None else _next_index(index, here, name)
    return index


def _next_index(index: Any, here: Any, name: Any) -> Any:
    return mul(index, np.int32(mapped_size(name))) + here


def pick(x: Any, index: Any, axis: int) -> Any:
    """x[..., index, ...] at an axis."""
    shape = get_aval(x).shape
    starts = [index if d == axis else np.int32(0) for d in range(len(shape))]
    sizes = tuple(1 if d == axis else n for d, n in enumerate(shape))
    return reshape(dynamic_slice(x, starts, sizes), (*shape[:axis], *shape[axis + 1 :]))


# all_gather -- y[..., j, ...] = the x of element j of the batch
all_gather_p = Primitive("all_gather", linear=True, collective=True)
deflinear(all_gather_p)


@all_gather_p.def_type
def _(x: ShapedArray, *, axes: tuple[Any], dimension: int, size: int) -> ShapedArray:
    shape = (*x.shape[:dimension], size, *x.shape[dimension:])
    return make_aval(x.dtype, shape, x.weak_type)


@all_gather_p.def_value
def _(*_args: Any, axes: tuple[Any], **_params: Any) -> Any:
    return mapped_size(axes[0])


@all_gather_p.def_transpose
def _(ct: Any, x: Any, *, axes: tuple[Any], dimension: int, size: int) -> list[Any]:
    if are_mesh_axes(axes):
        return [psum_scatter_p.bind(ct, axes=axes, dimension=dimension)]
    return [pick(psum_p.bind(ct, axes=axes), axis_index(axes[0]), dimension)]


@all_gather_p.def_batch
def _(
    args: Sequence[Any],
    dims: Sequence[Any],
    *,
    axes: tuple[Any],
    dimension: int,
    size: int,
    mapped: Any = None,
) -> Any:
    (x,), (dim,) = args, dims
    if mapped is None:
        at = dimension + (dim <= dimension)
        out = all_gather_p.bind(x, axes=axes, dimension=at, size=size)
        return out, dim + (dim >= at)
    if dim is None:
        return broadcast_batch(x, size, dimension), None
    return move_axis(x, dim, dimension), None
