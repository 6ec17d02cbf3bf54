"""`carried_loop` on the states of reductions in place of operands."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from . import monoid
from .emit_value import Operand
from .expr import Node
from .loops import Kernel, Reduction
from .monoid import State
from .text import Function

States = list[State]


def in_bytes(kernel: Kernel) -> Kernel:
    """The kernel with booleans combined as bytes: wide vectors of bits that a loop carries are
    taken apart by LLVM."""
    if all(r.dtype != "bool" for r in kernel.reductions):
        return kernel
    return replace(kernel, reductions=tuple([_in_bytes(r) for r in kernel.reductions]))


def _in_bytes(r: Reduction) -> Reduction:
    if r.dtype != "bool":
        return r
    value = Node("convert_element_type", "uint8", (r.value,), (), r.value.deps)
    return replace(r, value=value, dtype="uint8")


class CarriedStates:
    """A loop that carries states."""

    def __init__(
        self,
        f: Function,
        reductions: Sequence[Reduction],
        place: str,
        begin: Operand,
        end: Operand,
        step: int,
        states: States,
        widths: list[int],
    ) -> None:
        # With no reductions there is nothing to carry; `widths` may be longer then.
        repeated = (
            [reductions[k % len(reductions)] for k in range(len(states))] if reductions else []
        )
        types = [
            monoid.types(r.op, r.dtype, place, w) for r, w in zip(repeated, widths, strict=False)
        ]
        flat = [
            (t, x) for ts, s in zip(types, states, strict=True) for t, x in zip(ts, s, strict=True)
        ]
        self.shape = [len(s) for s in states]
        self.context = f.carried_loop(begin, end, step, flat)

    def __enter__(self) -> "CarriedStates":
        self.loop = self.context.__enter__()
        self.index = self.loop.index
        self.states = self._split(self.loop.carry)
        return self

    def __exit__(self, *error: Any) -> None:
        self.loop.next = [x for s in self.states for x in s]
        self.context.__exit__(*error)
        self.results = self._split(self.loop.results)

    def _split(self, flat: list[str]) -> States:
        parts = iter(flat)
        return [tuple([next(parts) for _ in range(n)]) for n in self.shape]
