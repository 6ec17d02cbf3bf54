"""Convolutions of BCOO arrays."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ... import lax
from ... import numpy as pnp
from ...transforms.make_jaxpr import ShapeDtypeStruct, eval_shape
from .bcoo import BCOO, bcoo_fromdense
from .form import bounds, inside
from .layout import bcoo_sum_duplicates, bcoo_update_layout


def _stored(x: Any) -> BCOO:
    """An operand all of whose axes are sparse; of a dense one everything is stored."""
    if isinstance(x, BCOO):
        return bcoo_update_layout(x, n_batch=0, n_dense=0)
    return bcoo_fromdense(x, nse=x.size)


# y[n, o, s] = sum of x[n, c, i] k[o, c, j] over the i, j with
# i * lhs_dilation + low padding = s * stride + j * rhs_dilation
def bcoo_conv_general_dilated(
    lhs: Any,
    rhs: Any,
    *,
    window_strides: Sequence[int],
    padding: Any,
    lhs_dilation: Sequence[int] | None = None,
    rhs_dilation: Sequence[int] | None = None,
    dimension_numbers: Any = None,
    feature_group_count: int = 1,
    batch_group_count: int = 1,
    precision: Any = None,
    preferred_element_type: Any = None,
) -> BCOO:
    """`lax.conv_general_dilated` of arrays one or both of which are sparse.

    Args:
      lhs, rhs: arrays, sparse or dense.
      window_strides, padding, lhs_dilation, rhs_dilation, dimension_numbers: as for
        `lax.conv_general_dilated`.
      feature_group_count, batch_group_count: must be 1.
      precision: has no effect.
      preferred_element_type: dtype of the result.

    Returns:
      A BCOO that stores at most as many elements as there are pairs of stored ones.

    >>> from pullback.experimental import sparse
    >>> x, w = pnp.array([[[0.0, 1.0, 0.0, 2.0]]]), pnp.array([[[1.0, 10.0]]])
    >>> out = sparse.bcoo_conv_general_dilated(
    ...     sparse.BCOO.fromdense(x), sparse.BCOO.fromdense(w), window_strides=(1,), padding="VALID"
    ... )
    >>> out.todense()
    Array([[[10.,  1., 20.]]], dtype=float32)
    """
    if feature_group_count != 1 or batch_group_count != 1:
        raise NotImplementedError("bcoo_conv_general_dilated: groups of features or batches")
    options = {
        "window_strides": tuple(window_strides),
        "padding": padding,
        "lhs_dilation": lhs_dilation,
        "rhs_dilation": rhs_dilation,
        "dimension_numbers": dimension_numbers,
        "preferred_element_type": preferred_element_type,
    }
    shapes = [ShapeDtypeStruct(x.shape, x.dtype) for x in (lhs, rhs)]
    out = eval_shape(lambda x, k: lax.conv_general_dilated(x, k, **options), *shapes)
    numbers = lax.conv_dimension_numbers(lhs.shape, rhs.shape, dimension_numbers)
    return _convolved(_stored(lhs), _stored(rhs), out, numbers, options)


def _convolved(x: BCOO, k: BCOO, out: Any, numbers: Any, options: dict[str, Any]) -> BCOO:
    """The products of all pairs of stored elements, each at its place."""
    i = x.indices[:, None, np.array(numbers.lhs_spec)]
    j = k.indices[None, :, np.array(numbers.rhs_spec)]
    one = (1,) * (x.ndim - 2)
    spread, gaps = (np.array(options[n] or one) for n in ("lhs_dilation", "rhs_dilation"))
    pads = _pads(x.shape, k.shape, numbers, options, spread, gaps)
    low, spread, gaps = (np.array(v, i.dtype) for v in ([p[0] for p in pads], spread, gaps))
    at = i[..., 2:] * spread + low - j[..., 2:] * gaps
    steps = np.array(options["window_strides"], i.dtype)
    places, valid = _places(i, j, at, steps, numbers, out.shape)
    valid &= inside(x.indices, x.shape)[:, None] & inside(k.indices, k.shape)[None, :]
    data = pnp.where(valid, x.data[:, None].astype(out.dtype) * k.data.astype(out.dtype), 0)
    places = pnp.where(valid[..., None], places, bounds(out.shape, places))
    count = x.nse * k.nse
    made = BCOO((data.reshape(count), places.reshape(count, len(out.shape))), shape=out.shape)
    return bcoo_sum_duplicates(made, nse=min(count, prod(out.shape)))


def _places(
    i: Any, j: Any, at: Any, steps: Any, numbers: Any, shape: Sequence[int]
) -> tuple[Any, Any]:
    """For each pair of stored elements the place of their product, and whether there is one."""
    spec = np.array(numbers.out_spec)
    place = at // steps
    valid = (i[..., 1] == j[..., 1]) & (at % steps == 0).all(-1)
    sizes = np.array(shape)[spec[2:]].astype(place.dtype)
    valid &= ((place >= 0) & (place < sizes)).all(-1)
    heads = [pnp.broadcast_to(p[..., :1], (*place.shape[:2], 1)) for p in (i, j)]
    return pnp.concatenate([*heads, place], axis=-1)[..., np.argsort(spec)], valid


def _pads(
    lhs: Sequence[int],
    rhs: Sequence[int],
    numbers: Any,
    options: dict[str, Any],
    spread: Any,
    gaps: Any,
) -> Sequence[tuple[int, int]]:
    """The padding of each spatial axis, as numbers."""
    padding = options["padding"]
    if not isinstance(padding, str):
        return padding
    window = (np.array([rhs[k] for k in numbers.rhs_spec[2:]]) - 1) * gaps + 1
    sizes = (np.array([lhs[k] for k in numbers.lhs_spec[2:]]) - 1) * spread + 1
    return lax.padtype_to_pads(sizes, window, options["window_strides"], padding)
