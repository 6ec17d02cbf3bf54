"""Derivatives in the elements of sparse arrays."""

from .derivatives import grad, jacfwd, jacobian, jacrev, value_and_grad

__all__ = ["grad", "jacfwd", "jacobian", "jacrev", "value_and_grad"]
