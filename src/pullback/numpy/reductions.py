"""Sums, extrema, means and their kin over axes. Integers are summed in at least 32 bits."""

import math
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
from .values import (
    as_array,
    convert,
    describe,
    expand,
    inexact_dtype,
    joint_shape,
    promote_arrays_inexact,
)

Function = Callable[..., Any]


def _prepared(name: str, a: Any, out: None) -> Any:
    if out is not None:
        raise NotImplementedError(f"The 'out' argument to numpy.{name} is not supported.")
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
    return ArrayImpl(out, a.weak_type)


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


def masked(name: str, x: Any, where: Any, neutral: Any) -> Any:
    """The array with elements replaced where the mask is False."""
    if where is None:
        return x
    mask = truth(as_array(name, where))
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
    x = _prepared(name, a, out)
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
    """The sum over axes, all of them unless told otherwise."""
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
    """The product over axes."""
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
    x = strong(_prepared(name, a, out))
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
    """The greatest element over axes, NaN where one is."""
    if out is None and initial is None and where is None:
        found = _at_once("max", rd.reduce_max_p, a, axis, keepdims)
        if found is not None:
            return found
    return _extremum("max", rd.reduce_max, ew.max, least, a, axis, out, keepdims, initial, where)


def min(
    a: Any, axis: Any = None, out: None = None, keepdims: bool = False, initial: Any = None,
    where: Any = None,
) -> Any:  # fmt: skip
    """The least element over axes, NaN where one is."""
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
    x = masked(name, truth(_prepared(name, a, out)), where, neutral)
    axes = axes_of(name, axis, x.ndim)
    return keep(reduce(x, axes) if axes else x, x.shape, axes, keepdims)


def all(
    a: Any, axis: Any = None, out: None = None, keepdims: bool = False, *, where: Any = None
) -> Any:
    """Whether every element differs from zero."""
    return _logical("all", rd.reduce_and, True, a, axis, out, keepdims, where)


def any(
    a: Any, axis: Any = None, out: None = None, keepdims: bool = False, *, where: Any = None
) -> Any:
    """Whether some element differs from zero."""
    return _logical("any", rd.reduce_or, False, a, axis, out, keepdims, where)


