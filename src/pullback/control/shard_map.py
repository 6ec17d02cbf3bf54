"""shard_map: a function of one device's parts of arrays, run by all devices of a mesh.

Each device's copy of a value is a number of its own: an argument that is whole on several devices
is copied to them, which transposes to a sum; a result that is the same on several is the mean of
their values, which transposes to equal shares.
"""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ..core.aval import Shape, ShapedArray
from ..core.device import Remote
from ..core.ir import Jaxpr, JaxprEqn, Var
from ..core.memo import weak_memo
from ..core.mesh import AxisName, Mesh
from ..core.primitive import Linear, Primitive, Zero
from ..core.rewrite import keep_arguments, prune
from ..core.sharding import NamedSharding, PartitionSpec, place_of
from ..core.stage import eval_jaxpr
from ..core.trace import axis_size as mapped_size
from ..core.trace import evaluate, get_aval
from ..primitives.arithmetic import div
from ..primitives.shape import reshape, transpose
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
from .axis import pick as element
from .axis import psum_p
from .call import body_of, check_operands, interpret, out_dims, to_front
from .manual import scope, scopes
from .varying import settled

Specs = tuple[PartitionSpec, ...]

shard_map_p = Primitive("shard_map", multiple_results=True, higher=True)


def local_shape(shape: Shape, spec: PartitionSpec, mesh: Mesh) -> Shape:
    """The shape of a device's part."""
    tiles = NamedSharding(mesh, spec).tiles(len(shape))
    return tuple([n // t for n, t in zip(shape, tiles, strict=True)])


def whole_shape(shape: Shape, spec: PartitionSpec, mesh: Mesh) -> Shape:
    """The shape of the array of all parts."""
    tiles = NamedSharding(mesh, spec).tiles(len(shape))
    return tuple([n * t for n, t in zip(shape, tiles, strict=True)])


@shard_map_p.def_type
def _(
    *avals: ShapedArray,
    jaxpr: Jaxpr,
    mesh: Mesh,
    in_specs: Specs,
    out_specs: Specs,
    name: str,
    **_: Any,
) -> list[ShapedArray]:
    local = [
        a.update(shape=local_shape(a.shape, s, mesh)) for a, s in zip(avals, in_specs, strict=True)
    ]
    check_operands(f"shard_map of {name}", jaxpr.in_avals, local)
    pairs = zip(jaxpr.out_avals, out_specs, strict=True)
    return [a.update(shape=whole_shape(a.shape, s, mesh)) for a, s in pairs]


# The meaning: the program, mapped over the axes of the mesh


@weak_memo
def mapped(
    jaxpr: Jaxpr,
    mesh: Mesh,
    in_specs: Specs,
    out_specs: Specs,
    axes: tuple[AxisName, ...],
    avals: tuple[ShapedArray, ...],
) -> Jaxpr:
    """The program on whole arrays of these types that one device can run: a vmap for each axis."""
    program, inside = jaxpr, [frozenset(s.all_names) for s in in_specs]
    given: list[list[AxisName]] = [[] for _ in out_specs]
    with scope(mesh, axes):
        for name in reversed(axes):
            batched = tuple([name in names for names in inside])
            forced = tuple([name in s.all_names for s in out_specs])
            program, found = batched_jaxpr(program, batched, forced, (name, mesh.shape[name]))
            for names, there in zip(given, found, strict=True):
                names[:0] = [name] * there

        def fun(*args: Any) -> list[Any]:
            parts = [_parts(x, s, mesh, axes) for x, s in zip(args, in_specs, strict=True)]
            outs = eval_jaxpr(program, (), *parts)
            return [
                _whole(o, s, mesh, names)
                for o, s, names in zip(outs, out_specs, given, strict=True)
            ]

        return stage_pure(fun, avals, "shard_map")


def _parts(x: Any, spec: PartitionSpec, mesh: Mesh, axes: Sequence[AxisName]) -> Any:
    """The parts of an array along leading axes, one for each axis of the mesh that divides it."""
    shape = get_aval(x).shape
    local = local_shape(shape, spec, mesh)
    sizes: list[int] = []
    names: list[Any] = []
    for d, n in enumerate(local):
        sizes += [*[mesh.shape[a] for a in spec.names(d)], n]
        names += [*spec.names(d), None]
    front = [names.index(a) for a in axes if a in names]
    rest = [k for k, a in enumerate(names) if a is None]
    return transpose(reshape(x, tuple(sizes)), (*front, *rest))


def _whole(x: Any, spec: PartitionSpec, mesh: Mesh, names: list[AxisName]) -> Any:
    """The array of parts along leading axes; of equal ones the first."""
    kept = list(names)
    for name in names:
        if name not in spec.all_names:
            x = element(x, 0, kept.index(name))
            kept.remove(name)
    shape = get_aval(x).shape
    order: list[int] = []
    for d in range(len(shape) - len(kept)):
        order += [*[kept.index(a) for a in spec.names(d)], len(kept) + d]
    moved = transpose(x, tuple(order))
    return reshape(moved, whole_shape(shape[len(kept) :], spec, mesh))


@shard_map_p.def_inline
def _(eqn: JaxprEqn) -> Jaxpr:
    return _mapped([v.aval for v in eqn.invars], eqn.params)


def _mapped(avals: Sequence[ShapedArray], params: dict[str, Any]) -> Jaxpr:
    p, mesh = params, params["mesh"]
    weak = zip(avals, p["in_specs"], strict=True)
    local = [a.update(shape=local_shape(a.shape, s, mesh)) for a, s in weak]
    body = body_of(JaxprEqn(shard_map_p, [Var(a) for a in local], [], {}), p["jaxpr"])
    return mapped(body, mesh, p["in_specs"], p["out_specs"], p["axes"], tuple(avals))


@shard_map_p.def_value
def _(*args: np.ndarray, **params: Any) -> list[np.ndarray]:
    return interpret(_mapped([get_aval(a) for a in args], params), *args)


def _eagerly(args: tuple[Any, ...], params: dict[str, Any]) -> Any:
    """The devices of the mesh compute; on the host it is its meaning."""
    group = place_of(NamedSharding(params["mesh"], PartitionSpec()))
    if not isinstance(group, Remote):
        return evaluate(shard_map_p, args, params)
    return group.group.process(shard_map_p, args, params)


shard_map_p.eager = _eagerly


# Derivatives


@shard_map_p.def_jvp
def _(primals: Sequence[Any], tangents: Sequence[Any], **params: Any) -> Any:
    jaxpr, n = params["jaxpr"], len(params["out_specs"])
    nonzero = tuple(type(t) is not Zero for t in tangents)
    with scope(params["mesh"], params["axes"]):
        program, found = jvp_jaxpr(jaxpr, nonzero, (False,) * n)
    outs = shard_map_p.bind(
        *primals,
        *pick(tangents, nonzero),
        **_changed(
            params,
            jaxpr=program,
            in_specs=(*params["in_specs"], *pick(params["in_specs"], nonzero)),
            out_specs=(*params["out_specs"], *pick(params["out_specs"], found)),
        ),
    )
    avals = [get_aval(o) for o in outs[:n]]
    return outs[:n], spread(outs[n:], found, avals)


def _changed(params: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**params, **changes}


@shard_map_p.def_linearize
def _(primals: Sequence[Any], nonzero: Sequence[bool], **params: Any) -> Any:
    jaxpr, n = params["jaxpr"], len(params["out_specs"])
    with scope(params["mesh"], params["axes"]):
        split = linearize_jaxpr(jaxpr, tuple(nonzero), (False,) * n)
        forward = _stacking(split.primal, n)
        new = tuple([s is None for s in split.sources])
        linear = _unstacking(split.linear, (*new, *(False,) * sum(nonzero)))
    all_of = PartitionSpec(tuple(params["axes"]))
    kept = (all_of,) * (len(forward.outvars) - n)
    outs = shard_map_p.bind(
        *primals, **_changed(params, jaxpr=forward, out_specs=(*params["out_specs"], *kept))
    )
    carried = split.residuals(primals, outs[n:])
    specs = tuple([all_of if s is None else params["in_specs"][s] for s in split.sources])
    of_linear = _changed(
        params,
        jaxpr=linear,
        in_specs=(*specs, *pick(params["in_specs"], nonzero)),
        out_specs=tuple(pick(params["out_specs"], split.nonzero_outs)),
    )

    def tangents_of(*tangents: Any) -> list[Any]:
        return shard_map_p.bind(*carried, *tangents, **of_linear)

    return outs[:n], split.nonzero_outs, tangents_of


@weak_memo
def _stacking(jaxpr: Jaxpr, n: int) -> Jaxpr:
    """The program whose results from n on have a leading axis, along which devices differ."""

    def fun(*args: Any) -> list[Any]:
        outs = eval_jaxpr(jaxpr, (), *args)
        return [*outs[:n], *[reshape(o, (1, *get_aval(o).shape)) for o in outs[n:]]]

    return stage_pure(fun, jaxpr.in_avals, "shard_map")


@weak_memo
def _unstacking(jaxpr: Jaxpr, stacked: Mask) -> Jaxpr:
    """The program, some of whose arguments have a leading axis of size 1."""

    def fun(*args: Any) -> list[Any]:
        return eval_jaxpr(
            jaxpr,
            (),
            *[
                reshape(x, get_aval(x).shape[1:]) if s else x
                for x, s in zip(args, stacked, strict=True)
            ],
        )

    avals = [
        a.update(shape=(1, *a.shape)) if s else a
        for a, s in zip(jaxpr.in_avals, stacked, strict=True)
    ]
    return stage_pure(fun, avals, "shard_map")


@shard_map_p.def_transpose
def _(cts: Sequence[Any], *args: Any, **params: Any) -> list[Any]:
    linear = tuple(type(a) is Linear for a in args)
    plain = tuple(not m for m in linear)
    nonzero = tuple(type(c) is not Zero for c in cts)
    wanted = tuple(pick(params["in_specs"], linear))
    given = tuple(pick(params["out_specs"], nonzero))
    known = tuple(pick(params["in_specs"], plain))
    # One that stands in another shard_map is settled with that.
    maker = _transposed if scopes() else _settled
    with scope(params["mesh"], params["axes"], True):
        program = maker(params["jaxpr"], linear, nonzero, known, given, wanted, params["axes"])
    outs = shard_map_p.bind(
        *pick(args, plain),
        *pick(cts, nonzero),
        **_changed(params, jaxpr=program, in_specs=(*known, *given), out_specs=wanted),
    )
    found = iter(outs)
    return [next(found) if m else None for m in linear]


@weak_memo
def _transposed(
    jaxpr: Jaxpr,
    linear: Mask,
    nonzero: Mask,
    known: Specs,
    given: Specs,
    wanted: Specs,
    axes: tuple[AxisName, ...],
) -> Jaxpr:
    """(known arguments, cotangents of results, as their specs say) -> cotangents of the others."""
    program = transposed_jaxpr(jaxpr, linear, nonzero)

    def fun(*args: Any) -> list[Any]:
        shares = [_shared(ct, s, axes) for ct, s in zip(args[len(known) :], given, strict=True)]
        outs = eval_jaxpr(program, (), *args[: len(known)], *shares)
        return [_summed(o, s, axes) for o, s in zip(outs, wanted, strict=True)]

    return stage_pure(fun, program.in_avals, "shard_map")


@weak_memo
def _settled(
    jaxpr: Jaxpr,
    linear: Mask,
    nonzero: Mask,
    known: Specs,
    given: Specs,
    wanted: Specs,
    axes: tuple[AxisName, ...],
) -> Jaxpr:
    program = _transposed(jaxpr, linear, nonzero, known, given, wanted, axes)
    names = tuple([frozenset(s.all_names) for s in (*known, *given)])
    return settled(program, names, axes)[0]


def _rest(spec: PartitionSpec, axes: Sequence[AxisName]) -> tuple[AxisName, ...]:
    return tuple([a for a in axes if a not in spec.all_names])


def _shared(ct: Any, spec: PartitionSpec, axes: Sequence[AxisName]) -> Any:
    count = prod([mapped_size(a) for a in _rest(spec, axes)])
    return ct if count == 1 else div(ct, count)


def _summed(ct: Any, spec: PartitionSpec, axes: Sequence[AxisName]) -> Any:
    over = _rest(spec, axes)
    return psum_p.bind(ct, axes=over) if over else ct


# Batches, and results that nobody uses


@shard_map_p.def_batch
def _(args: Sequence[Any], dims: Sequence[Any], *, axis: Any, **params: Any) -> Any:
    jaxpr = params["jaxpr"]
    batched = tuple(d is not None for d in dims)
    with scope(params["mesh"], params["axes"]):
        program, found = batched_jaxpr(jaxpr, batched, (False,) * len(jaxpr.outvars), axis)
    outs = shard_map_p.bind(
        *to_front(args, dims, axis),
        **_changed(
            params,
            jaxpr=program,
            in_specs=_with_batch(params["in_specs"], batched),
            out_specs=_with_batch(params["out_specs"], found),
        ),
    )
    return outs, out_dims(found)


def _with_batch(specs: Specs, batched: Sequence[bool]) -> Specs:
    return tuple(
        [s.inserted(0, None, len(s)) if b else s for s, b in zip(specs, batched, strict=True)]
    )


@shard_map_p.def_dce
def _(eqn: JaxprEqn, used: list[bool]) -> JaxprEqn:
    program, needed = prune(eqn.params["jaxpr"], tuple(used))
    changes = {
        "jaxpr": keep_arguments(program, needed),
        "in_specs": tuple(pick(eqn.params["in_specs"], needed)),
        "out_specs": tuple(pick(eqn.params["out_specs"], used)),
    }
    return eqn.replace(
        invars=pick(eqn.invars, needed),
        outvars=pick(eqn.outvars, used),
        params={**eqn.params, **changes},
    )
