"""Series of Hermite polynomials as physicists have them, by NumPy's names."""

from typing import Any

import numpy as np

from ..elementwise import exp
from .basis import Basis
from .names import constant, functions, orthogonal
from .polynomial import POWERS

theirs = np.polynomial.hermite
BASIS = Basis(
    "herm",
    theirs,
    up=lambda n: np.full_like(n, 0.5),
    same=np.zeros_like,
    down=lambda n: n,
    weight=lambda x: exp(-x * x),
)
(
    hermadd, hermsub, hermmulx, hermmul, hermdiv, hermpow, hermval, hermval2d, hermval3d,
    hermvalnd, hermgrid2d, hermgrid3d, hermvander, hermvander2d, hermvander3d, hermder, hermint,
    hermfromroots, hermroots, hermcompanion, hermfit, hermline, hermtrim,
) = functions(BASIS)  # fmt: skip
herm2poly, poly2herm, hermgauss, hermweight = orthogonal(BASIS, POWERS)


def __getattr__(name: str) -> Any:
    """Constants: arrays of the default dtype, made when they are asked for."""
    return constant(BASIS, name)
