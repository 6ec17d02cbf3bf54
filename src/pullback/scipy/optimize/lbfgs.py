"""Minimization by BFGS in limited memory: algorithms 7.4 and 7.5 of Nocedal and Wright (2006)."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ... import lax
from ... import numpy as pnp
from ...transforms.grad import value_and_grad
from .line_search import Step, dot, line_search


class State(NamedTuple):
    """Where the search is, and what the last steps were: changes of x and of the gradient."""

    x: Any
    value: Any
    gradient: Any
    moves: Any
    turns: Any
    weights: Any
    scale: Any
    iterations: Any
    evaluations: Any
    converged: Any
    failed: Any
    status: Any


def minimize_lbfgs(
    fun: Callable[[Any], Any],
    x0: Any,
    maxiter: float | None = None,
    norm: Any = np.inf,
    maxcor: int = 10,
    ftol: float = 2.220446049250313e-09,
    gtol: float = 1e-05,
    maxfun: float | None = None,
    maxgrad: float | None = None,
    maxls: int = 20,
) -> State:
    """A minimum near x0, with `maxcor` steps remembered.

    `status` is 0, 1 to 3 (maxiter, maxfun, maxgrad), 4 (ftol) or 5 (no step was found).
    """
    if maxiter is None and maxfun is None and maxgrad is None:
        maxiter = 200 * x0.shape[0]
    limits = [np.inf if limit is None else limit for limit in (maxiter, maxfun, maxgrad)]

    def unfinished(s: State) -> Any:
        return ~s.converged & ~s.failed

    def step(s: State) -> State:
        direction = _direction(s)
        found = line_search(
            fun, s.x, direction, s.value, s.gradient, maxiter=maxls, wanted=unfinished(s)
        )
        converged = pnp.linalg.norm(found.gradient, ord=norm) < gtol
        status = _status(s, found, limits, ftol)
        failed = (status > 0) & ~converged
        after = _moved(s, direction, found)
        status = pnp.where(converged, 0, status).astype(s.status.dtype)
        return after._replace(converged=converged, failed=failed, status=status)

    state = _start(fun, x0, maxcor)
    return lax.while_loop(unfinished, step, state)


def _start(fun: Callable[[Any], Any], x0: Any, maxcor: int) -> State:
    no, zero = pnp.bool_(False), pnp.int32(0)
    value, gradient = value_and_grad(fun)(x0)
    history = pnp.zeros((maxcor, x0.shape[0]), x0.dtype)
    return State(
        x=x0,
        value=value,
        gradient=gradient,
        moves=history,
        turns=history,
        weights=pnp.zeros(maxcor, value.dtype),
        scale=pnp.ones_like(value),
        iterations=zero,
        evaluations=zero + 1,
        converged=no,
        failed=no,
        status=zero,
    )


def _status(s: State, found: Step, limits: list[Any], ftol: float) -> Any:
    """Why to stop here, the most severe reason first."""
    maxiter, maxfun, maxgrad = limits
    reasons = [
        found.failed,
        s.iterations >= maxiter,
        s.evaluations >= maxfun,
        s.evaluations >= maxgrad,
        s.value - found.value < ftol,
    ]
    return pnp.select(reasons, [pnp.int32(k) for k in (5, 1, 2, 3, 4)], 0)


def _moved(s: State, direction: Any, found: Step) -> State:
    move = found.size.astype(direction.dtype) * direction
    turn = found.gradient - s.gradient
    product = pnp.real(dot(turn, move))
    scale = product / pnp.real(dot(pnp.conj(turn), turn))
    return s._replace(
        x=s.x + move,
        value=found.value,
        gradient=found.gradient,
        moves=_pushed(s.moves, move),
        turns=_pushed(s.turns, turn),
        weights=_pushed(s.weights, 1 / product),
        scale=scale.astype(s.scale.dtype),
        iterations=s.iterations + 1,
        evaluations=s.evaluations + found.evaluations,
    )


def _pushed(history: Any, new: Any) -> Any:
    return pnp.roll(history, -1, axis=0).at[-1].set(new)


def _direction(s: State) -> Any:
    """Minus the gradient times the inverse Hessian's estimate, by two loops over the history."""
    size = s.weights.shape[0]
    known = pnp.minimum(s.iterations, size)

    def back(j: Any, carry: Any) -> Any:
        q, parts = carry
        i = size - 1 - j
        part = s.weights[i] * pnp.real(dot(pnp.conj(s.moves[i]), q))
        return q - part * pnp.conj(s.turns[i]), parts.at[i].set(part)

    def forth(j: Any, q: Any) -> Any:
        i = size - known + j
        part = s.weights[i] * pnp.real(dot(s.turns[i], q))
        return q + (parts[i] - part) * s.moves[i]

    start = (-pnp.conj(s.gradient), pnp.zeros_like(s.weights))
    q, parts = lax.fori_loop(0, known, back, start)
    return lax.fori_loop(0, known, forth, s.scale * q)
