"""The operands of distributions: arrays of one floating dtype."""

from typing import Any

from ... import numpy as pnp
from ...numpy.values import convert, promote_arrays_inexact


def floats(name: str, *values: Any) -> list[Any]:
    """Arrays of one shape and one floating dtype, weakly typed where all are or are numbers."""
    return pnp.broadcast_arrays(*alike(name, *values))


def alike(name: str, *values: Any) -> list[Any]:
    """Arrays of one floating dtype, weakly typed where all are or are numbers."""
    arrays = promote_arrays_inexact(name, *values)
    weak = not any(hasattr(v, "dtype") and not getattr(v, "weak_type", False) for v in values)
    return [convert(x, x.dtype, weak) for x in arrays]
