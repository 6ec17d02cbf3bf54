"""Transformations from program to program, for operations that hold programs; remembered."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from .. import errors
from ..core.aval import ShapedArray
from ..core.ir import Jaxpr, JaxprEqn
from ..core.memo import weak_memo
from ..core.primitive import Linear, Zero
from ..core.stage import eval_jaxpr, hoist, stage_touching
from ..core.trace import Tracer, as_array
from ..primitives.constant import Held, constant_p
from .batch import to_dim, vmap_flat
from .jvp import instantiate_zeros, jvp_flat
from .linearize import linearize_flat, residuals, tape_program
from .transpose import materialize, transpose_jaxpr

Mask = tuple[bool, ...]


def stage_pure(fun: Any, avals: Sequence[ShapedArray], what: str) -> Jaxpr:
    """The program of a function. Arrays that a user's rule captured become part of it."""
    closed, touched = stage_touching(fun, avals, what)
    for cell, _, _ in touched:
        raise NotImplementedError(
            f"{what}: a rule reads or writes {cell.describe()}, and would run when the call that it"
            " belongs to may have ended: pass the values that it needs as arguments"
        )
    return holding(hoist(closed.jaxpr), closed.consts) if closed.consts else closed.jaxpr


def holding(jaxpr: Jaxpr, values: Sequence[Any]) -> Jaxpr:
    """The program whose leading arguments are these arrays, as one without those arguments."""
    n = len(values)
    eqns = [
        JaxprEqn(constant_p, [], [var], {"held": Held(_known(value))})
        for var, value in zip(jaxpr.invars[:n], values, strict=True)
    ]
    return jaxpr.replace(invars=jaxpr.invars[n:], eqns=[*eqns, *jaxpr.eqns])


def _known(value: Any) -> Any:
    if isinstance(value, Tracer):
        raise errors.UnexpectedTracerError(
            f"The rule of a custom_jvp or custom_vjp function captures {value.describe()}, and runs"
            " when that trace may have ended: pass the value as an argument of the function"
        )
    return as_array(value)


def pick(values: Sequence[Any], mask: Sequence[bool]) -> list[Any]:
    """The values where the mask holds."""
    return [v for v, m in zip(values, mask, strict=True) if m]


def spread(values: Sequence[Any], mask: Sequence[bool], avals: Sequence[ShapedArray]) -> list[Any]:
    """The values at the places where the mask holds, Zero elsewhere."""
    rest = iter(values)
    return [next(rest) if m else Zero(a.tangent()) for m, a in zip(mask, avals, strict=True)]


@weak_memo
def jvp_jaxpr(jaxpr: Jaxpr, nonzero: Mask, forced: Mask) -> tuple[Jaxpr, Mask]:
    """The program (primals, nonzero tangents) -> (results, nonzero tangents), and which those are.

    Tangents of the results marked `forced` are nonzero in any case.
    """
    found: list[bool] = []
    n = len(jaxpr.invars)

    def fun(*args: Any) -> list[Any]:
        tangents = spread(args[n:], nonzero, jaxpr.in_avals)
        outs, out_tangents = jvp_flat(lambda *a: eval_jaxpr(jaxpr, (), *a), args[:n], tangents)
        found[:] = [f or type(t) is not Zero for f, t in zip(forced, out_tangents, strict=True)]
        return [*outs, *instantiate_zeros(pick(out_tangents, found))]

    avals = [*jaxpr.in_avals, *[a.tangent() for a in pick(jaxpr.in_avals, nonzero)]]
    return stage_pure(fun, avals, "jvp"), tuple(found)


class Linearized(NamedTuple):
    """A program split in two.

    `primal`: arguments -> (results, new residuals). `linear`: (residuals, nonzero tangents) ->
    nonzero tangents of the results. Each residual is an argument or one of primal's new results.
    """

    primal: Jaxpr
    linear: Jaxpr
    nonzero_outs: Mask
    sources: tuple[int | None, ...]

    def residuals(self, args: Sequence[Any], new: Sequence[Any]) -> list[Any]:
        """The residuals, from the arguments and the new results of a run of `primal`."""
        rest = iter(new)
        return [next(rest) if s is None else args[s] for s in self.sources]


