"""The library: functions that no program need compile, for they are compiled with the package.

They are elementary functions, sums of lanes and the kernels of products, for each level of x86's
vectors, from the same definitions that other machines compile with each program. `cmake/library.py`
builds them into the native core, each with its declaration.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from . import contraction, elementary, gemm, monoid
from .text import Module


class Level(NamedTuple):
    """A name of LLVM's for processors, the features that matter here, their vectors in bytes."""

    name: str
    features: tuple[str, ...]
    vector_bytes: int


# The best one first.
LEVELS = {
    "x86_64": (
        Level(
            "x86-64-v4",
            ("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl", "fma", "bmi2"),
            64,
        ),
        Level("x86-64-v3", ("avx2", "fma", "bmi", "bmi2", "f16c", "lzcnt", "movbe"), 32),
    ),
}


def level_of(machine: str, features: Sequence[str], vector_bytes: int) -> str:
    """The level of a processor: that of its widest vectors, or none."""
    for level in LEVELS.get(machine, ()):
        if level.vector_bytes == vector_bytes:
            return level.name if all(f"+{f}" in features for f in level.features) else ""
    return ""


def modules(machine: str) -> Iterator[tuple[Level, Module]]:
    """The functions of each level."""
    for level in LEVELS.get(machine, ()):
        module = Module()
        elementary.add_functions(module, level.vector_bytes)
        monoid.add_functions(module, level.vector_bytes)
        gemm.add_functions(module, level.vector_bytes)
        contraction.add_functions(module, level.vector_bytes)
        yield level, module


def digest(machine: str) -> str:
    """What the functions are, in short: another one where any of them is another."""
    texts = [f"{level}\n{module.render()}" for level, module in modules(machine)]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()
