"""Evenly spaced numbers: linspace, logspace, geomspace."""

import operator
from typing import Any

import numpy as np

from .. import dtypes
from ..primitives import elementwise as ew
from ..primitives import pieces as pc
from ..primitives import shape as sh
from . import elementwise, powers
from .creation import filled, known, requested_dtype
from .places import on
from .shapes import moveaxis
from .values import as_array, broadcast, convert, expand, inexact_dtype, result_type_of
from .worth import compiled_at_once, compiled_when_repeated


def _as_floats(name: str, *args: Any) -> list[Any]:
    values = [as_array(name, a) for a in args]
    dtype, _ = result_type_of(values)
    return [convert(v, inexact_dtype(dtype)) for v in values]


@compiled_when_repeated("num", "endpoint", "retstep", "dtype", "axis", "device")
def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
    *,
    device: Any = None,
) -> Any:
    """`num` evenly spaced numbers from `start` to `stop`, which is the last one or left out.

    Args:
      start, stop: arrays that broadcast.
      num: how many, a Python integer.
      endpoint: whether `stop` is the last one.
      retstep: whether to return the distance of neighbours too.
      dtype: the default float, or that of `start` and `stop` if they are wider, if None.
      axis: where the new axis stands in the result.
      device: where the array lies.

    >>> pnp.linspace(0.0, 1.0, 5)
    Array([0.  , 0.25, 0.5 , 0.75, 1.  ], dtype=float32)
    >>> pnp.linspace(0.0, 1.0, 4, endpoint=False)
    Array([0.  , 0.25, 0.5 , 0.75], dtype=float32)
    """
    num = operator.index(known("linspace", num))
    if num < 0:
        raise ValueError(f"linspace: num must not be negative, got {num}")
    values = [as_array("linspace", a) for a in (start, stop)]
    wanted = requested_dtype(
        "linspace", inexact_dtype(result_type_of(values)[0]) if dtype is None else dtype
    )
    first, last = broadcast("linspace", [convert(v, inexact_dtype(wanted)) for v in values])
    div = num - 1 if endpoint else num
    out = _spaced(first, last, num, div, endpoint)
    if axis:
        out = moveaxis(out, 0, axis)
    if dtypes.is_integer(wanted) and not dtypes.is_integer(out.dtype):
        out = elementwise.floor(out)
    out = convert(out, wanted)
    if not retstep:
        return on(device, out)
    return on(device, out), _step(first, last, num, div)


def _step(first: Any, last: Any, num: int, div: int) -> Any:
    """What lies between two numbers: undefined where there are no two."""
    if num > 1:
        return (last - first) / div
    return last - first if num == 1 and div else filled((), np.nan, first.dtype)


def _spaced(first: Any, last: Any, num: int, div: int, endpoint: bool) -> Any:
    shape = (num, *first.shape)
    if num == 0:
        return filled(shape, 0, first.dtype)
    if num == 1 or div <= 0:
        return expand(sh.expand_dims(first, (0,)), shape)
    real = np.dtype(first.dtype.type(0).real.dtype) if first.dtype.kind == "c" else first.dtype
    t = ew.div(sh.iota(real, (div,), 0), div)
    t = convert(t, first.dtype)
    t = sh.broadcast_in_dim(t, (div, *first.shape), (0,))
    first, end = expand(first, (div, *first.shape)), sh.expand_dims(last, (0,))
    out = first * (1 - t) + expand(end, (div, *last.shape)) * t
    return pc.concatenate([out, end], 0) if endpoint else out


@compiled_at_once("num", "endpoint", "dtype", "axis")
def logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10.0,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """`base` to the power of evenly spaced exponents.

    >>> pnp.logspace(0.0, 2.0, 3)
    Array([  1.,  10., 100.], dtype=float32)
    """
    exponents = linspace(start, stop, num, endpoint, axis=axis)
    out = powers.power(as_array("logspace", base), exponents)
    return out if dtype is None else convert(out, requested_dtype("logspace", dtype))


def _with_ends(x: Any, first: Any, last: Any) -> Any:
    """A sequence whose first element, and last one where that is given, are exactly these."""
    if not x.shape[0]:
        return x
    inner = x[1:] if last is None else x[1:-1]
    ends = [sh.expand_dims(end, (0,)) for end in (first, last) if end is not None]
    return pc.concatenate([ends[0], inner, *ends[1:]], 0)


@compiled_at_once("num", "endpoint", "dtype", "axis")
def geomspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0
) -> Any:
    """Numbers from `start` to `stop` whose ratio is constant.

    >>> pnp.geomspace(1.0, 1000.0, 4).round(2)
    Array([   1.,   10.,  100., 1000.], dtype=float32)
    """
    first, last = broadcast("geomspace", _as_floats("geomspace", start, stop))
    sign = elementwise.sign(first)
    out = logspace(
        elementwise.log10(first / sign),
        elementwise.log10(last / sign),
        num,
        endpoint,
        10.0,
        None,
        0,
    )
    out = _with_ends(sign * out, first, last if endpoint and num > 1 else None)
    if axis:
        out = moveaxis(out, 0, axis)
    return out if dtype is None else convert(out, requested_dtype("geomspace", dtype))
