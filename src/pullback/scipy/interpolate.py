"""Interpolation in tables over regular grids."""

from functools import reduce
from itertools import product
from operator import mul, or_
from typing import Any

import numpy as np

from .. import numpy as pnp
from ..numpy.elementwise import as_inexact
from ..numpy.scalars import can_cast
from ..numpy.values import as_array
from ..tree.nodes import register_node_class

METHODS = ("linear", "nearest")


def _method(name: str) -> str:
    if name not in METHODS:
        raise ValueError(f"method {name!r} is not defined: give one of {list(METHODS)}")
    return name


@register_node_class
class RegularGridInterpolator:
    """A function from its values on a grid whose axes are `points`, one ascending vector each.

    `values` has the grid's axes first. `method` is "linear" or "nearest"; `fill_value` is the
    result outside of the grid, or None to go on beyond it. A pytree.

    >>> from pullback import numpy as pnp
    >>> from pullback.scipy.interpolate import RegularGridInterpolator
    >>> f = RegularGridInterpolator((pnp.arange(3.0),), pnp.array([0.0, 1.0, 4.0]))
    >>> f(pnp.array([[1.5], [9.0]]))
    Array([2.5, nan], dtype=float32)
    """

    def __init__(
        self,
        points: Any,
        values: Any,
        method: str = "linear",
        bounds_error: bool = False,
        fill_value: Any = np.nan,
    ) -> None:
        if bounds_error:
            raise NotImplementedError("`bounds_error` takes no effect under JIT: give False")
        table = as_inexact("RegularGridInterpolator", values)
        if len(points) > table.ndim:
            raise ValueError(
                f"there are {len(points)} point arrays, but values has {table.ndim} dimensions"
            )
        fill = None if fill_value is None else as_array("RegularGridInterpolator", fill_value)
        if fill is not None and not can_cast(fill.dtype, table.dtype, "same_kind"):
            raise ValueError(
                "fill_value must be either 'None' or of a type compatible with values, got"
                f" {fill.dtype.name} for {table.dtype.name}"
            )
        self.method, self.bounds_error = _method(method), bounds_error
        self.grid = tuple(as_array("RegularGridInterpolator", p) for p in points)
        self.values, self.fill_value = table, fill

    def tree_flatten(self) -> tuple[Any, Any]:
        """The arrays, and the method."""
        return (self.grid, self.values, self.fill_value), (self.method, self.bounds_error)

    @classmethod
    def tree_unflatten(cls, aux: Any, children: Any) -> "RegularGridInterpolator":
        """The interpolator of these leaves, whatever they are."""
        new = object.__new__(cls)
        new.grid, new.values, new.fill_value = children
        new.method, new.bounds_error = aux
        return new

    def __call__(self, xi: Any, method: str | None = None) -> Any:
        """Values at points of shape (..., axes), or at a tuple of their coordinates."""
        how = self.method if method is None else _method(method)
        axes = len(self.grid)
        places = _places(xi, axes)
        if places.shape[-1] != axes:
            raise ValueError(
                "the requested sample points xi have dimension"
                f" {places.shape[-1]}, but this RegularGridInterpolator has dimension {axes}"
            )
        flat = places.reshape(-1, axes)
        cells = [_cell(g, flat[:, k]) for k, g in enumerate(self.grid)]
        out = self._linear(cells) if how == "linear" else self._nearest(cells)
        if self.fill_value is not None:
            outside = reduce(
                or_, [(c < g[0]) | (c > g[-1]) for c, g in zip(flat.T, self.grid, strict=True)]
            )
            out = pnp.where(_over(outside, out), self.fill_value, out)
        return out.reshape(places.shape[:-1] + self.values.shape[axes:])

    def _linear(self, cells: list[Any]) -> Any:
        """The mean of the cell's corners, each weighted by the opposite part of the cell."""
        out: Any = 0
        for corner in product((0, 1), repeat=len(cells)):
            weight = reduce(
                mul, [y if c else 1 - y for c, (_, y) in zip(corner, cells, strict=True)]
            )
            found = self.values[tuple(i + c for c, (i, _) in zip(corner, cells, strict=True))]
            out = out + found * _over(weight, found)
        return out

    def _nearest(self, cells: list[Any]) -> Any:
        return self.values[tuple(pnp.where(y <= 0.5, i, i + 1) for i, y in cells)]


def _places(xi: Any, axes: int) -> Any:
    """Points as an array whose last axis is the coordinate."""
    if isinstance(xi, tuple) and len(xi) == 1:
        xi = xi[0]
    if isinstance(xi, tuple):
        return pnp.stack(pnp.broadcast_arrays(*[as_inexact("xi", x) for x in xi]), -1)
    points = as_array("RegularGridInterpolator", xi)
    return points.reshape(-1, axes) if points.ndim == 1 else points


def _cell(grid: Any, x: Any) -> tuple[Any, Any]:
    """The index of the cell that holds x, or the outermost, and where in it x lies."""
    i = pnp.clip(pnp.searchsorted(grid, x) - 1, 0, grid.size - 2)
    return i, (x - grid[i]) / (grid[i + 1] - grid[i])


def _over(x: Any, full: Any) -> Any:
    """A vector with axes of size 1 for the rest of the other's."""
    return x.reshape(x.shape + (1,) * (full.ndim - 1))


__all__ = ["RegularGridInterpolator"]
