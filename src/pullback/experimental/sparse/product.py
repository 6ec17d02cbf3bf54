"""Products of BCOO arrays: element by element, contracted, and at given places."""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from ... import lax
from ... import numpy as pnp
from ...numpy.values import promote_arrays
from .bcoo import BCOO, bcoo_transpose, extracted
from .form import Axes, Shape, beside, bounds, columns, inside, lift
from .layout import bcoo_sum_duplicates, bcoo_update_layout

Dimensions = tuple[tuple[Axes, Axes], tuple[Axes, Axes]]


def _rest(n: int, *taken: Axes) -> list[int]:
    """The axes that are not taken."""
    gone = {int(a) for axes in taken for a in axes}
    return [k for k in range(n) if k not in gone]


def _result_shape(lhs: Any, rhs: Any, dimensions: Dimensions) -> Shape:
    """The shape of a contraction; an error if the sizes do not fit."""
    (lc, rc), (lb, rb) = dimensions
    if [lhs.shape[a] for a in (*lb, *lc)] != [rhs.shape[a] for a in (*rb, *rc)]:
        raise TypeError(
            f"bcoo_dot_general: the contracted or batch sizes differ, got {lhs.shape} and"
            f" {rhs.shape} with dimension_numbers {dimensions}"
        )
    batch = [lhs.shape[a] for a in lb]
    free = [lhs.shape[a] for a in _rest(lhs.ndim, lb, lc)]
    return (*batch, *free, *[rhs.shape[a] for a in _rest(rhs.ndim, rb, rc)])


def bcoo_dot_general(
    lhs: Any,
    rhs: Any,
    *,
    dimension_numbers: Dimensions,
    precision: Any = None,
    preferred_element_type: Any = None,
    out_sharding: Any = None,
) -> Any:
    """`lax.dot_general` where one operand is a BCOO, or both are.

    Args:
      lhs, rhs: arrays, sparse or dense.
      dimension_numbers: `((lhs_contracting, rhs_contracting), (lhs_batch, rhs_batch))`. Batch axes
        of the product are batch axes of sparse operands; dense axes are not contracted.
      precision, out_sharding: have no effect.
      preferred_element_type: dtype of the result.

    Returns:
      A dense array, or, where both are sparse, a BCOO.

    >>> from pullback.experimental import sparse
    >>> dims = (((1,), (0,)), ((), ()))
    >>> sparse.bcoo_dot_general(sparse.eye(2), pnp.array([3.0, 4.0]), dimension_numbers=dims)
    Array([3., 4.], dtype=float32)
    """
    (lc, rc), (lb, rb) = dimension_numbers
    dimensions = ((tuple(lc), tuple(rc)), (tuple(lb), tuple(rb)))
    kind = preferred_element_type
    if isinstance(lhs, BCOO) and isinstance(rhs, BCOO):
        return _sparse_sparse(lhs, rhs, dimensions, kind)
    if isinstance(lhs, BCOO):
        return _sparse_dense(lhs, pnp.asarray(rhs), dimensions, kind)
    if isinstance(rhs, BCOO):
        return _dense_sparse(pnp.asarray(lhs), rhs, dimensions, kind)
    return lax.dot_general(lhs, rhs, dimensions, preferred_element_type=kind)


def _dense_sparse(lhs: Any, rhs: BCOO, dimensions: Dimensions, kind: Any) -> Any:
    (lc, rc), (lb, rb) = dimensions
    out = _sparse_dense(rhs, lhs, ((rc, lc), (rb, lb)), kind)
    n_batch, n_right = len(lb), rhs.ndim - len(rc)
    order = [*range(n_batch), *range(n_right, out.ndim), *range(n_batch, n_right)]
    return lax.transpose(out, order)


def _supported(mat: BCOO, contracted: Axes, batch: Axes) -> None:
    """Raise if the axes of a sparse operand are of kinds that are not contracted so."""
    if any(a >= mat.n_batch for a in batch):
        raise NotImplementedError(
            f"bcoo_dot_general: batch axes {tuple(batch)} of {mat} must be among its"
            f" {mat.n_batch} batch axes: see bcoo_update_layout"
        )
    if any(a >= mat.n_batch + mat.n_sparse for a in contracted):
        raise NotImplementedError(
            f"bcoo_dot_general: contracted axes {tuple(contracted)} of {mat} must not be dense:"
            " see bcoo_update_layout"
        )


def _arranged(mat: BCOO, contracted: Axes, batch: Axes) -> tuple[BCOO, list[int]]:
    """Batch axes first, contracted axes sparse; and which sparse axes are contracted, in order."""
    _supported(mat, contracted, batch)
    own = [a for a in contracted if a < mat.n_batch]
    free = _rest(mat.n_batch, batch, own)
    order = [*batch, *free, *own, *range(mat.n_batch, mat.ndim)]
    moved = bcoo_update_layout(
        bcoo_transpose(mat, permutation=order), n_batch=mat.n_batch - len(own)
    )
    at = [order.index(a) - moved.n_batch for a in contracted]
    return moved, at


