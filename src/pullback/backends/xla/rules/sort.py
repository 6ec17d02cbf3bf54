"""Sorting along an axis."""

import numpy as np

from .... import dtypes
from ..builder import Builder, table
from ..hlo import Tensor, Value, int64, truth
from .elementwise import parts
from .shape import slice_axis

Types = list[Tensor]
RULES, rule = table()


@rule("sort")
def _(
    b: Builder, types: Types, *xs: Value, dimension: int, is_stable: bool, num_keys: int
) -> list[Value]:
    def before(*pairs: Value) -> Value:
        keys = []
        for p, q in zip(pairs[: 2 * num_keys : 2], pairs[1 : 2 * num_keys : 2], strict=True):
            keys += zip(_order_keys(b, p), _order_keys(b, q), strict=True)
        return _lexicographic(b, keys)

    scalars = [t for x in xs for t in [Tensor((), x.dtype)] * 2]
    region = b.region(scalars, before)
    where = {"dimension": int64(dimension), "is_stable": truth(is_stable)}
    return b.op("sort", xs, types, [region], **where)


def _lexicographic(b: Builder, keys: list[tuple[Value, Value]]) -> Value:
    (p, q), *rest = keys
    less = b.compare("LT", p, q, total=True)
    if not rest:
        return less
    tied = b.compare("EQ", p, q, total=True)
    return b.same("or", less, b.same("and", tied, _lexicographic(b, rest)))


def _order_keys(b: Builder, x: Value) -> list[Value]:
    """What to compare in the total order: one zero and one NaN, the last; parts in turn."""
    kind = dtypes.kind(x.dtype)
    if kind == "complex":
        return [key for part in parts(b, x) for key in _order_keys(b, part)]
    if kind != "float":
        return [x]
    zero = b.select(b.compare("EQ", x, b.like(x, 0)), b.like(x, 0), x)
    return [b.select(b.compare("NE", x, x), b.like(x, np.nan), zero)]


@rule("top_k")
def _(b: Builder, types: Types, x: Value, *, k: int, axis: int) -> list[Value]:
    """The first k of a sort in descending total order."""
    places = b.iota(dtypes.int32, x.shape, axis)

    def before(p: Value, q: Value, i: Value, j: Value) -> Value:
        return b.compare("GT", p, q, total=True)

    pair = [Tensor((), x.dtype)] * 2 + [Tensor((), dtypes.int32)] * 2
    region = b.region(pair, before)
    where = {"dimension": int64(axis), "is_stable": truth(True)}
    outs = b.op("sort", [x, places], [x.type, places.type], [region], **where)
    return [slice_axis(b, out, axis, 0, k) for out in outs]
