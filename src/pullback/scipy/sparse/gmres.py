"""Generalized minimal residuals: least squares in Krylov spaces, built again and again.

The columns of V are an orthonormal basis of the space; h[k] tells m(a(V[k])) in that basis.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from ... import lax
from ... import numpy as pnp
from ..linalg import solve_triangular
from .krylov import Operator, Target, norm

Restart = Callable[..., Any]


class Problem(NamedTuple):
    """The matrix, its approximate inverse, and how small a residual (times m) may be."""

    a: Operator
    m: Operator
    small: Any


def _unit(x: Any, smallest: Any) -> tuple[Any, Any]:
    """x as a unit vector and its norm; zeros where the norm is at most `smallest`."""
    size = norm(x)
    there = size > smallest
    safe = pnp.where(there, size, 1).astype(x.dtype)
    return pnp.where(there, x / safe, 0), pnp.where(there, size, 0)


def _eps(x: Any) -> Any:
    return pnp.finfo(x.dtype).eps


def _dot(x: Any, y: Any) -> Any:
    return pnp.dot(x, y, precision="highest")


def _next_vector(p: Problem, k: Any, basis: Any) -> tuple[Any, Any, Any]:
    """The basis with one more column, its parts of the new vector, and the new vector's norm.

    The new vector is made orthogonal twice, which is enough.
    """
    v = p.m(p.a(basis[:, k]))
    size, parts = norm(v), pnp.zeros(basis.shape[1], v.dtype)
    for _ in range(2):
        more = _dot(pnp.conj(basis.T), v)
        v, parts = v - _dot(basis, more), parts + more
    unit, rest = _unit(v, _eps(v) * size)
    return basis.at[:, k + 1].set(unit), parts.at[k + 1].set(rest.astype(v.dtype)), rest


def _first(r: Any, restart: int) -> tuple[Any, Any, Any]:
    """A basis of the residual alone, the coefficients of the residual, and its norm."""
    unit, size = _unit(r, _eps(r))
    basis = pnp.zeros((r.shape[0], restart + 1), r.dtype).at[:, 0].set(unit)
    return basis, pnp.zeros(restart + 1, r.dtype).at[0].set(size.astype(r.dtype)), size


def _batched(p: Problem, r: Any, restart: int) -> Any:
    """The change of x, from the whole space."""
    basis, right, size = _first(r, restart)

    def step(state: Any) -> Any:
        basis, h, _, k = state
        basis, row, rest = _next_vector(p, k, basis)
        return basis, h.at[k].set(row), rest == 0, k + 1

    h = pnp.eye(restart, restart + 1, dtype=r.dtype)
    state = (basis, h, size == 0, pnp.int32(0))
    basis, h, _, _ = lax.while_loop(lambda s: ~s[2] & (s[3] < restart), step, state)
    q, upper = pnp.linalg.qr(h.T)
    return _dot(basis[:, :-1], solve_triangular(upper, _dot(pnp.conj(q.T), right)))


def _turned(x: Any, k: Any, c: Any, s: Any) -> Any:
    """A vector with its elements k, k + 1 rotated."""
    first, second = x[k], x[k + 1]
    x = x.at[k].set(pnp.conj(c) * first - pnp.conj(s) * second)
    return x.at[k + 1].set(s * first + c * second)


def _rotation(a: Any, b: Any) -> tuple[Any, Any]:
    """c and s of the rotation that turns (a, b) into (r, 0)."""
    steep = pnp.abs(a) < pnp.abs(b)
    t = -pnp.where(steep, a, b) / pnp.where(steep, b, a)
    r = lax.rsqrt(1 + pnp.abs(t) ** 2).astype(t.dtype)
    none = b == 0
    c = pnp.where(none, 1, pnp.where(steep, r * t, r))
    return c, pnp.where(none, 0, pnp.where(steep, r, r * t))


def _incremental(p: Problem, r: Any, restart: int) -> Any:
    """The change of x, from a space that is as large as it needs to be.

    Rotations keep the least squares problem triangular; the last coefficient is the residual.
    """
    basis, right, size = _first(r, restart)

    def step(state: Any) -> Any:
        basis, upper, turns, right, _, k = state
        basis, row, _ = _next_vector(p, k, basis)
        row = lax.fori_loop(0, k, lambda i, x: _turned(x, i, turns[i, 0], turns[i, 1]), row)
        c, s = _rotation(row[k], row[k + 1])
        turns = turns.at[k].set(pnp.stack([c, s]))
        right = _turned(right, k, c, s)
        upper = upper.at[k].set(_turned(row, k, c, s))
        return basis, upper, turns, right, pnp.abs(right[k + 1]), k + 1

    def unfinished(state: Any) -> Any:
        return (state[-1] < restart) & (state[-2] > p.small)

    upper = pnp.eye(restart, restart + 1, dtype=r.dtype)
    turns = pnp.zeros((restart, 2), r.dtype)
    state = (basis, upper, turns, right, size, pnp.int32(0))
    basis, upper, _, right, _, k = lax.while_loop(unfinished, step, state)
    right = pnp.where(pnp.arange(restart) < k, right[:-1], 0)
    return _dot(basis[:, :-1], solve_triangular(upper[:, :-1].T, right))


METHODS: dict[str, Restart] = {"batched": _batched, "incremental": _incremental}


def solve_gmres(
    target: Target, build: Restart, restart: int, a: Operator, b: Any, x0: Any, m: Operator
) -> Any:
    """The solution, improved in one space after another."""
    small = target.norm(b)
    inner = norm(m(b)) * pnp.minimum(1, small / norm(b))
    problem = Problem(a, m, inner)

    def step(state: Any) -> Any:
        x, r, _, k = state
        x = x + build(problem, r, restart)
        r = m(b - a(x))
        return x, r, norm(r), k + 1

    r = m(b - a(x0))
    state = (x0, r, norm(r), pnp.int32(0))
    return lax.while_loop(lambda s: (s[3] < target.maxiter) & (s[2] > small), step, state)[0]
