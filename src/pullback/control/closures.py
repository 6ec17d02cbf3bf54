"""Functions that capture values: the values as arguments, and as residuals of a backward rule."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .. import dtypes, tree
from ..core.stage import JaxprFunction, eval_jaxpr, stage, stage_hoisted
from ..core.trace import Tracer, get_aval
from ..transforms.batch import BatchTracer
from ..transforms.flat import Flat, arguments, check_function, result_text
from ..transforms.jvp import JVPTracer
from ..transforms.make_jaxpr import abstract
from ..transforms.named import function_name, wraps
from ..transforms.program import pick
from ..tree.nodes import Partial
from .custom_vjp import custom_vjp


def closure_convert(
    fun: Callable[..., Any], *example_args: Any
) -> tuple[Callable[..., Any], list[Any]]:
    """A function without hidden inputs: what it captured and may be differentiated is passed.

    A rule of its own sees a function's arguments only. So a function that takes another function
    `fun` converts it first, and passes what that captured through the rule as arguments.

    Args:
      fun: pure function of arrays or pytrees of arrays.
      example_args: arguments like those that the converted function will be called with.

    Returns:
      A pair: a function of the arguments of `fun` followed by the captured values, and the list
      of those. Captured arrays that nothing differentiates stay inside.

    >>> import pullback as pb
    >>> def scaled(a):
    ...     f, captured = pb.closure_convert(lambda x: a * x, 1.0)
    ...     return f(2.0, *captured)
    >>> float(pb.grad(scaled)(3.0))
    2.0
    """
    check_function(fun, "closure_convert")
    flat, in_tree = tree.flatten(example_args)
    f = Flat(fun, in_tree, name="closure_convert")
    closed = stage(f, [abstract(x, "closure_convert") for x in flat], "closure_convert")
    passed = [_may_move(c) for c in closed.consts]
    count = sum(passed)

    def converted(*args: Any) -> Any:
        n = len(args) - count
        leaves, got = arguments(args[:n], "closure_convert")
        if got != in_tree:
            raise TypeError(
                f"closure_convert: {function_name(fun)} was converted for arguments of structure"
                f" {in_tree}, got {got}"
            )
        rest = iter(args[n:])
        consts = [next(rest) if p else c for c, p in zip(closed.consts, passed, strict=True)]
        return f.out_tree.unflatten(eval_jaxpr(closed.jaxpr, consts, *leaves))

    converted.__name__ = function_name(fun)
    return converted, pick(closed.consts, passed)


def _may_move(x: Any) -> bool:
    """Whether a captured value may be differentiated, now or once a program is written."""
    if isinstance(x, BatchTracer):
        return _may_move(x.value)
    if isinstance(x, JVPTracer):
        return True
    return isinstance(x, Tracer) and x.aval.tangent().dtype != dtypes.float0


@dataclass(frozen=True)
class _Pullback:
    """A backward rule as a program of (what it captured, cotangents)."""

    program: JaxprFunction
    ct_tree: Any
    out_tree: Any

    def __call__(self, *args: Any) -> Any:
        *captured, ct = args
        leaves, got = tree.flatten((ct,))
        assert got == self.ct_tree, "cotangents have the structure of the results"
        out = self.out_tree.unflatten(self.program(*captured, *leaves))
        return (out,) if self.out_tree.is_leaf() else out


def custom_gradient(fun: Callable[..., Any]) -> Callable[..., Any]:
    """A function with a reverse derivative of its own, from one that returns both.

    Args:
      fun: function that returns a pair: its result, and a function of the result's cotangent that
        returns those of the arguments, a tuple where there are several. That function may use
        what `fun` computed, but no Python control flow on values.

    Returns:
      The function with the first of the pair as its result.

    >>> import pullback as pb
    >>> @pb.custom_gradient
    ... def f(x):
    ...     return x**2, lambda ct: (ct * x,)
    >>> float(f(3.0)), float(pb.grad(f)(3.0))
    (9.0, 3.0)
    """
    check_function(fun, "custom_gradient")

    @custom_vjp
    @wraps(fun)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return _pair(fun, fun(*args, **kwargs))[0]

    def forward(*args: Any, **kwargs: Any) -> Any:
        result, rule = _pair(fun, fun(*args, **kwargs))
        flat, ct_tree = tree.flatten((result,))
        f = Flat(rule, ct_tree, name="custom_gradient")
        avals = [get_aval(x).tangent() for x in flat]
        program, captured = stage_hoisted(f, avals, "custom_gradient")
        return result, Partial(_Pullback(JaxprFunction(program), ct_tree, f.out_tree), *captured)

    wrapped.defvjp(forward, lambda pullback, ct: pullback(ct))
    return wrapped


def _pair(fun: Callable[..., Any], out: Any) -> Any:
    if not (isinstance(out, (tuple, list)) and len(out) == 2 and callable(out[1])):
        raise TypeError(
            f"custom_gradient: {function_name(fun)} must return a pair (result, function of its"
            f" cotangent), got {result_text(out)}"
        )
    return out
