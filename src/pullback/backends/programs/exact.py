"""Sums and products with what rounding takes from them."""

from typing import Any

from ... import dtypes
from ...primitives.arithmetic import add, mul, sub
from ...primitives.convert import reduce_precision
from ...primitives.magnitude import max, min


def halves(x: Any) -> tuple[Any, Any]:
    """Two numbers of half the digits whose sum is x: products of such numbers are exact."""
    info = dtypes.info(x.dtype)
    high = reduce_precision(x, info.bits - info.nmant - 1, (info.nmant - 1) // 2)
    return high, sub(x, high)


def lost(a: Any, b: Any, c: Any) -> Any:
    """a + b - c exactly, c the rounded sum of positive numbers."""
    large, small = max(a, b), min(a, b)
    return sub(small, sub(c, large))


def difference(x: Any, y: Any) -> tuple[Any, Any]:
    """x - y, and what it lost (Knuth)."""
    d = sub(x, y)
    back = sub(d, x)
    return d, sub(sub(x, sub(d, back)), add(y, back))


def excess(a: Any, b: Any, x: Any) -> Any:
    """a - (a + b) x of positive a and b and 0 < x < 1, rounded about once."""
    (high, low), (ah, al), (bh, bl) = halves(x), halves(a), halves(b)
    p, q = mul(ah, high), mul(bh, high)
    first, lost_first = difference(a, max(p, q))
    out, lost_second = difference(first, min(p, q))
    small = add(add(mul(ah, low), mul(al, x)), add(mul(bh, low), mul(bl, x)))
    return add(out, sub(add(lost_first, lost_second), small))
