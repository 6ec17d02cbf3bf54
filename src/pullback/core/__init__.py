"""The heart: types, programs, primitives and dispatch. Knows no operation and no backend."""

from typing import TYPE_CHECKING

from ..lazy import later

if TYPE_CHECKING:
    from .aval import AbstractValue, ShapedArray
    from .ir import Atom
    from .stage import eval_jaxpr
    from .trace import Trace, Tracer, eval_context

# JAX's names of what users meet.
__getattr__ = later(
    __name__,
    (),
    {
        "aval": "AbstractValue ShapedArray",
        "ir": "Atom",
        "stage": "eval_jaxpr",
        "trace": "Trace Tracer eval_context",
    },
)

__all__ = ["AbstractValue", "Atom", "ShapedArray", "Trace", "Tracer", "eval_context", "eval_jaxpr"]
