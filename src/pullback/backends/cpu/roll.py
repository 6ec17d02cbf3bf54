"""Equations that come again and again, but for the names of variables, become the body of a loop: a
hundred equal layers, or a thousand equal leaves of a tree, are compiled as one of them.

A run is units of as many equations, one after the other. What a unit reads is the same in all of
them (constants), or made by the unit before (state), or a row: arguments at equal distances, or
what the units of an earlier run have made. A run begins where nothing that it cuts could be fused.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from ...core.ir import Atom, Jaxpr, JaxprEqn, Literal, Var
from ...core.primitive import Primitive
from ...core.rewrite import has_effect
from ...core.structure import literal_key, params_key
from . import contract, indexing, plan, reduction, window
from .build import Rules

# A loop pays where it saves so many equations, in so many units.
LEAST = 64
UNITS = 4
# How many times an equation may come again within a unit; how often a run is tried.
TRIES = 4
# Arrays of so few elements need not stay in registers where a unit reduces larger ones.
FEW = 16
# Eager rules that make nests, which others may join.
NESTS = frozenset({"threefry2x32", "empty", "split", "optimization_barrier"}).union(
    reduction.EAGER, indexing.EAGER, window.EAGER
)


class _Inner(Primitive):
    """An operation of programs that are just being compiled alone: it needs no rules."""

    def _enter(self) -> None:
        pass


# A loop over units: `length` of them. Operands are constants, first states, and rows, those of all
# units one after the other; results are last states and rows. `stacked` has, for each row of the
# results, the number of the state that it is, or -1.
repeat_p = _Inner("equal_units", multiple_results=True)

Column = tuple[Atom, ...]
Place = tuple[int, int]


@dataclass
class Run:
    """`count` units of `period` equations from `start` on."""

    start: int
    period: int
    count: int
    # The first value of each state, by its place in a unit: equation and result.
    inits: dict[Place, Atom]
    # What stands for constants and for rows in the body.
    consts: dict[Atom, Var] = field(default_factory=dict)
    rows: dict[Column, Var] = field(default_factory=dict)
    body: list[JaxprEqn] = field(default_factory=list)
    states: dict[Place, Var] = field(default_factory=dict)
    made: dict[Place, Var] = field(default_factory=dict)

    @property
    def end(self) -> int:
        """The first equation after the run."""
        return self.start + self.period * self.count


def rolled(jaxpr: Jaxpr, rules: Rules) -> Jaxpr:
    """The program with its runs as loops."""
    if len(jaxpr.eqns) < LEAST:
        return jaxpr
    roller = _Roller(jaxpr, rules)
    roller.find()
    return roller.program() if roller.runs else jaxpr


class _Roller:
    def __init__(self, jaxpr: Jaxpr, rules: Rules) -> None:
        self.jaxpr, self.eqns, self.rules = jaxpr, jaxpr.eqns, rules
        self.keys = _keys(jaxpr.eqns, rules)
        self.runs: list[Run] = []
        # Where variables are made, and who uses them.
        self.made: dict[Atom, Place] = {}
        self.users: dict[Atom, list[int]] = {}
        self.failed: dict[tuple[int, int], int] = {}

    # Runs

    def find(self) -> None:
        """Find the runs from the first equation to the last."""
        at, reach = 0, dict[int, int]()
        later = _later(self.keys)
        while at < len(self.keys):
            run = None
            for period, end in self.candidates(at, later, reach):
                run = self.run(at, period, end)
                if run is not None:
                    break
                self.failed[period, end] = self.failed.get((period, end), 0) + 1
            if run is None:
                at += 1
            else:
                self.complete(run)
                self.runs.append(run)
                at = run.end

    def candidates(
        self, at: int, later: Sequence[int], reach: dict[int, int]
    ) -> Iterator[tuple[int, int]]:
        """Periods after which the equations from here on come again, and where that ends."""
        keys, again = self.keys, at
        for _ in range(TRIES):
            again = later[again]
            if again < 0:
                return
            period = again - at
            if reach.get(period, 0) <= at:
                end = at
                while end + period < len(keys) and keys[end] == keys[end + period]:
                    end += 1
                reach[period] = end
            end = reach[period] + period
            if _pays(period, (end - at) // period) and self.failed.get((period, end), 0) < TRIES:
                yield period, end

    def run(self, at: int, period: int, end: int) -> Run | None:
        """The run of a period, begun where it cuts nothing that could be fused."""
        self.look()
        for start in range(at, at + period):
            count = (end - start) // period
            if not _pays(period, count):
                return None
            if self.is_border(start + period, period):
                return self.wired(start, period, count) or self.wired(
                    start + period, period, count - 1
                )
        return None

    def look(self) -> None:
        """Find out who makes and uses variables, once."""
        if self.made:
            return
        jaxpr = self.jaxpr
        for k, eqn in enumerate(self.eqns):
            for j, v in enumerate(eqn.outvars):
                self.made[v] = (k, j)
            for v in eqn.invars:
                if type(v) is Var:
                    self.users.setdefault(v, []).append(k)
        used = [v for v in jaxpr.invars if v in self.users]
        self.arguments: dict[Atom, int] = {v: k for k, v in enumerate(used)}
        self.keep: set[Any] = plan.kept(jaxpr, self.rules.is_lazy)
        given = set(jaxpr.invars)
        new = [v for v in jaxpr.outvars if v not in given]
        self.results = {v: k for k, v in enumerate(new) if type(v) is Var}
        self.twice = len(self.results) < len(new)

    def is_border(self, begin: int, period: int) -> bool:
        """Whether no nest of a unit could join one before the unit: all that it reads from there
        meets an operation that is no nest, or was made by one."""
        fresh: set[Atom] = set()
        held: set[Atom] = set()
        summed: set[Atom] = set()
        for k in range(begin, begin + period):
            eqn, heavy = self.eqns[k], self.is_heavy(k)
            before = self.eqns[k - period].invars
            open_ = [
                v
                for v, old in zip(eqn.invars, before, strict=True)
                if v in fresh or self.is_open(v, old, begin, period)
            ]
            is_held = heavy or any(v in held for v in eqn.invars)
            is_summed = any(v in summed for v in eqn.invars)
            if not is_held and not all(is_summed and v.aval.size <= FEW for v in open_):
                if plan.work(eqn) > 0:
                    return False
                fresh.update(eqn.outvars)
            if is_held:
                held.update(eqn.outvars)
            if is_held or is_summed or not self.rules.is_lazy(eqn):
                summed.update(eqn.outvars)
        return True

    def is_open(self, v: Atom, old: Atom, begin: int, period: int) -> bool:
        """Whether a nest that reads a variable from before a unit could join the one that made it,
        or another unit's that reads it too."""
        if type(v) is not Var:
            return False
        k, _ = self.made.get(v, (-1, 0))
        if k >= begin:
            return False
        if k >= begin - period:
            return not self.is_heavy(k)
        return v is old and v.aval.size > plan.SMALL and (v in self.arguments or self.is_kept(v))

    def is_heavy(self, k: int) -> bool:
        """Whether an operation is no nest."""
        eqn = self.eqns[k]
        if eqn.primitive.name == "dot_general":
            return contract.is_called(eqn)
        return not self.rules.is_lazy(eqn) and eqn.primitive.name not in NESTS

    # Wiring

    def wired(self, start: int, period: int, count: int) -> Run | None:
        """The run if all its units read in the same way; as many units of it as do."""
        codes, _ = self.reads(start + period, period, period)
        first, origins = self.reads(start, period, 0)
        inits: dict[Place, Atom] = {}
        columns: list[list[Var]] = []
        left = iter(origins)
        for code, here in zip(codes, first, strict=True):
            if code is not None and code[0] < 0:
                v = next(left) if here is None else None
                if v is None or inits.setdefault((code[0] + period, code[1]), v) is not v:
                    return None
            elif code != here:
                return None
            elif code is None:
                columns.append([next(left)])
        for unit in range(1, count):
            there, outer = self.reads(start + unit * period, period, period)
            if there != codes:
                count = unit
                break
            for column, v in zip(columns, outer, strict=True):
                column.append(v)
        count = min([count, *[self.regular(tuple(c[:count])) for c in columns]])
        count = self.results_in_rows(start, period, count, inits)
        return Run(start, period, count, inits) if _pays(period, count) else None

    def reads(
        self, begin: int, period: int, before: int
    ) -> tuple[list[tuple[int, int] | None], list[Var]]:
        """Where a unit's operands are made, counted from its first equation; and what is made
        outside of it, but for `before` equations."""
        codes: list[tuple[int, int] | None] = []
        outer: list[Var] = []
        for eqn in self.eqns[begin : begin + period]:
            for v in eqn.invars:
                if type(v) is not Var:
                    continue
                k, j = self.made.get(v, (-1, 0))
                if k >= begin - before and k >= 0:
                    codes.append((k - begin, j))
                else:
                    codes.append(None)
                    outer.append(v)
        return codes, outer

    def regular(self, column: Column) -> int:
        """How many of the variables, one a unit, are one, or rows."""
        if all(v is column[0] for v in column):
            return len(column)
        if column[0] in self.arguments:
            return _steady([self.arguments.get(v) for v in column])
        places = [self.place(v) for v in column]
        of = places[0]
        if of is None:
            return 0
        good = [
            p[1] if p is not None and (p[0], *p[2:]) == (of[0], *of[2:]) else None for p in places
        ]
        count = _steady(good)
        if not count or self.stays(column[0]):
            return count
        operands = self.operands(column[:count])
        return min([count, *[self.regular(c) for c in operands if isinstance(c, tuple)]])

    def stays(self, v: Atom) -> bool:
        """Whether what a unit makes is in memory in most units: the first and last may differ."""
        found = self.place(v)
        assert found is not None
        run, _, k, j = found
        return self.is_kept(self.eqns[run.start + run.period + k].outvars[j])

    def is_kept(self, v: Atom) -> bool:
        """Whether a variable that is no argument is in memory."""
        return v in self.keep or (
            v in self.made and not self.rules.is_lazy(self.eqns[self.made[v][0]])
        )

    def operands(self, column: Column) -> list[Column | Literal]:
        """The operands of the operations that make some variables, one a unit."""
        eqns = [self.eqns[self.made[v][0]] for v in column]
        found: list[Column | Literal] = []
        for k, v in enumerate(eqns[0].invars):
            found.append(v if isinstance(v, Literal) else tuple([e.invars[k] for e in eqns]))
        return found

    def place(self, v: Atom) -> tuple[Run, int, int, int] | None:
        """The run that makes a variable, the number of the unit, and where in it."""
        k, j = self.made.get(v, (-1, 0))
        for run in self.runs:
            if run.start <= k < run.end:
                return run, *divmod(k - run.start, run.period), j
        return None

    def results_in_rows(self, start: int, period: int, count: int, inits: dict[Place, Atom]) -> int:
        """How many units there may be, such that the program's results are rows, or last states."""
        for k in range(period):
            for j, _ in enumerate(self.eqns[start + k].outvars):
                column = [self.eqns[start + u * period + k].outvars[j] for u in range(count)]
                numbers = [self.results.get(v) for v in column]
                given = [u for u, number in enumerate(numbers) if number is not None]
                if not given:
                    continue
                if (k, j) in inits:
                    count = min(count, given[0] + 1)
                elif self.twice or any(
                    self.is_used_from(start + (u + 1) * period, v) for u, v in enumerate(column)
                ):
                    return 0
                else:
                    count = min(count, _steady(numbers))
        return count

    def is_used_from(self, end: int, v: Var) -> bool:
        """Whether equations from one on read a variable."""
        return any(k >= end for k in self.users.get(v, ()))

    # The body

    def complete(self, run: Run) -> None:
        """Make the run's body from its first unit."""
        known: dict[Column, Var] = {}
        for k, j in run.inits:
            run.states[k, j] = Var(self.eqns[run.start + k].outvars[j].aval)
        for k in range(run.period):
            eqn = self.eqns[run.start + run.period + k]
            invars: list[Atom] = []
            for a, v in enumerate(eqn.invars):
                made, j = self.made.get(v, (-1, 0)) if type(v) is Var else (-1, 0)
                at = made - run.start - run.period
                if type(v) is Literal:
                    invars.append(v)
                elif made >= 0 and at >= 0:
                    invars.append(run.made[at, j])
                elif made >= 0 and at >= -run.period and (at + run.period, j) in run.states:
                    invars.append(run.states[at + run.period, j])
                else:
                    units = range(run.start + k, run.end, run.period)
                    column = tuple([self.eqns[u].invars[a] for u in units])
                    invars.append(self.outer(run, column, known))
            outvars = [Var(v.aval) for v in eqn.outvars]
            run.made.update([((k, j), v) for j, v in enumerate(outvars)])
            run.body.append(JaxprEqn(eqn.primitive, invars, outvars, eqn.params, eqn.line))

    def outer(self, run: Run, column: Column, known: dict[Column, Var]) -> Var:
        """What stands in the body for variables from outside: what an earlier run does not keep is
        computed again, as it would be where there are no loops."""
        v = column[0]
        if all(u is v for u in column):
            return run.consts.setdefault(v, Var(v.aval))
        if v in self.arguments or self.stays(v):
            return run.rows.setdefault(column, Var(v.aval))
        if column not in known:
            eqn = self.eqns[self.made[v][0]]
            invars = [
                c if isinstance(c, Literal) else self.outer(run, c, known)
                for c in self.operands(column)
            ]
            known[column] = Var(v.aval)
            run.body.append(JaxprEqn(eqn.primitive, invars, [known[column]], eqn.params, eqn.line))
        return known[column]

    # The program

    def program(self) -> Jaxpr:
        """The program with loops in the place of runs."""
        plain, at = dict[int, list[JaxprEqn]](), 0
        again: dict[Atom, Var] = {}
        for run in [*self.runs, None]:
            end = len(self.eqns) if run is None else run.start
            plain[at] = [e for k in range(at, end) for e in self.alone(self.eqns[k], again)]
            if run is not None:
                plain[at].extend(self.anew([*run.consts, *run.inits.values()], again))
                run.consts = {again.get(v, v): inner for v, inner in run.consts.items()}
                run.inits = {place: again.get(v, v) for place, v in run.inits.items()}
            at = end if run is None else run.end
        needed = {v for eqns in plain.values() for e in eqns for v in e.invars}
        needed.update(self.jaxpr.outvars)
        for run in self.runs:
            needed.update([*run.consts, *run.inits.values()], *run.rows)
        eqns, at = plain[0], 0
        for run in self.runs:
            eqns = [*eqns, self.loop(run, needed), *plain[run.end]]
        return self.jaxpr.replace(eqns=eqns)

    def alone(self, eqn: JaxprEqn, again: dict[Atom, Var]) -> Iterator[JaxprEqn]:
        """An equation outside of runs, after what it reads and runs do not keep."""
        yield from self.anew(eqn.invars, again)
        invars = [again.get(v, v) for v in eqn.invars]
        yield eqn if invars == eqn.invars else eqn.replace(invars=invars)

    def anew(self, atoms: Sequence[Atom], again: dict[Atom, Var]) -> Iterator[JaxprEqn]:
        """Equations that compute again, outside of runs, what those do not keep."""
        for v in atoms:
            if type(v) is Var and v not in again and self.place(v) and not self.stays(v):
                *before, copy = self.alone(self.eqns[self.made[v][0]], again)
                again[v] = Var(v.aval)
                yield from [*before, copy.replace(outvars=[again[v]])]

    def loop(self, run: Run, needed: set[Atom]) -> JaxprEqn:
        """The equation of a run."""
        places = list(run.states)
        last: dict[Place, Var] = {}
        rows: dict[Place, Column] = {}
        for place in run.made:
            units = range(run.start + place[0], run.end, run.period)
            column = tuple([self.eqns[u].outvars[place[1]] for u in units])
            read = needed.intersection(column)
            if place in run.states and read <= {column[-1]}:
                last[place] = column[-1]
            elif read:
                rows[place] = column
                last[place] = Var(column[-1].aval)
        stacked = [places.index(p) if p in run.states else -1 for p in rows]
        body = Jaxpr(
            [],
            [*run.consts.values(), *run.states.values(), *run.rows.values()],
            [run.made[p] for p in [*places, *rows]],
            run.body,
        )
        firsts = [run.inits[p] for p in places]
        invars = [*run.consts, *firsts, *[v for column in run.rows for v in column]]
        outvars = [*[last[p] for p in places], *[v for column in rows.values() for v in column]]
        params = {
            "jaxpr": body,
            "length": run.count,
            "num_consts": len(run.consts),
            "num_carry": len(places),
            "stacked": tuple(stacked),
        }
        return JaxprEqn(repeat_p, invars, outvars, params, self.eqns[run.start].line)


