"""Reads and writes at computed places: dynamic slices, gather and scatter."""

from collections.abc import Sequence
from math import prod

import numpy as np

from ...core.ir import JaxprEqn
from ...primitives.index import GatherScatterMode
from . import index as ix
from .build import Builder, at_view
from .expr import Node, numpy_dtype
from .index import Index
from .loops import Kernel, Nest, Store
from .values import Indices, Value, storage

IntRange = tuple[int, int]


def _limits(dtype: str) -> IntRange:
    if dtype == "bool":
        return 0, 1
    info = numpy_dtype(dtype)
    bits = info.itemsize * 8
    return (0, (1 << bits) - 1) if info.kind == "u" else (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)


def clamped(b: Builder, node: Node, most: int) -> Index:
    """The index that is the value of a node moved into 0..most."""
    if node.op == "const":
        return b.graph.dyn(node, 0, most)
    lo, hi = _limits(node.dtype)
    if lo < 0:
        node = b.op("max", node.dtype, node, b.graph.const(0, node.dtype))
    if hi > most:
        node = b.op("min", node.dtype, node, b.graph.const(most, node.dtype))
    return b.graph.dyn(node, 0, most)


def _starts(
    b: Builder, starts: Sequence[Value], x: Sequence[int], sizes: Sequence[int]
) -> list[Index]:
    return [
        clamped(b, s.at(()), n - k) if n != k else ix.ZERO
        for s, n, k in zip(starts, x, sizes, strict=True)
    ]


