"""The heart: types, programs, primitives and dispatch. Knows no operation and no backend."""

from typing import TYPE_CHECKING

from ..lazy import later

if TYPE_CHECKING:
    from .aval import AbstractValue, ShapedArray
    from .ir import Atom
    from .stage import eval_jaxpr
    from .symbolic import is_constant_dim, max_dim, min_dim
    from .trace import Trace, Tracer, ensure_compile_time_eval, eval_context

# JAX's names of what users meet.
__getattr__, __dir__ = later(
    __name__,
    (),
    {
        "aval": "AbstractValue ShapedArray",
        "ir": "Atom",
        "stage": "eval_jaxpr",
        "symbolic": "is_constant_dim max_dim min_dim",
        "trace": "Trace Tracer ensure_compile_time_eval eval_context",
    },
)

__all__ = [
    "AbstractValue",
    "Atom",
    "ShapedArray",
    "Trace",
    "Tracer",
    "ensure_compile_time_eval",
    "eval_context",
    "eval_jaxpr",
    "is_constant_dim",
    "max_dim",
    "min_dim",
]
