"""sort and top_k: one call of the runtime each, without a copy where operands lie row-major."""

from collections.abc import Sequence

from ...core.ir import JaxprEqn
from ...primitives import order
from . import index as ix
from .build import Builder
from .fallback import callback, contiguous
from .loops import Call, Operand
from .values import Value


def sort(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> list[Value]:
    """Operands whose elements are their places are made, not moved."""
    axis, num_keys = eqn.params["dimension"], eqn.params["num_keys"]
    shape = eqn.invars[0].aval.shape
    counted = [k >= num_keys and is_place(b, x, axis) for k, x in enumerate(ins)]
    moved = [k for k, made in enumerate(counted) if not made]
    found = [order.parts(k, v.aval.dtype) for k, v in enumerate(eqn.invars[:num_keys])]
    if None in found:
        return callback(b, eqn, ins)
    keys = [key for parts in found for key in parts or ()]
    sizes = [v.aval.dtype.itemsize for v in eqn.invars]
    sources = [moved.index(k) if k in moved else order.PLACES for k in range(len(ins))]
    plan = order.plan(shape, axis, shape[axis], keys, list(zip(sources, sizes, strict=True)))
    return _call(b, eqn, plan, [ins[k] for k in moved])


def is_place(b: Builder, x: Value, axis: int) -> bool:
    """Whether each element is its own index along the axis, as an integer of 4 or 8 bytes."""
    if 0 in x.shape or x.shape[axis] == 1 or x.dtype not in ("int32", "uint32", "int64", "uint64"):
        return False
    idx = b.graph.atoms.axes(x.shape)[1]
    node = x.at(idx)
    return node.op == "iota" and ix.shift(node.data, 0) == idx[axis]


def top_k(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> list[Value]:
    """The k greatest, and their places as int32."""
    axis, k = eqn.params["axis"], eqn.params["k"]
    aval = eqn.invars[0].aval
    keys = order.greatest(0, aval.dtype)
    if keys is None:
        return callback(b, eqn, ins)
    results = [(0, aval.dtype.itemsize), (order.PLACES, 4)]
    return _call(b, eqn, order.plan(aval.shape, axis, k, keys, results), ins)


def _call(b: Builder, eqn: JaxprEqn, plan: tuple[int, ...], moved: Sequence[Value]) -> list[Value]:
    """The call, unless there is nothing to sort."""
    places = [b.destination(v) for v in eqn.outvars]
    pairs = list(zip(eqn.outvars, places, strict=True))
    if eqn.outvars[0].aval.size:
        outs = [Operand(p.buffer, p.offset, v.aval.shape, p.strides) for v, p in pairs]
        args = [contiguous(b, x) for x in moved]
        b.block.append(Call("sort", plan, tuple(args), tuple(outs)))
    return [b.standing(view, v.aval) for v, view in pairs]


EAGER = {"sort": sort, "top_k": top_k}
