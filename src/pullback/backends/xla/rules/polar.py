"""Singular values by the polar factor (Nakatsukasa, Bai and Gygi, "Optimizing Halley's iteration
for computing the matrix polar decomposition", 2010) and the eigenvalues of the other factor."""

import math
from typing import Any

from .... import dtypes
from ....primitives.arithmetic import add, div, mul
from ....primitives.compare import gt
from ....primitives.convert import convert_element_type
from ....primitives.linalg.eigh import eigh
from ....primitives.linalg.matrices import adjoint, as_rows, block, diagonal, eye_like, matmul
from ....primitives.linalg.qr import qr
from ....primitives.magnitude import max, sign
from ....primitives.pieces import concatenate, rev
from ....primitives.power import sqrt
from ....primitives.rules import const
from ....primitives.select import select
from ....primitives.shape import broadcast_in_dim, reduce_sum
from .decomposed import Function, squared


def svd_by_polar(full: bool) -> Function:
    """Singular values, u and v^H of matrices that are not empty."""

    def polar_svd(x: Any) -> list[Any]:
        m, n = x.shape[-2:]
        if m < n:
            s, v, uh = polar_svd(adjoint(x))
            return [s, adjoint(uh), adjoint(v)]
        isometry = polar_factor(x)
        v, w = eigh(matmul(adjoint(isometry), x))
        last = len(w.shape) - 1
        w, v = rev(w, (last,)), rev(v, (last + 1,))
        # Where x has rank below n, columns of the isometry are short.
        u, r = qr(matmul(isometry, v), full_matrices=full)
        turns = sign(diagonal(block(r, (0, n), (0, n))))
        first = mul(block(u, (0, m), (0, n)), as_rows(turns, (*u.shape[:-1], n)))
        rest = block(u, (0, m), (n, u.shape[-1]))
        return [max(w, const(w, 0)), concatenate([first, rest], last + 1), adjoint(v)]

    return polar_svd


def polar_factor(x: Any) -> Any:
    """The matrix with orthonormal columns nearest to x, which has no more columns than rows."""
    *lead, m, n = x.shape
    size = sqrt(reduce_sum(squared(x), (len(lead), len(lead) + 1)))
    size = select(gt(size, 0), size, const(size, 1))
    scale = convert_element_type(size, x.dtype)
    y = div(x, broadcast_in_dim(scale, x.shape, tuple(range(len(lead)))))
    eye = eye_like(block(y, (0, n), (0, n)))
    for a, b, c in halley_weights(float(dtypes.info(x.dtype).eps)):
        stacked = concatenate([mul(y, math.sqrt(c)), eye], len(lead))
        q, _ = qr(stacked, full_matrices=False)
        top, bottom = block(q, (0, m), (0, n)), block(q, (m, m + n), (0, n))
        step = mul(matmul(top, adjoint(bottom)), (a - b / c) / math.sqrt(c))
        y = add(mul(y, b / c), step)
    return y


def halley_weights(eps: float) -> list[tuple[float, float, float]]:
    """The weights of each step for singular values of at least eps, until all are 1."""
    low, found = eps, []
    while 1 - low > eps:
        d = (4 * (1 - low**2) / low**4) ** (1 / 3)
        a = math.sqrt(1 + d)
        a += 0.5 * math.sqrt(8 - 4 * d + 8 * (2 - low**2) / (low**2 * a))
        b = (a - 1) ** 2 / 4
        c = a + b - 1
        found.append((a, b, c))
        low = low * (a + b * low**2) / (1 + c * low**2)
    return found
