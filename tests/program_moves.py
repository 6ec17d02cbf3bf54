"""The moves of the maker of random programs: one for each family of operations."""

from typing import Any

import numpy as np
from program_control import CONTROL, set_moves
from programs import INT_LIMIT, LIMIT, Maker, Stuck, Val

from pullback.control.barrier import optimization_barrier
from pullback.primitives import arithmetic as ar
from pullback.primitives import (
    bitwise,
    compare,
    complex,
    cumulative,
    exponential,
    magnitude,
    pieces,
    power,
    reduce,
    rounding,
    shape,
    special,
)
from pullback.primitives import trigonometric as tri
from pullback.primitives.contract import dot_general
from pullback.primitives.conv import ConvDimensionNumbers, conv_general_dilated
from pullback.primitives.convert import convert_element_type, reduce_precision
from pullback.primitives.dynamic import dynamic_slice, dynamic_update_slice
from pullback.primitives.gather import gather
from pullback.primitives.index import GatherDimensionNumbers, GatherScatterMode
from pullback.primitives.scatter import scatter, scatter_add, scatter_max, scatter_mul
from pullback.primitives.select import clamp, select_n
from pullback.primitives.sort import sort, top_k

# Smooth functions of any number, and the bound of the result.
SMOOTH: tuple[tuple[Any, Any], ...] = (
    (tri.sin, lambda b: 1.0 if b < 10 else b),
    (tri.cos, lambda b: 1.0),
    (tri.tanh, lambda b: 1.0),
    (exponential.logistic, lambda b: 1.0),
    (special.erf, lambda b: 1.2),
    (special.erfc, lambda b: 2.0),
    (tri.atan, lambda b: 1.6),
    (tri.asinh, lambda b: b),
    (exponential.exp, np.exp),
    (exponential.exp2, np.exp2),
    (exponential.expm1, np.exp),
    (tri.sinh, np.exp),
    (tri.cosh, np.exp),
    (power.square, lambda b: b * b),
    (lambda x: power.integer_pow(x, 3), lambda b: b**3),
)
# Of numbers above one half.
POSITIVE: tuple[tuple[Any, Any], ...] = (
    (exponential.log, lambda b: 1 + np.log1p(b)),
    (exponential.log1p, np.log1p),
    (power.sqrt, lambda b: 1 + b),
    (power.rsqrt, lambda b: 1.5),
    (power.cbrt, lambda b: 1 + b),
    (special.lgamma, lambda b: 1 + b * b),
    (special.digamma, lambda b: 2 + b),
    (lambda x: power.integer_pow(x, -2), lambda b: 4.0),
)
COMPLEX = (tri.sin, tri.cos, exponential.exp, ar.neg, complex.conj, power.square)
# Of exact numbers only: they jump, or their derivatives do.
JUMPS = (magnitude.abs, magnitude.sign, rounding.floor, rounding.ceil, rounding.round, ar.neg)
INT_UNARY = (
    ar.neg, magnitude.abs, magnitude.sign, bitwise.bitwise_not, bitwise.population_count,
    bitwise.clz,
)  # fmt: skip
INT_BINARY = (
    ar.add, ar.sub, ar.mul, ar.div, ar.rem, magnitude.max, magnitude.min, bitwise.bitwise_and,
    bitwise.bitwise_or, bitwise.bitwise_xor, bitwise.shift_left, bitwise.shift_right_arithmetic,
    bitwise.shift_right_logical,
)  # fmt: skip
LOGIC = (bitwise.bitwise_and, bitwise.bitwise_or, bitwise.bitwise_xor)
COMPARE = (compare.eq, compare.ne, compare.lt, compare.le, compare.gt, compare.ge)
BIG = 2.0**31


def smooth(m: Maker) -> None:
    v = m.pick("float")
    f, bound = m.one_of(SMOOTH)
    m.put(f(v.x), float(bound(v.bound)), False)


