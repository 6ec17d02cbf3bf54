"""Operations of a program's own, and programs as data, under the names of `jax.extend.core`."""

from typing import TYPE_CHECKING

from ...core.check import check as check_jaxpr
from ...core.ir import ClosedJaxpr, Jaxpr, JaxprEqn, Literal, Var
from ...core.primitive import Effect
from ...core.rewrite import programs as jaxprs_in_params
from ...core.trace import use as set_current_trace
from ...errors import JaxprTypeError
from ...lazy import later
from ..primitive import Primitive
from .programs import (
    DropVar,
    Effects,
    jaxpr_as_fun,
    mapped_aval,
    new_jaxpr_eqn,
    no_effects,
    primal_dtype_to_tangent_dtype,
    subjaxprs,
    unmapped_aval,
)
from .values import (
    array_types,
    concrete_or_error,
    find_top_trace,
    get_opaque_trace_state,
    nonempty_axis_env_DO_NOT_USE,
    take_current_trace,
    unsafe_am_i_under_a_jit_DO_NOT_USE,
    unsafe_am_i_under_a_vmap_DO_NOT_USE,
    unsafe_get_axis_names_DO_NOT_USE,
    valid_jaxtype,
)

if TYPE_CHECKING:
    from . import primitives

__getattr__, __dir__ = later(__name__, ("primitives",))

__all__ = [
    "ClosedJaxpr",
    "DropVar",
    "Effect",
    "Effects",
    "Jaxpr",
    "JaxprEqn",
    "JaxprTypeError",
    "Literal",
    "Primitive",
    "Var",
    "array_types",
    "check_jaxpr",
    "concrete_or_error",
    "find_top_trace",
    "get_opaque_trace_state",
    "jaxpr_as_fun",
    "jaxprs_in_params",
    "mapped_aval",
    "new_jaxpr_eqn",
    "no_effects",
    "nonempty_axis_env_DO_NOT_USE",
    "primal_dtype_to_tangent_dtype",
    "primitives",
    "set_current_trace",
    "subjaxprs",
    "take_current_trace",
    "unmapped_aval",
    "unsafe_am_i_under_a_jit_DO_NOT_USE",
    "unsafe_am_i_under_a_vmap_DO_NOT_USE",
    "unsafe_get_axis_names_DO_NOT_USE",
    "valid_jaxtype",
]
