"""The heart: types, programs, primitives and dispatch. Knows no operation and no backend."""

# Written by tools/stubs.py.

from collections.abc import Sequence
from typing import Any

from .aval import AbstractValue as AbstractValue
from .aval import ShapedArray as ShapedArray
from .ir import Atom as Atom
from .trace import Trace as Trace
from .trace import Tracer as Tracer

def eval_context() -> Any: ...
def eval_jaxpr(jaxpr: Any, consts: Sequence[Any], *args: Any) -> list[Any]: ...
def is_constant_dim(size: Any) -> bool: ...