def positive(m: Maker) -> None:
    v = m.pick("float")
    f, bound = m.one_of(POSITIVE)
    m.put(f(ar.add(ar.mul(v.x, v.x), 0.5)), float(bound(v.bound**2 + 0.5)), False)


def of_complex(m: Maker) -> None:
    v = m.pick("complex")
    m.put(m.one_of(COMPLEX)(v.x), float(np.exp(v.bound)), False)


def parts(m: Maker) -> None:
    v = m.pick("complex")
    m.put(m.one_of((complex.real, complex.imag))(v.x), v.bound, v.exact)


def whole(m: Maker) -> None:
    v = m.pick("float", where=lambda v: v.dtype in (np.float32, np.float64))
    m.put(complex.complex(v.x, m.like(v, scalar=False).x), 2 * LIMIT, False)


def jump(m: Maker) -> None:
    v = m.pick("float", exact=True)
    m.put(m.one_of(JUMPS)(v.x), v.bound + 1, True)


def number(m: Maker, v: Val) -> tuple[Any, float]:
    """Another operand: a value, or a number of the program's text."""
    if m.flip(0.3):
        return m.one_of((0.0, 1.0, -1.0, 0.5, 2.0, 1.75)), 2.0
    w = m.like(v)
    return w.x, w.bound


def arithmetic(m: Maker) -> None:
    v = m.pick("float", "float", "complex")
    y, b = number(m, v)
    f = m.one_of((ar.add, ar.sub, ar.mul, ar.mul, ar.add_any))
    if f is ar.add_any:
        y = m.like(v, scalar=False).x
    bound = v.bound * b if f is ar.mul else v.bound + b
    m.put(f(y, v.x) if m.flip(0.3) else f(v.x, y), max(bound, 1.0), False)


def quotient(m: Maker) -> None:
    v = m.pick("float")
    w = m.like(v)
    if m.flip():
        m.put(ar.div(v.x, ar.add(ar.mul(w.x, w.x), 0.5)), 2 * v.bound, False)
    elif w.shape == v.shape:
        m.put(tri.atan2(v.x, ar.add(ar.mul(w.x, w.x), 0.5)), 3.2, False)
    else:
        m.put(ar.div(v.x, 3.0), v.bound, False)


def powers(m: Maker) -> None:
    v = m.pick("float")
    w = m.like(v)
    base = ar.add(ar.mul(w.x, w.x), 0.5)
    if not w.shape and v.shape:
        base = shape.broadcast_in_dim(base, v.shape, ())
    m.put(power.pow(base, v.x), float((w.bound**2 + 2) ** v.bound), False)


def extremum(m: Maker) -> None:
    v = m.pick("float", exact=True)
    w = m.like(v, exact=True)
    m.put(m.one_of((magnitude.max, magnitude.min))(v.x, w.x), max(v.bound, w.bound), True)


def ints(m: Maker) -> None:
    v = m.pick("signed", "unsigned", exact=True)
    if m.flip(0.3):
        m.put(m.one_of(INT_UNARY)(v.x), BIG, True)
        return
    y = m.like(v, exact=True).x if m.flip(0.7) else m.one_of((1, 2, 3))
    m.put(m.one_of(INT_BINARY)(v.x, y), BIG, True)


def logic(m: Maker) -> None:
    v = m.pick("bool")
    if m.flip(0.3):
        m.put(bitwise.bitwise_not(v.x), 1, True)
    else:
        m.put(m.one_of(LOGIC)(v.x, m.like(v).x), 1, True)


def comparison(m: Maker) -> None:
    v = m.pick(exact=True, where=lambda v: v.kind != "complex")
    y = m.like(v, exact=True).x if m.flip(0.6) or v.kind == "bool" else m.one_of((0, 1))
    m.put(m.one_of(COMPARE)(v.x, y), 1, True)


def selection(m: Maker) -> None:
    which = m.pick("bool")
    v = m.pick(where=lambda v: v.shape == which.shape or not which.shape)
    w = m.like(v, scalar=False)
    m.put(select_n(which.x, v.x, w.x), max(v.bound, w.bound), v.exact and w.exact)


