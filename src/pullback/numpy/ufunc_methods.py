"""What the methods of ufuncs do: for any function by loops, for some by reductions of their own."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..control.loop import fori_loop, scan
from ..core.aval import canonical_axis
from ..primitives import elementwise as ew
from ..primitives import pieces as pc
from ..primitives import reduce as rd
from ..primitives import shape as sh
from ..transforms.make_jaxpr import eval_shape
from ..transforms.stop import stop_gradient
from . import binary, functional, indexing, reductions, searching, shapes, ufuncs, updates
from .creation import requested_dtype
from .elementwise import as_inexact, pick, truth
from .values import as_array, convert, describe, expand, is_array
from .worth import compiled_at_once

Function = Callable[..., Any]


def vectorized(func: Function) -> Function:
    """A function of scalars as one of arrays that broadcast."""
    if not callable(func):
        raise TypeError(f"ufunc: wants a function of scalars, got {describe(func)}")
    return functional.vectorize(func)


def rebuilt(func: Function, nin: int, nout: int, options: dict[str, Any]) -> "ufuncs.ufunc":
    """The ufunc of a pickled one."""
    return ufuncs.ufunc(func, nin, nout, **options)


def check_binary(u: "ufuncs.ufunc", method: str, out: None) -> None:
    """Refuse what these methods cannot do."""
    if u.nin != 2:
        raise ValueError(f"{method} only supported for binary ufuncs: {u.__name__} takes {u.nin}")
    if u.nout != 1:
        raise ValueError(
            f"{method} only supported for functions returning a single value: {u.__name__}"
            f" returns {u.nout}"
        )
    if out is not None:
        raise NotImplementedError(f"out argument of {u.__name__}.{method}()")


# Any function.


def reduce(
    u: "ufuncs.ufunc", a: Any, axis: Any, dtype: Any, keepdims: bool, initial: Any, where: Any
) -> Any:
    """The function between the elements along an axis."""
    name = f"{u.__name__}.reduce"
    x = as_array(name, a)
    if where is not None:
        if u.identity is None and initial is None:
            raise ValueError(
                f"reduction operation {u.__name__!r} does not have an identity, so to use a where"
                " mask one has to specify 'initial'."
            )
        where = as_array(name, where)
        if where.dtype != dtypes.bool_:
            raise ValueError(f"where argument must have dtype=bool; got dtype={where.dtype}")
    known = u._methods.get("reduce")
    if known is not None:
        options = {"axis": axis, "dtype": dtype, "keepdims": keepdims}
        return known(x, **options, initial=initial, where=where)
    start = u.identity if initial is None else as_array(name, initial)
    return _folded(u, x, axis, dtype, keepdims, start, where)


def _folded(
    u: "ufuncs.ufunc", x: Any, axis: Any, dtype: Any, keepdims: bool, start: Any, where: Any
) -> Any:
    name = f"{u.__name__}.reduce"
    if isinstance(axis, tuple):
        raise NotImplementedError(f"{name}: one axis or all of them, got axis={axis}")
    wanted = _result_dtype(u, name, dtype, x, x)
    mask = None if where is None else expand(where, x.shape)
    kept = [1] * x.ndim
    if axis is None:
        x, mask, place = shapes.ravel(x), None if mask is None else shapes.ravel(mask), 0
    else:
        place = canonical_axis(axis, x.ndim, name)
        kept = [1 if d == place else n for d, n in enumerate(x.shape)]
    rows = convert(shapes.moveaxis(x, place, 0), wanted)
    masks = None if mask is None else shapes.moveaxis(mask, place, 0)
    out = _fold_rows(u, rows, start, masks)
    return shapes.reshape(out, kept) if keepdims else out


def _fold_rows(u: "ufuncs.ufunc", rows: Any, start: Any, masks: Any) -> Any:
    """The function between all rows, from the first on."""
    if start is None and rows.shape[0] == 0:
        raise ValueError(
            f"zero-size array to reduction operation {u.__name__} which has no identity"
        )
    if start is None:
        first, rows = rows[0], rows[1:]
    else:
        first = expand(convert(as_array(u.__name__, start), rows.dtype), rows.shape[1:])

    def step(total: Any, row_and_mask: Any) -> tuple[Any, None]:
        row, mask = row_and_mask
        out = convert(as_array(u.__name__, u(total, row)), total.dtype)
        return (out if mask is None else pick(mask, out, total)), None

    return scan(step, first, (rows, masks))[0]


def _result_dtype(u: "ufuncs.ufunc", name: str, dtype: Any, *args: Any) -> Any:
    """The dtype asked for, or that of the function's result on such arguments."""
    if dtype is not None:
        return requested_dtype(name, dtype)
    return eval_shape(u._func, *[np.ones((), a.dtype) for a in args]).dtype


