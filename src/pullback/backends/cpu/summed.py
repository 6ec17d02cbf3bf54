"""A sum of products over the steps of a loop is one product after it.

Where c becomes c + x y in each step, for any contraction of x and y, and nothing else reads c, the
last c is the first one and the product of the stacks of x and y, contracted over the steps too. The
loop neither reads nor writes c, which is usually larger than x and y: a gradient by weights.
"""

from collections import Counter
from collections.abc import Sequence, Set
from typing import cast

from ...control.scan import scan_p
from ...core.aval import make_aval
from ...core.ir import Atom, Jaxpr, JaxprEqn, Literal, Var
from ...core.memo import weak_memo
from ...core.rewrite import inside
from ...primitives.arithmetic import add_p
from ...primitives.contract import dot_general_p
from ...primitives.nary import add_any_p
from ...primitives.shape import broadcast_in_dim_p

# Bytes that new stacks may take.
HELD = 1 << 22


@weak_memo
def summed(jaxpr: Jaxpr) -> Jaxpr:
    """The program with such products after their loops."""
    eqns: list[JaxprEqn] = []
    zeros: set[Atom] = set()
    for old in jaxpr.eqns:
        eqn = inside(old, summed)
        zeros.update(eqn.outvars if _is_zero(eqn) else ())
        eqns.extend(_Loop(eqn, zeros).equations() if eqn.primitive is scan_p else [eqn])
    same = len(eqns) == len(jaxpr.eqns) and all(
        new is old for new, old in zip(eqns, jaxpr.eqns, strict=True)
    )
    return jaxpr if same else jaxpr.replace(eqns=eqns)


def _is_zero(eqn: JaxprEqn) -> bool:
    """Whether an equation makes an array of zeros."""
    x = eqn.invars[0] if eqn.primitive is broadcast_in_dim_p else None
    return isinstance(x, Literal) and x.val == 0


