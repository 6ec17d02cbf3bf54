"""Moving and adding batch axes, and the batching of elementwise operations."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from ..core.primitive import Primitive
from ..core.trace import get_aval
from .shape import broadcast_in_dim, transpose

Dim = int | None


def move_axis(x: Any, source: int, destination: int) -> Any:
    """The array with one axis moved; itself where it is there already."""
    if source == destination:
        return x
    order = [d for d in range(len(x.shape)) if d != source]
    order.insert(destination, source)
    return transpose(x, order)


def broadcast_batch(x: Any, size: int, dim: int) -> Any:
    """The array repeated along a new axis `dim`."""
    shape = list(get_aval(x).shape)
    kept = [d for d in range(len(shape) + 1) if d != dim]
    shape.insert(dim, size)
    return broadcast_in_dim(x, shape, kept)


def to_axis(x: Any, dim: Dim, size: int, destination: int) -> Any:
    """The array with its batch at an axis, repeated along it if it has none."""
    if dim is None:
        return broadcast_batch(x, size, destination)
    return move_axis(x, dim, destination)


def batch_size(args: Sequence[Any], dims: Sequence[Dim]) -> int:
    """The size of the batch."""
    return next(x.shape[d] for x, d in zip(args, dims, strict=True) if d is not None)


def elementwise_batch(primitive: Primitive) -> None:
    """Give an operation on each element its batching: line the batch axes up."""

    @primitive.def_batch
    def _(args: Any, dims: Any, **params: Any) -> Any:
        if len(args) == 1:
            return primitive.bind(*args, **params), dims[0]
        lined, dim = line_up(args, dims)
        return primitive.bind(*lined, **params), dim


def line_up(args: Sequence[Any], dims: Sequence[Dim]) -> tuple[list[Any], int]:
    """Operands of equal shape, and their batch axis. Scalars without a batch stay scalars."""
    shapes = [get_aval(x).shape for x in args]
    dim = dims[0]
    if dim is not None and dims.count(dim) == len(dims) and shapes.count(shapes[0]) == len(shapes):
        return list(args), dim
    dim, whole, scalars = _common(tuple(shapes), tuple(dims))
    operands = zip(args, dims, scalars, strict=True)
    return [_operand(x, d, scalar, whole, dim) for x, d, scalar in operands], dim


@lru_cache(maxsize=1024)
def _common(
    shapes: tuple[tuple[int, ...], ...], dims: tuple[Dim, ...]
) -> tuple[int, tuple[int, ...], list[bool]]:
    """The batch axis of operands, their shape with it, and which of them are scalars beside it."""
    ranks = [len(s) - (d is not None) for s, d in zip(shapes, dims, strict=True)]
    rank = max(ranks)
    scalars = [r < rank for r in ranks]
    each = list(zip(dims, shapes, scalars, strict=True))
    # The batch stays where the first full operand has it.
    for dim, shape, is_scalar in each:
        if dim is not None and not is_scalar:
            return dim, shape, scalars
    whole = next(shape for _, shape, is_scalar in each if not is_scalar)
    size = next(shape[dim] for dim, shape, _ in each if dim is not None)
    return 0, (size, *whole), scalars


def _operand(x: Any, own: Dim, is_scalar: bool, whole: tuple[int, ...], dim: int) -> Any:
    if own is None:
        return broadcast_batch(x, whole[dim], dim) if get_aval(x).shape else x
    # A batch of scalars beside a batch of arrays is repeated along the arrays' axes.
    return broadcast_in_dim(x, whole, (dim,)) if is_scalar else move_axis(x, own, dim)
