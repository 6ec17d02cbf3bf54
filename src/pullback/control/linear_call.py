"""linear_call: a linear function whose transpose is given by its author.

The operands of linear_call_p are residuals, what the function captured first, and then the
arguments in which it is linear. `transpose` is a function of (residuals, cotangents).
"""

from collections.abc import Callable, Sequence
from typing import Any

from .. import tree
from ..core.aval import ShapedArray, same_type, type_name
from ..core.ir import Jaxpr, JaxprEqn
from ..core.primitive import Linear, Primitive, Zero
from ..core.stage import JaxprFunction, stage_hoisted
from ..core.trace import get_aval
from ..primitives.arithmetic import add_any
from ..transforms.batch import to_dim, vmap_flat
from ..transforms.flat import Flat, arguments
from ..transforms.named import function_name
from ..transforms.program import batched_jaxpr, jvp_jaxpr, pick
from ..transforms.transpose import materialize
from .call import body_of, check_operands, interpret, jit_p, to_front
from .custom_call import Rule

linear_call_p = Primitive("linear_call", multiple_results=True, higher=True)


@linear_call_p.def_type
def _(*avals: ShapedArray, callee: Jaxpr, **_params: Any) -> list[ShapedArray]:
    check_operands("linear_call", callee.in_avals, avals)
    return callee.out_avals


@linear_call_p.def_value
def _(*args: Any, callee: Jaxpr, **_params: Any) -> list[Any]:
    return interpret(callee, *args)


@linear_call_p.def_inline
def _(eqn: JaxprEqn) -> Jaxpr:
    return body_of(eqn, eqn.params["callee"])


@linear_call_p.def_jvp
def _(primals: Sequence[Any], tangents: Sequence[Any], **params: Any) -> Any:
    callee, k = params["callee"], params["num_res"]
    outs = linear_call_p.bind(*primals, **params)
    parts: list[list[Any]] = []
    moving = [type(t) is not Zero for t in tangents]
    if any(moving[:k]):
        mask = (*moving[:k], *[False] * (len(moving) - k))
        program, _ = jvp_jaxpr(callee, mask, (True,) * len(outs))
        operands = [*primals, *pick(tangents, mask)]
        parts.append(jit_p.bind(*operands, name="linear_call", jaxpr=program)[len(outs) :])
    if any(moving[k:]):
        linear = [materialize(t, t.aval) if type(t) is Zero else t for t in tangents[k:]]
        parts.append(linear_call_p.bind(*primals[:k], *linear, **params))
    found = parts[0] if len(parts) == 1 else list(map(add_any, *parts))
    return outs, found


@linear_call_p.def_transpose
def _(cts: Sequence[Any], *args: Any, callee: Jaxpr, transpose: Any, num_res: int) -> list[Any]:
    """A call of the transpose, whose own transpose is the function."""
    assert all(type(a) is Linear for a in args[num_res:])
    known = args[:num_res]
    given = [materialize(c, a) for c, a in zip(cts, callee.out_avals, strict=True)]
    avals = [get_aval(x) for x in (*known, *given)]
    program, captured = stage_hoisted(transpose, avals, "linear_call")
    found = linear_call_p.bind(
        *captured,
        *known,
        *given,
        callee=program,
        transpose=_Rest(JaxprFunction(callee), len(captured)),
        num_res=len(captured) + num_res,
    )
    return [*[None] * num_res, *found]


@linear_call_p.def_batch
def _(
    args: Sequence[Any],
    dims: Sequence[Any],
    *,
    axis: Any,
    callee: Jaxpr,
    transpose: Any,
    num_res: int,
) -> Any:
    """All linear arguments and results are batched, so that no cotangent has to be summed."""
    batched = [d is not None for d in dims[:num_res]]
    linear = [to_dim(a, d, 0, axis[1]) for a, d in zip(args[num_res:], dims[num_res:], strict=True)]
    mask = (*batched, *[True] * len(linear))
    program, _ = batched_jaxpr(callee, mask, (True,) * len(callee.outvars), axis)
    outs = linear_call_p.bind(
        *to_front(args[:num_res], dims[:num_res], axis),
        *linear,
        callee=program,
        transpose=_Batched(transpose, tuple(batched), axis),
        num_res=num_res,
    )
    return outs, [0] * len(outs)


