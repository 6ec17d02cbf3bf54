"""Reductions and running reductions as loop nests."""

from collections.abc import Sequence

from ...core.ir import JaxprEqn
from . import index as ix
from .build import Builder, at_view
from .expr import Node
from .index import Atom
from .loops import Kernel, Nest, Reduction
from .structure import reverse
from .values import Indices, Value, storage

MONOIDS = {
    "reduce_sum": "add",
    "reduce_prod": "mul",
    "reduce_max": "max",
    "reduce_min": "min",
    "reduce_and": "and",
    "reduce_or": "or",
    "reduce_xor": "xor",
    "argmax": "argmax",
    "argmin": "argmin",
    "cumsum": "add",
    "cumprod": "mul",
    "cummax": "max",
    "cummin": "min",
}
# Narrow floats are added and compared as wider ones.
WIDE = {"float16": "float32", "bfloat16": "float32"}


def widened(b: Builder, node: Node, dtype: str) -> Node:
    """The value in another dtype."""
    return node if node.dtype == dtype else b.op("convert_element_type", dtype, node)


def reduce(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> list[Value]:
    """y[kept axes] = the monoid over the reduced axes of x."""
    (x,) = ins
    gone = set(eqn.params["axes"])
    out = eqn.outvars[0]
    axes, idx = b.graph.atoms.axes(x.shape)
    dims = [d for d, n in enumerate(x.shape) if n != 1]
    kept = tuple([a for a, d in zip(axes, dims, strict=True) if d not in gone])
    over = tuple([a for a, d in zip(axes, dims, strict=True) if d in gone])
    op = MONOIDS[eqn.primitive.name]
    if not over and 0 not in x.shape and not op.startswith("arg"):
        kept_dims = [d for d in range(len(x.shape)) if d not in gone]
        return [b.result(out, _spread(x, out.aval.shape, kept_dims, len(x.shape)))]
    view = b.destination(out)
    offset = at_view(view, [i for d, i in enumerate(idx) if d not in gone])
    if 0 not in out.aval.shape:
        value = b.graph.const(0, x.dtype) if 0 in x.shape else x.at(idx)
        add_reduction(b, kept, over, op, view.buffer, offset, value, storage(out.aval))
    return [b.standing(view, out.aval)]


def _spread(x: Value, shape: Sequence[int], dims: Sequence[int], rank: int) -> Value:
    """x where the index is that of `dims` and 0 along its other axes."""

    def at(idx: Indices) -> Node:
        full = [ix.ZERO] * rank
        for d, i in zip(dims, idx, strict=True):
            full[d] = i
        return x.at(tuple(full))

    return Value(shape, x.dtype, at)


def add_reduction(
    b: Builder,
    kept: tuple[Atom, ...],
    over: tuple[Atom, ...],
    op: str,
    buffer: str,
    offset: ix.Index,
    value: Node,
    dtype: str,
) -> None:
    """Append the nest of one reduction."""
    kind = value.dtype if op.startswith("arg") else dtype
    wide = WIDE.get(kind, kind)
    item = Reduction(op, buffer, offset, widened(b, value, wide), wide)
    b.block.append(Nest((), (Kernel(kept, over, (), (item,)),)))


def cumulative(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> list[Value]:
    """y[.., i, ..] = the monoid over x[.., :i + 1, ..]."""
    (x,) = ins
    axis, out = eqn.params["axis"], eqn.outvars[0]
    view = b.destination(out)
    if 0 in x.shape:
        return [b.standing(view, out.aval)]
    if x.shape[axis] == 1:
        return [b.write(x, view)]
    axes, idx = b.graph.atoms.axes(x.shape)
    over = idx[axis][1][0][0]
    if eqn.params["reverse"]:
        idx = (*idx[:axis], reverse(idx[axis], x.shape[axis]), *idx[axis + 1 :])
    kept = tuple([a for a in axes if a is not over])
    wide = WIDE.get(x.dtype, x.dtype)
    op = MONOIDS[eqn.primitive.name]
    value = widened(b, x.at(idx), wide)
    item = Reduction(op, view.buffer, at_view(view, idx), value, wide, prefix=True)
    b.block.append(Nest((), (Kernel(kept, (over,), (), (item,)),)))
    return [b.standing(view, out.aval)]


EAGER = {
    **dict.fromkeys([n for n in MONOIDS if n.startswith(("reduce_", "arg"))], reduce),
    **dict.fromkeys(["cumsum", "cumprod", "cummax", "cummin"], cumulative),
}
