"""Python's iteration over indices and elements."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from .values import as_array


class ndindex(np.ndindex):
    """All indices of arrays of a shape, in order.

    >>> list(pnp.ndindex(2, 2))
    [(0, 0), (0, 1), (1, 0), (1, 1)]
    """


def ndenumerate(arr: Any) -> Iterator[tuple[tuple[int, ...], Any]]:
    """The indices of an array's elements, each with the element.

    >>> list(pnp.ndenumerate(pnp.array([[5, 6]])))
    [((0, 0), Array(5, dtype=int32)), ((0, 1), Array(6, dtype=int32))]
    """
    x = as_array("ndenumerate", arr)
    return zip(np.ndindex(x.shape), iter(x.ravel()), strict=True)
