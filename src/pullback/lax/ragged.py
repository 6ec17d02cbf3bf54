"""Products of matrices whose rows, or contracted elements, belong to groups of given sizes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.trace import get_aval
from ..numpy.divided import divides
from ..numpy.values import as_array
from ..primitives import contract, cumulative, shape
from ..primitives import elementwise as ew
from ..primitives.batching import move_axis
from ..primitives.precision import canonical_precision
from .algorithms import DotDimensionNumbers
from .elementwise import operands


@dataclass(frozen=True, init=False)
class RaggedDotDimensionNumbers:
    """The axes of a ragged product.

    dot_dimension_numbers: as those of `dot_general`, rhs's group axis counted.
    lhs_ragged_dimensions: the axis of lhs along which groups lie.
    rhs_group_dimensions: the axis of rhs of one entry a group; none where lhs's is contracted.

    >>> axes = pb.lax.RaggedDotDimensionNumbers((((1,), (1,)), ((), ())), [0], [0])
    >>> axes.lhs_ragged_dimensions
    (0,)
    """

    dot_dimension_numbers: DotDimensionNumbers
    lhs_ragged_dimensions: Sequence[int]
    rhs_group_dimensions: Sequence[int]

    def __init__(
        self,
        dot_dimension_numbers: Any,
        lhs_ragged_dimensions: Sequence[int],
        rhs_group_dimensions: Sequence[int],
    ) -> None:
        pairs = tuple(tuple(map(tuple, pair)) for pair in dot_dimension_numbers)
        object.__setattr__(self, "dot_dimension_numbers", pairs)
        object.__setattr__(self, "lhs_ragged_dimensions", tuple(lhs_ragged_dimensions))
        object.__setattr__(self, "rhs_group_dimensions", tuple(rhs_group_dimensions))


PLAIN = RaggedDotDimensionNumbers((((1,), (1,)), ((), ())), (0,), (0,))


@divides
def ragged_dot(
    lhs: Any,
    rhs: Any,
    group_sizes: Any,
    precision: Any = None,
    preferred_element_type: Any = None,
    group_offset: Any = None,
    out_sharding: Any = None,
) -> Any:
    """The product of each group of rows with a matrix of its own.

    Args:
      lhs: (m, k) array, its rows ordered by groups.
      rhs: (g, k, n) array: a matrix for each group.
      group_sizes: (g,) integers: how many rows each group has.
      precision: accepted; products are of full precision.
      preferred_element_type: dtype of the result.
      group_offset: not supported.
      out_sharding: how the result is divided, as `with_sharding_constraint` takes it.

    Returns:
      (m, n) array; zero for rows that no group has.

    >>> import pullback as pb
    >>> np = pb.numpy
    >>> pb.lax.ragged_dot(np.ones((3, 1)), np.array([[[1.0]], [[2.0]]]), np.array([1, 2])).ravel()
    Array([1., 2., 2.], dtype=float32)
    """
    return ragged_dot_general(
        lhs, rhs, group_sizes, PLAIN, precision, preferred_element_type, group_offset, out_sharding
    )


@divides
def ragged_dot_general(
    lhs: Any,
    rhs: Any,
    group_sizes: Any,
    ragged_dot_dimension_numbers: RaggedDotDimensionNumbers,
    precision: Any = None,
    preferred_element_type: Any = None,
    group_offset: Any = None,
    out_sharding: Any = None,
) -> Any:
    """`ragged_dot` with any order of axes.

    Where the ragged axis is contracted, the result has one product for each group, along axis 0.

    >>> axes = pb.lax.RaggedDotDimensionNumbers((((1,), (1,)), ((), ())), [0], [0])
    >>> w = pnp.array([1.0, 10.0]).reshape(2, 1, 1)
    >>> pb.lax.ragged_dot_general(pnp.ones((3, 1)), w, pnp.array([1, 2]), axes)
    Array([[ 1.],
           [10.],
           [10.]], dtype=float32)
    """
    if group_offset is not None:
        raise NotImplementedError("ragged_dot_general: group_offset is not supported")
    x, y = operands("ragged_dot_general", lhs, rhs)
    sizes = as_array("ragged_dot_general", group_sizes)
    numbers = ragged_dot_dimension_numbers
    (xc, yc), (xb, yb) = ((tuple(a), tuple(b)) for a, b in numbers.dot_dimension_numbers)
    if len(numbers.lhs_ragged_dimensions) != 1 or sizes.ndim != 1:
        raise NotImplementedError(
            "ragged_dot_general: one ragged axis and one vector of group sizes are wanted, got"
            f" axes {numbers.lhs_ragged_dimensions} and sizes of shape {sizes.shape}"
        )
    (ragged,) = numbers.lhs_ragged_dimensions
    if ragged in xb:
        raise NotImplementedError("ragged_dot_general: the ragged axis may not be a batch axis")
    parts = _split(x, sizes, ragged)
    xc, xb = tuple(a + 1 for a in xc), tuple(a + 1 for a in xb)
    pair = canonical_precision(precision)
    wanted = None if preferred_element_type is None else np.dtype(preferred_element_type)
    if ragged + 1 in xc:
        z = contract.dot_general(parts, y, ((xc, yc), (xb, yb)), pair, wanted)
        return move_axis(z, len(xb), 0)
    (group,) = numbers.rhs_group_dimensions
    return contract.dot_general(parts, y, (((0, *xc), (group, *yc)), (xb, yb)), pair, wanted)


def _split(x: Any, sizes: Any, axis: int) -> Any:
    """For each group, the array with zeros outside of the group."""
    groups, n = sizes.shape[0], x.shape[axis]
    ends = cumulative.cumsum(sizes, 0)
    starts = ew.sub(ends, sizes)
    places = shape.iota(get_aval(sizes).dtype, (groups, n), 1)
    after = ew.ge(places, shape.broadcast_in_dim(starts, (groups, n), (0,)))
    before = ew.lt(places, shape.broadcast_in_dim(ends, (groups, n), (0,)))
    whole = (groups, *x.shape)
    inside = shape.broadcast_in_dim(ew.bitwise_and(after, before), whole, (0, axis + 1))
    copies = shape.broadcast_in_dim(x, whole, tuple(range(1, len(whole))))
    return ew.select(inside, copies, shape.full_like(copies, 0))