class _Loop:
    """A loop, the sums that leave it, and the stacks that they need; `zeros` are zeros outside."""

    def __init__(self, eqn: JaxprEqn, zeros: Set[Atom]) -> None:
        self.eqn, self.body, self.zeros = eqn, cast(Jaxpr, eqn.params["jaxpr"]), zeros
        consts, self.carry = eqn.params["num_consts"], eqn.params["num_carry"]
        self.start = consts
        self.made: dict[Atom, JaxprEqn] = {v: e for e in self.body.eqns for v in e.outvars}
        self.uses = Counter([v for e in self.body.eqns for v in e.invars] + self.body.outvars)
        slices = self.body.invars[consts + self.carry :]
        self.fixed = set(self.body.invars[:consts])
        # What the values of the body are outside of the loop, those that it stacks last.
        self.stacks: dict[Atom, Atom] = dict(
            zip(slices, eqn.invars[consts + self.carry :], strict=True)
        )
        ys = zip(self.body.outvars[self.carry :], eqn.outvars[self.carry :], strict=True)
        self.stacks.update([(v, out) for v, out in ys if v not in self.stacks])
        self.new: dict[Atom, Var] = {}
        self.gone: set[JaxprEqn] = set()
        self.sums: dict[int, list[JaxprEqn]] = {}
        for k in range(self.carry):
            self.place(k)

    def place(self, k: int) -> None:
        """Decide about one value that is carried."""
        value, out = self.body.invars[self.start + k], self.body.outvars[k]
        adds: list[JaxprEqn] = []
        terms = self.terms(out, adds)
        if terms.count(value) != 1 or self.uses[value] != 1:
            return
        products = [self.made.get(t) for t in terms if t is not value]
        if products and all(p is not None and self.may_leave(p, out) for p in products):
            found = cast(list[JaxprEqn], products)
            operands = dict.fromkeys([v for p in found for v in p.invars if v not in self.stacks])
            if self.is_worth(list(operands), found):
                self.new.update([(v, self.stack(v)) for v in operands])
                self.stacks.update(self.new)
                self.sums[k] = found
                self.gone.update(adds, found)

    def terms(self, value: Atom, adds: list[JaxprEqn]) -> list[Atom]:
        """The terms of a sum of arrays of one type that nothing else reads."""
        eqn = self.made.get(value)
        if eqn is None or eqn.primitive not in (add_p, add_any_p) or self.uses[value] != 1:
            return [value]
        adds.append(eqn)
        return [t for v in eqn.invars for t in self.terms(v, adds)]

    def may_leave(self, eqn: JaxprEqn, out: Atom) -> bool:
        """Whether a term is a product of what changes from step to step."""
        return (
            eqn.primitive is dot_general_p
            and self.uses[eqn.outvars[0]] == 1
            and eqn.outvars[0].aval.shape == out.aval.shape
            and eqn.outvars[0].aval.dtype == out.aval.dtype
            and all(isinstance(v, Var) and v not in self.fixed for v in eqn.invars)
        )

    def is_worth(self, new: Sequence[Atom], products: Sequence[JaxprEqn]) -> bool:
        """Whether new stacks are small, and smaller than the sums."""
        sizes = [v.aval.size for v in new]
        held = sum([v.aval.size * v.aval.dtype.itemsize for v in [*new, *self.new]])
        saved = sum([p.outvars[0].aval.size for p in products])
        return sum(sizes) <= saved and held * self.eqn.params["length"] <= HELD

    def stack(self, value: Atom) -> Var:
        aval = value.aval
        return Var(make_aval(aval.dtype, (self.eqn.params["length"], *aval.shape), aval.weak_type))

    def equations(self) -> list[JaxprEqn]:
        """The loop, and the sums after it."""
        if not self.sums:
            return [self.eqn]
        body, eqn, gone = self.body, self.eqn, self.sums
        at = [k for k in range(len(eqn.invars)) if k - self.start not in gone]
        kept = [k for k in range(len(eqn.outvars)) if k not in gone]
        inner = body.replace(
            invars=[body.invars[k] for k in at],
            eqns=[e for e in body.eqns if e not in self.gone],
            outvars=[*[body.outvars[k] for k in kept], *self.new],
        )
        params = {**eqn.params, "jaxpr": inner, "num_carry": self.carry - len(gone)}
        outvars = [*[eqn.outvars[k] for k in kept], *self.new.values()]
        loop = eqn.replace(invars=[eqn.invars[k] for k in at], outvars=outvars, params=params)
        return [loop, *[e for k in gone for e in self.after(k)]]

    def after(self, k: int) -> list[JaxprEqn]:
        """The sum of one value that was carried."""
        start, out = self.eqn.invars[self.start + k], self.eqn.outvars[k]
        terms = [self.whole(p) for p in self.sums[k]]
        total, *rest = [*([] if start in self.zeros else [start]), *[e.outvars[0] for e in terms]]
        if not rest:
            return [terms[0].replace(outvars=[out])]
        results = [*[Var(out.aval) for _ in rest[1:]], out]
        adds: list[JaxprEqn] = []
        for term, result in zip(rest, results, strict=True):
            adds.append(JaxprEqn(add_any_p, [total, term], [result], {}, self.eqn.line))
            total = result
        return [*terms, *adds]

    def whole(self, product: JaxprEqn) -> JaxprEqn:
        """A product of stacks, which is summed over the steps first."""
        (cx, cy), (bx, by) = product.params["dimension_numbers"]
        contracted = [(0, *[d + 1 for d in c]) for c in (cx, cy)]
        batch = [tuple([d + 1 for d in b]) for b in (bx, by)]
        params = {**product.params, "dimension_numbers": (tuple(contracted), tuple(batch))}
        operands = [self.stacks[v] for v in product.invars]
        return product.replace(
            invars=operands, outvars=[Var(product.outvars[0].aval)], params=params
        )
