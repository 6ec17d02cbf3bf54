"""Exchange along named axes: all_gather and what is made of it."""

from collections.abc import Sequence
from typing import Any

from ..core.aval import canonical_axis
from ..core.trace import get_aval
from ..primitives.batching import move_axis
from ..primitives.shape import reshape
from ..transforms.flat import arguments
from ..transforms.replicas import vary_p
from .axis import axis_size, names_of, pick, psum_scatter_p
from .collective import psum
from .crowd import crowd, everyone
from .manual import are_mesh_axes
from .messages import all_to_all_p, permuted, ppermute_p


def _direct(members: Any) -> bool:
    """Whether devices exchange values themselves, all those along axes of a mesh."""
    return members.groups is None and are_mesh_axes(members.names)


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
      axis_name: name, or tuple of names, of axes that `vmap` maps.
      axis_index_groups: positions along the axis by group; each element gets those of its own.
      axis: where the new axis stands.
      tiled: whether to concatenate along `axis` instead of stacking.
      to: accepted; has no effect on one device.

    >>> pb.vmap(lambda x: pb.lax.all_gather(x, "i"), axis_name="i")(pnp.array([1, 2]))
    Array([[1, 2],
           [1, 2]], dtype=int32)
    """
    members = crowd(axis_name, axis_index_groups, "all_gather")
    members.size("all_gather")

    def one(leaf: Any) -> Any:
        ndim = get_aval(leaf).ndim + (not tiled)
        at = canonical_axis(axis, ndim, "all_gather")
        out = move_axis(members.values(leaf), 0, at)
        return _merge(out, at) if tiled else out

    return _each(one, x, "all_gather")


def _each(f: Any, x: Any, what: str) -> Any:
    leaves, treedef = arguments(x, what)
    return treedef.unflatten([f(leaf) for leaf in leaves])


def _parts(x: Any, axis: int, tiled: bool, size: int, name: Any, what: str) -> Any:
    """The array with an axis of `size`, which `tiled` cuts out of a longer one."""
    if tiled:
        return _split(x, axis, size, what)
    found = get_aval(x).shape[axis]
    if found != size:
        where = what.replace("psum_scatter", "dimension").replace("all_to_all", "split_axis")
        raise ValueError(
            f"{what}: {where} {axis} must have size {size}, that of axis {name!r}, got {found}:"
            " pass tiled=True to cut it into parts"
        )
    return x


def psum_scatter(
    x: Any,
    axis_name: Any,
    *,
    scatter_dimension: int = 0,
    axis_index_groups: Any = None,
    tiled: bool = False,
) -> Any:
    """The sum over the mapped axis, of which each element keeps its part of `scatter_dimension`.

    Without `tiled` that dimension has the size of the mapped axis (or group) and is removed; with
    it, it is cut into as many equal parts.

    >>> total = pb.vmap(lambda x: pb.lax.psum_scatter(x, "i"), axis_name="i")
    >>> total(pnp.array([[1, 2], [3, 4]]))
    Array([4, 6], dtype=int32)
    """
    members = crowd(axis_name, axis_index_groups, "psum_scatter")
    size = members.size("psum_scatter")

    def one(leaf: Any) -> Any:
        at = canonical_axis(scatter_dimension, get_aval(leaf).ndim, "psum_scatter")
        parts = _parts(leaf, at, tiled, size, axis_name, "psum_scatter")
        if _direct(members):
            return psum_scatter_p.bind(parts, axes=members.names, dimension=at)
        total = psum(parts, axis_name, axis_index_groups=axis_index_groups)
        return pick(total, members.index(), at)

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

    The parts stand along `concat_axis`, as a new axis of the size of the mapped one (or of the
    group); with `tiled` they are concatenated. Without it `split_axis` has that size and is
    removed.

    >>> swap = pb.vmap(lambda x: pb.lax.all_to_all(x, "i", 0, 0), axis_name="i")
    >>> swap(pnp.array([[1, 2], [3, 4]]))
    Array([[1, 3],
           [2, 4]], dtype=int32)
    """
    members = crowd(axis_name, axis_index_groups, "all_to_all")
    size = members.size("all_to_all")

    def one(leaf: Any) -> Any:
        ndim = get_aval(leaf).ndim
        split = canonical_axis(split_axis, ndim, "all_to_all")
        concat = canonical_axis(concat_axis, ndim, "all_to_all")
        parts = _parts(leaf, split, tiled, size, axis_name, "all_to_all")
        if _direct(members):
            swapped = all_to_all_p.bind(parts, axes=members.names, dimension=split)
            moved = move_axis(swapped, split, concat)
            return _merge(moved, concat) if tiled else moved
        mine = pick(members.values(parts), members.index(), split + 1)
        mine = move_axis(mine, 0, concat)
        return _merge(mine, concat) if tiled else mine

    return _each(one, x, "all_to_all")


