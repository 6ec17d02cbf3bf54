"""The polar decomposition by Halley's iteration with dynamic weights (QDWH).

Nakatsukasa, Bai and Gygi (2010), Optimizing Halley's iteration for computing the matrix polar
decomposition: l bounds the smallest singular value of the iterate from below and grows to 1.
"""

from math import sqrt
from typing import Any, NamedTuple

from .. import dtypes
from .. import numpy as pnp
from ..control.cond import cond
from ..control.loop import while_loop
from ..core.aval import type_name
from ..core.trace import get_aval
from ..primitives.linalg.cholesky import cholesky
from ..primitives.linalg.qr import qr
from ..primitives.linalg.triangular import triangular_solve

# Above this weight a step by Cholesky's factors would lose digits.
WELL_CONDITIONED = 100.0


class Weights(NamedTuple):
    """The step x (a + b x^H x) / (1 + c x^H x)."""

    a: Any
    b: Any
    c: Any


def qdwh(
    x: Any,
    *,
    is_hermitian: bool = False,
    max_iterations: int | None = None,
    eps: float | None = None,
    dynamic_shape: tuple[int, int] | None = None,
) -> tuple[Any, Any, Any, Any]:
    """The polar decomposition x = u h by the QDWH iteration.

    Args:
      x: array [m, n], m >= n, of a float or complex dtype.
      is_hermitian: whether x is Hermitian; then u is made so.
      max_iterations: the most steps, 10 by default.
      eps: the precision, that of x's dtype by default.
      dynamic_shape: the shape of the part of x that counts; the rest is taken for zeros.

    Returns:
      (u, h, steps, converged): u [m, n] with orthonormal columns, h [n, n] Hermitian and positive
      semidefinite, an integer and bool[].

    Raises:
      ValueError: x is no matrix, or has fewer rows than columns.

    >>> import pullback as pb
    >>> u, h, _, converged = pb.lax.linalg.qdwh(pb.numpy.array([[3.0, 0.0], [0.0, -2.0]]))
    >>> bool(converged), pb.numpy.round(h, 3).tolist()
    (True, [[3.0, 0.0], [0.0, 2.0]])
    """
    x = pnp.asarray(x)
    aval = get_aval(x)
    if aval.ndim != 2 or aval.shape[0] < aval.shape[1]:
        raise ValueError(
            f"qdwh: x must be a matrix of at least as many rows as columns, got {type_name(aval)}:"
            " decompose its conjugate transpose"
        )
    if dynamic_shape is not None:
        x = _only(x, dynamic_shape)
    precision = float(dtypes.info(aval.dtype).eps) if eps is None else float(eps)
    most = 10 if max_iterations is None else max_iterations
    u, steps, converged = _iterated(x, precision, most)
    u = 1.5 * u - 0.5 * u @ (_adjoint(u) @ u)
    if is_hermitian:
        u = _hermitian(u)
    return u, _hermitian(_adjoint(u) @ x), steps, converged


def _only(x: Any, shape: tuple[int, int]) -> Any:
    rows, columns = (pnp.arange(n) for n in get_aval(x).shape)
    return pnp.where((rows[:, None] < shape[0]) & (columns < shape[1]), x, 0)


def _adjoint(x: Any) -> Any:
    return x.T.conj()


def _hermitian(x: Any) -> Any:
    return (x + _adjoint(x)) / 2


def weights(precision: float) -> list[Weights]:
    """The weights of the steps, until the bound l is 1; they do not depend on the matrix."""
    found: list[Weights] = []
    low = precision
    while abs(low - 1) > 5 * precision:
        square = low * low
        d = (4 * (1 - square) / (square * square)) ** (1 / 3)
        root = sqrt(1 + d)
        a = root + 0.5 * sqrt(8 - 4 * d + 8 * (2 - square) / (square * root))
        b = (a - 1) ** 2 / 4
        c = a + b - 1
        found.append(Weights(a, b, c))
        low = min(1.0, low * (a + b * square) / (1 + c * square))
    return found


def _iterated(x: Any, precision: float, most: int) -> tuple[Any, Any, Any]:
    """The unitary factor, how many steps it took, and whether the last one changed little."""
    real = x.real.dtype
    planned = weights(precision)[:most]
    # Once l is 1 the weights are Halley's.
    rows = [*planned, Weights(3.0, 1.0, 3.0)]
    table = pnp.array(rows, real)
    few = (5 * precision) ** (1 / 3)
    size = pnp.sqrt(pnp.linalg.norm(x, 1) * pnp.linalg.norm(x, pnp.inf)).astype(real)
    start = x / pnp.where(size > 0, size, 1)

    def running(state: Any) -> Any:
        k, _, change = state
        return (k < most) & ((k < len(planned)) | (change > few))

    def step(state: Any) -> Any:
        k, u, _ = state
        w = Weights(*table[pnp.minimum(k, len(planned))])
        new = cond(w.c > WELL_CONDITIONED, _by_qr, _by_cholesky, u, w)
        return k + 1, new, pnp.linalg.norm(new - u).astype(real)

    first = (0, start, pnp.array(pnp.inf, real))
    steps, u, change = while_loop(running, step, first)
    return u, steps, (steps >= len(planned)) & (change <= few)


def _by_qr(u: Any, w: Weights) -> Any:
    """Of the columns of (sqrt(c) u over 1)."""
    m, n = get_aval(u).shape
    stacked = pnp.concatenate([pnp.sqrt(w.c) * u, pnp.eye(n, dtype=u.dtype)])
    q, _ = qr(stacked, full_matrices=False)
    ratio = w.b / w.c
    return ratio * u + (w.a - ratio) / pnp.sqrt(w.c) * (q[:m] @ _adjoint(q[m:]))


def _by_cholesky(u: Any, w: Weights) -> Any:
    """Of 1 + c u^H u."""
    n = get_aval(u).shape[1]
    factor = cholesky(pnp.eye(n, dtype=u.dtype) + w.c * (_adjoint(u) @ u))
    left = {"left_side": True, "lower": True}
    z = triangular_solve(factor, _adjoint(u), **left)
    z = triangular_solve(factor, z, transpose_a=True, conjugate_a=True, **left)
    ratio = w.b / w.c
    return ratio * u + (w.a - ratio) * _adjoint(z)
