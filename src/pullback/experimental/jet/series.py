"""Arithmetic of truncated power series: lists of coefficients, of which a constant has just one."""

from collections.abc import Callable, Sequence
from typing import Any

from ...primitives.arithmetic import mul
from ...primitives.nary import add_any

Series = list[Any]


def scale(x: Any, factor: float) -> Any:
    """A coefficient times a Python number."""
    return x if factor == 1 else mul(x, float(factor))


def total(terms: Sequence[Any]) -> Any:
    """The sum of coefficients of one type; None of none."""
    found: Any = None
    for term in terms:
        found = term if found is None else add_any(found, term)
    return found


def product(multiply: Callable[[Any, Any], Any], a: Series, b: Series, k: int) -> Any:
    """Coefficient k of the product, sum_j a_j b_(k-j); None where all terms are zero."""
    places = range(max(0, k - len(b) + 1), min(k, len(a) - 1) + 1)
    return total([multiply(a[j], b[k - j]) for j in places])


def along(c: Series, u: Series, k: int) -> Any:
    """Coefficient k of the integral of c u', (1/k) sum_j j u_j c_(k-j)."""
    return scale(total([scale(mul(u[j], c[k - j]), j) for j in range(1, k + 1)]), 1 / k)
