"""A program as the text of a StableHLO module."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ...core.ir import Jaxpr
from ...core.rewrite import dead_code
from .builder import Module, function_text
from .hlo import Tensor, tensor
from .rules import RULES

PLATFORMS = ("cpu", "cuda", "tpu")


@dataclass(frozen=True)
class Lowered:
    """The text, whose entry is @main, and the functions that its custom calls index.

    Arguments and results are those of the program: keys as uint32[..., 2], float0 as bool.
    """

    text: str
    callbacks: tuple[Callable[..., Any], ...]


def lower(
    jaxpr: Jaxpr, name: str = "main", donated: Sequence[int] = (), platform: str = "cpu"
) -> Lowered:
    """The module of a program without captured values.

    name: the module's. donated: arguments whose memory results may take. platform: "cpu", "cuda"
    or "tpu", which differ in linear algebra, callbacks and the precision of products.
    """
    assert platform in PLATFORMS, platform
    program = dead_code(jaxpr)
    module = Module(RULES, platform)
    module.names.add("main")
    marks = _donations(program, donated)
    main = function_text(module, program, "main", "public", marks)
    head = f"module @{Module(RULES, platform).name(f'jit_{name}')} {{"
    return Lowered("\n".join([head, main, *module.functions, "}", ""]), tuple(module.callbacks))


def _donations(jaxpr: Jaxpr, donated: Sequence[int]) -> list[str]:
    """What marks each argument: the result that takes its memory, or that any may."""
    free: dict[Tensor, list[int]] = {}
    for k, v in enumerate(jaxpr.outvars):
        free.setdefault(tensor(v.aval), []).append(k)
    marks = [""] * len(jaxpr.invars)
    for k in donated:
        places = free.get(tensor(jaxpr.invars[k].aval))
        marks[k] = (
            f" {{tf.aliasing_output = {places.pop(0)} : i32}}"
            if places
            else " {jax.buffer_donor = true}"
        )
    return marks
