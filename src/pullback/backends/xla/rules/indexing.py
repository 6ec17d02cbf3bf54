"""Reads and writes at computed places: gather, scatter, dynamic slices."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .... import dtypes
from ....primitives.index import GatherScatterMode
from ..builder import Builder, table
from ..hlo import Tensor, Value, ints, truth
from .contract import axes_text
from .elementwise import maximum, minimum

Types = list[Tensor]
RULES, rule = table()


def _wide(b: Builder, indices: Value) -> Value:
    """Indices in a type that holds the sizes of axes."""
    return b.convert(indices, dtypes.int32) if indices.dtype.itemsize < 4 else indices


def _one_type(b: Builder, starts: Sequence[Value]) -> list[Value]:
    """Starts in one type, as XLA wants them."""
    wide = [_wide(b, s) for s in starts]
    if len({s.dtype for s in wide}) <= 1:
        return wide
    return [b.convert(s, dtypes.int64) for s in wide]


@rule("dynamic_slice")
def _(b: Builder, types: Types, x: Value, *starts: Value, slice_sizes: Any) -> Value:
    if not starts:
        return x
    sizes = {"slice_sizes": ints(types[0].shape)}
    return b.one("dynamic_slice", [x, *_one_type(b, starts)], types[0], **sizes)


@rule("dynamic_update_slice")
def _(b: Builder, types: Types, x: Value, update: Value, *starts: Value) -> Value:
    if not starts:
        return update
    return b.one("dynamic_update_slice", [x, update, *_one_type(b, starts)], types[0])


def _last_starts(b: Builder, indices: Value, mapped: Any, shape: Any, sizes: Any) -> Value:
    """The last place of each column of the indices where a window lies within the array."""
    limits = [shape[d] - sizes[d] for d in mapped]
    row = b.array(np.asarray(limits, indices.dtype))
    return b.broadcast(row, indices.shape, (indices.ndim - 1,))


def _inside(b: Builder, indices: Value, last: Value) -> Value:
    """Which rows of the indices are windows within the array."""
    ok = b.compare("LE", indices, last)
    if dtypes.kind(indices.dtype) == "signed":
        ok = b.same("and", ok, b.compare("GE", indices, b.like(indices, 0)))
    scalar = Tensor((), dtypes.bool_)
    region = b.region([scalar, scalar], lambda p, q: b.same("and", p, q))
    out = Tensor(indices.shape[:-1], dtypes.bool_)
    start = b.constant(True, dtypes.bool_)
    return b.one("reduce", [ok, start], out, [region], dimensions=ints([indices.ndim - 1]))


def _clipped(b: Builder, indices: Value, last: Value) -> Value:
    return minimum(b, maximum(b, indices, b.like(indices, 0)), last)


@rule("gather")
def gather(
    b: Builder,
    types: Types,
    x: Value,
    indices: Value,
    *,
    dimension_numbers: Any,
    slice_sizes: Any,
    unique_indices: bool,
    indices_are_sorted: bool,
    mode: GatherScatterMode,
    fill_value: Any,
) -> Value:
    """XLA moves windows inside; those that were outside are filled."""
    n, indices = dimension_numbers, _wide(b, indices)
    numbers = (
        f"#stablehlo.gather<offset_dims = {axes_text(n.offset_dims)},"
        f" collapsed_slice_dims = {axes_text(n.collapsed_slice_dims)},"
        f" operand_batching_dims = {axes_text(n.operand_batching_dims)},"
        f" start_indices_batching_dims = {axes_text(n.start_indices_batching_dims)},"
        f" start_index_map = {axes_text(n.start_index_map)},"
        f" index_vector_dim = {indices.ndim - 1}>"
    )
    y = b.one(
        "gather",
        [x, indices],
        types[0],
        dimension_numbers=numbers,
        slice_sizes=ints(slice_sizes),
        indices_are_sorted=truth(indices_are_sorted),
    )
    if mode is not GatherScatterMode.FILL_OR_DROP or not n.start_index_map:
        return y
    last = _last_starts(b, indices, n.start_index_map, x.shape, slice_sizes)
    batch = [d for d in range(y.ndim) if d not in n.offset_dims]
    inside = b.broadcast(_inside(b, indices, last), y.shape, batch)
    return b.select(inside, y, b.like(y, fill_value))


# How scatter combines what is there with an update.
COMBINED: dict[str, Callable[[Builder, Value, Value], Value]] = {
    "scatter": lambda b, old, new: new,
    "scatter-add": lambda b, old, new: b.same("add", old, new),
    "scatter-sub": lambda b, old, new: b.same("subtract", old, new),
    "scatter-mul": lambda b, old, new: b.same("multiply", old, new),
    "scatter-min": minimum,
    "scatter-max": maximum,
}


def window_sizes(x: Value, updates: Value, n: Any) -> list[int]:
    """The sizes of windows along each axis of the operand."""
    gone = {*n.inserted_window_dims, *n.operand_batching_dims}
    inside = iter([updates.shape[d] for d in n.update_window_dims])
    return [min(s, 1) if d in gone else next(inside) for d, s in enumerate(x.shape)]


def scatter(name: str) -> Callable[..., Value]:
    """The rule of a write. XLA drops windows that are not within the array."""
    combine = COMBINED[name]

    def apply(
        b: Builder,
        types: Types,
        x: Value,
        indices: Value,
        updates: Value,
        *,
        dimension_numbers: Any,
        mode: GatherScatterMode,
        unique_indices: bool,
        indices_are_sorted: bool,
    ) -> Value:
        n, indices = dimension_numbers, _wide(b, indices)
        if mode is GatherScatterMode.CLIP and n.scatter_dims_to_operand_dims:
            sizes = window_sizes(x, updates, n)
            last = _last_starts(b, indices, n.scatter_dims_to_operand_dims, x.shape, sizes)
            indices = _clipped(b, indices, last)
        scalar = Tensor((), x.dtype)
        region = b.region([scalar, scalar], lambda old, new: combine(b, old, new))
        return b.one(
            "scatter",
            [x, indices, updates],
            x.type,
            [region],
            scatter_dimension_numbers=_scatter_numbers(n, indices.ndim - 1),
            indices_are_sorted=truth(indices_are_sorted),
            unique_indices=truth(unique_indices),
        )

    return apply


def _scatter_numbers(n: Any, index_vector: int) -> str:
    return (
        f"#stablehlo.scatter<update_window_dims = {axes_text(n.update_window_dims)},"
        f" inserted_window_dims = {axes_text(n.inserted_window_dims)},"
        f" input_batching_dims = {axes_text(n.operand_batching_dims)},"
        f" scatter_indices_batching_dims = {axes_text(n.scatter_indices_batching_dims)},"
        f" scatter_dims_to_operand_dims = {axes_text(n.scatter_dims_to_operand_dims)},"
        f" index_vector_dim = {index_vector}>"
    )


for _name in COMBINED:
    rule(_name)(scatter(_name))
