"""Compiled functions as StableHLO: written to bytes, and called from another process.

>>> import numpy as np, pullback as pb
>>> f = pb.jit(lambda x: pb.numpy.sin(x) * 2)
>>> blob = pb.export.export(f)(np.float32(0)).serialize(vjp_order=1)
>>> g = pb.export.deserialize(blob)
>>> float(pb.grad(g.call)(np.float32(0)))
2.0
"""

from .api import (
    DisabledSafetyCheck,
    Exported,
    default_export_platform,
    export,
    maximum_supported_calling_convention_version,
    minimum_supported_calling_convention_version,
)
from .serialization import deserialize
from .symbols import SymbolicScope, is_symbolic_dim, symbolic_args_specs, symbolic_shape
from .trees import register_namedtuple_serialization, register_pytree_node_serialization

__all__ = [
    "DisabledSafetyCheck",
    "Exported",
    "SymbolicScope",
    "default_export_platform",
    "deserialize",
    "export",
    "is_symbolic_dim",
    "maximum_supported_calling_convention_version",
    "minimum_supported_calling_convention_version",
    "register_namedtuple_serialization",
    "register_pytree_node_serialization",
    "symbolic_args_specs",
    "symbolic_shape",
]
