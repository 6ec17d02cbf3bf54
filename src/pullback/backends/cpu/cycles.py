"""What the values of a loop's body need of what the loop carries, in one step and over all steps.

Values that depend on themselves, a step before, form the cycles of a loop: they take one step after
the other. All others could be computed for many steps at once.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from ...core.ir import Atom, Jaxpr, JaxprEqn


class Cycles:
    """The body of a loop, and which of the values that it carries its values need.

    Sets of carried values are bits; one more bit stands for the slices.
    """

    def __init__(self, body: Jaxpr, num_consts: int, num_carry: int) -> None:
        self.body, self.num_carry = body, num_carry
        self.carry = body.invars[num_consts : num_consts + num_carry]
        self.slices = body.invars[num_consts + num_carry :]
        self.made: dict[Atom, JaxprEqn] = {v: e for e in body.eqns for v in e.outvars}
        self.bits: dict[Atom, int] = {v: 1 << k for k, v in enumerate(self.carry)}
        self.bits.update([(v, 1 << num_carry) for v in self.slices])
        for eqn in body.eqns:
            needed = self.of(eqn.invars)
            self.bits.update([(v, needed) for v in eqn.outvars])

    def of(self, values: Iterable[Atom]) -> int:
        """What values need in their own step."""
        found = 0
        for v in values:
            found |= self.bits.get(v, 0)
        return found

    def over_steps(self, bits: int) -> int:
        """The carried values that are needed in any step so far."""
        found = bits
        for k in members(bits, self.num_carry):
            found |= self.closed[k]
        return found & ((1 << self.num_carry) - 1)

    @cached_property
    def closed(self) -> list[int]:
        """Of each carried value, what it needs over all steps (Warshall's algorithm)."""
        outs = self.body.outvars[: self.num_carry]
        closed = [self.of([v]) | 1 << k for k, v in enumerate(outs)]
        for k in range(self.num_carry):
            closed = [bits | closed[k] if bits >> k & 1 else bits for bits in closed]
        return closed

    def off(self) -> Iterator[JaxprEqn]:
        """The equations that no cycle goes through, from the last one on."""
        readers: dict[Atom, int] = {}
        for k, v in enumerate(self.body.outvars[: self.num_carry]):
            readers[v] = readers.get(v, 0) | 1 << k
        for eqn in reversed(self.body.eqns):
            read = 0
            for v in eqn.outvars:
                read |= readers.get(v, 0)
            readers.update([(v, readers.get(v, 0) | read) for v in eqn.invars])
            if not read & self.over_steps(self.of(eqn.invars)):
                yield eqn

    def behind(
        self, values: Iterable[Atom], enters: Callable[[Atom], bool] = lambda v: True
    ) -> set[JaxprEqn]:
        """The equations behind the values that `enters` is true of, and behind their operands."""
        found: set[JaxprEqn] = set()
        left = list(values)
        while left:
            v = left.pop()
            eqn = self.made.get(v)
            if eqn is not None and eqn not in found and enters(v):
                found.add(eqn)
                left.extend(eqn.invars)
        return found


def members(bits: int, count: int) -> list[int]:
    """The numbers below `count` in a set."""
    found: list[int] = []
    bits &= (1 << count) - 1
    while bits:
        found.append((bits & -bits).bit_length() - 1)
        bits &= bits - 1
    return found
