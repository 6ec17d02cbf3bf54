"""Reverse mode through loops whose number of steps is known only when they have run.

The forward pass counts its n steps and keeps nothing else. The backward pass needs the carry of
every step in reverse order: it runs the loop again and keeps every S-th carry, runs each stretch
between two of these again, and so on: a tree of checkpoints (Griewank 1992, with fixed arity).
With L levels, S^L steps take L S carries of memory and at most L + 1 runs of the loop. A level
that a loop is too short for costs nothing.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._native import ArrayImpl, DeviceArray
from ..core.aval import ShapedArray, make_aval
from ..core.ir import Jaxpr, JaxprEqn
from ..core.memo import weak_memo
from ..core.primitive import Linear, Primitive, Zero
from ..core.rewrite import again
from ..core.stage import eval_jaxpr
from ..core.trace import Tracer, as_array, get_aval
from ..primitives.arithmetic import add, add_any, div, mul, sub
from ..primitives.compare import ge, lt
from ..primitives.dynamic import dynamic_slice, dynamic_update_slice
from ..primitives.magnitude import min as minimum
from ..primitives.shape import expand_dims, squeeze, zeros
from ..transforms.batch import vmap_flat
from ..transforms.jvp import jvp_flat
from ..transforms.program import (
    Mask,
    jvp_jaxpr,
    linearize_jaxpr,
    pick,
    stage_pure,
    transposed_jaxpr,
)
from ..transforms.transpose import materialize
from .effects import refuse_io
from .loop import while_loop
from .scan import fixpoint, split_at
from .while_loop import while_p

# The linear part of a loop: (number of steps, constants, first carry, nonzero tangents of both)
# -> tangents of the last carry.
while_linear_p = Primitive("while_linear", multiple_results=True, linear=True, higher=True)

ZERO, ONE = np.int32(0), np.int32(1)
# Carries kept at each level: as many as fit this memory, within limits.
LEVEL_BYTES = 1 << 26
FEWEST, MOST = 128, 4096
# The longest loop that the tree must hold: steps are counted in int32.
LONGEST = 2**31 - 1


@while_p.def_linearize
def _(primals: Sequence[Any], nonzero: Sequence[bool], **params: Any) -> Any:
    skipped, n_body = params["cond_nconsts"], params["body_nconsts"]
    body = params["body_jaxpr"]
    _, consts_nz, init_nz = split_at(nonzero, skipped, n_body)

    def step(carry: Mask) -> Mask:
        return jvp_jaxpr(body, (*consts_nz, *carry), carry)[1]

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


while_linear_p.eager = lambda args, params: push(*args, **params)


@while_linear_p.def_jvp
def _(primals: Sequence[Any], tangents: Sequence[Any], **params: Any) -> Any:
    n = 1 + len(params["body_jaxpr"].invars)
    if any(type(t) is not Zero for t in tangents[:n]):
        return jvp_flat(lambda *a: push(*a, **params), primals, tangents)
    moved = [materialize(t, t.aval) if type(t) is Zero else t for t in tangents[n:]]
    outs = while_linear_p.bind(*primals, **params)
    return outs, while_linear_p.bind(*primals[:n], *moved, **params)


@weak_memo
def _pushed(body: Jaxpr, body_nconsts: int, nonzero: Mask, avals: tuple[ShapedArray, ...]) -> Jaxpr:
    params = {"body_jaxpr": body, "body_nconsts": body_nconsts, "nonzero": nonzero}
    return stage_pure(lambda *args: push(*args, **params), avals, "while_loop")


def _inline(eqn: JaxprEqn) -> Jaxpr:
    p = eqn.params
    avals = tuple([v.aval for v in eqn.invars])
    return _pushed(p["body_jaxpr"], p["body_nconsts"], p["nonzero"], avals)


while_linear_p.inline = _inline


@while_linear_p.def_batch
def _(args: Sequence[Any], dims: Sequence[Any], *, axis: Any, **params: Any) -> Any:
    name, size = axis
    return vmap_flat(lambda *a: push(*a, **params), args, dims, name, size)


@while_linear_p.def_transpose
def _(cts: Sequence[Any], *args: Any, body_jaxpr: Jaxpr, body_nconsts: int, nonzero: Mask) -> Any:
    n_in = len(body_jaxpr.invars)
    steps, tangents = args[0], args[1 + n_in :]
    operands = [_shaped(x) for x in args[1 : 1 + n_in]]
    backward = _Backward(body_jaxpr, operands[:body_nconsts], nonzero)
    wanted = pick(body_jaxpr.out_avals, nonzero[body_nconsts:])
    ct_carry = [materialize(c, a.tangent()) for c, a in zip(cts, wanted, strict=True)]
    consts = pick(body_jaxpr.in_avals[:body_nconsts], nonzero[:body_nconsts])
    sums = [zeros(a.tangent()) for a in consts]
    found = backward.run(list(operands[body_nconsts:]), steps, (sums, ct_carry))
    flat = [*found[0], *found[1]]
    given = [c if type(t) is Linear else None for c, t in zip(flat, tangents, strict=True)]
    return [None] * (1 + n_in) + given


def _shaped(x: Any) -> Any:
    """A Python number as NumPy's, which has a shape."""
    return (
        x if isinstance(x, (Tracer, ArrayImpl, DeviceArray, np.ndarray)) else as_array(x)._npy[()]
    )


class _Backward:
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

    def run(self, carry: list[Any], steps: Any, cts: Any) -> Any:
        """Cotangents of the constants and of the first carry."""
        return self.reverse(self.levels, carry, steps, cts)

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
    return zeros(make_aval(aval.dtype, (size, *aval.shape), False))


def _write(buffer: Any, value: Any, j: Any) -> Any:
    starts = [j, *[ZERO] * len(get_aval(value).shape)]
    return dynamic_update_slice(buffer, expand_dims(value, (0,)), starts)


def _read(buffer: Any, j: Any) -> Any:
    shape = get_aval(buffer).shape[1:]
    return squeeze(dynamic_slice(buffer, [j, *[ZERO] * len(shape)], (1, *shape)), (0,))
