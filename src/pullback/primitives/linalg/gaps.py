"""Reciprocal differences of eigenvalues, which derivatives of eigenvectors are made of.

Where two values are equal up to rounding their reciprocal difference is taken to be 0: vectors of
equal values may be chosen in many ways, and this choice does not turn. Functions that do not
depend on the choice, of each group of equal values as a whole, get their derivatives.
"""

from typing import Any

import numpy as np

from ..arithmetic import div, mul
from ..compare import le
from ..magnitude import abs
from ..reduce import reduce_max
from ..rules import const
from ..select import select
from ..shape import broadcast_in_dim, full_like
from .matrices import as_columns, as_rows

# Differences of this many units in the last place (for each row) of the largest value are none.
ROUNDING = 10.0


def reciprocal(x: Any, scale: Any, size: int) -> Any:
    """1/x, and 0 where x is 0 up to rounding of numbers as large as `scale`, one a matrix."""
    limit = mul(scale, const(scale, ROUNDING * size * np.finfo(scale.dtype).eps))
    near = le(abs(x), broadcast_in_dim(limit, x.shape, tuple(range(len(limit.shape)))))
    zero = full_like(x, 0)
    return select(near, zero, div(full_like(x, 1), select(near, full_like(x, 1), x)))


def largest(values: Any) -> Any:
    """The largest absolute value of each vector."""
    return reduce_max(abs(values), (len(values.shape) - 1,))


def outer(values: Any, combine: Any) -> Any:
    """combine(v[j], v[i]) for all i, j."""
    shape = (*values.shape, values.shape[-1])
    return combine(as_rows(values, shape), as_columns(values, shape))
