"""`carried_loop` on the states of reductions in place of operands."""

from collections.abc import Sequence
from typing import Any

from . import monoid
from .emit_value import Operand
from .loops import Reduction
from .monoid import State
from .text import Function

States = list[State]


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
