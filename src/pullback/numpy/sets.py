"""Sets as arrays: unique, isin, union, intersection. While tracing, `size` fixes lengths."""

import math
from typing import Any, NamedTuple

import numpy as np

from .. import dtypes, errors
from ..core.aval import canonical_axis
from ..core.trace import Tracer, show_line, user_line
from ..primitives import elementwise as ew
from ..primitives import shape as sh
from . import reductions
from .creation import copy
from .cumulative import cumsum
from .elementwise import pick
from .indexing import getitem, take
from .joining import concatenate
from .parse import concrete
from .searching import nonzero, searchsorted
from .shapes import moveaxis, ravel, reshape
from .sorting import argsort, ordered, sort
from .values import as_array, convert, expand, promote_arrays
from .worth import compiled_where_worth

# Compared with each element, rather than put in order to search among.
FEW = 32


class _UniqueAllResult(NamedTuple):
    """What `unique_all` gives."""

    values: Any
    indices: Any
    inverse_indices: Any
    counts: Any


class _UniqueCountsResult(NamedTuple):
    """What `unique_counts` gives."""

    values: Any
    counts: Any


class _UniqueInverseResult(NamedTuple):
    """What `unique_inverse` gives."""

    values: Any
    inverse_indices: Any


def _need_size(name: str, x: Any, size: int | None) -> None:
    if size is None and isinstance(x, Tracer) and concrete(x) is None:
        raise errors.ConcretizationTypeError(
            f"{name}: the size of the result depends on values that are not known while tracing:"
            f" {x.describe()}.\nUsed at {show_line(user_line())}.\nGive size=, the length of the"
            " result that is wanted."
        )


def _different(rows: Any, equal_nan: bool) -> Any:
    """Whether each row of an ordered array differs from the one before it."""
    later, earlier = rows[1:], rows[:-1]
    differs = ew.ne(later, earlier)
    if equal_nan and dtypes.is_float(rows.dtype):
        both = ew.bitwise_and(ew.ne(later, later), ew.ne(earlier, earlier))
        differs = ew.bitwise_and(differs, ew.bitwise_not(both))
    axes = tuple(range(1, rows.ndim))
    changed = reductions.any(differs, axes) if axes else differs
    return concatenate([sh.full((min(1, rows.shape[0]),), True, dtypes.bool_), changed])


def _row_order(rows: Any) -> Any:
    if rows.ndim == 1:
        return argsort(rows)
    flat = reshape(rows, (rows.shape[0], math.prod(rows.shape[1:])))
    places = sh.iota(dtypes.default_dtype(int), (rows.shape[0],), 0)
    columns = [flat[:, i] for i in range(flat.shape[1])]
    return ordered([*columns, places], 0, len(columns))[-1] if columns else places


def unique(
    ar: Any, return_index: bool = False, return_inverse: bool = False, return_counts: bool = False,
    axis: int | None = None, *, equal_nan: bool = True, size: int | None = None,
    fill_value: Any = None, sorted: bool = True,
) -> Any:  # fmt: skip
    """The different elements, or slices along an axis, in order.

    Also, where asked: where each first occurs, which one each element is, how often each occurs.

    >>> values, counts = pnp.unique(pnp.array([3, 1, 3]), return_counts=True)
    >>> values, counts
    (Array([1, 3], dtype=int32), Array([1, 2], dtype=int32))
    """
    x = as_array("unique", ar)
    _need_size("unique", x, size)
    shape = x.shape
    rows = ravel(x) if axis is None else moveaxis(x, canonical_axis(axis, x.ndim, "unique"), 0)
    order = _row_order(rows)
    ranked = take(rows, order, 0, mode="clip")
    new = _different(ranked, equal_nan)
    n = rows.shape[0]
    if size is None:
        (firsts,) = nonzero(new)
    else:
        (firsts,) = nonzero(new, size=size, fill_value=n)
    values = _filled(ranked, firsts, n, size, fill_value)
    out = [values if axis is None else moveaxis(values, 0, axis)]
    int_ = dtypes.default_dtype(int)
    if return_index:
        at = take(order, firsts, mode="clip") if n else firsts
        out.append(
            at if size is None or not n else pick(ew.lt(firsts, n), at, expand(at[:1], at.shape))
        )
    if return_inverse:
        group = cumsum(convert(new, int_)) - 1
        inverse = sh.full((n,), 0, int_).at[order].set(group)
        out.append(reshape(inverse, shape) if axis is None else inverse)
    if return_counts:
        out.append(_ends(new, firsts, n, size) - firsts)
    return out[0] if len(out) == 1 else tuple(out)


