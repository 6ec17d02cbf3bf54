"""Rearranging axes and elements without computing: reshape, transpose, flip, roll."""

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..core.aval import Shape, axis_number, canonical_axis
from ..core.symbolic import Dim
from ..errors import OperandError, TracerError
from ..primitives import elementwise as ew
from ..primitives import pieces as pc
from ..primitives import shape as sh
from .creation import canonical_shape, requested_dtype
from .divided import divided
from .elementwise import pick
from .indexing import take
from .places import on
from .shown import SHOWN
from .values import as_array, broadcast, convert, describe, expand, unwrapped
from .worth import compiled_when_repeated


def listed(axis: Any, name: str = "axis") -> tuple[Any, ...]:
    """The axes of an argument that is one, or several in any sequence: a tuple, a list, a range."""
    several = np.iterable(axis) and not isinstance(axis, str)
    return tuple(axis) if several else (axis_number(axis, name),)


def axes_of(name: str, axis: Any, ndim: int) -> tuple[int, ...]:
    """Axes as non-negative numbers, all of them for None. ValueError where one repeats."""
    if axis is None:
        return tuple(range(ndim))
    axes = listed(axis, name)
    out = tuple(canonical_axis(a, ndim, name) for a in axes)
    if len(set(out)) != len(out):
        raise ValueError(f"{name}: duplicate value in axis: {axes}")
    return out


def reshape(
    a: Any, shape: Any, order: str = "C", *, copy: bool | None = None, out_sharding: Any = None
) -> Any:
    """The same elements in another shape; one size may be -1.

    Args:
      a: array.
      shape: integer or sequence of integers of the same product; one -1 stands for what remains.
      order: "C", rows first, or "F", columns first.
      copy: accepted; arrays do not change.
      out_sharding: how the result is divided, as `with_sharding_constraint` takes it.

    Raises:
      TypeError: the sizes do not fit.

    >>> pnp.reshape(pnp.arange(6), (2, -1))
    Array([[0, 1, 2],
           [3, 4, 5]], dtype=int32)
    """
    x = as_array("reshape", a)
    sizes = _new_sizes(x, shape)
    if order == "F":
        back = sh.reshape(sh.transpose(x, range(x.ndim)[::-1]), sizes[::-1])
        return divided(sh.transpose(back, range(len(sizes))[::-1]), out_sharding)
    if order not in ("C", "K"):
        raise ValueError(f"reshape: order must be 'C' or 'F', got {order!r}")
    if sizes == x.shape:
        return divided(sh.copy(x) if copy else x, out_sharding)
    return divided(sh.reshape(x, sizes), out_sharding)


def _size(n: Any, shape: Any) -> Any:
    if type(n) is Dim:
        return n
    try:
        return operator.index(n)
    except TracerError:
        raise
    except TypeError as error:
        raise TypeError(f"reshape: a shape is made of integers, got {shape!r}") from error


def _new_sizes(x: Any, shape: Any) -> Shape:
    sizes = [_size(n, shape) for n in (shape if np.iterable(shape) else (shape,))]
    unknown = [i for i, n in enumerate(sizes) if n == -1]
    if len(unknown) > 1:
        raise OperandError(f"reshape: can only specify one unknown size, got {tuple(sizes)}")
    if unknown:
        known = math.prod(n for n in sizes if n != -1)
        if known <= 0 or x.size % known:
            raise _cannot_reshape(x, sizes)
        sizes[unknown[0]] = x.size // known
    if math.prod(sizes) != x.size or any(n < 0 for n in sizes):
        raise _cannot_reshape(x, sizes)
    return tuple(sizes)


def _cannot_reshape(x: Any, sizes: Sequence[int]) -> OperandError:
    whole = "" if -1 in sizes else f" (size {math.prod(sizes)})"
    return OperandError(
        f"reshape: cannot reshape array of shape {x.shape} (size {x.size}) into shape"
        f" {tuple(sizes)}{whole}"
    )


def ravel(a: Any, order: str = "C", *, out_sharding: Any = None) -> Any:
    """All elements along one axis.

    >>> pnp.ravel(pnp.array([[1, 2], [3, 4]]))
    Array([1, 2, 3, 4], dtype=int32)
    """
    x = as_array("ravel", a)
    if x.ndim == 1 and order in ("C", "F", "K"):
        return divided(x, out_sharding)
    order = "C" if order == "K" else order
    return reshape(x, (x.size,), order, out_sharding=out_sharding)


