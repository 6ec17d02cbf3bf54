"""Sums, extrema and their kin over axes. Integers are summed in at least 32 bits."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import _native, dtypes
from .._native import ArrayImpl
from ..core.aval import canonical_axis
from ..core.primitive import Primitive
from ..dtypes import DType
from ..primitives import elementwise as ew
from ..primitives import reduce as rd
from ..primitives import shape as sh
from .creation import requested_dtype
from .elementwise import pick, strong, truth
from .shapes import axes_of
from .values import as_array, convert, describe, expand, joint_shape, no_out
from .worth import compiled_when_repeated

Function = Callable[..., Any]


def prepared(name: str, a: Any, out: None) -> Any:
    """The operand as an array; `out` is refused."""
    no_out(name, out)
    return as_array(name, a)


PLAIN = frozenset((dtypes.float32, dtypes.float64))


def _at_once(name: str, primitive: Primitive, a: Any, axis: Any, keepdims: bool) -> Any:
    """An eager reduction of an ordinary float array, straight to its value; None otherwise."""
    if type(a) is not ArrayImpl or a.dtype not in PLAIN or not _native.is_eager():
        return None
    shape = a.shape
    axes = axes_of(name, axis, len(shape))
    if not a.size:
        return None
    out = primitive.value(a._npy, axes=axes)
    if keepdims:
        out = out.reshape([1 if d in axes else n for d, n in enumerate(shape)])
    return ArrayImpl(out)


def whole_sum_dtype(dtype: DType, promote_integers: bool = True) -> DType:
    """The dtype in which integers and bools are summed."""
    if dtype == dtypes.bool_:
        return dtypes.default_dtype(int)
    if not promote_integers or not dtypes.is_integer(dtype):
        return dtype
    least = dtypes.canonicalize_dtype(np.int64 if dtypes.kind(dtype) == "signed" else np.uint64)
    return least if dtype.itemsize < least.itemsize else dtype


def keep(x: Any, shape: tuple[int, ...], axes: tuple[int, ...], keepdims: bool) -> Any:
    """The reduced array, with its axes put back at size 1 where asked."""
    return sh.expand_dims(x, axes) if keepdims and axes else x


def mask_of(name: str, where: Any) -> Any:
    """The argument `where` of reductions as an array."""
    mask = as_array(name, where)
    if mask.dtype != dtypes.bool_:
        raise ValueError(f"{name}: where must be bools, got {describe(mask)}: write where != 0")
    return mask


def masked(name: str, x: Any, where: Any, neutral: Any) -> Any:
    """The array with elements replaced where the mask is False."""
    if where is None:
        return x
    mask = mask_of(name, where)
    shape = joint_shape(name, [x, mask])
    x = expand(x, shape)
    return pick(expand(mask, shape), x, sh.full_like(x, neutral))


def _with_initial(x: Any, initial: Any, op: Function) -> Any:
    if initial is None:
        return x
    start = convert(as_array("reduction", initial), x.dtype)
    if start.shape != ():
        raise ValueError(f"initial value must be a scalar, got {describe(start)}")
    return op(x, start)


def _accumulated(
    name: str, reduce: Function, op: Function, neutral: int, a: Any, axis: Any, dtype: Any,
    out: None, keepdims: bool, initial: Any, where: Any, promote_integers: bool,
) -> Any:  # fmt: skip
    x = prepared(name, a, out)
    wanted = (
        whole_sum_dtype(x.dtype, promote_integers)
        if dtype is None
        else requested_dtype(name, dtype)
    )
    if dtype is not None and dtypes.kind(x.dtype) == "complex" and wanted.kind != "c":
        x = ew.real(x)
    x = convert(x, wanted)
    boolean = wanted == dtypes.bool_
    x = masked(name, convert(x, dtypes.int32) if boolean else x, where, neutral)
    axes = axes_of(name, axis, x.ndim)
    total = _with_initial(reduce(x, axes), initial, op)
    return keep(convert(total, wanted), x.shape, axes, keepdims)


def sum(
    a: Any, axis: Any = None, dtype: Any = None, out: None = None, keepdims: bool = False,
    initial: Any = None, where: Any = None, promote_integers: bool = True,
) -> Any:  # fmt: skip
    """The sum over axes, all of them unless told otherwise.

    Args:
      a: array.
      axis: integer or tuple of integers; None for all axes.
      dtype: of the result, in which it is summed. By default that of `a`; integers and bools are
        summed in int32 or uint32 at least (64 bits where enabled).
      out: must be None.
      keepdims: whether the axes stay, at size 1.
      initial: number that is added.
      where: mask that broadcasts with `a`; elements where it is False do not count.
      promote_integers: whether narrow integers are widened.

    Raises:
      ValueError: an axis is out of range or comes twice.

    >>> pnp.sum(pnp.array([[1, 2], [3, 4]]), axis=0)
    Array([4, 6], dtype=int32)
    """
    if dtype is None and out is None and initial is None and where is None:
        total = _at_once("sum", sh.reduce_sum_p, a, axis, keepdims)
        if total is not None:
            return total
    return _accumulated(
        "sum", sh.reduce_sum, ew.add, 0, a, axis, dtype, out, keepdims, initial, where,
        promote_integers,
    )  # fmt: skip


def prod(
    a: Any, axis: Any = None, dtype: Any = None, out: None = None, keepdims: bool = False,
    initial: Any = None, where: Any = None, promote_integers: bool = True,
) -> Any:  # fmt: skip
    """The product over axes.

    Arguments are those of `sum`; `initial` is multiplied.

    >>> pnp.prod(pnp.array([1.0, 2.0, 4.0]))
    Array(8., dtype=float32)
    """
    return _accumulated(
        "prod", rd.reduce_prod, ew.mul, 1, a, axis, dtype, out, keepdims, initial, where,
        promote_integers,
    )  # fmt: skip


def least(dtype: DType) -> Any:
    """The lowest value of a dtype: the neutral element of max."""
    if dtype == dtypes.bool_:
        return False
    return -np.inf if dtypes.is_float(dtype) else dtypes.info(dtype).min


def greatest(dtype: DType) -> Any:
    """The highest value of a dtype: the neutral element of min."""
    if dtype == dtypes.bool_:
        return True
    return np.inf if dtypes.is_float(dtype) else dtypes.info(dtype).max


def _extremum(
    name: str, reduce: Function, op: Function, neutral: Function, a: Any, axis: Any, out: None,
    keepdims: bool, initial: Any, where: Any,
) -> Any:  # fmt: skip
    x = strong(prepared(name, a, out))
    if where is not None and initial is None:
        raise ValueError(f"{name}: where= needs initial=, as there may be no element to compare")
    axes = axes_of(name, axis, x.ndim)
    if initial is None and 0 in [x.shape[d] for d in axes]:
        raise ValueError(f"zero-size array to reduction operation {name} which has no identity")
    x = masked(name, x, where, neutral(x.dtype))
    if 0 in [x.shape[d] for d in axes]:
        shape = [n for d, n in enumerate(x.shape) if d not in axes]
        result = sh.full(shape, neutral(x.dtype), x.dtype)
    else:
        result = reduce(x, axes) if axes else x
    return keep(_with_initial(result, initial, op), x.shape, axes, keepdims)


def max(
    a: Any, axis: Any = None, out: None = None, keepdims: bool = False, initial: Any = None,
    where: Any = None,
) -> Any:  # fmt: skip
    """The greatest element over axes, NaN where one is.

    Args:
      a: array.
      axis: integer or tuple of integers; None for all axes.
      out: must be None.
      keepdims: whether the axes stay, at size 1.
      initial: the least result; needed where there may be no elements.
      where: mask that broadcasts with `a`; elements where it is False do not count. Needs
        `initial`.

    Raises:
      ValueError: there are no elements and no `initial`.

    >>> pnp.max(pnp.array([[1, 5], [3, 4]]), axis=1)
    Array([5, 4], dtype=int32)
    """
    if out is None and initial is None and where is None:
        found = _at_once("max", rd.reduce_max_p, a, axis, keepdims)
        if found is not None:
            return found
    return _extremum("max", rd.reduce_max, ew.max, least, a, axis, out, keepdims, initial, where)


def min(
    a: Any, axis: Any = None, out: None = None, keepdims: bool = False, initial: Any = None,
    where: Any = None,
) -> Any:  # fmt: skip
    """The least element over axes, NaN where one is.

    Arguments and errors are those of `max`; `initial` is the greatest result.

    >>> pnp.min(pnp.array([[1, 5], [3, 4]]), axis=1)
    Array([1, 3], dtype=int32)
    """
    if out is None and initial is None and where is None:
        found = _at_once("min", rd.reduce_min_p, a, axis, keepdims)
        if found is not None:
            return found
    return _extremum("min", rd.reduce_min, ew.min, greatest, a, axis, out, keepdims, initial, where)


amax, amin = max, min


def _logical(
    name: str, reduce: Function, neutral: bool, a: Any, axis: Any, out: None, keepdims: bool,
    where: Any,
) -> Any:  # fmt: skip
    x = masked(name, strong(truth(prepared(name, a, out))), where, neutral)
    axes = axes_of(name, axis, x.ndim)
    return keep(reduce(x, axes) if axes else x, x.shape, axes, keepdims)


def all(
    a: Any, axis: Any = None, out: None = None, keepdims: bool = False, *, where: Any = None
) -> Any:
    """Whether every element differs from zero.

    Args:
      a: array of any dtype.
      axis: integer or tuple of integers; None for all axes.
      out: must be None.
      keepdims: whether the axes stay, at size 1.
      where: mask that broadcasts with `a`; elements where it is False do not count.

    Returns:
      Array of bools; True where there are no elements.

    >>> pnp.all(pnp.array([[True, False], [True, True]]), axis=1)
    Array([False,  True], dtype=bool)
    """
    return _logical("all", rd.reduce_and, True, a, axis, out, keepdims, where)


def any(
    a: Any, axis: Any = None, out: None = None, keepdims: bool = False, *, where: Any = None
) -> Any:
    """Whether some element differs from zero.

    Arguments are those of `all`; False where there are no elements.

    >>> pnp.any(pnp.array([[True, False], [False, False]]), axis=1)
    Array([ True, False], dtype=bool)
    """
    return _logical("any", rd.reduce_or, False, a, axis, out, keepdims, where)


@compiled_when_repeated("axis", "keepdims")
def count_nonzero(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The number of elements that differ from zero.

    >>> pnp.count_nonzero(pnp.array([0, 3, 0, 5]))
    Array(2, dtype=int32)
    """
    return sum(truth(as_array("count_nonzero", a)), axis, keepdims=keepdims)


