"""Which values of a loop's steps are computed apart from the loop, for all steps at once.

They need no more of what the loop carries than the `leading` values do, which go first.
"""

from math import prod

from ...core.ir import Atom, JaxprEqn, Var
from ...core.rewrite import has_effect
from ...primitives.contract import dot_general_p
from .cycles import Cycles, members
from .plan import work
from .rules import RULES

# Arrays of more elements fill vectors within one step.
NARROW = 32
# What a vector holds, and how many times as fast it is, in the sizes that are common.
LANES = 8
SPEED = 6.0
# The work of an element that is stored and loaded again.
MOVED = 2.0
# What a step must gain at least: that, and this part of its work.
GAIN = 32.0
PART = 1 / 20


def moves(eqn: JaxprEqn) -> bool:
    """Whether an equation of one step may be computed for many steps."""
    primitive = eqn.primitive
    alone = primitive.higher or primitive.batch is None or has_effect(eqn)
    if alone or primitive.collective or RULES.is_called_back(eqn):
        return False
    narrow = not work(eqn) or all(v.aval.size <= NARROW for v in eqn.outvars)
    return narrow or primitive is dot_general_p


def step_work(eqn: JaxprEqn) -> float:
    """The work of one step, in additions."""
    size = max([v.aval.size for v in eqn.outvars], default=0)
    if eqn.primitive is not dot_general_p:
        return work(eqn) * size
    (contracted, _), _ = eqn.params["dimension_numbers"]
    return size * prod([eqn.invars[0].aval.shape[d] for d in contracted]) / 4


def speed(eqn: JaxprEqn, cycles: Cycles) -> float:
    """How many times as fast an operation is for many steps: a matrix with few rows is slow."""
    if eqn.primitive is not dot_general_p:
        return SPEED
    moving = [k for k, v in enumerate(eqn.invars) if cycles.bits.get(v, 0)]
    if len(moving) != 1:
        return 1.0
    (k,) = moving
    contracted, batch = eqn.params["dimension_numbers"]
    used = {*contracted[k], *batch[k]}
    rows = prod([n for d, n in enumerate(eqn.invars[k].aval.shape) if d not in used])
    return max(1.0, 4.0 / rows)


class Apart:
    """What becomes of a loop whose `leading` carried values go first."""

    def __init__(self, cycles: Cycles, leading: int) -> None:
        self.cycles, self.leading = cycles, leading
        body, count = cycles.body, cycles.num_carry
        self.first = cycles.behind([body.outvars[k] for k in members(leading, count)])
        # The work behind a value that may be computed for all steps, in one step and so.
        self.alone: dict[Atom, float] = {}
        self.together: dict[Atom, float] = {}
        self._price()
        # What is computed for all steps, what the first loop stacks for that, what follows.
        self.crossing: dict[Var, None] = {}
        self.early: dict[Var, None] = {}
        rest = [v for k, v in enumerate(body.outvars) if k >= count or not leading >> k & 1]
        self.last = cycles.behind(rest, self._stays)
        self.at_once = cycles.behind(list(self.crossing), self._again)

    def _price(self) -> None:
        cycles = self.cycles
        outside = ~(self.leading | 1 << cycles.num_carry)
        for eqn in cycles.body.eqns:
            operands = [v for v in eqn.invars if v in cycles.made]
            known = all(v in self.alone or cycles.made[v] in self.first for v in operands)
            bits = cycles.of(eqn.invars)
            may = moves(eqn) if bits else RULES.is_lazy(eqn)
            if known and may and not cycles.over_steps(bits) & outside:
                own = step_work(eqn) if bits else 0.0
                for prices, price in (self.alone, own), (self.together, own / speed(eqn, cycles)):
                    total = price + sum([prices.get(v, 0.0) for v in operands])
                    prices.update([(v, total) for v in eqn.outvars])

    def _stays(self, v: Atom) -> bool:
        """Whether what follows computes a value itself; if not, it is noted who does."""
        assert isinstance(v, Var)
        known, early = v in self.alone, self.cycles.made[v] in self.first
        if known and self.alone[v] - self.together[v] <= 2 * MOVED * v.aval.size:
            return True
        if known or early:
            (self.early if early else self.crossing)[v] = None
        return not (known or early)

    def _again(self, v: Atom) -> bool:
        """Whether a value is computed for all steps, though the first loop may have it."""
        assert isinstance(v, Var)
        if self.cycles.made[v] not in self.first:
            return True
        if v in self.together and self.together[v] <= MOVED * v.aval.size:
            return True
        self.early[v] = None
        return False

    def all_that_may_lead(self) -> int:
        """The carried values that need nothing of what is computed for all steps."""
        cycles, crossing = self.cycles, set(self.crossing)
        after = 0
        for k, v in enumerate(cycles.body.outvars[: cycles.num_carry]):
            behind = cycles.behind([v])
            if v in crossing or any(not crossing.isdisjoint(e.invars) for e in behind):
                after |= 1 << k
        return sum([1 << k for k, bits in enumerate(cycles.closed) if not bits & after])

    def ends_first(self) -> bool:
        """Whether the first loop may do what is left as well."""
        whole = self.leading == (1 << self.cycles.num_carry) - 1
        reads = {v for e in self.last for v in e.invars}
        return whole and self.leading > 0 and reads.isdisjoint(self.crossing)

    def carried(self) -> list[Var]:
        """The leading values, as steps start with them, that others read."""
        read = {v for e in (*self.last, *self.at_once) for v in e.invars}
        read.update(self.cycles.body.outvars[self.cycles.num_carry :])
        lead = [self.cycles.carry[k] for k in members(self.leading, self.cycles.num_carry)]
        return [v for v in lead if v in read]

    def stacks(self) -> list[Var]:
        """What is stacked for what follows."""
        return [*self.carried(), *self.early, *self.crossing]

    def gains(self) -> bool:
        """Whether that is faster."""
        if not self.crossing:
            return False
        whole = sum([step_work(e) for e in self.cycles.body.eqns])
        loops = sum([step_work(e) for e in self.first]) + sum([step_work(e) for e in self.last])
        at_once = sum([step_work(e) / speed(e, self.cycles) for e in self.at_once])
        gain = whole - loops - at_once - sum([_moved(v) for v in self.stacks()])
        return gain >= max(GAIN, PART * whole)

    def step_bytes(self) -> int:
        """The memory that a step's part of the stacks takes."""
        return sum([v.aval.size * v.aval.dtype.itemsize for v in self.stacks()])


def _moved(v: Var) -> float:
    """The work of storing and loading a value."""
    return MOVED * min(v.aval.size, NARROW + v.aval.size / LANES)
