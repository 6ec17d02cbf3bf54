"""Loop fission: what no cycle of a loop goes through is computed for all its steps at once.

Random numbers, functions of data, what is only stacked: a loop computes them one step after the
other, vectors do so for several steps together. A loop becomes up to three parts: the cycles that
such values need, and the stacks of what they are made of; those values, for all steps; the other
cycles. What is quickly computed from what is there is computed in each.

Source: Allen and Kennedy, Automatic Translation of Fortran Programs to Vector Form (1987).
"""

from collections.abc import Collection, Mapping, Sequence, Set
from typing import cast

from ...control.call import jit_p
from ...control.scan import scan_p
from ...core.aval import make_aval
from ...core.ir import Atom, Jaxpr, JaxprEqn, Var
from ...core.memo import weak_memo
from ...core.rewrite import inline, inside
from ...primitives.shape import reshape_p
from ...transforms.program import batched_jaxpr
from .apart import Apart, moves, speed, step_work
from .cycles import Cycles, members

# Loops of fewer steps stay, and loops that carry more values.
FEWEST = 32
MOST = 256
# An operation that saves so much work is a reason to look, at so many ways.
WORTH = 10.0
TRIED = 8
# Bytes that the stacks may take.
HELD = 1 << 22


@weak_memo
def fission(jaxpr: Jaxpr) -> Jaxpr:
    """The program with loops in parts."""
    eqns: list[JaxprEqn] = []
    for old in jaxpr.eqns:
        eqn = inside(old, fission)
        eqns.extend(_parts(eqn) if eqn.primitive is scan_p else [eqn])
    same = len(eqns) == len(jaxpr.eqns) and all(
        new is old for new, old in zip(eqns, jaxpr.eqns, strict=True)
    )
    return jaxpr if same else inline(jaxpr.replace(eqns=eqns))


def _parts(eqn: JaxprEqn) -> list[JaxprEqn]:
    """A loop in parts, the last of which may have parts again."""
    plan = _plan(eqn) if eqn.params["length"] >= FEWEST else None
    if plan is None:
        return [eqn]
    most = HELD // max(1, plan.step_bytes())
    if most >= eqn.params["length"]:
        return _Fission(eqn, plan).equations()
    length = _divisor(eqn.params["length"], most)
    return _in_strips(eqn, length) if length else [eqn]


def _plan(eqn: JaxprEqn) -> Apart | None:
    """How a loop is taken apart, with as few leading values as make it faster; with all that may
    lead where nothing has to follow then."""
    cycles = Cycles(eqn.params["jaxpr"], eqn.params["num_consts"], eqn.params["num_carry"])
    if cycles.num_carry > MOST:
        return None
    heavy = [e for e in cycles.off() if _gains(e, cycles)]
    found = {cycles.over_steps(cycles.of(e.invars)) for e in heavy}
    fewest = sorted(found, key=lambda bits: (bits.bit_count(), bits))[:TRIED]
    plan = next((p for p in (Apart(cycles, bits) for bits in fewest) if p.gains()), None)
    whole = plan and Apart(cycles, plan.all_that_may_lead())
    return whole if whole and whole.ends_first() and whole.gains() else plan


def _gains(eqn: JaxprEqn, cycles: Cycles) -> bool:
    """Whether to compute an operation for all steps may be worth the stacks."""
    return step_work(eqn) * (1 - 1 / speed(eqn, cycles)) >= WORTH and moves(eqn)


