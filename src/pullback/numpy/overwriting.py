"""What NumPy writes into an argument, as new arrays."""

from typing import Any

import numpy as np

from .elementwise import pick, truth
from .repeating import resize
from .shapes import broadcast_to, ravel, reshape
from .values import as_arrays, convert, not_in_place


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
