"""Arrays of places: indices, grids, and functions of them."""

from collections.abc import Callable
from typing import Any

from ..primitives import pieces as pc
from ..primitives import shape as sh
from .creation import canonical_shape, filled, requested_dtype
from .values import as_array


def fromfunction(
    function: Callable[..., Any], shape: Any, *, dtype: Any = float, **kwargs: Any
) -> Any:
    """The array of `function` of its own indices.

    >>> pnp.fromfunction(lambda i, j: 10 * i + j, (2, 3), dtype=int)
    Array([[ 0,  1,  2],
           [10, 11, 12]], dtype=int32)
    """
    sizes = canonical_shape("fromfunction", shape)
    wanted = requested_dtype("fromfunction", dtype)
    return function(*[sh.iota(wanted, sizes, d) for d in range(len(sizes))], **kwargs)


def indices(dimensions: Any, dtype: Any = None, sparse: bool = False) -> Any:
    """The index of each element along each axis: one array, or one an axis where sparse.

    >>> rows, columns = pnp.indices((2, 3))
    >>> columns
    Array([[0, 1, 2],
           [0, 1, 2]], dtype=int32)
    """
    sizes = canonical_shape("indices", dimensions)
    wanted = requested_dtype("indices", int if dtype is None else dtype)
    if not sparse:
        grids = [sh.iota(wanted, (1, *sizes), d + 1) for d in range(len(sizes))]
        return pc.concatenate(grids, 0) if grids else filled((0,), 0, wanted)
    n = len(sizes)
    return tuple(sh.iota(wanted, (1,) * d + (sizes[d],) + (1,) * (n - d - 1), d) for d in range(n))


def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> list[Any]:
    """Coordinate arrays of a grid from one vector of coordinates an axis.

    Args:
      *xi: vectors.
      copy: accepted; arrays do not change.
      sparse: whether axes along which an array does not vary have size 1.
      indexing: "xy", where the first vector runs along axis 1, or "ij", where it runs along axis 0.

    Raises:
      ValueError: `indexing` is another word, or an argument has more than one axis.

    >>> x, y = pnp.meshgrid(pnp.array([1, 2, 3]), pnp.array([10, 20]))
    >>> x + y
    Array([[11, 12, 13],
           [21, 22, 23]], dtype=int32)
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"meshgrid: indexing must be 'xy' or 'ij', got {indexing!r}")
    vectors = [as_array("meshgrid", x, i) for i, x in enumerate(xi)]
    if any(v.ndim > 1 for v in vectors):
        raise ValueError("meshgrid: arguments must have at most one axis")
    axes = list(range(len(vectors)))
    if indexing == "xy" and len(axes) >= 2:
        axes[:2] = 1, 0
    sizes = [0] * len(axes)
    for v, axis in zip(vectors, axes, strict=True):
        sizes[axis] = v.size
    out = []
    for v, axis in zip(vectors, axes, strict=True):
        shape = [1] * len(axes) if sparse else sizes
        shape = [v.size if d == axis else n for d, n in enumerate(shape)]
        out.append(sh.broadcast_in_dim(sh.reshape(v, (v.size,)), shape, (axis,)))
    return out
