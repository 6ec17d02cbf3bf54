"""From LLVM text to addresses on this machine: parse, optimise for latency, generate code, load."""

import mmap
import platform
import time
from collections.abc import Sequence
from functools import cache, partial

import llvmlite.binding as llvm

from ... import _native
from . import codegen, loader
from .elementary import PURE
from .forking import working
from .library import level_of
from .loader import Code
from .optimise import GOOD, Care, has_work, optimise
from .partition import partition
from .switches import set_switches
from .text import Module

# More threads than this hardly shorten a compilation.
MOST_PARTS = 8
# Memory that a compilation may take.
WORK_BYTES = 64 << 20
# Processors that do vectors of 64 bytes as two of 32.
HALVES = frozenset({"znver4"})


class Target:
    """The machine at hand: compiles modules, loads objects, knows the symbols they may refer to."""

    def __init__(self, debug: bool = False):
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        set_switches()
        self.cpu = llvm.get_host_cpu_name()
        self.features = llvm.get_host_cpu_features().flatten()
        self.debug = debug
        self.vector_bytes = vector_bytes(self.features.split(","))
        self.halves = self.vector_bytes == 64 and self.cpu in HALVES
        # By level of the code generator; threads that generate code have one each.
        self.machines = {
            k: codegen.Machines(partial(self._machine, k)) for k in range(GOOD.level + 1)
        }
        # Functions that need not be compiled here: their declarations. Kernels are those that would
        # be called in any case.
        self.level = level_of(platform.machine(), self.features.split(","), self.vector_bytes)
        found = _native.library(self.level)
        self.library = {name: declaration for name, (declaration, _) in found.items()}
        self.kernels = {n: d for n, d in self.library.items() if PURE not in d}
        self.symbols = dict(loader.symbols(self.level))

    def _machine(self, level: int) -> llvm.TargetMachine:
        return llvm.Target.from_default_triple().create_target_machine(
            cpu=self.cpu, features=self.features, opt=level, jit=True
        )

    def add_symbol(self, name: str, address: int) -> None:
        """Let code that is loaded from now on refer to `name`."""
        self.symbols[name] = address

    def calls_functions(self, module: Module) -> bool:
        """Whether a module calls elementary functions of the library."""
        declared = [n for n, text in module.pieces.items() if text.startswith("declare")]
        return any(n in self.library and n not in self.kernels for n in declared)

    def compile(self, module: Module, names: Sequence[str], care: Care = GOOD) -> Code:
        """Native code of a module, with the addresses of its functions `names`."""
        check_room()
        clock = _Clock({})
        texts = partition(module, min(_native.get_num_threads(), MOST_PARTS), care.part)
        clock("render")
        declared = [name for name, text in module.pieces.items() if text.startswith("declare")]
        imports = {name: self.symbols[name] for name in declared if name in self.symbols}
        with working():
            prepare = partial(self._optimised, clock=clock, care=care)
            objects = codegen.emit_all(texts, prepare, self.machines[care.level])
        clock("emit")
        code = loader.load(objects, names, imports, clock.timings)
        clock("load")
        return code

    def _optimised(self, text: str, clock: "_Clock", care: Care = GOOD) -> llvm.ModuleRef:
        # A context of its own: what the code generator of a thread may touch.
        parsed = llvm.parse_assembly(text, llvm.create_context())
        clock("parse")
        if self.debug:
            parsed.verify()
            clock("verify")
        if has_work(text, care):
            with self.machines[care.level].one() as machine:
                optimise(parsed, machine, care)
            clock("optimise")
        return parsed

    def optimised_text(self, module: Module) -> str:
        """LLVM text after the pipeline."""
        return str(self._optimised(module.render(), _Clock({})))

    def assembly(self, module: Module) -> str:
        """The machine's assembly, for people to read."""
        optimised = self._optimised(module.render(), _Clock({}))
        with self.machines[GOOD.level].one() as machine:
            return machine.emit_assembly(optimised)


class _Clock:
    """Seconds since the last call, by step."""

    def __init__(self, timings: dict[str, float]):
        self.timings = timings
        self.last = time.perf_counter()

    def __call__(self, step: str) -> None:
        now = time.perf_counter()
        self.timings[step] = self.timings.get(step, 0.0) + now - self.last
        self.last = now


def check_room() -> None:
    """Raise MemoryError where memory is short: LLVM ends the process if it gets none."""
    try:
        mmap.mmap(-1, WORK_BYTES).close()
    except OSError as error:
        raise MemoryError(f"a compilation wants {WORK_BYTES >> 20} MiB of memory") from error


def vector_bytes(features: Sequence[str]) -> int:
    """The widest vectors worth using, in bytes."""
    if "+avx512f" in features and "+avx512vl" in features:
        return 64
    return 32 if "+avx2" in features else 16


@cache
def host() -> Target:
    """The machine this process runs on."""
    return Target()