def _divisor(n: int, most: int) -> int:
    """The largest divisor of n from FEWEST to `most`; 0 where there is none."""
    fewest = -(-n // most) if most else n
    return next((n // k for k in range(fewest, n // FEWEST + 1) if n % k == 0), 0)


def _in_strips(eqn: JaxprEqn, length: int) -> list[JaxprEqn]:
    """A loop over strips of steps, each of which is in parts."""
    body, count = cast(Jaxpr, eqn.params["jaxpr"]), eqn.params["num_carry"]
    strips, at = eqn.params["length"] // length, eqn.params["num_consts"] + count

    def named(atoms: Sequence[Atom], *steps: int) -> list[Var]:
        avals = [v.aval for v in atoms]
        return [Var(make_aval(a.dtype, (*steps, *a.shape), a.weak_type)) for a in avals]

    def shaped(x: Atom, out: Var) -> JaxprEqn:
        params = {"new_sizes": out.aval.shape, "dimensions": None}
        return JaxprEqn(reshape_p, [x], [out], params, eqn.line)

    operands = [*named(body.invars[:at]), *named(body.invars[at:], length)]
    results = [*named(body.outvars[:count]), *named(body.outvars[count:], length)]
    params = {**eqn.params, "length": length}
    strip = eqn.replace(invars=operands, outvars=results, params=params)
    stacks, ys = named(operands[at:], strips), named(results[count:], strips)
    outer = eqn.replace(
        invars=[*eqn.invars[:at], *stacks],
        outvars=[*eqn.outvars[:count], *ys],
        params={
            **eqn.params,
            "length": strips,
            "jaxpr": Jaxpr([], operands, results, _parts(strip)),
        },
    )
    before = [shaped(x, v) for x, v in zip(eqn.invars[at:], stacks, strict=True)]
    after = [shaped(v, out) for v, out in zip(ys, eqn.outvars[count:], strict=True)]
    return [*before, outer, *after]


class _Fission:
    """A loop, and what becomes of it."""

    def __init__(self, eqn: JaxprEqn, plan: Apart) -> None:
        self.eqn, self.plan, self.body = eqn, plan, plan.cycles.body
        consts, count = eqn.params["num_consts"], eqn.params["num_carry"]
        self.consts = self.body.invars[:consts]
        # What the operands of the body are outside, and what is stacked for what follows.
        self.source: dict[Atom, Atom] = dict(zip(self.body.invars, eqn.invars, strict=True))
        self.slices: dict[Atom, Atom] = {v: self.source[v] for v in plan.cycles.slices}
        self.early = {v: self.stack(v) for v in (*plan.carried(), *plan.early)}
        self.crossing = {v: self.stack(v) for v in plan.crossing}
        self.ys = list(zip(self.body.outvars[count:], eqn.outvars[count:], strict=True))

    def stack(self, v: Var) -> Var:
        """A variable for what a value is in all steps."""
        shape = (self.eqn.params["length"], *v.aval.shape)
        return Var(make_aval(v.aval.dtype, shape, v.aval.weak_type))

    def equations(self) -> list[JaxprEqn]:
        """The parts one after the other."""
        count, plan = self.eqn.params["num_carry"], self.plan
        known: dict[Atom, Var] = {**self.early, **self.crossing}
        lead, rest = members(plan.leading, count), members(~plan.leading, count)
        ys = [(v, out) for v, out in self.ys if v not in known]
        early, loops = list(self.early.items()), []
        if plan.ends_first():
            first = [self.scan(lead, self.slices, [*early, *ys], plan.first | plan.last)]
        else:
            first = [self.scan(lead, self.slices, early, plan.first)] if lead else []
            if rest or ys:
                loops = _parts(self.scan(rest, {**self.slices, **known}, ys, plan.last))
        same = [(known[v], out) for v, out in self.ys if v in known]
        return [*first, self.at_once(), *loops, *([_named(same, self.eqn)] if same else [])]

    def scan(
        self,
        carry: Sequence[int],
        slices: Mapping[Atom, Atom],
        ys: Sequence[tuple[Atom, Var]],
        eqns: Set[JaxprEqn],
    ) -> JaxprEqn:
        """A loop that carries these values."""
        carried = [self.plan.cycles.carry[k] for k in carry]
        body = Jaxpr(
            [],
            [*self.consts, *carried, *cast(list[Var], list(slices))],
            [*[self.body.outvars[k] for k in carry], *[v for v, _ in ys]],
            self.chosen(eqns, slices),
        )
        params = {**self.eqn.params, "jaxpr": body, "num_carry": len(carry)}
        invars = [*[self.source[v] for v in (*self.consts, *carried)], *slices.values()]
        outvars = [*[self.eqn.outvars[k] for k in carry], *[out for _, out in ys]]
        return self.eqn.replace(invars=invars, outvars=outvars, params=params)

    def at_once(self) -> JaxprEqn:
        """The program on all steps."""
        moving = {**self.slices, **self.early}
        operands = [*self.consts, *cast(list[Var], list(moving))]
        body = Jaxpr([], operands, list(self.crossing), self.chosen(self.plan.at_once, moving))
        mask = (*[False] * len(self.consts), *[True] * len(moving))
        axis = None, self.eqn.params["length"]
        program, _ = batched_jaxpr(body, mask, (True,) * len(self.crossing), axis)
        invars = [*[self.source[v] for v in self.consts], *moving.values()]
        params = {"name": "steps", "jaxpr": program}
        return JaxprEqn(jit_p, invars, list(self.crossing.values()), params, self.eqn.line)

    def chosen(self, eqns: Set[JaxprEqn], given: Collection[Atom]) -> list[JaxprEqn]:
        """Some equations of the body, in order, beside values that are given."""
        return [
            e.replace(outvars=[Var(v.aval) if v in given else v for v in e.outvars])
            for e in self.body.eqns
            if e in eqns
        ]


def _named(values: Sequence[tuple[Var, Var]], eqn: JaxprEqn) -> JaxprEqn:
    """Values under other names."""
    names = [Var(v.aval) for v, _ in values]
    params = {"name": "same", "jaxpr": Jaxpr([], names, list(names), [])}
    return JaxprEqn(jit_p, [v for v, _ in values], [out for _, out in values], params, eqn.line)
