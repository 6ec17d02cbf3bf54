"""A program as the text of a StableHLO module."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ...control.constraint import sharding_constraint_p
from ...core.ir import Jaxpr
from ...core.mesh import Mesh
from ...core.rewrite import dead_code
from ...core.sharding import NamedSharding, PartitionSpec
from .builder import Module, function_text
from .hlo import Tensor, tensor
from .rules import RULES
from .shardy import Division, sharding_text

PLATFORMS = ("cpu", "cuda", "tpu")


@dataclass(frozen=True)
class Lowered:
    """The text, whose entry is @main, and the functions that its custom calls index.

    Arguments and results are those of the program: keys as uint32[..., 2], float0 as bool.
    """

    text: str
    callbacks: tuple[Callable[..., Any], ...]
    meshes: tuple[Mesh, ...] = ()


def lower(
    jaxpr: Jaxpr,
    name: str = "main",
    donated: Sequence[int] = (),
    platform: str = "cpu",
    division: Division | None = None,
) -> Lowered:
    """The module of a program without captured values.

    name: the module's. donated: arguments whose memory results may take. platform: "cpu", "cuda"
    or "tpu", which differ in linear algebra, callbacks and the precision of products. division:
    of a program on several devices.
    """
    assert platform in PLATFORMS, platform
    program = dead_code(jaxpr)
    module = Module(RULES, platform, division.devices if division else ())
    module.names.add("main")
    marks = _donations(program, donated, division is None)
    results: list[list[str]] = [[] for _ in program.outvars]
    if division:
        marks = [
            [*m, s] for m, s in zip(marks, _argument_marks(module, program, division), strict=True)
        ]
        results = _result_marks(module, program)
    main = function_text(module, program, "main", "public", marks, results)
    wanted = Module(RULES, platform).name(f"jit_{name}")
    lines = [f"module @{wanted}{_counts(division)} {{", *module.declarations(), main]
    text = "\n".join([*lines, *module.functions, "}", ""])
    return Lowered(text, tuple(module.callbacks), module.known_meshes())


def _counts(division: Division | None) -> str:
    if division is None:
        return ""
    count = len(division.devices)
    return f" attributes {{mhlo.num_partitions = {count} : i32, mhlo.num_replicas = 1 : i32}}"


def _argument_marks(module: Module, jaxpr: Jaxpr, division: Division) -> list[str]:
    """How each argument is divided."""
    marks: list[str] = []
    for var, given in zip(jaxpr.invars, division.shardings, strict=True):
        sharding = given or NamedSharding(module.mesh(division.devices), PartitionSpec())
        marks.append(_mark(module, sharding, len(tensor(var.aval).shape)))
    return marks


def _result_marks(module: Module, jaxpr: Jaxpr) -> list[list[str]]:
    """How the results are divided of which the program itself says so."""
    said = {
        e.outvars[0]: e.params["sharding"]
        for e in jaxpr.eqns
        if e.primitive is sharding_constraint_p
    }
    return [
        [_mark(module, said[v], len(tensor(v.aval).shape))] if v in said else []
        for v in jaxpr.outvars
    ]


def _mark(module: Module, sharding: NamedSharding, ndim: int) -> str:
    name = module.mesh_name(sharding.mesh)
    return f"sdy.sharding = #sdy.sharding{sharding_text(name, sharding.spec, ndim)}"


def _donations(jaxpr: Jaxpr, donated: Sequence[int], named: bool) -> list[list[str]]:
    """What marks each argument: that any result may take its memory or, `named`, which does."""
    free: dict[Tensor, list[int]] = {}
    for k, v in enumerate(jaxpr.outvars):
        free.setdefault(tensor(v.aval), []).append(k)
    marks: list[list[str]] = [[] for _ in jaxpr.invars]
    for k in donated:
        places = free.get(tensor(jaxpr.invars[k].aval)) if named else None
        taken = (
            f"tf.aliasing_output = {places.pop(0)} : i32" if places else "jax.buffer_donor = true"
        )
        marks[k] = [taken]
    return marks
