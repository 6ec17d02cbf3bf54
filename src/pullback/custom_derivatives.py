"""Derivatives given by the author of a function, under the names of `jax.custom_derivatives`."""

from .control.custom_call import SymbolicZero
from .control.custom_jvp import custom_jvp
from .control.custom_jvp_call import custom_jvp_call_p
from .control.custom_vjp import CustomVJPPrimal, custom_vjp
from .control.custom_vjp_call import custom_vjp_call_p

__all__ = [
    "CustomVJPPrimal",
    "SymbolicZero",
    "custom_jvp",
    "custom_jvp_call_p",
    "custom_vjp",
    "custom_vjp_call_p",
]
