"""QR factorization, also with exchanged columns."""

from typing import Any

import numpy as np

from ... import dtypes
from ...core.aval import ShapedArray
from ...core.primitive import Primitive, Zero
from ..arithmetic import sub
from ..complex import complex, imag, is_complex
from ..nary import add_any
from ..pieces import concatenate
from ..rules import const, zero_like
from ..select import select
from ..shape import broadcast_in_dim, full_like
from ..sort import take_along
from .define import define_batch, define_type, over_matrices, value_of_stacks
from .lapack import routine
from .lu import lu_p
from .matrices import adjoint, block, eye_like, lower_part, matmul, on_diagonal, padded
from .solve import lu_solve
from .triangular import triangular_solve

qr_p = Primitive("qr", multiple_results=True)
define_batch(qr_p)


def qr(
    x: Any, *, pivoting: bool = False, full_matrices: bool = True, use_magma: bool | None = None
) -> list[Any]:
    """q and r with x = q r; with `pivoting` also the order p of columns, x[:, p] = q r."""
    return qr_p.bind(x, pivoting=pivoting, full_matrices=full_matrices, use_magma=use_magma)


def _results(
    x: ShapedArray, *, pivoting: bool, full_matrices: bool, use_magma: bool | None
) -> list[ShapedArray]:
    m, n = x.shape
    k = m if full_matrices else min(m, n)
    order = [ShapedArray((n,), dtypes.int32)] if pivoting else []
    return [x.update(shape=(m, k)), x.update(shape=(k, n)), *order]


define_type(qr_p, (2,), _results)


def _pivoted(x: np.ndarray, *, full_matrices: bool, **_params: Any) -> list[np.ndarray]:
    m, n = x.shape
    k = min(m, n)
    width = m if full_matrices else k
    if not x.size:
        return [np.eye(m, width, dtype=x.dtype), x[:width], np.arange(n, dtype=np.int32)]
    factored, order, taus, _, _ = routine("geqp3", x)(x, lwork=64 * (n + 1))
    reflections = np.zeros((m, width), x.dtype)
    reflections[:, :k] = factored[:, :k]
    q = routine("orgqr", x)(reflections, taus, lwork=64 * max(width, 1))[0]
    return [q, np.triu(factored[:width]), (order - 1).astype(np.int32)]


_pivoted_value = over_matrices(qr_p, (2,), _pivoted)


@value_of_stacks(qr_p)
def _(x: np.ndarray, *, pivoting: bool, full_matrices: bool, **params: Any) -> Any:
    if pivoting:
        return _pivoted_value(x, pivoting=pivoting, full_matrices=full_matrices, **params)
    return list(np.linalg.qr(x, "complete" if full_matrices else "reduced"))


@qr_p.def_jvp
def _(primals: Any, tangents: Any, **params: Any) -> Any:
    (t,) = tangents
    out = qr_p.bind(*primals, **params)
    q, r, *order = out
    ends = [zero_like(o) for o in order]
    if type(t) is Zero:
        return out, [zero_like(o) for o in out]
    m, n = t.shape[-2:]
    if not m * n:
        return out, [zero_like(q), zero_like(r), *ends]
    if order:
        lead = len(t.shape) - 2
        t = take_along(t, broadcast_in_dim(order[0], t.shape, (*range(lead), lead + 1)), lead + 1)
    if m < n:
        return out, [*_wide(t, q, r), *ends]
    dq, dr = _thin(t, block(q, (0, m), (0, n)), block(r, (0, n), (0, n)))
    if q.shape[-1] > n:
        dq, dr = _completed(q, dq), padded(dr, m, n)
    return out, [dq, dr, *ends]


# With c = dx r^-1 and p = q^H c: q^H dq is the anti-Hermitian part o that agrees with p below the
# diagonal; dr = (p - o) r is upper triangular with a real diagonal of p - o.
def _thin(t: Any, q: Any, r: Any) -> tuple[Any, Any]:
    c = triangular_solve(r, t)
    p = matmul(adjoint(q), c)
    below = lower_part(p, -1)
    turn = sub(below, adjoint(below))
    if is_complex(p):
        phase = imag(select(on_diagonal(p.shape), p, full_like(p, 0)))
        turn = add_any(turn, complex(const(phase, 0), phase))
    rest = sub(p, turn)
    return sub(c, matmul(q, rest)), matmul(rest, r)


def _wide(t: Any, q: Any, r: Any) -> tuple[Any, Any]:
    """The first columns decide q; the others are x2 = q r2."""
    m, n = t.shape[-2:]
    dq, first = _thin(block(t, (0, m), (0, m)), q, block(r, (0, m), (0, m)))
    x2 = matmul(q, block(r, (0, m), (m, n)))
    second = add_any(matmul(adjoint(dq), x2), matmul(adjoint(q), block(t, (0, m), (m, n))))
    return dq, concatenate([first, second], len(t.shape) - 1)


def _completed(q: Any, dq: Any) -> Any:
    """The change of all columns of q from that of the first n.

    A product of n reflections q has q2 = e2 + (q1 - e1) z^H for its other columns, where e is the
    identity and z = q[n:, :n] (q[:n, :n] - 1)^-1.
    """
    m, n = dq.shape[-2:]
    top, bottom = block(q, (0, n), (0, n)), block(q, (n, m), (0, n))
    system = adjoint(sub(top, eye_like(top)))
    factors, pivots, _ = lu_p.bind(system)
    zh = lu_solve(system, factors, pivots, adjoint(bottom))
    moved = sub(block(dq, (n, m), (0, n)), matmul(adjoint(zh), block(dq, (0, n), (0, n))))
    dzh = lu_solve(system, factors, pivots, adjoint(moved))
    first = block(q, (0, m), (0, n))
    first = sub(first, eye_like(first))
    others = add_any(matmul(dq, zh), matmul(first, dzh))
    return concatenate([dq, others], len(q.shape) - 1)
