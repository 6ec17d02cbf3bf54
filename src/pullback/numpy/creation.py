"""Arrays from Python values and shapes: array, zeros, full, arange, linspace and their kin."""

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import _native, dtypes
from .._native import ArrayImpl, DeviceArray
from ..core.aval import Shape
from ..core.symbolic import Dim
from ..core.trace import Tracer
from ..dtypes import DType
from ..errors import ConcretizationTypeError, OperandError
from ..lazy import LazyModule
from ..primitives import elementwise as ew
from ..primitives import shape as sh
from .divided import divided, divides
from .places import beside, on
from .reading import read
from .shown import SHOWN
from .values import (
    SCALARS,
    as_array,
    as_value,
    convert,
    describe,
    expand,
    is_array,
    result_type_of,
    unwrapped,
)

exchange: Any = LazyModule(f"{__package__}.exchange")


def canonical_shape(name: str, shape: Any) -> Shape:
    """A shape as a tuple of Python integers; TypeError or ValueError that names the function."""
    sizes: Any = shape if type(shape) is tuple or np.ndim(shape) else (shape,)
    out = []
    for size in sizes:
        try:
            out.append(size if type(size) is Dim else operator.index(size))
        except TypeError as error:
            if isinstance(size, Tracer):
                raise
            raise TypeError(
                f"{name}: Shapes must be 1D sequences of concrete values of integer type,"
                f" got {shape!r}"
            ) from error
    if any(n < 0 for n in out):
        raise OperandError(f"{name}: sizes must not be negative, got {tuple(out)}")
    return tuple(out)


def requested_dtype(name: str, dtype: Any) -> DType:
    """The dtype that a user's `dtype=` argument means."""
    try:
        wanted = np.dtype({int: np.int64, float: np.float64}.get(dtype, dtype))
    except TypeError:
        raise TypeError(f"{name}: {dtype!r} is no dtype: write e.g. numpy.float32") from None
    if wanted not in dtypes.KINDS:
        raise TypeError(f"{name}: arrays hold bools and numbers, got dtype {wanted}")
    return dtypes.canonicalize_dtype(wanted)


def _check_order(name: str, order: str | None) -> None:
    if order not in (None, "K", "C"):
        raise NotImplementedError(f"{name}: order={order!r} is not supported, only 'K' and 'C'")


def array(
    object: Any,
    dtype: Any = None,
    copy: bool = True,
    order: str | None = "K",
    ndmin: int = 0,
    *,
    device: Any = None,
    out_sharding: Any = None,
) -> Any:
    """An array of numbers, nested lists or any array.

    64-bit values become 32-bit ones unless 64 bits are enabled; an integer that would change
    raises OverflowError, objects, ragged lists and strings TypeError or ValueError; with a dtype,
    strings that spell numbers are read.

    >>> from pullback import numpy as pnp
    >>> pnp.array([1.0, 2.0])
    Array([1., 2.], dtype=float32)
    """
    _check_order("array", order)
    wanted = None if dtype is None else requested_dtype("array", dtype)
    value = read(object, wanted)
    if ndmin > value.ndim:
        value = expand(value, (1,) * (ndmin - value.ndim) + value.shape)
    return divided(on(device, value), out_sharding)


def asarray(
    a: Any,
    dtype: Any = None,
    order: str | None = None,
    *,
    copy: bool | None = None,
    device: Any = None,
    out_sharding: Any = None,
) -> Any:
    """`array`, without a copy where none is needed.

    Args:
      copy: True for memory of its own. False to share the memory of an array of this library,
        of NumPy or of another one: ValueError where a copy is needed, because of the dtype, the
        device or because `a` is no array. None: other arrays are copied, as they may be written to.

    >>> import numpy as np
    >>> from pullback import numpy as pnp
    >>> pnp.asarray(np.ones(2, "float32"), copy=False)
    Array([1., 1.], dtype=float32)
    """
    if copy is False:
        _check_order("asarray", order)
        wanted = None if dtype is None else requested_dtype("asarray", dtype)
        return divided(_shared(a, wanted, device), out_sharding)
    out = array(a, dtype, False, order, device=device, out_sharding=out_sharding)
    return sh.copy(out) if copy and is_array(a) else out


