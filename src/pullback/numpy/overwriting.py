"""What NumPy writes into an argument, as new arrays."""

from typing import Any

import numpy as np

from .. import dtypes
from ..core.aval import canonical_axis
from ..primitives import cumulative as cm
from ..primitives import elementwise as ew
from ..primitives import shape as sh
from .elementwise import pick, truth
from .indexing import inside, take, wide_enough
from .repeating import resize
from .shapes import broadcast_to, ravel, reshape
from .values import as_array, as_arrays, convert, not_in_place


def putmask(a: Any, mask: Any, values: Any, *, inplace: bool = True) -> Any:
    """The array with values at their own places, repeated to its size, where the mask holds.

    Args:
      a: array.
      mask: array of its shape; what is not zero is true.
      values: array; converted to the dtype of `a`.
      inplace: False. Arrays are not written to.

    >>> x = pnp.arange(5)
    >>> pnp.putmask(x, x > 2, pnp.array([10, 20]), inplace=False)
    Array([ 0,  1,  2, 20, 10], dtype=int32)
    """
    not_in_place("putmask", inplace)
    x, flags, new = as_arrays("putmask", (a, mask, values))
    if flags.shape != x.shape:
        raise ValueError(f"putmask: the mask has shape {flags.shape}, the array {x.shape}")
    if not new.size:
        return x
    spread = reshape(resize(ravel(convert(new, x.dtype)), (x.size,)), x.shape)
    return convert(pick(truth(flags), spread, x), x.dtype, x.weak_type)


def copyto(
    dst: Any, src: Any, casting: Any = "same_kind", where: Any = True, *, inplace: bool = True
) -> Any:
    """The values of `src`, where a condition holds, in an array like `dst`.

    Args:
      dst: array that gives shape, dtype, and the values elsewhere.
      src, where: arrays that broadcast to its shape.
      casting: which conversions of dtypes are allowed, as in `numpy.can_cast`.
      inplace: False. Arrays are not written to.

    >>> pnp.copyto(pnp.zeros(3), 7.0, where=pnp.array([True, False, True]), inplace=False)
    Array([7., 0., 7.], dtype=float32)
    """
    not_in_place("copyto", inplace)
    x, new, flags = as_arrays("copyto", (dst, src, where))
    if not new.weak_type and not np.can_cast(new.dtype, x.dtype, casting):
        names = f"{new.dtype.name} to {x.dtype.name}"
        raise TypeError(f"copyto: cannot cast {names} by the rule {casting!r}")
    new, flags = (broadcast_to(v, x.shape) for v in (convert(new, x.dtype), truth(flags)))
    return convert(pick(flags, new, x), x.dtype, x.weak_type)


def put(a: Any, ind: Any, v: Any, mode: str | None = None, *, inplace: bool = True) -> Any:
    """The array with values at places of its flattened form.

    >>> pnp.put(pnp.zeros(3), pnp.array([0, 2]), 5.0, inplace=False)
    Array([5., 0., 5.], dtype=float32)
    """
    not_in_place("put", inplace)
    x, at = as_array("put", a), ravel(as_array("put", ind))
    values = ravel(as_array("put", v))
    if mode not in (None, "wrap", "clip"):
        kind = NotImplementedError if mode == "raise" else ValueError
        raise kind(f"put: mode must be None, 'wrap' or 'clip', got {mode!r}")
    if not at.size or not values.size:
        return x
    at = inside(wide_enough(at), x.size, mode or "clip")
    values = take(values, np.arange(at.size) % values.size, mode="clip")
    flat = ravel(x).at[at].set(convert(values, x.dtype), mode="drop")
    return reshape(flat, x.shape)


def place(arr: Any, mask: Any, vals: Any, *, inplace: bool = True) -> Any:
    """The array with values, in order and repeated, where the mask holds.

    >>> x = pnp.array([-1.0, 5.0, -2.0])
    >>> pnp.place(x, x < 0, pnp.array([1.0, 2.0]), inplace=False)
    Array([1., 5., 2.], dtype=float32)
    """
    not_in_place("place", inplace)
    x, flags, values = as_arrays("place", (arr, mask, vals))
    if flags.size != x.size:
        raise ValueError("place: arr and mask must be the same size")
    values = ravel(values)
    if not values.size:
        raise ValueError("place: Cannot insert from an empty array")
    flags = reshape(truth(flags), x.shape)
    count = cm.cumsum(convert(ravel(flags), dtypes.int32), 0)
    turn = ew.rem(ew.max(ew.sub(count, np.int32(1)), np.int32(0)), np.int32(values.size))
    spread = reshape(take(convert(values, x.dtype), turn, mode="clip"), x.shape)
    return convert(pick(flags, spread, x), x.dtype, x.weak_type)


def fill_diagonal(a: Any, val: Any, wrap: bool = False, *, inplace: bool = True) -> Any:
    """The array with its diagonal replaced.

    >>> pnp.fill_diagonal(pnp.zeros((2, 2)), 1.0, inplace=False)
    Array([[1., 0.],
           [0., 1.]], dtype=float32)
    """
    not_in_place("fill_diagonal", inplace)
    x, values = as_array("fill_diagonal", a), as_array("fill_diagonal", val)
    if wrap:
        raise NotImplementedError("fill_diagonal: wrap=True is not implemented")
    if x.ndim < 2 or (x.ndim > 2 and len(set(x.shape)) > 1):
        raise ValueError("fill_diagonal: wants at least two axes, all equal where there are more")
    n = min(x.shape)
    at = np.arange(n)
    values = ravel(values)
    if values.size != 1:
        values = take(values, at % values.size, mode="clip")
    return x.at[(at,) * x.ndim].set(convert(values, x.dtype))


def put_along_axis(
    arr: Any, indices: Any, values: Any, axis: int | None, inplace: bool = True, *, mode: Any = None
) -> Any:
    """The array with values at the indices of each row.

    >>> x, i = pnp.zeros((2, 2)), pnp.array([[1], [0]])
    >>> pnp.put_along_axis(x, i, 9.0, axis=1, inplace=False)
    Array([[0., 9.],
           [9., 0.]], dtype=float32)
    """
    not_in_place("put_along_axis", inplace)
    x, at = as_array("put_along_axis", arr), as_array("put_along_axis", indices)
    if axis is None:
        flat = ravel(x).at[at].set(as_array("put_along_axis", values), mode=mode)
        return reshape(flat, x.shape)
    axis, at = canonical_axis(axis, x.ndim, "put_along_axis"), wide_enough(at)
    grid = tuple(
        at if d == axis else sh.iota(at.dtype, [n if k == d else 1 for k in range(x.ndim)], d)
        for d, n in enumerate(x.shape)
    )
    return x.at[grid].set(as_array("put_along_axis", values), mode=mode)
