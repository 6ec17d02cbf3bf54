"""Minimization by BFGS: algorithm 6.1 of Nocedal and Wright, Numerical Optimization (1999)."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ... import lax
from ... import numpy as pnp
from ...transforms.grad import value_and_grad
from .line_search import line_search


class State(NamedTuple):
    """Where the search is: the place, the inverse Hessian's estimate, and what happened."""

    x: Any
    value: Any
    gradient: Any
    inverse: Any
    value_before: Any
    iterations: Any
    evaluations: Any
    converged: Any
    failed: Any
    status: Any


def minimize_bfgs(
    fun: Callable[[Any], Any],
    x0: Any,
    maxiter: int | None = None,
    norm: Any = np.inf,
    gtol: float = 1e-5,
    line_search_maxiter: int = 10,
) -> State:
    """A minimum near x0; its `status` is 0, 1 (maxiter), 2 + that of the line search, or -1."""
    most = x0.size * 200 if maxiter is None else maxiter

    def unfinished(s: State) -> Any:
        return ~s.converged & ~s.failed & (s.iterations < most)

    def step(s: State) -> State:
        return _step(fun, s, unfinished(s), norm, gtol, line_search_maxiter)

    value, gradient = value_and_grad(fun)(x0)
    size = pnp.linalg.norm
    state = State(
        x=x0,
        value=value,
        gradient=gradient,
        inverse=pnp.eye(x0.shape[0], dtype=x0.dtype),
        value_before=value + size(gradient) / 2,
        iterations=pnp.int32(0),
        evaluations=pnp.int32(1),
        converged=size(gradient, ord=norm) < gtol,
        failed=pnp.bool_(False),
        status=pnp.int32(0),
    )
    end = lax.while_loop(unfinished, step, state)
    stopped = pnp.where(end.failed, 2 + end.status, -1)
    status = pnp.where(end.iterations == most, 1, stopped)
    return end._replace(status=pnp.where(end.converged, 0, status))


def _step(
    fun: Callable[[Any], Any], s: State, wanted: Any, norm: Any, gtol: float, searches: int
) -> State:
    direction = -pnp.dot(s.inverse, s.gradient, precision="highest")
    found = line_search(
        fun,
        s.x,
        direction,
        s.value,
        s.gradient,
        value_before=s.value_before,
        maxiter=searches,
        wanted=wanted,
    )
    moved = found.size * direction
    return State(
        x=s.x + moved,
        value=found.value,
        gradient=found.gradient,
        inverse=_updated(s.inverse, moved, found.gradient - s.gradient),
        value_before=s.value,
        iterations=s.iterations + 1,
        evaluations=s.evaluations + found.evaluations,
        converged=pnp.linalg.norm(found.gradient, ord=norm) < gtol,
        failed=found.failed,
        status=found.status.astype(s.status.dtype),
    )


def _updated(inverse: Any, s: Any, y: Any) -> Any:
    """(1 - r s y^T) H (1 - r y s^T) + r s s^T with r = 1 / (y . s); H where r is not finite."""
    r = 1 / pnp.dot(y, s, precision="highest")
    w = pnp.eye(s.shape[0], dtype=s.dtype) - r * s[:, None] * y[None, :]
    product = pnp.einsum("ij,jk,lk", w, inverse, w, precision="highest")
    return pnp.where(pnp.isfinite(r), product + r * s[:, None] * s[None, :], inverse)
