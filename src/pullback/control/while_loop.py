"""while_p: a loop that runs as long as a program of its carry says so."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..core.aval import ShapedArray, same_type, type_name
from ..core.ir import Jaxpr
from ..core.primitive import Zero
from ..core.stage import eval_jaxpr
from ..core.trace import get_aval
from ..primitives.reduce import reduce_or
from ..primitives.select import select_n
from ..primitives.shape import broadcast_in_dim
from ..transforms.batch import to_dim
from ..transforms.program import Mask, batched_jaxpr, jvp_jaxpr, pick, spread, stage_pure
from ..transforms.transpose import materialize
from .call import check_operands, interpret, out_dims
from .effects import refuse_io
from .holding import HoldingPrimitive
from .scan_body import fixpoint, split_at

while_p = HoldingPrimitive("while")


@while_p.def_type
def _(
    *avals: ShapedArray, cond_jaxpr: Jaxpr, cond_nconsts: int, body_jaxpr: Jaxpr, body_nconsts: int
) -> list[ShapedArray]:
    cond_consts, body_consts, carry = split_at(avals, cond_nconsts, body_nconsts)
    check_operands("while", cond_jaxpr.in_avals, [*cond_consts, *carry])
    check_operands("while", body_jaxpr.in_avals, [*body_consts, *carry])
    (pred,) = cond_jaxpr.out_avals
    if pred.shape != () or pred.dtype != dtypes.bool_:
        raise TypeError(f"while: the condition must return bool[], got {type_name(pred)}")
    assert all(same_type(a, b) for a, b in zip(carry, body_jaxpr.out_avals, strict=True))
    return body_jaxpr.out_avals


@while_p.def_value
def _(
    *args: np.ndarray, cond_jaxpr: Jaxpr, cond_nconsts: int, body_jaxpr: Jaxpr, body_nconsts: int
) -> list[np.ndarray]:
    cond_consts, body_consts, carry = split_at(args, cond_nconsts, body_nconsts)
    while interpret(cond_jaxpr, *cond_consts, *carry)[0]:
        carry = interpret(body_jaxpr, *body_consts, *carry)
    return [np.array(c) for c in carry]


@while_p.def_jvp
def _(primals: Sequence[Any], tangents: Sequence[Any], **params: Any) -> Any:
    jaxpr, n_cond, n_body = params["body_jaxpr"], params["cond_nconsts"], params["body_nconsts"]
    cond_consts, consts, init = split_at(primals, n_cond, n_body)
    _, consts_t, init_t = split_at(tangents, n_cond, n_body)
    consts_nz = tuple(type(t) is not Zero for t in consts_t)

    def step(carry: Mask) -> Mask:
        return jvp_jaxpr(jaxpr, (*consts_nz, *carry), carry)[1]

    carry_nz = fixpoint(step, tuple(type(t) is not Zero for t in init_t))
    program, _ = jvp_jaxpr(jaxpr, (*consts_nz, *carry_nz), carry_nz)
    n = len(jaxpr.invars)
    ends = split_at(program.invars, n_body, len(init), sum(consts_nz))
    body = program.replace(invars=[*ends[0], *ends[2], *ends[1], *ends[3]])
    assert len(program.invars) >= n
    condition = _ignoring(params["cond_jaxpr"], [t.aval for t in pick(init_t, carry_nz)])
    moving = [materialize(t, t.aval) if type(t) is Zero else t for t in pick(init_t, carry_nz)]
    outs = while_p.bind(
        *cond_consts, *consts, *pick(consts_t, consts_nz), *init, *moving,
        cond_jaxpr=condition, cond_nconsts=n_cond,
        body_jaxpr=body, body_nconsts=n_body + sum(consts_nz),
    )  # fmt: skip
    return outs[: len(init)], spread(outs[len(init) :], carry_nz, jaxpr.out_avals)


def _ignoring(condition: Jaxpr, extra: Sequence[ShapedArray]) -> Jaxpr:
    """A condition that takes, and ignores, further carried values."""
    n = len(condition.invars)

    def fun(*args: Any) -> list[Any]:
        return eval_jaxpr(condition, (), *args[:n])

    return stage_pure(fun, [*condition.in_avals, *extra], "while_loop")


@while_p.def_batch
def _(args: Sequence[Any], dims: Sequence[Any], *, axis: Any, **params: Any) -> Any:
    condition, body = params["cond_jaxpr"], params["body_jaxpr"]
    n_cond, n_body = params["cond_nconsts"], params["body_nconsts"]
    batched = [d is not None for d in dims]
    cond_b, body_b, init_b = split_at(batched, n_cond, n_body)

    def step(carry: Mask) -> Mask:
        if batched_jaxpr(condition, (*cond_b, *carry), (False,), axis)[1][0]:
            return (True,) * len(carry)
        return batched_jaxpr(body, (*body_b, *carry), carry, axis)[1]

    carry_b = fixpoint(step, tuple(init_b))
    size = axis[1]
    mask = [*cond_b, *body_b, *carry_b]
    front = [to_dim(a, d, 0, size) if m else a for a, d, m in zip(args, dims, mask, strict=True)]
    loop, (each,) = batched_jaxpr(condition, (*cond_b, *carry_b), (False,), axis)
    step_all, _ = batched_jaxpr(body, (*body_b, *carry_b), carry_b, axis)
    if not each:
        return while_p.bind(
            *front, **{**params, "cond_jaxpr": loop, "body_jaxpr": step_all}
        ), out_dims(carry_b)
    refuse_io(
        "vmap of while_loop with a batched condition runs it for elements that have ended",
        (condition, body),
        "call back for every element, and tell the function whether it has ended",
    )
    cond_consts, consts, carry = split_at(front, n_cond, n_body)
    outs = while_p.bind(
        *cond_consts, *cond_consts, *consts, *carry,
        cond_jaxpr=_any_of(loop), cond_nconsts=n_cond,
        body_jaxpr=_where_running(loop, step_all, n_cond), body_nconsts=n_cond + n_body,
    )  # fmt: skip
    return outs, out_dims(carry_b)


def _any_of(condition: Jaxpr) -> Jaxpr:
    """Whether the condition holds for any element of the batch."""

    def fun(*args: Any) -> list[Any]:
        return [reduce_or(eval_jaxpr(condition, (), *args)[0], (0,))]

    return stage_pure(fun, condition.in_avals, "vmap")


def _where_running(condition: Jaxpr, body: Jaxpr, n_cond: int) -> Jaxpr:
    """The body, which leaves the elements alone whose own condition has ended."""
    n_carry = len(body.outvars)
    avals = [*condition.in_avals[:n_cond], *body.in_avals]

    def fun(*args: Any) -> list[Any]:
        old = args[len(args) - n_carry :]
        (running,) = eval_jaxpr(condition, (), *args[:n_cond], *old)
        new = eval_jaxpr(body, (), *args[n_cond:])
        return [select_running(running, o, n) for o, n in zip(old, new, strict=True)]

    return stage_pure(fun, avals, "vmap")


def select_running(running: Any, old: Any, new: Any) -> Any:
    """The new value of the elements that are running, along axis 0, the old of the others."""
    shape = get_aval(new).shape
    return select_n(broadcast_in_dim(running, shape, (0,)), old, new)
