"""checkpoint: keep a function's arguments for the backward pass and compute the rest again."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ParamSpec, TypeVar

from ..core.aval import ShapedArray
from ..core.ir import Jaxpr, JaxprEqn
from ..core.primitive import Linear, Zero
from ..core.trace import get_aval
from ..lazy import LazyModule
from ..transforms.flat import arguments, check_function
from ..transforms.named import function_name, wraps
from ..transforms.program import batched_jaxpr, jvp_jaxpr, pick, spread, transposed_jaxpr
from .barrier import optimization_barrier
from .call import body_of, check_operands, interpret, out_dims, to_front
from .holding import HoldingPrimitive
from .region import hoist_region, settled, stage_touching_region
from .signature import without_nondiff

# Loaded when a checkpoint is differentiated.
recompute: Any = LazyModule(f"{__package__}.recompute")

_ABSENT: Any = object()

checkpoint_p = HoldingPrimitive("checkpoint")


@checkpoint_p.def_type
def _(*avals: ShapedArray, jaxpr: Jaxpr, name: str, **_: Any) -> list[ShapedArray]:
    check_operands(f"checkpoint of {name}", jaxpr.in_avals, avals)
    return jaxpr.out_avals


@checkpoint_p.def_value
def _(*args: Any, jaxpr: Jaxpr, **_: Any) -> list[Any]:
    return interpret(jaxpr, *args)


@checkpoint_p.def_inline
def _(eqn: JaxprEqn) -> Jaxpr:
    return body_of(eqn, eqn.params["jaxpr"])


@checkpoint_p.def_jvp
def _(primals: Sequence[Any], tangents: Sequence[Any], *, jaxpr: Jaxpr, **params: Any) -> Any:
    nonzero = tuple(type(t) is not Zero for t in tangents)
    n = len(jaxpr.outvars)
    program, found = jvp_jaxpr(jaxpr, nonzero, (False,) * n)
    outs = checkpoint_p.bind(*primals, *pick(tangents, nonzero), jaxpr=program, **params)
    return outs[:n], spread(outs[n:], found, jaxpr.out_avals)


@checkpoint_p.def_linearize
def _(primals: Sequence[Any], nonzero: Sequence[bool], *, jaxpr: Jaxpr, **params: Any) -> Any:
    split = recompute.recomputed(jaxpr, tuple(nonzero), params["policy"])
    outs = checkpoint_p.bind(*primals, jaxpr=split.forward, **params)
    values = [*primals, *outs]
    carried = [values[i] for i in split.sources]

    def linear(*tangents: Any) -> list[Any]:
        return checkpoint_p.bind(*carried, *tangents, jaxpr=split.linear, **params)

    return outs[: len(jaxpr.outvars)], split.nonzero_outs, linear


@checkpoint_p.def_transpose
def _(cts: Sequence[Any], *args: Any, jaxpr: Jaxpr, **params: Any) -> list[Any]:
    linear = tuple(type(a) is Linear for a in args)
    nonzero = tuple(type(c) is not Zero for c in cts)
    program = transposed_jaxpr(jaxpr, linear, nonzero)
    known = [a for a in args if type(a) is not Linear]
    if params["prevent_cse"]:
        # The compiler is not to find the recomputed values in the forward pass.
        known = optimization_barrier(known)
    found = iter(checkpoint_p.bind(*known, *pick(cts, nonzero), jaxpr=program, **params))
    return [next(found) if m else None for m in linear]


@checkpoint_p.def_batch
def _(args: Sequence[Any], dims: Sequence[Any], *, axis: Any, jaxpr: Jaxpr, **params: Any) -> Any:
    batched = tuple(d is not None for d in dims)
    program, found = batched_jaxpr(jaxpr, batched, (False,) * len(jaxpr.outvars), axis)
    return checkpoint_p.bind(*to_front(args, dims, axis), jaxpr=program, **params), out_dims(found)


P = ParamSpec("P")
R = TypeVar("R")


def checkpoint(
    fun: Callable[P, R],
    *,
    prevent_cse: bool | Sequence[bool] = True,
    policy: Callable[..., Any] | None = None,
    static_argnums: int | Sequence[int] = (),
    static_argnames: str | Iterable[str] = (),
    concrete: Any = _ABSENT,
) -> Callable[P, R]:
    """`fun`, whose intermediate values are computed again in the backward pass, not kept.

    Args:
      fun: function of arrays or pytrees of arrays.
      prevent_cse: whether the compiler is kept from finding the recomputed values in the forward
        pass, which would undo what is asked for here. With a sequence, as if any of it were True.
      policy: which values to keep nevertheless, one of `checkpoint_policies` or a function of
        (primitive, *types of the operands, **parameters) that says whether results may be kept.
      static_argnums: positions of arguments that are not arrays.
      static_argnames: names of such arguments.

    Returns:
      A function with the same values and derivatives that needs less memory to differentiate.

    Raises:
      NotImplementedError: `concrete` is given; use `static_argnums`.
      TypeError: an argument or result is no array, or the policy's answer is none.

    >>> import pullback as pb
    >>> float(pb.grad(pb.checkpoint(lambda x: pb.numpy.sin(x)))(0.0))
    1.0
    """
    check_function(fun, "checkpoint")
    if concrete is not _ABSENT:
        raise NotImplementedError("checkpoint: there is no option concrete; use static_argnums")
    apart = _prevents(prevent_cse)
    static = (static_argnums,) if isinstance(static_argnums, int) else tuple(static_argnums)
    names = (static_argnames,) if isinstance(static_argnames, str) else tuple(static_argnames)

    @wraps(fun)
    def checkpoint_f(*args: Any, **kwargs: Any) -> Any:
        _check_static(fun, static, len(args))
        fixed = {k: kwargs.pop(k) for k in names if k in kwargs}
        positional = [n for n in names if n not in fixed]
        f, dynamic, _ = without_nondiff(fun, static, positional, args)
        flat, in_tree = arguments((dynamic, kwargs), "checkpoint")
        avals = [get_aval(x) for x in flat]
        # A static argument decides what the function is: such calls are traced each time.
        origin = None if static or names else (fun,)
        region = stage_touching_region(
            lambda a, k: f(*a, **k, **fixed), in_tree, avals, "checkpoint", origin=origin
        )
        outs = checkpoint_p.bind(
            *region.consts, *flat,
            jaxpr=hoist_region(region), name=function_name(fun), policy=policy, prevent_cse=apart,
        )  # fmt: skip
        return region.out_tree.unflatten(settled(region, outs))

    return checkpoint_f


def _check_static(fun: Callable[..., Any], argnums: Sequence[int], count: int) -> None:
    for i in argnums:
        if not -count <= i < count:
            raise ValueError(
                f"checkpoint: static_argnums={i} names no positional argument of"
                f" {function_name(fun)}: it was called with {count}"
            )


def _prevents(prevent_cse: bool | Sequence[bool]) -> bool:
    flags = (prevent_cse,) if isinstance(prevent_cse, bool) else tuple(prevent_cse)
    if not all(isinstance(f, bool) for f in flags):
        raise TypeError(f"checkpoint: prevent_cse must be a bool or bools, got {prevent_cse!r}")
    return any(flags)
