"""Convolutions: sums of products over a view in which windows overlap, or loop nests if small.

Along an axis of space, result p meets tap t at the place p * stride + t * wide - low between
elements that stand `base` apart. Where base is 1 that is element start + p * stride + t * wide.
Otherwise results fall into phases that meet some of the taps only, each a convolution like that.
"""

from collections.abc import Sequence
from itertools import product
from math import gcd, prod
from typing import NamedTuple

from ...core.ir import JaxprEqn
from ...primitives.conv import sizes_at
from ...primitives.convolve import accumulator
from . import index as ix
from .build import Builder, at_view
from .contract import converted, times, wide_dtype
from .expr import Node, index_deps
from .index import Atom, Index
from .loops import Contraction, Kernel, Nest, Operand, Reduction, Store
from .reduction import widened
from .values import NATIVE, Indices, Value, View, in_buffer, row_major, storage

# Products of fewer rows or columns, or fewer multiplications, are loop nests.
LEAST, LEAST_WORK = 3, 16 * 16 * 16
# Last axes of fewer elements are not worth a loop of their own.
SHORT = 16
# Loops that read each element so often read it without a test from a padded copy.
OFTEN = 8
# Features that fill too little of a vector.
FEW = 4


class Phase(NamedTuple):
    """Results first + f + p * apart along an axis, for f < width and p < results. They meet the
    taps tap + f * turn + t * gap, for t < taps, at elements start + p * stride + t * wide."""

    first: int
    width: int
    results: int
    tap: int
    turn: int
    taps: int
    start: int


class Space(NamedTuple):
    """An axis of space, and what its phases have in common."""

    size: int
    phases: list[Phase]
    apart: int
    gap: int
    stride: int
    wide: int

    def padding(self) -> tuple[int, int]:
        """How many elements are missing at either end."""
        low = high = 0
        for p in self.phases:
            last = p.start + (p.results - 1) * self.stride + (p.taps - 1) * self.wide
            low, high = max(low, -p.start), max(high, last + 1 - self.size)
        return low, high


