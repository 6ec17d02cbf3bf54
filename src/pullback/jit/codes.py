"""Compiled code as `Compiled` looks at it, on the host and on other devices."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..core.device import Code, Remote, host
from ..core.rewrite import simplify
from ..core.sharding import SingleDeviceSharding, sharding_of
from ..lazy import LazyModule
from . import cost, executable

PACKAGE = __name__.partition(".")[0]
traffic: Any = LazyModule(f"{PACKAGE}.backends.cpu.traffic")


@dataclass(frozen=True)
class MemoryStats:
    """The memory that a compiled call takes, in bytes.

    >>> compiled = pb.jit(lambda x: x + 1).lower(np.ones(4, np.float32)).compile()
    >>> compiled.memory_analysis().argument_size_in_bytes
    16
    """

    generated_code_size_in_bytes: int
    argument_size_in_bytes: int
    output_size_in_bytes: int
    alias_size_in_bytes: int
    temp_size_in_bytes: int


class HostCode(Code):
    """Native code of this library's own compiler."""

    def __init__(self, traced: executable.Traced, donated: tuple[int, ...]) -> None:
        self.jaxpr = traced.jaxpr
        self.code = executable.compiled(traced.jaxpr, traced.name, donated)
        self.run = executable.executable(traced, donated)

    def as_text(self) -> str:
        """LLVM text, after LLVM's own passes."""
        return self.code.llvm()

    def cost_analysis(self) -> dict[str, float]:
        """As `Lowered.cost_analysis`, with the memory accessed by the loops as they are fused."""
        found = cost.analysis(simplify(self.jaxpr))
        return {**found, "bytes accessed": float(traffic.bytes_accessed(self.code.program))}

    def memory_analysis(self) -> MemoryStats:
        """The sizes of arguments, results, temporaries and code."""
        jaxpr, code = self.jaxpr, self.code
        outs = [a for a, spec in zip(jaxpr.out_avals, code.outs, strict=True) if spec[0] == "new"]
        reused = [outs[k] for _, k in code.donated if k >= 0]
        return MemoryStats(
            code.code_bytes,
            cost.size([jaxpr.in_avals[i] for i in code.kept]),
            cost.size(outs),
            cost.size(reused),
            code.scratch_bytes,
        )

    def runtime_executable(self) -> Any:
        """What runs the code, on the flat list of arguments."""
        return self.run

    def shardings(self, num_args: int) -> tuple[list[Any], list[Any]]:
        """How arguments and results are divided: whole on the host; None for what is not used."""
        here, kept = SingleDeviceSharding(host), self.code.kept
        return [here if i in kept else None for i in range(num_args)], [here] * len(self.code.outs)


class DeviceCode(Code):
    """The code of a device's compiler."""

    def __init__(
        self,
        traced: executable.Traced,
        donated: tuple[int, ...],
        device: Remote,
        options: dict[str, Any],
        places: Sequence[Any] = (),
    ) -> None:
        self.device = device
        self.code: Any = device.load(traced.jaxpr, traced.name, donated, options, places)
        self.run = executable.run_on(traced, device, self.code)

    def as_text(self) -> str:
        """The program in HLO, after XLA's passes."""
        return self.code.as_text()

    def cost_analysis(self) -> dict[str, float]:
        """What the device's compiler counted."""
        return self.code.cost_analysis()

    def memory_analysis(self) -> Any:
        """The sizes of arguments, results, temporaries and code, and more."""
        return self.code.memory_analysis()

    def runtime_executable(self) -> Any:
        """The executable of the device's runtime."""
        return self.code.runtime_executable()

    def shardings(self, num_args: int) -> tuple[list[Any], list[Any]]:
        """How arguments and results are divided; None for arguments that are not used."""
        whole, code = sharding_of(self.device.common), self.code
        given = code.in_shardings or [None] * len(code.kept)
        ins = {i: s or whole for i, s in zip(code.kept, given, strict=True)}
        outs = code.out_shardings or [whole] * len(code.out_avals)
        return [ins.get(i) for i in range(num_args)], list(outs)
