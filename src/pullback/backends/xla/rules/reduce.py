"""Reductions over axes, and running ones along an axis."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .... import dtypes
from ....primitives.reduce import least
from ..builder import Builder, table
from ..hlo import Tensor, Value, int64, ints
from .elementwise import SMALL, maximum, minimum, part_type, parts
from .shape import slice_axis

Types = list[Tensor]
Combine = Callable[[Builder, Value, Value], Value]
RULES, rule = table()

NARROW = (dtypes.float16, dtypes.bfloat16, *dtypes.FLOAT8)


def reduce(
    b: Builder,
    xs: Sequence[Value],
    starts: Sequence[Value],
    axes: Sequence[int],
    body: Callable[..., Any],
) -> list[Value]:
    """Combine elements over axes: `body` maps two tuples of scalars to one."""
    scalars = [Tensor((), x.dtype) for x in xs]
    shape = tuple([n for d, n in enumerate(xs[0].shape) if d not in axes])
    types = [Tensor(shape, x.dtype) for x in xs]
    region = b.region([*scalars, *scalars], body)
    return b.op("reduce", [*xs, *starts], types, [region], dimensions=ints(axes))


def _same(name: str) -> Combine:
    return lambda b, x, y: b.same(name, x, y)


def extreme(dtype: Any, sign: int) -> Any:
    """The identity of max in a dtype; that of min where sign is -1."""
    if dtypes.kind(dtype) == "complex":
        return complex(-sign * np.inf, -sign * np.inf)
    return least(dtype, sign)


def _all_bits(dtype: Any) -> Any:
    kind = dtypes.kind(dtype)
    return True if kind == "bool" else -1 if kind == "signed" else dtypes.info(dtype).max


# How two elements are combined, and the identity of that in a dtype.
COMBINE: dict[str, tuple[Combine, Callable[[Any], Any]]] = {
    "sum": (_same("add"), lambda dtype: 0),
    "prod": (_same("multiply"), lambda dtype: 1),
    "max": (maximum, lambda dtype: extreme(dtype, 1)),
    "min": (minimum, lambda dtype: extreme(dtype, -1)),
    "and": (_same("and"), _all_bits),
    "or": (_same("or"), lambda dtype: 0),
    "xor": (_same("xor"), lambda dtype: 0),
}


def reduction(name: str) -> Callable[..., Value]:
    """The rule of a reduction of one array."""
    combine, identity = COMBINE[name]

    def apply(b: Builder, types: Types, x: Value, *, axes: Any) -> Value:
        wide = b.convert(x, accumulator(name, x))
        start = b.constant(identity(wide.dtype), wide.dtype)
        (out,) = reduce(b, [wide], [start], axes, lambda p, q: combine(b, p, q))
        return b.convert(out, x.dtype)

    return apply


def accumulator(name: str, x: Value) -> Any:
    """The dtype in which elements are combined: sums and products of narrow ones in a wider one."""
    if name not in ("sum", "prod"):
        return x.dtype
    return dtypes.float32 if x.dtype in NARROW else SMALL.get(x.dtype, x.dtype)


for _name in COMBINE:
    rule(f"reduce_{_name}")(reduction(_name))


def _arg_reduction(direction: str, sign: int) -> Callable[..., Value]:
    """The index of the first NaN if there is one, else of the first extreme element."""

    def apply(b: Builder, types: Types, x: Value, *, axes: Any, index_dtype: Any) -> Value:
        (axis,) = axes
        places = b.iota(index_dtype, x.shape, axis)
        starts = [b.constant(extreme(x.dtype, sign), x.dtype), b.constant(0, index_dtype)]

        def better(p: Value, i: Value, q: Value, j: Value) -> list[Value]:
            ahead, tied = _ahead(b, direction, p, q)
            earlier = b.same("and", tied, b.compare("LT", i, j))
            first = b.same("or", ahead, earlier)
            return [b.select(first, p, q), b.select(first, i, j)]

        return reduce(b, [x, places], starts, axes, better)[1]

    return apply


def _ahead(b: Builder, direction: str, p: Value, q: Value) -> tuple[Value, Value]:
    """Whether p goes before q, and whether they tie. NaNs go first."""
    kind = dtypes.kind(p.dtype)
    if kind not in ("float", "complex"):
        return b.compare(direction, p, q), b.compare("EQ", p, q)
    p_nan, q_nan = b.compare("NE", p, p), b.compare("NE", q, q)
    beyond = _beyond(b, direction, p, q)
    ahead = b.same("or", beyond, b.same("and", p_nan, b.same("not", q_nan)))
    return ahead, b.same("or", b.compare("EQ", p, q), b.same("and", p_nan, q_nan))


def _beyond(b: Builder, direction: str, p: Value, q: Value) -> Value:
    if dtypes.kind(p.dtype) != "complex":
        return b.compare(direction, p, q)
    (pr, pi), (qr, qi) = parts(b, p), parts(b, q)
    assert pr.type == part_type(p)
    return b.select(
        b.compare("EQ", pr, qr), b.compare(direction, pi, qi), b.compare(direction, pr, qr)
    )


rule("argmax")(_arg_reduction("GT", 1))
rule("argmin")(_arg_reduction("LT", -1))


# Running reductions: pairs are combined, their running reduction is found, and what lies between.


def running(b: Builder, combine: Combine, x: Value, axis: int) -> Value:
    """y[i] = x[0] . x[1] . ... . x[i] along an axis, in a logarithmic number of steps."""
    n = x.shape[axis]
    if n < 2:
        return x
    pairs = combine(b, slice_axis(b, x, axis, 0, n - 1, 2), slice_axis(b, x, axis, 1, n, 2))
    odd = running(b, combine, pairs, axis)
    first = slice_axis(b, x, axis, 0, 1)
    if n == 2:
        return _joined(b, [first, odd], axis)
    before = slice_axis(b, odd, axis, 0, (n - 1) // 2)
    between = combine(b, before, slice_axis(b, x, axis, 2, n, 2))
    return _interleaved(b, _joined(b, [first, between], axis), odd, axis)


def _joined(b: Builder, xs: Sequence[Value], axis: int) -> Value:
    shape = list(xs[0].shape)
    shape[axis] = sum(x.shape[axis] for x in xs)
    return b.one("concatenate", xs, Tensor(tuple(shape), xs[0].dtype), dimension=int64(axis))


def _interleaved(b: Builder, even: Value, odd: Value, axis: int) -> Value:
    """even[0], odd[0], even[1], odd[1], ..."""
    n, size = even.shape[axis], even.shape[axis] + odd.shape[axis]
    if odd.shape[axis] < n:
        odd = _joined(b, [odd, slice_axis(b, even, axis, 0, 1)], axis)
    shape = (*even.shape[: axis + 1], 1, *even.shape[axis + 1 :])
    both = _joined(b, [b.reshape(even, shape), b.reshape(odd, shape)], axis + 1)
    flat = b.reshape(both, (*even.shape[:axis], 2 * n, *even.shape[axis + 1 :]))
    return slice_axis(b, flat, axis, 0, size)


def _log_add_exp(b: Builder, x: Value, y: Value) -> Value:
    """log(exp(x) + exp(y)) = m + log1p(exp(-|x - y|)); equal infinities are themselves."""
    top = maximum(b, x, y)
    gap = b.same("negate", b.same("abs", b.same("subtract", x, y)))
    out = b.same("add", top, b.same("log_plus_one", b.same("exponential", gap)))
    infinite = b.compare("EQ", b.same("abs", x), b.like(x, np.inf))
    return b.select(b.same("and", b.compare("EQ", x, y), infinite), x, out)


def cumulative(name: str, combine: Combine) -> Callable[..., Value]:
    """The rule of a running reduction."""

    def apply(b: Builder, types: Types, x: Value, *, axis: int, reverse: bool) -> Value:
        wide = b.convert(x, accumulator(name, x))
        if reverse:
            wide = b.one("reverse", [wide], wide.type, dimensions=ints([axis]))
        out = running(b, combine, wide, axis)
        if reverse:
            out = b.one("reverse", [out], out.type, dimensions=ints([axis]))
        return b.convert(out, x.dtype)

    return apply


for _name in ("sum", "prod", "max", "min"):
    rule(f"cum{_name}")(cumulative(_name, COMBINE[_name][0]))
rule("cumlogsumexp")(cumulative("logsumexp", _log_add_exp))
