"""Reductions by a user's program: reduce_p over axes, reduce_window_p over sliding windows.

Both stand for a program of ordinary operations, so those give derivatives and compiled code. The
program combines scalars; it is run on whole arrays as on a batch.
"""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from ..core.aval import Shape, ShapedArray, same_type, type_name
from ..core.ir import Jaxpr, JaxprEqn
from ..core.primitive import Primitive, instantiate
from ..core.stage import eval_jaxpr
from ..core.trace import as_array, get_aval
from ..primitives import pieces
from ..primitives.shape import broadcast_in_dim, reduced_shape, reshape, transpose, zeros
from ..primitives.window import Windows, check_windows
from ..transforms.batch import to_dim, vmap_flat
from ..transforms.jvp import jvp_flat
from ..transforms.program import stage_pure

# A combination of two lists of scalars, flat: (left..., right...) -> results.
Combine = Callable[..., Sequence[Any]]


def combined(combine: Combine, left: Sequence[Any], right: Sequence[Any]) -> list[Any]:
    """The combination of two lists of arrays of one shape, element by element."""
    shape = get_aval(left[0]).shape
    if not shape:
        return list(combine(*left, *right))
    size = prod(shape)
    flat = [reshape(x, (size,)) for x in (*left, *right)]
    outs, dims = vmap_flat(combine, flat, [0] * len(flat), None, size)
    whole = [to_dim(o, d, 0, size) for o, d in zip(outs, dims, strict=True)]
    return [reshape(o, shape) for o in whole]


