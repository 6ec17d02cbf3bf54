"""Series of Legendre polynomials, by NumPy's names."""

from typing import Any

import numpy as np

from ..creation import ones_like
from .basis import Basis
from .names import constant, functions, orthogonal
from .polynomial import POWERS

theirs = np.polynomial.legendre
BASIS = Basis(
    "leg",
    theirs,
    up=lambda n: (n + 1) / (2 * n + 1),
    same=np.zeros_like,
    down=lambda n: n / (2 * n + 1),
    weight=ones_like,
)
(
    legadd, legsub, legmulx, legmul, legdiv, legpow, legval, legval2d, legval3d, legvalnd,
    leggrid2d, leggrid3d, legvander, legvander2d, legvander3d, legder, legint, legfromroots,
    legroots, legcompanion, legfit, legline, legtrim,
) = functions(BASIS)  # fmt: skip
leg2poly, poly2leg, leggauss, legweight = orthogonal(BASIS, POWERS)


def __getattr__(name: str) -> Any:
    """Constants: arrays of the default dtype, made when they are asked for."""
    return constant(BASIS, name)