def _shared(a: Any, dtype: DType | None, device: Any) -> Any:
    """An array in the memory of another."""
    if isinstance(a, (memoryview, bytearray)):
        a = np.asarray(a)
    speaks = isinstance(a, np.ndarray) or hasattr(a, "__dlpack__")
    if not is_array(a) and not speaks:
        raise ValueError(f"asarray: copy=False, but a copy is needed of {describe(a)}")
    out = a if isinstance(a, Tracer) else exchange.from_dlpack(a, device=device, copy=False)
    if dtype not in (None, out.dtype):
        raise ValueError(
            f"asarray: copy=False, but a copy is needed from {out.dtype.name} to {dtype.name}"
        )
    return out


def copy(a: Any, order: str | None = None) -> Any:
    """A copy with memory of its own.

    >>> pnp.copy(pnp.array([1, 2]))
    Array([1, 2], dtype=int32)
    """
    _check_order("copy", order)
    return sh.copy(asarray(a))


def full(
    shape: Any,
    fill_value: Any,
    dtype: Any = None,
    *,
    device: Any = None,
    out_sharding: Any = None,
) -> Any:
    """An array of a shape, filled with a value that broadcasts to it.

    Args:
      shape: integer or sequence of integers.
      fill_value: number or array that broadcasts to the shape.
      dtype: that of the value if None.
      device: where the array lies; the default device if None.
      out_sharding: how the array is divided among devices.

    >>> pnp.full((2, 3), 7)
    Array([[7, 7, 7],
           [7, 7, 7]], dtype=int32, weak_type=True)
    """
    sizes = canonical_shape("full", shape)
    weak = dtype is None and type(fill_value) in (int, float, complex)
    value = asarray(fill_value, dtype)
    filled_up = expand(value, sizes) if weak or value.shape != sizes else value
    return divided(on(device, filled_up), out_sharding)


def _filled(name: str, value: int) -> Callable[..., Any]:
    def make(shape: Any, dtype: Any = None, *, device: Any = None, out_sharding: Any = None) -> Any:
        wanted = requested_dtype(name, float if dtype is None else dtype)
        made = filled(canonical_shape(name, shape), value, wanted)
        return divided(on(device, made), out_sharding)

    make.__name__ = make.__qualname__ = name
    make.__doc__ = (
        f"An array of a shape, filled with {value}; float32 unless told otherwise.\n{SHOWN[name]}"
    )
    return make


def filled(shape: Shape, value: float, dtype: DType) -> Any:
    """An array of one number, made at once where nothing is traced."""
    if _native.is_eager():
        return ArrayImpl(np.full(shape, value, dtype) if value else np.zeros(shape, dtype))
    return sh.full(shape, value, dtype)


zeros = _filled("zeros", 0)
ones = _filled("ones", 1)
empty = _filled("empty", 0)


def _prototype(name: str, a: Any, dtype: Any, shape: Any) -> tuple[Shape, DType, bool]:
    if not hasattr(a, "shape") or not hasattr(a, "dtype"):
        a = as_array(name, a)
    weak = dtype is None and getattr(a, "weak_type", False)
    wanted = requested_dtype(name, a.dtype if dtype is None else dtype)
    return tuple(a.shape) if shape is None else canonical_shape(name, shape), wanted, weak


def full_like(
    a: Any,
    fill_value: Any,
    dtype: Any = None,
    shape: Any = None,
    *,
    device: Any = None,
    out_sharding: Any = None,
) -> Any:
    """An array of the shape and dtype of another, filled with a value.

    Args:
      a: array, or anything with a shape and a dtype.
      fill_value: number or array that broadcasts to the shape.
      dtype, shape: in place of those of `a`.
      device: where the array lies.
      out_sharding: how it is divided among devices.

    >>> pnp.full_like(pnp.array([1.0, 2.0]), 5)
    Array([5., 5.], dtype=float32)
    """
    sizes, wanted, weak = _prototype("full_like", a, dtype, shape)
    value = asarray(fill_value, wanted if isinstance(fill_value, SCALARS) else None)
    filled_up = expand(convert(value, wanted, weak and value.ndim == 0), sizes)
    return _like(a, filled_up, device, out_sharding)


def _like(a: Any, made: Any, device: Any, out_sharding: Any) -> Any:
    """An array where it was asked for, else beside the one of whose shape it is."""
    if device is None and out_sharding is None:
        device = beside(a, made.shape)
    return divided(on(device, made), out_sharding)


