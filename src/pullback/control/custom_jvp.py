"""custom_jvp: functions whose forward derivative is given by their author.

A call carries functions, not programs, so eager code may branch on values. Staging turns the
function itself into a program; the derivative rule stays a function until it is needed.
"""

from collections.abc import Callable, Sequence
from functools import update_wrapper
from typing import Any

from .. import dtypes, tree
from ..core.aval import ShapedArray, same_type, type_name
from ..core.ir import Jaxpr, JaxprEqn
from ..core.primitive import Primitive, Zero
from ..core.stage import JaxprFunction, StageTrace, stage_hoisted
from ..core.trace import get_aval
from ..primitives.arithmetic import add_any
from ..transforms.batch import to_dim, vmap_flat
from ..transforms.flat import Flat, arguments, function_name
from ..transforms.jvp import instantiate_zeros
from .call import body_of, interpret
from .signature import positional, without_nondiff

custom_jvp_call_p = Primitive("custom_jvp_call", multiple_results=True, higher=True)


def run_call(args: Sequence[Any], params: dict[str, Any]) -> list[Any]:
    """A call with its own derivative, as the function alone."""
    return params["call"](*args)


custom_jvp_call_p.eager = run_call


@custom_jvp_call_p.def_type
def _(*avals: ShapedArray, call: JaxprFunction, **_params: Any) -> list[ShapedArray]:
    return call.jaxpr.out_avals


@custom_jvp_call_p.def_value
def _(*args: Any, call: JaxprFunction, **_params: Any) -> list[Any]:
    return interpret(call.jaxpr, *args)


def stage_call(primitive: Primitive) -> Callable[..., Any]:
    """How a call enters a program: its function becomes one; captured values are operands."""

    def rule(trace: StageTrace, args: Sequence[Any], params: dict[str, Any]) -> Any:
        call = params["call"]
        if isinstance(call, JaxprFunction):
            return trace.emit(primitive, args, params)
        jaxpr, consts = stage_hoisted(call, [get_aval(a) for a in args], primitive.name)
        changed = {"call": JaxprFunction(jaxpr), "num_consts": len(consts)}
        return trace.emit(primitive, [*consts, *args], {**params, **changed})

    return rule


custom_jvp_call_p.stage = stage_call(custom_jvp_call_p)


def inline_call(eqn: JaxprEqn) -> Jaxpr:
    """The program of a call."""
    return body_of(eqn, eqn.params["call"].jaxpr)


custom_jvp_call_p.inline = inline_call


def check_captured(what: str, tangents: Sequence[Any], num_consts: int) -> list[Any]:
    """The tangents of a call's own arguments; those of captured values must be zero."""
    if any(type(t) is not Zero for t in tangents[:num_consts]):
        raise TypeError(
            f"{what}: the function captures a value that is being differentiated; its rule cannot"
            " see it. Pass the value as an argument"
        )
    return list(tangents[num_consts:])


@custom_jvp_call_p.def_jvp
def _(
    primals: Sequence[Any],
    tangents: Sequence[Any],
    *,
    call: Any,
    jvp: Any,
    num_consts: int,
    symbolic_zeros: bool,
) -> Any:
    tangents = check_captured("custom_jvp", tangents, num_consts)
    if not symbolic_zeros:
        tangents = instantiate_zeros(tangents)
    return jvp(primals[num_consts:], tangents)