def dynamic_slice(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> Value:
    """y[i] = x[start + i], the start moved so that the slice lies inside."""
    x, *starts = ins
    sizes = eqn.params["slice_sizes"]

    def at(idx: Indices) -> Node:
        found = _starts(b, starts, x.shape, sizes)
        return x.at(tuple([ix.add(s, i) for s, i in zip(found, idx, strict=True)]))

    return Value(sizes, x.dtype, at)


def dynamic_update_slice(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> list[Value]:
    """y = x, then y[start + i] = u[i]."""
    x, u, *starts = ins
    out = eqn.outvars[0]
    starts = [b.settled(s) for s in starts]
    u = b.settled(u)
    view = b.destination(out)
    y = b.write(x, view)
    if 0 not in u.shape and 0 not in x.shape:
        axes, idx = b.graph.atoms.axes(u.shape)
        places = _starts(b, starts, x.shape, u.shape)
        offset = at_view(view, [ix.add(s, i) for s, i in zip(places, idx, strict=True)])
        b.block.append(
            Nest((), (Kernel(tuple(axes), (), (Store(view.buffer, offset, u.at(idx)),)),))
        )
    return [y]


def _window(
    b: Builder,
    indices: Value,
    batch: Indices,
    columns: Sequence[int],
    shape: Sequence[int],
    sizes: Sequence[int],
    mode: GatherScatterMode,
    tested: bool = False,
) -> tuple[dict[int, Index], list[tuple[Index, int, int]]]:
    """The start of a window along each axis that indices move, and tests that it lies inside. What
    happens only where these hold needs no clamped starts (`tested`)."""
    starts: dict[int, Index] = {}
    tests = []
    for column, axis in enumerate(columns):
        node = indices.at((*batch, ix.constant(column)))
        most = shape[axis] - sizes[axis]
        drops = mode is GatherScatterMode.FILL_OR_DROP
        if drops and tested:
            starts[axis] = b.graph.dyn(node, 0, max(most, 0))
        else:
            starts[axis] = clamped(b, node, max(most, 0))
        if drops:
            tests.append((b.graph.dyn(node, *_limits(node.dtype)), 0, most + 1))
    return starts, tests


def _operand_index(
    shape: Sequence[int],
    starts: dict[int, Index],
    collapsed: Sequence[int],
    batching: dict[int, Index],
    window: Sequence[Index],
) -> Indices:
    inside = iter(window)
    out = []
    for axis in range(len(shape)):
        if axis in batching:
            out.append(batching[axis])
            continue
        i = ix.ZERO if axis in collapsed else next(inside)
        out.append(ix.add(starts[axis], i) if axis in starts else i)
    return tuple(out)


def gather(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> Value:
    """y[batch.., offset..] = x[start(batch..) + offset..]."""
    x, indices = ins
    p = eqn.params
    n, mode, sizes = p["dimension_numbers"], p["mode"], p["slice_sizes"]
    out = eqn.outvars[0].aval
    offsets = set(n.offset_dims)
    fill = p["fill_value"] if mode is GatherScatterMode.FILL_OR_DROP else None
    filler = np.asarray(fill or 0, out.dtype)

    def at(idx: Indices) -> Node:
        batch = tuple([i for d, i in enumerate(idx) if d not in offsets])
        window = [idx[d] for d in n.offset_dims]
        starts, tests = _window(b, indices, batch, n.start_index_map, x.shape, sizes, mode)
        pairs = zip(n.operand_batching_dims, n.start_indices_batching_dims, strict=True)
        batching = {a: batch[c] for a, c in pairs}
        where = _operand_index(x.shape, starts, n.collapsed_slice_dims, batching, window)
        if 0 in x.shape:
            return b.graph.const(filler, x.dtype)
        if fill is None:
            return x.at(where)
        return b.graph.guard(tests, lambda: x.at(where), b.graph.const(filler, x.dtype))

    return Value(out.shape, x.dtype, at)


COMBINE = {
    "scatter": None,
    "scatter-add": "add",
    "scatter-sub": "sub",
    "scatter-mul": "mul",
    "scatter-min": "min",
    "scatter-max": "max",
    "scatter_add": "add",
    "scatter_sub": "sub",
    "scatter_mul": "mul",
    "scatter_min": "min",
    "scatter_max": "max",
}


def scatter(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> list[Value]:
    """y = x, then y[start(batch..) + window..] op= u[batch.., window..] in order."""
    x, indices, u = ins
    p = eqn.params
    n, mode = p["dimension_numbers"], p["mode"]
    out = eqn.outvars[0]
    indices, u = b.settled(indices), b.settled(u)
    view = b.destination(out)
    y = b.write(x, view)
    if 0 in u.shape or 0 in x.shape:
        return [y]
    axes, idx = b.graph.atoms.axes(u.shape)
    inside = set(n.update_window_dims)
    batch = tuple([i for d, i in enumerate(idx) if d not in inside])
    window = [idx[d] for d in n.update_window_dims]
    gone = {*n.inserted_window_dims, *n.operand_batching_dims}
    spans = iter([u.shape[d] for d in n.update_window_dims])
    sizes = [1 if d in gone else next(spans) for d in range(len(x.shape))]
    columns = n.scatter_dims_to_operand_dims
    one, combine = prod([a.extent for a in axes]) == prod(sizes), COMBINE[eqn.primitive.name]
    # Of one window no element is written twice: what it becomes is an ordinary value, which is
    # computed before anything is tested.
    plain = one and combine is not None
    starts, tests = _window(b, indices, batch, columns, x.shape, sizes, mode, not plain)
    pairs = zip(n.operand_batching_dims, n.scatter_indices_batching_dims, strict=True)
    batching = {a: batch[c] for a, c in pairs}
    where = _operand_index(x.shape, starts, n.inserted_window_dims, batching, window)
    graph = b.graph
    mask = graph.guard(tests, lambda: graph.const(True, "bool"), graph.const(False, "bool"))
    if mask is graph.const(False, "bool"):
        return [y]
    offset, value = at_view(view, where), u.at(idx)
    if plain:
        assert combine is not None
        value = b.op(combine, x.dtype, b.graph.load(view.buffer, offset, x.dtype), value)
        combine = None
    always = mask.op == "const"
    store = Store(view.buffer, offset, value, combine, None if always else mask)
    order = sorted(axes, key=lambda a: any(a is i[1][0][0] for i in window if i[1]))
    b.block.append(Nest((), (Kernel(tuple(order), (), (store,), (), not (one and always)),)))
    return [y]


LAZY = {"dynamic_slice": dynamic_slice, "gather": gather}
EAGER = {"dynamic_update_slice": dynamic_update_slice, **dict.fromkeys(COMBINE, scatter)}
MOVES = ("dynamic_slice", "gather", "dynamic_update_slice", "scatter")

__all__ = ["EAGER", "LAZY", "MOVES", "storage"]
