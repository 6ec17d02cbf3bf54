"""Tridiagonal equations that may be singular: elimination in which a pivot of zero is replaced."""

from typing import Any

import numpy as np

from .. import numpy as pnp
from ..control.loop import scan
from ..primitives.complex import part_dtype
from ..transforms.stop import stop_gradient


def perturbed_solve(dl: Any, d: Any, du: Any, b: Any) -> Any:
    """x as of `tridiagonal_solve`, where a pivot that vanishes is made one by rounding.

    Gaussian elimination, rows exchanged: each step keeps one row of three entries and goes on with
    the other, of two. Source: LAPACK's dlagtf and dlagts, of which the pivots that are replaced.
    """
    pivots = _Pivots(dl, d, du)
    last = np.arange(d.shape[-1]) == d.shape[-1] - 1
    dl, d, du = (pnp.moveaxis(x, -1, 0)[..., None] for x in (dl, d, pnp.where(last, 0, du)))
    b = pnp.moveaxis(b, -2, 0)
    none = pnp.zeros_like(d[0])

    def eliminate(row: Any, below: Any) -> Any:
        wide = (*row[:2], none, row[2])
        swap = pnp.abs(below[0]) > pnp.abs(wide[0])
        top = [pnp.where(swap, y, x) for x, y in zip(wide, below, strict=True)]
        low = [pnp.where(swap, x, y) for x, y in zip(wide, below, strict=True)]
        pivot = pivots.replaced(top[0])
        factor = low[0] / pivot
        rest = [y - factor * x for x, y in zip(top[1:], low[1:], strict=True)]
        return tuple(rest), (pivot, *top[1:])

    (p, q, y), rows = scan(eliminate, (d[0], du[0], b[0]), (dl[1:], d[1:], du[1:], b[1:]))
    end = (pivots.replaced(p), q, none, y)
    rows = [pnp.concatenate([x, e[None]]) for x, e in zip(rows, end, strict=True)]

    def back(known: Any, row: Any) -> Any:
        x1, x2 = known
        pivot, first, second, right = row
        x = (right - first * x1 - second * x2) / pivot
        return (x, x1), x

    _, x = scan(back, (pnp.zeros_like(y), pnp.zeros_like(y)), tuple(rows), reverse=True)
    return pnp.moveaxis(x, 0, -2)


class _Pivots:
    """What stands for pivots below the least normal number: a rounding error of the matrices."""

    def __init__(self, *diagonals: Any) -> None:
        info = np.finfo(part_dtype(diagonals[0].dtype))
        sizes = [pnp.abs(stop_gradient(x)).max(axis=-1) for x in diagonals]
        size = pnp.stack(sizes).max(axis=0)
        self.error = pnp.where(size > 0, size, 1)[..., None] * info.eps
        self.least = info.tiny

    def replaced(self, pivot: Any) -> Any:
        """The pivot, or what stands for it."""
        return pnp.where(pnp.abs(pivot) < self.least, self.error.astype(pivot.dtype), pivot)