def accumulate(u: "ufuncs.ufunc", a: Any, axis: Any, dtype: Any) -> Any:
    """The function between the elements up to each one."""
    known = u._methods.get("accumulate")
    if known is not None:
        return known(a, axis=axis, dtype=dtype)
    name = f"{u.__name__}.accumulate"
    x = as_array(name, a)
    wanted = _result_dtype(u, name, dtype, x, x)
    if axis is None or isinstance(axis, tuple):
        raise ValueError("accumulate does not allow multiple axes")
    place = canonical_axis(axis, x.ndim, name)
    if not x.size:
        return convert(x, wanted)
    rows = convert(shapes.moveaxis(x, place, 0), wanted)

    def step(total: Any, row: Any) -> tuple[Any, Any]:
        out = convert(as_array(name, u(total, row)), wanted)
        return out, out

    _, others = scan(step, rows[0], rows[1:])
    return shapes.moveaxis(pc.concatenate([rows[:1], others], 0), 0, place)


def at(u: "ufuncs.ufunc", a: Any, indices: Any, *b: Any) -> Any:
    """The array with the function applied to the elements at some indices."""
    name = f"{u.__name__}.at"
    x = as_array(name, a)
    known = u._methods.get("at")
    if known is not None:
        return known(x, indices, *b)
    operands = [as_array(name, v) for v in b]
    wanted = _result_dtype(u, name, None, x, *operands)
    x, operands = convert(x, wanted), [convert(v, wanted) for v in operands]
    index = _as_indices(name, indices)
    shape = shapes.broadcast_shapes(*[i.shape for i in index if is_array(i)])
    if not shape:
        return x.at[index].set(u(x.at[index].get(), *operands))
    return _one_by_one(u, x, index, shape, operands)


def _as_indices(name: str, indices: Any) -> tuple[Any, ...]:
    """Slices as they are, masks as the indices of their elements, integers as arrays."""
    out = []
    for i in indices if isinstance(indices, tuple) else (indices,):
        if isinstance(i, slice):
            out.append(i)
            continue
        array = as_array(name, i)
        out += searching.nonzero(array) if array.dtype == dtypes.bool_ else [array]
    return tuple(out)


def _one_by_one(
    u: "ufuncs.ufunc", x: Any, index: tuple[Any, ...], shape: tuple[int, ...], operands: list[Any]
) -> Any:
    """Indices that are equal are updated as often as they come."""
    count = math.prod(shape)
    flat = [i if isinstance(i, slice) else shapes.ravel(expand(i, shape)) for i in index]

    def rows(v: Any) -> Any:
        rest = v.shape[len(shape) :]
        return shapes.reshape(expand(v, (*shape, *rest)), (count, *rest))

    def step(array: Any, each: Any) -> tuple[Any, None]:
        places, values = each
        found = iter(places)
        here = tuple([i if isinstance(i, slice) else next(found) for i in flat])
        new = convert(as_array(u.__name__, u(array.at[here].get(), *values)), array.dtype)
        return array.at[here].set(new), None

    places = [i for i in flat if not isinstance(i, slice)]
    return scan(step, x, (places, [rows(v) for v in operands]))[0]


@compiled_at_once("u", "axis", "dtype")
def reduceat(u: "ufuncs.ufunc", a: Any, indices: Any, axis: Any, dtype: Any) -> Any:
    """Reductions from each index to the next one."""
    name = f"{u.__name__}.reduceat"
    known = u._methods.get("reduceat")
    if known is not None:
        return known(a, indices, axis=axis, dtype=dtype)
    x, starts = as_array(name, a), as_array(name, indices)
    if x.ndim == 0:
        raise ValueError(f"reduceat: a must have 1 or more dimension, got a.shape={x.shape}")
    if starts.ndim != 1:
        raise ValueError(f"reduceat: indices must be one-dimensional, got {starts.shape=}")
    if axis is None or isinstance(axis, (tuple, list)):
        raise ValueError("reduceat requires a single integer axis.")
    place = canonical_axis(axis, x.ndim, name)
    wanted = x.dtype if dtype is None else requested_dtype(name, dtype)
    rows = convert(shapes.moveaxis(x, place, 0), wanted)
    return shapes.moveaxis(_stretches(u, rows, starts), 0, place)


def _stretches(u: "ufuncs.ufunc", rows: Any, starts: Any) -> Any:
    # Stretches may overlap, so each row goes to all of those that it lies in.
    count = rows.shape[0]
    column = (-1,) + (1,) * (rows.ndim - 1)
    last = sh.full((1,), count, starts.dtype)
    after = shapes.reshape(starts, column)
    before = shapes.reshape(pc.concatenate([starts[1:], last], 0), column)

    def step(i: Any, out: Any) -> Any:
        inside = (i > after) & (i < before)
        new = convert(as_array(u.__name__, u(out, expand(rows[i], out.shape))), out.dtype)
        return pick(expand(inside, out.shape), new, out)

    return fori_loop(0, count, step, indexing.take(rows, starts, axis=0))


