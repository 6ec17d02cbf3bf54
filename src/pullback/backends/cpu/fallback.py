"""Operations without native code: their NumPy value rule, called back from the compiled program."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...core.ir import JaxprEqn
from .build import Builder
from .loops import Callback, Operand
from .values import Value


def callback(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> list[Value]:
    """A statement that fills the results by the value rule."""
    args = tuple([contiguous(b, x) for x in ins])
    places = [b.destination(v) for v in eqn.outvars]
    outs = tuple(
        [
            Operand(view.buffer, view.offset, v.aval.shape, view.strides)
            for v, view in zip(eqn.outvars, places, strict=True)
        ]
    )
    specs = (
        [(v.aval.dtype, v.aval.shape) for v in eqn.invars],
        [(v.aval.dtype, v.aval.shape) for v in eqn.outvars],
    )
    b.block.append(Callback(eqn.primitive.name, value_function(eqn), args, outs, specs))
    return [b.standing(view, v.aval) for v, view in zip(eqn.outvars, places, strict=True)]


def contiguous(b: Builder, x: Value) -> Operand:
    """The value as consecutive elements in memory, copied if it must be."""
    firm = b.operand(x)
    wanted = 1
    for n, s in zip(reversed(firm.shape), reversed(firm.strides), strict=True):
        if n != 1 and s != wanted:
            return b.operand(b.copied(x))
        wanted *= n
    return firm


def value_function(eqn: JaxprEqn) -> Callable[..., Sequence[Any]]:
    """The value rule with the equation's parameters, results as a list."""
    rule, params, many = eqn.primitive.value, eqn.params, eqn.primitive.multiple_results
    dtypes = [v.aval.dtype for v in eqn.outvars]

    def run(*args: np.ndarray) -> Sequence[Any]:
        out = rule(*args, **params)
        outs = out if many else [out]
        return [np.asarray(o, d) for o, d in zip(outs, dtypes, strict=True)]

    return run
