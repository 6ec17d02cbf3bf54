"""Rounding to integers, neighbours and finiteness: functions of floats that are not smooth."""

from enum import IntEnum
from typing import Any

import numpy as np

from ..core.parameters import parameter_type
from .nary import binary, bool_result, unary
from .rules import FLOATS
from .shape import full_like


@parameter_type
class RoundingMethod(IntEnum):
    """How `round` treats halves.

    >>> pb.lax.round(pnp.array([0.5, 1.5]), pb.lax.RoundingMethod.TO_NEAREST_EVEN)
    Array([0., 2.], dtype=float32)
    """

    AWAY_FROM_ZERO = 0
    TO_NEAREST_EVEN = 1


def _round(x: np.ndarray, *, rounding_method: RoundingMethod) -> Any:
    if rounding_method == RoundingMethod.TO_NEAREST_EVEN:
        return np.rint(x)
    whole = np.trunc(x)
    away = np.abs(x - whole) >= x.dtype.type(0.5)
    return np.where(away, whole + np.copysign(np.ones_like(x), x), whole)


floor_p, floor = unary("floor", np.floor, FLOATS)
ceil_p, ceil = unary("ceil", np.ceil, FLOATS)
round_p, _ = unary("round", _round, FLOATS)
is_finite_p, is_finite = unary("is_finite", np.isfinite, FLOATS, out_dtype=bool_result)
# nextafter -- z = x and a unit in its last place, which is constant between powers of two
nextafter_p, nextafter = binary(
    "nextafter", np.nextafter, FLOATS, lambda t, *_: t, lambda t, *_: full_like(t, 0)
)


def round(x: Any, rounding_method: RoundingMethod = RoundingMethod.AWAY_FROM_ZERO) -> Any:
    """The nearest integer; halves go away from zero, or to the even one."""
    return round_p.bind(x, rounding_method=rounding_method)
