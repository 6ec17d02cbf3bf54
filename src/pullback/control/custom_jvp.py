"""custom_jvp: functions whose forward derivative is given by their author."""

from collections.abc import Callable, Sequence
from typing import Any

from .. import tree
from ..core.aval import same_type, type_name
from ..core.trace import Tracer, get_aval
from ..primitives.arithmetic import add_any
from ..transforms.flat import Flat, arguments, result_text
from ..transforms.named import function_name
from ..transforms.stop import stop_gradient
from .custom_call import Rule, SymbolicZero, from_symbolic, runs_alone, to_symbolic
from .custom_function import CustomFunction
from .custom_jvp_call import custom_jvp_call_p


class custom_jvp(CustomFunction):
    """A function with a forward derivative of its own, set by `defjvp`.

    Args:
      fun: function of arrays or pytrees of arrays.
      nondiff_argnums: positions of arguments that are passed to the rule first, as they are.
      nondiff_argnames: such arguments by name.

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
        super().__init__(fun, nondiff_argnums, nondiff_argnames)
        self.jvp: Callable[..., Any] | None = None
        self.symbolic_zeros = False

    def defjvp(self, jvp: Callable[..., Any], symbolic_zeros: bool = False) -> Callable[..., Any]:
        """Set the rule `jvp(primals, tangents) -> (result, tangent)`; returns it."""
        if not callable(jvp):
            raise TypeError(f"custom_jvp.defjvp: the rule must be a function, got {jvp!r}")
        self.jvp = jvp
        self.symbolic_zeros = symbolic_zeros
        return jvp

    def defjvps(self, *jvps: Callable[..., Any] | None) -> None:
        """Set one rule an argument: `rule(t, result, *primals)`, or None for no derivative.

        Raises:
          TypeError: the function has `nondiff_argnums`; set one rule with `defjvp`.
        """
        if self.nondiff_argnums:
            raise TypeError(
                "custom_jvp.defjvps: the function has nondiff_argnums, which these rules cannot"
                " receive: set one rule with defjvp"
            )

        def jvp(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> Any:
            out = self(*primals)
            pairs = zip(jvps, tangents, strict=True)
            parts = [rule(t, out, *primals) for rule, t in pairs if rule is not None]
            return out, _sum_trees(parts, out)

        self.defjvp(jvp)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        name = function_name(self.fun)
        if self.jvp is None:
            raise AttributeError(f"custom_jvp: {name} has no rule: set one with @{name}.defjvp")
        if self.is_alone(args, kwargs):
            return self.fun(*args)
        fun, chosen, fixed, _ = self.arguments(args, kwargs, _stopped)
        if runs_alone(chosen):
            return fun(*chosen)
        flat, in_tree = arguments(chosen, "custom_jvp")
        call = Flat(fun, in_tree, name="custom_jvp")
        rule = _FlatRule(self.jvp, fixed, in_tree, name, self.symbolic_zeros)
        outs = custom_jvp_call_p.bind(
            *flat, call=call, jvp=rule, num_consts=0, symbolic_zeros=self.symbolic_zeros
        )
        out_tree = rule.out_tree if call.out_tree is None else call.out_tree
        return out_tree.unflatten(outs)


def _stopped(x: Any) -> Any:
    """An argument that rules take as it is, without its derivative."""
    return tree.map(lambda v: stop_gradient(v) if isinstance(v, Tracer) else v, x)


def _sum_trees(parts: list[Any], out: Any) -> Any:
    if not parts:
        return tree.map(lambda x: SymbolicZero(get_aval(x).tangent()), out)
    total = parts[0]
    for part in parts[1:]:
        total = tree.map(add_any, total, part)
    return total


@custom_jvp_call_p.def_show
def _(params: dict[str, Any]) -> Any:
    """The user's functions by name, the call's own first."""
    rule = params["jvp"]
    name, jvp = (rule.name, rule.rule) if isinstance(rule, _FlatRule) else (None, rule)
    shown = {"call_jaxpr": params["call"].jaxpr, "jvp": function_name(jvp)}
    shown |= {"num_consts": params["num_consts"]} if params["num_consts"] else {}
    return {"name": name, **shown, "symbolic_zeros": params["symbolic_zeros"]}, None


class _FlatRule(Rule):
    """A user's rule on leaves; checks what it returns."""

    __slots__ = ("fixed", "in_tree", "name", "out_tree", "rule", "symbolic")

    def __init__(
        self,
        rule: Callable[..., Any],
        fixed: tuple[Any, ...],
        in_tree: Any,
        name: str,
        symbolic: bool,
    ) -> None:
        super().__init__(rule, fixed, in_tree, symbolic)
        self.rule, self.fixed, self.in_tree, self.name = rule, fixed, in_tree, name
        self.symbolic = symbolic
        self.out_tree: Any = None

    def __call__(
        self, primals: Sequence[Any], tangents: Sequence[Any]
    ) -> tuple[list[Any], list[Any]]:
        if self.symbolic:
            tangents = [to_symbolic(t) for t in tangents]
        given = self.in_tree.unflatten(primals), self.in_tree.unflatten(tangents)
        result = self.rule(*self.fixed, *given)
        if not (isinstance(result, (tuple, list)) and len(result) == 2):
            raise TypeError(
                f"custom_jvp: the rule of {self.name} must return a pair (result, tangent),"
                f" got {result_text(result)}"
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
        return outs, [from_symbolic(t) for t in out_tangents]

    def _check(self, out: Any, tangent: Any) -> None:
        wanted = get_aval(out).tangent()
        got = tangent.aval if type(tangent) is SymbolicZero else get_aval(tangent)
        if not same_type(wanted, got):
            raise TypeError(
                f"custom_jvp: the rule of {self.name} must return, for a result of type"
                f" {type_name(get_aval(out))}, a tangent of type {type_name(wanted)},"
                f" got {type_name(got)}"
            )