def transpose(a: Any, axes: Sequence[int] | None = None) -> Any:
    """Axes in another order, reversed unless told otherwise.

    Args:
      a: array.
      axes: the axes of `a` in the order of the result; reversed if None.

    Raises:
      ValueError: `axes` is no permutation of the axes.

    >>> pnp.transpose(pnp.ones((2, 3, 4)), (1, 0, 2)).shape
    (3, 2, 4)
    """
    x = as_array("transpose", a)
    order = range(x.ndim)[::-1] if axes is None else axes_of("transpose", tuple(axes), x.ndim)
    if len(order) != x.ndim:
        raise OperandError(f"transpose: axes {tuple(axes or ())} must name all {x.ndim} axes")
    return x if tuple(order) == tuple(range(x.ndim)) else sh.transpose(x, order)


def permute_dims(a: Any, /, axes: Sequence[int]) -> Any:
    """Axes in another order.

    >>> pnp.permute_dims(pnp.zeros((2, 3, 4)), (2, 0, 1)).shape
    (4, 2, 3)
    """
    return transpose(a, axes)


def matrix_transpose(x: Any, /) -> Any:
    """The last two axes exchanged.

    >>> pnp.matrix_transpose(pnp.ones((5, 2, 3))).shape
    (5, 3, 2)
    """
    x = as_array("matrix_transpose", x)
    if x.ndim < 2:
        raise ValueError(
            f"x must be at least two-dimensional for matrix_transpose; got ndim={x.ndim}"
        )
    return swapaxes(x, -1, -2)


def swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    """Two axes exchanged.

    >>> pnp.swapaxes(pnp.ones((2, 3, 4)), 0, 2).shape
    (4, 3, 2)
    """
    x = as_array("swapaxes", a)
    i, j = (canonical_axis(d, x.ndim, "swapaxes") for d in (axis1, axis2))
    order = list(range(x.ndim))
    order[i], order[j] = j, i
    return transpose(x, order)


