"""custom_vmap_p: a call of a program whose batching is a function.

rule(size, batched, *arguments) -> (results, batched), all flat; batches stand at axis 0.
"""

from collections.abc import Sequence
from typing import Any

from ..core.aval import ShapedArray
from ..core.ir import Jaxpr, JaxprEqn
from ..core.primitive import Primitive, Zero
from ..core.trace import get_aval
from ..primitives.batching import move_axis
from ..transforms.batch import to_dim, vmap_flat
from ..transforms.jvp import instantiate_zeros, jvp_flat
from ..transforms.program import jvp_jaxpr, pick, spread
from .call import body_of, check_operands, interpret, jit_p, to_front
from .custom_call import Rule

custom_vmap_p = Primitive("custom_vmap_call", multiple_results=True, higher=True)


@custom_vmap_p.def_type
def _(*avals: ShapedArray, call: Jaxpr, rule: Any) -> list[ShapedArray]:
    check_operands("custom_vmap", call.in_avals, avals)
    return call.out_avals


@custom_vmap_p.def_value
def _(*args: Any, call: Jaxpr, rule: Any) -> list[Any]:
    return interpret(call, *args)


@custom_vmap_p.def_inline
def _(eqn: JaxprEqn) -> Jaxpr:
    return body_of(eqn, eqn.params["call"])


@custom_vmap_p.def_batch
def _(args: Sequence[Any], dims: Sequence[Any], *, axis: Any, call: Jaxpr, rule: Any) -> Any:
    batched = tuple(d is not None for d in dims)
    outs, found = rule(axis[1], batched, *to_front(args, dims, axis))
    return outs, [0 if b else None for b in found]


@custom_vmap_p.def_jvp
def _(primals: Sequence[Any], tangents: Sequence[Any], *, call: Jaxpr, rule: Any) -> Any:
    """The derivative of the program, whose batching is the derivative of the rule."""
    moving = tuple(type(t) is not Zero for t in tangents)
    n = len(call.outvars)
    program, _ = jvp_jaxpr(call, moving, (True,) * n)
    rule = JvpOfRule(rule, moving)
    outs = custom_vmap_p.bind(*primals, *pick(tangents, moving), call=program, rule=rule)
    return outs[:n], outs[n:]


@custom_vmap_p.def_linearize
def _(primals: Sequence[Any], nonzero: Sequence[bool], *, call: Jaxpr, rule: Any) -> Any:
    """Reverse mode is that of the program: the rule makes batches of results, not of residuals."""
    linearize = jit_p.linearize
    assert linearize is not None
    return linearize(primals, nonzero, name="custom_vmap", jaxpr=call)


class JvpOfRule(Rule):
    """The rule of a derivative, a program of (primals, nonzero tangents): the rule's derivative.

    Where no argument is batched both in its primal and in its tangent, the rule sees none batched,
    and its derivative is mapped over what is. Else a primal and its tangent are batched together,
    repeated where only one of them was.
    """

    __slots__ = ("moving", "rule")

    def __init__(self, rule: Any, moving: tuple[bool, ...]) -> None:
        super().__init__(rule, moving)
        self.rule, self.moving = rule, moving

    def __call__(self, size: int, batched: Sequence[bool], *args: Any) -> Any:
        n = len(self.moving)
        places = iter(range(n, len(args)))
        partners = [next(places) if m else i for i, m in enumerate(self.moving)]
        if not any(batched[i] and batched[j] for i, j in enumerate(partners)):
            return self._mapped(size, batched, args)
        both = tuple(batched[i] or batched[j] for i, j in enumerate(partners))

        def whole(i: int, wanted: bool) -> Any:
            return args[i] if batched[i] == wanted else to_dim(args[i], None, 0, size)

        primals = [whole(i, b) for i, b in enumerate(both)]
        tangents = [whole(j, both[i]) for i, j in enumerate(partners) if self.moving[i]]
        outs, found = self._changes(size, both, [*primals, *tangents])
        return outs, [*found, *found]

    def _mapped(self, size: int, batched: Sequence[bool], args: Sequence[Any]) -> Any:
        """The derivative for one element, mapped over the arguments that are batched."""

        def one(*elements: Any) -> list[Any]:
            outs, found = self._changes(size, (False,) * len(self.moving), elements)
            if any(found):
                raise TypeError(
                    "custom_vmap: the rule must return out_batched False where nothing is batched"
                )
            return outs

        outs, dims = vmap_flat(one, args, [0 if b else None for b in batched], None, size)
        hit = [d is not None for d in dims]
        return [
            o if d is None else move_axis(o, d, 0) for o, d in zip(outs, dims, strict=True)
        ], hit

    def _changes(self, size: int, batched: Sequence[bool], values: Sequence[Any]) -> Any:
        """The rule's results and their tangents, and which results are batched."""
        n = len(self.moving)
        found: list[bool] = []

        def apply(*primals: Any) -> list[Any]:
            outs, found[:] = self.rule(size, batched, *primals)
            return outs

        primals = values[:n]
        tangents = spread(values[n:], self.moving, [get_aval(p) for p in primals])
        outs, changes = jvp_flat(apply, primals, tangents)
        return [*outs, *instantiate_zeros(changes)], found