def clamped(m: Maker) -> None:
    v = m.pick("float", "signed", exact=True)
    low, high = (-1, 1) if m.flip() else (0, 2)
    m.put(clamp(low, v.x, high), v.bound, True)


def conversion(m: Maker) -> None:
    v = m.pick(where=lambda v: v.kind != "complex")
    kinds = (
        ("float32", "float64") if not v.exact else ("float32", "float64", "int32", "bool", "int8")
    )
    to = m.one_of(kinds)
    floating = to.startswith("float")
    bound = max(v.bound, 1) if floating else INT_LIMIT
    m.put(convert_element_type(v.x, np.dtype(to)), bound, v.exact)


def reduction(m: Maker) -> None:
    v = m.pick("float", "complex", "signed", where=lambda v: v.ndim > 0)
    axes = m.some(v.ndim)
    n = int(np.prod([v.shape[a] for a in axes]))
    if v.kind == "signed" or (v.exact and v.kind == "float" and n > 0 and m.flip()):
        f = m.one_of((reduce.reduce_max, reduce.reduce_min)) if n else shape.reduce_sum
        m.put(f(v.x, axes), max(v.bound, 1), v.exact)
    elif n <= 6 and v.kind == "float" and m.flip():
        m.put(reduce.reduce_prod(v.x, axes), max(v.bound, 1.0) ** n, False)
    else:
        m.put(shape.reduce_sum(v.x, axes), max(n * v.bound, 1.0), False)


def bit_reduction(m: Maker) -> None:
    v = m.pick("bool", "signed", where=lambda v: v.ndim > 0)
    f = m.one_of((reduce.reduce_and, reduce.reduce_or, reduce.reduce_xor))
    m.put(f(v.x, m.some(v.ndim)), BIG if v.kind != "bool" else 1, True)


def place(m: Maker) -> None:
    v = m.pick("float", "signed", exact=True, where=lambda v: v.ndim > 0 and v.size > 0)
    f = m.one_of((reduce.argmax, reduce.argmin))
    m.put(f(v.x, m.below(v.ndim), np.dtype("int32")), 20, True)


def running(m: Maker) -> None:
    v = m.pick("float", where=lambda v: v.ndim > 0)
    axis, reverse = m.below(v.ndim), m.flip()
    n = v.shape[axis]
    if v.exact and m.flip():
        f, bound, exact = m.one_of((cumulative.cummax, cumulative.cummin)), v.bound, True
    elif n <= 6 and m.flip():
        f, bound, exact = cumulative.cumprod, max(v.bound, 1.0) ** n, False
    elif m.flip(0.3):
        f, bound, exact = cumulative.cumlogsumexp, v.bound + 3, False
    else:
        f, bound, exact = cumulative.cumsum, max(1.0, n * v.bound), False
    m.put(f(v.x, axis, reverse), bound, exact)


def ordered(m: Maker) -> None:
    v = m.pick("float", "signed", exact=True, where=lambda v: v.ndim > 0)
    axis = m.below(v.ndim)
    if m.flip(0.3):
        k = m.below(v.shape[axis] + 1)
        values, places = top_k(v.x, k, axis=axis)
        m.put(values, v.bound, True)
        m.put(places, 20, True)
    elif m.flip():
        m.put(sort([v.x], axis)[0], v.bound, True)
    else:
        w = m.pick(where=lambda w: w.shape == v.shape)
        x, y = sort([v.x, w.x], axis)
        m.put(x, v.bound, True)
        m.put(y, w.bound, w.exact)


def matching(m: Maker, v: Val, w: Val, used: set[int]) -> tuple[int, int]:
    """Axes of equal size that are not used."""
    pairs = [
        (i, j)
        for i in range(v.ndim)
        for j in range(w.ndim)
        if v.shape[i] == w.shape[j] and i not in used and j + 10 not in used
    ]
    i, j = m.one_of(pairs)
    used.update((i, j + 10))
    return i, j