def _ends(new: Any, firsts: Any, n: int, size: int | None) -> Any:
    """Where the run of equal elements that begins at each place ends."""
    if not firsts.size:
        return firsts
    if size is not None:
        return nonzero(new, size=size + 1, fill_value=n)[0][1:]
    return concatenate([firsts[1:], sh.full((1,), n, firsts.dtype)])


def _filled(ranked: Any, firsts: Any, n: int, size: int | None, fill_value: Any) -> Any:
    if size and not n and fill_value is None:
        raise ValueError(
            f"unique: nothing fills the {size} places of an empty result: give fill_value="
        )
    if size and not n:
        filler = convert(as_array("unique", fill_value), ranked.dtype)
        return expand(filler, (size, *ranked.shape[1:]))
    values = take(ranked, firsts, 0, mode="clip") if n else ranked
    if size is None or not n:
        return values
    least = getitem(ranked, 0) if fill_value is None else convert(
        as_array("unique", fill_value), ranked.dtype)  # fmt: skip
    there = ew.lt(firsts, n)
    shape = values.shape
    mask = sh.broadcast_in_dim(there, shape, (0,))
    filler = sh.broadcast_in_dim(least, shape, range(len(shape) - least.ndim, len(shape)))
    return pick(mask, values, filler)


def unique_all(x: Any, /, *, size: int | None = None, fill_value: Any = None) -> _UniqueAllResult:
    """The different elements, where they first occur, which one each is, how often they occur.

    >>> pnp.unique_all(pnp.array([3, 1, 3])).indices
    Array([1, 0], dtype=int32)
    """
    out = unique(x, True, True, True, equal_nan=False, size=size, fill_value=fill_value)
    return _UniqueAllResult(*out)


def unique_counts(
    x: Any, /, *, size: int | None = None, fill_value: Any = None
) -> _UniqueCountsResult:
    """The different elements and how often they occur.

    >>> pnp.unique_counts(pnp.array([3, 1, 3])).counts
    Array([1, 2], dtype=int32)
    """
    out = unique(x, return_counts=True, equal_nan=False, size=size, fill_value=fill_value)
    return _UniqueCountsResult(*out)


def unique_inverse(
    x: Any, /, *, size: int | None = None, fill_value: Any = None
) -> _UniqueInverseResult:
    """The different elements and which one each element is.

    >>> pnp.unique_inverse(pnp.array([3, 1, 3])).inverse_indices
    Array([1, 0, 1], dtype=int32)
    """
    out = unique(x, return_inverse=True, equal_nan=False, size=size, fill_value=fill_value)
    return _UniqueInverseResult(*out)


def unique_values(x: Any, /, *, size: int | None = None, fill_value: Any = None) -> Any:
    """The different elements.

    >>> pnp.unique_values(pnp.array([3, 1, 3]))
    Array([1, 3], dtype=int32)
    """
    return unique(x, equal_nan=False, size=size, fill_value=fill_value)


def isin(
    element: Any, test_elements: Any, assume_unique: bool = False, invert: bool = False, *,
    method: str = "auto",
) -> Any:  # fmt: skip
    """Whether each element is among the others.

    >>> pnp.isin(pnp.array([1, 2, 3]), pnp.array([3, 1]))
    Array([ True, False,  True], dtype=bool)
    """
    if method not in ("auto", "compare_all", "binary_search", "sort"):
        raise ValueError(
            f"isin: method must be 'auto', 'compare_all', 'binary_search' or 'sort', got {method!r}"
        )
    x, y = promote_arrays("isin", element, test_elements)
    found = _is_among(x, ravel(y))
    return ew.bitwise_not(found) if invert else found


@compiled_where_worth(exact=True)
def _is_among(x: Any, y: Any) -> Any:
    if not y.size:
        return sh.full(x.shape, False, dtypes.bool_)
    if y.size <= FEW:
        return reductions.any(x[..., None] == y, -1)
    y = sort(y)
    return ew.eq(take(y, searchsorted(y, x), mode="clip"), x)


def union1d(ar1: Any, ar2: Any, *, size: int | None = None, fill_value: Any = None) -> Any:
    """The different elements of both arrays, in order.

    >>> pnp.union1d(pnp.array([3, 1]), pnp.array([2, 1]))
    Array([1, 2, 3], dtype=int32)
    """
    x, y = promote_arrays("union1d", ar1, ar2)
    return unique(concatenate([ravel(x), ravel(y)]), size=size, fill_value=fill_value)


