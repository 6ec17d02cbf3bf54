"""Sorting along one axis: sort, which moves other operands along, and top_k."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..core.aval import ShapedArray, canonical_axis, type_name
from ..core.memo import Memory
from ..core.primitive import Primitive, Zero
from ..core.trace import get_aval
from ..errors import OperandError
from . import order
from .batching import batch_size, to_axis
from .compare import total_order_key
from .gather import gather
from .index import GatherDimensionNumbers, GatherScatterMode
from .rules import fail, zero_like
from .shape import expand_dims, iota

sort_p = Primitive("sort", multiple_results=True)
top_k_p = Primitive("top_k", multiple_results=True)


def take_along(x: Any, indices: Any, axis: int) -> Any:
    """y[i.., j, k..] = x[i.., indices[i.., j, k..], k..], for different indices in bounds."""
    shape = get_aval(x).shape
    ndim = len(shape)
    others = tuple(d for d in range(ndim) if d != axis)
    numbers = GatherDimensionNumbers((), (axis,), (axis,), others, others)
    return gather(
        x,
        expand_dims(indices, (ndim,)),
        numbers,
        tuple(min(n, 1) for n in shape),
        unique_indices=True,
        mode=GatherScatterMode.PROMISE_IN_BOUNDS,
    )


_plans: Memory[Any, tuple[int, ...]] = Memory()


def _plan(
    shape: tuple[int, ...], axis: int, num_keys: int, kinds: tuple[dtypes.DType, ...]
) -> tuple[int, ...]:
    """How arrays of these dtypes are sorted: keys of other dtypes come after them."""
    keys: list[tuple[int, ...]] = []
    last = len(kinds)
    for k, d in enumerate(kinds[:num_keys]):
        like = order.known(d)
        keys += order.parts(k if like == d else last, like) or ()
        last += like != d
    results = [(k, d.itemsize) for k, d in enumerate(kinds)]
    return order.plan(shape, axis, shape[axis], keys, results)


# sort -- the operands along `dimension` in the order of the first `num_keys` of them
def sort(
    operands: Sequence[Any], dimension: int = -1, is_stable: bool = True, num_keys: int = 1
) -> list[Any]:
    """Operands of one shape, sorted together by the first of them."""
    dimension = canonical_axis(dimension, get_aval(operands[0]).ndim, "sort")
    return sort_p.bind(*operands, dimension=dimension, is_stable=is_stable, num_keys=num_keys)


@sort_p.def_type
def _(*avals, dimension, is_stable, num_keys):
    if any(a.shape != avals[0].shape for a in avals):
        fail("sort", "operands must have one shape", *avals)
    if not 1 <= num_keys <= len(avals):
        fail("sort", f"num_keys={num_keys} must be between 1 and {len(avals)}", *avals)
    if any(dtypes.kind(a.dtype) in ("key", "float0") for a in avals[:num_keys]):
        fail("sort", "keys to sort by must be numbers", *avals)
    return [ShapedArray(a.shape, a.dtype, a.weak_type) for a in avals]


@sort_p.def_value
def _(*operands, dimension, is_stable, num_keys):
    shape, kinds = operands[0].shape, tuple([x.dtype for x in operands])
    key = (shape, dimension, num_keys, kinds)
    plan = _plans.get(key)
    if plan is None:
        plan = _plans[key] = _plan(*key)
    pairs = [(x, order.known(d)) for x, d in zip(operands[:num_keys], kinds, strict=False)]
    others = [x.astype(like) for x, like in pairs if x.dtype != like]
    return order.execute((*operands, *others), plan, shape, kinds)


@sort_p.def_jvp
def _(primals, tangents, *, dimension, **params):
    places = iota(np.int32, get_aval(primals[0]).shape, dimension)
    *out, order = sort_p.bind(*primals, places, dimension=dimension, **params)
    moved = [
        zero_like(y) if type(t) is Zero else take_along(t, order, dimension)
        for y, t in zip(out, tangents, strict=True)
    ]
    return out, moved


@sort_p.def_batch
def _(args, dims, *, dimension, **params):
    size = batch_size(args, dims)
    dim = next(d for d in dims if d is not None)
    lined = [to_axis(x, d, size, dim) for x, d in zip(args, dims, strict=True)]
    out = sort_p.bind(*lined, dimension=dimension + (dim <= dimension), **params)
    return out, [dim] * len(out)


# top_k -- the k greatest elements along an axis in the total order, and where they are
def top_k(operand: Any, k: int, *, axis: int = -1) -> list[Any]:
    """The k greatest elements along an axis and their places."""
    axis = canonical_axis(axis, get_aval(operand).ndim, "top_k")
    return top_k_p.bind(operand, k=k, axis=axis)


@top_k_p.def_type
def _(x, *, k, axis):
    if dtypes.kind(x.dtype) not in ("bool", "signed", "unsigned", "float"):
        raise OperandError(f"top_k: real numbers are wanted, got {type_name(x)}")
    if not 0 <= k <= x.shape[axis]:
        raise ValueError(f"top_k: k={k} must be between 0 and the size of axis {axis} of {x.shape}")
    shape = (*x.shape[:axis], k, *x.shape[axis + 1 :])
    return [ShapedArray(shape, x.dtype, x.weak_type), ShapedArray(shape, dtypes.int32)]


@top_k_p.def_value
def _(x, *, k, axis):
    key = x if x.dtype in order.FORMS else _total(x)
    args = [key] if key is x else [key, x]
    results = [(len(args) - 1, x.dtype), (order.PLACES, dtypes.int32)]
    return order.run(args, axis, k, order.greatest(0, key.dtype) or (), results)


def _total(x: np.ndarray) -> np.ndarray:
    """Integers in the total order of elements of eight bits or less."""
    return total_order_key(x) if dtypes.kind(x.dtype) == "float" else x.astype(np.int8)


@top_k_p.def_jvp
def _(primals, tangents, *, k, axis):
    values, places = top_k_p.bind(*primals, k=k, axis=axis)
    return [values, places], [take_along(tangents[0], places, axis), zero_like(places)]


@top_k_p.def_batch
def _(args, dims, *, k, axis):
    (x,), (dim,) = args, dims
    return top_k_p.bind(x, k=k, axis=axis + (dim <= axis)), [dim, dim]
