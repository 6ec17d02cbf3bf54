"""Exchange along a mapped axis that has a name: all_gather and what is made of it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..core.aval import ShapedArray, canonical_axis, make_aval
from ..core.primitive import Primitive
from ..core.trace import as_array, get_aval
from ..core.trace import axis_size as mapped_size
from ..primitives.arithmetic import mul
from ..primitives.batching import broadcast_batch, move_axis
from ..primitives.convert import convert_element_type
from ..primitives.dynamic import dynamic_slice
from ..primitives.rules import deflinear
from ..primitives.shape import reshape
from ..transforms.flat import arguments
from .collective import axis_index, axis_size, psum, refuse_groups

# all_gather -- y[..., j, ...] = the x of element j of the batch
all_gather_p = Primitive("all_gather", linear=True, collective=True)
deflinear(all_gather_p)


@all_gather_p.def_type
def _(x: ShapedArray, *, axes: tuple[Any], dimension: int, size: int) -> ShapedArray:
    mapped_size(axes[0])
    shape = (*x.shape[:dimension], size, *x.shape[dimension:])
    return make_aval(x.dtype, shape, x.weak_type)


@all_gather_p.def_value
def _(*_args: Any, axes: tuple[Any], **_params: Any) -> Any:
    return mapped_size(axes[0])


@all_gather_p.def_transpose
def _(ct: Any, x: Any, *, axes: tuple[Any], dimension: int, size: int) -> list[Any]:
    return [psum_scatter(ct, axes[0], scatter_dimension=dimension)]


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


def _one_axis(name: Any, what: str) -> Any:
    if isinstance(name, (tuple, list)):
        if len(name) != 1:
            raise NotImplementedError(f"{what}: several axes at once are not supported: {name!r}")
        return name[0]
    return name


def _merge(y: Any, axis: int) -> Any:
    """The array with axes `axis` and `axis + 1` as one."""
    shape = get_aval(y).shape
    return reshape(y, (*shape[:axis], shape[axis] * shape[axis + 1], *shape[axis + 2 :]))


def _split(x: Any, axis: int, parts: int, what: str) -> Any:
    """The array with an axis cut into `parts` equal parts: axes `axis` and `axis + 1`."""
    shape = get_aval(x).shape
    if shape[axis] % parts:
        raise ValueError(
            f"{what}: axis {axis} of size {shape[axis]} cannot be cut into {parts} parts, the size"
            " of the mapped axis"
        )
    return reshape(x, (*shape[:axis], parts, shape[axis] // parts, *shape[axis + 1 :]))


def _pick(x: Any, index: Any, axis: int) -> Any:
    """x[..., index, ...] at an axis."""
    shape = get_aval(x).shape
    starts = [index if d == axis else np.int32(0) for d in range(len(shape))]
    sizes = tuple(1 if d == axis else n for d, n in enumerate(shape))
    return reshape(dynamic_slice(x, starts, sizes), (*shape[:axis], *shape[axis + 1 :]))


def all_gather(
    x: Any,
    axis_name: Any,
    *,
    axis_index_groups: Any = None,
    axis: int = 0,
    tiled: bool = False,
    to: str = "varying",
) -> Any:
    """The values of all elements of the mapped axis of that name, stacked along a new `axis`.

    Args:
      x: pytree of arrays.
      axis_name: name of an axis that `vmap` maps.
      axis_index_groups: not supported.
      axis: where the new axis stands.
      tiled: whether to concatenate along `axis` instead of stacking.
      to: accepted; has no effect on one device.
    """
    refuse_groups("all_gather", axis_index_groups)
    name = _one_axis(axis_name, "all_gather")
    size = mapped_size(name)

    def one(leaf: Any) -> Any:
        ndim = get_aval(leaf).ndim + (not tiled)
        at = canonical_axis(axis, ndim, "all_gather")
        out = all_gather_p.bind(leaf, axes=(name,), dimension=at, size=size)
        return _merge(out, at) if tiled else out

    return _each(one, x, "all_gather")


def _each(f: Any, x: Any, what: str) -> Any:
    leaves, treedef = arguments(x, what)
    return treedef.unflatten([f(leaf) for leaf in leaves])


def psum_scatter(
    x: Any,
    axis_name: Any,
    *,
    scatter_dimension: int = 0,
    axis_index_groups: Any = None,
    tiled: bool = False,
) -> Any:
    """The sum over the mapped axis, of which each element keeps its part of `scatter_dimension`.

    Without `tiled` that dimension has the size of the mapped axis and is removed; with it, it is
    cut into as many equal parts.
    """
    refuse_groups("psum_scatter", axis_index_groups)
    name = _one_axis(axis_name, "psum_scatter")

    def one(leaf: Any) -> Any:
        at = canonical_axis(scatter_dimension, get_aval(leaf).ndim, "psum_scatter")
        size = mapped_size(name)
        if not tiled and get_aval(leaf).shape[at] != size:
            raise ValueError(
                f"psum_scatter: dimension {at} must have size {size}, that of axis {name!r}, got"
                f" {get_aval(leaf).shape[at]}: pass tiled=True to cut it into parts"
            )
        total = psum(leaf, name)
        parts = _split(total, at, size, "psum_scatter") if tiled else total
        return _pick(parts, axis_index(name), at)

    return _each(one, x, "psum_scatter")


def all_to_all(
    x: Any,
    axis_name: Any,
    split_axis: int,
    concat_axis: int,
    *,
    axis_index_groups: Any = None,
    tiled: bool = False,
) -> Any:
    """Element i of the mapped axis gets part i, along `split_axis`, of every element's value.

    The parts stand along `concat_axis`, as a new axis of the size of the mapped one; with `tiled`
    they are concatenated. Without it `split_axis` has that size and is removed.
    """
    refuse_groups("all_to_all", axis_index_groups)
    name = _one_axis(axis_name, "all_to_all")

    def one(leaf: Any) -> Any:
        ndim = get_aval(leaf).ndim
        split = canonical_axis(split_axis, ndim, "all_to_all")
        concat = canonical_axis(concat_axis, ndim, "all_to_all")
        size = mapped_size(name)
        if not tiled and get_aval(leaf).shape[split] != size:
            raise ValueError(
                f"all_to_all: split_axis {split} must have size {size}, that of axis {name!r}, got"
                f" {get_aval(leaf).shape[split]}: pass tiled=True to cut it into parts"
            )
        parts = _split(leaf, split, size, "all_to_all") if tiled else leaf
        everyone = all_gather(parts, name)
        mine = move_axis(_pick(everyone, axis_index(name), split + 1), 0, concat)
        return _merge(mine, concat) if tiled else mine

    return _each(one, x, "all_to_all")


def ppermute(x: Any, axis_name: Any, perm: Any) -> Any:
    """Values sent along the mapped axis: `perm` holds pairs (source, destination).

    An element that is no destination gets zeros.
    """
    name = _one_axis(axis_name, "ppermute")
    size = axis_size(name)
    pairs = [(int(a), int(b)) for a, b in perm]
    sources, targets = [a for a, _ in pairs], [b for _, b in pairs]
    if len({*sources}) < len(pairs) or len({*targets}) < len(pairs):
        raise ValueError(f"ppermute: sources and destinations must be unique, got {pairs}")
    if any(not 0 <= i < size for i in (*sources, *targets)):
        raise ValueError(f"ppermute: positions must be below {size}, the axis size, got {pairs}")
    table, known = np.zeros(size, dtypes.int32), np.zeros(size, bool)
    table[targets], known[targets] = sources, True
    me = axis_index(name)
    source = _pick(as_array(table), me, 0)

    def one(leaf: Any) -> Any:
        got = _pick(all_gather(leaf, name), source, 0)
        if known.all():
            return got
        return mul(got, convert_element_type(_pick(as_array(known), me, 0), get_aval(got).dtype))

    return _each(one, x, "ppermute")


def pshuffle(x: Any, axis_name: Any, perm: Sequence[int]) -> Any:
    """Element i of the mapped axis gets the value of element `perm[i]`."""
    order = [int(i) for i in perm]
    if sorted(order) != list(range(len(order))):
        raise ValueError(f"pshuffle: perm must be a permutation, got {perm}")
    return ppermute(x, axis_name, list(zip(order, range(len(order)), strict=True)))
