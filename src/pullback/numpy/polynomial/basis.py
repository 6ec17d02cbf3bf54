"""Series of orthogonal polynomials, and what follows from their three-term recurrence alone.

A series is an array of coefficients along its first axis, that of degree 0 first. Sums are by
Clenshaw's recurrence (C. W. Clenshaw, A note on the summation of Chebyshev series, 1955).
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from ...control.loop import scan
from .. import joining, padding
from ..creation import asarray, ones_like, zeros_like

Numbers = np.ndarray[Any, np.dtype[np.float64]]
# Longer series are summed by a loop, others are written out.
LONG = 64


@dataclass(frozen=True)
class Basis:
    """Polynomials P_n with P_0 = 1 and x P_n = up(n) P_{n+1} + same(n) P_n + down(n) P_{n-1}.

    prefix: of the names of NumPy's functions. theirs: NumPy's module. weight: for which the
    polynomials are orthogonal; None for powers.
    """

    prefix: str
    theirs: ModuleType
    up: Callable[[Numbers], Numbers]
    same: Callable[[Numbers], Numbers]
    down: Callable[[Numbers], Numbers]
    weight: Callable[[Any], Any] | None = None

    def numpys(self, operation: str) -> Callable[..., Any]:
        """NumPy's function: of numbers, for what does not depend on a program's values."""
        return getattr(self.theirs, self.prefix + operation)

    def recurrence(self, n: int, dtype: Any) -> list[Numbers]:
        """up, same and down for the degrees below n."""
        degrees = np.arange(n, dtype=np.float64)
        return [
            np.broadcast_to(f(degrees), n).astype(dtype) for f in (self.up, self.same, self.down)
        ]


def times_x(basis: Basis, c: Any) -> Any:
    """x times a series: one coefficient more."""
    shape = (-1, *(1,) * (c.ndim - 1))
    up, same, down = (v.reshape(shape) for v in basis.recurrence(c.shape[0], c.dtype))
    raised, kept, lowered = (c * v for v in (up, same, down))
    return _moved(raised, 1, 0) + _moved(kept, 0, 1) + _moved(lowered[1:], 0, 2)


def _moved(c: Any, before: int, after: int) -> Any:
    return padding.pad(c, [(before, after), *[(0, 0)] * (c.ndim - 1)])


def clenshaw(basis: Basis, c: Any, one: Any, times: Callable[[Any], Any]) -> Any:
    """The sum of c[n] * (P_n of an operator, applied to `one`).

    times: the operator: multiplication by a number, or by x in another basis.
    """
    n = c.shape[0]
    up, same, down = basis.recurrence(n + 1, c.dtype)
    rows = c[::-1], *(v[:n][::-1] for v in (1 / up, same)), (down[1:] / up[1:])[::-1]

    def step(carry: tuple[Any, Any], row: Any) -> tuple[tuple[Any, Any], None]:
        (nearer, farther), (coefficient, rise, stay, fall) = carry, row
        turned = (times(nearer) - stay * nearer) * rise - fall * farther
        return (coefficient * one + turned, nearer), None

    carry = (zeros_like(c[0] * one),) * 2
    if n > LONG:
        return scan(step, carry, tuple(map(asarray, rows)))[0][0]
    for i in range(n):
        carry, _ = step(carry, [v[i] for v in rows])
    return carry[0]


def terms(basis: Basis, x: Any, deg: int) -> Any:
    """P_0(x) to P_deg(x), along a new last axis."""
    up, same, down = basis.recurrence(deg + 1, x.dtype)
    found = [ones_like(x)]
    before = zeros_like(x)
    for k in range(deg):
        found.append(((x - same[k]) * found[-1] - down[k] * before) / up[k])
        before = found[-2]
    return joining.stack(found, axis=-1)
