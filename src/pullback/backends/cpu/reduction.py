"""Reductions, running sums and contractions as loop nests; large products go to BLAS."""

from ...core.ir import JaxprEqn
from . import index as ix
from .build import Builder, at_view
from .expr import Node
from .index import Atom
from .loops import Gemm, Kernel, Nest, Operand, Reduction
from .structure import reverse
from .values import Value, View, row_major, storage

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
# Sums of narrow floats are kept in a wider one.
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
    view = b.destination(out)
    offset = at_view(view, [i for d, i in enumerate(idx) if d not in gone])
    op = MONOIDS[eqn.primitive.name]
    if 0 not in out.aval.shape:
        value = b.graph.const(0, x.dtype) if 0 in x.shape else x.at(idx)
        add_reduction(b, kept, over, op, view.buffer, offset, value, storage(out.aval))
    return [b.standing(view, out.aval)]


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
    wide = value.dtype if op.startswith("arg") else WIDE.get(dtype, dtype)
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


# Products of fewer multiplications than this are loops: a call costs more than the work.
GEMM_WORK = 16 * 16 * 16


def dot_general(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> list[Value]:
    """z[batch, m, n] = sum over k of x[batch, m, k] * y[batch, k, n]."""
    x, y = ins
    (cx, cy), (bx, by) = eqn.params["dimension_numbers"]
    out = eqn.outvars[0]
    dtype = storage(out.aval)
    view = b.destination(out)
    if 0 in out.aval.shape:
        return [b.standing(view, out.aval)]
    fx = [d for d in range(len(x.shape)) if d not in cx and d not in bx]
    fy = [d for d in range(len(y.shape)) if d not in cy and d not in by]
    if _is_gemm(x, y, dtype, [x.shape[d] for d in cx], fx, fy):
        return _gemm(b, eqn, x, y, (bx, fx, cx), (by, cy, fy), view)
    atoms = b.graph.atoms
    axes, idx = atoms.axes(out.aval.shape)
    over, summed = atoms.axes([x.shape[d] for d in cx])
    at_x = dict(zip([*bx, *fx, *cx], [*idx[: len(bx) + len(fx)], *summed], strict=True))
    at_y = dict(
        zip([*by, *fy, *cy], [*idx[: len(by)], *idx[len(bx) + len(fx) :], *summed], strict=True)
    )
    wide = WIDE.get(dtype, dtype)
    if 0 in x.shape:
        value = b.graph.const(0, wide)
        over = [atoms.axis(0)]
    else:
        left = widened(b, x.at(tuple([at_x[d] for d in range(len(x.shape))])), wide)
        right = widened(b, y.at(tuple([at_y[d] for d in range(len(y.shape))])), wide)
        value = b.op("and" if wide == "bool" else "mul", wide, left, right)
    op = "or" if wide == "bool" else "add"
    item = Reduction(op, view.buffer, at_view(view, idx), value, wide)
    b.block.append(Nest((), (Kernel(tuple(axes), tuple(over), (), (item,)),)))
    return [b.standing(view, out.aval)]


def _is_gemm(
    x: Value, y: Value, dtype: str, summed: list[int], fx: list[int], fy: list[int]
) -> bool:
    if dtype not in ("float32", "float64") or x.dtype != dtype or y.dtype != dtype:
        return False
    m = n = k = 1
    for d in fx:
        m *= x.shape[d]
    for d in fy:
        n *= y.shape[d]
    for s in summed:
        k *= s
    return m > 1 and n > 1 and m * n * k >= GEMM_WORK


def _gemm(
    b: Builder,
    eqn: JaxprEqn,
    x: Value,
    y: Value,
    left: tuple[list[int], list[int], list[int]],
    right: tuple[list[int], list[int], list[int]],
    view: View,
) -> list[Value]:
    out = eqn.outvars[0]
    shape = out.aval.shape
    nb = len(left[0])
    a = _matrices(b, x, left)
    c = _matrices(b, y, right)
    standing = b.standing(view, out.aval)
    target = _group(
        Operand(view.buffer, view.offset, shape, view.strides),
        _spans(nb, len(left[1]), len(right[2])),
    )
    assert target is not None
    b.block.append(Gemm(storage(out.aval), a, c, target))
    return [standing]


def _spans(*lengths: int) -> list[list[int]]:
    spans, start = [], 0
    for n in lengths:
        spans.append(list(range(start, start + n)))
        start += n
    return spans


def _matrices(b: Builder, x: Value, groups: tuple[list[int], list[int], list[int]]) -> Operand:
    """The operand with each group of dimensions as one, copied only where strides forbid it."""
    firm = b.operand(x)
    found = _group(firm, [list(g) for g in groups])
    if found is not None and 1 in (found.strides[1], found.strides[2]) and _no_overlap(found):
        return found
    order = [d for g in groups for d in g]
    shape = tuple([x.shape[d] for d in order])

    def at(idx: tuple[ix.Index, ...]) -> Node:
        return x.at(tuple([idx[order.index(d)] for d in range(len(order))]))

    size = 1
    for n in shape:
        size *= n
    copy = Value(shape, x.dtype, at)
    placed = b.write(copy, row_major(b.buffer(x.dtype, size), shape))
    grouped = _group(b.operand(placed), _spans(*[len(g) for g in groups]))
    assert grouped is not None
    return grouped


def _no_overlap(o: Operand) -> bool:
    """Whether BLAS takes the strides: a leading dimension at least as long as a row."""
    _, m, k = o.shape
    _, sm, sk = o.strides
    return (sk == 1 and sm >= k) or (sm == 1 and sk >= m)


def _group(o: Operand, groups: list[list[int]]) -> Operand | None:
    """Merge groups of dimensions; None where strides do not allow it."""
    shape, strides = [], []
    for g in groups:
        n, s = 1, 0
        for d in reversed(g):
            if o.shape[d] == 1:
                continue
            if n > 1 and o.strides[d] != n * s:
                return None
            if n == 1:
                s = o.strides[d]
            n *= o.shape[d]
        shape.append(n)
        strides.append(s)
    (_, m, k), (sb, sm, sk) = shape, strides
    if k == 1 and sm != 1:
        sk = 1
    if m == 1 and sk != 1:
        sm = 1
    if m == 1 and k > 1 and sk == 1:
        sm = k
    if k == 1 and m > 1 and sm == 1:
        sk = m
    return Operand(o.buffer, o.offset, tuple(shape), (sb, sm, sk))


EAGER = {
    **dict.fromkeys([n for n in MONOIDS if n.startswith(("reduce_", "arg"))], reduce),
    **dict.fromkeys(["cumsum", "cumprod", "cummax", "cummin"], cumulative),
    "dot_general": dot_general,
}
