"""custom_jvp_call_p: a call whose forward derivative is a function of (primals, tangents)."""

from collections.abc import Callable, Sequence
from typing import Any

from ..core.primitive import Zero
from ..core.trace import get_aval
from ..transforms.batch import to_dim, vmap_flat
from ..transforms.jvp import instantiate_zeros
from .custom_call import Rule, check_captured, define

custom_jvp_call_p = define("custom_jvp_call")


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
    check_captured("custom_jvp", [type(t) is not Zero for t in tangents[:num_consts]])
    own = list(tangents[num_consts:])
    return jvp(primals[num_consts:], own if symbolic_zeros else instantiate_zeros(own))


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
    outs = custom_jvp_call_p.bind(
        *args,
        call=BatchedCall(call, tuple(dims), axis),
        jvp=BatchedJvp(jvp, tuple(dims[num_consts:]), axis),
        num_consts=num_consts,
        symbolic_zeros=symbolic_zeros,
    )
    return outs, [0] * len(outs)


def to_front(outs: Sequence[Any], dims: Sequence[int | None], size: int) -> list[Any]:
    """The results with their batch at axis 0."""
    return [to_dim(o, d, 0, size) for o, d in zip(outs, dims, strict=True)]


class BatchedCall(Rule):
    """A flat function of single elements on batches; all results are batched along axis 0."""

    __slots__ = ("axis", "call", "dims")

    def __init__(self, call: Callable[..., Any], dims: Sequence[int | None], axis: Any) -> None:
        super().__init__(call, tuple(dims), axis)
        self.call, self.dims, self.axis = call, dims, axis

    def __call__(self, *values: Any) -> list[Any]:
        name, size = self.axis
        return to_front(*vmap_flat(self.call, values, self.dims, name, size), size)


class BatchedJvp(Rule):
    """The derivative rule on batches."""

    __slots__ = ("axis", "dims", "jvp")

    def __init__(self, jvp: Callable[..., Any], dims: Sequence[int | None], axis: Any) -> None:
        super().__init__(jvp, tuple(dims), axis)
        self.jvp, self.dims, self.axis = jvp, dims, axis

    def __call__(self, primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
        name, size = self.axis
        n = len(self.dims)
        # Zero tangents stay Zero: the rule may look for them.
        moving = [t for t in tangents if type(t) is not Zero]
        moving_dims = [d for t, d in zip(tangents, self.dims, strict=True) if type(t) is not Zero]

        def pair(*values: Any) -> list[Any]:
            rest = iter(values[n:])
            given = [
                Zero(get_aval(x).tangent()) if type(t) is Zero else next(rest)
                for x, t in zip(values[:n], tangents, strict=True)
            ]
            outs, out_tangents = self.jvp(values[:n], given)
            return [*outs, *instantiate_zeros(out_tangents)]

        outs, dims = vmap_flat(pair, [*primals, *moving], [*self.dims, *moving_dims], name, size)
        front = to_front(outs, dims, size)
        half = len(front) // 2
        return front[:half], front[half:]