def count_nonzero(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The number of elements that differ from zero."""
    return sum(truth(as_array("count_nonzero", a)), axis, keepdims=keepdims)


def ptp(a: Any, axis: Any = None, out: None = None, keepdims: bool = False) -> Any:
    """The greatest element minus the least."""
    return max(a, axis, out, keepdims) - min(a, axis, out, keepdims)


def _arg(name: str, op: Function, a: Any, axis: int | None, out: None, keepdims: Any) -> Any:
    x = strong(_prepared(name, a, out))
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
    """The index of the greatest element, the first of equal ones; of NaN if there is one."""
    return _arg("argmax", rd.argmax, a, axis, out, keepdims)


def argmin(a: Any, axis: int | None = None, out: None = None, keepdims: bool | None = None) -> Any:
    """The index of the least element, the first of equal ones; of NaN if there is one."""
    return _arg("argmin", rd.argmin, a, axis, out, keepdims)


# Means. Narrow floats are summed in float32, as in JAX.


def _wide(dtype: DType) -> DType:
    return dtypes.float32 if dtypes.is_float(dtype) and dtype.itemsize < 4 else dtype


def _mean_dtype(name: str, x: Any, dtype: Any) -> DType:
    return inexact_dtype(x.dtype) if dtype is None else requested_dtype(name, dtype)


def _count(x: Any, axes: tuple[int, ...], where: Any, dtype: DType, keepdims: bool) -> Any:
    if where is None:
        return float(math.prod(x.shape[d] for d in axes))
    mask = expand(truth(as_array("mean", where)), x.shape)
    return sum(convert(mask, dtype), axes, keepdims=keepdims)


def mean(
    a: Any, axis: Any = None, dtype: Any = None, out: None = None, keepdims: bool = False, *,
    where: Any = None,
) -> Any:  # fmt: skip
    """The arithmetic mean over axes."""
    x = _prepared("mean", a, out)
    wanted = _mean_dtype("mean", x, dtype)
    x = convert(x, _wide(wanted))
    axes = axes_of("mean", axis, x.ndim)
    total = sum(x, axes, keepdims=keepdims, where=where)
    count = _count(x, axes, where, x.dtype, keepdims)
    return convert(total / count, wanted)


def average(
    a: Any, axis: Any = None, weights: Any = None, returned: bool = False, keepdims: bool = False
) -> Any:
    """The mean with weights."""
    if weights is None:
        out = mean(a, axis, keepdims=keepdims)
        x = as_array("average", a)
        count = math.prod(x.shape[d] for d in axes_of("average", axis, x.ndim))
        return (out, sh.full_like(out, count)) if returned else out
    x, w = promote_arrays_inexact("average", a, weights)
    if x.shape != w.shape:
        w = _weights_along(x, w, axis)
    total = sum(w, axis, keepdims=keepdims)
    out = sum(x * w, axis, keepdims=keepdims) / total
    return (out, expand(total, out.shape)) if returned else out


def _weights_along(x: Any, w: Any, axis: Any) -> Any:
    if axis is None or w.ndim != 1:
        raise ValueError(
            "1D weights expected when shapes of a and weights differ, and an axis along which"
            f" they run; got {describe(w)} for {describe(x)}"
        )
    place = canonical_axis(axis, x.ndim, "average")
    if w.shape[0] != x.shape[place]:
        raise ValueError(f"average: weights {describe(w)} do not fit axis {axis} of {describe(x)}")
    return sh.broadcast_in_dim(w, x.shape, (place,))


def var(
    a: Any, axis: Any = None, dtype: Any = None, out: None = None, ddof: int = 0,
    keepdims: bool = False, *, where: Any = None, mean: Any = None, correction: Any = None,
) -> Any:  # fmt: skip
    """The variance over axes: the mean of |x - mean|**2, divided by the count less `ddof`."""
    x = _prepared("var", a, out)
    if correction is not None:
        ddof = correction
    wanted = _mean_dtype("var", x, dtype)
    if dtypes.kind(x.dtype) == "complex" != dtypes.kind(wanted):
        raise ValueError(
            f"var: dtype={wanted.name} cannot hold the mean of {describe(x)}: leave it out for a"
            " real variance"
        )
    result = real_dtype(wanted) if dtype is None else wanted
    x = convert(x, _wide(wanted))
    axes = axes_of("var", axis, x.ndim)
    centre = _mean_of(x, axes, where) if mean is None else convert(as_array("var", mean), x.dtype)
    gap = x - centre
    square = ew.real(gap * ew.conj(gap)) if gap.dtype.kind == "c" else ew.square(gap)
    total = sum(square, axes, keepdims=keepdims, where=where)
    return convert(
        _over_count(total, _count(x, axes, where, square.dtype, keepdims) - ddof), result
    )


def _over_count(total: Any, count: Any) -> Any:
    """The quotient, NaN where nothing is counted."""
    if isinstance(count, (int, float)):
        return total / (count if count > 0 else np.nan)
    return total / pick(ew.gt(count, 0), count, sh.full_like(count, np.nan))


def _mean_of(x: Any, axes: tuple[int, ...], where: Any) -> Any:
    return mean(x, axes, keepdims=True, where=where)


def real_dtype(dtype: DType) -> DType:
    """The dtype of the parts of numbers of a dtype."""
    return {dtypes.complex64: dtypes.float32, dtypes.complex128: dtypes.float64}.get(dtype, dtype)


def std(
    a: Any, axis: Any = None, dtype: Any = None, out: None = None, ddof: int = 0,
    keepdims: bool = False, *, where: Any = None, mean: Any = None, correction: Any = None,
) -> Any:  # fmt: skip
    """The standard deviation over axes: the root of the variance."""
    if dtype is not None and not dtypes.is_float(requested_dtype("std", dtype)):
        raise ValueError(f"std: dtype must be a float, got {dtype}")
    return smooth_at_zero(
        ew.sqrt,
        var(a, axis, dtype, out, ddof, keepdims, where=where, mean=mean, correction=correction),
    )


def smooth_at_zero(f: Callable[[Any], Any], x: Any) -> Any:
    """f with f(0) = 0, whose derivative there is taken to be 0 instead of infinite."""
    if type(x) is ArrayImpl:
        return f(x)
    zero = ew.eq(x, 0)
    return pick(zero, sh.full_like(x, 0), f(pick(zero, sh.full_like(x, 1), x)))
