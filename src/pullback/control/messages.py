"""What devices along axes of a mesh send one another: parts of sums, parts of values, values.

Each has a meaning in sums and in the values of all, by which vmap maps an axis of the same name.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..core.aval import ShapedArray
from ..core.primitive import Primitive
from ..core.trace import as_array, get_aval
from ..core.trace import axis_size as mapped_size
from ..primitives.arithmetic import mul
from ..primitives.batching import move_axis
from ..primitives.convert import convert_element_type
from ..primitives.rules import deflinear
from ..transforms.batch import vmap_flat
from .axis import all_gather_p, axis_index, axis_size, pick, psum_p, psum_scatter_p
from .crowd import everyone

all_to_all_p = Primitive("all_to_all", linear=True, collective=True)
ppermute_p = Primitive("ppermute", linear=True, collective=True)


def permuted(x: Any, names: Sequence[Any], pairs: Sequence[tuple[int, int]]) -> Any:
    """The value of the element that sends to this one; zeros where none does."""
    size = axis_size(names)
    sources, targets = [a for a, _ in pairs], [b for _, b in pairs]
    table, known = np.zeros(size, dtypes.int32), np.zeros(size, bool)
    table[targets], known[targets] = sources, True
    me = axis_index(names)
    got = pick(everyone(x, names), pick(as_array(table), me, 0), 0)
    if known.all():
        return got
    return mul(got, convert_element_type(pick(as_array(known), me, 0), get_aval(got).dtype))


def _scattered(x: Any, axes: tuple[Any, ...], dimension: int) -> Any:
    """The part of the sum, along a dimension, that has this element's number."""
    return pick(psum_p.bind(x, axes=axes), axis_index(axes), dimension)


def _swapped(x: Any, axes: tuple[Any, ...], dimension: int) -> Any:
    """Part j, along a dimension, is that part of element j's value that has this one's number."""
    mine = pick(everyone(x, axes), axis_index(axes), dimension + 1)
    return move_axis(mine, 0, dimension)


def _sent(x: Any, axes: tuple[Any, ...], perm: Sequence[tuple[int, int]]) -> Any:
    return permuted(x, axes, perm)


def _define(primitive: Primitive, composed: Callable[..., Any], moved: bool) -> None:
    """The rules of an exchange. moved: whether it has a dimension, which a batch moves."""
    deflinear(primitive)

    @primitive.def_value
    def _(*_args: Any, axes: tuple[Any, ...], **_params: Any) -> Any:
        return mapped_size(axes[0])

    @primitive.def_batch
    def _(args: Sequence[Any], dims: Sequence[Any], *, mapped: Any = None, **params: Any) -> Any:
        (x,), (dim,) = args, dims
        if mapped is not None:
            name, size = mapped
            (out,), (at,) = vmap_flat(lambda v: [composed(v, **params)], args, dims, name, size)
            return out, at
        if not moved:
            return primitive.bind(x, **params), dim
        front = move_axis(x, dim, 0)
        at = params["dimension"] + 1
        return primitive.bind(front, **{**params, "dimension": at}), 0


_define(psum_scatter_p, _scattered, True)
_define(all_to_all_p, _swapped, True)
_define(ppermute_p, _sent, False)


# psum_scatter -- y = (sum_j x_j)[..., me, ...]
@psum_scatter_p.def_type
def _(x: ShapedArray, *, axes: tuple[Any, ...], dimension: int) -> ShapedArray:
    return x.update(shape=(*x.shape[:dimension], *x.shape[dimension + 1 :]))


@psum_scatter_p.def_transpose
def _(ct: Any, x: Any, *, axes: tuple[Any, ...], dimension: int) -> list[Any]:
    """All get the cotangents of all parts."""
    if len(axes) > 1:
        return [move_axis(everyone(ct, axes), 0, dimension)]
    size = axis_size(axes)
    return [all_gather_p.bind(ct, axes=axes, dimension=dimension, size=size)]


# all_to_all -- y[..., j, ...] = x_j[..., me, ...]
@all_to_all_p.def_type
def _(x: ShapedArray, *, axes: tuple[Any, ...], dimension: int) -> ShapedArray:
    return x


@all_to_all_p.def_transpose
def _(ct: Any, x: Any, *, axes: tuple[Any, ...], dimension: int) -> list[Any]:
    return [all_to_all_p.bind(ct, axes=axes, dimension=dimension)]


# ppermute -- y = x_j for the pair (j, me), else 0
@ppermute_p.def_type
def _(x: ShapedArray, *, axes: tuple[Any, ...], perm: Sequence[tuple[int, int]]) -> ShapedArray:
    return x


@ppermute_p.def_transpose
def _(ct: Any, x: Any, *, axes: tuple[Any, ...], perm: Sequence[tuple[int, int]]) -> list[Any]:
    back = tuple(sorted([(b, a) for a, b in perm]))
    return [ppermute_p.bind(ct, axes=axes, perm=back)]