def pswapaxes(x: Any, axis_name: Any, axis: int, *, axis_index_groups: Any = None) -> Any:
    """The mapped axis and `axis` exchanged; `axis` has the mapped axis' (or the group's) size.

    >>> swap = pb.vmap(lambda x: pb.lax.pswapaxes(x, "i", 0), axis_name="i")
    >>> swap(pnp.array([[1, 2], [3, 4]]))
    Array([[1, 3],
           [2, 4]], dtype=int32)
    """
    return all_to_all(x, axis_name, axis, axis, axis_index_groups=axis_index_groups)


def pbroadcast(x: Any, axis_name: Any, source: int) -> Any:
    """The value of the element at position `source` of the mapped axis, for every element.

    >>> spread = pb.vmap(lambda x: pb.lax.pbroadcast(x, "i", 1), axis_name="i")
    >>> spread(pnp.array([1, 2, 3]))
    Array([2, 2, 2], dtype=int32)
    """
    names = names_of(axis_name)
    if not 0 <= source < axis_size(names):
        raise ValueError(
            f"pbroadcast: source must be below {axis_size(names)}, the axis size, got {source}"
        )
    return _each(lambda leaf: pick(everyone(leaf, names), source, 0), x, "pbroadcast")


def pcast(x: Any, axis_name: Any, *, to: str) -> Any:
    """`x` itself, which varies along axes of a mesh; along those of `vmap` every value may.

    The gradient inside `shard_map` in a value that varies is each device's own.

    Args:
      x: pytree of arrays.
      axis_name: name, or tuple of names, of axes that `vmap` or `shard_map` maps.
      to: "varying" or "reduced".

    >>> pb.vmap(lambda x: pb.lax.pcast(x, "i", to="varying"), axis_name="i")(pnp.array([1, 2]))
    Array([1, 2], dtype=int32)
    """
    if to not in ("varying", "reduced"):
        raise ValueError(f"pcast: to must be 'varying' or 'reduced', got {to!r}")
    axis_size(axis_name)
    axes = names_of(axis_name)
    if to == "reduced" or not are_mesh_axes(axes):
        return _each(lambda leaf: leaf, x, "pcast")
    return _each(lambda leaf: vary_p.bind(leaf, axes=axes), x, "pcast")


def ppermute(x: Any, axis_name: Any, perm: Any) -> Any:
    """Values sent along the mapped axis: `perm` holds pairs (source, destination).

    An element that is no destination gets zeros.

    >>> exchanged = pb.vmap(lambda x: pb.lax.ppermute(x, "i", [(0, 1), (1, 0)]), axis_name="i")
    >>> exchanged(pnp.array([1, 2]))
    Array([2, 1], dtype=int32)
    """
    names = names_of(axis_name)
    size = axis_size(names)
    pairs = [(int(a), int(b)) for a, b in perm]
    sources, targets = [a for a, _ in pairs], [b for _, b in pairs]
    if len({*sources}) < len(pairs) or len({*targets}) < len(pairs):
        raise ValueError(f"ppermute: sources and destinations must be unique, got {pairs}")
    if any(not 0 <= i < size for i in (*sources, *targets)):
        raise ValueError(f"ppermute: positions must be below {size}, the axis size, got {pairs}")
    if are_mesh_axes(names):
        send = tuple(sorted(pairs))
        return _each(lambda leaf: ppermute_p.bind(leaf, axes=names, perm=send), x, "ppermute")
    return _each(lambda leaf: permuted(leaf, names, pairs), x, "ppermute")


def pshuffle(x: Any, axis_name: Any, perm: Sequence[int]) -> Any:
    """Element i of the mapped axis gets the value of element `perm[i]`.

    >>> turn = pb.vmap(lambda x: pb.lax.pshuffle(x, "i", [2, 0, 1]), axis_name="i")
    >>> turn(pnp.array([1, 2, 3]))
    Array([3, 1, 2], dtype=int32)
    """
    order = [int(i) for i in perm]
    if sorted(order) != list(range(len(order))):
        raise ValueError(f"pshuffle: perm must be a permutation, got {perm}")
    return ppermute(x, axis_name, list(zip(order, range(len(order)), strict=True)))
