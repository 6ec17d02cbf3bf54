"""checkpoint: keep a function's arguments for the backward pass and compute the rest again."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from ..core.aval import ShapedArray
from ..core.ir import Jaxpr, JaxprEqn
from ..core.memo import weak_memo
from ..core.primitive import Linear, Primitive, Zero
from ..core.stage import eval_jaxpr
from ..core.trace import get_aval
from ..transforms.flat import arguments, check_function, function_name
from ..transforms.program import (
    Mask,
    batched_jaxpr,
    jvp_jaxpr,
    linearize_jaxpr,
    pick,
    spread,
    stage_pure,
    transposed_jaxpr,
)
from .barrier import optimization_barrier
from .call import body_of, check_operands, interpret, jit_p, out_dims, to_front
from .region import hoist_region, stage_region
from .signature import without_nondiff

checkpoint_p = Primitive("checkpoint", multiple_results=True, higher=True)


@checkpoint_p.def_type
def _(*avals: ShapedArray, jaxpr: Jaxpr, name: str) -> list[ShapedArray]:
    check_operands(f"checkpoint of {name}", jaxpr.in_avals, avals)
    return jaxpr.out_avals


@checkpoint_p.def_value
def _(*args: Any, jaxpr: Jaxpr, name: str) -> list[Any]:
    return interpret(jaxpr, *args)


@checkpoint_p.def_inline
def _(eqn: JaxprEqn) -> Jaxpr:
    return body_of(eqn, eqn.params["jaxpr"])


@checkpoint_p.def_jvp
def _(primals: Sequence[Any], tangents: Sequence[Any], *, jaxpr: Jaxpr, name: str) -> Any:
    nonzero = tuple(type(t) is not Zero for t in tangents)
    n = len(jaxpr.outvars)
    program, found = jvp_jaxpr(jaxpr, nonzero, (False,) * n)
    outs = checkpoint_p.bind(*primals, *pick(tangents, nonzero), jaxpr=program, name=name)
    return outs[:n], spread(outs[n:], found, jaxpr.out_avals)


@checkpoint_p.def_linearize
def _(primals: Sequence[Any], nonzero: Sequence[bool], *, jaxpr: Jaxpr, name: str) -> Any:
    mask = tuple(nonzero)
    split = linearize_jaxpr(jaxpr, mask, (False,) * len(jaxpr.outvars))
    outs = checkpoint_p.bind(*primals, jaxpr=values_only(jaxpr, mask), name=name)
    again = recomputed(jaxpr, mask)

    def linear(*tangents: Any) -> list[Any]:
        return checkpoint_p.bind(*primals, *tangents, jaxpr=again, name=name)

    return outs, split.nonzero_outs, linear


@weak_memo
def values_only(jaxpr: Jaxpr, nonzero: Mask) -> Jaxpr:
    """The program without residuals, in which functions with forward rules run those."""
    n = len(jaxpr.outvars)
    primal = linearize_jaxpr(jaxpr, nonzero, (False,) * n).primal
    return primal.replace(outvars=primal.outvars[:n])


@weak_memo
def recomputed(jaxpr: Jaxpr, nonzero: Mask) -> Jaxpr:
    """The program (arguments, nonzero tangents) -> nonzero tangents, linear in the tangents.

    It computes the residuals again, so nothing but the arguments waits for the backward pass.
    """
    n, m = len(jaxpr.invars), len(jaxpr.outvars)
    split = linearize_jaxpr(jaxpr, nonzero, (False,) * m)

    def fun(*args: Any) -> list[Any]:
        new = eval_jaxpr(split.primal, (), *args[:n])[m:]
        return eval_jaxpr(split.linear, (), *split.residuals(args[:n], new), *args[n:])

    tangents = [a.tangent() for a in pick(jaxpr.in_avals, nonzero)]
    return stage_pure(fun, [*jaxpr.in_avals, *tangents], "checkpoint")


@checkpoint_p.def_transpose
def _(cts: Sequence[Any], *args: Any, jaxpr: Jaxpr, name: str) -> list[Any]:
    linear = tuple(type(a) is Linear for a in args)
    nonzero = tuple(type(c) is not Zero for c in cts)
    program = transposed_jaxpr(jaxpr, linear, nonzero)
    # The barrier keeps the compiler from finding the recomputed values in the forward pass.
    known = optimization_barrier([a for a in args if type(a) is not Linear])
    found = iter(jit_p.bind(*known, *pick(cts, nonzero), name=name, jaxpr=program))
    return [next(found) if m else None for m in linear]


@checkpoint_p.def_batch
def _(args: Sequence[Any], dims: Sequence[Any], *, axis: Any, jaxpr: Jaxpr, name: str) -> Any:
    batched = tuple(d is not None for d in dims)
    program, found = batched_jaxpr(jaxpr, batched, (False,) * len(jaxpr.outvars), axis)
    return checkpoint_p.bind(*to_front(args, dims, axis), jaxpr=program, name=name), out_dims(found)


def checkpoint(
    fun: Callable[..., Any],
    *,
    prevent_cse: bool = True,
    policy: Callable[..., bool] | None = None,
    static_argnums: int | Sequence[int] = (),
) -> Callable[..., Any]:
    """`fun`, whose intermediate values are computed again in the backward pass, not kept.

    Args:
      fun: function of arrays or pytrees of arrays.
      prevent_cse: accepted; recomputation is always kept apart from the forward pass.
      policy: which values to keep; not supported.
      static_argnums: positions of arguments that are not arrays.

    Returns:
      A function with the same values and derivatives that needs less memory to differentiate.

    >>> import pullback as pb
    >>> float(pb.grad(pb.checkpoint(lambda x: pb.numpy.sin(x)))(0.0))
    1.0
    """
    check_function(fun, "checkpoint")
    if policy is not None:
        raise NotImplementedError("checkpoint: policy is not supported; leave it out")
    static = (static_argnums,) if isinstance(static_argnums, int) else tuple(static_argnums)

    @wraps(fun)
    def checkpoint_f(*args: Any, **kwargs: Any) -> Any:
        f, dynamic, _ = without_nondiff(fun, static, (), args)
        flat, in_tree = arguments((dynamic, kwargs), "checkpoint")
        region = stage_region(
            lambda a, k: f(*a, **k), in_tree, [get_aval(x) for x in flat], "checkpoint"
        )
        outs = checkpoint_p.bind(
            *region.consts, *flat, jaxpr=hoist_region(region), name=function_name(fun)
        )
        return region.out_tree.unflatten(outs)

    return checkpoint_f
