"""What compiled programs compute for a user's operation: another program."""

from collections.abc import Callable
from typing import Any

from ..core.primitive import Primitive as Operation
from ..extend.primitive import Primitive

__all__ = ["Lowering", "lower_fun", "register_lowering"]


class Lowering:
    """The program of a function as a lowering.

    >>> from pullback.interpreters import mlir
    >>> mlir.Lowering(lambda x: 2 * x, multiple_results=False)(3.0)
    [6.0]
    """

    __slots__ = ("fun", "multiple_results")

    def __init__(self, fun: Callable[..., Any], multiple_results: bool) -> None:
        self.fun = fun
        self.multiple_results = multiple_results

    def __call__(self, *args: Any, **params: Any) -> list[Any]:
        out = self.fun(*args, **params)
        return list(out) if self.multiple_results else [out]


def lower_fun(fun: Callable[..., Any], multiple_results: bool = True) -> Lowering:
    """A lowering: the program of a function of the operation's arguments and parameters.

    Args:
      fun: `fun(*args, **params)`, of operations that have lowerings.
      multiple_results: whether it returns a sequence of results.

    >>> from pullback.interpreters import mlir
    >>> mlir.lower_fun(lambda x: 2 * x, multiple_results=False)(3.0)
    [6.0]
    """
    return Lowering(fun, multiple_results)


def register_lowering(
    prim: Operation,
    rule: Callable[..., Any],
    platform: str | None = None,
    inline: bool = True,
    cacheable: bool = True,
) -> None:
    """Set what compiled programs compute for a user's operation.

    Args:
      prim: a `pullback.extend.core.Primitive`.
      rule: what `lower_fun` returns. A rule that writes MLIR is not used: compiled programs call
        the operation's `impl` back instead.
      platform: None, or "cpu" for the host; any for a rule that writes MLIR.
      inline, cacheable: accepted; have no effect.

    >>> from pullback.extend.core import Primitive
    >>> from pullback.interpreters import mlir
    >>> half_p = Primitive("half")
    >>> half = half_p.def_impl(lambda x: x / 2)
    >>> half_type = half_p.def_abstract_eval(lambda x: x)
    >>> mlir.register_lowering(half_p, mlir.lower_fun(lambda x: x / 2, multiple_results=False))
    >>> pb.jit(half_p.bind)(3.0)
    Array(1.5, dtype=float32, weak_type=True)
    """
    if not isinstance(prim, Primitive):
        raise NotImplementedError(f"register_lowering: {prim.name} is not an operation of a user's")
    if not isinstance(rule, Lowering):
        return
    if platform not in (None, "cpu"):
        raise NotImplementedError(
            f"register_lowering: there are no lowerings for {platform!r} alone: give none"
        )
    prim.lowering = rule