# y[b, i..., d..., j...] = sum over e, of place (k, i):  data[b, e, d...] rhs[b, k, j...]
def _sparse_dense(lhs: BCOO, rhs: Any, dimensions: Dimensions, kind: Any) -> Any:
    (lc, rc), (lb, rb) = dimensions
    shape = _result_shape(lhs, rhs, dimensions)
    mat, at = _arranged(lhs, lc, lb)
    rhs = rhs.transpose([*rb, *rc, *_rest(rhs.ndim, rb, rc)])
    free = _rest(mat.n_sparse, at)
    out = [mat._sparse_shape[k] for k in free]

    def one(data: Any, indices: Any, rhs: Any) -> Any:
        places = columns(indices)
        if at:
            rows = rhs.at[tuple(places[k] for k in at)].get(mode="fill", fill_value=0)
            each = lax.dot_general(
                data, rows, (((), ()), ((0,), (0,))), preferred_element_type=kind
            )
        else:
            each = lax.dot_general(data, rhs, (((), ()), ((), ())), preferred_element_type=kind)
        if not free:
            valid = beside(inside(indices, mat._sparse_shape), each)
            return pnp.where(valid, each, 0).sum(0, dtype=each.dtype)
        start = pnp.zeros((*out, *each.shape[1:]), each.dtype)
        return start.at[tuple(places[k] for k in free)].add(each, mode="drop")

    alone = mat.n_batch - len(lb)  # batch axes of the left operand alone
    f = one
    for _ in range(alone):
        f = _over_left(f)
    made = lift(f, len(lb))(mat.data, mat.indices, rhs)
    return pnp.broadcast_to(made, shape)


def _over_left(f: Any) -> Any:
    """Mapped over the first axis of the sparse operand's parts, either of which may be shared."""

    def mapped(data: Any, indices: Any, rhs: Any) -> Any:
        return lift(lambda d, i: f(d, i, rhs), 1)(data, indices)

    return mapped


def _sparse_sparse(lhs: BCOO, rhs: BCOO, dimensions: Dimensions, kind: Any) -> BCOO:
    """Each stored element of one by each of the other, where what is contracted agrees."""
    (lc, rc), (lb, rb) = dimensions
    shape = _result_shape(lhs, rhs, dimensions)
    if lhs.n_dense or rhs.n_dense:
        raise NotImplementedError("bcoo_dot_general: two sparse operands with dense axes")
    left, lat = _arranged(lhs, lc, lb)
    right, rat = _arranged(rhs, rc, rb)
    # Batch axes that one operand has alone become sparse ones of the result.
    left, lat = _only(left, lat, len(lb))
    right, rat = _only(right, rat, len(rb))
    lfree, rfree = _rest(left.n_sparse, lat), _rest(right.n_sparse, rat)
    count = left.nse * right.nse

    def one(ld: Any, li: Any, rd: Any, ri: Any) -> Any:
        same = (_taken(li, lat)[:, None] == _taken(ri, rat)[None, :]).all(-1)
        valid = inside(li, left._sparse_shape)[:, None] & inside(ri, right._sparse_shape)[None, :]
        each = lax.dot_general(ld, rd, (((), ()), ((), ())), preferred_element_type=kind)
        data = pnp.where(same & valid, each, 0).reshape(count)
        pair = (left.nse, right.nse)
        first = pnp.broadcast_to(_taken(li, lfree)[:, None], (*pair, len(lfree)))
        second = pnp.broadcast_to(_taken(ri, rfree)[None, :], (*pair, len(rfree)))
        places = pnp.concatenate([first, second], axis=-1)
        return data, places.reshape(count, len(lfree) + len(rfree))

    parts = lift(one, len(lb))(left.data, left.indices, right.data, right.indices)
    made = BCOO(parts, shape=shape)
    return bcoo_sum_duplicates(made, nse=min(count, prod(made._sparse_shape)))


def _only(mat: BCOO, at: list[int], n_batch: int) -> tuple[BCOO, list[int]]:
    """The first batch axes alone; the others are sparse."""
    more = mat.n_batch - n_batch
    return bcoo_update_layout(mat, n_batch=n_batch), [k + more for k in at]


def _taken(indices: Any, at: Sequence[int]) -> Any:
    """The indices along some of the sparse axes."""
    return indices[..., np.array(at, dtype=int)]


