"""Rearranging axes and elements without computing: reshape, transpose, flip, roll, tile."""

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..core.aval import Shape, canonical_axis
from ..primitives import cumulative as cm
from ..primitives import elementwise as ew
from ..primitives import pieces as pc
from ..primitives import shape as sh
from .creation import below, canonical_shape, known
from .elementwise import pick
from .indexing import take
from .places import on
from .values import as_array, broadcast, convert, describe, expand


def listed(axis: Any) -> tuple[Any, ...]:
    """The axes of an argument that is one, or several in any sequence: a tuple, a list, a range."""
    try:
        return (operator.index(axis),)
    except TypeError:
        return tuple(axis)


def axes_of(name: str, axis: Any, ndim: int) -> tuple[int, ...]:
    """Axes as non-negative numbers, all of them for None. ValueError where one repeats."""
    if axis is None:
        return tuple(range(ndim))
    axes = listed(axis)
    out = tuple(canonical_axis(a, ndim, name) for a in axes)
    if len(set(out)) != len(out):
        raise ValueError(f"{name}: duplicate value in axis: {axes}")
    return out


def _shaped(name: str, a: Any) -> Any:
    """Something with a shape; NumPy's arrays of text and of objects have one too."""
    return a if isinstance(a, np.ndarray) else as_array(name, a)


def shape(a: Any) -> Shape:
    """The sizes of the axes."""
    return _shaped("shape", a).shape


def ndim(a: Any) -> int:
    """The number of axes."""
    return _shaped("ndim", a).ndim


def size(a: Any, axis: Any = None) -> int:
    """The number of elements, or the size of an axis."""
    x = _shaped("size", a)
    return math.prod(x.shape[d] for d in axes_of("size", axis, x.ndim))


def reshape(
    a: Any, shape: Any, order: str = "C", *, copy: bool | None = None, out_sharding: None = None
) -> Any:
    """The same elements in another shape; one size may be -1."""
    x = as_array("reshape", a)
    sizes = _new_sizes(x, shape)
    if order == "F":
        back = sh.reshape(sh.transpose(x, range(x.ndim)[::-1]), sizes[::-1])
        return sh.transpose(back, range(len(sizes))[::-1])
    if order not in ("C", "K"):
        raise ValueError(f"reshape: order must be 'C' or 'F', got {order!r}")
    if sizes == x.shape:
        return sh.copy(x) if copy else x
    return sh.reshape(x, sizes)


def _new_sizes(x: Any, shape: Any) -> Shape:
    sizes = [operator.index(n) for n in (shape if np.iterable(shape) else (shape,))]
    unknown = [i for i, n in enumerate(sizes) if n == -1]
    if len(unknown) > 1:
        raise ValueError(f"reshape: can only specify one unknown dimension, got {tuple(sizes)}")
    if unknown:
        known = math.prod(n for n in sizes if n != -1)
        if known == 0 or x.size % known:
            raise _cannot_reshape(x, sizes)
        sizes[unknown[0]] = x.size // known
    if math.prod(sizes) != x.size or any(n < 0 for n in sizes):
        raise _cannot_reshape(x, sizes)
    return tuple(sizes)


def _cannot_reshape(x: Any, sizes: Sequence[int]) -> TypeError:
    return TypeError(
        f"cannot reshape array of shape {x.shape} (size {x.size}) into shape {tuple(sizes)}"
        f" (size {math.prod(sizes)})"
    )


def ravel(a: Any, order: str = "C", *, out_sharding: None = None) -> Any:
    """All elements along one axis."""
    x = as_array("ravel", a)
    return reshape(x, (x.size,), "C" if order == "K" else order)


def transpose(a: Any, axes: Sequence[int] | None = None) -> Any:
    """Axes in another order, reversed unless told otherwise."""
    x = as_array("transpose", a)
    order = range(x.ndim)[::-1] if axes is None else axes_of("transpose", tuple(axes), x.ndim)
    if len(order) != x.ndim:
        raise ValueError(f"transpose: axes {tuple(axes or ())} must name all {x.ndim} axes")
    return x if tuple(order) == tuple(range(x.ndim)) else sh.transpose(x, order)


def permute_dims(a: Any, /, axes: Sequence[int]) -> Any:
    """Axes in another order."""
    return transpose(a, axes)


