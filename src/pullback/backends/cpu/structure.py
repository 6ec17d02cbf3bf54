"""Operations that only move elements, as maps of indices: no loop is made for them."""

from typing import Any

from ...core.ir import JaxprEqn
from . import index as ix
from .build import Builder
from .expr import Node
from .values import Indices, Value, storage


def elementwise(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> Value:
    """One scalar operation; a rank-0 operand stands for all elements."""
    aval = eqn.outvars[0].aval
    name, dtype = eqn.primitive.name, storage(aval)
    data = parameters(eqn.params)
    graph = b.graph
    rank = len(aval.shape)

    def at(idx: Indices) -> Node:
        args = tuple([v.at(idx) if len(v.shape) == rank else v.at(()) for v in ins])
        return graph.node(name, dtype, args, data)

    return Value(aval.shape, dtype, at)


def parameters(params: dict[str, Any]) -> Any:
    """Parameters as hashable data; None where there are none that matter."""
    found = [(k, v) for k, v in sorted(params.items()) if k not in ("weak_type", "accuracy")]
    return tuple(found) or None


def same(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> Value:
    """copy and its like: the operand itself."""
    return ins[0]


def convert(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> Value:
    """convert_element_type; nothing where the dtype stays."""
    if ins[0].dtype == storage(eqn.outvars[0].aval):
        return ins[0]
    return elementwise(b, eqn, ins)


def broadcast_in_dim(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> Value:
    """y[i0..] = x[i of its own axes, 0 where x has extent 1]."""
    (x,) = ins
    dims = eqn.params["broadcast_dimensions"]
    picks = [(d, n != 1) for d, n in zip(dims, x.shape, strict=True)]

    def at(idx: Indices) -> Node:
        return x.at(tuple([idx[d] if moves else ix.ZERO for d, moves in picks]))

    return Value(eqn.outvars[0].aval.shape, x.dtype, at)


def reshape(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> Value:
    """The same elements in row-major order; squeeze too."""
    (x,) = ins
    shape = eqn.outvars[0].aval.shape
    atoms = b.graph.atoms
    return Value(shape, x.dtype, lambda idx: x.at(atoms.reshape(idx, shape, x.shape)))


def transpose(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> Value:
    """y[i] = x[j] with j[permutation[k]] = i[k]."""
    (x,) = ins
    perm = eqn.params["permutation"]
    inverse = [perm.index(k) for k in range(len(perm))]
    shape = eqn.outvars[0].aval.shape
    return Value(shape, x.dtype, lambda idx: x.at(tuple([idx[k] for k in inverse])))


def rev(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> Value:
    """y[i] = x[n - 1 - i]."""
    (x,) = ins
    flipped = set(eqn.params["dimensions"])

    def at(idx: Indices) -> Node:
        pairs = enumerate(zip(idx, x.shape, strict=True))
        return x.at(tuple([reverse(i, n) if k in flipped else i for k, (i, n) in pairs]))

    return Value(x.shape, x.dtype, at)


def reverse(i: ix.Index, n: int) -> ix.Index:
    """n - 1 - i."""
    return ix.shift(ix.scale(i, -1), n - 1)


def slice_(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> Value:
    """y[i] = x[start + i * stride]."""
    (x,) = ins
    starts = eqn.params["start_indices"]
    strides = eqn.params.get("strides") or (1,) * len(starts)

    def at(idx: Indices) -> Node:
        parts = zip(idx, starts, strides, strict=True)
        return x.at(tuple([ix.shift(ix.scale(i, s), lo) for i, lo, s in parts]))

    return Value(eqn.outvars[0].aval.shape, x.dtype, at)


def pad(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> Value:
    """y[lo + k * (gap + 1)] = x[k], and the padding value elsewhere."""
    x, filler = ins
    config = eqn.params["padding_config"]
    shape = eqn.outvars[0].aval.shape
    if 0 in x.shape:
        return Value(shape, x.dtype, lambda idx: filler.at(()))
    graph, atoms = b.graph, b.graph.atoms

    def at(idx: Indices) -> Node:
        tests, inner = [], []
        for i, n, (lo, _, gap) in zip(idx, x.shape, config, strict=True):
            moved = ix.shift(i, -lo)
            if gap:
                tests.append((atoms.mod(moved, gap + 1), 0, 1))
                moved = atoms.div(moved, gap + 1)
            tests.append((moved, 0, n))
            inner.append(moved)
        return graph.guard(tests, lambda: x.at(tuple(inner)), filler.at(()))

    return Value(shape, x.dtype, at)


def concatenate(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> Value:
    """The operand in whose range the index falls."""
    axis = eqn.params["dimension"]
    pieces, start = [], 0
    for x in ins:
        if 0 not in x.shape:
            pieces.append((x, start))
        start += x.shape[axis]

    def at(idx: Indices) -> Node:
        return _choose(b, pieces, idx, axis)

    return Value(eqn.outvars[0].aval.shape, ins[0].dtype, at)


def _choose(b: Builder, pieces: list[tuple[Value, int]], idx: Indices, axis: int) -> Node:
    """Tests halve the pieces, so that few are made and those of constant indices vanish."""

    def moved(x: Value, start: int) -> Node:
        return x.at((*idx[:axis], ix.shift(idx[axis], -start), *idx[axis + 1 :]))

    if len(pieces) == 1:
        return moved(*pieces[0])
    half = len(pieces) // 2
    lo, hi = ix.bounds(idx[axis])
    middle = pieces[half][1]
    if hi < middle:
        return _choose(b, pieces[:half], idx, axis)
    if lo >= middle:
        return _choose(b, pieces[half:], idx, axis)
    first = _choose(b, pieces[:half], idx, axis)
    second = _choose(b, pieces[half:], idx, axis)
    return b.graph.guard([(idx[axis], lo, middle)], lambda: first, second)


def iota(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> Value:
    """y[i] = i[dimension]."""
    aval = eqn.outvars[0].aval
    dtype, k = storage(aval), eqn.params["dimension"]
    return Value(aval.shape, dtype, lambda idx: b.graph.iota(idx[k], dtype))


def empty(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> list[Value]:
    """Memory that will be written before it is read."""
    (v,) = eqn.outvars
    zero = b.graph.const(0, storage(v.aval))
    value = Value(v.aval.shape, storage(v.aval), lambda idx: zero, anything=True)
    return [b.result(v, value)]


def split(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> list[Value]:
    """Pieces of given sizes along an axis."""
    (x,) = ins
    axis, start, outs = eqn.params["axis"], 0, []
    for v, size in zip(eqn.outvars, eqn.params["sizes"], strict=True):
        piece = _piece(x, v.aval.shape, axis, start)
        outs.append(b.result(v, piece))
        start += size
    return outs


def _piece(x: Value, shape: tuple[int, ...], axis: int, start: int) -> Value:
    def at(idx: Indices) -> Node:
        return x.at((*idx[:axis], ix.shift(idx[axis], start), *idx[axis + 1 :]))

    return Value(shape, x.dtype, at)


EAGER = {"empty": empty, "split": split}
LAZY = {
    "broadcast_in_dim": broadcast_in_dim,
    "reshape": reshape,
    "squeeze": reshape,
    "expand_dims": reshape,
    "transpose": transpose,
    "rev": rev,
    "slice": slice_,
    "pad": pad,
    "concatenate": concatenate,
    "iota": iota,
    "copy": same,
    "copy_p": same,
    "device_put": same,
    "random_clone": same,
    "sharding_constraint": same,
    "stop_gradient": same,
    "convert_element_type": convert,
}
