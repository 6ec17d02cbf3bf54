"""Series of powers, that of degree 0 first, by NumPy's names."""

from typing import Any

import numpy as np

from . import series
from .basis import Basis
from .names import constant, functions, named

theirs = np.polynomial.polynomial
POWERS = Basis("poly", theirs, up=np.ones_like, same=np.zeros_like, down=np.zeros_like)
(
    polyadd, polysub, polymulx, polymul, polydiv, polypow, polyval, polyval2d, polyval3d,
    polyvalnd, polygrid2d, polygrid3d, polyvander, polyvander2d, polyvander3d, polyder, polyint,
    polyfromroots, polyroots, polycompanion, polyfit, polyline, polytrim,
) = functions(POWERS)  # fmt: skip
polyvalfromroots = named("polyvalfromroots", series.valfromroots, POWERS)


def __getattr__(name: str) -> Any:
    """Constants: arrays of the default dtype, made when they are asked for."""
    return constant(POWERS, name)
