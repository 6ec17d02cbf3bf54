"""What draws become when numbers are wanted now: a program for each shape and dtype, which runs on
NumPy arrays, or compiled where it is long or the numbers are many, so that NumPy would take many
passes, or where another device draws them."""

from collections.abc import Callable
from functools import partial, wraps
from inspect import signature
from math import prod
from typing import Any

import numpy as np

from .._native import ArrayImpl, DeviceArray, is_eager, is_traced
from ..core.memo import Memory
from ..core.stage import stage_hoisted
from ..core.trace import as_array, current_trace
from ..core.values import on_values
from ..jit import jit

Draw = Callable[..., Any]

CONCRETE = {ArrayImpl, DeviceArray, np.ndarray}
# From this size on, a draw costs more than a tenth of compiling it.
MANY = 1 << 15
# Programs of more operations are compiled at once.
LONG = 10


def drawn(draw: Draw) -> Draw:
    """The same draw: a function of a typed key, other arrays, a shape and a dtype."""
    last = len(signature(draw).parameters)
    compiled = jit(draw, static_argnums=(last - 2, last - 1))
    programs: Memory[Any, Draw | None] = Memory()

    @wraps(draw)
    def run(*args: Any) -> Any:
        shape, dtype = args[-2:]
        kinds = set(map(type, args[:-2]))
        if is_traced() or not CONCRETE >= kinds or current_trace().watches:
            return draw(*args)
        if prod(shape) >= MANY or not is_eager() or DeviceArray in kinds:
            return compiled(*args)
        arrays = list(map(as_array, args[:-2]))
        key = (shape, dtype, *[a.aval for a in arrays])
        if key not in programs:
            programs[key] = _prepared(draw, arrays, shape, dtype)
        program = programs[key]
        if program is None:
            return compiled(*args)
        return ArrayImpl(program(*[a._npy for a in arrays])[0], False)

    return run


def _prepared(draw: Draw, arrays: Any, shape: Any, dtype: Any) -> Draw | None:
    """The draw on NumPy's arrays; none where it is long."""
    avals = [a.aval for a in arrays]
    jaxpr, consts = stage_hoisted(lambda *xs: [draw(*xs, shape, dtype)], avals)
    if len(jaxpr.eqns) > LONG:
        return None
    return partial(on_values(jaxpr), *[as_array(c)._npy for c in consts])
