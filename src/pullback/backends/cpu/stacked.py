"""What a loop stacks for other loops alone is stacked once, and not if it is quickly computed from
what else is there: residuals are often the same values, and simple functions of each other.

With y[t] = f(z[t], x[t], c) for stacked z, an operand x and constants c, the stack of y is f of
stacks, which a later loop computes as it reads them.
"""

from collections import Counter
from collections.abc import Sequence
from typing import cast

from ...control.scan import scan_p
from ...core.aval import make_aval
from ...core.ir import Atom, Jaxpr, JaxprEqn, Literal, Var
from ...core.memo import weak_memo
from ...core.rewrite import each, inside
from ...primitives.shape import broadcast_in_dim_p
from . import scalar
from .plan import FREE, work


@weak_memo
def stacked(jaxpr: Jaxpr) -> Jaxpr:
    """The program with loops that stack less."""
    if sum(e.primitive is scan_p for e in jaxpr.eqns) > 1:
        jaxpr = _with_fewer_stacks(jaxpr)
    return each(jaxpr, lambda e: inside(e, stacked))


def _with_fewer_stacks(jaxpr: Jaxpr) -> Jaxpr:
    uses = Counter([v for e in jaxpr.eqns for v in e.invars] + jaxpr.outvars)
    slices = Counter([v for e in jaxpr.eqns if e.primitive is scan_p for v in _operands(e)])
    eqns: list[JaxprEqn] = []
    same: dict[Atom, Atom] = {}
    for old in jaxpr.eqns:
        eqn = old.replace(invars=[same.get(v, v) for v in old.invars])
        if eqn.primitive is scan_p:
            stack = _Stacks(eqn, [0 < uses[v] == slices[v] for v in eqn.outvars])
            eqns.extend(stack.equations())
            same.update(stack.same)
        else:
            eqns.append(eqn)
    return jaxpr.replace(eqns=eqns) if len(eqns) > len(jaxpr.eqns) or same else jaxpr


def _operands(eqn: JaxprEqn) -> list[Atom]:
    """The operands of which each step of a scan reads a slice."""
    return eqn.invars[eqn.params["num_consts"] + eqn.params["num_carry"] :]


class _Stacks:
    """The stacks of one loop: those that it still makes, and how the others follow from them."""

    def __init__(self, eqn: JaxprEqn, for_loops: Sequence[bool]) -> None:
        self.eqn, self.body = eqn, cast(Jaxpr, eqn.params["jaxpr"])
        self.carry, consts = eqn.params["num_carry"], eqn.params["num_consts"]
        self.made: dict[Atom, JaxprEqn] = {v: e for e in self.body.eqns for v in e.outvars}
        slices = self.body.invars[consts + self.carry :]
        # What the values of the body are outside of the loop, and what it takes to compute them.
        self.stacks: dict[Atom, Atom] = dict(zip(slices, _operands(eqn), strict=True))
        self.consts = dict(zip(self.body.invars[:consts], eqn.invars[:consts], strict=True))
        self.cost: dict[Atom, float] = {}
        self.same: dict[Atom, Atom] = {}
        self.after: list[JaxprEqn] = []
        self.left: set[int] = set()
        order = {v: k for k, v in enumerate(self.made)}
        places = range(self.carry, len(eqn.outvars))
        for k in sorted(places, key=lambda k: order.get(self.body.outvars[k], -1)):
            self.place(k, for_loops[k])

    def place(self, k: int, for_loops: bool) -> None:
        """Decide about one result."""
        value, out = self.body.outvars[k], self.eqn.outvars[k]
        if for_loops and value in self.stacks:
            self.same[out] = self.stacks[value]
            self.left.add(k)
        elif for_loops and value in self.made and self.price(value) <= FREE:
            self.cost[value] = self.price(value)
            self.compute(value, out)
            self.left.add(k)
        self.stacks.setdefault(value, out)

    def price(self, value: Atom) -> float:
        """The work of an element of a stack that is computed after the loop."""
        if value in self.stacks:
            return self.cost.get(value, 0.0)
        if isinstance(value, Literal) or value in self.consts:
            return 0.0
        eqn = self.made.get(value)
        if eqn is None or eqn.primitive.name not in scalar.RULES or len(eqn.outvars) > 1:
            return FREE + 1
        total = work(eqn)
        for v in eqn.invars:
            if total > FREE:
                break
            total += self.price(v)
        moves = any(v in self.stacks or v in self.made for v in eqn.invars)
        return total if moves else FREE + 1

    def compute(self, value: Atom, out: Var | None = None) -> Atom:
        """Append what computes the stack of a value."""
        found = self.stacks.get(value)
        if found is not None:
            return found
        eqn, aval = self.made[value], value.aval
        shape = (self.eqn.params["length"], *aval.shape)
        result = out or Var(make_aval(aval.dtype, shape, aval.weak_type))
        invars = [self.operand(v, shape) for v in eqn.invars]
        self.after.append(eqn.replace(invars=invars, outvars=[result]))
        self.stacks[value] = result
        return result

    def operand(self, value: Atom, shape: tuple[int, ...]) -> Atom:
        """An operand of an operation on stacks, of their shape or of none."""
        if isinstance(value, Literal):
            return value
        const = self.consts.get(value)
        x = self.compute(value) if const is None else const
        if x.aval.shape in ((), shape):
            return x
        dims = tuple(range(len(x.aval.shape)) if const is None else range(1, len(shape)))
        out = Var(make_aval(x.aval.dtype, shape, x.aval.weak_type))
        params = {"shape": shape, "broadcast_dimensions": dims}
        self.after.append(JaxprEqn(broadcast_in_dim_p, [x], [out], params, self.eqn.line))
        return out

    def equations(self) -> list[JaxprEqn]:
        """The loop, and what follows from its stacks."""
        if not self.left:
            return [self.eqn]
        kept = [k for k in range(len(self.eqn.outvars)) if k not in self.left]
        body = self.body.replace(outvars=[self.body.outvars[k] for k in kept])
        outvars = [self.eqn.outvars[k] for k in kept]
        loop = self.eqn.replace(outvars=outvars, params={**self.eqn.params, "jaxpr": body})
        return [loop, *self.after]
