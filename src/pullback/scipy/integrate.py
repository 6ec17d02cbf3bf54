"""Integrals from samples."""

from typing import Any

from ..numpy.calculus import trapezoid as _trapezoid


def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """The integral of samples y at x, or at distances dx, along an axis by trapezoids.

    >>> import pullback as pb
    >>> float(pb.scipy.integrate.trapezoid(pb.numpy.array([0.0, 1.0, 4.0])))
    3.0
    """
    return _trapezoid(y, x, dx, axis)


__all__ = ["trapezoid"]
