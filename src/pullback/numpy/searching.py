"""Choosing elements by conditions: where, nonzero, select, clip, searchsorted, extract."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import _native, dtypes, errors
from .._native import ArrayImpl
from ..core.aval import canonical_axis
from ..core.trace import show_line, user_line
from ..primitives import cumulative as cm
from ..primitives import elementwise as ew
from ..primitives import pieces as pc
from ..primitives import shape as sh
from ..primitives.select import MANY
from . import binary
from .elementwise import pick, truth
from .indexing import getitem, take
from .parse import concrete
from .shapes import ravel, reshape
from .values import (
    as_array,
    as_value,
    broadcast,
    check_rank,
    convert,
    describe,
    expand,
    joint_shape,
    no_out,
    promote_arrays,
)
from .worth import compiled_where_worth


def where(
    condition: Any,
    x: Any = None,
    y: Any = None,
    /,
    *,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    """Elements of x where the condition holds, of y elsewhere; alone, its indices.

    Args:
      condition: array; what is not zero is true.
      x, y: arrays that broadcast with it and with each other; promoted to one dtype.
      size, fill_value: without `x` and `y`: as for `nonzero`.

    Raises:
      ValueError: only one of `x` and `y` is given.

    >>> x = pnp.array([-1.0, 2.0, -3.0])
    >>> pnp.where(x > 0, x, 0.0)
    Array([0., 2., 0.], dtype=float32)
    """
    if x is None and y is None:
        return nonzero(condition, size=size, fill_value=fill_value)
    if x is None or y is None:
        raise errors.OperandError(
            "Either both or neither of the x and y arguments should be provided to where"
        )
    if size is not None or fill_value is not None:
        raise ValueError("where: size and fill_value go with one argument, not with three")
    if (out := _at_once(condition, x, y)) is not None:
        return out
    mask = truth(as_array("where", condition, 0))
    x, y = promote_arrays("where", x, y)
    mask, x, y = broadcast("where", [mask, x, y])
    return pick(mask, x, y)


def _at_once(condition: Any, x: Any, y: Any) -> ArrayImpl | None:
    """`where` on small eager float arrays of one dtype and numbers, by NumPy; None otherwise."""
    if type(condition) is not ArrayImpl or condition.dtype != bool or not _native.is_eager():
        return None
    if condition.size >= MANY:
        return None
    arrays = [v for v in (x, y) if not _is_small(v)]
    if any(type(v) is not ArrayImpl for v in arrays) or not arrays:
        return None
    if arrays[0].dtype not in binary.PLAIN or arrays[-1].dtype is not arrays[0].dtype:
        return None
    if any(v.shape != condition.shape for v in arrays):
        check_rank("where", [condition, *arrays])
        joint_shape("where", [condition, *arrays])
    own = [v._npy if type(v) is ArrayImpl else v for v in (x, y)]
    out = _native.call_quiet(np.where, condition._npy, *own)
    return ArrayImpl(out, all(v.weak_type for v in arrays))


def _is_small(x: Any) -> bool:
    """Whether it is a number that every float dtype takes in."""
    return type(x) is float or (type(x) is int and -(2**31) <= x < 2**31)


def nonzero(a: Any, *, size: int | None = None, fill_value: Any = None) -> tuple[Any, ...]:
    """The indices of elements that differ from zero, one array an axis.

    Their number is not known while tracing, so there `size` is needed; what is missing is
    `fill_value`, what is too much is dropped.

    >>> pnp.nonzero(pnp.array([0, 3, 0, 5]))
    (Array([1, 3], dtype=int32),)
    >>> pb.jit(lambda x: pnp.nonzero(x, size=3, fill_value=-1))(pnp.array([0, 3, 0, 5]))
    (Array([ 1,  3, -1], dtype=int32),)
    """
    x = as_array("nonzero", a)
    if x.ndim == 0:
        raise ValueError(
            "Calling nonzero on 0d arrays is not allowed. Use atleast_1d(x).nonzero() instead."
        )
    mask = truth(x)
    known = concrete(mask)
    if size is None:
        if known is None:
            raise errors.ConcretizationTypeError(
                f"nonzero: the number of nonzero elements of {mask.describe()} is not known while"
                f" tracing.\nUsed at {show_line(user_line())}.\nGive size=, the number of indices"
                " that is wanted, or write where(condition, x, y)."
            )
        dtype = dtypes.default_dtype(int)
        return tuple(ArrayImpl(i.astype(dtype)) for i in known.nonzero())
    fills = fill_value if isinstance(fill_value, tuple) else (fill_value or 0,) * x.ndim
    return _counted(mask, size, fills)


def _counted(mask: Any, size: int, fills: Sequence[Any]) -> tuple[Any, ...]:
    dtype = dtypes.default_dtype(int)
    flat = convert(ravel(mask), dtype)
    if not mask.size or not size:
        return tuple(sh.full((size,), f, dtype) for f in fills)
    # The n-th nonzero element stands where the running count first exceeds n.
    count = cm.cumsum(flat, 0)
    rank = sh.iota(dtype, (size,), 0)
    at = convert(searchsorted(count, rank, side="right"), dtype)
    total = getitem(count, -1)
    valid = ew.lt(rank, sh.broadcast_in_dim(total, (size,), ()))
    out = []
    steps = [math.prod(mask.shape[d + 1 :]) for d in range(mask.ndim)]
    for step, n, fill in zip(steps, mask.shape, fills, strict=True):
        index = ew.rem(ew.div(at, dtype.type(step)), dtype.type(n))
        out.append(pick(valid, index, expand(convert(as_array("nonzero", fill), dtype), (size,))))
    return tuple(out)


def flatnonzero(a: Any, *, size: int | None = None, fill_value: Any = None) -> Any:
    """The indices of nonzero elements of the flattened array.

    >>> pnp.flatnonzero(pnp.array([[0, 3], [5, 0]]))
    Array([1, 2], dtype=int32)
    """
    return nonzero(ravel(a), size=size, fill_value=fill_value)[0]


def argwhere(a: Any, *, size: int | None = None, fill_value: Any = None) -> Any:
    """The indices of nonzero elements, one row each.

    >>> pnp.argwhere(pnp.array([[0, 3], [5, 0]]))
    Array([[0, 1],
           [1, 0]], dtype=int32)
    """
    x = as_array("argwhere", a)
    found = nonzero(x if x.ndim else reshape(x, (1,)), size=size, fill_value=fill_value)
    if not x.ndim:
        return sh.full((found[0].size, 0), 0, dtypes.default_dtype(int))
    return pc.concatenate([sh.expand_dims(i, (1,)) for i in found], 1)


def clip(arr: Any = None, /, min: Any = None, max: Any = None) -> Any:
    """Elements moved into the interval from min to max.

    Args:
      arr: array of real numbers.
      min, max: arrays that broadcast with it; None for no bound.

    >>> pnp.clip(pnp.array([-2, 1, 5]), 0, 3)
    Array([0, 1, 3], dtype=int32)
    """
    if arr is None:
        raise ValueError(
            "At most one of the min and max, and the array, must be given: clip got no array"
        )
    x = as_value("clip", arr)
    for given in (x, min, max):
        if given is not None and np.iscomplexobj(given):
            raise ValueError(
                f"clip: complex numbers have no order, got {describe(given)}: clip the parts"
            )
    if min is not None:
        x = binary.maximum(min, x)
    if max is not None:
        x = binary.minimum(max, x)
    return as_array("clip", x)


def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
    """For each element the choice of the first condition that holds.

    >>> x = pnp.arange(6)
    >>> pnp.select([x < 2, x > 3], [x, x**2], default=-1)
    Array([ 0,  1, -1, -1, 16, 25], dtype=int32)
    """
    if len(condlist) != len(choicelist):
        raise ValueError(
            f"condlist must have length equal to choicelist ({len(condlist)} vs {len(choicelist)})"
        )
    if not condlist:
        raise ValueError("condlist must be non-empty")
    *choices, out = promote_arrays("select", *choicelist, default)
    for condition, choice in zip(condlist[::-1], choices[::-1], strict=True):
        out = where(condition, choice, out)
    return out


def choose(a: Any, choices: Any, out: None = None, mode: str = "raise") -> Any:
    """For each element the one of the array that the index names.

    >>> pnp.choose(pnp.array([0, 1, 0]), [pnp.array([1, 2, 3]), pnp.array([10, 20, 30])])
    Array([ 1, 20,  3], dtype=int32)
    """
    no_out("choose", out)
    at = as_array("choose", a)
    if not dtypes.is_integer(at.dtype):
        raise ValueError("`a` array must be integer typed")
    arrays = promote_arrays("choose", *choices)
    n = len(arrays)
    if mode == "raise":
        known = concrete(at)
        if known is None:
            raise errors.ConcretizationTypeError(
                "choose: indices that are traced cannot be checked: give mode='clip' or 'wrap'"
            )
        if known.size and (known.min() < 0 or known.max() >= n):
            raise ValueError("invalid entry in choice array")
    at = convert(at, dtypes.int32)
    if mode == "wrap":
        at = binary.remainder(at, n)
    elif mode == "clip":
        at = clip(at, 0, n - 1)
    elif mode != "raise":
        raise ValueError(f"choose: mode must be 'raise', 'wrap' or 'clip', got {mode!r}")
    at, *arrays = broadcast("choose", [at, *arrays])
    result = arrays[-1]
    for i in range(n - 2, -1, -1):
        result = pick(ew.eq(at, np.int32(i)), arrays[i], result)
    return result


def compress(
    condition: Any, a: Any, axis: int | None = None, *, size: int | None = None,
    fill_value: Any = 0, out: None = None,
) -> Any:  # fmt: skip
    """The elements along an axis whose condition holds.

    >>> pnp.compress(pnp.array([True, False, True]), pnp.array([1, 2, 3]))
    Array([1, 3], dtype=int32)
    """
    no_out("compress", out)
    mask, x = as_array("compress", condition), as_array("compress", a)
    if mask.ndim != 1:
        raise ValueError("condition must be a 1D array")
    if axis is None:
        x, axis = ravel(x), 0
    axis = canonical_axis(axis, x.ndim, "compress")
    n = x.shape[axis]
    if mask.size > n:
        mask = pc.slice_in_dim(mask, 0, n, 1, 0)
    (at,) = nonzero(mask, size=size, fill_value=n)
    return take(x, at, axis, mode="fill", fill_value=fill_value)


def compress_method(
    a: Any, condition: Any, axis: int | None = None, *, out: None = None, size: int | None = None,
    fill_value: Any = 0,
) -> Any:  # fmt: skip
    """`compress`, the array first.

    >>> pnp.array([1, 2, 3]).compress(pnp.array([True, False, True]))
    Array([1, 3], dtype=int32)
    """
    no_out("compress", out)
    return compress(condition, a, axis, size=size, fill_value=fill_value)


def extract(condition: Any, arr: Any, *, size: int | None = None, fill_value: Any = 0) -> Any:
    """The elements whose condition holds, along one axis.

    >>> x = pnp.arange(6)
    >>> pnp.extract(x % 2 == 0, x)
    Array([0, 2, 4], dtype=int32)
    """
    return compress(ravel(condition), ravel(arr), size=size, fill_value=fill_value)


def piecewise(x: Any, condlist: Any, funclist: Sequence[Any], *args: Any, **kw: Any) -> Any:
    """A function given by pieces: the value or function of the last condition that holds.

    >>> x = pnp.array([-2.0, 3.0])
    >>> pnp.piecewise(x, [x < 0, x >= 0], [lambda x: -x, lambda x: 10 * x])
    Array([ 2., 30.], dtype=float32)
    """
    x = as_array("piecewise", x)
    if isinstance(condlist, (list, tuple)):
        conditions = [truth(as_array("piecewise", c)) for c in condlist]
    else:
        mask = as_array("piecewise", condlist)
        conditions = [mask] if mask.ndim <= x.ndim else [mask[i] for i in range(mask.shape[0])]
    pieces = list(funclist)
    if len(pieces) == len(conditions):
        pieces.append(0)
    if len(pieces) != len(conditions) + 1:
        raise ValueError(
            f"with {len(conditions)} condition(s), either {len(conditions)} or"
            f" {len(conditions) + 1} functions are expected; got {len(funclist)}"
        )
    values = [f(x, *args, **kw) if callable(f) else as_array("piecewise", f) for f in pieces]
    out = expand(convert(values[-1], x.dtype), x.shape)
    for condition, value in zip(conditions, values[:-1], strict=True):
        out = where(condition, convert(value, x.dtype), out)
    return out


def searchsorted(
    a: Any, v: Any, side: str = "left", sorter: Any = None, *, method: str = "scan"
) -> Any:
    """Where to insert elements so that a sorted array stays sorted: before equal ones, or after.

    Args:
      a: sorted vector.
      v: array of what is looked for.
      side: "left" for the place before equal elements, "right" for that after them.
      sorter: indices that put `a` in order, where it is not.
      method: "scan", "scan_unrolled", "sort" or "compare_all": how XLA searches; accepted.

    Returns:
      Array of int32 of the shape of `v`.

    >>> pnp.searchsorted(pnp.array([1, 3, 3, 7]), pnp.array([0, 3, 9]))
    Array([0, 1, 4], dtype=int32)
    """
    if side not in ("left", "right"):
        raise ValueError(f"{side!r} is an invalid value for keyword 'side': give 'left' or 'right'")
    if method not in ("scan", "scan_unrolled", "sort", "compare_all"):
        raise ValueError(f"{method!r} is an invalid value for keyword 'method'")
    x, at = promote_arrays("searchsorted", a, v)
    if x.ndim != 1:
        raise ValueError(f"a should be 1-dimensional, got {describe(x)}")
    if sorter is not None:
        x = take(x, sorter, mode="clip")
    return _bisect(x, at, side)


def _before(x: Any, y: Any, side: str) -> Any:
    """Whether elements of the sorted array come before those to insert, NaN last."""
    out = ew.lt(x, y) if side == "left" else ew.le(x, y)
    if not dtypes.is_float(x.dtype):
        return out
    y_nan = ew.ne(y, y)
    both = ew.bitwise_and(y_nan, ew.ne(x, x))
    later = ew.bitwise_and(y_nan, ew.eq(x, x)) if side == "left" else y_nan
    return ew.bitwise_or(ew.bitwise_and(out, ew.bitwise_not(both)), later)


@compiled_where_worth("side", exact=True)
def _bisect(x: Any, v: Any, side: str) -> Any:
    """Halving a fixed number of times: the answer grows by falling powers of two."""
    n = x.shape[0]
    dtype = index_dtype(n)
    at = sh.full(v.shape, 0, dtype)
    for power in reversed(range(n.bit_length())):
        step = 1 << power
        probe = ew.add(at, dtype.type(step))
        inside = ew.le(probe, dtype.type(n))
        found = take(x, ew.sub(ew.min(probe, dtype.type(n)), dtype.type(1)), mode="clip")
        ahead = ew.bitwise_and(inside, _before(found, v, side))
        at = pick(ahead, probe, at)
    return at


def index_dtype(size: int) -> dtypes.DType:
    """The least dtype of positions along an axis of this size."""
    return dtypes.int32 if size <= np.iinfo(np.int32).max else dtypes.int64


def digitize(x: Any, bins: Any, right: bool = False, *, method: str | None = None) -> Any:
    """The bin that each element falls into, by its edges, which rise or fall.

    >>> pnp.digitize(pnp.array([0.5, 1.5, 9.0]), pnp.array([1.0, 2.0]))
    Array([0, 1, 2], dtype=int32)
    """
    values, edges = as_array("digitize", x), as_array("digitize", bins)
    if edges.ndim != 1:
        raise ValueError(f"digitize: bins must be a 1-dimensional array, got {describe(edges)}")
    if edges.size == 0:
        return sh.full(values.shape, 0, dtypes.int32)
    return _bins(values, edges, "left" if right else "right")


@compiled_where_worth("side", exact=True)
def _bins(values: Any, edges: Any, side: str) -> Any:
    rising = getitem(edges, -1) >= getitem(edges, 0)
    down = edges.size - searchsorted(pc.rev(edges, (0,)), values, side)
    return where(rising, searchsorted(edges, values, side), down)
