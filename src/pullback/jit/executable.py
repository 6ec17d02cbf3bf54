"""Programs as native code, compiled once for each content.

The compiler is loaded at the first compilation.
"""

import warnings
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from .. import tree
from .._native import ArrayImpl, DeviceProgram, Executable
from ..core.aval import type_name
from ..core.cell import Cell
from ..core.device import Device, Remote
from ..core.ir import Jaxpr, mesh_of
from ..core.memo import Memory, weak_memo
from ..core.structure import Structure, structure
from ..core.trace import as_array, eager_device
from ..lazy import LazyModule
from .log import COMPILATION, timed

PACKAGE = __name__.partition(".")[0]
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


@weak_memo
def flat_executable(jaxpr: Jaxpr, name: str, donated: tuple[int, ...] = ()) -> Executable:
    """What runs a program on a flat list of arrays."""
    results = tree.structure([0] * len(jaxpr.outvars))
    return executable(Traced(jaxpr, (), results, name), donated)