def reduce_by(
    combine: Combine, operands: Sequence[Any], init: Sequence[Any], dimensions: Sequence[int]
) -> list[Any]:
    """The reduction over axes, by halves: log2(n) combinations of whole arrays."""
    shape = operands[0].shape
    kept = [d for d in range(len(shape)) if d not in dimensions]
    rest = tuple(shape[d] for d in kept)
    count = prod(shape[d] for d in dimensions)
    order = (*sorted(dimensions), *kept)
    xs = [reshape(transpose(x, order), (count, *rest)) for x in operands]
    start = [broadcast_in_dim(i, rest, ()) for i in init]
    if not count:
        return start
    while count > 1:
        even, odd = (_every_other(xs, first, count // 2 * 2) for first in (0, 1))
        joined = combined(combine, even, odd)
        if count % 2:
            last = [pieces.slice_in_dim(x, count - 1, count) for x in xs]
            joined = [pieces.concatenate(pair, 0) for pair in zip(joined, last, strict=True)]
        xs, count = joined, count - count // 2
    return combined(combine, start, [reshape(x, rest) for x in xs])


def _every_other(xs: Sequence[Any], first: int, stop: int) -> list[Any]:
    return [pieces.slice_in_dim(x, first, stop, 2) for x in xs]


def reduce_window_by(
    combine: Combine, operands: Sequence[Any], init: Sequence[Any], windows: Windows
) -> list[Any]:
    """The reduction over windows: one axis of the windows after another, the last one first."""
    counts = windows.counts(operands[0].shape)
    pairs = zip(operands, init, strict=True)
    xs = [pieces.pad(x, i, windows.config()) for x, i in pairs]
    for axis in reversed(range(len(counts))):
        k, stride = windows.window_dimensions[axis], windows.window_strides[axis]
        wide = windows.window_dilation[axis]
        reach = (counts[axis] - 1) * stride + 1 if counts[axis] else 0
        total: list[Any] = []
        for start in range(0, k * wide, wide):
            taps = [
                pieces.slice_in_dim(x, start, start + reach, stride, axis)
                if reach
                else pieces.slice_in_dim(x, 0, 0, 1, axis)
                for x in xs
            ]
            total = combined(combine, total, taps) if total else taps
        xs = total
    start = [broadcast_in_dim(i, counts, ()) for i in init]
    return combined(combine, start, xs)


def _check(name: str, avals: Sequence[ShapedArray], jaxpr: Jaxpr) -> list[ShapedArray]:
    """The operands' types; raise unless the initial values and the program fit them."""
    n = len(avals) // 2
    operands, init = avals[:n], avals[n:]
    for x, i, out in zip(operands, init, jaxpr.out_avals, strict=True):
        if x.shape != operands[0].shape:
            raise TypeError(f"{name}: the operands must have one shape, got {_names(operands)}")
        if i.shape != () or i.dtype != x.dtype:
            raise TypeError(
                f"{name}: initial values must be scalars of the operands' dtypes, got"
                f" {_names(init)} for {_names(operands)}"
            )
        if not same_type(out, i.update(shape=())):
            raise TypeError(
                f"{name}: the computation must return scalars of the operands' dtypes, got"
                f" {_names(jaxpr.out_avals)} for {_names(operands)}"
            )
    return list(operands)


def _names(avals: Sequence[ShapedArray]) -> str:
    return ", ".join(map(type_name, avals))


def stands_for(primitive: Primitive, expand: Callable[..., list[Any]]) -> None:
    """Value, derivative and compiled form of an operation that is a program of others."""

    @primitive.def_value
    def _(*args: np.ndarray, **params: Any) -> list[np.ndarray]:
        return [as_array(o)._npy for o in expand(*args, **params)]

    @primitive.def_jvp
    def _(primals: Sequence[Any], tangents: Sequence[Any], **params: Any) -> Any:
        tangents = [instantiate(t, zeros) for t in tangents]
        return jvp_flat(lambda *args: expand(*args, **params), primals, tangents)

    @primitive.def_inline
    def _(eqn: JaxprEqn) -> Jaxpr:
        def fun(*args: Any) -> list[Any]:
            return expand(*args, **eqn.params)

        return stage_pure(fun, [v.aval for v in eqn.invars], primitive.name)


def _batched(primitive: Primitive, at_front: Callable[..., dict[str, Any]]) -> None:
    """Batching: the batch is one more axis that stays, at the front."""

    @primitive.def_batch
    def _(args: Sequence[Any], dims: Sequence[Any], *, axis: Any, **params: Any) -> Any:
        n = len(args) // 2
        size = axis[1]
        if any(d is not None for d in dims[n:]):
            raise NotImplementedError(f"vmap of {primitive.name} over initial values")
        front = [to_dim(x, d, 0, size) for x, d in zip(args[:n], dims[:n], strict=True)]
        return primitive.bind(*front, *args[n:], **at_front(params)), [0] * n


# reduce -- y[...] = init * x[i0, ...] * x[i1, ...] * ..., where * is the program
reduce_p = Primitive("reduce", multiple_results=True, higher=True)


@reduce_p.def_type
def _(*avals: ShapedArray, jaxpr: Jaxpr, dimensions: Shape) -> list[ShapedArray]:
    operands = _check("reduce", avals, jaxpr)
    return [ShapedArray(reduced_shape("reduce", x, dimensions), x.dtype) for x in operands]


def _expand_reduce(*args: Any, jaxpr: Jaxpr, dimensions: Shape) -> list[Any]:
    n = len(args) // 2
    return reduce_by(lambda *a: eval_jaxpr(jaxpr, (), *a), args[:n], args[n:], dimensions)


stands_for(reduce_p, _expand_reduce)
_batched(reduce_p, lambda p: {**p, "dimensions": tuple(d + 1 for d in p["dimensions"])})

# reduce_window -- the same over the elements of each window
reduce_window_p = Primitive("reduce_window", multiple_results=True, higher=True)


@reduce_window_p.def_type
def _(*avals: ShapedArray, jaxpr: Jaxpr, **params: Any) -> list[ShapedArray]:
    operands = _check("reduce_window", avals, jaxpr)
    shape = check_windows("reduce_window", operands[0], Windows(**params))
    return [ShapedArray(shape, x.dtype) for x in operands]


def _expand_windows(*args: Any, jaxpr: Jaxpr, **params: Any) -> list[Any]:
    n = len(args) // 2
    windows = Windows(**params)
    return reduce_window_by(lambda *a: eval_jaxpr(jaxpr, (), *a), args[:n], args[n:], windows)


stands_for(reduce_window_p, _expand_windows)
_batched(reduce_window_p, lambda p: {"jaxpr": p["jaxpr"], **vars(_windows(p).with_axis(0))})


def _windows(params: dict[str, Any]) -> Windows:
    return Windows(**{k: v for k, v in params.items() if k != "jaxpr"})
