"""fwd_and_bwd: the two halves of reverse mode as two compiled functions."""

from collections.abc import Callable, Sequence
from typing import Any

from .jit import jit
from .transforms.flat import check_function, positions, select_argnums
from .transforms.grad import vjp


def fwd_and_bwd(
    fun: Callable[..., Any],
    argnums: int | Sequence[int],
    has_aux: bool = False,
    jitted: bool = True,
) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The forward and the backward pass of `fun`, each compiled once for many steps.

    Args:
      fun: function of arrays or pytrees of arrays.
      argnums: position, or positions, of the arguments to differentiate.
      has_aux: whether `fun` returns a pair (result, aux).
      jitted: whether the two are compiled.

    Returns:
      (fwd, bwd) with `fwd(*args)` the pair (result, residuals), and aux if `has_aux`, and
      `bwd(residuals, ct)` the cotangent of the argument, or a tuple of them for several argnums.

    >>> import pullback as pb
    >>> fwd, bwd = pb.fwd_and_bwd(pb.numpy.sin, 0)
    >>> y, residuals = fwd(0.0)
    >>> float(bwd(residuals, 2.0))
    2.0
    """
    check_function(fun, "fwd_and_bwd")
    chosen = positions(argnums, "fwd_and_bwd")

    def fwd(*args: Any, **kwargs: Any) -> Any:
        of_chosen, primals = select_argnums(fun, chosen, args, "fwd_and_bwd")
        return vjp(lambda *xs: of_chosen(*xs, **kwargs), *primals, has_aux=has_aux)

    def bwd(residuals: Any, ct: Any) -> Any:
        cotangents = residuals(ct)
        return cotangents if isinstance(argnums, (tuple, list)) else cotangents[0]

    return (jit(fwd), jit(bwd)) if jitted else (fwd, bwd)
