"""Products, extrema and repeated updates of complex numbers as programs on their parts: what takes
both parts of each number at once."""

from math import prod
from typing import Any

from ...control.loop import scan
from ...primitives import conv, window
from ...primitives import elementwise as ew
from ...primitives import scatter as sc
from ...primitives.pieces import concatenate, slice_in_dim
from ...primitives.shape import iota, reshape, transpose
from .complexes import Pair, Rule, bilinear, mul, read_and_written, rule


def _is_nan(x: Pair) -> Any:
    return ew.bitwise_or(ew.ne(x.re, x.re), ew.ne(x.im, x.im))


def _chosen(first: Any, x: Pair, y: Pair) -> Pair:
    return Pair(*[ew.select(first, a, b) for a, b in zip(x, y, strict=True)])


def _extremum(beyond: Any, level: Any) -> Rule:
    """By real parts, then by imaginary ones; what is no number is taken."""

    def apply(x: Pair, y: Pair) -> Pair:
        tie = ew.bitwise_and(ew.eq(x.re, y.re), level(x.im, y.im))
        wins = ew.bitwise_or(beyond(x.re, y.re), tie)
        wins = ew.bitwise_and(wins, ew.bitwise_not(_is_nan(y)))
        return _chosen(ew.bitwise_or(wins, _is_nan(x)), x, y)

    return apply


larger = rule("max")(_extremum(ew.gt, ew.ge))
smaller = rule("min")(_extremum(ew.lt, ew.le))


# Over axes


def _fold(combine: Rule) -> Rule:
    """Halves of an axis are combined until one element is left."""

    def apply(x: Pair, *, axes: tuple[int, ...], **_: Any) -> Pair:
        for axis in axes:
            x = _folded(combine, x, axis)
        shape = [n for d, n in enumerate(x.re.shape) if d not in axes]
        return Pair(*[reshape(p, shape) for p in x])

    return apply


def _folded(combine: Rule, x: Pair, axis: int) -> Pair:
    left = []
    while (n := x.re.shape[axis]) > 1:
        half = n // 2
        if n % 2:
            left.append(_part(x, n - 1, n, axis))
        x = combine(_part(x, 0, half, axis), _part(x, half, 2 * half, axis))
    for last in left:
        x = combine(x, last)
    return x


def _part(x: Pair, start: int, end: int, axis: int) -> Pair:
    return Pair(*[slice_in_dim(p, start, end, axis=axis) for p in x])


def _running(combine: Rule) -> Rule:
    """Partial results along an axis, one line after the other."""

    def apply(x: Pair, *, axis: int, reverse: bool) -> Pair:
        order = (axis, *[d for d in range(len(x.re.shape)) if d != axis])
        back = tuple([order.index(d) for d in range(len(order))])
        lines = tuple([transpose(p, order) for p in x])
        n = x.re.shape[axis]
        if n <= 1:
            return x
        first, rest = (n - 1, (0, n - 1)) if reverse else (0, (1, n))

        def step(last: Any, line: Any) -> Any:
            new = tuple(combine(Pair(*last), Pair(*line)))
            return new, new

        start = tuple([reshape(slice_in_dim(p, first, first + 1), p.shape[1:]) for p in lines])
        others = tuple([slice_in_dim(p, *rest) for p in lines])
        found = scan(step, start, others, reverse=reverse)[1]
        ends = [[reshape(s, (1, *s.shape)), f] for s, f in zip(start, found, strict=True)]
        joined = [concatenate(e[::-1] if reverse else e, 0) for e in ends]
        return Pair(*[transpose(p, back) for p in joined])

    return apply


rule("reduce_prod")(_fold(mul))
rule("reduce_max")(_fold(larger))
rule("reduce_min")(_fold(smaller))
rule("cumprod")(_running(mul))
rule("cummax")(_running(larger))
rule("cummin")(_running(smaller))


# Windows


rule("conv_general_dilated")(bilinear(conv.conv_general_dilated_p))


@rule("reduce_window_sum")
def window_sum(x: Pair, **params: Any) -> Pair:
    return Pair(*[window.reduce_window_sum_p.bind(p, **params) for p in x])


# Updates that may meet


def _one_by_one(combine: Rule) -> Rule:
    """Windows that may have elements in common are updated one after the other."""
    once = read_and_written(combine)

    def apply(x: Pair, indices: Any, u: Pair, **params: Any) -> Any:
        if sc.is_single(indices) or params["unique_indices"]:
            return once(x, indices, u, **params)
        numbers, indices = _without_batches(params["dimension_numbers"], indices)
        kept = numbers.update_window_dims
        batch = [d for d in range(len(u.re.shape)) if d not in kept]
        sizes = [u.re.shape[d] for d in kept]
        count = prod(indices.shape[:-1])
        each = numbers._replace(update_window_dims=tuple(range(len(sizes))))
        single = {**params, "dimension_numbers": each, "unique_indices": True}

        def step(array: Any, line: Any) -> Any:
            at, *update = line
            parts = Pair(ew.real(array), ew.imag(array))
            return once(parts, at, Pair(*update), **single), None

        updates = [reshape(transpose(p, [*batch, *kept]), [count, *sizes]) for p in u]
        places = reshape(indices, (count, indices.shape[-1]))
        return scan(step, ew.complex(*x), (places, *updates))[0]

    return apply


def _without_batches(numbers: Any, indices: Any) -> tuple[Any, Any]:
    """The same windows, found by the numbers of their batches too."""
    batches = numbers.operand_batching_dims
    if not batches:
        return numbers, indices
    shape = (*indices.shape[:-1], 1)
    own = [iota(indices.dtype, shape, d) for d in numbers.scatter_indices_batching_dims]
    numbers = numbers._replace(
        inserted_window_dims=tuple(sorted([*numbers.inserted_window_dims, *batches])),
        scatter_dims_to_operand_dims=(*batches, *numbers.scatter_dims_to_operand_dims),
        operand_batching_dims=(),
        scatter_indices_batching_dims=(),
    )
    return numbers, concatenate([*own, indices], len(shape) - 1)


rule("scatter-mul")(_one_by_one(mul))
rule("scatter-max")(_one_by_one(larger))
rule("scatter-min")(_one_by_one(smaller))
