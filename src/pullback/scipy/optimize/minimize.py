"""`minimize` and what it returns."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ...dtypes import default_dtype
from ...numpy.elementwise import as_inexact, strong
from ...primitives.convert import convert_element_type
from .bfgs import minimize_bfgs
from .lbfgs import minimize_lbfgs

METHODS: dict[str, Callable[..., Any]] = {
    "bfgs": minimize_bfgs,
    "l-bfgs-experimental-do-not-rely-on-this": minimize_lbfgs,
}


class OptimizeResults(NamedTuple):
    """What a minimization found.

    x: the place, shape (n,); success: whether it is a minimum, by the gradient's size; status: why
    the search ended, 0 where it converged; fun: the value; jac: the gradient; hess_inv: the
    estimate of the inverse Hessian, shape (n, n), or None; nfev, njev: how often the function and
    its gradient were computed; nit: steps.

    >>> f = lambda x: pnp.sum((x - 1) ** 2)
    >>> found = pb.scipy.optimize.minimize(f, pnp.zeros(2), method="BFGS")
    >>> bool(found.success), found.x.round(3)
    (True, Array([1., 1.], dtype=float32))
    """

    x: Any
    success: Any
    status: Any
    fun: Any
    jac: Any
    hess_inv: Any
    nfev: Any
    njev: Any
    nit: Any


def minimize(
    fun: Callable[..., Any],
    x0: Any,
    args: tuple[Any, ...] = (),
    *,
    method: str,
    tol: float | None = None,
    options: Mapping[str, Any] | None = None,
) -> OptimizeResults:
    """A local minimum of `fun(x, *args)`, a real number, near the vector x0.

    `method` is "BFGS" or "l-bfgs-experimental-do-not-rely-on-this". `options` are, for both,
    maxiter, norm (the order of the gradient's norm), gtol (its size that counts as zero); for BFGS
    line_search_maxiter; for L-BFGS maxcor (remembered steps), ftol, maxfun, maxgrad, maxls. `tol`
    is accepted: gtol in `options` is what counts.

    >>> import pullback as pb
    >>> from pullback import numpy as pnp
    >>> from pullback.scipy.optimize import minimize
    >>> found = minimize(lambda x: pnp.sum((x - 2) ** 2), pnp.zeros(2), method="BFGS")
    >>> found.x.round(3)
    Array([2., 2.], dtype=float32)
    """
    if not isinstance(args, tuple):
        raise TypeError(
            f"minimize: args must be a tuple, got {args!r}: write args=(value,) for one argument"
        )
    search = METHODS.get(method.lower())
    if search is None:
        raise ValueError(f"Method {method} not recognized: give 'BFGS'")
    x = strong(as_inexact("minimize", x0))
    if x.ndim != 1:
        raise ValueError(
            f"minimize: x0 must be a vector, got shape {x.shape}: use flatten_util.ravel_pytree"
        )
    end = search(lambda v: fun(v, *args), x, **(options or {}))
    return OptimizeResults(
        x=end.x,
        success=end.converged & ~end.failed,
        status=_count(end.status),
        fun=end.value,
        jac=end.gradient,
        hess_inv=getattr(end, "inverse", None),
        nfev=_count(end.evaluations),
        njev=_count(end.evaluations),
        nit=_count(end.iterations),
    )


def _count(x: Any) -> Any:
    """A number as Python's are."""
    return convert_element_type(x, default_dtype(int), weak_type=True)
