"""constant_p: an array that a program holds, for programs that cannot take it as an argument."""

from typing import Any, NoReturn

import numpy as np

from .._native import ArrayImpl
from ..core.aval import ShapedArray
from ..core.ir import Literal
from ..core.primitive import Primitive

constant_p = Primitive("constant", differentiable=False, higher=True)


class Held:
    """An array as a parameter; equal to itself alone, so that no contents are compared."""

    __slots__ = ("array",)

    def __init__(self, array: ArrayImpl) -> None:
        self.array = array

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Held) and other.array is self.array

    def __hash__(self) -> int:
        return id(self.array)

    def __repr__(self) -> str:
        return self.array.aval.str_short()


@constant_p.def_type
def _(*, held: Held) -> ShapedArray:
    return held.array.aval


@constant_p.def_value
def _(*, held: Held) -> np.ndarray:
    return held.array._npy


@constant_p.def_batch
def _(*_args: Any, **_params: Any) -> NoReturn:
    raise AssertionError("a constant has no operand that could be batched")


@constant_p.def_simplify
def _(eqn: Any, definition: Any) -> Literal | None:
    """A scalar is a literal."""
    array = eqn.params["held"].array
    return None if array.shape else Literal(array._npy[()], array.aval)