def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    """Axes moved to other places, the rest in order.

    >>> pnp.moveaxis(pnp.ones((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
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
    """An axis moved before another.

    >>> pnp.rollaxis(pnp.zeros((2, 3, 4)), 2).shape
    (4, 2, 3)
    """
    x = as_array("rollaxis", a)
    axis = canonical_axis(axis, x.ndim, "rollaxis")
    if not -x.ndim <= start <= x.ndim:
        raise ValueError(f"rollaxis: start {start} must lie in [{-x.ndim}, {x.ndim}]")
    start = start + x.ndim if start < 0 else start
    return moveaxis(x, axis, start - 1 if axis < start else start)


def expand_dims(a: Any, axis: Any) -> Any:
    """Axes of size 1 inserted, at these places of the result.

    >>> pnp.expand_dims(pnp.ones((2, 3)), (0, 2)).shape
    (1, 2, 1, 3)
    """
    x = as_array("expand_dims", a)
    axes = listed(axis, "expand_dims")
    total = x.ndim + len(axes)
    return sh.expand_dims(x, sorted(axes_of("expand_dims", tuple(axes), total)))


def squeeze(a: Any, axis: Any = None) -> Any:
    """Axes of size 1 dropped.

    Args:
      a: array.
      axis: integer or tuple of integers; None for all axes of size 1.

    Raises:
      ValueError: an axis has another size.

    >>> pnp.squeeze(pnp.ones((1, 3, 1)), axis=0).shape
    (3, 1)
    """
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


def broadcast_to(array: Any, shape: Any, *, out_sharding: Any = None) -> Any:
    """The array repeated along new axes and those of size 1.

    >>> pnp.broadcast_to(pnp.array([1, 2]), (3, 2))
    Array([[1, 2],
           [1, 2],
           [1, 2]], dtype=int32)
    """
    x = as_array("broadcast_to", array)
    sizes = canonical_shape("broadcast_to", shape)
    pairs = zip(x.shape[::-1], sizes[::-1], strict=False)
    if x.ndim > len(sizes) or any(n not in (1, m) for n, m in pairs):
        raise ValueError(
            f"Incompatible shapes for broadcasting: {x.shape} and requested shape {sizes}"
        )
    return divided(expand(x, sizes), out_sharding)


def broadcast_arrays(*args: Any) -> list[Any]:
    """Arrays repeated to one shape.

    >>> x, y = pnp.broadcast_arrays(pnp.ones((2, 1)), pnp.ones(3))
    >>> x.shape, y.shape
    ((2, 3), (2, 3))
    """
    arrays = [as_array("broadcast_arrays", a, i) for i, a in enumerate(args)]
    return broadcast("broadcast_arrays", arrays) if arrays else []


def broadcast_shapes(*shapes: Any) -> Shape:
    """The shape that arrays of these shapes broadcast to.

    >>> pnp.broadcast_shapes((2, 1), (3,))
    (2, 3)
    """
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError as error:
        raise ValueError(f"Incompatible shapes for broadcasting: shapes={list(shapes)}") from error


def _at_least(name: str, raise_rank: Callable[[Any], Any]) -> Callable[..., Any]:
    def f(*arys: Any) -> Any:
        out = [raise_rank(as_array(name, a, i)) for i, a in enumerate(arys)]
        return out[0] if len(out) == 1 else out

    f.__name__ = f.__qualname__ = name
    f.__doc__ = (
        f"Arrays with axes of size 1 added where they have fewer than {name[8]}.\n{SHOWN[name]}"
    )
    return f


def _rank_three(x: Any) -> Any:
    if x.ndim >= 3:
        return x
    return sh.reshape(x, {0: (1, 1, 1), 1: (1, x.size, 1)}.get(x.ndim, (*x.shape, 1)))


atleast_1d = _at_least("atleast_1d", lambda x: x if x.ndim else sh.reshape(x, (1,)))
atleast_2d = _at_least("atleast_2d", lambda x: x if x.ndim >= 2 else sh.reshape(x, (1, x.size)))
atleast_3d = _at_least("atleast_3d", _rank_three)


def flip(m: Any, axis: Any = None) -> Any:
    """Elements in reverse order along axes.

    >>> pnp.flip(pnp.array([[1, 2], [3, 4]]), axis=1)
    Array([[2, 1],
           [4, 3]], dtype=int32)
    """
    x = as_array("flip", m)
    axes = axes_of("flip", axis, x.ndim)
    return pc.rev(x, axes) if axes else x


def fliplr(m: Any) -> Any:
    """Columns in reverse order.

    >>> pnp.fliplr(pnp.array([[1, 2], [3, 4]]))
    Array([[2, 1],
           [4, 3]], dtype=int32)
    """
    return flip(m, 1)


def flipud(m: Any) -> Any:
    """Rows in reverse order.

    >>> pnp.flipud(pnp.array([[1, 2], [3, 4]]))
    Array([[3, 4],
           [1, 2]], dtype=int32)
    """
    return flip(m, 0)


@compiled_when_repeated("k", "axes")
def rot90(m: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Any:
    """A plane turned by k right angles.

    >>> pnp.rot90(pnp.array([[1, 2], [3, 4]]))
    Array([[2, 4],
           [1, 3]], dtype=int32)
    """
    x = as_array("rot90", m)
    i, j = axes_of("rot90", tuple(axes), x.ndim)
    turns = k % 4
    if turns == 0:
        return x
    if turns == 2:
        return flip(x, (i, j))
    return swapaxes(flip(x, j), i, j) if turns == 1 else flip(swapaxes(x, i, j), j)


def roll(a: Any, shift: Any, axis: Any = None) -> Any:
    """Elements moved along axes; those that fall off come back in front.

    >>> pnp.roll(pnp.arange(5), 2)
    Array([3, 4, 0, 1, 2], dtype=int32)
    """
    x = as_array("roll", a)
    shifts = _shifts(unwrapped(shift))
    if axis is None:
        return sh.reshape(roll(ravel(x), shifts, 0), x.shape)
    axes = [canonical_axis(d, x.ndim, "roll") for d in listed(axis, "roll")]
    count = len(axes) if len(shifts) == 1 else len(shifts)
    if len(axes) not in (1, count):
        raise ValueError(f"roll: {len(shifts)} shifts do not go with {len(axes)} axes")
    for s, d in zip(_repeated(shifts, count), _repeated(axes, count), strict=True):
        x = _roll_axis(x, s, d)
    return x


def _shifts(shift: Any) -> list[Any]:
    """The shifts of an argument that is one, or has one axis."""
    shifts = list(shift) if _has_axes(shift) else [shift]
    if any(map(_has_axes, shifts)):
        raise ValueError(f"roll: shift must be a number or have one axis, got {describe(shift)}")
    return shifts


def _has_axes(x: Any) -> bool:
    return isinstance(x, (tuple, list)) or getattr(x, "ndim", 0) > 0


def _repeated(values: list[Any], count: int) -> list[Any]:
    return values if len(values) == count else values * count


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


def astype(x: Any, dtype: Any, /, *, copy: bool = False, device: Any = None) -> Any:
    """The elements in another dtype. Complex numbers lose their imaginary parts.

    >>> pnp.astype(pnp.array([1.7, -1.7]), int)
    Array([ 1, -1], dtype=int32)
    """
    x = as_array("astype", x)
    wanted = requested_dtype("astype", float if dtype is None else dtype)
    if wanted == dtypes.bool_ and x.dtype != dtypes.bool_:
        return on(device, ew.ne(x, x.dtype.type(0)))
    if dtypes.kind(x.dtype) == "complex" and dtypes.kind(wanted) != "complex":
        x = ew.real(x)
    out = convert(x, wanted)
    return on(device, sh.copy(out) if copy and out is x else out)
