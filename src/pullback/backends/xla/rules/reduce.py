"""Reductions over axes."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .... import dtypes
from ....primitives.reduce import least
from ..builder import Builder, table
from ..hlo import Tensor, Value, ints
from .elementwise import SMALL, maximum, minimum, part_type, parts

Types = list[Tensor]
Combine = Callable[[Builder, Value, Value], Value]
RULES, rule = table()

NARROW = (dtypes.float16, dtypes.BFLOAT16, *dtypes.FLOAT8)


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