def contraction(m: Maker) -> None:
    v = m.pick("float", "complex", "signed")
    w = m.pick(where=lambda w: w.dtype == v.dtype)
    used: set[int] = set()
    contracted, batch = [], []
    for found, odds in ((contracted, 0.8), (batch, 0.4), (contracted, 0.2)):
        if m.flip(odds):
            try:
                found.append(matching(m, v, w, used))
            except Stuck:
                continue
    n = int(np.prod([v.shape[i] for i, _ in contracted]))
    numbers = tuple(
        (tuple(i for i, _ in pairs), tuple(j for _, j in pairs)) for pairs in (contracted, batch)
    )
    free = [s for i, s in enumerate(v.shape) if i not in used]
    if np.prod(free) * w.size > 10 * m.most:
        raise Stuck
    m.put(dot_general(v.x, w.x, numbers), max(n * v.bound * w.bound, 1.0), v.kind == "signed")


def convolved(m: Maker) -> None:
    x = m.pick("float", where=lambda v: v.ndim == 3 and v.size > 0)
    w = m.pick(
        "float",
        where=lambda w: (
            w.dtype == x.dtype
            and w.ndim == 3
            and w.size > 0
            and w.shape[1] == x.shape[1]
            and w.shape[2] <= 2 * x.shape[2]
        ),
    )
    numbers = ConvDimensionNumbers((0, 1, 2), (0, 1, 2), (0, 1, 2))
    reach = w.shape[2] - 1
    y = conv_general_dilated(
        x.x, w.x, (1 + m.below(2),), ((reach, m.below(3)),), (1 + m.below(2),), (1,), numbers
    )
    m.put(y, w.shape[1] * w.shape[2] * x.bound * w.bound, False)


def coarse(m: Maker) -> None:
    v = m.pick("float", exact=True, where=lambda v: v.dtype == np.float32)
    m.put(reduce_precision(v.x, 8, m.one_of((3, 7, 12))), v.bound + 1, True)


def moved(m: Maker) -> None:
    v = m.pick(where=lambda v: v.ndim > 0)
    which = m.below(5)
    if which == 0:
        y = shape.transpose(v.x, m.rng.permutation(v.ndim).tolist())
    elif which == 1:
        y = pieces.rev(v.x, m.some(v.ndim))
    elif which == 2:
        y = reshaped(m, v)
    elif which == 3:
        y = shape.squeeze(v.x, [d for d in range(v.ndim) if v.shape[d] == 1])
    else:
        y = optimization_barrier(shape.copy(v.x))
    m.put(y, v.bound, v.exact)


