"""Running sums and products along an axis."""

from collections.abc import Callable
from typing import Any

from .. import dtypes
from ..core.aval import canonical_axis
from ..primitives import cumulative as cm
from ..primitives import pieces as pc
from ..primitives import shape as sh
from .creation import requested_dtype
from .elementwise import pick, strong, truth
from .shapes import ravel
from .shown import SHOWN
from .values import as_array, convert, no_out
from .worth import compiled_at_once


def _running(name: str, op: Callable[..., Any], a: Any, axis: Any, dtype: Any) -> Any:
    x = as_array(name, a)
    if axis is None or x.ndim == 0:
        x, axis = ravel(x), axis or 0
    axis = canonical_axis(axis, x.ndim, name)
    if dtype is not None:
        wanted = requested_dtype(name, dtype)
    else:
        wanted = dtypes.default_dtype(int) if x.dtype == dtypes.bool_ else x.dtype
    if wanted == dtypes.bool_:
        return convert(op(convert(truth(x), dtypes.int32), axis), wanted)
    return op(convert(x, wanted), axis)


def cumsum(a: Any, axis: int | None = None, dtype: Any = None, out: None = None) -> Any:
    """Sums of all elements up to each one.

    Args:
      a: array.
      axis: integer; None for the flattened array.
      dtype: of the result; that of `a` if None, int32 for bools.
      out: must be None.

    >>> pnp.cumsum(pnp.array([[1, 2], [3, 4]]), axis=1)
    Array([[1, 3],
           [3, 7]], dtype=int32)
    """
    no_out("cumsum", out)
    return _running("cumsum", cm.cumsum, a, axis, dtype)


def cumprod(a: Any, axis: int | None = None, dtype: Any = None, out: None = None) -> Any:
    """Products of all elements up to each one.

    Arguments are those of `cumsum`.

    >>> pnp.cumprod(pnp.array([1, 2, 3, 4]))
    Array([ 1,  2,  6, 24], dtype=int32)
    """
    no_out("cumprod", out)
    return _running("cumprod", cm.cumprod, a, axis, dtype)


def _without_nan(a: Any, neutral: int) -> Any:
    x = as_array("nancumsum", a)
    return pick(x != x, sh.full_like(x, neutral), x) if dtypes.is_float(x.dtype) else x


@compiled_at_once("axis", "dtype", "out")
def nancumsum(a: Any, axis: int | None = None, dtype: Any = None, out: None = None) -> Any:
    """`cumsum`, with NaN counted as 0.

    >>> pnp.nancumsum(pnp.array([1.0, np.nan, 2.0]))
    Array([1., 1., 3.], dtype=float32)
    """
    no_out("nancumsum", out)
    return cumsum(_without_nan(a, 0), axis, dtype)


@compiled_at_once("axis", "dtype", "out")
def nancumprod(a: Any, axis: int | None = None, dtype: Any = None, out: None = None) -> Any:
    """`cumprod`, with NaN counted as 1.

    >>> pnp.nancumprod(pnp.array([3.0, np.nan, 2.0]))
    Array([3., 3., 6.], dtype=float32)
    """
    no_out("nancumprod", out)
    return cumprod(_without_nan(a, 1), axis, dtype)


def _array_api(name: str, op: Callable[..., Any], neutral: int) -> Callable[..., Any]:
    def f(
        x: Any, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
    ) -> Any:
        x = as_array(name, x)
        if x.ndim == 0:
            raise ValueError(
                f"The input must be non-scalar to take a cumulative {name[11:]}, got {x}"
            )
        if axis is None:
            if x.ndim > 1:
                raise ValueError(f"{name}: say which axis of an array with {x.ndim} axes")
            axis = 0
        axis = canonical_axis(axis, x.ndim, name)
        if dtype is None and dtypes.is_integer(x.dtype):
            kind = "int64" if dtypes.kind(x.dtype) == "signed" else "uint64"
            wide = dtypes.canonicalize_dtype(kind)
            dtype = wide if x.dtype.itemsize < wide.itemsize else None
        out = strong(op(x, axis, dtype))
        if not include_initial:
            return out
        first = sh.full(
            [1 if d == axis else n for d, n in enumerate(out.shape)], neutral, out.dtype
        )
        return pc.concatenate([first, out], axis)

    f.__name__ = f.__qualname__ = name
    f.__doc__ = (
        f"Running {name[11:]}s along an axis, with the neutral element in front where asked.\n"
        f"{SHOWN[name]}"
    )
    return f


cumulative_sum = _array_api("cumulative_sum", cumsum, 0)
cumulative_prod = _array_api("cumulative_prod", cumprod, 1)
