"""From LLVM text to addresses on this machine: parse, optimise for latency, generate code, load."""

import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from ..cache import ObjectCache, default_directory
from .text import Module

# The passes, in order. The text has explicit vectors and rotated loops already, so only what it
# cannot say itself is left to do; the default pipelines of LLVM cost four times as much.
PIPELINE: tuple[tuple[str, str], ...] = (
    ("always_inliner", "elementary functions become part of the loops that call them"),
    ("global_dead_code_eliminate", "their definitions are no longer needed"),
    ("sroa", "memory of constant indices becomes registers, loop-carried memory becomes phis"),
    ("new_gvn", "equal values and constants are computed once, dead stores' loads vanish"),
    ("simplify_cfg", "blocks that follow one another become one"),
)
# Of the code generator: 1 costs as much as 2 and runs as fast; 0 costs half, runs half as fast.
CODEGEN_LEVEL = 1


@dataclass(frozen=True)
class Code:
    """Native functions in memory: addresses by name, the object they came from, seconds by step."""

    addresses: Mapping[str, int]
    object: bytes
    timings: Mapping[str, float]
    # What must live as long as the addresses are used.
    keepalive: Any


class Target:
    """The machine at hand: compiles modules, loads objects, knows the symbols they may refer to."""

    def __init__(self, level: int = CODEGEN_LEVEL, debug: bool = False):
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        self.cpu = llvm.get_host_cpu_name()
        self.features = llvm.get_host_cpu_features().flatten()
        self.debug = debug
        self.vector_bytes = vector_bytes(self.features.split(","))
        self.machine = self._machine(level)
        self.cache = ObjectCache(default_directory())
        # All that an object depends on beside its text.
        self.identity = (
            str(level), str(PIPELINE), self.cpu, self.features, llvmlite.__version__,
            str(llvm.llvm_version_info), self.machine.triple,
        )  # fmt: skip
        # Functions of the runtime are called rarely: their code need not be fast, but soon there.
        self.hasty = self._machine(0)
        # The linker takes possession of its machine.
        self.linker = llvm.create_lljit_compiler(self._machine(level))
        self.symbols: dict[str, int] = {}
        self.runtime: dict[str, Code] = {}
        self.libraries = itertools.count()

    def _machine(self, level: int) -> llvm.TargetMachine:
        return llvm.Target.from_default_triple().create_target_machine(
            cpu=self.cpu, features=self.features, opt=level, jit=True
        )

    def add_symbol(self, name: str, address: int) -> None:
        """Let code that is loaded from now on refer to `name`."""
        self.symbols[name] = address

    def compile(self, module: Module, names: Sequence[str]) -> Code:
        """Native code of a module, with the addresses of its functions `names`."""
        timings: dict[str, float] = {}
        clock = _Clock(timings)
        text = module.render()
        clock("render")
        object_ = self.generate(text, clock)
        return self.load(object_, names, module.runtime, clock)

    def generate(self, text: str, clock: "_Clock | None" = None) -> bytes:
        """The object file of LLVM text."""
        clock = clock or _Clock({})
        key = self.cache.key([text, *self.identity])
        object_ = self.cache.load(key)
        clock("cache")
        if object_ is None:
            object_ = self.machine.emit_object(self._optimised(text, clock))
            clock("emit")
            self.cache.store(key, object_)
        return object_

    def load(
        self,
        object_: bytes,
        names: Sequence[str],
        runtime: Mapping[str, str],
        clock: "_Clock | None" = None,
    ) -> Code:
        """Put an object file into memory; `runtime` maps functions it calls to their own texts."""
        clock = clock or _Clock({})
        for name, text in runtime.items():
            if name not in self.runtime:
                self._add_runtime(name, text)
        clock("runtime")
        # An engine owns its machine and frees it.
        library = llvm.JITLibraryBuilder().add_object_img(object_).add_current_process()
        for name, address in self.symbols.items():
            library.import_symbol(name, address)
        for name in names:
            library.export_symbol(name)
        loaded = library.link(self.linker, f"pullback.{next(self.libraries)}")
        clock("load")
        addresses = {name: loaded[name] for name in names}
        return Code(addresses, object_, clock.timings, (loaded, self))

    def _add_runtime(self, name: str, text: str) -> None:
        key = self.cache.key([text, "hasty", *self.identity])
        object_ = self.cache.load(key)
        if object_ is None:
            object_ = self.hasty.emit_object(llvm.parse_assembly(text))
            self.cache.store(key, object_)
        code = self.load(object_, [name], {})
        self.runtime[name] = code
        self.add_symbol(name, code.addresses[name])

    def _optimised(self, text: str, clock: "_Clock") -> llvm.ModuleRef:
        parsed = llvm.parse_assembly(text)
        clock("parse")
        if self.debug:
            parsed.verify()
            clock("verify")
        builder = llvm.create_pass_builder(self.machine, llvm.create_pipeline_tuning_options())
        passes = llvm.create_new_module_pass_manager()
        for name, _ in PIPELINE:
            getattr(passes, f"add_{name}_pass")()
        passes.run(parsed, builder)
        clock("optimise")
        return parsed

    def optimised_text(self, module: Module) -> str:
        """LLVM text after the pipeline."""
        return str(self._optimised(module.render(), _Clock({})))

    def assembly(self, module: Module) -> str:
        """The machine's assembly, for people to read."""
        return self.machine.emit_assembly(self._optimised(module.render(), _Clock({})))


class _Clock:
    """Seconds since the last call, by step."""

    def __init__(self, timings: dict[str, float]):
        self.timings = timings
        self.last = time.perf_counter()

    def __call__(self, step: str) -> None:
        now = time.perf_counter()
        self.timings[step] = now - self.last
        self.last = now


def vector_bytes(features: Sequence[str]) -> int:
    """The widest vectors worth using, in bytes."""
    if "+avx512f" in features and "+avx512vl" in features:
        return 64
    return 32 if "+avx2" in features else 16


@cache
def host() -> Target:
    """The machine this process runs on."""
    return Target()