def space(size: int, taps: int, results: int, stride: int, low: int, base: int, wide: int) -> Space:
    """The phases of an axis; neighbours that differ by their first tap only are one."""
    apart, gap = base // gcd(base, stride), base // gcd(base, wide)
    found: list[Phase] = []
    for first in range(min(apart, results)):
        meets = [t for t in range(min(gap, taps)) if (first * stride + t * wide - low) % base == 0]
        tap = meets[0] if meets else taps
        start = (first * stride + tap * wide - low) // base if meets else 0
        one = Phase(
            first, 1, -(-(results - first) // apart), tap, 0, -(-(taps - tap) // gap), start
        )
        both = _joined(found[-1], one) if found else None
        found[-1:] = [both] if both else [*found[-1:], one]
    return Space(size, found, apart, gap, apart * stride // base, gap * wide // base)


def _joined(a: Phase, b: Phase) -> Phase | None:
    """Two phases as one, if the taps of the second follow from those of the first."""
    turn = b.tap - a.tap if a.width == 1 else a.turn
    if b != Phase(b.first, 1, a.results, a.tap + turn * a.width, 0, a.taps, a.start):
        return None
    return a._replace(width=a.width + 1, turn=turn)


class Sizes(NamedTuple):
    """Groups, whether the batch is in groups, and of each group the batch, the features of the
    result, and those summed over."""

    groups: int
    of_batch: bool
    batch: int
    out: int
    features: int


class Part(NamedTuple):
    """One phase of each axis: the axes of loops, and where in the operands and the result they
    are. Places in space are in order, not the axes of the operands."""

    group: list[Atom]
    rows: list[Atom]
    columns: list[Atom]
    terms: list[Atom]
    x: Indices
    w: Indices
    z: Indices


def conv_general_dilated(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> list[Value]:
    """z[n, o, p..] = sum over i, t.. of x[n, i, p.. * stride + t.. * wide - low] * w[o, i, t..]."""
    x, w = ins
    out = eqn.outvars[0].aval
    wide = wide_dtype(storage(out), x, w)
    if wide is None or not _products(b, eqn, x, w):
        view = b.destination(eqn.outvars[0])
        _convolve(b, eqn, x, w, view, storage(out))
        return [b.standing(view, out)]
    view = row_major(b.buffer(wide, out.size), out.shape)
    _convolve(b, eqn, converted(b, x, wide), converted(b, w, wide), view, wide)
    rounded = converted(b, in_buffer(b.graph, view, out.shape, wide), storage(out))
    return [b.result(eqn.outvars[0], rounded)]


def _products(b: Builder, eqn: JaxprEqn, x: Value, w: Value) -> bool:
    """Whether all phases are matrix products that are worth it, whatever the dtypes."""
    if 0 in x.shape or 0 in w.shape or 0 in eqn.outvars[0].aval.shape:
        return False
    sizes, spaces = _sizes(eqn), _spaces(eqn)
    parts = [_part(b, eqn, sizes, spaces, p) for p in product(*[s.phases for s in spaces])]
    return all(map(_large, parts))


def _convolve(b: Builder, eqn: JaxprEqn, x: Value, w: Value, view: View, dtype: str) -> None:
    """The convolution in a view of a dtype."""
    if 0 not in eqn.outvars[0].aval.shape:
        sizes, spaces = _sizes(eqn), _spaces(eqn)
        empty = 0 in x.shape or 0 in w.shape
        padded = _Padded(b, x, _pads(eqn, spaces))
        spread = None if empty or not _spreads(eqn, sizes) else _spread(b, eqn, sizes, x, w)
        for phases in product(*[s.phases for s in spaces]):
            part = _part(b, eqn, sizes, spaces, phases)
            if empty or any(p.taps == 0 for p in phases):
                _store_zero(b, part, view, dtype)
            elif spread is not None:
                _gather(b, eqn, part, spread, view)
            elif _real([x.dtype, w.dtype, dtype]) and _large(part):
                _contraction(b, part, padded, w, view)
            else:
                _nest(b, eqn, part, padded, w, view)


def _sizes(eqn: JaxprEqn) -> Sizes:
    (x, w), p = eqn.invars, eqn.params
    n, c = sizes_at(x.aval.shape, p["dimension_numbers"].lhs_spec[:2])
    o = w.aval.shape[p["dimension_numbers"].rhs_spec[0]]
    features, batches = p["feature_group_count"], p["batch_group_count"]
    groups = max(features, batches)
    return Sizes(groups, batches > 1, n // batches, o // groups, c // features)


def _spaces(eqn: JaxprEqn) -> list[Space]:
    p = eqn.params
    specs = p["dimension_numbers"]
    arrays = zip([*eqn.invars, *eqn.outvars], specs, strict=True)
    axes = zip(
        *[sizes_at(v.aval.shape, spec[2:]) for v, spec in arrays],
        p["window_strides"],
        [low for low, _ in p["padding"]],
        p["lhs_dilation"],
        p["rhs_dilation"],
        strict=True,
    )
    return [space(*axis) for axis in axes]


def _part(
    b: Builder, eqn: JaxprEqn, sizes: Sizes, spaces: list[Space], phases: tuple[Phase, ...]
) -> Part:
    axes = b.graph.atoms.axes
    group, (g,) = axes([sizes.groups])
    rows, (n, *at) = axes([sizes.batch, *[p.results for p in phases]])
    columns, (o, *turns) = axes([sizes.out, *[p.width for p in phases]])
    terms, (c, *taps) = axes([sizes.features, *[p.taps for p in phases]])
    places, met, results = [], [], []
    for s, p, i, f, t in zip(spaces, phases, at, turns, taps, strict=True):
        places.append(ix.shift(ix.weighted([(i, s.stride), (t, s.wide)]), p.start))
        met.append(ix.shift(ix.weighted([(f, p.turn), (t, s.gap)]), p.tap))
        results.append(ix.shift(ix.weighted([(f, 1), (i, s.apart)]), p.first))
    lhs, rhs, target = eqn.params["dimension_numbers"]
    n_of_x, c_of_x, own = _grouped(sizes, g, n, c, o)
    return Part(
        group, rows, columns, terms,
        _ordered(lhs, [n_of_x, c_of_x, *places]),
        _ordered(rhs, [own, c, *met]),
        _ordered(target, [n, own, *results]),
    )  # fmt: skip


def _grouped(sizes: Sizes, g: Index, n: Index, c: Index, o: Index) -> Indices:
    """Places in lhs's batch and features, and in rhs's, of those of a group."""
    own = ix.weighted([(g, sizes.out), (o, 1)])
    if sizes.of_batch:
        return ix.weighted([(g, sizes.batch), (n, 1)]), c, own
    return n, ix.weighted([(g, sizes.features), (c, 1)]), own


def _ordered(spec: Sequence[int], idx: Sequence[Index]) -> Indices:
    return tuple([idx[spec.index(d)] for d in range(len(spec))])


def _store_zero(b: Builder, part: Part, view: View, dtype: str) -> None:
    axes = (*part.group, *part.rows, *part.columns)
    store = Store(view.buffer, at_view(view, part.z), b.graph.const(0, dtype))
    b.block.append(Nest((), (Kernel(axes, (), (store,)),)))


def _nest(b: Builder, eqn: JaxprEqn, part: Part, padded: "_Padded", w: Value, view: View) -> None:
    """Loops over results, and over terms inside; elements outside of x are zero."""
    x, out = padded.x, eqn.outvars[0].aval
    wide = NATIVE[accumulator(*[v.aval.dtype for v in eqn.invars], out.dtype)]
    if any(map(any, padded.pads)) and _reads(part) >= OFTEN * padded.size():
        buffer, offset = padded.offset(part.x)
        element = b.graph.load(buffer, offset, x.dtype)
    else:
        tests = [(i, 0, n) for i, n in zip(part.x, x.shape, strict=True)]
        element = b.graph.guard(tests, lambda: x.at(part.x), b.graph.const(0, x.dtype))
    value = times(b, element, w.at(part.w), wide)
    _sum(b, part, part.terms, value, view, storage(out))


def _reads(part: Part) -> int:
    """How many elements of x the loops of a part read."""
    return prod([a.extent for a in (*part.group, *part.rows, *part.columns, *part.terms)])


def _sum(
    b: Builder, part: Part, terms: Sequence[Atom], value: Node, view: View, dtype: str
) -> None:
    """The nest of the sums of a value."""
    offset, axes = at_view(view, part.z), (*part.group, *part.rows, *part.columns)
    if terms:
        op = "or" if value.dtype == "bool" else "add"
        item = Reduction(op, view.buffer, offset, value, value.dtype)
        kernel = Kernel(axes, tuple(terms), (), (item,))
    else:
        kernel = Kernel(axes, (), (Store(view.buffer, offset, widened(b, value, dtype)),))
    b.block.append(Nest((), (kernel,)))


# Contractions


def _pads(eqn: JaxprEqn, spaces: list[Space]) -> list[tuple[int, int]]:
    """The padding of each axis of lhs."""
    spec = eqn.params["dimension_numbers"].lhs_spec
    found = dict(zip(spec[2:], [s.padding() for s in spaces], strict=True))
    return [found.get(d, (0, 0)) for d in range(len(spec))]


class _Padded:
    """x in memory with all the zeros around that windows meet, made when it is asked for."""

    def __init__(self, b: Builder, x: Value, pads: list[tuple[int, int]]) -> None:
        self.b, self.x, self.pads = b, x, pads
        self.view: View | None = None

    def offset(self, idx: Indices) -> tuple[str, Index]:
        """Buffer and place of the element at indices of x."""
        view = self.view = self.view or self.placed()
        moved = [ix.shift(i, low) for i, (low, _) in zip(idx, self.pads, strict=True)]
        return view.buffer, at_view(view, moved)

    def size(self) -> int:
        """How many elements the copy has."""
        return prod([n + sum(pad) for n, pad in zip(self.x.shape, self.pads, strict=True)])

    def placed(self) -> View:
        """A copy with the padding; x itself where there is none."""
        b, x = self.b, self.x
        if not any(map(any, self.pads)):
            placed = b.firm(x).view
            assert placed is not None
            return placed
        shape = [n + low + high for n, (low, high) in zip(x.shape, self.pads, strict=True)]
        rank = self.rank()
        joined = (*shape[: rank - 1], prod(shape[rank - 1 :]))
        copy = b.copied(Value(joined, x.dtype, self.element)).view
        assert copy is not None
        return row_major(copy.buffer, shape)

    def rank(self) -> int:
        """How many axes the copy has: short ones after the last that is padded are one with it."""
        last = max([d for d, pad in enumerate(self.pads) if any(pad)])
        return last + 1 if prod(self.x.shape[last + 1 :]) < SHORT else len(self.pads)

    def element(self, idx: Indices) -> Node:
        """An element of the copy."""
        b, x = self.b, self.x
        rest = x.shape[len(idx) :]
        sizes = [*[1] * (len(idx) - 1), prod(rest)]
        tests, inner = [], []
        for i, n, (low, _), size in zip(idx, x.shape, self.pads, sizes, strict=False):
            inner.append(ix.shift(i, -low * size))
            tests.append((inner[-1], 0, n * size))
        tail = b.graph.atoms.unflatten(inner[-1], rest)
        inner[-1] = b.graph.atoms.div(inner[-1], prod(rest))
        return b.graph.guard(tests, lambda: x.at((*inner, *tail)), b.graph.const(0, x.dtype))


def _large(part: Part) -> bool:
    """Whether a part is a product of matrices large enough."""
    m, n, k, groups = (
        prod([a.extent for a in axes]) for axes in (part.rows, part.columns, part.terms, part.group)
    )
    return min(m, n) >= LEAST and groups * m * n * k >= LEAST_WORK


def _real(dtypes: list[str]) -> bool:
    return len(set(dtypes)) == 1 and dtypes[0] in ("float32", "float64")


Axis = tuple[int, int, int]


def _contraction(b: Builder, part: Part, padded: _Padded, w: Value, view: View) -> None:
    """The sum of products in one statement."""
    firm = b.firm(w).view
    assert firm is not None
    x = padded.offset(part.x)
    y, z = (firm.buffer, at_view(firm, part.w)), (view.buffer, at_view(view, part.z))
    rows = _merged(part.rows, z[1], x[1])
    columns = _merged(part.columns, z[1], y[1])
    terms = _merged(part.terms, x[1], y[1])
    inside = [*part.group, *part.rows, *part.columns, *part.terms]

    def operand(place: tuple[str, Index], *axes: tuple[list[Axis], int]) -> Operand:
        (constant, found), groups = place[1], prod([a.extent for a in part.group])
        offset = constant, tuple([t for t in found if t[0] not in inside])
        stride = sum([ix.coefficient(place[1], a) for a in part.group])
        own = [(axis[0], axis[k]) for group, k in axes for axis in group]
        shape, strides = zip((groups, stride), *own, strict=True)
        return Operand(place[0], offset, shape, strides)

    operands = (
        operand(x, (rows, 2), (terms, 1)),
        operand(y, (terms, 2), (columns, 2)),
        operand(z, (rows, 1), (columns, 1)),
    )
    counts = len(rows), len(columns), len(terms)
    b.block.append(Contraction(w.dtype, *operands, counts))


def _merged(axes: Sequence[Atom], first: Index, second: Index) -> list[Axis]:
    """Extents and strides in two arrays, slow axes of the first one before fast ones; axes that
    follow one another in both arrays are one."""
    found = [(a.extent, ix.coefficient(first, a), ix.coefficient(second, a)) for a in axes]
    merged: list[Axis] = []
    for n, s, t in sorted(found, key=lambda axis: -abs(axis[1])):
        if merged and merged[-1][1:] == (n * s, n * t):
            merged[-1] = (merged[-1][0] * n, s, t)
        else:
            merged.append((n, s, t))
    return merged


# Few features from many: products first, sums of what meets after


def _spreads(eqn: JaxprEqn, sizes: Sizes) -> bool:
    """Whether there are too few features in the result to fill vectors, which features that are
    adjacent in x would have to be moved for, and products that are all needed and not many more
    than elements."""
    dtypes = [storage(v.aval) for v in (*eqn.invars, *eqn.outvars)]
    lhs, rhs, _ = eqn.params["dimension_numbers"]
    taps = prod(sizes_at(eqn.invars[1].aval.shape, rhs[2:]))
    adjacent = lhs[1] == len(lhs) - 1 and max(eqn.params["window_strides"], default=1) == 1
    few = sizes.out <= FEW and 1 < taps and taps * sizes.out <= 4 * sizes.features
    return adjacent and few and _real(dtypes) and eqn.outvars[0].aval.size >= LEAST_WORK


def _spread(b: Builder, eqn: JaxprEqn, sizes: Sizes, x: Value, w: Value) -> Value:
    """Sums over features alone: (features of the result, taps, batch, space)."""
    lhs, rhs, _ = eqn.params["dimension_numbers"]
    taps, space = sizes_at(w.shape, rhs[2:]), sizes_at(x.shape, lhs[2:])
    axes = b.graph.atoms.axes
    group, (g,) = axes([sizes.groups])
    rows, (n, *q) = axes([sizes.batch, *space])
    columns, (o, *t) = axes([sizes.out, *taps])
    terms, (c,) = axes([sizes.features])
    n_of_x, c_of_x, own = _grouped(sizes, g, n, c, o)
    shape = (sizes.groups * sizes.out, *taps, sizes.batch, *space)
    view = row_major(b.buffer(x.dtype, prod(shape)), shape)
    places = _ordered(lhs, [n_of_x, c_of_x, *q]), _ordered(rhs, [own, c, *t]), (own, *t, n, *q)
    part = Part(group, rows, columns, terms, *places)
    _contraction(b, part, _Padded(b, x, [(0, 0)] * len(lhs)), w, view)
    return in_buffer(b.graph, view, shape, x.dtype)


def _gather(b: Builder, eqn: JaxprEqn, part: Part, spread: Value, view: View) -> None:
    """The sums over taps."""
    lhs, rhs, out = eqn.params["dimension_numbers"]
    places, met = [part.x[d] for d in lhs[2:]], [part.w[d] for d in rhs[2:]]
    n, own = (part.z[d] for d in out[:2])
    sizes = sizes_at(eqn.invars[0].aval.shape, lhs[2:])
    tests = [(i, 0, size) for i, size in zip(places, sizes, strict=True)]
    nothing = b.graph.const(0, spread.dtype)
    value = b.graph.guard(tests, lambda: spread.at((own, *met, n, *places)), nothing)
    summed = index_deps(part.w[rhs[1]])
    _sum(b, part, [a for a in part.terms if a not in summed], value, view, spread.dtype)


EAGER = {"conv_general_dilated": conv_general_dilated}