def bcoo_dot_general_sampled(A: Any, B: Any, indices: Any, *, dimension_numbers: Dimensions) -> Any:
    """`lax.dot_general(A, B)` of dense arrays at some places alone.

    Args:
      A, B: dense arrays.
      indices: places in the product, of shape `[*batch, nse, n_sparse]`.
      dimension_numbers: as for `lax.dot_general`.

    Returns:
      The elements at the places: `[*batch, nse, *dense]`.

    >>> from pullback.experimental import sparse
    >>> a, dims = pnp.ones((2, 3)), (((1,), (1,)), ((), ()))
    >>> places = pnp.array([[0, 1]])
    >>> sparse.bcoo_dot_general_sampled(a, 2 * a, places, dimension_numbers=dims)
    Array([6.], dtype=float32)
    """
    (ac, bc), (ab, bb) = dimension_numbers
    A, B, indices = pnp.asarray(A), pnp.asarray(B), pnp.asarray(indices)
    af, bf = _rest(A.ndim, ab, ac), _rest(B.ndim, bb, bc)
    if ab or indices.ndim != 2 or indices.shape[-1] != len(af) + len(bf) or not (af and bf):
        return extracted(indices, lax.dot_general(A, B, dimension_numbers))
    places = columns(indices)
    rows = A.transpose([*af, *ac]).at[places[: len(af)]].get(mode="fill", fill_value=0)
    cols = B.transpose([*bf, *bc]).at[places[len(af) :]].get(mode="fill", fill_value=0)
    each = tuple(range(1, rows.ndim))
    return lax.dot_general(rows, cols, ((each, each), ((0,), (0,))))


def bcoo_multiply_dense(sp_mat: BCOO, v: Any) -> Any:
    """The stored elements, each times the element of a dense array at its place.

    Args:
      sp_mat: sparse array.
      v: dense array that broadcasts to its shape.

    Returns:
      The data of the product; its indices are those of `sp_mat`.

    >>> from pullback.experimental import sparse
    >>> sparse.bcoo_multiply_dense(sparse.eye(2), pnp.array([5.0, 6.0]))
    Array([5., 6.], dtype=float32)
    """
    return on_each_place(lax.mul, sp_mat, v)


def on_each_place(f: Callable[[Any, Any], Any], mat: BCOO, v: Any) -> Any:
    """`f` of the stored elements and those of a dense array, broadcast, at their places."""
    data, v = promote_arrays("sparse", mat.data, v)
    shape = mat.shape
    if pnp.broadcast_shapes(v.shape, shape) != shape:
        raise NotImplementedError(
            f"sparse: the product of a sparse array of shape {shape} and a dense one of shape"
            f" {v.shape} is larger than the sparse one: see todense"
        )
    v = v.reshape((1,) * (len(shape) - v.ndim) + v.shape)

    def one(data: Any, indices: Any, v: Any) -> Any:
        sizes = v.shape[: indices.shape[-1]]
        places = [i if s != 1 else 0 for s, i in zip(sizes, columns(indices), strict=True)]
        taken = v.at[tuple(places)].get(mode="fill", fill_value=1) if places else v
        return f(data, pnp.broadcast_to(taken, data.shape))

    return lift(one, mat.n_batch)(data, mat.indices, v)


def bcoo_multiply_sparse(lhs: BCOO, rhs: BCOO) -> BCOO:
    """The product of two sparse arrays, element by element.

    Args:
      lhs, rhs: sparse arrays of one rank whose shapes broadcast, with equally many dense axes.

    Returns:
      A BCOO that stores as many elements as there are pairs of stored ones.

    >>> from pullback.experimental import sparse
    >>> m = sparse.BCOO.fromdense(pnp.array([0.0, 2.0]))
    >>> sparse.bcoo_multiply_sparse(m, m).todense()
    Array([0., 4.], dtype=float32)
    """
    if lhs.ndim != rhs.ndim:
        raise TypeError(
            f"bcoo_multiply_sparse: the ranks differ, got shapes {lhs.shape} and {rhs.shape}"
        )
    if lhs.n_dense != rhs.n_dense:
        raise NotImplementedError(
            f"bcoo_multiply_sparse: {lhs.n_dense} and {rhs.n_dense} dense axes; they must agree"
        )
    shape = pnp.broadcast_shapes(lhs.shape, rhs.shape)
    n = min(lhs.n_batch, rhs.n_batch)
    lhs, rhs = (bcoo_update_layout(m, n_batch=n) for m in (lhs, rhs))
    ours, theirs = lhs._sparse_shape, rhs._sparse_shape
    both = [k for k, (a, b) in enumerate(zip(ours, theirs, strict=True)) if a != 1 and b != 1]
    count = lhs.nse * rhs.nse

    def one(ld: Any, li: Any, rd: Any, ri: Any) -> Any:
        same = (_taken(li, both)[:, None] == _taken(ri, both)[None, :]).all(-1)
        same &= inside(li, ours)[:, None] & inside(ri, theirs)[None, :]
        i, j = pnp.nonzero(same, size=count, fill_value=(lhs.nse, rhs.nse))
        left = ld.at[i].get(mode="fill", fill_value=0)
        right = rd.at[j].get(mode="fill", fill_value=0)
        places = pnp.maximum(li.at[i].get(mode="clip"), ri.at[j].get(mode="clip"))
        found = (i < lhs.nse)[:, None]
        outside = bounds(shape[n : n + lhs.n_sparse], places)
        return left * right, pnp.where(found, places, outside)

    parts = lift(one, n)(lhs.data, lhs.indices, rhs.data, rhs.indices)
    return BCOO(parts, shape=shape)
