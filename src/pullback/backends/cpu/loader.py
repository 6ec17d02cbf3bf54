"""Object files into memory, with the addresses that they refer to.

The native core reads those of x86-64 Linux; for others LLVM's linker is loaded.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from ... import _native
from ...lazy import LazyModule
from ...primitives.linalg.lapack import native_operations

llvm: Any = LazyModule("llvmlite.binding")
forking: Any = LazyModule(f"{__package__}.forking")
# What must be there before a function of the runtime is called.
NEEDS = {"pb_matrices": native_operations}


@dataclass(frozen=True)
class Code:
    """Native functions in memory: addresses by name, their objects, what these refer to, and the
    seconds that the steps to them took."""

    addresses: Mapping[str, int]
    objects: Sequence[bytes]
    imports: Sequence[str]
    timings: Mapping[str, float]
    # What must live as long as the addresses are used.
    keepalive: Any


@cache
def symbols(level: str) -> dict[str, int]:
    """The addresses of the runtime, and of the library's functions for a level of processors."""
    library = {name: address for name, (_, address) in _native.library(level).items()}
    return {**_native.symbols(), **library}


def load(
    objects: Sequence[bytes],
    names: Sequence[str],
    imports: Mapping[str, int],
    timings: Mapping[str, float],
) -> Code:
    """Put object files into memory that define `names` and refer to the addresses `imports`."""
    for name in imports:
        if name in NEEDS:
            NEEDS[name]()
    found = _native.load(objects, names, imports) or _link(objects, names, imports)
    return Code(found[0], objects, tuple(imports), timings, found[1])


def _link(
    objects: Sequence[bytes], names: Sequence[str], imports: Mapping[str, int]
) -> tuple[dict[str, int], Any]:
    with forking.working():
        linker = _linker()
        library = llvm.JITLibraryBuilder().add_current_process()
        for object_ in objects:
            library.add_object_img(object_)
        for name, address in imports.items():
            library.import_symbol(name, address)
        for name in names:
            library.export_symbol(name)
        loaded = library.link(linker, f"pullback.{next(_numbers)}")
    return {name: loaded[name] for name in names}, (loaded, linker)


_numbers = itertools.count()


@cache
def _linker() -> Any:
    """LLVM's linker, which takes possession of a machine."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), jit=True
    )
    return llvm.create_lljit_compiler(machine)
