"""Pullback: derivatives, batches and compiled versions of NumPy programs, under JAX's names."""

from . import config, dtypes, errors, lax, nn, numpy, operators, random, tree, tree_util
from .array import Array
from .config import disable_jit, enable_x64
from .control.custom_jvp import custom_jvp
from .control.custom_vjp import custom_vjp
from .control.remat import checkpoint
from .core.ir import ClosedJaxpr, Jaxpr
from .dtypes import float0
from .jit import explain, jit
from .transforms.grad import grad, jvp, linearize, value_and_grad, vjp
from .transforms.jacobian import hessian, jacfwd, jacrev
from .transforms.make_jaxpr import ShapeDtypeStruct, eval_shape, make_jaxpr
from .transforms.vmap import vmap
from .transfer import block_until_ready, device_get, device_put
from .version import __version__

jacobian = jacrev
remat = checkpoint

__all__ = [
    "Array",
    "ClosedJaxpr",
    "Jaxpr",
    "ShapeDtypeStruct",
    "__version__",
    "block_until_ready",
    "checkpoint",
    "config",
    "custom_jvp",
    "custom_vjp",
    "device_get",
    "device_put",
    "disable_jit",
    "dtypes",
    "enable_x64",
    "errors",
    "eval_shape",
    "explain",
    "float0",
    "grad",
    "hessian",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jit",
    "jvp",
    "lax",
    "linearize",
    "make_jaxpr",
    "nn",
    "numpy",
    "operators",
    "random",
    "remat",
    "tree",
    "tree_util",
    "value_and_grad",
    "vjp",
    "vmap",
]
