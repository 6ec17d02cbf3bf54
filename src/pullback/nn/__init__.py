"""Functions for neural networks: activations, normalization, initializers."""

from typing import TYPE_CHECKING

from ..lazy import later
from ..numpy import tanh
from .activations import (
    celu,
    elu,
    gelu,
    glu,
    hard_sigmoid,
    hard_silu,
    hard_swish,
    hard_tanh,
    identity,
    leaky_relu,
    log1mexp,
    log_sigmoid,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    soft_sign,
    softplus,
    sparse_plus,
    sparse_sigmoid,
    squareplus,
    swish,
)
from .normalize import log_softmax, logmeanexp, logsumexp, one_hot, softmax, standardize

if TYPE_CHECKING:
    from . import initializers
    from .attention import dot_product_attention
    from .scaled import scaled_matmul

__getattr__, __dir__ = later(
    __name__,
    ("initializers",),
    {"attention": "dot_product_attention", "scaled": "scaled_matmul"},
)

__all__ = [
    "celu",
    "dot_product_attention",
    "elu",
    "gelu",
    "glu",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "identity",
    "initializers",
    "leaky_relu",
    "log1mexp",
    "log_sigmoid",
    "log_softmax",
    "logmeanexp",
    "logsumexp",
    "mish",
    "one_hot",
    "relu",
    "relu6",
    "scaled_matmul",
    "selu",
    "sigmoid",
    "silu",
    "soft_sign",
    "softmax",
    "softplus",
    "sparse_plus",
    "sparse_sigmoid",
    "squareplus",
    "standardize",
    "swish",
    "tanh",
]