def outer(u: "ufuncs.ufunc", A: Any, B: Any) -> Any:
    """The function of all pairs."""
    name = f"{u.__name__}.outer"
    x, y = as_array(name, A, 0), as_array(name, B, 1)
    x = shapes.reshape(x, x.shape + (1,) * y.ndim)
    return u(x, shapes.reshape(y, (1,) * (x.ndim - y.ndim) + y.shape))


# Functions whose methods are operations of their own.


def _update(method: str) -> Function:
    def update(x: Any, indices: Any, b: Any) -> Any:
        place = updates.IndexUpdateHelper(x)[indices]
        if x.dtype != dtypes.bool_ or method == "subtract":
            return getattr(place, method)(b)
        # Truth values are added and multiplied as numbers.
        wide = updates.IndexUpdateHelper(convert(x, dtypes.int32))[indices]
        values = convert(truth(as_array(method, b)), dtypes.int32)
        return truth(getattr(wide, method)(values))

    return update


add_at, multiply_at, subtract_at = _update("add"), _update("multiply"), _update("subtract")


def _extremum(reduction: Function) -> Function:
    def reduce(x: Any, *, axis: Any, dtype: Any, keepdims: bool, initial: Any, where: Any) -> Any:
        x = x if dtype is None else convert(x, requested_dtype(reduction.__name__, dtype))
        return reduction(x, axis, keepdims=keepdims, initial=initial, where=where)

    return reduce


greatest, least = _extremum(reductions.max), _extremum(reductions.min)


def _bitwise(name: str, reduction: Function, op: Function, neutral: int, logical: bool) -> Function:
    def reduce(x: Any, *, axis: Any, dtype: Any, keepdims: bool, initial: Any, where: Any) -> Any:
        if logical:
            x = truth(x)
        elif dtypes.is_float(x.dtype):
            raise ValueError(f"{name}: integer argument required; got dtype={x.dtype}")
        wanted = x.dtype if dtype is None else requested_dtype(name, dtype)
        x = truth(x) if wanted == dtypes.bool_ else convert(x, wanted)
        none = neutral != 0 if wanted == dtypes.bool_ else np.asarray(neutral).astype(wanted)[()]
        return _over_axes(name, reduction, op, x, none, axis, keepdims, initial, where)

    return reduce


def _over_axes(
    name: str, reduction: Function, op: Function, x: Any, neutral: Any, axis: Any, keepdims: bool,
    initial: Any, where: Any,
) -> Any:  # fmt: skip
    x = reductions.masked(name, x, where, neutral)
    axes = shapes.axes_of(name, axis, x.ndim)
    out = reduction(x, axes) if axes else x
    if initial is not None:
        out = op(convert(as_array(name, initial), out.dtype), out)
    return reductions.keep(out, x.shape, axes, keepdims)


bits_and = _bitwise("bitwise_and.reduce", rd.reduce_and, binary.bitwise_and, -1, False)
bits_or = _bitwise("bitwise_or.reduce", rd.reduce_or, binary.bitwise_or, 0, False)
bits_xor = _bitwise("bitwise_xor.reduce", rd.reduce_xor, binary.bitwise_xor, 0, False)
truth_and = _bitwise("logical_and.reduce", rd.reduce_and, binary.bitwise_and, 1, True)
truth_or = _bitwise("logical_or.reduce", rd.reduce_or, binary.bitwise_or, 0, True)
truth_xor = _bitwise("logical_xor.reduce", rd.reduce_xor, binary.bitwise_xor, 0, True)


def logsumexp(x: Any, *, axis: Any, dtype: Any, keepdims: bool, initial: Any, where: Any) -> Any:
    """log(sum(exp(x))), computed relative to the greatest element."""
    name = "logaddexp.reduce"
    x = as_inexact(name, x if dtype is None else convert(x, requested_dtype(name, dtype)))
    top = reductions.max(
        ew.real(x) if x.dtype.kind == "c" else x, axis, keepdims=True, initial=-np.inf, where=where
    )
    top = stop_gradient(pick(ew.is_finite(top), top, sh.full_like(top, 0)))
    total = reductions.sum(ew.exp(x - top), axis, keepdims=keepdims, where=where)
    out = ew.log(total) + convert(shapes.reshape(top, total.shape), total.dtype)
    return out if initial is None else binary.logaddexp(initial, out)


def logsumexp2(x: Any, *, axis: Any, dtype: Any, keepdims: bool, initial: Any, where: Any) -> Any:
    """log2(sum(2**x))."""
    name, scale = "logaddexp2.reduce", float(np.log(2))
    x = as_inexact(name, x if dtype is None else convert(x, requested_dtype(name, dtype)))
    first = None if initial is None else initial * scale
    options = {"axis": axis, "dtype": None, "keepdims": keepdims}
    return logsumexp(x * scale, **options, initial=first, where=where) / scale
