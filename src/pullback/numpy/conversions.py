"""NumPy's other ways to make an array of something."""

from typing import Any

import numpy as np

from ..primitives import elementwise as ew
from . import elementwise, reductions
from .creation import asarray
from .shapes import atleast_1d
from .values import as_array


def asanyarray(
    a: Any, dtype: Any = None, order: str | None = None, *, device: Any = None, copy: Any = None
) -> Any:
    """`asarray`: there are no classes of arrays below `Array`.

    >>> pnp.asanyarray([1, 2])
    Array([1, 2], dtype=int32)
    """
    return asarray(a, dtype, order, copy=copy, device=device)


def ascontiguousarray(a: Any, dtype: Any = None) -> Any:
    """`asarray` with at least one axis; all arrays are contiguous.

    >>> pnp.ascontiguousarray([[1.0, 2.0]])
    Array([[1., 2.]], dtype=float32)
    """
    return atleast_1d(asarray(a, dtype))


def asarray_chkfinite(a: Any, dtype: Any = None, order: str | None = None) -> Any:
    """`asarray` of what holds neither NaN nor infinity; it looks at values, so not under `jit`.

    Raises:
      ValueError: there is a NaN or an infinity.

    >>> pnp.asarray_chkfinite([1.0, 2.0])
    Array([1., 2.], dtype=float32)
    """
    out = asarray(a, dtype, order)
    if not reductions.all(elementwise.isfinite(out)):
        raise ValueError("asarray_chkfinite: array must not contain infs or NaNs")
    return out


def real_if_close(a: Any, tol: float = 100) -> Any:
    """The real parts where all imaginary parts are small, else the array; not under `jit`.

    Args:
      tol: what is small: a multiple of the dtype's epsilon if above 1, else itself.

    >>> pnp.real_if_close(pnp.array([1 + 1e-7j, 2]))
    Array([1., 2.], dtype=float32)
    """
    x = as_array("real_if_close", a)
    if x.dtype.kind != "c":
        return x
    small = tol * np.finfo(x.dtype).eps if tol > 1 else tol
    return ew.real(x) if reductions.all(ew.abs(ew.imag(x)) < small) else x
