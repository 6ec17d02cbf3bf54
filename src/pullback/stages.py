"""The stages between a function and its native code: what `jit(f).trace`, `lower`, `compile` give.

>>> import pullback as pb
>>> lowered = pb.jit(lambda x: x + 1).lower(pb.ShapeDtypeStruct((3,), "float32"))
>>> compiled = lowered.compile()
>>> compiled(pb.numpy.zeros(3))
Array([1., 1., 1.], dtype=float32)
"""

from .jit.codes import MemoryStats
from .jit.stages import ArgInfo, Compiled, CompilerOptions, Lowered, Traced, Wrapped

__all__ = [
    "ArgInfo",
    "Compiled",
    "CompilerOptions",
    "Lowered",
    "MemoryStats",
    "Traced",
    "Wrapped",
]
