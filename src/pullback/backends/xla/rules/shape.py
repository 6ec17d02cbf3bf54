"""Operations that move elements, and those that make them of indices."""

from typing import Any

from ..builder import Builder, table
from ..hlo import Tensor, Value, held_as, int64, ints

Types = list[Tensor]
RULES, rule = table()


@rule("broadcast_in_dim")
def _(b: Builder, types: Types, x: Value, *, shape: Any, broadcast_dimensions: Any) -> Value:
    return b.one("broadcast_in_dim", [x], types[0], broadcast_dimensions=ints(broadcast_dimensions))


@rule("reshape", "squeeze")
def _(b: Builder, types: Types, x: Value, **params: Any) -> Value:
    return b.reshape(x, types[0].shape)


@rule("transpose")
def _(b: Builder, types: Types, x: Value, *, permutation: Any) -> Value:
    return b.transpose(x, permutation)


@rule("rev")
def _(b: Builder, types: Types, x: Value, *, dimensions: Any) -> Value:
    return b.one("reverse", [x], x.type, dimensions=ints(dimensions))


@rule("slice")
def _(b: Builder, types: Types, x: Value, *, start_indices, limit_indices, strides) -> Value:
    return b.one(
        "slice",
        [x],
        types[0],
        start_indices=ints(start_indices),
        limit_indices=ints(limit_indices),
        strides=ints(strides or (1,) * x.ndim),
    )


def slice_axis(b: Builder, x: Value, axis: int, start: int, limit: int, step: int = 1) -> Value:
    """x[..., start:limit:step, ...] along an axis."""
    low, high, strides, shape = [0] * x.ndim, list(x.shape), [1] * x.ndim, list(x.shape)
    low[axis], high[axis], strides[axis] = start, limit, step
    shape[axis] = len(range(start, limit, step))
    out = Tensor(tuple(shape), x.dtype)
    bounds = {"start_indices": low, "limit_indices": high, "strides": strides}
    return RULES["slice"](b, [out], x, **bounds)


@rule("split")
def _(b: Builder, types: Types, x: Value, *, sizes: Any, axis: int) -> list[Value]:
    pieces, start = [], 0
    for size in sizes:
        pieces.append(slice_axis(b, x, axis, start, start + size))
        start += size
    return pieces


@rule("pad")
def _(b: Builder, types: Types, x: Value, value: Value, *, padding_config: Any) -> Value:
    return b.one(
        "pad",
        [x, value],
        types[0],
        edge_padding_low=ints([lo for lo, _, _ in padding_config]),
        edge_padding_high=ints([hi for _, hi, _ in padding_config]),
        interior_padding=ints([gap for _, _, gap in padding_config]),
    )


@rule("concatenate")
def _(b: Builder, types: Types, *xs: Value, dimension: int) -> Value:
    return b.one("concatenate", xs, types[0], dimension=int64(dimension))


@rule("iota")
def _(b: Builder, types: Types, *, dtype: Any, shape: Any, dimension: int) -> Value:
    return b.iota(types[0].dtype, types[0].shape, dimension)


@rule("constant")
def _(b: Builder, types: Types, *, held: Any) -> Value:
    """An array that the program holds."""
    return b.array(held_as(held.array._npy))


@rule("empty")
def _(b: Builder, types: Types, *, dtype: Any, shape: Any) -> Value:
    """XLA has no array that holds anything: zeros."""
    return b.constant(0, types[0].dtype, types[0].shape)
