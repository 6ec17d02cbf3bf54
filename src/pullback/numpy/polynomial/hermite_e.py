"""Series of Hermite polynomials as probability theory has them, by NumPy's names."""

from typing import Any

import numpy as np

from ..elementwise import exp
from .basis import Basis
from .names import constant, functions, orthogonal
from .polynomial import POWERS

theirs = np.polynomial.hermite_e
BASIS = Basis(
    "herme",
    theirs,
    up=np.ones_like,
    same=np.zeros_like,
    down=lambda n: n,
    weight=lambda x: exp(-x * x / 2),
)
(
    hermeadd, hermesub, hermemulx, hermemul, hermediv, hermepow, hermeval, hermeval2d, hermeval3d,
    hermevalnd, hermegrid2d, hermegrid3d, hermevander, hermevander2d, hermevander3d, hermeder,
    hermeint, hermefromroots, hermeroots, hermecompanion, hermefit, hermeline, hermetrim,
) = functions(BASIS)  # fmt: skip
herme2poly, poly2herme, hermegauss, hermeweight = orthogonal(BASIS, POWERS)


def __getattr__(name: str) -> Any:
    """Constants: arrays of the default dtype, made when they are asked for."""
    return constant(BASIS, name)