@weak_memo
def linearize_jaxpr(jaxpr: Jaxpr, nonzero: Mask, forced: Mask) -> Linearized:
    """Split a program into its value and its linear part in the arguments marked nonzero."""
    split: list[Any] = []

    def fun(*args: Any) -> list[Any]:
        outs, tape = linearize_flat(lambda *a: eval_jaxpr(jaxpr, (), *a), args, nonzero)
        held = residuals(tape)
        carried = [r for r in held if isinstance(r, Tracer)]
        fixed = [r for r in held if not isinstance(r, Tracer)]
        places = {id(a): i for i, a in enumerate(args)}
        sources = tuple(places.get(id(r)) for r in carried)
        found = tuple(type(o) is not Zero for o in tape.outputs)
        linear = holding(tape_program(tape, [*fixed, *carried]), fixed)
        split.extend([linear, found, sources])
        return [*outs, *[r for r, s in zip(carried, sources, strict=True) if s is None]]

    primal = stage_pure(fun, jaxpr.in_avals, "grad")
    linear, found, sources = split
    wanted = tuple(f or g for f, g in zip(found, forced, strict=True))
    return Linearized(primal, _force(linear, jaxpr, found, wanted), wanted, sources)


def _force(linear: Jaxpr, jaxpr: Jaxpr, found: Mask, wanted: Mask) -> Jaxpr:
    """The linear program with zeros for the results that are wanted but absent."""
    if found == wanted:
        return linear

    def fun(*args: Any) -> list[Any]:
        outs = spread(eval_jaxpr(linear, (), *args), found, jaxpr.out_avals)
        return pick(instantiate_zeros(outs), wanted)

    return stage_pure(fun, linear.in_avals, "grad")


@weak_memo
def transposed_jaxpr(jaxpr: Jaxpr, linear: Mask, nonzero_cts: Mask) -> Jaxpr:
    """The program (non-linear arguments, nonzero cotangents) -> cotangents of the linear ones."""
    plain = tuple(not m for m in linear)
    count = sum(plain)

    def fun(*args: Any) -> list[Any]:
        rest = iter(args[:count])
        operands = [
            Linear(a) if m else next(rest) for a, m in zip(jaxpr.in_avals, linear, strict=True)
        ]
        cts = spread(args[count:], nonzero_cts, jaxpr.out_avals)
        found = transpose_jaxpr(jaxpr, operands, cts)
        return [
            materialize(c, a) for c, a, m in zip(found, jaxpr.in_avals, linear, strict=True) if m
        ]

    avals = [*pick(jaxpr.in_avals, plain), *pick(jaxpr.out_avals, nonzero_cts)]
    return stage_pure(fun, avals, "vjp")


@weak_memo
def batched_jaxpr(
    jaxpr: Jaxpr, batched: Mask, forced: Mask, axis: tuple[Any, int]
) -> tuple[Jaxpr, Mask]:
    """The program on batches, each along axis 0, and which results are batched.

    Results marked `forced` are batched in any case.
    """
    name, size = axis
    found: list[bool] = []

    def fun(*args: Any) -> list[Any]:
        dims = [0 if b else None for b in batched]
        outs, out_dims = vmap_flat(lambda *a: eval_jaxpr(jaxpr, (), *a), args, dims, name, size)
        found[:] = [f or d is not None for f, d in zip(forced, out_dims, strict=True)]
        return [
            to_dim(o, d, 0 if b else None, size)
            for o, d, b in zip(outs, out_dims, found, strict=True)
        ]

    avals = [
        a.update(shape=(size, *a.shape)) if b else a
        for a, b in zip(jaxpr.in_avals, batched, strict=True)
    ]
    return stage_pure(fun, avals, "vmap"), tuple(found)


def depends(jaxpr: Jaxpr, mask: Mask) -> Mask:
    """Which results depend on the arguments marked."""
    moving = set(pick(jaxpr.invars, mask))
    for eqn in jaxpr.eqns:
        if any(v in moving for v in eqn.invars):
            moving.update(eqn.outvars)
    return tuple(v in moving for v in jaxpr.outvars)
