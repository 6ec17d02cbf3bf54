"""Conjugate gradients, and their stabilized form for matrices that are not symmetric."""

from collections.abc import Callable
from typing import Any, NamedTuple

from ... import lax
from ... import numpy as pnp

Operator = Callable[[Any], Any]


class Target(NamedTuple):
    """When a residual is small enough, and how many steps to take at most."""

    tol: Any
    atol: Any
    maxiter: Any

    def norm(self, b: Any) -> Any:
        """The norm that a residual shall reach."""
        return pnp.maximum(self.tol * norm(b), self.atol)


def vdot(x: Any, y: Any) -> Any:
    """conj(x) . y in full precision."""
    return pnp.vdot(x, y, precision="highest")


def norm(x: Any) -> Any:
    """The length of a vector."""
    return pnp.sqrt(pnp.real(vdot(x, x)))


def solve_cg(target: Target, a: Operator, b: Any, x0: Any, m: Operator) -> Any:
    """Steps along directions that are orthogonal with respect to a."""
    small = target.norm(b) ** 2

    def unfinished(state: Any) -> Any:
        _, r, _, _, k = state
        return (pnp.real(vdot(r, r)) > small) & (k < target.maxiter)

    def step(state: Any) -> Any:
        x, r, gamma, p, k = state
        ap = a(p)
        alpha = (gamma / pnp.real(vdot(p, ap))).astype(b.dtype)
        x, r = x + alpha * p, r - alpha * ap
        z = m(r)
        after = pnp.real(vdot(r, z))
        return x, r, after, z + (after / gamma).astype(b.dtype) * p, k + 1

    r = b - a(x0)
    p = m(r)
    return lax.while_loop(unfinished, step, (x0, r, pnp.real(vdot(r, p)), p, pnp.int32(0)))[0]


def solve_bicgstab(target: Target, a: Operator, b: Any, x0: Any, m: Operator) -> Any:
    """Steps of biconjugate gradients, each followed by one of least residual.

    The count is negative where a product vanishes and no further step is possible.
    """
    small = target.norm(b) ** 2

    def unfinished(state: Any) -> Any:
        r, k = state[1], state[-1]
        return (pnp.real(vdot(r, r)) > small) & (k < target.maxiter) & (k >= 0)

    def step(state: Any) -> Any:
        x, r, alpha, omega, rho, p, q, k = state
        rho_before, rho = rho, vdot(r0, r)
        p = r + rho / rho_before * alpha / omega * (p - omega * q)
        along = m(p)
        q = a(along)
        alpha = rho / vdot(r0, q)
        s = r - alpha * q
        enough = pnp.real(vdot(s, s)) < small
        across = m(s)
        t = a(across)
        omega = vdot(t, s) / vdot(t, t)
        x = x + alpha * along + pnp.where(enough, 0, omega * across)
        r = pnp.where(enough, s, s - omega * t)
        k = pnp.where((rho == 0) | (omega == 0) | (alpha == 0), -10, k + 1)
        return x, r, alpha, omega, rho, p, q, k

    r0 = b - a(x0)
    one = pnp.ones((), b.dtype)
    start = (x0, r0, one, one, one, r0, r0, pnp.int32(0))
    return lax.while_loop(unfinished, step, start)[0]