def ptp(a: Any, axis: Any = None, out: None = None, keepdims: bool = False) -> Any:
    """The greatest element minus the least.

    >>> pnp.ptp(pnp.array([2.0, 7.0, 4.0]))
    Array(5., dtype=float32)
    """
    return max(a, axis, out, keepdims) - min(a, axis, out, keepdims)


def _arg(name: str, op: Function, a: Any, axis: int | None, out: None, keepdims: Any) -> Any:
    x = strong(prepared(name, a, out))
    rank = x.ndim
    if axis is None:
        x, place = sh.reshape(x, (x.size,)), 0
    else:
        place = canonical_axis(axis, x.ndim, name)
    if x.shape[place] == 0:
        raise ValueError(f"attempt to get {name} of an empty sequence")
    found = op(x, place, dtypes.default_dtype(int))
    if keepdims:
        return sh.expand_dims(found, range(rank) if axis is None else (place,))
    return found


def argmax(a: Any, axis: int | None = None, out: None = None, keepdims: bool | None = None) -> Any:
    """The index of the greatest element, the first of equal ones; of NaN if there is one.

    Args:
      a: array.
      axis: integer; None for the index in the flattened array.
      out: must be None.
      keepdims: whether the axis stays, at size 1.

    Returns:
      Array of int32 (int64 where 64 bits are enabled).

    Raises:
      ValueError: there are no elements.

    >>> pnp.argmax(pnp.array([[1, 5, 2], [9, 3, 4]]), axis=1)
    Array([1, 0], dtype=int32)
    """
    return _arg("argmax", rd.argmax, a, axis, out, keepdims)


def argmin(a: Any, axis: int | None = None, out: None = None, keepdims: bool | None = None) -> Any:
    """The index of the least element, the first of equal ones; of NaN if there is one.

    Arguments, result and errors are those of `argmax`.

    >>> pnp.argmin(pnp.array([[1, 5, 2], [9, 3, 4]]), axis=1)
    Array([0, 1], dtype=int32)
    """
    return _arg("argmin", rd.argmin, a, axis, out, keepdims)


def smooth_at_zero(f: Callable[[Any], Any], x: Any) -> Any:
    """f with f(0) = 0, whose derivative there is taken to be 0 instead of infinite."""
    if type(x) is ArrayImpl:
        return f(x)
    zero = ew.eq(x, 0)
    return pick(zero, sh.full_like(x, 0), f(pick(zero, sh.full_like(x, 1), x)))