def reshaped(m: Maker, v: Val) -> Any:
    """The same elements at other sizes: all in one row, two axes joined, or one cut."""
    sizes = list(v.shape)
    if m.flip(0.3):
        sizes = [v.size]
    elif len(sizes) > 1 and m.flip():
        d = m.below(len(sizes) - 1)
        sizes[d : d + 2] = [sizes[d] * sizes[d + 1]]
    else:
        d = m.below(len(sizes))
        n = m.one_of([k for k in (1, 2, 3, 4, 5) if sizes[d] % k == 0])
        sizes[d : d + 1] = [n, sizes[d] // n]
    return shape.reshape(v.x, sizes)


def spread(m: Maker) -> None:
    v = m.pick()
    extra = m.one_of((1, 2, 3, 5))
    if m.flip(0.3):
        other = m.pick(where=lambda w: w.ndim >= v.ndim)
        dims = sorted(m.rng.permutation(other.ndim)[: v.ndim].tolist())
        ok = all(v.shape[i] in (1, other.shape[d]) for i, d in enumerate(dims))
        if not ok:
            raise Stuck
        m.put(shape.broadcast_in_dim(v.x, other.shape, dims), v.bound, v.exact)
        return
    d = m.below(v.ndim + 1)
    sizes = (*v.shape[:d], extra, *v.shape[d:])
    kept = [k for k in range(v.ndim + 1) if k != d]
    m.put(shape.broadcast_in_dim(v.x, sizes, kept), v.bound, v.exact)


def sliced(m: Maker) -> None:
    v = m.pick(where=lambda v: v.ndim > 0)
    starts = [m.below(n + 1) if n else 0 for n in v.shape]
    stops = [s + m.below(n - s + 1) for s, n in zip(starts, v.shape, strict=True)]
    steps = [1 + m.below(3) for _ in v.shape]
    if m.flip(0.7):
        starts, stops = [s // 2 for s in starts], list(v.shape)
    m.put(pieces.slice(v.x, starts, stops, steps if m.flip() else None), v.bound, v.exact)


def element(m: Maker) -> None:
    v = m.pick("bool", "signed", "float", where=lambda v: v.size > 0)
    at = [m.below(n) for n in v.shape]
    piece = pieces.slice(v.x, at, [i + 1 for i in at])
    m.put(shape.reshape(piece, ()), v.bound, v.exact)


def padded(m: Maker) -> None:
    v = m.pick("float", "signed", "complex", where=lambda v: v.ndim > 0)
    config = []
    for n in v.shape:
        interior = m.one_of((0, 0, 1, 2))
        full = max(0, n + (n - 1) * interior)
        config.append(
            (m.one_of((-1, 0, 0, 1, 2)) if full > 1 else m.below(2), m.below(2), interior)
        )
    fill = np.asarray(m.one_of((0, 1)), v.dtype)
    # JAX fails to transpose a pad of what has no derivative by what has one.
    if v.kind == "signed" and m.flip(0.3):
        fill = m.pick(exact=True, where=lambda w: not w.shape and w.dtype == v.dtype).x
    m.put(pieces.pad(v.x, fill, config), max(v.bound, LIMIT), v.exact)


def joined(m: Maker) -> None:
    v = m.pick(where=lambda v: v.ndim > 0)
    d = m.below(v.ndim)
    rest = (*v.shape[:d], *v.shape[d + 1 :])
    w = m.pick(
        where=lambda w: (
            w.dtype == v.dtype and w.ndim == v.ndim and (*w.shape[:d], *w.shape[d + 1 :]) == rest
        )
    )
    m.put(pieces.concatenate([v.x, w.x], d), max(v.bound, w.bound), v.exact and w.exact)


def parted(m: Maker) -> None:
    v = m.pick(where=lambda v: v.ndim > 0)
    d = m.below(v.ndim)
    cut = m.below(v.shape[d] + 1)
    for y in pieces.split(v.x, (cut, v.shape[d] - cut), d):
        m.put(y, v.bound, v.exact)


def counted(m: Maker) -> None:
    v = m.pick(where=lambda v: v.ndim > 0)
    dtype = m.one_of(("int32", "float32", "float64"))
    m.put(shape.iota(np.dtype(dtype), v.shape, m.below(v.ndim)), 20.0, True)


def start(m: Maker) -> Any:
    """A place: a value or a number."""
    if m.flip(0.3):
        return np.int32(m.below(4))
    return m.pick("signed", exact=True, where=lambda v: not v.shape and v.dtype == np.int32).x


def windowed(m: Maker) -> None:
    v = m.pick(where=lambda v: v.ndim > 0)
    sizes = [m.below(n + 1) or n for n in v.shape]
    starts = [start(m) for _ in v.shape]
    if m.flip():
        m.put(dynamic_slice(v.x, starts, sizes), v.bound, v.exact)
        return

    def fits(w: Val) -> bool:
        small = w.ndim == v.ndim and all(a <= b for a, b in zip(w.shape, v.shape, strict=True))
        return small and w.dtype == v.dtype

    w = m.pick(where=fits)
    m.put(dynamic_update_slice(v.x, w.x, starts), max(v.bound, w.bound), v.exact and w.exact)


def rows(m: Maker, v: Val, unique: bool = False) -> tuple[int, Any, tuple[int, ...]]:
    """An axis, places along it as the indices of gather, and their shape."""
    axis = m.below(v.ndim)
    if unique or m.flip(0.2):
        n = max(1, v.shape[axis] - 1)
        places = shape.iota(np.dtype("int32"), (n,), 0)
    else:
        places = m.pick("signed", exact=True, where=lambda w: w.ndim <= 2 and w.size <= 20).x
    at = get_shape(places)
    return axis, shape.expand_dims(places, (len(at),)), at


def get_shape(x: Any) -> tuple[int, ...]:
    """The sizes of the axes."""
    return Val(x, 0, True).shape


def gathered(m: Maker) -> None:
    v = m.pick(where=lambda v: v.ndim > 0 and v.size > 0)
    axis, places, at = rows(m, v)
    # The places take the axis's position.
    offset = [d if d < axis else d + len(at) - 1 for d in range(v.ndim) if d != axis]
    numbers = GatherDimensionNumbers(tuple(offset), (axis,), (axis,))
    sizes = tuple(1 if d == axis else n for d, n in enumerate(v.shape))
    mode = m.one_of((GatherScatterMode.CLIP, GatherScatterMode.FILL_OR_DROP))
    fill = 0 if mode is GatherScatterMode.FILL_OR_DROP else None
    m.put(gather(v.x, places, numbers, sizes, mode=mode, fill_value=fill), v.bound, v.exact)


def scattered(m: Maker) -> None:
    v = m.pick("float", "signed", where=lambda v: v.ndim > 0 and v.size > 0)
    f = m.one_of((scatter, scatter_add, scatter_add, scatter_mul, scatter_max))
    unique = f in (scatter, scatter_mul)
    axis, places, at = rows(m, v, unique)
    window = [n for d, n in enumerate(v.shape) if d != axis]
    wanted = (*at, *window)
    exact = f is scatter_max
    fitting = [
        w
        for w in m.pool
        if w.dtype == v.dtype and w.shape in (wanted, ()) and (w.exact or not exact)
    ]
    w = m.one_of(fitting)
    if exact and not v.exact:
        raise Stuck
    updates = w.x if w.shape == wanted else shape.broadcast_in_dim(w.x, wanted, ())
    numbers = GatherDimensionNumbers(
        tuple(range(len(at), len(wanted))), (axis,), (axis,)
    ).of_scatter()
    mode = m.one_of((GatherScatterMode.CLIP, GatherScatterMode.FILL_OR_DROP))
    if f is scatter_max:
        mode = GatherScatterMode.FILL_OR_DROP
    y = f(v.x, places, updates, numbers, unique_indices=unique, mode=mode)
    bound = {scatter_add: v.bound + 20 * w.bound, scatter_mul: v.bound * w.bound}
    m.put(y, max(bound.get(f, 0), v.bound, w.bound), v.exact and w.exact)


# Each move with its weight.
TABLE: tuple[tuple[Any, float], ...] = (
    (smooth, 5), (positive, 2), (of_complex, 2), (parts, 2), (whole, 0.3), (jump, 1.5),
    (arithmetic, 6), (quotient, 1.5), (powers, 0.5), (extremum, 1.5), (ints, 2.5), (logic, 1),
    (comparison, 2), (selection, 2), (clamped, 0.7), (conversion, 1.5), (reduction, 4),
    (bit_reduction, 0.7), (place, 0.7), (running, 2), (ordered, 2), (contraction, 4), (moved, 4),
    (spread, 3), (sliced, 2), (element, 2), (padded, 2), (joined, 2), (parted, 1), (counted, 1),
    (windowed, 3), (gathered, 3), (scattered, 4), (convolved, 2), (coarse, 0.4), *CONTROL,
)  # fmt: skip
MOVES = [move for move, _ in TABLE]
ODDS = np.array([weight for _, weight in TABLE])
ODDS = ODDS / ODDS.sum()
set_moves(MOVES, ODDS)