def _members(name: str, x: Any, mask: Any, size: int | None, fill_value: Any) -> Any:
    """The elements where a mask is; of a given size the rest is the first one by default."""
    _need_size(name, mask, size)
    if size is None:
        return getitem(x, mask)
    (at,) = nonzero(mask, size=size, fill_value=x.size)
    fill = 0 if fill_value is None else fill_value
    if not x.size:
        return sh.full((size,), fill, x.dtype)
    at = pick(ew.lt(at, x.size), at, expand(at[:1], at.shape)) if fill_value is None else at
    return take(x, at, mode="fill", fill_value=fill)


def setdiff1d(
    ar1: Any, ar2: Any, assume_unique: bool = False, *, size: int | None = None,
    fill_value: Any = None,
) -> Any:  # fmt: skip
    """The different elements of the first array that are not in the second.

    >>> pnp.setdiff1d(pnp.array([3, 1, 2]), pnp.array([2]))
    Array([1, 3], dtype=int32)
    """
    x = as_array("setdiff1d", ar1)
    _need_size("setdiff1d", x, size)
    x = ravel(x) if assume_unique else unique(x, size=None if size is None else x.size)
    mask = isin(x, ar2, invert=True)
    if size is not None and not assume_unique and x.size:
        mask = ew.bitwise_and(mask, _first_ones(x))
    return _members("setdiff1d", x, mask, size, 0 if fill_value is None else fill_value)


def _first_ones(x: Any) -> Any:
    """In values followed by repetitions of the first, which are not repetitions."""
    n = x.shape[0]
    same = ew.eq(x, sh.broadcast_in_dim(x[0], (n,), ()))
    return ew.bitwise_or(ew.bitwise_not(same), ew.eq(sh.iota(dtypes.int32, (n,), 0), 0))


def setxor1d(
    ar1: Any, ar2: Any, assume_unique: bool = False, *, size: int | None = None,
    fill_value: Any = None,
) -> Any:  # fmt: skip
    """The elements that are in exactly one of the arrays, in order.

    >>> pnp.setxor1d(pnp.array([3, 1]), pnp.array([2, 1]))
    Array([2, 3], dtype=int32)
    """
    x, y = promote_arrays("setxor1d", ar1, ar2)
    _need_size("setxor1d", x, size)
    once = ew.bitwise_not(isin(x, y)), ew.bitwise_not(isin(y, x))
    both = concatenate([ravel(x), ravel(y)])
    mask = concatenate([ravel(m) for m in once])
    order = argsort(both)
    both, mask = take(both, order, mode="clip"), take(mask, order, mode="clip")
    if not assume_unique:
        mask = ew.bitwise_and(mask, _different(both, False))
    return _members("setxor1d", both, mask, size, fill_value)


def intersect1d(
    ar1: Any, ar2: Any, assume_unique: bool = False, return_indices: bool = False, *,
    size: int | None = None, fill_value: Any = None,
) -> Any:  # fmt: skip
    """The different elements that are in both arrays, in order; and where they first occur.

    >>> pnp.intersect1d(pnp.array([3, 1, 2]), pnp.array([2, 3]))
    Array([2, 3], dtype=int32)
    """
    x, y = promote_arrays("intersect1d", ar1, ar2)
    _need_size("intersect1d", x, size)
    x, y = ravel(x), ravel(y)
    n = x.shape[0]
    order = argsort(x)
    ranked = take(x, order, mode="clip") if n else x
    mask = ew.bitwise_and(isin(ranked, y), _different(ranked, False))
    out = _members("intersect1d", ranked, mask, size, fill_value)
    if not return_indices:
        return out
    first = _members("intersect1d", order, mask, size, n)
    y_order = argsort(y)
    at = searchsorted(take(y, y_order, mode="clip"), out)
    second = take(y_order, at, mode="clip")
    if size is not None:
        second = pick(ew.lt(first, n), second, sh.full_like(second, y.shape[0]))
    return out, first, second


def trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Any:
    """The array without zeros at its front and back.

    >>> pnp.trim_zeros(pnp.array([0, 1, 0, 2, 0]))
    Array([1, 0, 2], dtype=int32)
    """
    x = as_array("trim_zeros", filt)
    if isinstance(x, Tracer) and concrete(x) is None:
        _need_size("trim_zeros", x, None)
    value = concrete(x)
    axes = range(x.ndim) if axis is None else np.atleast_1d(axis) % x.ndim
    index = [slice(None)] * x.ndim
    for d in axes:
        there = value.any(tuple(k for k in range(x.ndim) if k != d)).nonzero()[0]
        first, last = (there[0], there[-1] + 1) if there.size else (0, 0)
        front = int(first) if "f" in trim.lower() else 0
        index[d] = slice(front, int(last) if "b" in trim.lower() else x.shape[d])
    return copy(getitem(x, tuple(index)))
