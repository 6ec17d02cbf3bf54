"""A program as native code, with what a call of it needs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from ...lazy import LazyModule
from .loader import Code

# The compiler: loaded where something is compiled or explained.
pipeline: Any = LazyModule(f"{__package__}.pipeline")
# The function of the code that runs the program.
ENTRY = "pb_entry"
# Below this estimate, in additions, the interpreter lock is kept: giving it up costs as much.
WORTH_RELEASING = 4000.0


@dataclass(frozen=True)
class Compiled:
    """What a call of the program needs.

    outs and externals are as `_native.Executable` takes them; kept are the arguments it reads.
    """

    code: Code = field(repr=False)
    kept: tuple[int, ...]
    outs: tuple[tuple[Any, ...], ...]
    scratch_bytes: int
    externals: tuple[Any, ...]
    donated: tuple[tuple[int, int], ...]
    work: float
    # About what a call takes.
    nanoseconds: float
    # When calls have taken so many nanoseconds better code is due; 0 where there is none.
    patience: float
    timings: Mapping[str, float] = field(repr=False)
    # Gives the loop program.
    lower: Callable[[], Any] = field(repr=False)
    # Is told of better code.
    keep: Callable[["Compiled"], None] = field(repr=False, default=lambda better: None)

    @property
    def address(self) -> int:
        """The function that runs the program."""
        return self.code.addresses[ENTRY]

    @property
    def keepalive(self) -> Any:
        """What must live as long as the function is called."""
        return self.code, self.externals

    @cached_property
    def program(self) -> Any:
        """The loops that the code does."""
        return self.lower()

    @cached_property
    def better(self) -> tuple[int, Any]:
        """The same program with elementary functions inside of its loops, and its `keepalive`.

        Where memory is short it is this one.
        """
        try:
            code = pipeline.improved(self.program)
        except MemoryError:
            return self.address, self.keepalive
        better = replace(self, code=code, patience=0.0)
        self.keep(better)
        return better.address, better.keepalive

    @property
    def release_gil(self) -> bool:
        """Whether other threads should run meanwhile."""
        return self.work > WORTH_RELEASING

    @property
    def code_bytes(self) -> int:
        """The size of the object files."""
        return sum(map(len, self.code.objects))

    def llvm(self) -> str:
        """LLVM text, after LLVM's passes."""
        return pipeline.llvm_text(self.program)

    def explain(self) -> str:
        """What the program became: loops, library calls, call-backs, buffers, time by pass."""
        return pipeline.explained(self.program, self.scratch_bytes, self.timings)