class _Rest(Rule):
    """A function that takes no notice of its first arguments."""

    __slots__ = ("count", "function")

    def __init__(self, function: Callable[..., Any], count: int) -> None:
        super().__init__(function, count)
        self.function, self.count = function, count

    def __call__(self, *values: Any) -> list[Any]:
        return self.function(*values[self.count :])


class _Batched(Rule):
    """A transpose on batches: of the residuals some are batched, the rest always is."""

    __slots__ = ("axis", "batched", "transpose")

    def __init__(self, transpose: Callable[..., Any], batched: tuple[bool, ...], axis: Any) -> None:
        super().__init__(transpose, batched, axis)
        self.transpose, self.batched, self.axis = transpose, batched, axis

    def __call__(self, *values: Any) -> list[Any]:
        dims = [0 if b else None for b in self.batched]
        dims += [0] * (len(values) - len(dims))
        outs, found = vmap_flat(self.transpose, values, dims, *self.axis)
        return [to_dim(o, d, 0, self.axis[1]) for o, d in zip(outs, found, strict=True)]


class _Transpose(Rule):
    """A user's transpose on leaves; checks what it returns."""

    __slots__ = ("avals", "in_tree", "name", "out_tree", "rule")

    def __init__(self, rule: Any, in_tree: Any, out_tree: Any, avals: list[ShapedArray]) -> None:
        super().__init__(rule, in_tree, out_tree, tuple(avals))
        self.rule, self.in_tree, self.out_tree, self.avals = rule, in_tree, out_tree, avals

    def __call__(self, *leaves: Any) -> list[Any]:
        flat = Flat(self.rule, self.in_tree, name="linear_call")
        outs = flat(*leaves)
        if flat.out_tree != self.out_tree:
            raise TypeError(
                f"linear_call: {function_name(self.rule)} must return a value of the structure of"
                f" the linear arguments, {self.out_tree}, got {flat.out_tree}"
            )
        for out, aval in zip(outs, self.avals, strict=True):
            if not same_type(get_aval(out), aval.tangent()):
                raise TypeError(
                    f"linear_call: {function_name(self.rule)} must return, for a linear argument"
                    f" of type {type_name(aval)}, the same type, got {type_name(get_aval(out))}"
                )
        return outs


def linear_call(
    fun: Callable[[Any, Any], Any],
    fun_transpose: Callable[[Any, Any], Any],
    residual_args: Any,
    linear_args: Any,
) -> Any:
    """The result of `fun(residual_args, linear_args)`, whose transpose is `fun_transpose`.

    Args:
      fun: function of (residuals, x), linear in x.
      fun_transpose: function of (residuals, ct) that returns a value like x: the transpose of
        `fun` in its second argument.
      residual_args: pytree of arrays in which neither function must be linear.
      linear_args: pytree of arrays.

    Raises:
      TypeError: the transpose, once it is used, returns something that is not like `linear_args`.

    >>> import pullback as pb
    >>> from pullback.custom_derivatives import linear_call
    >>> def f(x):
    ...     return linear_call(lambda r, x: x / r, lambda r, ct: 10.0 * ct / r, 2.0, x)
    >>> float(f(3.0)), float(pb.grad(f)(3.0))
    (1.5, 5.0)
    """
    residuals, res_tree = arguments(residual_args, "linear_call")
    linear, lin_tree = arguments(linear_args, "linear_call")
    res_like, lin_like = (t.unflatten([0] * t.num_leaves) for t in (res_tree, lin_tree))
    flat = Flat(fun, tree.structure((res_like, lin_like)), name="linear_call")
    lin_avals = [get_aval(x) for x in linear]
    avals = [*[get_aval(x) for x in residuals], *lin_avals]
    callee, captured = stage_hoisted(flat, avals, "linear_call")
    out_like = flat.out_tree.unflatten([0] * flat.out_tree.num_leaves)
    back_tree = tree.structure((res_like, out_like))
    back = _Transpose(fun_transpose, back_tree, lin_tree, lin_avals)
    outs = linear_call_p.bind(
        *captured,
        *residuals,
        *linear,
        callee=callee,
        transpose=_Rest(back, len(captured)),
        num_res=len(captured) + len(residuals),
    )
    return flat.out_tree.unflatten(outs)
