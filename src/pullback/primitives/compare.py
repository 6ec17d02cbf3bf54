"""Comparisons, and those in the total order of floats (-NaN < -inf < -0 < 0 < inf < NaN)."""

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


def _parts(x: Any) -> list[np.ndarray]:
    array = np.asarray(x)
    parts = (array.real, array.imag) if array.dtype.kind == "c" else (array,)
    return [total_order_key(np.ascontiguousarray(p).reshape(p.shape)) for p in parts]


def _lt_to(x: Any, y: Any) -> Any:
    (a, *more_a), (b, *more_b) = _parts(x), _parts(y)
    return (a < b) | ((a == b) & (more_a[0] < more_b[0])) if more_a else a < b


def _eq_to(x: Any, y: Any) -> Any:
    return np.logical_and.reduce([a == b for a, b in zip(_parts(x), _parts(y), strict=True)])


def _le_to(x: Any, y: Any) -> Any:
    return ~np.asarray(_lt_to(y, x))


eq_to_p, eq_to = binary("eq_to", _eq_to, ORDERED, **COMPARED)
lt_to_p, lt_to = binary("lt_to", _lt_to, ORDERED, **COMPARED)
le_to_p, le_to = binary("le_to", _le_to, ORDERED, **COMPARED)
