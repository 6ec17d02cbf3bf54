"""The backward pass of loops whose number of steps is known only when they have run.

It needs the carry of every step in reverse order: it runs the loop again and keeps every S-th
carry, runs each stretch between two of these again, and so on: a tree of checkpoints (Griewank
1992, with fixed arity). With L levels, S^L steps take L S carries of memory and at most L + 1 runs
of the loop. A level that a loop is too short for costs nothing.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.aval import ShapedArray
from ..core.ir import Jaxpr, JaxprEqn
from ..core.primitive import Primitive, Zero
from ..core.stage import eval_jaxpr
from ..core.trace import get_aval
from ..primitives.arithmetic import add, add_any, div, mul, sub
from ..primitives.compare import ge, lt
from ..primitives.dynamic import dynamic_slice, dynamic_update_slice
from ..primitives.magnitude import min as minimum
from ..primitives.reduce import reduce_max
from ..primitives.shape import broadcast_in_dim, empty, expand_dims, squeeze, zeros
from ..transforms.batch import to_dim, vmap_flat
from ..transforms.jvp import jvp_flat
from ..transforms.linearize import linearize_flat
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
from ..transforms.transpose import backward, materialize
from .loop import while_loop
from .scan_body import fixpoint, split_at
from .while_loop import select_running
from .while_reverse import ONE, ZERO, stands_for, while_linear_p

# The transpose of the linear part: (number of steps, constants, first carry, cotangents of the last
# carry) -> cotangents of the constants and of the first carry, those that are differentiated.
while_transposed_p = Primitive("while_transposed", multiple_results=True, linear=True, higher=True)

# Carries kept at each level: as many as fit this memory, within limits.
LEVEL_BYTES = 1 << 26
FEWEST, MOST = 128, 4096
# The longest loop that the tree must hold: steps are counted in int32.
LONGEST = 2**31 - 1


@while_transposed_p.def_type
def _(*avals: ShapedArray, body_jaxpr: Jaxpr, body_nconsts: int, nonzero: Mask) -> Any:
    return [a.tangent() for a in pick(body_jaxpr.in_avals, nonzero)]


def pull(*args: Any, body_jaxpr: Jaxpr, body_nconsts: int, nonzero: Mask) -> list[Any]:
    """The cotangents, by ordinary loops."""
    steps, consts, carry, cts = split_at(args, 1, body_nconsts, len(body_jaxpr.outvars))
    moving = pick(body_jaxpr.in_avals[:body_nconsts], nonzero[:body_nconsts])
    sums = [zeros(a.tangent()) for a in moving]
    tree = _Tree(body_jaxpr, consts, nonzero)
    found, back = tree.reverse(tree.levels, carry, steps[0], (sums, cts))
    return [*found, *back]


stands_for(while_transposed_p, pull)


@while_transposed_p.def_jvp
def _(primals: Sequence[Any], tangents: Sequence[Any], **params: Any) -> Any:
    return while_transposed_p.bind(*primals, **params), curve(primals, tangents, **params)


def curve(
    primals: Sequence[Any],
    tangents: Sequence[Any],
    *,
    body_jaxpr: Jaxpr,
    body_nconsts: int,
    nonzero: Mask,
) -> list[Any]:
    """The tangents of the cotangents.

    Let J be the loop's Jacobian at x and u the cotangent of its result. The transpose of the loop
    with tangents, (x, x') -> (y, J x'), takes (u', u) to J^T u' + (d/dx J x')^T u as the cotangent
    of x. Second derivatives are symmetric, so that is the tangent of J^T u along (x', u').
    """
    n, n_carry = len(body_jaxpr.invars), len(body_jaxpr.outvars)
    moved = tuple(type(t) is not Zero for t in tangents[1 : 1 + n])
    nc, c_nz = body_nconsts, nonzero[body_nconsts:]

    def step(carry: Mask) -> Mask:
        return jvp_jaxpr(body_jaxpr, (*moved[:nc], *carry), carry)[1]

    carry_m = fixpoint(step, moved[nc:])
    mask = (*moved[:nc], *carry_m)
    program, _ = jvp_jaxpr(body_jaxpr, mask, carry_m)
    consts, carry, consts_t, carry_t = split_at(program.invars, nc, n_carry, sum(moved[:nc]))
    body = program.replace(invars=[*consts, *consts_t, *carry, *carry_t])
    full = [materialize(t, get_aval(p).tangent()) for p, t in zip(primals, tangents, strict=True)]
    by_carry = iter(primals[1 + n :])
    cts = [next(by_carry) if m else zeros(a.tangent())
           for m, a in zip(c_nz, body_jaxpr.out_avals, strict=True)]  # fmt: skip
    along = pick(full[1 : 1 + n], mask)
    extra = sum(moved[:nc])
    outs = while_transposed_p.bind(
        primals[0], *primals[1 : 1 + nc], *along[:extra], *primals[1 + nc : 1 + n], *along[extra:],
        *full[1 + n :], *pick(cts, carry_m),
        body_jaxpr=body, body_nconsts=nc + extra,
        nonzero=(*nonzero[:nc], *[True] * extra, *c_nz, *[True] * sum(carry_m)),
    )  # fmt: skip
    of_consts, _, of_carry, _ = split_at(outs, sum(nonzero[:nc]), extra, sum(c_nz))
    return [*of_consts, *of_carry]


@while_transposed_p.def_linearize
def _(primals: Sequence[Any], mask: Sequence[bool], **params: Any) -> Any:
    outs = while_transposed_p.bind(*primals, **params)

    def linear(*tangents: Any) -> list[Any]:
        return while_curved_p.bind(*primals, *tangents, mask=tuple(mask), **params)

    return outs, (True,) * len(outs), linear


# The derivative of the transpose: (its operands, nonzero tangents of those) -> tangents.
while_curved_p = Primitive("while_curved", multiple_results=True, linear=True, higher=True)


@while_curved_p.def_type
def _(*avals: ShapedArray, mask: Mask, **params: Any) -> Any:
    return while_transposed_p.type(**params)


def _curved(*args: Any, mask: Mask, **params: Any) -> list[Any]:
    n = len(mask)
    tangents = spread(args[n:], mask, [get_aval(a) for a in args[:n]])
    return curve(args[:n], tangents, **params)


while_curved_p.eager = lambda args, params: _curved(*args, **params)


@while_curved_p.def_inline
def _(eqn: JaxprEqn) -> Jaxpr:
    avals = [v.aval for v in eqn.invars]
    return stage_pure(lambda *args: _curved(*args, **eqn.params), avals, "while_loop")


@while_curved_p.def_jvp
def _(primals: Sequence[Any], tangents: Sequence[Any], **params: Any) -> Any:
    n = len(params["mask"])
    if any(type(t) is not Zero for t in tangents[:n]):
        return jvp_flat(lambda *a: _curved(*a, **params), primals, tangents)
    moved = [materialize(t, t.aval) if type(t) is Zero else t for t in tangents[n:]]
    outs = while_curved_p.bind(*primals, **params)
    return outs, while_curved_p.bind(*primals[:n], *moved, **params)


@while_curved_p.def_batch
def _(args: Sequence[Any], dims: Sequence[Any], *, axis: Any, **params: Any) -> Any:
    return vmap_flat(lambda *a: _curved(*a, **params), args, dims, *axis)


@while_curved_p.def_transpose
def _(cts: Sequence[Any], *args: Any, mask: Mask, **params: Any) -> Any:
    """With v the cotangent of J^T u: that of u is J v, that of x the gradient of <J v, u>."""
    n, n_all = 1 + len(params["body_jaxpr"].invars), len(mask)
    wanted = while_transposed_p.type(**params)
    along = [materialize(c, a) for c, a in zip(cts, wanted, strict=True)]

    def pushed(*operands: Any) -> list[Any]:
        return while_linear_p.bind(*operands, *along, **params)

    values, tape = linearize_flat(pushed, args[:n], mask[:n])
    by_x = backward(tape, args[n:n_all])
    found = [*by_x, *pick(values, mask[n:])]
    return [*[None] * n_all, *found]


@while_transposed_p.def_transpose
def _(cts: Sequence[Any], *args: Any, **params: Any) -> Any:
    n = 1 + len(params["body_jaxpr"].invars)
    wanted = while_transposed_p.type(**params)
    full = [materialize(c, a) for c, a in zip(cts, wanted, strict=True)]
    return [*[None] * n, *while_linear_p.bind(*args[:n], *full, **params)]


@while_transposed_p.def_batch
def _(args: Sequence[Any], dims: Sequence[Any], *, axis: Any, **params: Any) -> Any:
    body, nc, nonzero = params["body_jaxpr"], params["body_nconsts"], params["nonzero"]
    n = len(body.invars)
    own_steps = dims[0] is not None
    # What has a cotangent has one for each element.
    each = [d is not None or m for d, m in zip(dims[1 : 1 + n], nonzero, strict=True)]

    def step(carry: Mask) -> Mask:
        return batched_jaxpr(body, (*each[:nc], *carry), carry, axis)[1]

    carry_b = (True,) * (n - nc) if own_steps else fixpoint(step, tuple(each[nc:]))
    mask = (*each[:nc], *carry_b)
    wide = (*mask, *[True] * (len(args) - 1 - n))
    front = [
        to_dim(a, d, 0, axis[1]) if m else a
        for a, d, m in zip(args[1:], dims[1:], wide, strict=True)
    ]
    batched = batched_jaxpr(body, mask, carry_b, axis)[0]
    if not own_steps:
        outs = while_transposed_p.bind(args[0], *front, **{**params, "body_jaxpr": batched})
        return outs, [0] * len(outs)
    steps = to_dim(args[0], dims[0], 0, axis[1])
    outs = while_transposed_p.bind(
        reduce_max(steps, (0,)), steps, *front[:nc], ZERO, *front[nc:],
        body_jaxpr=_until(batched, nc, get_aval(steps)), body_nconsts=1 + nc,
        nonzero=(False, *nonzero[:nc], False, *nonzero[nc:]),
    )  # fmt: skip
    return outs, [0] * len(outs)


def _until(body: Jaxpr, nc: int, steps: ShapedArray) -> Jaxpr:
    """The body of a batch, in which each element takes its own number of steps.

    (numbers of steps, constants, steps done, carry) -> (steps done, carry).
    """

    def fun(stop: Any, *args: Any) -> list[Any]:
        consts, (done,), old = split_at(args, nc, 1)
        new = eval_jaxpr(body, (), *consts, *old)
        running = lt(broadcast_in_dim(done, steps.shape, ()), stop)
        kept = [select_running(running, o, n) for o, n in zip(old, new, strict=True)]
        return [add(done, ONE), *kept]

    consts, carry = split_at(body.in_avals, nc)
    return stage_pure(fun, [steps, *consts, get_aval(ZERO), *carry], "vmap")


class _Tree:
    """The backward pass of one loop: its body, constants, and the shape of its tree."""

    def __init__(self, body: Jaxpr, consts: Sequence[Any], nonzero: Mask) -> None:
        self.body, self.consts, self.nonzero = body, consts, nonzero
        self.n_consts = len(consts)
        carry = body.in_avals[self.n_consts :]
        size = sum(a.size * a.dtype.itemsize for a in carry) or 1
        self.arity = int(min(MOST, max(FEWEST, LEVEL_BYTES // size)))
        self.levels = 1
        while self.arity**self.levels < LONGEST:
            self.levels += 1

    def reverse(self, level: int, carry: list[Any], steps: Any, cts: Any) -> Any:
        """Pull cotangents back through `steps` <= arity^level steps that begin at `carry`."""
        stride = np.int32(self.arity ** (level - 1))
        count = div(add(steps, np.int32(stride - 1)), stride)
        kept = self.keep(carry, count, stride)

        def stretch(state: Any) -> Any:
            j, found = state
            start = [_read(k, j) for k in kept]
            if level == 1:
                return sub(j, ONE), self.pull(start, found)
            rest = sub(steps, mul(j, stride))
            return sub(j, ONE), self.reverse(level - 1, start, minimum(rest, stride), found)

        return while_loop(lambda s: ge(s[0], ZERO), stretch, (sub(count, ONE), cts))[1]

    def keep(self, carry: list[Any], count: Any, stride: np.int32) -> list[Any]:
        """The carry at the first `count` multiples of `stride`, in buffers."""
        buffers = [_write(_buffer(get_aval(c), self.arity), c, ZERO) for c in carry]

        def step(state: Any) -> Any:
            j, values, kept = state
            values = self.forward(values, stride)
            return add(j, ONE), values, [_write(k, v, j) for k, v in zip(kept, values, strict=True)]

        return while_loop(lambda s: lt(s[0], count), step, (ONE, carry, buffers))[2]

    def forward(self, carry: list[Any], steps: np.int32) -> list[Any]:
        """The carry after this many steps."""
        if steps == 1:
            return eval_jaxpr(self.body, (), *self.consts, *carry)

        def step(state: Any) -> Any:
            return add(state[0], ONE), eval_jaxpr(self.body, (), *self.consts, *state[1])

        return while_loop(lambda s: lt(s[0], steps), step, (ZERO, carry))[1]

    def pull(self, carry: list[Any], cts: Any) -> Any:
        """Pull cotangents back through the one step that begins at `carry`."""
        sums, ct_carry = cts
        n_out = len(self.body.outvars)
        split = linearize_jaxpr(self.body, self.nonzero, self.nonzero[self.n_consts :])
        operands = [*self.consts, *carry]
        new = eval_jaxpr(split.primal, (), *operands)[n_out:]
        residuals = split.residuals(operands, new)
        linear = (False,) * len(residuals) + (True,) * sum(self.nonzero)
        program = transposed_jaxpr(split.linear, linear, (True,) * len(ct_carry))
        found = eval_jaxpr(program, (), *residuals, *ct_carry)
        more, back = split_at(found, len(sums))
        return [add_any(s, m) for s, m in zip(sums, more, strict=True)], back


def _buffer(aval: ShapedArray, size: int) -> Any:
    return empty((size, *aval.shape), aval.dtype)


def _write(buffer: Any, value: Any, j: Any) -> Any:
    starts = [j, *[ZERO] * len(get_aval(value).shape)]
    return dynamic_update_slice(buffer, expand_dims(value, (0,)), starts)


def _read(buffer: Any, j: Any) -> Any:
    shape = get_aval(buffer).shape[1:]
    return squeeze(dynamic_slice(buffer, [j, *[ZERO] * len(shape)], (1, *shape)), (0,))