def matrix_transpose(x: Any, /) -> Any:
    """The last two axes exchanged."""
    x = as_array("matrix_transpose", x)
    if x.ndim < 2:
        raise ValueError(
            f"x must be at least two-dimensional for matrix_transpose; got ndim={x.ndim}"
        )
    return swapaxes(x, -1, -2)


def swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    """Two axes exchanged."""
    x = as_array("swapaxes", a)
    i, j = (canonical_axis(d, x.ndim, "swapaxes") for d in (axis1, axis2))
    order = list(range(x.ndim))
    order[i], order[j] = j, i
    return transpose(x, order)


def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    """Axes moved to other places, the rest in order."""
    x = as_array("moveaxis", a)
    old, new = (
        axes_of("moveaxis", v if isinstance(v, (tuple, list)) else (v,), x.ndim)
        for v in (source, destination)
    )
    if len(old) != len(new):
        raise ValueError(
            f"moveaxis: source and destination differ in length: {source}, {destination}"
        )
    order = [d for d in range(x.ndim) if d not in old]
    for place, d in sorted(zip(new, old, strict=True)):
        order.insert(place, d)
    return transpose(x, order)


def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    """An axis moved before another."""
    x = as_array("rollaxis", a)
    axis = canonical_axis(axis, x.ndim, "rollaxis")
    if not -x.ndim <= start <= x.ndim:
        raise ValueError(f"rollaxis: start {start} must lie in [{-x.ndim}, {x.ndim}]")
    start = start + x.ndim if start < 0 else start
    return moveaxis(x, axis, start - 1 if axis < start else start)


def expand_dims(a: Any, axis: Any) -> Any:
    """Axes of size 1 inserted, at these places of the result."""
    x = as_array("expand_dims", a)
    axes = listed(axis)
    total = x.ndim + len(axes)
    return sh.expand_dims(x, sorted(axes_of("expand_dims", tuple(axes), total)))


def squeeze(a: Any, axis: Any = None) -> Any:
    """Axes of size 1 dropped."""
    x = as_array("squeeze", a)
    if axis is None:
        return sh.squeeze(x, [d for d, n in enumerate(x.shape) if n == 1])
    axes = axes_of("squeeze", axis, x.ndim)
    if any(x.shape[d] != 1 for d in axes):
        raise ValueError(
            f"cannot select an axis to squeeze out which has size not equal to one,"
            f" got shape={x.shape} and dimensions={axes}"
        )
    return sh.squeeze(x, sorted(axes))


def broadcast_to(array: Any, shape: Any, *, out_sharding: None = None) -> Any:
    """The array repeated along new axes and those of size 1."""
    x = as_array("broadcast_to", array)
    sizes = canonical_shape("broadcast_to", shape)
    pairs = zip(x.shape[::-1], sizes[::-1], strict=False)
    if x.ndim > len(sizes) or any(n not in (1, m) for n, m in pairs):
        raise ValueError(
            f"Incompatible shapes for broadcasting: {x.shape} and requested shape {sizes}"
        )
    return expand(x, sizes)


def broadcast_arrays(*args: Any) -> list[Any]:
    """Arrays repeated to one shape."""
    arrays = [as_array("broadcast_arrays", a, i) for i, a in enumerate(args)]
    return broadcast("broadcast_arrays", arrays) if arrays else []


