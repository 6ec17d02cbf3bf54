"""Linear equations by products with the matrix alone: cg, bicgstab, gmres.

The solvers see one flat vector. Derivatives are implicit: they solve another such equation.
"""

import operator
from collections.abc import Callable
from functools import partial
from typing import Any

from ... import lax, tree
from ... import numpy as pnp
from ...flatten_util import ravel_pytree
from ...numpy.values import describe, is_array
from .gmres import METHODS, solve_gmres
from .krylov import Operator, Target, solve_bicgstab, solve_cg

Solver = Callable[..., Any]


def _operator(name: str, f: Any) -> Operator:
    """The product with a matrix or something like it."""
    if callable(f) and not is_array(f):
        return f
    if not hasattr(f, "__matmul__"):
        raise TypeError(f"{name}: linear operator must be either a function or ndarray: {f}")
    shape = getattr(f, "shape", None)
    if shape is not None and (len(shape) != 2 or shape[0] != shape[1]):
        raise ValueError(f"{name}: linear operator must be a square matrix, but has shape: {shape}")
    if is_array(f):
        return partial(pnp.dot, f, precision="highest")
    return partial(operator.matmul, f)


def _start(name: str, b: Any, x0: Any) -> Any:
    """The start, of the right side's structure and shapes."""
    if x0 is None:
        return tree.map(pnp.zeros_like, b)
    structures = tree.structure(x0), tree.structure(b)
    if structures[0] != structures[1]:
        raise ValueError(
            f"{name}: x0 and b must have matching tree structure:"
            f" {structures[0]} vs {structures[1]}"
        )
    shapes = [[pnp.shape(v) for v in tree.leaves(t)] for t in (x0, b)]
    if shapes[0] != shapes[1]:
        raise ValueError(
            f"{name}: arrays in x0 and b must have matching shapes: {shapes[0]} vs {shapes[1]}"
        )
    return x0


def _solve(name: str, solver: Solver, a: Any, b: Any, x0: Any, m: Any, symmetric: bool) -> Any:
    """The tree x with a(x) = b, by `solver(a, b, x0, m)` on flat vectors."""
    flat_b, unravel = ravel_pytree(b)
    if not pnp.issubdtype(flat_b.dtype, pnp.inexact):
        raise TypeError(f"{name}: b must hold floating-point numbers, got {describe(flat_b)}")
    flat_x0 = ravel_pytree(_start(name, b, x0))[0].astype(flat_b.dtype)

    def flat(f: Operator) -> Operator:
        return lambda v: ravel_pytree(f(unravel(v)))[0].astype(v.dtype)

    inverse = (lambda v: v) if m is None else flat(_operator(name, m))

    def solve(product: Operator, right: Any) -> Any:
        return solver(product, right, flat_x0, inverse)

    x = lax.custom_linear_solve(
        flat(_operator(name, a)), flat_b, solve, transpose_solve=solve, symmetric=symmetric
    )
    return unravel(x)


def _real(b: Any) -> bool:
    return not any(pnp.iscomplexobj(x) for x in tree.leaves(b))


def _size(b: Any) -> int:
    return sum(pnp.size(x) for x in tree.leaves(b))


def cg(
    A: Any,
    b: Any,
    x0: Any = None,
    *,
    tol: Any = 1e-5,
    atol: Any = 0.0,
    maxiter: int | None = None,
    M: Any = None,
) -> tuple[Any, None]:
    """The solution x of A x = b for Hermitian positive definite A, by conjugate gradients.

    A is a matrix of shape (n, n), a function of arrays or trees like b, or has `@`; so is M, an
    approximation of A's inverse. The iteration starts at x0 (zeros) and ends when the residual's
    norm is at most max(tol * norm(b), atol), or after `maxiter` steps, 10 for each number in b.
    Returns x and None. Source: Hestenes and Stiefel (1952).

    >>> import pullback as pb
    >>> from pullback import numpy as pnp
    >>> x, _ = pb.scipy.sparse.linalg.cg(pnp.array([[2.0, 1.0], [1.0, 3.0]]), pnp.array([3.0, 5.0]))
    >>> x.round(3)
    Array([0.8, 1.4], dtype=float32)
    """
    target = Target(tol, atol, 10 * _size(b) if maxiter is None else maxiter)
    return _solve("cg", partial(solve_cg, target), A, b, x0, M, _real(b)), None


def bicgstab(
    A: Any,
    b: Any,
    x0: Any = None,
    *,
    tol: Any = 1e-5,
    atol: Any = 0.0,
    maxiter: int | None = None,
    M: Any = None,
) -> tuple[Any, None]:
    """The solution x of A x = b for any A, by stabilized biconjugate gradients.

    The arguments are those of `cg`. Source: van der Vorst, SIAM J. Sci. Stat. Comput. 13 (1992).

    >>> a = pnp.array([[4.0, 1.0], [2.0, 3.0]])
    >>> x, _ = pb.scipy.sparse.linalg.bicgstab(lambda v: a @ v, pnp.array([6.0, 8.0]))
    >>> x.round(3)
    Array([1., 2.], dtype=float32)
    """
    target = Target(tol, atol, 10 * _size(b) if maxiter is None else maxiter)
    return _solve("bicgstab", partial(solve_bicgstab, target), A, b, x0, M, False), None


def gmres(
    A: Any,
    b: Any,
    x0: Any = None,
    *,
    tol: Any = 1e-5,
    atol: Any = 0.0,
    restart: int = 20,
    maxiter: int | None = None,
    M: Any = None,
    solve_method: str = "batched",
) -> tuple[Any, Any]:
    """The solution x of A x = b for any A, by least residuals in Krylov spaces.

    The arguments are those of `cg`; `restart` is the dimension of the spaces, `maxiter` how many
    are built. With `solve_method` "batched" a least squares problem is solved for each, with
    "incremental" rotations tell early that the space is large enough. Returns x and 0, or -1 where
    x holds NaN. Source: Saad and Schultz, SIAM J. Sci. Stat. Comput. 7 (1986).

    >>> a = pnp.array([[4.0, 1.0], [2.0, 3.0]])
    >>> x, _ = pb.scipy.sparse.linalg.gmres(lambda v: a @ v, pnp.array([6.0, 8.0]))
    >>> x.round(3)
    Array([1., 2.], dtype=float32)
    """
    if solve_method not in METHODS:
        raise ValueError(
            f"invalid solve_method {solve_method}, must be either 'incremental' or 'batched'"
        )
    size = _size(b)
    target = Target(tol, atol, 10 * size if maxiter is None else maxiter)
    solver = partial(solve_gmres, target, METHODS[solve_method], min(restart, size))
    x = _solve("gmres", solver, A, b, x0, M, False)
    bad = [pnp.any(pnp.isnan(leaf)) for leaf in tree.leaves(x)]
    return x, pnp.where(pnp.any(pnp.stack(bad)), -1, 0)


__all__ = ["bicgstab", "cg", "gmres"]
