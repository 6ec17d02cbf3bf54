"""Products of arrays: matrix products in one statement, loop nests for the rest."""

from collections.abc import Sequence
from functools import partial
from math import prod
from typing import Any, NamedTuple

from ...core.ir import JaxprEqn
from . import index as ix
from .build import Builder, at_view
from .expr import Node
from .loops import Gemm, Kernel, Nest, Operand, Reduction
from .reduction import WIDE, widened
from .text import WIDTHS
from .values import Indices, Value, View, in_buffer, row_major, storage

# Products of fewer multiplications than this, in each matrix or in all the batch, are loops: a call
# costs more than the work.
MATRIX_WORK = 8 * 8 * 8
GEMM_WORK = 16 * 16 * 16
# Rows of a result of fewer bytes fill no vector: with few terms products are loops too.
ROW_BYTES = 16
FEW_TERMS = 8
# Half-precision operands are widened first where each element is met by so many others.
WIDENED = 32


class Groups(NamedTuple):
    """An operand's dimensions: those of the batch, its own, and those summed over."""

    batch: list[int]
    free: list[int]
    summed: list[int]


def dot_general(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> list[Value]:
    """z[batch, m, n] = sum over k of x[batch, m, k] * y[batch, k, n]."""
    x, y = ins
    (cx, cy), (bx, by) = eqn.params["dimension_numbers"]
    out = eqn.outvars[0]
    left, right = _groups(x, bx, cx), _groups(y, by, cy)
    if all(x.shape[d] == 1 for d in left.summed):
        at = partial(_outer, b, x, y, left, right, storage(out.aval))
        return [b.result(out, Value(out.aval.shape, storage(out.aval), at))]
    lost_x, lost_y = _constant_along(b, x, left.free), _constant_along(b, y, right.free)
    if not lost_x and not lost_y:
        wide = wide_dtype(storage(out.aval), x, y)
        if wide is not None and _worth_widening(x, y, left, right):
            return [b.result(out, _widened_product(b, x, y, left, right, wide, out.aval))]
        view = b.destination(out)
        _product(b, x, y, left, right, view, storage(out.aval), out.aval.shape)
        return [b.standing(view, out.aval)]
    x, y = _shortened(x, lost_x), _shortened(y, lost_y)
    shape = [
        *[x.shape[d] for d in left.batch + left.free],
        *[y.shape[d] for d in right.free],
    ]
    view = row_major(b.buffer(storage(out.aval), prod(shape)), shape)
    _product(b, x, y, left, right, view, storage(out.aval), shape)
    return [b.result(out, _repeated(b, view, shape, out.aval.shape, storage(out.aval)))]


def wide_dtype(dtype: str, x: Value, y: Value) -> str | None:
    """The dtype in which a product of half-precision operands is a matrix product."""
    wide = [WIDE.get(d, d) for d in (dtype, x.dtype, y.dtype)]
    halves = any(d in WIDE for d in (dtype, x.dtype, y.dtype))
    return wide[0] if halves and len(set(wide)) == 1 else None


def converted(b: Builder, x: Value, dtype: str) -> Value:
    """The value in another dtype."""
    return Value(x.shape, dtype, lambda idx: widened(b, x.at(idx), dtype))


def _sizes(x: Value, y: Value, left: Groups, right: Groups) -> tuple[int, int, int, int]:
    """How many products, and their m, n and k."""
    groups = ((x, left.batch), (x, left.free), (y, right.free), (x, left.summed))
    batch, m, n, k = (prod([v.shape[d] for d in dims]) for v, dims in groups)
    return batch, m, n, k


def _worth_widening(x: Value, y: Value, left: Groups, right: Groups) -> bool:
    batch, m, n, k = _sizes(x, y, left, right)
    return min(m, n) >= WIDENED and _is_worth_a_call(batch, m, n, k, 4)


def _widened_product(
    b: Builder, x: Value, y: Value, left: Groups, right: Groups, wide: str, aval: Any
) -> Value:
    """The product in a wider dtype, rounded where it is read."""
    view = row_major(b.buffer(wide, prod(aval.shape)), aval.shape)
    x, y = converted(b, x, wide), converted(b, y, wide)
    _product(b, x, y, left, right, view, wide, aval.shape)
    return converted(b, in_buffer(b.graph, view, aval.shape, wide), storage(aval))


def _outer(
    b: Builder, x: Value, y: Value, left: Groups, right: Groups, dtype: str, idx: Indices
) -> Node:
    """An element of a product without a sum."""
    nb, nx = len(left.batch), len(left.free)
    ones = (ix.ZERO,) * len(left.summed)
    wide = WIDE.get(dtype, dtype)
    first = _element(x, left, (*idx[: nb + nx], *ones))
    second = _element(y, right, (*idx[:nb], *idx[nb + nx :], *ones))
    return widened(b, times(b, first, second, wide), dtype)


def times(b: Builder, x: Node, y: Node, dtype: str) -> Node:
    """The product of elements, in another dtype."""
    op = "and" if dtype == "bool" else "mul"
    return b.op(op, dtype, widened(b, x, dtype), widened(b, y, dtype))


def _groups(x: Value, batch: Sequence[int], summed: Sequence[int]) -> Groups:
    free = [d for d in range(len(x.shape)) if d not in batch and d not in summed]
    return Groups(list(batch), free, list(summed))


def _constant_along(b: Builder, x: Value, dims: Sequence[int]) -> list[int]:
    """Those of the dimensions along which the elements are all the same."""
    if 0 in x.shape:
        return []
    idx = b.graph.atoms.axes(x.shape)[1]
    deps = x.at(idx).deps
    return [d for d in dims if idx[d][1] and idx[d][1][0][0] not in deps]


def _shortened(x: Value, dims: Sequence[int]) -> Value:
    """x with extent 1 along dimensions."""
    shape = [1 if d in dims else n for d, n in enumerate(x.shape)]
    return Value(shape, x.dtype, x.at, x.view)


def _repeated(
    b: Builder, view: View, shape: Sequence[int], full: Sequence[int], dtype: str
) -> Value:
    """An array in memory, repeated along the axes where it has extent 1."""
    moves = [n != 1 for n in shape]

    def at(idx: Indices) -> Node:
        short = [i if m else ix.ZERO for i, m in zip(idx, moves, strict=True)]
        return b.graph.load(view.buffer, at_view(view, short), dtype)

    return Value(full, dtype, at)


def _product(
    b: Builder,
    x: Value,
    y: Value,
    left: Groups,
    right: Groups,
    view: View,
    dtype: str,
    shape: Sequence[int],
) -> None:
    """Fill a view with the product."""
    if 0 in shape:
        return
    batch, m, n, k = _sizes(x, y, left, right)
    real = dtype in ("float32", "float64") and x.dtype == dtype and y.dtype == dtype
    if real and _is_worth_a_call(batch, m, n, k, WIDTHS[dtype] // 8):
        _gemm(b, x, y, left, right, view, dtype, shape)
    else:
        _nest(b, x, y, left, right, view, dtype, shape)


def _is_worth_a_call(batch: int, m: int, n: int, k: int, size: int) -> bool:
    """Whether matrices of elements of so many bytes are multiplied by a call."""
    worth = m * n * k >= MATRIX_WORK and batch * m * n * k >= GEMM_WORK
    return m > 1 and n > 1 and worth and (n * size >= ROW_BYTES or k > FEW_TERMS)


def is_called(eqn: JaxprEqn) -> bool:
    """Whether a product is a call, where its operands are of full size."""
    (cx, _), (bx, _) = eqn.params["dimension_numbers"]
    x, y = (v.aval for v in eqn.invars)
    batch, k = prod([x.shape[d] for d in bx]), prod([x.shape[d] for d in cx])
    m, n = (v.size // max(batch * k, 1) for v in (x, y))
    return _is_worth_a_call(batch, m, n, k, x.dtype.itemsize)


def _nest(
    b: Builder,
    x: Value,
    y: Value,
    left: Groups,
    right: Groups,
    view: View,
    dtype: str,
    shape: Sequence[int],
) -> None:
    atoms = b.graph.atoms
    axes, idx = atoms.axes(shape)
    over, summed = atoms.axes([x.shape[d] for d in left.summed])
    nb, nx = len(left.batch), len(left.free)
    wide = WIDE.get(dtype, dtype)
    if 0 in x.shape:
        value, over = b.graph.const(0, wide), [atoms.axis(0)]
    else:
        first = _element(x, left, (*idx[: nb + nx], *summed))
        second = _element(y, right, (*idx[:nb], *idx[nb + nx :], *summed))
        value = times(b, first, second, wide)
    monoid = "or" if wide == "bool" else "add"
    item = Reduction(monoid, view.buffer, at_view(view, idx), value, wide)
    b.block.append(Nest((), (Kernel(tuple(axes), tuple(over), (), (item,)),)))


def _element(x: Value, groups: Groups, idx: Indices) -> Node:
    """x at indices given group by group."""
    places = dict(zip([*groups.batch, *groups.free, *groups.summed], idx, strict=True))
    return x.at(tuple([places[d] for d in range(len(x.shape))]))


# Matrices


def _gemm(
    b: Builder,
    x: Value,
    y: Value,
    left: Groups,
    right: Groups,
    view: View,
    dtype: str,
    shape: Sequence[int],
) -> None:
    first = _matrices(b, x, [left.batch, left.free, left.summed])
    second = _matrices(b, y, [right.batch, right.summed, right.free])
    out = Operand(view.buffer, view.offset, tuple(shape), view.strides)
    target = _grouped(out, _spans(len(left.batch), len(left.free), len(right.free)))
    assert target is not None
    b.block.append(Gemm(dtype, first, second, target))


def _spans(*lengths: int) -> list[list[int]]:
    spans, start = [], 0
    for n in lengths:
        spans.append(list(range(start, start + n)))
        start += n
    return spans


def _matrices(b: Builder, x: Value, groups: list[list[int]]) -> Operand:
    """The operand with each group of dimensions as one, copied only where strides forbid it."""
    found = _grouped(b.operand(x), groups)
    if found is not None and 1 in (found.strides[1], found.strides[2]) and _no_overlap(found):
        return found
    order = [d for g in groups for d in g]
    shape = tuple([x.shape[d] for d in order])

    def at(idx: Indices) -> Node:
        return x.at(tuple([idx[order.index(d)] for d in range(len(order))]))

    placed = b.copied(Value(shape, x.dtype, at))
    grouped = _grouped(b.operand(placed), _spans(*[len(g) for g in groups]))
    assert grouped is not None
    return grouped


def _no_overlap(o: Operand) -> bool:
    """Whether rows lie one after the other, or columns do."""
    _, m, k = o.shape
    _, sm, sk = o.strides
    return (sk == 1 and sm >= k) or (sm == 1 and sk >= m)


def _grouped(o: Operand, groups: list[list[int]]) -> Operand | None:
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


EAGER = {"dot_general": dot_general}
