"""Compiled code as the eager meaning of operations: of those that hold programs, and of those that
have much to do where NumPy is slower."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import config, tree
from .._native import ArrayImpl, Executable
from ..control.call import jit_p
from ..control.cond import cond_p
from ..control.remat import checkpoint_p
from ..control.scan import scan_p
from ..control.while_loop import while_p
from ..core.aval import ShapedArray
from ..core.device import Remote
from ..core.ir import Jaxpr, JaxprEqn, Var
from ..core.memo import Memory
from ..core.primitive import Primitive, registry
from ..core.structure import parameters_key
from ..core.trace import as_array, current_trace, eager_device, evaluate, get_aval
from ..primitives import contract, conv
from ..primitives.nary import are_many
from .executable import Traced, device_of, executable, flat_executable

# Convolutions of fewer multiplications are done before they would be compiled.
LARGE = 1 << 18
# Functions that NumPy computes one element after the other, on some processors at least.
ELEMENTARY = (
    "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh", "acosh",
    "atanh", "exp", "exp2", "expm1", "log", "log1p", "logistic", "sqrt", "rsqrt", "cbrt", "pow",
    "erf", "erfc", "erf_inv", "lgamma", "digamma", "bessel_i0e", "bessel_i1e", "sign", "round",
    "rem", "nextafter", "clz", "population_count", "select_n",
    "clamp", "reduce_precision", "polygamma", "zeta",
)  # fmt: skip


def install() -> None:
    """Set the `eager` slots."""
    jit_p.eager = _call_eagerly
    for primitive in (checkpoint_p, cond_p, scan_p, while_p):
        primitive.eager = _compiled_alone(primitive)
    for primitive, worth in (
        (contract.dot_general_p, contract.is_large),
        (conv.conv_general_dilated_p, _is_large_convolution),
        *[(registry[name], are_many) for name in ELEMENTARY],
    ):
        primitive.eager = _compiled_alone(primitive, worth)


def _call_eagerly(args: tuple[Any, ...], params: dict[str, Any]) -> list[Any]:
    if config.current().disable_jit:
        return evaluate(jit_p, args, params)
    device = device_of(params["jaxpr"], args, params["name"])
    if isinstance(device, Remote):
        return device.process(jit_p, args, params)
    return flat_executable(params["jaxpr"], params["name"])(list(map(_private, args)))


def _private(x: Any) -> ArrayImpl:
    """An operand of a call that may last: nobody else writes to it meanwhile."""
    return ArrayImpl(x.copy(), False) if isinstance(x, np.ndarray) else as_array(x)


def _is_large_convolution(args: Sequence[Any], params: dict[str, Any]) -> bool:
    return conv.multiplications(*map(get_aval, args), **params) >= LARGE


def _always(args: Sequence[Any], params: dict[str, Any]) -> bool:
    return True


def _compiled_alone(
    primitive: Primitive, worth: Callable[..., bool] = _always
) -> Callable[..., Any]:
    """The eager meaning of one operation: a program of that operation, compiled where worth it."""
    programs: Memory[Any, Executable] = Memory()

    def run(args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        if not worth(args, params) or config.current().disable_jit:
            return current_trace().compute(primitive, args, params)
        device = eager_device(args)
        if device is not None:
            return device.process(primitive, args, params)
        arrays = list(map(_private, args))
        avals = [a.aval for a in arrays]
        key = (tuple(avals), parameters_key(params))
        program = programs.get(key)
        if program is None:
            jaxpr = _one_equation(primitive, avals, params)
            results = tree.structure([0] * len(jaxpr.outvars))
            program = programs[key] = executable(Traced(jaxpr, (), results, primitive.name))
        outs = program(arrays)
        return outs if primitive.multiple_results else outs[0]

    return run


def _one_equation(primitive: Primitive, avals: list[ShapedArray], params: dict[str, Any]) -> Jaxpr:
    inputs = [Var(a) for a in avals]
    types = primitive.type(*avals, **params)
    outputs = [Var(a) for a in (types if primitive.multiple_results else [types])]
    return Jaxpr([], inputs, outputs, [JaxprEqn(primitive, inputs, outputs, params)])
