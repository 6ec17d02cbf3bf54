"""Derivatives of loops whose number of steps is known only when they have run.

The forward pass counts its n steps and keeps nothing else; the linear part runs the loop again.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core.aval import ShapedArray
from ..core.ir import Jaxpr
from ..core.memo import weak_memo
from ..core.primitive import Linear, Primitive, Zero
from ..core.rewrite import again
from ..core.stage import eval_jaxpr
from ..core.trace import get_aval
from ..lazy import LazyModule
from ..primitives.arithmetic import add
from ..primitives.compare import lt
from ..primitives.shape import zeros
from ..transforms.batch import vmap_flat
from ..transforms.jvp import jvp_flat
from ..transforms.program import Mask, jvp_jaxpr, linearize_jaxpr, pick, stage_pure
from ..transforms.transpose import materialize
from .call import jit_p
from .effects import refuse_io
from .loop import while_loop
from .scan_body import fixpoint, split_at
from .while_loop import while_p

# The linear part of a loop: (number of steps, constants, first carry, nonzero tangents of both)
# -> tangents of the last carry.
while_linear_p = Primitive("while_linear", multiple_results=True, linear=True, higher=True)

# The backward pass, loaded when it is asked for.
transposed: Any = LazyModule(f"{__package__}.while_transposed")

ZERO, ONE = np.int32(0), np.int32(1)


@while_p.def_linearize
def _(primals: Sequence[Any], nonzero: Sequence[bool], **params: Any) -> Any:
    skipped, n_body = params["cond_nconsts"], params["body_nconsts"]
    body = params["body_jaxpr"]
    _, consts_nz, init_nz = split_at(nonzero, skipped, n_body)

    def step(carry: Mask) -> Mask:
        return linearize_jaxpr(body, (*consts_nz, *carry), carry).nonzero_outs

    carry_nz = fixpoint(step, tuple(init_nz))
    if not any(carry_nz):
        return while_p.bind(*primals, **params), carry_nz, lambda *_: []
    mask = (*consts_nz, *carry_nz)
    _, consts, init = split_at(primals, skipped, n_body)
    refuse_io(
        "reverse mode through while_loop runs its body again",
        [body],
        "use scan, or fori_loop with Python integers",
    )
    *outs, steps = counted(primals, params)
    body = again(body)

    def linear(*tangents: Any) -> list[Any]:
        given = iter(tangents[sum(nonzero[:skipped]) :])
        operands = zip([*consts_nz, *init_nz], mask, [*consts, *init], strict=True)
        full = [next(given) if g else zeros(get_aval(x).tangent()) for g, m, x in operands if m]
        return while_linear_p.bind(
            steps, *consts, *init, *full, body_jaxpr=body, body_nconsts=n_body, nonzero=mask
        )

    return outs, carry_nz, linear


def counted(primals: Sequence[Any], params: dict[str, Any]) -> list[Any]:
    """The last carry, and how many steps the loop took."""
    condition, body = params["cond_jaxpr"], params["body_jaxpr"]
    cond_consts, consts, init = split_at(primals, params["cond_nconsts"], params["body_nconsts"])

    def running(carry: Any) -> Any:
        return eval_jaxpr(condition, (), *cond_consts, *carry[0])[0]

    def step(carry: Any) -> Any:
        return eval_jaxpr(body, (), *consts, *carry[0]), add(carry[1], ONE)

    outs, steps = while_loop(running, step, (list(init), ZERO))
    return [*outs, steps]


@while_linear_p.def_type
def _(*avals: ShapedArray, body_jaxpr: Jaxpr, body_nconsts: int, nonzero: Mask) -> Any:
    return [a.tangent() for a in pick(body_jaxpr.out_avals, nonzero[body_nconsts:])]


def push(*args: Any, body_jaxpr: Jaxpr, body_nconsts: int, nonzero: Mask) -> list[Any]:
    """The linear part run forward: the loop once more, with its tangents."""
    n_in, n_carry = len(body_jaxpr.invars), len(body_jaxpr.outvars)
    carry_nz = nonzero[body_nconsts:]
    program, _ = jvp_jaxpr(body_jaxpr, nonzero, carry_nz)
    steps, consts, init = args[0], args[1 : 1 + body_nconsts], args[1 + body_nconsts : 1 + n_in]
    consts_t, init_t = split_at(args[1 + n_in :], sum(nonzero[:body_nconsts]))

    def step(carry: Any) -> Any:
        i, values, tangents = carry
        outs = eval_jaxpr(program, (), *consts, *values, *consts_t, *tangents)
        return add(i, ONE), outs[:n_carry], outs[n_carry:]

    return while_loop(lambda c: lt(c[0], steps), step, (ZERO, list(init), init_t))[2]


def stands_for(primitive: Primitive, expand: Callable[..., list[Any]]) -> None:
    """Make a loop's operation run, compile and be differentiated as a program of ordinary loops."""

    @weak_memo
    def staged(body: Jaxpr, n: int, nonzero: Mask, avals: tuple[ShapedArray, ...]) -> Jaxpr:
        params = {"body_jaxpr": body, "body_nconsts": n, "nonzero": nonzero}
        return stage_pure(lambda *args: expand(*args, **params), avals, "while_loop")

    def program(avals: Sequence[ShapedArray], p: dict[str, Any]) -> Jaxpr:
        return staged(p["body_jaxpr"], p["body_nconsts"], p["nonzero"], tuple(avals))

    def eager(args: Sequence[Any], params: dict[str, Any]) -> Any:
        jaxpr = program([get_aval(a) for a in args], params)
        return jit_p.bind(*args, name="while_loop", jaxpr=jaxpr)

    primitive.inline = lambda eqn: program([v.aval for v in eqn.invars], eqn.params)
    primitive.eager = eager


stands_for(while_linear_p, push)


@while_linear_p.def_jvp
def _(primals: Sequence[Any], tangents: Sequence[Any], **params: Any) -> Any:
    n = 1 + len(params["body_jaxpr"].invars)
    if any(type(t) is not Zero for t in tangents[:n]):
        return jvp_flat(lambda *a: push(*a, **params), primals, tangents)
    moved = [materialize(t, t.aval) if type(t) is Zero else t for t in tangents[n:]]
    outs = while_linear_p.bind(*primals, **params)
    return outs, while_linear_p.bind(*primals[:n], *moved, **params)


@while_linear_p.def_batch
def _(args: Sequence[Any], dims: Sequence[Any], *, axis: Any, **params: Any) -> Any:
    name, size = axis
    return vmap_flat(lambda *a: push(*a, **params), args, dims, name, size)


@while_linear_p.def_transpose
def _(cts: Sequence[Any], *args: Any, **params: Any) -> Any:
    n = 1 + len(params["body_jaxpr"].invars)
    wanted = while_linear_p.type(**params)
    full = [materialize(c, a) for c, a in zip(cts, wanted, strict=True)]
    found = transposed.while_transposed_p.bind(*args[:n], *full, **params)
    given = [c if type(t) is Linear else None for c, t in zip(found, args[n:], strict=True)]
    return [None] * n + given