@custom_jvp_call_p.def_batch
def _(
    args: Sequence[Any],
    dims: Sequence[Any],
    *,
    axis: Any,
    call: Any,
    jvp: Any,
    num_consts: int,
    symbolic_zeros: bool,
) -> Any:
    name, size = axis

    def batched(*values: Any) -> list[Any]:
        outs, out = vmap_flat(call, values, dims, name, size)
        return [to_dim(o, d, 0, size) for o, d in zip(outs, out, strict=True)]

    def batched_jvp(primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
        own = dims[num_consts:]
        moving = [d if type(t) is not Zero else None for t, d in zip(tangents, own, strict=True)]

        def pair(*values: Any) -> list[Any]:
            n = len(own)
            outs, out_tangents = jvp(values[:n], values[n:])
            return [*outs, *instantiate_zeros(out_tangents)]

        outs, out = vmap_flat(
            pair, [*primals, *instantiate_zeros(tangents)], [*own, *moving], name, size
        )
        front = [to_dim(o, d, 0, size) for o, d in zip(outs, out, strict=True)]
        half = len(front) // 2
        return front[:half], front[half:]

    outs = custom_jvp_call_p.bind(
        *args, call=batched, jvp=batched_jvp, num_consts=num_consts, symbolic_zeros=symbolic_zeros
    )
    return outs, [0] * len(outs)


class custom_jvp:
    """A function with a forward derivative of its own, set by `defjvp`.

    Args:
      fun: function of arrays or pytrees of arrays.
      nondiff_argnums: positions of arguments that are passed to the rule first, as they are.

    The rule takes `(primals, tangents)`, two tuples, and returns `(result, tangent)`. Reverse
    mode transposes what the rule computes, which must be linear in the tangents.

    >>> import pullback as pb
    >>> @pb.custom_jvp
    ... def f(x):
    ...     return x * x
    >>> @f.defjvp
    ... def f_jvp(primals, tangents):
    ...     return f(*primals), 10.0 * tangents[0]
    >>> float(pb.grad(f)(3.0))
    10.0
    """

    def __init__(
        self,
        fun: Callable[..., Any],
        nondiff_argnums: Sequence[int] = (),
        nondiff_argnames: Sequence[str] = (),
    ) -> None:
        update_wrapper(self, fun)
        self.fun = fun
        self.nondiff_argnums = nondiff_argnums
        self.nondiff_argnames = nondiff_argnames
        self.jvp: Callable[..., Any] | None = None
        self.symbolic_zeros = False

    def defjvp(self, jvp: Callable[..., Any], symbolic_zeros: bool = False) -> Callable[..., Any]:
        """Set the rule `jvp(primals, tangents) -> (result, tangent)`; returns it."""
        self.jvp = jvp
        self.symbolic_zeros = symbolic_zeros
        return jvp

    def defjvps(self, *jvps: Callable[..., Any] | None) -> None:
        """Set one rule an argument: `rule(t, result, *primals)`, or None for no derivative."""

        def jvp(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> Any:
            out = self(*primals)
            pairs = zip(jvps, tangents, strict=True)
            parts = [rule(t, out, *primals) for rule, t in pairs if rule is not None]
            return out, _sum_trees(parts, out)

        self.defjvp(jvp)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else _Bound(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        name = function_name(self.fun)
        if self.jvp is None:
            raise AttributeError(f"custom_jvp: {name} has no rule: set one with @{name}.defjvp")
        args = positional(self.fun, args, kwargs, "custom_jvp")
        fun, chosen, fixed = without_nondiff(
            self.fun, self.nondiff_argnums, self.nondiff_argnames, args
        )
        flat, in_tree = arguments(chosen, "custom_jvp")
        call = Flat(fun, in_tree, name="custom_jvp")
        rule = _FlatRule(self.jvp, fixed, in_tree, name)
        outs = custom_jvp_call_p.bind(
            *flat, call=call, jvp=rule, num_consts=0, symbolic_zeros=self.symbolic_zeros
        )
        out_tree = rule.out_tree if call.out_tree is None else call.out_tree
        return out_tree.unflatten(outs)


class _Bound:
    def __init__(self, function: Callable[..., Any], instance: Any) -> None:
        self.function, self.instance = function, instance

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(self.instance, *args, **kwargs)


def _sum_trees(parts: list[Any], out: Any) -> Any:
    if not parts:
        return tree.map(lambda x: Zero(get_aval(x).tangent()), out)
    total = parts[0]
    for part in parts[1:]:
        total = tree.map(add_any, total, part)
    return total


class _FlatRule:
    """A user's rule on leaves; checks what it returns."""

    __slots__ = ("fixed", "in_tree", "name", "out_tree", "rule")

    def __init__(
        self, rule: Callable[..., Any], fixed: tuple[Any, ...], in_tree: Any, name: str
    ) -> None:
        self.rule, self.fixed, self.in_tree, self.name = rule, fixed, in_tree, name
        self.out_tree: Any = None

    def __call__(
        self, primals: Sequence[Any], tangents: Sequence[Any]
    ) -> tuple[list[Any], list[Any]]:
        result = self.rule(
            *self.fixed, self.in_tree.unflatten(primals), self.in_tree.unflatten(tangents)
        )
        if not (isinstance(result, (tuple, list)) and len(result) == 2):
            raise TypeError(
                f"custom_jvp: the rule of {self.name} must return a pair (result, tangent),"
                f" got {type(result).__name__}"
            )
        outs, self.out_tree = tree.flatten(result[0])
        out_tangents, tangent_tree = tree.flatten(result[1])
        if tangent_tree != self.out_tree:
            raise TypeError(
                f"custom_jvp: the rule of {self.name} must return a tangent of the result's"
                f" structure {self.out_tree}, got {tangent_tree}"
            )
        for o, t in zip(outs, out_tangents, strict=True):
            self._check(o, t)
        return outs, [_no_float0(t) for t in out_tangents]

    def _check(self, out: Any, tangent: Any) -> None:
        wanted = get_aval(out).tangent()
        got = tangent.aval if type(tangent) is Zero else get_aval(tangent)
        if not same_type(wanted, got):
            raise TypeError(
                f"custom_jvp: the rule of {self.name} must return, for a result of type"
                f" {type_name(get_aval(out))}, a tangent of type {type_name(wanted)},"
                f" got {type_name(got)}"
            )


@custom_jvp_call_p.def_show
def _(params: dict[str, Any]) -> Any:
    """The user's functions by name, the call's own first."""
    rule = params["jvp"]
    name, jvp = (rule.name, rule.rule) if isinstance(rule, _FlatRule) else (None, rule)
    shown = {"call_jaxpr": params["call"].jaxpr, "jvp": function_name(jvp)}
    shown |= {"num_consts": params["num_consts"]} if params["num_consts"] else {}
    return {"name": name, **shown, "symbolic_zeros": params["symbolic_zeros"]}, None


def _no_float0(tangent: Any) -> Any:
    if type(tangent) is Zero:
        return tangent
    aval = get_aval(tangent)
    return Zero(aval) if aval.dtype == dtypes.float0 else tangent