def _filled_like(name: str, value: int) -> Callable[..., Any]:
    def make(
        a: Any,
        dtype: Any = None,
        shape: Any = None,
        *,
        device: Any = None,
        out_sharding: Any = None,
    ) -> Any:
        sizes, wanted, weak = _prototype(name, a, dtype, shape)
        out = filled(sizes, value, wanted)
        return _like(a, convert(out, wanted, True) if weak else out, device, out_sharding)

    make.__name__ = make.__qualname__ = name
    make.__doc__ = (
        f"An array of the shape and dtype of another, filled with {value}.\n{SHOWN[name]}"
    )
    return make


zeros_like = _filled_like("zeros_like", 0)
ones_like = _filled_like("ones_like", 1)


def empty_like(prototype: Any, dtype: Any = None, shape: Any = None, *, device: Any = None) -> Any:
    """An array of the shape and dtype of another, whose values mean nothing; they are zeros.

    >>> pnp.empty_like(pnp.array([1, 2]))
    Array([0, 0], dtype=int32)
    """
    return zeros_like(prototype, dtype, shape, device=device)


def known(name: str, x: Any) -> Any:
    """The value of a size or bound, which must not be traced."""
    x = x if type(x) is Dim else unwrapped(x)
    if isinstance(x, Tracer):
        concrete = x.concrete()
        if concrete is None:
            x._refuse(
                ConcretizationTypeError,
                f"a size in {name}",
                "Mark the argument with static_argnames.",
            )
        x = concrete
    return x._npy[()] if type(x) in (ArrayImpl, DeviceArray) else x


@divides
def arange(
    start: Any,
    stop: Any = None,
    step: Any = None,
    dtype: Any = None,
    *,
    device: Any = None,
    out_sharding: Any = None,
) -> Any:
    """Numbers from `start` up to but without `stop`, `step` apart; `arange(n)` counts from 0.

    Args:
      start, stop, step: numbers, which may not be traced: they decide the shape.
      dtype: that of the numbers if None: int32 for integers, float32 otherwise.
      device: where the array lies.
      out_sharding: how it is divided among devices.

    Raises:
      ConcretizationTypeError: a number is traced.
      ZeroDivisionError: the step is 0.

    >>> pnp.arange(2, 10, 3)
    Array([2, 5, 8], dtype=int32)
    >>> pnp.arange(3.0)
    Array([0., 1., 2.], dtype=float32)
    """
    given = [known("arange", v) for v in (start, stop, step) if v is not None]
    for v in given:
        if type(v) is not Dim and (
            np.ndim(v)
            or np.iscomplexobj(v)
            or not isinstance(v, (*SCALARS, np.ndarray, np.generic))
        ):
            raise TypeError(f"arange: wants real numbers, got {describe(v)}")
    if step is not None and stop is None:
        given = [0, given[0], given[1]]
    if dtype is None:
        wanted = result_type_of([as_value("arange", v) for v in given])[0]
    else:
        wanted = requested_dtype("arange", dtype)
    if _native.is_eager() or wanted.kind not in "iu" or not all(_is_int(v) for v in given):
        native = wanted if wanted.kind in "iuf" and wanted.itemsize >= 4 else np.dtype("float64")
        return on(device, ArrayImpl(np.arange(*given, dtype=native).astype(wanted)))
    first, last, by = slice_of(given)
    count = -((first - last) // by)
    count = 0 if count < 0 else count
    return on(device, iota_scaled(count, first, by, wanted))


def slice_of(given: Sequence[Any]) -> tuple[int, int, int]:
    """start, stop and step of the arguments of a range."""
    if len(given) == 1:
        return 0, _whole(given[0]), 1
    return _whole(given[0]), _whole(given[1]), int(given[2]) if len(given) == 3 else 1


def _whole(x: Any) -> Any:
    return x if type(x) is Dim else int(x)


def _is_int(x: Any) -> bool:
    return isinstance(x, (int, np.integer, Dim)) and not isinstance(x, bool)


def iota_scaled(count: int, first: int, by: int, dtype: DType) -> Any:
    """first, first + by, ... as part of a program."""
    out = sh.iota(dtype, (count,), 0)
    out = ew.mul(out, by) if by != 1 else out
    return ew.add(out, first) if first else out
