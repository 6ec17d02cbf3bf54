"""Comparisons, and those in the total order of floats (-NaN < -inf < -0 < 0 < inf < NaN)."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .nary import binary, bool_result
from .rules import ANY, ORDERED

COMPARED = {"out_dtype": bool_result}


def _eq(x: Any, y: Any) -> Any:
    # Keys are records, which only NumPy's operator compares.
    return np.equal(x, y) if x.dtype.names is None else x == y


def _ne(x: Any, y: Any) -> Any:
    return np.not_equal(x, y) if x.dtype.names is None else x != y


eq_p, eq = binary("eq", _eq, ANY, **COMPARED)
ne_p, ne = binary("ne", _ne, ANY, **COMPARED)
lt_p, lt = binary("lt", np.less, ORDERED, **COMPARED)
le_p, le = binary("le", np.less_equal, ORDERED, **COMPARED)
gt_p, gt = binary("gt", np.greater, ORDERED, **COMPARED)
ge_p, ge = binary("ge", np.greater_equal, ORDERED, **COMPARED)


def total_order_key(x: np.ndarray) -> np.ndarray:
    """Integers that order as the total order does; integers and bools are their own."""
    if x.dtype.kind in "biu":
        return x
    bits = x.view(f"i{x.dtype.itemsize}")
    return np.where(bits < 0, bits ^ np.iinfo(bits.dtype).max, bits)


def _in_total_order(compare: np.ufunc) -> Callable[..., Any]:
    return lambda x, y: compare(total_order_key(x), total_order_key(y))


eq_to_p, eq_to = binary("eq_to", _in_total_order(np.equal), ORDERED, **COMPARED)
lt_to_p, lt_to = binary("lt_to", _in_total_order(np.less), ORDERED, **COMPARED)
le_to_p, le_to = binary("le_to", _in_total_order(np.less_equal), ORDERED, **COMPARED)
