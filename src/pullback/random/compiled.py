"""Many numbers at once are drawn by compiled code: NumPy would take many passes."""

from collections.abc import Callable
from functools import wraps
from math import prod
from typing import Any

from .. import _native
from ..core.aval import Shape
from ..dtypes import DType
from ..jit import jit

Draw = Callable[[Any, Shape, DType], Any]

# From this size on, a draw costs more than a tenth of compiling it.
MANY = 1 << 15


def compiled_if_many(draw: Draw) -> Draw:
    """The same draw of a typed key; compiled where the numbers are many and wanted now."""
    compiled = jit(draw, static_argnums=(1, 2))

    @wraps(draw)
    def run(key: Any, shape: Shape, dtype: DType) -> Any:
        many = prod(shape) >= MANY and _native.is_eager()
        return compiled(key, shape, dtype) if many else draw(key, shape, dtype)

    return run
