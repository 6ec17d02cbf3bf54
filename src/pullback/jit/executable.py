"""Programs as native code, compiled once for each content, and as the eager meaning of operations.

The compiler is loaded at the first compilation.
"""

import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import config, tree
from .._native import ArrayImpl, DeviceProgram, Executable
from ..control.call import jit_p
from ..control.cond import cond_p
from ..control.remat import checkpoint_p
from ..control.scan import scan_p
from ..control.while_loop import while_p
from ..core.aval import ShapedArray, type_name
from ..core.cell import Cell
from ..core.device import Device, Remote
from ..core.ir import Jaxpr, JaxprEqn, Var, mesh_of
from ..core.memo import Memory, weak_memo
from ..core.primitive import Primitive
from ..core.structure import Structure, parameters_key, structure
from ..core.trace import as_array, eager_device, evaluate
from ..lazy import LazyModule
from ..primitives.conv import conv_general_dilated_p, multiplications
from .log import COMPILATION, timed

PACKAGE = __name__.partition(".")[0]
# Convolutions of fewer multiplications are done before they would be compiled.
LARGE = 1 << 18
records: Any = LazyModule(f"{PACKAGE}.backends.cpu.records")


class Traced(NamedTuple):
    """A function as a program of (leaves, captured values), with those and the result's tree.

    Where it touches mutable arrays, further arguments are what `touched` hold, and further
    results what those hold then that it has written: of the leaves, `lent`; of `touched`, `stored`.
    """

    jaxpr: Jaxpr
    consts: Sequence[Any]
    out_tree: Any
    name: str
    lent: tuple[int, ...] = ()
    touched: tuple[Cell, ...] = ()
    stored: tuple[Cell, ...] = ()


# How calls are divided among devices: loaded when one is.
divide: Any = LazyModule(f"{__package__}.divide")
_compiled: Memory[tuple[Structure, tuple[int, ...]], Any] = Memory()


def compiled(jaxpr: Jaxpr, name: str, donated: tuple[int, ...] = ()) -> Any:
    """The native code of a program; equal programs are compiled once."""
    key = (structure(jaxpr), donated)
    code = _compiled.get(key)
    if code is None:
        with timed(COMPILATION, f"compilation of jit({name})", name):
            code = _compiled[key] = records.compiled(jaxpr, name, donated)
    return code


def check_donated(traced: Traced, donated: tuple[int, ...]) -> None:
    """Warn of donated arguments whose memory no result can take: none is of their type."""
    if not donated:
        return
    jaxpr = traced.jaxpr
    read = {*jaxpr.outvars, *[a for eqn in jaxpr.eqns for a in eqn.invars]}
    left = Counter((aval.shape, aval.dtype) for aval in jaxpr.out_avals)
    unused = []
    for var in [jaxpr.invars[leaf] for leaf in donated]:
        if var in read:
            left[var.aval.shape, var.aval.dtype] -= 1
            if left[var.aval.shape, var.aval.dtype] < 0:
                unused.append(type_name(var.aval))
    if unused:
        warnings.warn(
            f"Some donated buffers were not usable: {', '.join(unused)}: {traced.name} has no"
            " results of these types that could take them",
            stacklevel=5,
        )


def device_of(jaxpr: Jaxpr, operands: Sequence[Any], name: str) -> Device | None:
    """Where a program runs: where its operands lie, or on the mesh that it speaks of."""
    found = eager_device(operands)
    mesh = mesh_of(jaxpr)
    return found if mesh is None else divide.where(mesh, found, operands, name)


def executable(traced: Traced, donated: tuple[int, ...] = ()) -> Executable:
    """What runs a traced function on its leaves."""
    code = compiled(traced.jaxpr, traced.name, donated)
    n = len(traced.jaxpr.invars) - len(traced.consts)
    used = [i - n for i in code.kept if i >= n]
    reused = dict(code.donated)
    consts = [as_array(traced.consts[i]) for i in used]
    outs = [_result(spec, n, traced.consts, consts) for spec in code.outs]
    program = Executable(
        code.address,
        code.keepalive,
        n,
        [i for i in code.kept if i < n],
        consts,
        outs,
        code.scratch_bytes,
        list(code.externals),
        [(leaf, reused.get(leaf, -1)) for leaf in donated],
        None if traced.out_tree.is_leaf() else traced.out_tree,
        code.release_gil,
        code.nanoseconds,
        traced.name,
    )
    if code.patience:
        program.improve_after(code.patience, lambda: code.better)
    return program


def run_on(traced: Traced, device: Remote, code: Any, committed: bool = False) -> DeviceProgram:
    """What runs the code that a device has compiled of a traced function."""
    results = None if traced.out_tree.is_leaf() else traced.out_tree
    n = len(traced.jaxpr.invars) - len(traced.consts)
    return device.program(code, n, traced.consts, results, committed)


def _result(spec: tuple[Any, ...], n: int, values: Sequence[Any], consts: list[ArrayImpl]) -> Any:
    """Where a result comes from; a captured value that is a result is a constant of the call."""
    if spec[0] != "arg" or spec[1] < n:
        return spec
    value = as_array(values[spec[1] - n])
    found = [i for i, c in enumerate(consts) if c is value]
    if not found:
        consts.append(value)
    return ("const", found[0] if found else len(consts) - 1, spec[2])


def install() -> None:
    """Make compiled code the eager meaning of the operations that hold programs, and of large
    convolutions."""
    jit_p.eager = _call_eagerly
    for primitive in (checkpoint_p, cond_p, scan_p, while_p):
        primitive.eager = _compiled_alone(primitive)
    conv_general_dilated_p.eager = _compiled_alone(conv_general_dilated_p, _large)


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


@weak_memo
def flat_executable(jaxpr: Jaxpr, name: str, donated: tuple[int, ...] = ()) -> Executable:
    """What runs a program on a flat list of arrays."""
    results = tree.structure([0] * len(jaxpr.outvars))
    return executable(Traced(jaxpr, (), results, name), donated)


def _large(avals: Sequence[ShapedArray], params: dict[str, Any]) -> bool:
    return multiplications(*avals, **params) >= LARGE


def _compiled_alone(
    primitive: Primitive, worth: Callable[..., bool] | None = None
) -> Callable[..., Any]:
    """The eager meaning of one operation: a program of that operation, compiled where worth it."""
    programs: Memory[Any, Executable] = Memory()

    def run(args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        if config.current().disable_jit:
            return evaluate(primitive, args, params)
        device = eager_device(args)
        if device is not None:
            return device.process(primitive, args, params)
        arrays = list(map(_private, args))
        avals = [a.aval for a in arrays]
        if worth is not None and not worth(avals, params):
            return evaluate(primitive, args, params)
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


install()
