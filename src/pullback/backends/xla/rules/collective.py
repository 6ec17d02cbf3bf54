"""Programs of one device among several, and what devices along the axes of a mesh exchange."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from .... import dtypes
from ....control.shard_map import shard_map_p
from ....core.ir import Jaxpr, JaxprEqn, Var
from ....core.mesh import Mesh
from ....core.sharding import PartitionSpec
from ..builder import Builder, Manual, table
from ..hlo import Tensor, Value, int64, matrix, names_text, types_text
from ..shardy import axis_text, positions, sharding_text

RULES, rule = table()


@rule("shard_map")
def _(
    b: Builder,
    types: list[Tensor],
    *args: Value,
    jaxpr: Jaxpr,
    mesh: Mesh,
    in_specs: Sequence[PartitionSpec],
    out_specs: Sequence[PartitionSpec],
    axes: tuple[Any, ...],
    **rest: Any,
) -> list[Value]:
    """Shardy's manual computation. Where each device is, is an argument for each axis, those of
    the computation around it too."""
    if not b.module.devices:
        return b.run(_whole(jaxpr, mesh, in_specs, out_specs, axes, rest), args)
    around = {} if b.manual is None else b.manual.index
    every = (*around, *axes)
    name, loose = b.module.mesh_name(mesh), len(every) < len(mesh.axis_names)
    places = [b.iota(dtypes.int32, (mesh.shape[a],), 0) for a in axes]
    given = [*args, *around.values(), *places]
    in_specs = [*in_specs, *[PartitionSpec()] * len(around), *[PartitionSpec(a) for a in axes]]

    def listed(values: Sequence[Any], specs: Sequence[PartitionSpec]) -> str:
        pairs = zip(values, specs, strict=True)
        return ", ".join([sharding_text(name, s, len(v.shape), loose) for v, s in pairs])

    inner = [
        Tensor(_local(v.shape, s, mesh), v.dtype) for v, s in zip(given, in_specs, strict=True)
    ]
    left, outs = b.text.results(types)
    params = [Value(b.text.name(), t) for t in inner]
    head = ", ".join([f"{v.name}: {v.type}" for v in params])
    b.text.line(
        f"{left}sdy.manual_computation({names_text(given)})"
        f" in_shardings=[{listed(given, in_specs)}] out_shardings=[{listed(types, out_specs)}]"
        f" manual_axes={{{', '.join(map(axis_text, axes))}}} ({head}) {{"
    )
    b.text.lines.extend(_body(b, jaxpr, mesh, every, params))
    b.text.line(f"}} : {types_text([v.type for v in given])} -> {types_text(types)}")
    return outs


def _whole(
    jaxpr: Jaxpr, mesh: Mesh, in_specs: Any, out_specs: Any, axes: Any, rest: dict[str, Any]
) -> Jaxpr:
    """On one device, the program mapped over the axes."""
    params = {
        "jaxpr": jaxpr, "mesh": mesh, "in_specs": in_specs, "out_specs": out_specs, "axes": axes
    }  # fmt: skip
    sizes = zip(jaxpr.in_avals, in_specs, strict=True)
    ins = [Var(a.update(shape=_global(a.shape, s, mesh))) for a, s in sizes]
    assert shard_map_p.inline is not None
    return shard_map_p.inline(JaxprEqn(shard_map_p, ins, [], {**params, **rest}))


def _tiles(spec: PartitionSpec, d: int, mesh: Mesh) -> int:
    return prod([mesh.shape[n] for n in spec.names(d)])


def _local(shape: Sequence[int], spec: PartitionSpec, mesh: Mesh) -> tuple[int, ...]:
    return tuple([n // _tiles(spec, d, mesh) for d, n in enumerate(shape)])


def _global(shape: Sequence[int], spec: PartitionSpec, mesh: Mesh) -> tuple[int, ...]:
    return tuple([n * _tiles(spec, d, mesh) for d, n in enumerate(shape)])


def _body(
    b: Builder, jaxpr: Jaxpr, mesh: Mesh, axes: Sequence[Any], params: Sequence[Value]
) -> list[str]:
    """The lines of one device's program, which sees no value from outside."""
    outside, order = b.manual, b.order
    count = len(params) - len(axes)
    with b.text.block() as lines:
        b.text.known = {}
        index = {a: b.reshape(p, ()) for a, p in zip(axes, params[count:], strict=True)}
        b.manual, b.order = Manual(mesh, tuple(axes), index), None
        outs = b.run(jaxpr, params[:count])
        ends = f" : {', '.join([str(o.type) for o in outs])}" if outs else ""
        b.text.line(f"sdy.return {names_text(outs)}{ends}".rstrip())
    b.manual, b.order = outside, order
    return lines


