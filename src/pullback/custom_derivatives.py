"""Derivatives given by the author of a function, under the names of `jax.custom_derivatives`."""

from typing import Any

from .control.closures import closure_convert, custom_gradient
from .control.custom_call import SymbolicZero
from .control.custom_jvp import custom_jvp
from .control.custom_jvp_call import custom_jvp_call_p
from .control.custom_vjp import CustomVJPPrimal, custom_vjp
from .control.custom_vjp_call import custom_vjp_call_p
from .control.linear_call import linear_call
from .core.trace import get_aval
from .transforms.jvp import zero_array
from .tree import map as tree_map


def zero_from_primal(val: Any, symbolic_zeros: bool = False) -> Any:
    """The zero tangent of each array of a pytree, as an array or as a `SymbolicZero`.

    >>> from pullback.custom_derivatives import zero_from_primal
    >>> zero_from_primal(1.0, symbolic_zeros=True)
    SymbolicZero(f32[])
    """
    zero = SymbolicZero if symbolic_zeros else zero_array
    return tree_map(lambda x: zero(get_aval(x).tangent()), val)


def custom_vjp_primal_tree_values(tree: Any) -> Any:
    """The arrays of a tree of `CustomVJPPrimal`s, as a rule set with symbolic_zeros=True gets it.

    Raises:
      TypeError: a leaf is something else.

    >>> from pullback.custom_derivatives import CustomVJPPrimal, custom_vjp_primal_tree_values
    >>> custom_vjp_primal_tree_values({"x": CustomVJPPrimal(1.0, True)})
    {'x': 1.0}
    """
    return tree_map(_value, tree)


def _value(leaf: Any) -> Any:
    if type(leaf) is not CustomVJPPrimal:
        raise TypeError(
            "custom_vjp_primal_tree_values: the leaves must be CustomVJPPrimal, got"
            f" {type(leaf).__name__}"
        )
    return leaf.value


__all__ = [
    "CustomVJPPrimal",
    "SymbolicZero",
    "closure_convert",
    "custom_gradient",
    "custom_jvp",
    "custom_jvp_call_p",
    "custom_vjp",
    "custom_vjp_call_p",
    "custom_vjp_primal_tree_values",
    "linear_call",
    "zero_from_primal",
]
