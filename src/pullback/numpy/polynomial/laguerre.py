"""Series of Laguerre polynomials, by NumPy's names."""

from typing import Any

import numpy as np

from ..elementwise import exp
from .basis import Basis
from .names import constant, functions, orthogonal
from .polynomial import POWERS

theirs = np.polynomial.laguerre
BASIS = Basis(
    "lag",
    theirs,
    up=lambda n: -(n + 1),
    same=lambda n: 2 * n + 1,
    down=lambda n: -n,
    weight=lambda x: exp(-x),
)
(
    lagadd, lagsub, lagmulx, lagmul, lagdiv, lagpow, lagval, lagval2d, lagval3d, lagvalnd,
    laggrid2d, laggrid3d, lagvander, lagvander2d, lagvander3d, lagder, lagint, lagfromroots,
    lagroots, lagcompanion, lagfit, lagline, lagtrim,
) = functions(BASIS)  # fmt: skip
lag2poly, poly2lag, laggauss, lagweight = orthogonal(BASIS, POWERS)


def __getattr__(name: str) -> Any:
    """Constants: arrays of the default dtype, made when they are asked for."""
    return constant(BASIS, name)