# Collectives


def manual(b: Builder) -> Manual:
    """Where the program of one device stands."""
    assert b.manual is not None
    return b.manual


def groups(b: Builder, axes: Sequence[Any]) -> np.ndarray:
    """The devices that take part together along axes, a row each, in the order of their places."""
    mesh = manual(b).mesh
    grid = positions(mesh, b.module.devices)
    last = [mesh.axis_names.index(a) for a in axes]
    first = [k for k in range(grid.ndim) if k not in last]
    return grid.transpose(*first, *last).reshape(-1, prod([mesh.shape[a] for a in axes]))


def _attributes(b: Builder, axes: Sequence[Any]) -> dict[str, str]:
    rows = groups(b, axes).tolist()
    return {"replica_groups": matrix(rows), "channel_handle": _channel(b)}


def _channel(b: Builder) -> str:
    b.module.channels += 1
    return f"#stablehlo.channel_handle<handle = {b.module.channels}, type = 1>"


def _reduction(name: str) -> None:
    operation = {"psum": "add", "pmax": "maximum", "pmin": "minimum"}[name]

    @rule(name)
    def _(b: Builder, types: list[Tensor], x: Value, *, axes: tuple[Any, ...]) -> Value:
        return b.one(
            "all_reduce",
            [x],
            types[0],
            [_region(b, operation, x.dtype)],
            **_attributes(b, axes),
            use_global_device_ids="unit",
        )


def _region(b: Builder, operation: str, dtype: Any) -> list[str]:
    scalar = Tensor((), dtype)
    return b.region([scalar, scalar], lambda x, y: b.same(operation, x, y))


for _name in ("psum", "pmax", "pmin"):
    _reduction(_name)


@rule("axis_index")
def _(b: Builder, types: list[Tensor], *, axes: tuple[Any, ...]) -> Value:
    return manual(b).index[axes[0]]


@rule("all_gather")
def _(
    b: Builder, types: list[Tensor], x: Value, *, axes: tuple[Any], dimension: int, size: int
) -> Value:
    longer = b.reshape(x, (*x.shape[:dimension], 1, *x.shape[dimension:]))
    return b.one(
        "all_gather",
        [longer],
        types[0],
        all_gather_dim=int64(dimension),
        **_attributes(b, axes),
        use_global_device_ids="unit",
    )


@rule("psum_scatter")
def _(b: Builder, types: list[Tensor], x: Value, *, axes: tuple[Any, ...], dimension: int) -> Value:
    shape = (*x.shape[:dimension], 1, *x.shape[dimension + 1 :])
    part = b.one(
        "reduce_scatter",
        [x],
        Tensor(shape, x.dtype),
        [_region(b, "add", x.dtype)],
        scatter_dimension=int64(dimension),
        **_attributes(b, axes),
        use_global_device_ids="unit",
    )
    return b.reshape(part, types[0].shape)


@rule("all_to_all")
def _(b: Builder, types: list[Tensor], x: Value, *, axes: tuple[Any, ...], dimension: int) -> Value:
    return b.one(
        "all_to_all",
        [x],
        types[0],
        split_dimension=int64(dimension),
        concat_dimension=int64(dimension),
        split_count=int64(x.shape[dimension]),
        **_attributes(b, axes),
    )


@rule("ppermute")
def _(b: Builder, types: list[Tensor], x: Value, *, axes: tuple[Any, ...], perm: Any) -> Value:
    rows = groups(b, axes).tolist()
    pairs = [[row[i], row[j]] for row in rows for i, j in perm]
    return b.one(
        "collective_permute",
        [x],
        types[0],
        source_target_pairs=matrix(pairs),
        channel_handle=_channel(b),
    )