def broadcast_shapes(*shapes: Any) -> Shape:
    """The shape that arrays of these shapes broadcast to."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError as error:
        raise ValueError(f"Incompatible shapes for broadcasting: shapes={list(shapes)}") from error


def _at_least(name: str, raise_rank: Callable[[Any], Any]) -> Callable[..., Any]:
    def f(*arys: Any) -> Any:
        out = [raise_rank(as_array(name, a, i)) for i, a in enumerate(arys)]
        return out[0] if len(out) == 1 else out

    f.__name__ = f.__qualname__ = name
    f.__doc__ = f"Arrays with axes of size 1 added where they have fewer than {name[8]}."
    return f


def _rank_three(x: Any) -> Any:
    if x.ndim >= 3:
        return x
    return sh.reshape(x, {0: (1, 1, 1), 1: (1, x.size, 1)}.get(x.ndim, (*x.shape, 1)))


atleast_1d = _at_least("atleast_1d", lambda x: x if x.ndim else sh.reshape(x, (1,)))
atleast_2d = _at_least("atleast_2d", lambda x: x if x.ndim >= 2 else sh.reshape(x, (1, x.size)))
atleast_3d = _at_least("atleast_3d", _rank_three)


def flip(m: Any, axis: Any = None) -> Any:
    """Elements in reverse order along axes."""
    x = as_array("flip", m)
    axes = axes_of("flip", axis, x.ndim)
    return pc.rev(x, axes) if axes else x


def fliplr(m: Any) -> Any:
    """Columns in reverse order."""
    return flip(m, 1)


def flipud(m: Any) -> Any:
    """Rows in reverse order."""
    return flip(m, 0)


def rot90(m: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Any:
    """A plane turned by k right angles."""
    x = as_array("rot90", m)
    i, j = axes_of("rot90", tuple(axes), x.ndim)
    turns = k % 4
    if turns == 0:
        return x
    if turns == 2:
        return flip(x, (i, j))
    return swapaxes(flip(x, j), i, j) if turns == 1 else flip(swapaxes(x, i, j), j)


def roll(a: Any, shift: Any, axis: Any = None) -> Any:
    """Elements moved along axes; those that fall off come back in front."""
    x = as_array("roll", a)
    if axis is None:
        return sh.reshape(roll(ravel(x), shift, 0), x.shape)
    axes = axes_of("roll", listed(axis), x.ndim)
    if isinstance(shift, (tuple, list)) and len(shift) != len(axes):
        axes = axes * len(shift) if len(axes) == 1 else axes
    shifts = shift if isinstance(shift, (tuple, list)) else (shift,) * len(axes)
    for s, d in zip(shifts, axes, strict=True):
        x = _roll_axis(x, s, d)
    return x


def _roll_axis(x: Any, shift: Any, axis: int) -> Any:
    n = x.shape[axis]
    if n == 0:
        return x
    if not isinstance(shift, (int, np.integer)):
        at = as_array("roll", shift)
        at = ew.sub(sh.iota(at.dtype, (n,), 0), sh.broadcast_in_dim(at, (n,), ()))
        size = at.dtype.type(n)
        r = ew.rem(at, size)
        return take(x, pick(ew.lt(r, 0), ew.add(r, size), r), axis, mode="clip")
    by = int(shift) % n
    if by == 0:
        return x
    front, back = pc.slice_in_dim(x, n - by, n, 1, axis), pc.slice_in_dim(x, 0, n - by, 1, axis)
    return pc.concatenate([front, back], axis)


def tile(A: Any, reps: Any) -> Any:
    """The array repeated as a whole along each axis."""
    x = as_array("tile", A)
    counts = canonical_shape("tile", reps)
    rank = max(x.ndim, len(counts))
    counts = (1,) * (rank - len(counts)) + counts
    sizes = (1,) * (rank - x.ndim) + x.shape
    grown = [v for n, m in zip(counts, sizes, strict=True) for v in (n, m)]
    x = sh.broadcast_in_dim(sh.reshape(x, sizes), grown, [2 * d + 1 for d in range(rank)])
    return sh.reshape(x, [n * m for n, m in zip(counts, sizes, strict=True)])


def repeat(
    a: Any,
    repeats: Any,
    axis: int | None = None,
    *,
    total_repeat_length: int | None = None,
    out_sharding: None = None,
) -> Any:
    """Each element repeated; counts that are traced need `total_repeat_length`."""
    x = as_array("repeat", a)
    if axis is None:
        x, axis = ravel(x), 0
    x = atleast_1d(x)
    axis = canonical_axis(axis, x.ndim, "repeat")
    if isinstance(repeats, (int, np.integer)) and total_repeat_length is None:
        n = int(repeats)
        sizes = (*x.shape[: axis + 1], n, *x.shape[axis + 1 :])
        kept = [d for d in range(len(sizes)) if d != axis + 1]
        grown = sh.broadcast_in_dim(x, sizes, kept)
        return sh.reshape(grown, (*x.shape[:axis], x.shape[axis] * n, *x.shape[axis + 1 :]))
    if total_repeat_length is None:
        counts = np.broadcast_to(known("repeat", repeats), (x.shape[axis],))
        return take(x, np.repeat(np.arange(x.shape[axis]), counts), axis, mode="clip")
    return _repeat_counted(x, as_array("repeat", repeats), axis, total_repeat_length)


def _repeat_counted(x: Any, counts: Any, axis: int, total: int) -> Any:
    counts = expand(counts if counts.ndim else sh.reshape(counts, (1,)), (x.shape[axis],))
    if not x.shape[axis]:
        return x
    ends = cm.cumsum(convert(counts, dtypes.int32), 0)
    places = sh.iota(dtypes.int32, (total, x.shape[axis]), 0)
    past = ew.ge(places, sh.broadcast_in_dim(ends, places.shape, (1,)))
    at = sh.reduce_sum(convert(past, dtypes.int32), (1,))
    return take(x, at, axis, mode="clip")


def resize(a: Any, new_shape: Any) -> Any:
    """The elements in a new shape, repeated as often as needed."""
    x, sizes = as_array("resize", a), canonical_shape("resize", new_shape)
    wanted = math.prod(sizes)
    if x.size == 0 or wanted == 0:
        return convert(sh.full(sizes, 0, x.dtype), x.dtype, x.weak_type)
    flat = tile(ravel(x), -(-wanted // x.size))
    return sh.reshape(pc.slice_in_dim(flat, 0, wanted, 1, 0), sizes)


def tril(m: Any, k: int = 0) -> Any:
    """The elements at and below the k-th diagonal, zeros above."""
    return _triangle("tril", m, k, True)


def triu(m: Any, k: int = 0) -> Any:
    """The elements at and above the k-th diagonal, zeros below."""
    return _triangle("triu", m, k, False)


def _triangle(name: str, m: Any, k: int, lower: bool) -> Any:
    x = as_array(name, m)
    if x.ndim < 2:
        raise ValueError(f"{name}: the array must have at least two axes, got {describe(x)}")
    mask = expand(below(x.shape[-2:], k if lower else k - 1), x.shape)
    zero = sh.full_like(x, 0)
    return pick(mask, x, zero) if lower else pick(mask, zero, x)


def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The elements of a diagonal of two axes, as a new last axis."""
    x = as_array("diagonal", a)
    if x.ndim < 2:
        raise ValueError(
            f"diagonal requires an array of at least two dimensions, got {describe(x)}"
        )
    x = moveaxis(x, (axis1, axis2), (-2, -1))
    rows, columns = x.shape[-2:]
    k = operator.index(offset)
    start = (max(0, -k), max(0, k))
    n = max(0, min(rows - start[0], columns - start[1]))
    # Rows of length columns + 1: the diagonal becomes the first column.
    flat = sh.reshape(x, (*x.shape[:-2], rows * columns))
    first = start[0] * columns + start[1]
    if n == 0:
        return pc.slice_in_dim(flat, 0, 0, 1, x.ndim - 2)
    lead = [0] * (x.ndim - 2)
    stop = [*x.shape[:-2], first + (n - 1) * (columns + 1) + 1]
    return pc.slice(flat, [*lead, first], stop, [*(1 for _ in lead), columns + 1])


