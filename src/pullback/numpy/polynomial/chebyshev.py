"""Series of Chebyshev polynomials of the first kind, by NumPy's names."""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ..contractions import tensordot
from ..creation import asarray
from ..elementwise import sqrt
from .basis import Basis
from .names import constant, functions, orthogonal
from .polynomial import POWERS

theirs = np.polynomial.chebyshev
BASIS = Basis(
    "cheb",
    theirs,
    up=lambda n: np.where(n > 0, 0.5, 1.0),
    same=np.zeros_like,
    down=lambda n: np.full_like(n, 0.5),
    weight=lambda x: 1 / (sqrt(1 + x) * sqrt(1 - x)),
)
(
    chebadd, chebsub, chebmulx, chebmul, chebdiv, chebpow, chebval, chebval2d, chebval3d,
    chebvalnd, chebgrid2d, chebgrid3d, chebvander, chebvander2d, chebvander3d, chebder, chebint,
    chebfromroots, chebroots, chebcompanion, chebfit, chebline, chebtrim,
) = functions(BASIS)  # fmt: skip
cheb2poly, poly2cheb, chebgauss, chebweight = orthogonal(BASIS, POWERS)


def chebpts1(npts: int) -> Any:
    """The points of the first kind: the zeros of T_npts, in order.

    >>> pnp.polynomial.chebyshev.chebpts1(2)
    Array([-0.70710677,  0.70710677], dtype=float32)
    """
    return asarray(theirs.chebpts1(npts))


def chebpts2(npts: int) -> Any:
    """The points of the second kind: the extrema of T_(npts - 1), in order.

    >>> pnp.polynomial.chebyshev.chebpts2(3).round(3)
    Array([-1.,  0.,  1.], dtype=float32)
    """
    return asarray(theirs.chebpts2(npts))


def chebinterpolate(func: Callable[..., Any], deg: int, args: tuple[Any, ...] = ()) -> Any:
    """The series of a degree that equals a function at the points of the first kind.

    func: of an array of points in [-1, 1], and of `args`.

    >>> pnp.polynomial.chebyshev.chebinterpolate(lambda x: x**2, 2).round(4)
    Array([0.5, 0. , 0.5], dtype=float32)
    """
    if operator.index(deg) < 0:
        raise ValueError(f"chebinterpolate: wants a degree of 0 or more, got {deg}")
    points = theirs.chebpts1(deg + 1)
    values = func(asarray(points), *args)
    scale = np.where(np.arange(deg + 1) > 0, 2.0, 1.0) / (deg + 1)
    matrix = theirs.chebvander(points, deg).T * scale[:, None]
    return tensordot(np.asarray(matrix, values.dtype), values, 1)


def __getattr__(name: str) -> Any:
    """Constants: arrays of the default dtype, made when they are asked for."""
    return constant(BASIS, name)