def _pays(period: int, count: int) -> bool:
    return count >= UNITS and (count - 1) * period >= LEAST


def _keys(eqns: Sequence[JaxprEqn], rules: Rules) -> list[int]:
    """A number for each equation: that of equal ones, but for the names of variables."""
    numbers: dict[object, int] = {}
    keys = []
    for k, eqn in enumerate(eqns):
        key: object = k
        if not (eqn.primitive.effect or (eqn.primitive.higher and has_effect(eqn))):
            inputs = tuple([literal_key(v) if type(v) is Literal else v.aval for v in eqn.invars])
            outputs = tuple([v.aval for v in eqn.outvars])
            key = eqn.primitive, params_key(eqn), inputs, outputs
        keys.append(numbers.setdefault(key, len(numbers)))
    return keys


def _later(keys: Sequence[int]) -> list[int]:
    """Where each number comes next, or -1."""
    later, seen = [-1] * len(keys), dict[int, int]()
    for k in range(len(keys) - 1, -1, -1):
        later[k] = seen.get(keys[k], -1)
        seen[keys[k]] = k
    return later


def _steady(numbers: Sequence[int | None]) -> int:
    """How many numbers from the first on are apart by the same distance."""
    if numbers[0] is None:
        return 0
    for k, (a, b) in enumerate(pairwise(numbers), 1):
        if a is None or b is None or b - a != (numbers[1] or 0) - numbers[0]:
            return k
    return len(numbers)