def diag(v: Any, k: int = 0) -> Any:
    """The diagonal of a matrix, or the matrix with a vector on its diagonal."""
    x = as_array("diag", v)
    if x.ndim == 2:
        return diagonal(x, k)
    if x.ndim != 1:
        raise ValueError(f"diag input must be 1d or 2d, got {describe(x)}")
    k = operator.index(k)
    n = x.size + abs(k)
    column = pc.pad(x, x.dtype.type(0), [(max(0, k), max(0, -k), 0)])
    rows, columns = (sh.iota(dtypes.int32, (n, n), d) for d in (0, 1))
    mask = ew.eq(ew.add(rows, np.int32(k)), columns)
    return pick(mask, sh.broadcast_in_dim(column, (n, n), (1,)), sh.full((n, n), 0, x.dtype))


def diagflat(v: Any, k: int = 0) -> Any:
    """The matrix with these elements on its k-th diagonal."""
    return diag(ravel(v), k)


def astype(x: Any, dtype: Any, /, *, copy: bool = False, device: Any = None) -> Any:
    """The elements in another dtype. Complex numbers lose their imaginary parts."""
    x = as_array("astype", x)
    wanted = dtypes.default_dtype(float) if dtype is None else dtypes.canonicalize_dtype(dtype)
    if wanted == dtypes.bool_ and x.dtype != dtypes.bool_:
        return on(device, ew.ne(x, x.dtype.type(0)))
    if dtypes.kind(x.dtype) == "complex" and dtypes.kind(wanted) != "complex":
        x = ew.real(x)
    out = convert(x, wanted)
    return on(device, sh.copy(out) if copy and out is x else out)
